"""A database of each earlier version is brought up to this one with nothing lost, and a copy kept."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner

from apportion.bootstrap import open_upkeep, restore_store
from apportion.cli.main import main
from apportion.services.people.sign_in import hash_key
from apportion.settings import Settings
from apportion.storage.sqlite import migrate
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import EventCode
from seeded_data import columns_of, contents, derived
from servers import SHARED, TEXT, problems, running_on, scan

KEPT = Path(__file__).parents[1] / "storage" / "data"
MIGRATIONS = Path(migrate.__file__).parents[1] / "migrations" / "versions"
STEPS = sorted(int(each.name[7:].split(".")[0]) for each in KEPT.glob("tables-*.db.gz"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def unpack(step: int, home: Path) -> Path:
    path = home / "apportion.db"
    path.write_bytes(gzip.decompress((KEPT / f"tables-{step}.db.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as raw:
        assert migrate.version_of(raw) == step
    return path


def test_a_database_was_kept_of_the_newest_step() -> None:
    """Steps that were never in use by themselves need none."""
    newest = max(int(each.name[1:5]) for each in MIGRATIONS.glob("v*.py"))
    assert STEPS[-1] == migrate.LATEST == newest, "see tools/keep_tables.py"


@pytest.mark.parametrize("step", STEPS)
def test_an_upgrade_loses_nothing(step: int, home: Path) -> None:
    path = unpack(step, home)
    columns, before = columns_of(path), contents(path)
    with closing(sqlite3.connect(path)) as raw:
        shown = raw.execute("SELECT no, what FROM events").fetchall() if "events" in columns else []

    store = SqliteStore(path, hold=True)
    store.close()

    after, kept = contents(path, only=columns), dict(before)
    if "events" in before:  # the words of before are codes by now
        place = columns["events"].index("what")
        after["events"] = sorted(
            ((*row[:place], None, *row[place + 1 :]) for row in after["events"]), key=repr
        )
        kept["events"] = sorted(((*row[:place], None, *row[place + 1 :]) for row in kept["events"]), key=repr)
    assert after == kept
    with closing(sqlite3.connect(path)) as raw:
        codes = dict(raw.execute("SELECT no, what FROM events"))
    assert codes == {no: EventCode(what.replace(" ", "_")).value for no, what in shown}
    assert problems(home) == []
    if step < migrate.LATEST:
        assert store.upgraded_from is not None
        assert contents(store.upgraded_from) == before
        assert store.upgraded_from.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("step", STEPS)
def test_an_upgraded_database_can_be_made_anew(step: int, home: Path) -> None:
    path = unpack(step, home)
    SqliteStore(path).close()
    before = contents(path), derived(path)

    open_upkeep(Settings(home=home)).reindex()

    assert (contents(path), derived(path)) == before


def test_time_told_before_an_upgrade_is_kept_by_person_and_counts_once(home: Path) -> None:
    path = unpack(4, home)
    SqliteStore(path).close()

    with closing(sqlite3.connect(path)) as raw:
        shown = raw.execute(
            "SELECT annotator, round(sum(seconds), 3) FROM annotations WHERE seconds > 0 AND state > 1 AND rid >> 32 "
            "NOT IN (SELECT no FROM datasets WHERE metadata LIKE '%copied_from%') GROUP BY annotator"
        ).fetchall()
        kept = raw.execute(
            "SELECT annotator, sum(ms) / 1000.0 FROM time_spent WHERE at > 0 AND first GROUP BY annotator"
        ).fetchall()
    assert shown
    assert kept == shown


def test_posteriors_are_of_the_model_in_force_or_of_the_last_one_that_ran(home: Path) -> None:
    path = unpack(4, home)
    job = "INSERT INTO jobs (no, id, dataset, kind, state, spec, by, created_at, changed_at, done) VALUES "
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(
            "UPDATE datasets SET policies = json_set(policies, '$.resolution', 'one_coin') WHERE no = 1"
        )
        raw.execute(
            job + "(1, 'a', 2, 'consensus:model', 'done', '{\"policy\": \"dawid_skene\"}', 'x', 1, 1, 1), "
            "(2, 'b', 2, 'consensus:model', 'failed', '{\"policy\": \"one_coin\"}', 'x', 2, 2, 0)"
        )
        for dataset in (1, 2, 3):
            raw.execute("INSERT INTO posteriors VALUES (?, '{}', '{\"x\": 1.0}')", (dataset << 32 | 1,))

    SqliteStore(path).close()

    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute(
            "SELECT rid >> 32, question, model, labels FROM posteriors ORDER BY rid"
        ).fetchall()
    models = {1: "one_coin", 2: "dawid_skene", 3: ""}
    assert found == [(dataset, "", model, '{"x": 1.0}') for dataset, model in models.items()]


def test_a_server_upgrades_tells_where_the_copy_is_and_serves_it(home: Path) -> None:
    path = unpack(1, home)
    before = contents(path)

    for command in (("server", "start", "--no-migrate", "--port", "0"), ("verify",), ("users", "list")):
        refused = CliRunner().invoke(main, [*command, "--home", str(home)])
        assert refused.exit_code == 3
        assert f"1 → {migrate.LATEST}" in refused.stderr or "db migrate" in refused.stderr
    assert contents(path) == before

    with running_on(home) as server:
        output = "".join(server.output)
        copy = home / "apportion.db.before-upgrade-from-1"
        assert f"{path} was upgraded. As it was before: {copy}" in output
        client = server.client()
        reviews = {each["id"]: each for each in scan(client, "reviews")}
        assert reviews["2"]["annotation"]["agent"] == "ben"  # who said it first
        found = client.post(
            f"/api/datasets/reviews/{TEXT}:search",
            params=SHARED,
            json={"query": {"query_text": "same words"}},
        )
        assert found.json()["total"] == 3
        back = client.post("/api/datasets:restore", params=SHARED, json={"name": "gone"})
        assert back.status_code == 200
    assert problems(home) == []


def test_the_copy_made_before_an_upgrade_can_be_restored(home: Path, tmp_path: Path) -> None:
    path = unpack(2, home)
    before = contents(path)
    store = SqliteStore(path)
    store.close()
    assert store.upgraded_from is not None

    done = restore_store(Settings(home=tmp_path / "back"), store.upgraded_from, force=False)

    assert done.older
    assert contents(tmp_path / "back" / "apportion.db") == before
    SqliteStore(tmp_path / "back" / "apportion.db").close()
    assert problems(tmp_path / "back") == []


def test_an_upgrade_that_fails_halfway_leaves_the_file_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = unpack(1, home)
    before = contents(path)

    def broken(*_: Any) -> NoReturn:
        raise RuntimeError("a step that fails")

    monkeypatch.setattr("alembic.command.upgrade", broken)
    with pytest.raises(RuntimeError):
        SqliteStore(path)
    assert contents(path) == before
    monkeypatch.undo()
    SqliteStore(path).close()
    assert problems(home) == []


def test_after_an_upgrade_events_are_only_added_and_numbered_on(home: Path) -> None:
    path = unpack(4, home)
    with closing(sqlite3.connect(path)) as raw:
        (last,) = raw.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()

    SqliteStore(path).close()

    with closing(sqlite3.connect(path)) as raw:
        for statement in ("DELETE FROM events", "UPDATE events SET who = 'nobody'"):
            with pytest.raises(sqlite3.IntegrityError, match="events are only ever added"):
                raw.execute(statement)
        raw.execute("INSERT INTO events (at, who, what) VALUES (1, 'ana', 'signed_in')")
        assert raw.execute("SELECT max(no) FROM events").fetchone() == (last + 1,)
        triggers = raw.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        ).fetchall()
    fresh = SqliteStore(home / "fresh.db")
    fresh.close()
    with closing(sqlite3.connect(home / "fresh.db")) as raw:
        made = raw.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
    assert triggers == made


def test_sessions_of_before_go_on_as_hashes(home: Path) -> None:
    path = unpack(4, home)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO sessions SELECT 'some id', id, 1, 1 << 60 FROM users LIMIT 1")

    store = SqliteStore(path, hold=True)

    with store.read() as tx:
        assert tx.people.by_session(hash_key("some id"), 2) is not None
        assert tx.people.by_session("some id", 2) is None
    store.close()

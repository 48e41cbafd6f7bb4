"""Everything moves between a file and PostgreSQL, there and back, and what is cut short leaves nothing half done."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from apportion.bootstrap import move_store, open_store, open_upkeep
from apportion.cli.main import main
from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords
from apportion.settings import Settings
from apportion.storage.sql.transfer import BLANK, NOT_COPIED, copied_tables
from apportion.storage.tables import metadata
from full_store import fill_tables
from patience import patience
from postgres_cluster import own_database
from seeded_data import columns_of, contents, derived
from servers import SHARED, command, environment, everything, local_server, running_on
from support import Client, FakeClock

KILLS = int(os.environ.get("KILLS", "3"))
NOW = time.time_ns() // 1000 + 3_600_000_000
FORMATS = ("jsonl", "csv")
PREVIEW = {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 9}
PASSWORDS = Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which something of everything is; no server runs on it."""
    home = tmp_path_factory.mktemp("lived")
    with local_server(home) as local:
        fill_tables(local)
        assert local.verify() == []
    return home


@pytest.fixture
def home(seeded: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(seeded, tmp_path / "home"))


@pytest.fixture
def bare() -> Iterator[str]:
    """The URL of a database without tables."""
    with own_database(bare=True) as url:
        yield url


def cli(*words: str | Path, url: str = "") -> Result:
    given = {"APPORTION_DATABASE_URL": url} if url else {}
    return CliRunner().invoke(main, [str(word) for word in words], env=given)


def moved(source: str | Path, target: str | Path) -> dict[str, Any]:
    done = cli("move", "--from", source, "--to", target, "--json")
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def but_the_move(path: Path) -> dict[str, Any]:
    """Return what people put in, without the events of moves, on which webhooks move on."""
    columns = {
        table: [name for name in names if (table, name) not in BLANK]
        for table, names in columns_of(path).items()
    }
    found = contents(path, only=columns)
    found["events"] = [row for row in found["events"] if "moved_store" not in row]
    found["webhooks"] = [row[:-5] for row in found["webhooks"]]
    return found


class _StoppedClock(FakeClock):
    """Time that stands still, however often the loops in the background look at it."""

    def now(self) -> int:
        return self.time


@contextmanager
def served(settings: Settings) -> Iterator[Client]:
    """The app on a store, as an administrator, at a time that stands still."""
    with closing(open_store(settings)) as store:
        clock: Any = _StoppedClock(NOW)
        app = create_app(settings, store, clock=clock, passwords=PASSWORDS)
        with Client(app, headers={"X-Argilla-Api-Key": "eva.apikey"}) as client:
            yield client
        app.state.app_state.jobs.close()


def shown(settings: Settings) -> dict[str, Any]:
    """Return all seen over HTTP: records, exports, events, histories, plans, previews, agreement, webhooks, people."""
    with served(settings) as client:
        found = everything(client)
        urls = ["/api/webhooks", "/api/datasets:deleted", "/api/overview", "/api/team", "/api/comments"]
        for name in ("talk", "plans", "names", "reviews"):
            talk = f"/api/datasets/{name}"
            urls += [f"{talk}/{each}" for each in ("events?limit=500", "guidelines", "progress", "hours")]
            found |= {
                f"{talk}: {each}": seen(client, "POST", f"{talk}/export", {"format": each})
                for each in FORMATS
            }
            if name != "reviews":
                urls += [f"{talk}/{each}" for each in ("assignments", "agreement", "conflicts", "annotators")]
                found |= {f"{talk}: previews": seen(client, "POST", f"{talk}/assignments:preview", PREVIEW)}
        for n in range(6):
            urls += [
                f"/api/datasets/talk/records/r{n}/{what}" for what in ("comments", "history", "annotations")
            ]
        return found | {url: seen(client, "GET", url) for url in urls}


def seen(client: Client, method: str, url: str, body: Any = None) -> Any:
    reply = client.request(method, url, params=SHARED, json=body)
    assert reply.status_code == 200, f"{url}: {reply.text}"
    return reply.text


def test_a_move_says_what_it_does_up_to_its_end(home: Path, bare: str) -> None:
    steps: list[str] = []
    for source, target in ((home / "apportion.db", bare), (bare, home / "back.db")):
        steps.clear()
        move_store(source, target, tell=lambda what, *_: steps.append(what))
        assert {"records", "comparing records", "checking shared.talk: cache"} <= set(steps)


def test_every_table_is_moved_or_named_with_its_reason_and_the_moved_store_has_a_row_in_each(
    seeded: Path,
) -> None:
    copied = {table.name for table in copied_tables()}
    assert copied | set(NOT_COPIED) == set(metadata.tables)
    assert all(NOT_COPIED.values())
    found = contents(seeded / "apportion.db") | {"fields": derived(seeded / "apportion.db")["fields"]}
    assert [name for name in sorted(copied) if not found[name]] == [], "add a row of it to lived_long.py"


def test_there_and_back_everything_is_as_it_was(home: Path, bare: str, tmp_path: Path) -> None:
    path, back = home / "apportion.db", tmp_path / "back"
    before = but_the_move(path), derived(path)

    there = moved(home, bare)
    assert there["rows"]["records"] == len(before[0]["records"])
    moved(bare, back)

    assert (but_the_move(back / "apportion.db"), derived(back / "apportion.db")) == before
    assert (but_the_move(path), derived(path)) == before, "the source is untouched"
    assert (back / "apportion.db").stat().st_mode & 0o077 == 0
    places = [Settings(home=home), Settings(home=tmp_path, database_url=bare), Settings(home=back)]
    assert [list(open_upkeep(each).verify()) for each in places] == [[], [], []]
    first, *others = [shown(replace(each, secret_key="x" * 32)) for each in places]
    assert len(first) > 40
    for other in others:
        assert [url for url in first if other[url] != first[url]] == []


def test_numbers_that_were_given_out_once_are_not_given_out_again(home: Path, bare: str) -> None:
    before = contents(home / "apportion.db", only={"sqlite_sequence": ["name", "seq"]})["sqlite_sequence"]
    moved(home, bare)
    with psycopg.connect(bare) as connection:
        for name, last in before:
            sequence = name if name.startswith("numbers_of_") else f"{name}_no_seq"
            ((following,),) = connection.execute("SELECT nextval(%s::regclass)", (sequence,)).fetchall()
            assert following > last


def tables_in(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return sorted(name for (name,) in rows)


@pytest.mark.parametrize("back", [False, True], ids=["into PostgreSQL", "into a file"])
def test_a_move_that_is_killed_leaves_the_source_as_it_was_and_the_target_empty_or_whole(
    home: Path, bare: str, tmp_path: Path, back: bool
) -> None:
    before = contents(home / "apportion.db")
    if back:
        moved(home, bare)
    target = tmp_path / "back"
    places = ("--from", bare, "--to", target) if back else ("--from", home, "--to", bare)
    began = time.monotonic()
    timed = subprocess.run([*command("move", "--help")], env=environment(), capture_output=True)
    assert timed.returncode == 0
    start, draw = time.monotonic() - began, random.Random(7)
    for _ in range(KILLS):
        process = subprocess.Popen(
            command("move", *places), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        time.sleep(start * draw.uniform(0.5, 4))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=patience(30))
        whole = (target / "apportion.db").exists() if back else bool(tables_in(bare))
        if whole:
            settings = Settings(home=target) if back else Settings(database_url=bare)
            assert list(open_upkeep(settings).verify()) == []
            break
    assert contents(home / "apportion.db") == before
    if not whole:
        moved(*places[1::2])
    last = target / "apportion.db"
    if not back:
        moved(bare, tmp_path / "look")
        last = tmp_path / "look" / "apportion.db"
    assert but_the_move(last) == but_the_move(home / "apportion.db")


def test_a_target_that_is_not_empty_is_refused_and_stays(home: Path, bare: str, tmp_path: Path) -> None:
    moved(home, bare)
    tables = tables_in(bare)
    again = cli("move", "--from", home, "--to", bare)
    assert again.exit_code == 1
    assert "The target is not empty: it has " in again.output
    assert tables_in(bare) == tables
    other = Path(shutil.copytree(home, tmp_path / "other"))
    before = contents(other / "apportion.db")
    refused = cli("move", "--from", bare, "--to", other)
    assert refused.exit_code == 1
    assert "is not empty" in refused.output
    assert contents(other / "apportion.db") == before
    itself = cli("move", "--from", home, "--to", home)
    assert "both the source and the target" in itself.output


def test_tables_without_a_row_count_as_empty(home: Path, bare: str, tmp_path: Path) -> None:
    assert cli("db", "migrate", url=bare).exit_code == 0
    moved(home, bare)
    assert cli("db", "migrate", "--home", tmp_path / "new").exit_code == 0
    moved(bare, tmp_path / "new")
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == ["apportion.db", "apportion.lock"]


def test_a_source_or_target_with_a_running_server_is_refused(home: Path, bare: str, tmp_path: Path) -> None:
    with running_on(home):
        refused = cli("move", "--from", home, "--to", bare)
    assert refused.exit_code == 3
    assert "A server is running on" in refused.output
    assert tables_in(bare) == []
    with closing(open_store(Settings(home=tmp_path, database_url=bare, secret_key="x" * 32), serving=True)):
        into = cli("move", "--from", home, "--to", bare)
        out_of = cli("move", "--from", bare, "--to", tmp_path / "new")
    assert "A server is running on" in into.output
    assert "A server is running on" in out_of.output


def test_other_versions_are_refused(home: Path, bare: str, tmp_path: Path) -> None:
    moved(home, bare)
    with psycopg.connect(bare) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for places in (("--from", bare, "--to", tmp_path / "new"), ("--from", home, "--to", bare)):
        refused = cli("move", *places)
        assert refused.exit_code == 3
        assert "tables 9999" in refused.output
    with closing(sqlite3.connect(home / "apportion.db")) as raw:
        raw.execute("PRAGMA user_version = 1")
    refused = cli("move", "--from", home, "--to", tmp_path / "new")
    assert refused.exit_code == 3
    assert "has tables 1, this version" in refused.output
    assert not (tmp_path / "new" / "apportion.db").exists()


def test_a_source_that_does_not_agree_with_itself_is_mended_where_that_follows_from_the_rest(
    home: Path, bare: str
) -> None:
    with closing(sqlite3.connect(home / "apportion.db")) as raw, raw:
        raw.execute("UPDATE vals SET n = n + 1")
        raw.execute("DELETE FROM waiting")
    moved(home, bare)
    assert list(open_upkeep(Settings(database_url=bare)).verify()) == []


def test_a_source_with_rows_that_belong_to_nothing_is_refused(home: Path, bare: str) -> None:
    with closing(sqlite3.connect(home / "apportion.db")) as raw, raw:
        raw.execute("UPDATE annotations SET rid = rid + 1000 WHERE rid = (SELECT max(rid) FROM annotations)")
    refused = cli("move", "--from", home, "--to", bare)
    assert refused.exit_code == 3
    assert "annotations belong to nothing that exists" in refused.output
    assert "apportion reindex" in refused.output
    assert tables_in(bare) == []


# Backups


def test_a_backup_of_a_database_in_use_is_a_file_that_any_laptop_opens(
    home: Path, bare: str, tmp_path: Path
) -> None:
    moved(home, bare)
    file = tmp_path / "monday.db"
    with closing(open_store(Settings(home=tmp_path, database_url=bare, secret_key="x" * 32), serving=True)):
        done = cli("backup", file, url=bare)
        assert done.exit_code == 0, done.output
        assert cli("backup", file, url=bare).exit_code == 1, "it exists"
        assert cli("backup", "--force", file, url=bare).exit_code == 0
    assert sorted(each.name for each in tmp_path.glob("monday*")) == ["monday.db", "monday.db.sha256"]
    assert file.stat().st_mode & 0o077 == 0
    found, kept = but_the_move(file), but_the_move(home / "apportion.db")
    found["events"] = [row for row in found["events"] if "backed_up" not in row]
    assert found == kept
    restored = cli(
        "restore", file, "--home", tmp_path / "laptop", url=bare
    )  # a folder that is given is meant
    assert restored.exit_code == 0, restored.output
    assert list(open_upkeep(Settings(home=tmp_path / "laptop")).verify()) == []


def test_a_backup_is_restored_into_an_empty_database_where_nobody_is_signed_in(
    home: Path, bare: str, tmp_path: Path
) -> None:
    file = tmp_path / "monday.db"
    assert cli("backup", file, "--home", home).exit_code == 0
    restored = cli("restore", file, url=bare)
    assert restored.exit_code == 0, restored.output
    assert "is what" in restored.output
    with psycopg.connect(bare) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM records").fetchone() != (0,)
        last = connection.execute("SELECT what, object FROM events ORDER BY no DESC LIMIT 1").fetchone()
    assert last == ("restored_backup", "monday.db")
    assert list(open_upkeep(Settings(database_url=bare)).verify()) == []
    for words, why in (((), "is not empty"), (("--force",), "Create an empty database")):
        refused = cli("restore", file, *words, url=bare)
        assert refused.exit_code == 1
        assert why in refused.output


def test_a_damaged_backup_is_not_restored_into_a_database(home: Path, bare: str, tmp_path: Path) -> None:
    file = tmp_path / "monday.db"
    assert cli("backup", file, "--home", home).exit_code == 0
    whole = file.read_bytes()
    file.write_bytes(whole[:-3000] + bytes(each ^ 1 for each in whole[-3000:]))
    refused = cli("restore", file, url=bare)
    assert refused.exit_code == 3
    assert "is damaged" in refused.output
    assert tables_in(bare) == []


def test_every_command_that_looks_after_a_file_looks_after_a_database(home: Path, bare: str) -> None:
    moved(home, bare)
    for words in (
        ("verify",),
        ("reindex",),
        ("db", "migrate"),
        ("users", "list"),
        ("users", "reset-key", "ana"),
        ("workspaces", "list"),
    ):
        done = cli(*words, url=bare)
        assert done.exit_code == 0, done.output
    assert "everything agrees" in cli("verify", url=bare).output

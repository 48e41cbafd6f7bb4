"""A backup is everything, a restored home is equal, and what follows from the rows can be made anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from apportion.bootstrap import open_upkeep, restore_store
from apportion.cli.main import main
from apportion.domain.errors import BadRequestError
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from seeded_data import contents, contents_but_events, derived, seed_data
from servers import SHARED, LocalServer, local_server, problems, running_on


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with local_server(tmp_path_factory.mktemp("lived")) as local:
        seed_data(local)
        assert local.verify() == []
        yield local


@pytest.fixture(scope="module")
def backup(seeded: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "monday.db"
    SqliteUpkeep(seeded.path).backup(file)
    return file


def cli(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def resolved(home: Path) -> Path:
    return home / "apportion.db"


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        for each in statements:
            raw.execute(each).fetchall()


# Restoring


def test_a_restored_home_has_everything_that_was_backed_up_and_says_what_is_checked(
    seeded: LocalServer, backup: Path, tmp_path: Path
) -> None:
    checks: list[str] = []
    done = restore_store(
        Settings(home=tmp_path / "new"), backup, force=False, progress=lambda what, *_: checks.append(what)
    )

    assert "checking checksums of annotations" in checks
    path = resolved(tmp_path / "new")
    assert (done.kept, done.older) == (None, False)
    assert contents(path) == contents(seeded.path)
    assert derived(path) == derived(seeded.path)
    assert path.stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in path.parent.iterdir()) == ["apportion.db", "apportion.lock"]


def test_only_an_empty_home_is_restored_into_unless_forced(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert cli("users", "create", "--home", home, *NINA).exit_code == 0
    before = contents(resolved(home))

    refused = cli("restore", backup, "--home", home)
    assert refused.exit_code == 1
    assert "is not empty" in refused.stderr
    assert contents(resolved(home)) == before

    forced = cli("restore", backup, "--home", home, "--force")
    assert forced.exit_code == 0, forced.stderr
    assert contents_but_events(resolved(home)) == contents_but_events(backup)
    last = contents(home / "apportion.db", only={"events": ["no", "who", "what", "object"]})["events"]
    assert max(last)[1:] == ("command line", "restored_backup", backup.name)
    assert contents(home / "apportion.db.before-restore") == before


NINA = ("--username", "nina", "--first-name", "Nina", "--role", "admin", "--password", "long enough")


def test_a_home_that_was_never_used_counts_as_empty(backup: Path, tmp_path: Path) -> None:
    assert cli("db", "migrate", "--home", tmp_path / "bare").exit_code == 0  # tables, and nothing in them
    assert restore_store(Settings(home=tmp_path / "bare"), backup, force=False).kept is not None
    assert contents(resolved(tmp_path / "bare")) == contents(backup)


def test_nothing_is_restored_under_a_running_server(backup: Path, tmp_path: Path) -> None:
    restore_store(Settings(home=tmp_path), backup, force=False)
    with running_on(tmp_path) as server:
        for command in (("restore", backup, "--force"), ("reindex",)):
            refused = cli(*command, "--home", tmp_path)
            assert refused.exit_code == 3
            assert "Another server is already running" in refused.stderr
        assert server.client("ana").get("/api/datasets/talk", params=SHARED).status_code == 200


def bad_files(backup: Path, folder: Path) -> dict[str, Path]:
    whole = backup.read_bytes()
    text = folder / "text.db"
    text.write_text("no database, but long enough to look at " * 200)
    half = folder / "half.db"
    half.write_bytes(whole[: len(whole) // 2])
    newer, other, wrong = folder / "newer.db", folder / "other.db", folder / "wrong.db"
    for each in (newer, wrong):
        shutil.copy(backup, each)
    damage(newer, "PRAGMA user_version=99")
    damage(wrong, "UPDATE vals SET n = n + 1")
    damage(other, "CREATE TABLE t (x)")
    torn = folder / "torn.db"
    torn.write_bytes(whole[:-3000] + bytes(each ^ 1 for each in whole[-3000:]))
    shutil.copy(backup.with_name("monday.db.sha256"), folder / "torn.db.sha256")
    return {
        "is not a database, or is damaged": text,
        "damaged": half,
        "newer version": newer,
        "no backup of Apportion": other,
        "does not agree with itself": wrong,
        "not what torn.db.sha256 was written for": torn,
    }


def test_what_is_no_sound_backup_is_refused_and_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for reason, file in bad_files(backup, tmp_path).items():
        with pytest.raises(CannotOpenError, match=reason):
            restore_store(Settings(home=home), file, force=True)
        assert [each.name for each in home.iterdir()] == ["apportion.lock"]
    with pytest.raises(BadRequestError, match="There is no file"):
        restore_store(Settings(home=home), tmp_path / "missing.db", force=True)


# Making anew


def fresh(backup: Path, home: Path) -> Path:
    restore_store(Settings(home=home), backup, force=False)
    return resolved(home)


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    return fresh(backup, tmp_path / "home")


def reindex(path: Path) -> Any:
    return open_upkeep(Settings(home=path.parent)).reindex()


def test_making_a_sound_file_anew_changes_nothing(copy: Path) -> None:
    before = contents(copy), derived(copy)

    done = reindex(copy)

    assert (contents(copy), derived(copy)) == before
    assert done.left_out == {}
    assert contents(done.kept) == before[0]
    assert problems(copy.parent) == []


DAMAGE = {
    "facet rows": ("DELETE FROM facet WHERE key % 3 = 0",),
    "all facet rows": ("DELETE FROM facet",),
    "facet rows of others": ("UPDATE OR REPLACE facet SET key = key + 1 WHERE key % 7 = 0",),
    "counters": ("UPDATE vals SET n = n + 1 WHERE vid % 2",),
    "names of values": ("UPDATE vals SET value = value || '!' WHERE vid % 5 = 0",),
    "values": ("DELETE FROM vals WHERE vid % 4 = 0",),
    "owners of values": ("UPDATE OR IGNORE vals SET viewer = 1 WHERE vid % 6 = 0",),
    "numbers": ("UPDATE numbers SET value = value + 1",),
    "terms of records": ("UPDATE records SET terms = x'01000000'",),
    "terms of statuses": ("UPDATE records SET answer_terms = x''",),
    "terms of annotators": ("UPDATE annotations SET terms = x''",),
    "resolved values": ("UPDATE records SET status = 1, answer = NULL WHERE dataset = 4",),
    "the text index": ("DELETE FROM fts_4_data WHERE id > 1",),
    "words of others": ("INSERT INTO fts_4(rowid, text) VALUES (1, 'intruder')",),
    "no text index": ("DROP TABLE words_4", "DROP TABLE fts_4"),
    "counts of records": ("UPDATE datasets SET records = 1, last_n = 1",),
    "counts of slots": ("UPDATE slot_counts SET n = n + 1",),
    "what waits": (
        "DELETE FROM waiting WHERE slot % 2",
        "UPDATE waiting SET annotator = 99 WHERE slot % 3 = 0",
    ),
    "owners of records": ("UPDATE records SET dataset = 77 WHERE rid % 5 = 0",),
}


def test_whatever_does_not_follow_from_the_rows_is_noticed(copy: Path) -> None:
    whole = copy.read_bytes()
    for what, statements in DAMAGE.items():
        copy.write_bytes(whole)
        damage(copy, *statements)
        assert problems(copy.parent) != [], what


def test_whatever_follows_from_the_rows_is_made_anew(copy: Path) -> None:
    before = contents(copy), derived(copy)
    for statements in DAMAGE.values():
        if not statements[0].startswith(("INSERT", "DROP")):  # into and of an index that is broken already
            damage(copy, *statements)

    reindex(copy)

    assert (contents(copy), derived(copy)) == before


def test_a_lost_kind_of_field_is_found_out_again(copy: Path) -> None:
    before = derived(copy)
    damage(copy, "DELETE FROM fields WHERE kind NOT GLOB 'vector:*'")
    reindex(copy)
    assert derived(copy) == before


def test_pages_of_an_index_that_are_torn_do_no_harm(copy: Path) -> None:
    before = contents_but_events(copy), derived(copy)
    with closing(sqlite3.connect(copy)) as raw:
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        roots = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name IN ('facet', 'vals', 'numbers', 'records_updated', "
            "'waiting', 'fts_4_data', 'fts_4_idx', 'sqlite_autoindex_vals_1') AND rootpage"
        ).fetchall()
    assert len(roots) > 5
    torn = bytearray(copy.read_bytes())
    for (page,) in roots:
        torn[(page - 1) * size : page * size] = b"\xff" * size
    copy.write_bytes(torn)

    assert problems(copy.parent) != []
    assert cli("reindex", "--home", copy.parent).exit_code == 0

    assert (contents_but_events(copy), derived(copy)) == before


def test_what_belongs_to_nothing_is_left_out_and_told(copy: Path) -> None:
    damage(
        copy,
        "DELETE FROM fields WHERE kind GLOB 'vector:*' AND dataset = 4",
        "DELETE FROM datasets WHERE no = 1",
    )

    result = cli("reindex", "--home", copy.parent, "--json")

    assert '"vectors": ' in result.stdout
    assert '"records": 7' in result.stdout
    assert problems(copy.parent) == []


def test_what_people_put_in_cannot_be_made_anew_and_is_left_alone(copy: Path) -> None:
    damage(copy, "UPDATE records SET content = x'7b' WHERE id = 'r3'")
    before = copy.read_bytes()

    refused = cli("reindex", "--home", copy.parent)

    assert refused.exit_code == 3
    assert "can't be read" in refused.stderr
    assert "Restore a backup" in refused.stderr
    assert copy.read_bytes() == before
    assert not list(copy.parent.glob("*.part*"))

"""A bit that changes in what people put in is found by `verify`, which names the row and never fails itself."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from apportion.bootstrap import open_upkeep, restore_store
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.storage.checksums import COVERED
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from apportion.storage.tables import metadata
from depth import times
from seeded_data import seed_data
from servers import local_server

FLIPS = times(4, 12)
"""Of each table; the same ones every time."""
OTHERS = sorted({table.name for table in metadata.sorted_tables} - COVERED.keys())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "apportion.db"
    with local_server(tmp_path_factory.mktemp("lived")) as local:
        seed_data(local)
        SqliteUpkeep(local.path).backup(file)
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("VACUUM")  # so that every byte behind the cells of a page is one of a row
    assert SqliteUpkeep(file).verify() == []
    return file


def leaves(data: bytes, page: int, size: int) -> Iterator[int]:
    """The leaf pages of a table or index, by number."""
    start = (page - 1) * size + (100 if page == 1 else 0)
    kind, cells = data[start], int.from_bytes(data[start + 3 : start + 5], "big")
    if kind in (0x0D, 0x0A):
        yield page
        return
    for place in range(cells):
        at = start + 12 + 2 * place
        cell = (page - 1) * size + int.from_bytes(data[at : at + 2], "big")
        yield from leaves(data, int.from_bytes(data[cell : cell + 4], "big"), size)
    yield from leaves(data, int.from_bytes(data[start + 8 : start + 12], "big"), size)


def cells_of(path: Path, table: str) -> list[int]:
    """Return the offsets in the file of the bytes of a table's rows."""
    with closing(sqlite3.connect(path)) as raw:
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    data = path.read_bytes()
    found: list[int] = []
    for page in leaves(data, root, size):
        start = (page - 1) * size
        if int.from_bytes(data[start + 3 : start + 5], "big"):
            content = int.from_bytes(data[start + 5 : start + 7], "big")
            found += range(start + content, start + size)
    return found


def verified(path: Path) -> list[str] | None:
    """Return the problems found; None where the file is refused."""
    try:
        return [f"{each.check}: {each.message}" for each in SqliteUpkeep(path).verify()]
    except CannotOpenError:
        return None


def flipped(whole: Path, copy: Path, table: str, count: int, seed: int) -> Iterator[list[str] | None]:
    """Return the problems found each time that one bit of a table's rows has changed."""
    places, chance = cells_of(whole, table), random.Random(f"{table} {seed}")
    assert places, f"nobody put anything into {table}"
    data = whole.read_bytes()
    for _ in range(count):
        torn = bytearray(data)
        torn[chance.choice(places)] ^= 1 << chance.randrange(8)
        copy.write_bytes(torn)
        yield verified(copy)


@pytest.mark.parametrize("table", COVERED)
def test_a_bit_that_changes_in_what_people_put_in_is_found(whole: Path, tmp_path: Path, table: str) -> None:
    found = list(flipped(whole, tmp_path / "apportion.db", table, FLIPS, seed=1))
    assert [place for place, each in enumerate(found) if each == []] == []


@pytest.mark.parametrize("table", OTHERS)
def test_verify_never_fails_itself_whatever_bit_has_changed(whole: Path, tmp_path: Path, table: str) -> None:
    if not cells_of(whole, table):
        pytest.skip(f"nobody put anything into {table}")
    for found in flipped(whole, tmp_path / "apportion.db", table, times(1, 3), seed=2):
        assert found is None or all(found)


def test_verify_names_the_table_and_the_row(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "apportion.db"
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as raw, raw:
        rid, annotator = raw.execute("SELECT rid, annotator FROM annotations ORDER BY rid LIMIT 1").fetchone()
        raw.execute("UPDATE annotations SET seconds = 77 WHERE rid = ? AND annotator = ?", (rid, annotator))
        raw.execute("UPDATE datasets SET settings = 'no JSON' WHERE no = 1")
        raw.execute("UPDATE users SET first_name = CAST(x'ff' AS TEXT) WHERE username = 'ana'")
    found = verified(path)
    assert found is not None
    shown = "\n".join(found)
    row = f"record {rid & 0xFFFFFFFF} of dataset {rid >> 32}, annotator {annotator}"
    assert f"The row {row} of the table annotations is not as it was written." in shown
    assert "The row no 1 of the table datasets can't be read" in shown


def test_a_file_with_a_changed_answer_can_be_restored_and_made_anew_and_verify_goes_on_telling(
    whole: Path, tmp_path: Path
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup.db"
    shutil.copy(whole, backup)
    with closing(sqlite3.connect(backup)) as raw, raw:
        raw.execute("UPDATE history SET why = 'unclear' WHERE no = 1")
    settings = Settings(home=home)
    restore_store(settings, backup, force=False)
    open_upkeep(settings).reindex()
    assert [each.check for each in open_upkeep(settings).verify()] == ["checksums"]

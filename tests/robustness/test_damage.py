"""Files that were cut off or in which bits have changed: noticed when starting, refused with what to do, restored."""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from apportion.cli.main import main
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sqlite import startup_check
from apportion.storage.sqlite.file_swap import check_backup
from apportion.storage.sqlite.store import SqliteStore
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from depth import times
from seeded_data import contents, contents_but_events, derived, seed_data
from servers import SHARED, TEXT, furnish, local_server, problems, reopened, running_on
from support import FakeClock

BITS = times(20, 60)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "monday.db"
    with local_server(tmp_path_factory.mktemp("lived")) as local:
        seed_data(local)
        SqliteUpkeep(local.path).backup(file)
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def cli(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def start(home: Path) -> str | None:
    """Open the file as a server does; what it says when it refuses."""
    try:
        SqliteStore(home / "apportion.db", hold=True).close()
    except CannotOpenError as refused:
        return str(refused)
    return None


def test_a_file_that_was_cut_off_is_refused_and_left_as_it_is(backup: Path, home: Path) -> None:
    whole = backup.read_bytes()
    for share in (0.02, 0.3, 0.6, 0.97, 0.999):
        cut = whole[: int(len(whole) * share)]
        (home / "apportion.db").write_bytes(cut)
        result = start(home)
        assert result is not None, share
        assert "is damaged" in result
        assert (home / "apportion.db").read_bytes()[100:] == cut[100:]


def test_a_damaged_file_is_told_in_one_line_with_the_way_out_and_restored(backup: Path, home: Path) -> None:
    path = home / "apportion.db"
    path.write_bytes(backup.read_bytes()[:-20_000])
    result = cli("server", "start", "--port", "0", "--home", home)
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert "apportion restore BACKUP --force" in result.stderr
    damaged = path.read_bytes()

    assert cli("restore", backup, "--home", home).exit_code == 1  # it may hold something
    assert cli("restore", backup, "--home", home, "--force").exit_code == 0

    assert (home / "apportion.db.before-restore").read_bytes() == damaged
    with running_on(home) as server:
        assert server.client("ana").get("/api/datasets/talk", params=SHARED).status_code == 200
    assert contents_but_events(path) == contents_but_events(backup)


def test_changed_bits_where_the_structure_is_are_noticed_when_starting(backup: Path, home: Path) -> None:
    whole, path = backup.read_bytes(), home / "apportion.db"
    with closing(sqlite3.connect(backup)) as raw:
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        pages = raw.execute(
            "SELECT name, rootpage FROM sqlite_master WHERE type = 'table' AND rootpage > 1 "
            "AND name NOT GLOB 'fts_*' AND name NOT GLOB 'sqlite_*'"
        ).fetchall()
    for name, page in pages:
        torn = bytearray(whole)
        torn[(page - 1) * size] ^= 0x40  # what kind of page this is
        path.write_bytes(torn)
        assert start(home) is not None, name


def test_bits_that_change_anywhere_are_noticed_or_change_nothing_that_counts(
    backup: Path, home: Path
) -> None:
    chance = random.Random(7)
    whole, path = backup.read_bytes(), home / "apportion.db"
    before = contents(backup), derived(backup)
    noticed, harmless, silent = 0, 0, []
    for _ in range(BITS):
        place = chance.randrange(len(whole))
        torn = bytearray(whole)
        torn[place] ^= 1 << chance.randrange(8)
        path.write_bytes(torn)
        if start(home) is not None or seen(home):
            noticed += 1
        elif (contents(path), derived(path)) == before:
            harmless += 1
        else:
            silent.append(place)
    print(f"noticed {noticed}, harmless {harmless}, only a checksum tells {len(silent)}")
    assert noticed > 0
    # A time, a name or a note that is another now is as good as the one before: nothing contradicts it
    assert len(silent) <= BITS // 10


def seen(home: Path) -> bool:
    try:
        return problems(home) != []
    except CannotOpenError:
        return True


def test_any_changed_bit_of_a_backup_is_noticed(backup: Path, tmp_path: Path) -> None:
    chance, whole = random.Random(8), backup.read_bytes()
    copy = tmp_path / backup.name
    shutil.copy(f"{backup}.sha256", f"{copy}.sha256")
    for _ in range(20):
        torn = bytearray(whole)
        torn[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        copy.write_bytes(torn)
        with pytest.raises(CannotOpenError, match="is damaged"):
            check_backup(copy)
    copy.write_bytes(whole)
    check_backup(copy)


def test_looking_at_a_file_takes_no_longer_than_it_may(backup: Path) -> None:
    asked = 0

    class Clock:
        def monotonic(self) -> float:
            nonlocal asked
            asked += 1
            return float(asked)

    with closing(sqlite3.connect(backup)) as raw, pytest.MonkeyPatch.context() as patch:
        patch.setattr(startup_check, "time", Clock())
        patch.setattr(startup_check, "_STEPS", 50)
        startup_check.check_sound(raw, backup, seconds=3.0)
        assert asked < 10
        raw.execute("SELECT count(*) FROM records").fetchone()  # and nothing is interrupted any more


# Damage met while serving


def rot(path: Path, table: str) -> None:
    """Change bits on the first page of a table, under a server that has not looked there yet."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)


def test_damage_that_is_met_while_serving_is_told_and_shouted_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with local_server(tmp_path) as local:
        furnish(local.client())
        before = local.client().get("/api/datasets").json()
        reopened(local, FakeClock())
        rot(local.path, "records")
        eva = local.client()
        assert eva.get("/api/health/ready").status_code == 200

        bulk = {"records": [{"id": 1, "inputs": {"text": "soup"}}], "tags": {"new": "1"}}
        requests: dict[str, Callable[[], httpx.Response]] = {
            "read": lambda: eva.get("/api/datasets/reviews/records/1", params=SHARED),
            "search": lambda: eva.post(f"/api/datasets/reviews/{TEXT}:search", params=SHARED, json={}),
            "write": lambda: eva.post(f"/api/datasets/reviews/{TEXT}:bulk", params=SHARED, json=bulk),
        }
        with caplog.at_level(logging.CRITICAL):
            for what, ask in requests.items():
                answer = ask()
                assert answer.status_code == 500, what
                detail = answer.json()["detail"]
                assert detail["code"] == "argilla.api.errors::StorageDamagedError", what
                message = detail["params"]["message"]
                assert "nothing of it was kept" in message
                assert "apportion restore" in message
                assert str(tmp_path) not in message
        (alarm,) = (
            each for each in caplog.records if each.levelno == logging.CRITICAL
        )  # once, not each time
        assert str(local.path) in alarm.getMessage()

        ready = eva.get("/api/health/ready")
        assert ready.status_code == 503
        assert "is damaged" in ready.json()["checks"]["store"]
        assert eva.get("/api/health/live").status_code == 200
        assert eva.get("/api/datasets").json() == before  # what is whole is served, and nothing was written


# A disk that cannot be written to


@pytest.fixture
def read_only(backup: Path, tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not sys.platform.startswith("linux"):
        pytest.skip("disks are mounted another way here")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copy(backup, disk / "apportion.db")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_on_a_disk_that_cannot_be_written_to_nothing_starts_and_a_backup_can_still_be_restored(
    read_only: Path, tmp_path: Path
) -> None:
    for command in (("server", "start", "--port", "0"), ("users", "list"), ("reindex",), ("verify",)):
        result = cli(*command, "--home", read_only)
        assert result.exit_code == 3, (command, result.output, result.exception)
        assert "can't be opened" in result.stderr
        assert result.stderr.count("\n") == 1
    assert cli("restore", read_only / "apportion.db", "--home", tmp_path / "new").exit_code == 0
    assert contents(tmp_path / "new" / "apportion.db") == contents(tmp_path / "new" / "apportion.db")
    assert cli("restore", tmp_path / "new" / "apportion.db", "--home", read_only, "--force").exit_code == 3

"""The file: one writer that merges and survives, readers with snapshots, and refusals before anything is touched."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BulkDataError, StorageFullError
from apportion.domain.ids import DatasetNo
from apportion.domain.records import Text2TextRecord
from apportion.ports.records import Criteria
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sql import writer as writing_to
from apportion.storage.sqlite import migrate as migrating
from apportion.storage.sqlite.connection import APPLICATION_ID, DatabaseError, SqliteConnection
from apportion.storage.sqlite.database import Database
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import Task
from patience import patience


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "plain.db")
    database.write(lambda connection: connection.raw.execute("CREATE TABLE t (x)")).result()
    yield database
    database.close()


def insert(value: object, times: int = 1) -> Callable[[SqliteConnection], int]:
    def work(connection: SqliteConnection) -> int:
        connection.raw.executemany("INSERT INTO t VALUES (?)", [(value,)] * times)
        return times

    return work


def held(database: Database) -> list[Any]:
    with database.read() as connection:
        return [x for (x,) in connection.raw.execute("SELECT x FROM t ORDER BY rowid")]


class Pause:
    """Holds the writer up until told, so that writes pile up behind."""

    def __init__(self, database: Database) -> None:
        self._go = threading.Event()
        started = threading.Event()

        def wait(connection: SqliteConnection) -> None:
            started.set()
            self._go.wait(patience(10))

        self.waiting: Future[None] = database.write(wait)
        started.wait(patience(10))

    def over(self) -> None:
        self._go.set()
        self.waiting.result(patience(10))


def test_urgent_work_goes_before_the_rest(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing_to, "PATIENCE_SECONDS", 600.0)  # the machine may be slow
    pause = Pause(database)
    slow = [database.write(insert(f"bulk {i}")) for i in range(3)]
    quick = [database.write(insert(f"one {i}"), urgent=True) for i in range(2)]
    pause.over()

    assert [each.result(patience(10)) for each in slow + quick] == [1] * 5
    assert held(database) == ["one 0", "one 1", "bulk 0", "bulk 1", "bulk 2"]


def test_urgent_work_is_on_disk_before_other_work_begins(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_to, "PATIENCE_SECONDS", 600.0)  # the machine may be slow
    pause = Pause(database)
    quick = database.write(insert("one"), urgent=True)
    slow = database.write(lambda connection: quick.result(patience(10)))
    pause.over()

    assert slow.result(patience(10)) == 1


def test_other_work_gets_its_turn_among_endless_urgent_work(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_to, "PATIENCE_SECONDS", 0.0)
    slow: list[Future[int]] = []

    def again(connection: SqliteConnection) -> None:
        if slow and not slow[0].done():
            database.write(again, urgent=True)

    pause = Pause(database)
    database.write(again, urgent=True)
    slow.append(database.write(insert("bulk")))
    pause.over()

    assert slow[0].result(patience(10)) == 1


def test_a_long_line_of_other_work_goes_before_urgent_work_once_at_most(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_to, "PATIENCE_SECONDS", 0.2)
    pause = Pause(database)
    slow = [database.write(insert(f"bulk {i}")) for i in range(5)]
    quick = database.write(insert("one"), urgent=True)
    time.sleep(0.3)  # all of them wait too long
    pause.over()

    assert [each.result(patience(10)) for each in [*slow, quick]] == [1] * 6
    assert "one" in held(database)[:2]


def test_work_that_raises_keeps_nothing_of_its_own_and_all_of_the_others(database: Database) -> None:
    heard: list[str] = []

    def refused(connection: SqliteConnection) -> None:
        insert("bad")(connection)
        connection.after.append(lambda: heard.append("bad"))
        raise BulkDataError("no", [])

    def good(connection: SqliteConnection) -> None:
        insert("good")(connection)
        connection.after.append(lambda: heard.append("good"))

    pause = Pause(database)
    results = [database.write(work) for work in (good, refused, good)]
    pause.over()

    assert results[0].result(patience(10)) is None
    assert isinstance(results[1].exception(10), BulkDataError)
    assert results[2].result(patience(10)) is None
    assert held(database) == ["good", "good"]
    assert heard == ["good", "good"]


def test_work_may_be_cancelled_while_it_waits(database: Database) -> None:
    pause = Pause(database)
    waiting = database.write(insert("never"))
    assert waiting.cancel()
    pause.over()

    assert database.write(insert("after")).result(patience(10)) == 1
    assert held(database) == ["after"]


def test_a_commit_that_fails_is_told_to_whoever_caused_it_only(database: Database) -> None:
    database.write(
        lambda connection: connection.raw.execute(
            "CREATE TABLE child (t INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    ).result(patience(10))
    database.write(
        lambda connection: connection.raw.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    ).result(patience(10))
    pause = Pause(database)
    good = database.write(insert("good"))
    orphan = database.write(
        lambda connection: connection.raw.execute("INSERT INTO child VALUES (1)") and None
    )
    more = database.write(insert("more"))
    pause.over()

    assert isinstance(orphan.exception(10), sqlite3.IntegrityError)
    assert (good.result(patience(10)), more.result(patience(10))) == (1, 1)
    assert held(database) == ["good", "more"]


def test_a_hook_that_fails_does_not_stop_the_writer(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def work(connection: SqliteConnection) -> None:
        insert("kept")(connection)
        connection.after.append(lambda: 1 // 0)  # type: ignore[arg-type]
        connection.after.append(lambda: heard.append("told"))

    assert database.write(work).result(patience(10)) is None
    assert database.write(insert("next")).result(patience(10)) == 1
    assert (held(database), heard) == (["kept", "next"], ["told"])
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("through_sqlalchemy", [False, True])
def test_a_full_disk_is_told_to_whoever_filled_it_and_ends_when_there_is_space(
    database: Database, through_sqlalchemy: bool
) -> None:
    def fill(connection: SqliteConnection) -> None:
        if through_sqlalchemy:
            connection.sql.execute(sql("INSERT INTO t VALUES (:x)"), [{"x": "y" * 5000} for _ in range(200)])
        else:
            insert("y" * 5000, 200)(connection)

    def capacity(pages: int) -> Callable[[SqliteConnection], Any]:
        return lambda connection: connection.raw.execute(f"PRAGMA max_page_count={pages}").fetchone()

    database.initialise(capacity(20))
    pause = Pause(database)
    writes: list[Future[Any]] = [database.write(work) for work in (insert("before"), fill, insert("after"))]
    pause.over()

    assert isinstance(writes[1].exception(20), StorageFullError)
    assert [writes[0].result(patience(20)), writes[2].result(patience(20))] == [1, 1]
    assert held(database) == ["before", "after"]
    database.initialise(capacity(1_000_000))
    assert database.write(fill).result(patience(20)) is None
    assert len(held(database)) == 202


def test_what_was_written_is_read_at_once_but_not_by_a_snapshot_that_is_older(database: Database) -> None:
    with database.read() as old:
        assert old.raw.execute("SELECT count(*) FROM t").fetchone() == (0,)
        database.write(insert("x")).result(patience(10))
        assert old.raw.execute("SELECT count(*) FROM t").fetchone() == (0,)
        with database.read() as same:
            assert same is old
    assert held(database) == ["x"]


def test_readers_cannot_write(database: Database) -> None:
    with database.read() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.raw.execute("INSERT INTO t VALUES (1)")


def test_closing_finishes_what_waits_and_refuses_more(tmp_path: Path) -> None:
    path = tmp_path / "closing.db"
    database = Database(path)
    database.write(lambda connection: connection.raw.execute("CREATE TABLE t (x)"))
    last = database.write(insert("last"))
    database.close()

    assert last.result(0) == 1
    with pytest.raises(CannotOpenError, match="shutting down"):
        database.write(insert("late"))
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT x FROM t").fetchall() == [("last",)]
    raw.close()


# Starting


def foreign(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE theirs (x)")
    raw.commit()
    raw.close()


def test_files_that_are_not_ours_are_refused_and_left_alone(tmp_path: Path) -> None:
    garbage, others, missing = tmp_path / "garbage", tmp_path / "theirs", tmp_path / "no" / "such"
    garbage.write_bytes(b"this is no database, whatever its name says" * 100)
    foreign(others)
    before = garbage.read_bytes(), others.read_bytes()

    for path, reason in (
        (garbage, "not a database"),
        (others, "another program"),
        (missing, "can't be opened"),
    ):
        with pytest.raises(DatabaseError, match=reason):
            SqliteStore(path)

    assert (garbage.read_bytes(), others.read_bytes()) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["garbage", "theirs"]


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqliteStore(path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version={migrating.LATEST + 1}")
    raw.close()

    with pytest.raises(DatabaseError, match="newer version"):
        SqliteStore(path)


def test_a_new_file_gets_its_tables_and_our_mark(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    assert store.upgraded_from is None
    with store.database.read() as connection:
        for pragma, value in (("application_id", APPLICATION_ID), ("user_version", migrating.LATEST)):
            assert connection.raw.execute(f"PRAGMA {pragma}").fetchone() == (value,)
        assert connection.raw.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
    again = SqliteStore(path)
    assert again.upgraded_from is None
    again.close()


def test_a_new_file_is_like_one_that_went_all_steps(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "new.db").close()
    Database(tmp_path / "stepped.db").close()  # only our mark
    connection = SqliteConnection(tmp_path / "stepped.db", readonly=False)
    migrating.upgrade(connection)
    connection.close()

    assert _schema(tmp_path / "new.db") == _schema(tmp_path / "stepped.db")


def _schema(path: Path) -> dict[str, Any]:
    """Everything about the tables but the order of their constraints."""
    raw = sqlite3.connect(path)

    def ask(what: str) -> list[tuple[Any, ...]]:
        return raw.execute(what).fetchall()

    found: dict[str, Any] = {}
    for name, made in ask("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        indexes = {
            (unique, origin, tuple(ask(f"PRAGMA index_xinfo('{index}')")), *ask(
                f"SELECT sql FROM sqlite_master WHERE name = '{index}'"
            ))
            for _, index, unique, origin, _ in ask(f"PRAGMA index_list('{name}')")
        }  # fmt: skip
        keys = {each[2:] for each in ask(f"PRAGMA foreign_key_list('{name}')")}
        kind = ("AUTOINCREMENT" in made, "WITHOUT ROWID" in made)
        found[name] = (ask(f"PRAGMA table_xinfo('{name}')"), indexes, keys, kind)
    found["step"] = ask("SELECT * FROM alembic_version") + ask("PRAGMA user_version")
    raw.close()
    return found


def test_an_upgrade_leaves_a_copy_and_can_be_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    add_dataset(store)
    store.close()
    monkeypatch.setattr(migrating, "LATEST", migrating.LATEST + 1)

    with pytest.raises(DatabaseError, match="needs an upgrade"):
        SqliteStore(path, allow_upgrade=False)
    store = SqliteStore(path)
    copy = store.upgraded_from
    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600  # it holds password hashes
    with store.read() as tx:
        assert tx.datasets.find("ws", "ds") is not None
    store.close()

    assert copy is not None
    assert copy.stat().st_mode & 0o077 == 0
    raw = sqlite3.connect(copy)
    assert raw.execute("SELECT name FROM datasets").fetchall() == [("ds",)]
    assert raw.execute("PRAGMA user_version").fetchone() == (migrating.LATEST - 1,)
    raw.close()


HOLD = """
import sys
from pathlib import Path
from apportion.storage.sqlite.connection import DatabaseError
from apportion.storage.sqlite.database import Database
database = Database(Path(sys.argv[1]))
try:
    database.lock()
except DatabaseError as refused:
    print(refused)
database.close()
"""


def test_a_second_server_on_the_same_file_is_refused_until_the_first_ends(database: Database) -> None:
    def second() -> str:
        command = [sys.executable, "-c", HOLD, str(database.path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    database.lock()
    assert "already running" in second()
    database.close()
    assert second() == ""
    database.close = lambda: None  # type: ignore[method-assign]


def add_dataset(store: SqliteStore) -> Dataset:
    wanted = Dataset(DatasetNo(0), "u", "ws", "ds", Task.TEXT2TEXT, {}, {}, None)
    return store.write(lambda tx: tx.datasets.add(wanted)).result(patience(10))


def test_readers_never_see_half_a_request_while_somebody_writes(tmp_path: Path) -> None:
    """Every request logs ten records; totals, facets and pages are of whole requests."""
    store = SqliteStore(tmp_path / "store.db")
    dataset = add_dataset(store)
    done = threading.Event()
    failures: list[BaseException] = []

    def look() -> None:
        try:
            while not done.is_set():
                with store.read() as tx:
                    hits = tx.records.search(dataset, Criteria(), limit=1000, facets=frozenset({"status"}))
                    assert all(count >= 0 for count in hits.facets["status"].values())
                    assert len(tx.records.scan(dataset, Criteria(), limit=1000)) % 10 == 0
        except BaseException as failure:
            failures.append(failure)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for i in range(40):
        batch = [Text2TextRecord(f"{i}-{j}", raw=f"word{j}", metadata={"n": j}) for j in range(10)]
        ready = store.encode_records(dataset.task, batch)
        store.write(lambda tx, ready=ready: tx.records.log(dataset, ready, at=1)).result(patience(10))  # type: ignore[misc]
        with store.read() as tx:
            assert tx.records.count(dataset, Criteria()) == 10 * (i + 1)
    done.set()
    for reader in readers:
        reader.join()
    store.close()
    assert failures == []


def test_datasets_that_fall_out_of_memory_give_their_connections_back(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", open_datasets=2)
    for i in range(6):
        wanted = Dataset(DatasetNo(0), f"u{i}", "ws", f"ds{i}", Task.TEXT2TEXT, {}, {}, None)
        dataset = store.write(lambda tx, wanted=wanted: tx.datasets.add(wanted)).result(patience(10))  # type: ignore[misc]
        with store.read() as tx:
            assert tx.records.count(dataset, Criteria()) == 0
    assert len(store.database.readers) <= 4
    store.close()


def test_a_thread_that_ends_takes_its_connection_with_it(database: Database) -> None:
    links: list[SqliteConnection] = []

    def look() -> None:
        with database.read() as connection:
            links.append(connection)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    look()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        links[0].raw.execute("SELECT 1")
    assert links[1].raw.execute("SELECT 1").fetchone() == (1,)  # of a thread that goes on


def test_a_value_of_any_length_is_never_part_of_what_a_key_is_looked_up_in(tmp_path: Path) -> None:
    """In a table without row numbers, SQLite reads all of a long row before it compares its key."""
    SqliteStore(tmp_path / "apportion.db").close()
    with closing(sqlite3.connect(tmp_path / "apportion.db")) as raw:
        keyed = [
            name
            for name, sql in raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            if "WITHOUT ROWID" in sql
        ]
        long = {
            name
            for name in keyed
            for column in raw.execute(f"PRAGMA table_info({name})")
            if column[2] in ("TEXT", "BLOB", "JSON")
        }
    assert keyed
    assert long == {"vectors"}  # as long as the model has dimensions, for every record the same

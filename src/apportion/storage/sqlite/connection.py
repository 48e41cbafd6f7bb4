"""Connections to one SQLite file, checked to be ours, sound and free."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from apportion.ports.deadline import Deadline
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import UNLIMITED, AskedRow
from apportion.storage.sql.dialect import NumberRange
from apportion.storage.sql.feed import ALWAYS
from apportion.storage.sql.locks import NoLocks

from .dialect import SQLITE
from .error_map import interrupted

__all__ = [
    "APPLICATION_ID",
    "DatabaseError",
    "SqliteConnection",
    "SqliteRaw",
    "check_file",
    "check_sqlite",
    "claim",
    "damaged",
    "open_for_writing",
]

APPLICATION_ID = 0x4150504F  # "APPO": how `file` and we recognise our own
_ROWS_AT_ONCE = 5_000
_STEPS = 20_000
"""Instructions of SQLite's machine between two checks of the deadline: about a millisecond."""


class DatabaseError(CannotOpenError):
    """The file cannot be used; the message says why and what to do."""


class _FetchedRow:
    __slots__ = ("_rows",)

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def fetchone(self) -> Any:
        return self._rows.pop() if self._rows else None


class SqliteRaw(sqlite3.Connection):
    """Connection of the driver, which knows the SQL of its database."""

    dialect = SQLITE
    locks = NoLocks()

    def leave(self, table: str, sql: str, parameters: Sequence[Any], /) -> None:  # noqa: ARG002 (nobody else writes)
        self.execute(sql, parameters)

    def send(self, sql: str, parameters: Sequence[Any] = (), /) -> None:
        self.execute(sql, parameters)

    def ask(self, sql: str, parameters: Sequence[Any], /) -> AskedRow:
        rows = self.execute(sql, parameters)
        # Read at once: a statement with rows left keeps its snapshot, which the connection's next reader would see
        return _FetchedRow(rows.fetchall())

    def packed(self, sql: str, parameters: Sequence[Any], /) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.execute(sql, parameters).fetchone()
        return found

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[list[Any]]:
        rows = self.execute(sql, parameters)
        while some := rows.fetchmany(_ROWS_AT_ONCE):
            yield some

    def highest_numbers(self) -> dict[str, int]:
        return dict(self.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

    def continue_numbers(self, highest: Mapping[str, int], /) -> None:
        known = {
            name
            for (name,) in self.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        }
        known.update(each.key for each in NumberRange)
        self.execute("DELETE FROM sqlite_sequence")
        rows = sorted((name, number) for name, number in highest.items() if name in known)
        self.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", rows)


class SqliteConnection:
    """One connection to the file: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements.

    Both use the same sqlite3 connection, so they share its transaction; ``sql`` never begins or ends
    one by itself. ``after`` collects hooks to run once the running transaction has committed.
    """

    lost = False  # a file that was opened can be read even once its name is gone

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self.raw = sqlite3.connect(
            path,
            # Else Python would begin transactions by itself, before some kinds of statements
            isolation_level=None,
            # Threads hand connections on, the writer's and those that are lent; one uses it at a time
            check_same_thread=False,
            cached_statements=512,
            timeout=10.0,
            factory=SqliteRaw,
        )
        self.reads_only = readonly
        self.stale = False
        self.after: list[Callable[[], None]] = []
        self.deadline = UNLIMITED
        """The deadline of the transaction that it is used for."""
        self.owner = 0
        self.changes: list[CacheDelta] = []
        self.began = ALWAYS
        """The number of commits that had been passed on to the caches when its snapshot was taken."""
        self.since = 0.0
        """Time of its snapshot, on the clock ``time.monotonic``."""
        self.seen: dict[int, int] = {}
        try:
            self._set_up(readonly)
        except BaseException:
            self.raw.close()
            raise

        # Made before any transaction of ours: connecting, SQLAlchemy rolls back whatever is open.
        engine = create_engine(
            "sqlite://", creator=lambda: self.raw, poolclass=StaticPool, pool_reset_on_return=None
        )
        self.sql: Connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _set_up(self, readonly: bool) -> None:
        run = self.raw.execute
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits with the power
        run("PRAGMA temp_store=MEMORY")
        run("PRAGMA cache_size=-65536" if not readonly else "PRAGMA cache_size=-32768")
        # A log that grew while a long snapshot was read is cut down to this again
        run("PRAGMA journal_size_limit=67108864")
        run("PRAGMA wal_autocheckpoint=4000")
        if readonly:
            run("PRAGMA query_only=ON")

    # Transactions of the writer (``storage.sql.writer.WritingConnection``)

    def begin(self, *, shared: bool = False) -> None:  # noqa: ARG002 (one transaction at a time)
        self.raw.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.raw.execute("COMMIT")

    def roll_back(self) -> None:
        if self.raw.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.raw.execute("ROLLBACK")

    def set_savepoint(self) -> None:
        self.raw.execute("SAVEPOINT job")

    def release_savepoint(self) -> None:
        self.raw.execute("RELEASE job")

    def return_to_savepoint(self) -> bool:
        try:
            self.raw.execute("ROLLBACK TO job")
            self.raw.execute("RELEASE job")
        except sqlite3.Error:  # SQLite itself gave the transaction up: disk full, I/O error
            return False
        return True

    # Reading

    @property
    def in_snapshot(self) -> bool:
        """True while each statement sees the same."""
        return self.raw.in_transaction

    @contextlib.contextmanager
    def limited(self, deadline: Deadline) -> Iterator[None]:
        """Interrupt statements once the deadline is over, with its reason."""
        deadline.start()
        self.raw.set_progress_handler(deadline.over, _STEPS)
        try:
            yield
        except Exception as failure:
            if interrupted(failure):
                raise deadline.reason() from None
            raise
        finally:
            self.raw.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def snapshot(self, of: str | None = None) -> Iterator[None]:
        """Read several times from one snapshot; within a transaction it is that transaction's."""
        assert of is None, "no snapshot has a name here"
        if self.raw.in_transaction:
            yield
            return
        self.raw.execute("BEGIN")
        try:
            yield
        finally:
            self.raw.execute("COMMIT")

    def shared_snapshot(self) -> None:
        """Return None: SQLite's driver cannot read from the snapshot of another connection."""

    def close(self) -> None:
        self.raw.close()


def damaged(path: Path, why: object) -> DatabaseError:
    """Return the error about a damaged file, which says what to do."""
    return DatabaseError(
        f"{path} is damaged: {why}. Nothing was changed. Try `apportion reindex`, which rebuilds what can be "
        "rebuilt; else `apportion restore BACKUP --force`, which keeps this file beside."
    )


def claim(path: Path) -> IO[str]:
    """Lock a file for as long as the returned file is open; refuse when a server holds it."""
    handle = path.with_suffix(".lock").open("a+")  # "w" would erase when a server last held it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as busy:
        handle.close()
        raise DatabaseError(
            f"Another server is already running on {path}. Stop it first, or set APPORTION_HOME "
            "to another folder."
        ) from busy
    return handle


def open_for_writing(path: Path) -> SqliteConnection:
    """Open the writer's connection to a file, checked to be ours."""
    try:
        path.touch(mode=0o600)  # it holds password hashes
        connection = SqliteConnection(path, readonly=False)
    except (OSError, sqlite3.OperationalError) as unreadable:
        raise DatabaseError(f"{path} can't be opened: {unreadable}.") from unreadable
    except sqlite3.DatabaseError as broken:
        raise damaged(path, broken) from broken
    try:
        check_file(connection.raw, path)
    except BaseException:
        connection.close()
        raise
    return connection


def check_sqlite() -> None:
    """Refuse a SQLite that lacks what we need, and say what to do about it."""
    if sqlite3.sqlite_version_info < (3, 35):
        raise DatabaseError(
            f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed. Use a newer Python."
        )
    probe = sqlite3.connect(":memory:")
    try:
        probe.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
    except sqlite3.OperationalError as missing:
        raise DatabaseError(
            "This Python's SQLite was built without full-text search (FTS5). Use another build of Python, "
            "such as the one of python.org, Debian, conda or uv."
        ) from missing
    finally:
        probe.close()


def check_file(raw: sqlite3.Connection, path: Path) -> None:
    """Prepare a new file, or refuse one that is damaged or not ours."""
    try:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        (mark,) = raw.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as broken:
        raise damaged(path, broken) from broken
    if pages == 0:
        # Both can only be set before the first table is made
        raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    elif mark != APPLICATION_ID:
        raise DatabaseError(f"{path} is a database of another program. Set APPORTION_HOME to another folder.")
    (mode,) = raw.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise DatabaseError(
            f"{path} lies on a file system without shared memory (a network drive?), where SQLite's "
            "write-ahead log does not work. Set APPORTION_HOME to a local folder."
        )

"""Connections to one PostgreSQL database, checked to be fit for us."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.raw_cursor import RawCursor
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Integer, create_engine, event
from sqlalchemy.pool import StaticPool

from apportion.ports.deadline import Deadline
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import UNLIMITED, Cursor
from apportion.storage.sql.feed import ALWAYS

from . import strings
from .dialect import POSTGRES

__all__ = ["DatabaseError", "PostgresConnection", "PostgresRaw", "connect", "numbered_places"]

_PREPARED = 400
_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How soon it is noticed that the database does not answer any more: with the system's defaults it takes hours."""
_LONGEST_TIMEOUT_MS = 2_000_000_000


class DatabaseError(CannotOpenError):
    """The database cannot be used; the message says why and what to do."""


@cache
def numbered_places(sql: str) -> str:
    """Return a statement with PostgreSQL's places for parameters: ``$1`` for the first ``?`` and for ``?1``.

    >>> numbered_places("SELECT ?, '?' WHERE ?")
    "SELECT $1, '?' WHERE $2"
    """
    pieces = sql.split("'")
    given = 0
    for even in range(0, len(pieces), 2):  # every second piece is inside quotes
        parts = pieces[even].split("?")
        written = [parts[0]]
        for part in parts[1:]:
            if part[:1].isdigit():  # the number that follows is the place's own
                written.append(f"${part}")
            else:
                given += 1
                written.append(f"${given}{part}")
        pieces[even] = "".join(written)
    return "'".join(pieces)


class _DecimalLoader(Loader):
    """Read sums of integers as integers, and other decimals as floats: exact decimals are nowhere stored."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"e" in text or b"N" in text else int(text)


class PostgresRaw:
    """The driver's connection, for statements that run often. Statements have ``?`` and ``?1`` as places."""

    dialect = POSTGRES

    def __init__(self, link: psycopg.Connection[Any]) -> None:
        self.link = link
        self.total_changes = 0
        """The number of rows that were inserted, updated and deleted."""

    @property
    def in_transaction(self) -> bool:
        return self.link.info.transaction_status != pq.TransactionStatus.IDLE

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        cursor = RawCursor(self.link)
        cursor.execute(numbered_places(sql), parameters)
        if cursor.description is None or not str(cursor.statusmessage).startswith("SELECT"):
            self.total_changes += max(0, cursor.rowcount)
        return cursor

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> Cursor:
        cursor = RawCursor(self.link)
        cursor.executemany(numbered_places(sql), parameters)
        self.total_changes += max(0, cursor.rowcount)
        return cursor

    def copy(self, into: str, rows: Sequence[Sequence[Any]]) -> int:
        """Insert rows by COPY, the fastest way there is; return how many."""
        cursor = RawCursor(self.link)
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.total_changes += len(rows)
        return len(rows)


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection of the driver; it is noticed soon when the database does not answer any more."""
    return psycopg.connect(url, autocommit=True, application_name="apportion", **_PATIENCE)


class PostgresConnection:
    """One connection: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements, both in one transaction."""

    def __init__(self, url: str, *, readonly: bool) -> None:
        link = connect(url)
        link.prepared_max = _PREPARED
        link.adapters.register_dumper(int, Int8Dumper)  # else its type depends on its size
        link.adapters.register_loader("numeric", _DecimalLoader)
        strings.register(link)
        self.raw = PostgresRaw(link)
        self.reads_only = readonly
        self.after: list[Callable[[], None]] = []
        self.deadline = UNLIMITED
        """The deadline of the transaction that it is used for."""
        self.owner = 0
        self.changes: list[CacheDelta] = []
        """Everything that the running transaction has changed so far and others have to follow."""
        self.began = ALWAYS
        self.since = 0.0
        """When its snapshot was taken, on the clock ``time.monotonic``."""
        self.seen: dict[int, int] = {}
        """By dataset, the number of the last change that its snapshot sees, as far as that was looked up."""
        if readonly:
            link.execute("SET default_transaction_read_only = on")
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: link,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",  # of the engine, which resets nothing on a connection that was lost
            use_native_hstore=False,
        )
        # It would write casts by the types of columns, which are narrower than they are here
        engine.dialect.colspecs = {
            kind: own for kind, own in engine.dialect.colspecs.items() if not issubclass(kind, Integer)
        }
        event.listen(engine, "after_cursor_execute", self._count_changes)
        self.sql: Connection = engine.connect()

    def _count_changes(self, connection: Connection, cursor: Any, *_: Any) -> None:  # noqa: ARG002
        if cursor.description is None or not str(cursor.statusmessage).startswith("SELECT"):
            self.raw.total_changes += max(0, cursor.rowcount)

    @property
    def lost(self) -> bool:
        """True once the database cannot be reached through it any more."""
        return self.raw.link.broken or self.raw.link.closed

    @property
    def stale(self) -> bool:
        """True if it is lost, or if the database said something unasked, which nearly always is that it hangs up."""
        if self.lost:
            return True
        if self.raw.in_transaction:
            return False
        unasked = select.poll()
        unasked.register(self.raw.link.pgconn.socket, select.POLLIN)
        return bool(unasked.poll(0))

    def close(self) -> None:
        self.raw.link.close()

    # Transactions of the writer (``storage.sql.writer.WritingConnection``)

    def begin(self) -> None:
        self.raw.link.execute("BEGIN")

    def commit(self) -> None:
        self.raw.link.execute("COMMIT")

    def roll_back(self) -> None:
        if not self.lost and self.raw.in_transaction:
            with contextlib.suppress(psycopg.Error):
                self.raw.link.execute("ROLLBACK")

    def set_savepoint(self) -> None:
        self.raw.link.execute("SAVEPOINT job")

    def release_savepoint(self) -> None:
        self.raw.link.execute("RELEASE job")

    def return_to_savepoint(self) -> bool:
        try:
            self.raw.link.execute("ROLLBACK TO job; RELEASE job", prepare=False)
        except psycopg.Error:  # the connection is lost
            return False
        return True

    # Reading

    @property
    def in_snapshot(self) -> bool:
        """True while each statement sees the same."""
        return self.reads_only and self.raw.in_transaction

    def begin_snapshot(self, deadline: Deadline | None) -> None:
        """Begin a transaction that sees the database as of now; its statements end by the deadline."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        if deadline is not None:
            begin += f"; SET LOCAL statement_timeout = {_milliseconds(deadline)}"
        self.seen.clear()
        self.since = time.monotonic()
        self.raw.link.execute(begin, prepare=False)

    def end_snapshot(self) -> None:
        """End what ``begin_snapshot`` began; a lost connection has nothing to end."""
        if not self.lost:
            self.raw.link.execute("ROLLBACK")

    @contextlib.contextmanager
    def limited(self, deadline: Deadline) -> Iterator[None]:
        """End statements once the deadline is over, with its reason."""
        deadline.start()
        writing = not self.reads_only
        if writing:  # of the writer's transaction, until it ends
            self.raw.link.execute(f"SET LOCAL statement_timeout = {_milliseconds(deadline)}")
        try:
            yield
        except Exception as failure:
            if isinstance(getattr(failure, "orig", failure), psycopg.errors.QueryCanceled):
                raise deadline.reason() from None
            raise
        finally:
            if writing and self.raw.link.info.transaction_status == pq.TransactionStatus.INTRANS:
                self.raw.link.execute("SET LOCAL statement_timeout = 0")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read several times from one snapshot; within a transaction it is that transaction's."""
        if self.raw.in_transaction:
            yield
            return
        self.begin_snapshot(None)
        try:
            yield
        finally:
            self.end_snapshot()


def _milliseconds(deadline: Deadline) -> int:
    seconds = deadline.seconds
    return 0 if seconds == float("inf") else max(1, min(_LONGEST_TIMEOUT_MS, int(seconds * 1000)))

"""Connections to one PostgreSQL database, checked to be fit for us."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.raw_cursor import RawCursor, RawServerCursor
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Integer, create_engine, event
from sqlalchemy.pool import StaticPool

from apportion.ports.deadline import Deadline
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import UNLIMITED, Cursor
from apportion.storage.sql.dialect import NumberRange
from apportion.storage.sql.feed import ALWAYS
from apportion.storage.tables import metadata as tables

from . import strings
from .batch import Sent, merged
from .dialect import POSTGRES
from .gate import Gate
from .locks import PostgresLocks
from .pipeline import Pipeline, Rows
from .places import numbered_places

__all__ = ["DatabaseError", "PostgresConnection", "PostgresRaw", "connect"]

_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Time after which a database is given up that does not answer any more: with the system's defaults it takes hours."""
_MORE_MEMORY = (
    "SELECT set_config('work_mem', '64MB', false) WHERE pg_size_bytes(current_setting('work_mem')) < 64 << 20"
)
"""For readers: with the 4 MB of the default, a word that is frequent in millions of texts is looked for in each."""
# ``statement_timeout`` has 32 bits
_LONGEST_TIMEOUT_MS = 2_000_000_000
_ROWS_AT_ONCE = 5_000


class DatabaseError(CannotOpenError):
    """The database cannot be used; the message says why and what to do."""


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
        self._pipeline = Pipeline(link)
        self._sent: list[Sent] = []
        self._streams = 0
        self.total_changes = 0
        """The number of rows that were inserted, updated and deleted."""
        self.locks = PostgresLocks(self)
        self.gate = Gate(lambda sql, parameters: self._sent.append(Sent(sql, parameters)))

    @property
    def in_transaction(self) -> bool:
        # Where something is yet to be sent, BEGIN is among it
        return bool(self._sent) or self.begun

    @property
    def begun(self) -> bool:
        """True while the database is in a transaction."""
        return self.link.pgconn.transaction_status != pq.TransactionStatus.IDLE

    def leave(self, table: str, sql: str, parameters: Sequence[Any], /) -> None:
        """Run a statement at the end of the transaction, or before the next one that looks at the table."""
        # Only a writer's transaction ends with ``Gate.close``; elsewhere it would never be run
        if self.locks.writing:
            self.gate.leave(table, sql, parameters)
            # Counted now, although it runs later: what was read before does not hold any more
            self.total_changes += 1
        else:
            self.execute(sql, parameters)

    def prepare_for(self, sql: str) -> None:
        """Run what was left, if a statement is about to look at it."""
        if self.gate.has_left:
            self.gate.before(sql, self.locks.held)

    def send(self, sql: str, parameters: Sequence[Any] = (), /) -> None:
        """Run a statement in one round trip with the next; if it fails, that one, or the end of the task, raises."""
        if not self.locks.writing:
            self.execute(sql, parameters)
            return
        self.prepare_for(sql)
        self._sent.append(Sent(sql, parameters))
        self.total_changes += 1

    def ask(self, sql: str, parameters: Sequence[Any], /) -> Rows:
        """Run a query in one round trip with the next statement, or when its rows are read."""
        self.prepare_for(sql)
        rows = self._pipeline.rows(self.receive)
        self._sent.append(Sent(sql, parameters, rows))
        return rows

    def receive(self) -> None:
        """Run what was sent, in one round trip. Raises the error of the first statement that failed."""
        if self._sent:
            sent, self._sent = self._sent, []
            self._pipeline.run(list(merged(sent)))

    def give_up(self) -> None:
        """Forget what was sent: the transaction is about to be rolled back."""
        self._sent = []

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        return self._run(sql, parameters, self._pipeline.rows())

    def packed(self, sql: str, parameters: Sequence[Any], /) -> tuple[Any, ...]:
        # As text each byte would be two letters, which takes a third of the time of reading a million numbers
        found: tuple[Any, ...] = self._run(
            sql, parameters, self._pipeline.rows(form=pq.Format.BINARY)
        ).fetchone()
        return found

    def _run(self, sql: str, parameters: Sequence[Any], rows: Rows) -> Rows:
        self.prepare_for(sql)
        sent, self._sent = self._sent, []
        self._pipeline.run([*merged(sent), (numbered_places(sql), parameters, rows)])
        self.total_changes += rows.changed
        return rows

    def executemany(self, sql: str, parameters: Sequence[Sequence[Any]], /) -> Cursor:
        self.prepare_for(sql)
        self.receive()
        cursor = RawCursor(self.link)
        cursor.executemany(numbered_places(sql), parameters)
        self.total_changes += max(0, cursor.rowcount)
        return cursor

    def copy(self, into: str, rows: Sequence[Sequence[Any]]) -> int:
        """Insert rows by COPY, the fastest way there is; return how many."""
        self.prepare_for(into)
        self.receive()
        cursor = RawCursor(self.link)
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self.total_changes += len(rows)
        return len(rows)

    def copy_lines(self, into: str, lines: str, rows: int) -> None:
        """Insert rows by COPY that are in its format already."""
        self.prepare_for(into)
        self.receive()
        with RawCursor(self.link).copy(f"COPY {into} FROM STDIN") as copy:
            copy.write(lines)
        self.total_changes += rows

    def copy_new(self, into: str, lines: str, rows: int) -> bool:
        """Do as ``copy_lines``; return False, with nothing inserted, where one of the rows is there already."""
        if not self.locks.writing:  # outside a transaction there are no savepoints
            return False
        self.prepare_for(into)  # what that runs must not be undone
        self._sent.append(Sent("SAVEPOINT copied", ()))
        try:
            self.copy_lines(into, lines, rows)
        except psycopg.errors.UniqueViolation:
            self.link.execute("ROLLBACK TO copied; RELEASE copied", prepare=False)
            return False
        self._sent.append(Sent("RELEASE copied", ()))
        return True

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[list[Any]]:
        self.prepare_for(sql)
        self.receive()
        self._streams += 1
        # A cursor of the server: with an ordinary one all rows are sent, and in memory, before the first
        cursor: RawServerCursor[Any]
        with RawServerCursor(self.link, f"stream_{self._streams}") as cursor:
            cursor.execute(numbered_places(sql).encode(), parameters)
            while some := cursor.fetchmany(_ROWS_AT_ONCE):
                yield some

    def highest_numbers(self) -> dict[str, int]:
        found = {}
        for table, sequence in self._sequences():
            last, called = self.execute(f"SELECT last_value, is_called FROM {sequence}").fetchone()
            # A sequence that was never used says the number that comes first, not one that was given out
            found[table] = last if called else last - 1
        for each in NumberRange:
            last, called = self.execute(f"SELECT last_value, is_called FROM {each.key}").fetchone()
            found[each.key] = last if called else last - 1
        return found

    def continue_numbers(self, highest: Mapping[str, int], /) -> None:
        for table, sequence in self._sequences():
            # Rows that were copied brought their numbers along, which moves no sequence
            (used,) = self.execute(f'SELECT coalesce(max("{_key_of(table)}"), 0) FROM {table}').fetchone()
            # ``false``: this number comes next; the last number of an empty table, 0, no sequence accepts
            self.execute(
                "SELECT setval(?::regclass, ?, false)", (sequence, max(used, highest.get(table, 0)) + 1)
            )
        for each in NumberRange:
            (used,) = self.execute(each.value).fetchone()
            self.execute(
                "SELECT setval(?::regclass, ?, false)", (each.key, max(used, highest.get(each.key, 0)) + 1)
            )

    def _sequences(self) -> list[tuple[str, str]]:
        """Return the tables whose keys are numbered by the database, each with its sequence."""
        rows = [
            (table.name, self.execute("SELECT pg_get_serial_sequence(?, ?)", (table.name, key)).fetchone()[0])
            for table in tables.sorted_tables
            if (key := _key_of(table.name)) is not None
        ]
        return [(table, sequence) for table, sequence in rows if sequence is not None]


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection of the driver; it is noticed soon when the database does not answer any more."""
    # Autocommit: transactions begin by our own statements, else psycopg would begin one before each
    return psycopg.connect(url, autocommit=True, application_name="apportion", **_PATIENCE)


class PostgresConnection:
    """One connection: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements, both in one transaction."""

    def __init__(self, url: str, *, readonly: bool) -> None:
        link = connect(url)
        # ``raw`` prepares what is run often. The driver, after a ROLLBACK that it sees for the first time, would have
        # the database forget all that is prepared, and that, too
        link.prepare_threshold = None
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
        """Time of its snapshot, on the clock ``time.monotonic``."""
        self.seen: dict[int, int] = {}
        """By dataset, the number of the last change that its snapshot sees, as far as that was looked up."""
        if readonly:
            # A reader has neither locks nor a gate: a write through it by mistake has to fail
            link.execute(f"SET default_transaction_read_only = on; {_MORE_MEMORY}")
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: link,
            poolclass=StaticPool,
            # Giving the connection back must not roll back what ``raw`` has begun
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",  # of the engine, which resets nothing on a connection that was lost
            # Asking for the number of a type that we do not use would cost each connection a round trip
            use_native_hstore=False,
        )
        # It would write casts by the types of columns, which are narrower than they are here
        engine.dialect.colspecs = {
            kind: own for kind, own in engine.dialect.colspecs.items() if not issubclass(kind, Integer)
        }
        event.listen(engine, "before_cursor_execute", self._prepare_for)
        event.listen(engine, "after_cursor_execute", self._count_changes)
        self.sql: Connection = engine.connect()

    def _prepare_for(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:  # noqa: ARG002
        self.raw.prepare_for(statement)
        self.raw.receive()  # SQLAlchemy looks at a result at once

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
        # Within a transaction it may be the reply to a statement
        if self.raw.in_transaction:
            return False
        unasked = select.poll()
        unasked.register(self.raw.link.pgconn.socket, select.POLLIN)
        return bool(unasked.poll(0))

    def close(self) -> None:
        self.raw.link.close()

    # Transactions of the writer (``storage.sql.writer.WritingConnection``)

    def begin(self, *, shared: bool = False) -> None:
        self.raw.locks.begin(shared=shared)
        self.raw.send("BEGIN")

    def commit(self) -> None:
        self.raw.receive()
        self.raw.link.execute("COMMIT")
        self.raw.locks.end()

    def roll_back(self) -> None:
        # Also where the connection is lost: the next transaction must not inherit anything
        self.raw.gate.forget()
        self.raw.give_up()
        self.raw.locks.end()
        if not self.lost and self.raw.in_transaction:
            with contextlib.suppress(psycopg.Error):
                self.raw.link.execute("ROLLBACK")

    def set_savepoint(self) -> None:
        self.raw.receive()  # what fails of it must not be taken for a failure of the next task
        self.raw.gate.set_savepoint()
        self.raw.locks.set_savepoint()
        self.raw.link.execute("SAVEPOINT job")

    def release_savepoint(self) -> None:
        self.raw.receive()
        self.raw.link.execute("RELEASE job")

    def return_to_savepoint(self) -> bool:
        self.raw.gate.return_to_savepoint()
        self.raw.give_up()
        self.raw.locks.return_to_savepoint()
        try:
            # Two statements in one round trip cannot be prepared
            self.raw.link.execute("ROLLBACK TO job; RELEASE job", prepare=False)
        except psycopg.Error:  # the connection is lost
            return False
        return True

    # Reading

    @property
    def in_snapshot(self) -> bool:
        """True while each statement sees the same."""
        # A writer's transaction is READ COMMITTED: each of its statements may see more than the one before
        return self.reads_only and self.raw.in_transaction

    def begin_snapshot(self, deadline: Deadline | None) -> None:
        """Begin a transaction that sees the database as of now; its statements end by the deadline."""
        self.seen.clear()
        # Before it begins: a snapshot may count as older than it is, never as younger
        self.since = time.monotonic()
        self.raw.ask("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", ())
        if deadline is not None:
            # Unlike SET it has a parameter, so that it is prepared once
            self.raw.ask("SELECT set_config('statement_timeout', ?, true)", (str(_milliseconds(deadline)),))

    def end_snapshot(self) -> None:
        """End what ``begin_snapshot`` began; a lost connection has nothing to end."""
        if self.raw.begun:
            if not self.lost:
                self.raw.execute("ROLLBACK")
        else:
            self.raw.give_up()

    @contextlib.contextmanager
    def limited(self, deadline: Deadline) -> Iterator[None]:
        """End statements once the deadline is over, with its reason."""
        deadline.start()
        writing = not self.reads_only
        if writing:  # of the writer's transaction, until it ends
            self.raw.receive()
            self.raw.link.execute(f"SET LOCAL statement_timeout = {_milliseconds(deadline)}")
        try:
            yield
            self.raw.receive()
        except Exception as failure:
            self.raw.give_up()
            if isinstance(getattr(failure, "orig", failure), psycopg.errors.QueryCanceled):
                raise deadline.reason() from None
            raise
        finally:
            # A failed transaction refuses every statement, and SET LOCAL ends with it anyway
            if writing and self.raw.link.info.transaction_status == pq.TransactionStatus.INTRANS:
                self.raw.link.execute("SET LOCAL statement_timeout = 0")

    @contextlib.contextmanager
    def snapshot(self, of: str | None = None) -> Iterator[None]:
        """Read several times from one snapshot; within a transaction it is that transaction's.

        ``of`` names the one of another connection, which must not end before this one has begun.
        """
        if self.raw.in_transaction:
            assert of is None, "a running transaction keeps its snapshot"
            yield
            return
        self.begin_snapshot(None)
        try:
            if of is not None:
                self.raw.receive()
                # Not prepared: no other transaction will ever say the same
                self.raw.link.execute(f"SET TRANSACTION SNAPSHOT '{of}'", prepare=False)
            yield
        finally:
            self.end_snapshot()

    def shared_snapshot(self) -> str | None:
        """Return a name by which other connections can read from the running snapshot; None where none can."""
        if not self.in_snapshot:
            return None
        name: str = self.raw.execute("SELECT pg_export_snapshot()").fetchone()[0]
        return name


def _key_of(table: str) -> str | None:
    """Return the key of a table whose rows are numbered; record numbers are given out elsewhere."""
    keys = list(tables.tables[table].primary_key)
    if len(keys) != 1 or keys[0].name == "rid" or not isinstance(keys[0].type, Integer):
        return None
    return keys[0].name


def _milliseconds(deadline: Deadline) -> int:
    seconds = deadline.seconds
    # At least 1: 0 stands for no timeout at all
    return 0 if seconds == float("inf") else max(1, min(_LONGEST_TIMEOUT_MS, int(seconds * 1000)))

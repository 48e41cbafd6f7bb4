"""One PostgreSQL database in use: the connections of its readers, and the one writer of this process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from apportion.domain.errors import StorageFullError, StorageUnwritableError
from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import UNLIMITED
from apportion.storage.sql.reader_pool import ReaderPool
from apportion.storage.sql.writer import Writer

from .connection import DatabaseError, PostgresConnection
from .create import check_database

__all__ = ["Database"]

T = TypeVar("T")

IDLE_LINKS = 4
"""Connections kept for the next dataset that is opened."""
_SERVING = (0x4150504F, 2)
"""Key of the advisory lock of the one server."""


class _WriterConnection(PostgresConnection):
    """The writer's connection, made anew when the last one was lost."""

    def __init__(self, url: str) -> None:
        super().__init__(url, readonly=False)
        self._url = url

    def begin(self) -> None:
        if self.lost:
            self.close()
            super().__init__(self._url, readonly=False)
        super().begin()


class Database:
    """The open database. One writer thread runs all writes; every reading thread has its own connection."""

    def __init__(self, url: str, *, hold: bool = False) -> None:
        """Connect; with ``hold`` claim the database for serving first. Raises ``DatabaseError``."""
        self.url = url
        self.readers = ReaderPool(lambda: PostgresConnection(url, readonly=True), IDLE_LINKS)
        self._holder: psycopg.Connection[Any] | None = None
        self.passed_on = 0
        """The number of commits whose changes were passed on to the caches."""
        try:
            self._writer_connection = _WriterConnection(url)
        except psycopg.Error as refused:
            raise DatabaseError(
                f"PostgreSQL at {_place(url)} cannot be reached: {_without_password(url, refused)}. Look at "
                "APPORTION_DATABASE_URL, and whether it accepts connections from here."
            ) from None
        try:
            check_database(self._writer_connection.raw)
            if hold:
                self.hold()
        except BaseException:
            self._writer_connection.close()
            raise
        self.writer = Writer(self._writer_connection, translate_error)

    # Reading

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[PostgresConnection]:
        """Yield this thread's connection inside one snapshot; its statements end by the deadline."""
        connection = self.readers.of_thread()
        if connection.raw.in_transaction:  # already inside a snapshot: share it
            yield connection
            return
        try:
            connection.began = self.passed_on  # before the snapshot: too few is safe, too many is not
            connection.deadline = deadline or UNLIMITED
            connection.begin_snapshot(deadline)
            try:
                with connection.limited(deadline) if deadline else contextlib.nullcontext():
                    yield connection
            finally:
                connection.end_snapshot()
        except Exception as failure:
            translated = translate_error(failure)
            if translated is failure:
                raise
            raise translated from failure

    def pass_on(self) -> int:
        """Count one more commit whose changes are passed on to the caches; return its number. Called by the writer."""
        self.passed_on += 1
        return self.passed_on

    def initialise(self, fn: Callable[[PostgresConnection], T]) -> T:
        """Run ``fn`` with the writer's connection before any writing; it begins and ends its own transaction."""
        return fn(self._writer_connection)

    # Writing

    def write(self, fn: Callable[[PostgresConnection], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` for the writer thread, as ``Writer.write`` does."""
        return self.writer.write(fn, urgent=urgent)

    # Life

    def hold(self) -> None:
        """Claim the database for serving; refuse when another server holds it."""
        self._holder = psycopg.connect(self.url, autocommit=True, application_name="apportion server")
        row = self._holder.execute("SELECT pg_try_advisory_lock(%s, %s)", _SERVING).fetchone()
        if row is None or not row[0]:
            self._holder.close()
            raise DatabaseError(
                f"Another server is already running on {_place(self.url)}. Stop it first, or use another database."
            )

    @property
    def holding(self) -> bool:
        """True while this process serves the database."""
        return self._holder is not None

    def close(self) -> None:
        """Finish what is waiting, then close every connection."""
        self.writer.close()
        self.readers.close()
        self._writer_connection.close()
        if self._holder is not None:
            self._holder.close()


def translate_error(failure: BaseException) -> BaseException:
    """Return the error that explains a failure of PostgreSQL to users; any other failure as it is."""
    found = getattr(failure, "orig", None)
    cause = found if isinstance(found, BaseException) else failure
    refusal: BaseException
    if isinstance(cause, (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory)):
        refusal = StorageFullError(
            f"The database could not write to its disk ({cause}). Nothing of this request was kept; "
            "free some space and send it again."
        )
    elif isinstance(cause, (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IoError)):
        refusal = StorageUnwritableError(
            f"The database refuses to be written to ({cause}). Nothing of this request was kept; send it again once "
            "it can be written to."
        )
    else:
        return failure
    refusal.__cause__ = failure
    return refusal


def _place(url: str) -> str:
    """Return where a database is, without the password."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error:
        return "the given address"
    where = f"{known.get('host', 'localhost')}:{known.get('port', 5432)}"
    return f"{where}/{known.get('dbname', '')}"


def _without_password(url: str, failure: BaseException) -> str:
    text = " ".join(str(failure).split())
    try:
        password = conninfo_to_dict(url).get("password")
    except psycopg.Error:
        return "it is no address of PostgreSQL"
    return text.replace(str(password), "…") if password else text

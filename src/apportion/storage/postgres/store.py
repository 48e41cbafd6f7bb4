"""``ports.store.Store`` on one PostgreSQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from apportion.domain.records import Record
from apportion.ports.deadline import Deadline
from apportion.ports.events import REQUEST, RequestMark
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Transaction
from apportion.ports.upkeep import StoreCondition, StoreCounts
from apportion.storage.sql.caches import Caches, warm
from apportion.storage.sql.checks.counts import counts_in
from apportion.storage.sql.codec.encode_records import encode_records
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.transaction import SqlTransaction
from apportion.storage.versions import LATEST
from apportion.vocabulary import Task

from .connection import PostgresConnection
from .create import migrate, version_of
from .database import Database

__all__ = ["PostgresStore"]

T = TypeVar("T")


class PostgresStore:
    """Store in the database at ``url``, served by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    remote = True

    def __init__(
        self,
        url: str,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.limits = limits or MetadataLimits()
        self.database = database = Database(url, hold=hold, forget=self._forget)
        self.caches = Caches(
            database.readers.lend, database.readers.take_back, database.pass_on, open_datasets
        )
        self._last_alive: int | None = None
        try:
            database.initialise(lambda connection: migrate(connection, allowed=allow_upgrade))
            self._last_alive = database.initialise(_heartbeat)
        except BaseException as failure:
            database.close()
            explained = database.explained(failure)
            if explained is not None:
                raise explained from None
            raise

    def _forget(self) -> None:
        self.caches.forget_all()

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        with self.database.read(deadline) as connection:
            yield self._transaction(connection)

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        request = REQUEST.get()  # a context variable, which the writer's thread does not have
        return self.database.write(
            lambda connection: fn(self._transaction(connection, request)), urgent=urgent
        )

    def _transaction(
        self, connection: PostgresConnection, request: RequestMark | None = None
    ) -> SqlTransaction:
        # PostgreSQL releases disk space by itself
        return SqlTransaction(connection, self.caches, self.limits, lambda: False, request)

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """Encode records, the part of logging that needs no transaction."""
        return encode_records(task, records)

    def condition(self) -> StoreCondition:
        alive, waiting, urgent, busy = self.database.writer.line()
        with self.database.read() as connection:
            (size,) = connection.raw.execute("SELECT pg_database_size(current_database())").fetchone()
            tables = version_of(connection.raw)
        return StoreCondition(
            writing=alive,
            waiting=waiting,
            urgent=urgent,
            busy=busy,
            tables=tables,
            tables_wanted=LATEST,
            size=size,
            log_size=0,
            free=None,
        )

    def counts(self, now: int) -> StoreCounts:
        with self.database.read() as connection:
            return counts_in(connection.raw, now)

    def look(self) -> str | None:
        return None

    def last_heartbeat(self) -> int | None:
        return self._last_alive

    def record_heartbeat(self, now: int) -> None:
        if self.database.holding:
            self.database.write(lambda connection: _beat(connection, now)).result()

    def close(self) -> None:
        self.database.close()

    def warm(self) -> Iterator[None]:
        """Fill the caches of large datasets, the last changed ones first, as many as fit in memory."""
        return warm(self.read, self.caches)


def _heartbeat(connection: PostgresConnection) -> int | None:
    (at,) = connection.raw.execute("SELECT max(at) FROM heartbeat").fetchone()
    return None if at is None else int(at)


def _beat(connection: PostgresConnection, now: int) -> None:
    connection.raw.execute("DELETE FROM commits WHERE at < now() - interval '30 days'")
    if not connection.raw.execute("UPDATE heartbeat SET at = ?", (now,)).rowcount:
        connection.raw.execute("INSERT INTO heartbeat VALUES (?)", (now,))

"""``ports.store.Store`` on one SQLite file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from apportion.domain.records import Record
from apportion.ports.deadline import Deadline
from apportion.ports.events import REQUEST, RequestMark
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Transaction
from apportion.ports.upkeep import StoreCondition, StoreCounts
from apportion.storage.sql.caches import WARM_FROM, Caches, warm
from apportion.storage.sql.checks.counts import counts_in
from apportion.storage.sql.codec.encode_records import encode_records
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.transaction import SqlTransaction
from apportion.vocabulary import Task

from .condition import condition_of
from .connection import SqliteConnection
from .database import Database
from .disk_space import release_disk_space
from .migrate import migrate
from .startup_check import check_sound

__all__ = ["SqliteStore"]

T = TypeVar("T")


class SqliteStore:
    """Store in one file at ``path``, opened by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    remote = False

    def __init__(
        self,
        path: Path,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.limits = limits or MetadataLimits()
        self.database = database = Database(path, hold=hold)
        self.caches = Caches(
            database.readers.lend, database.readers.take_back, database.pass_on, open_datasets
        )
        self.upgraded_from: Path | None = None
        """The copy made before an upgrade, when there was one."""
        try:
            if hold:
                self.database.initialise(lambda connection: check_sound(connection.raw, path))
            self.upgraded_from = self.database.initialise(
                lambda connection: migrate(connection, path, allowed=allow_upgrade)
            )
        except BaseException:
            self.database.close()
            raise

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
        self, connection: SqliteConnection, request: RequestMark | None = None
    ) -> SqlTransaction:
        return SqlTransaction(
            connection, self.caches, self.limits, lambda: release_disk_space(connection.raw, 500), request
        )

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """Encode records, the part of logging that needs no transaction."""
        return encode_records(task, records)

    def condition(self) -> StoreCondition:
        return condition_of(self.database)

    def counts(self, now: int) -> StoreCounts:
        with self.database.read() as connection:
            return counts_in(connection.raw, now)

    def hold(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self.database.hold()

    def look(self) -> str | None:
        return self.database.look()

    def last_heartbeat(self) -> int | None:
        return self.database.last_alive

    def record_heartbeat(self, now: int) -> None:
        self.database.record_heartbeat(now)

    def close(self) -> None:
        self.database.close()

    def warm(self, *, least: int = WARM_FROM) -> Iterator[None]:
        """Fill the caches of large datasets, the last changed ones first, as many as fit in memory."""
        return warm(self.read, self.caches, least=least)

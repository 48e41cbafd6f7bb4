"""Base of every store of the engine: transactions on the connections of its database, and caches."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from apportion.domain.records import Record
from apportion.ports.cluster import Cluster
from apportion.ports.deadline import Deadline
from apportion.ports.events import REQUEST, RequestMark
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Transaction
from apportion.ports.upkeep import StoreCounts
from apportion.vocabulary import Task

from .caches import WARM_FROM, Caches, warm
from .checks.counts import counts_in
from .codec.encode_records import encode_records
from .connection import SqlConnection
from .feed import Feed
from .reader_pool import PooledConnection, ReaderPool
from .records.record_writer import MetadataLimits
from .transaction import SqlTransaction

if TYPE_CHECKING:
    from .query.accelerator import SearchAccelerator

__all__ = ["OpenDatabase", "SqlStore", "StoreConnection"]


class StoreConnection(SqlConnection, PooledConnection, Protocol):
    """Connection of a store, kept in its pool."""


C = TypeVar("C", bound=StoreConnection)
T = TypeVar("T")
_MOST_SERVERS = 1 << 31


class OpenDatabase(Protocol[C]):
    """A database in use: the connections of its readers, and its one writer."""

    readers: ReaderPool[C]

    def read(self, deadline: Deadline | None = None) -> AbstractContextManager[C]:
        """Yield this thread's connection inside one snapshot."""
        ...

    def write(self, fn: Callable[[C], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` for the writer thread."""
        ...

    def close(self) -> None: ...


class SqlStore(Generic[C]):
    """The common part of ``ports.store.Store``.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    def __init__(
        self, database: OpenDatabase[C], feed: Feed, limits: MetadataLimits | None, open_datasets: int
    ) -> None:
        self.limits = limits or MetadataLimits()
        self.caches = Caches(database.readers.lend, database.readers.take_back, feed, open_datasets)
        self.accelerator: SearchAccelerator | None = None
        """Index that answers searches of large datasets instead of the database, if there is one."""
        self._open = database
        self._server = 1 + secrets.randbelow(_MOST_SERVERS)  # another one after each start

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        with self._open.read(deadline) as connection:
            yield self._transaction(connection)

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        request = REQUEST.get()  # a context variable, which the writer's thread does not have

        def run(connection: C) -> T:
            # When it runs, not when it is queued: a server that loses its session gets another number
            connection.owner = self.server
            return fn(self._transaction(connection, request))

        return self._open.write(run, urgent=urgent)

    @property
    def server(self) -> int:
        return self._server

    @property
    def cluster(self) -> Cluster | None:
        return None

    def living(self) -> Container[int]:
        return (self._server,)

    def _transaction(self, connection: C, request: RequestMark | None = None) -> SqlTransaction:
        release = self._release_disk_space
        return SqlTransaction(
            connection,
            self.caches,
            self.limits,
            lambda: release(connection),
            request,
            accelerator=self.accelerator,
        )

    def _release_disk_space(self, connection: C) -> bool:  # noqa: ARG002 (for databases that do not by themselves)
        """Return some unused pages to the disk, and whether there are more."""
        return False

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """Encode records, the part of logging that needs no transaction."""
        return encode_records(task, records)

    def counts(self, now: int) -> StoreCounts:
        with self._open.read() as connection:
            return counts_in(connection.raw, now)

    def warm(self, *, least: int = WARM_FROM) -> Iterator[None]:
        """Fill the caches of large datasets, the last changed ones first, as many as fit in memory."""
        return warm(self.read, self.caches, least=least)

    def close(self) -> None:
        if self.accelerator is not None:
            self.accelerator.close()
        self._open.close()

"""The stores of the contract tests. To add one, write a function that opens it and list it in ``OPENERS``."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar, cast

import pytest

from apportion.bootstrap import open_store, open_upkeep
from apportion.domain.records import Record
from apportion.ports.cluster import Cluster
from apportion.ports.deadline import Deadline
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.ports.upkeep import StoreCondition, StoreCounts, Upkeep
from apportion.settings import Settings
from apportion.vocabulary import Task
from method_coverage import watched, watched_write
from postgres_cluster import database_url

__all__ = ["OPENERS", "RoutedStore", "opened", "opened_several"]

T = TypeVar("T")


class RoutedStore:
    """Two store objects on the same data as one: writes go through one of them, reads through the other.

    So a test that reads back what it wrote also tests that the second object sees what the first one did.
    ``upkeep`` opens the maintenance of the same data, where there is one.
    """

    def __init__(
        self, write_store: Store, read_store: Store, *, upkeep: Callable[[], Upkeep] | None = None
    ) -> None:
        self.write_store = watched(Store, write_store)
        self.read_store = watched(Store, read_store)
        self._upkeep = upkeep

    @property
    def remote(self) -> bool:
        return self.read_store.remote

    @property
    def server(self) -> int:
        return self.write_store.server

    @property
    def cluster(self) -> Cluster | None:
        return self.write_store.cluster

    def living(self) -> Container[int]:
        return self.read_store.living()

    def upkeep(self) -> Upkeep:
        if self._upkeep is None:
            pytest.skip("this kind of store has no maintenance of its own")
        return watched(Upkeep, self._upkeep())

    @contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        with self.read_store.read(deadline) as tx:
            yield watched(Transaction, tx)

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        return watched_write(self.write_store, fn, urgent=urgent)

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        return self.write_store.encode_records(task, records)

    def condition(self) -> StoreCondition:
        return self.write_store.condition()

    def counts(self, now: int) -> StoreCounts:
        return self.read_store.counts(now)

    def warm(self) -> Iterator[None]:
        return self.read_store.warm()

    def last_heartbeat(self) -> int | None:
        return self.read_store.last_heartbeat()

    def record_heartbeat(self, now: int) -> None:
        self.write_store.record_heartbeat(now)

    def check_files(self) -> str | None:
        return self.write_store.check_files()

    def close(self) -> None:
        self.write_store.close()
        if self.read_store is not self.write_store:
            self.read_store.close()


def _sqlite(folder: Path) -> RoutedStore:
    settings = Settings(home=folder)
    store = open_store(settings, serving=True)
    return RoutedStore(store, store, upkeep=lambda: open_upkeep(settings))


def _postgres(folder: Path) -> RoutedStore:
    from apportion.storage.postgres.store import PostgresStore

    url = database_url(str(folder))
    store = PostgresStore(url, serving=True)
    return RoutedStore(store, store, upkeep=lambda: open_upkeep(Settings(home=folder, database_url=url)))


def _postgres_pair(folder: Path) -> RoutedStore:
    """Open two stores on one database, as two servers do."""
    from apportion.storage.postgres.store import PostgresStore

    url = database_url(str(folder))
    one, other = PostgresStore(url, serving=True), PostgresStore(url, serving=True)
    return RoutedStore(one, other, upkeep=lambda: open_upkeep(Settings(home=folder, database_url=url)))


def _postgres_opensearch(folder: Path) -> RoutedStore:
    """Open a store on PostgreSQL of which everything is searched in OpenSearch."""
    from indexed_store import IndexedStore, indexed_settings

    indexed = IndexedStore(indexed_settings(folder, database_url(str(folder))))
    store = cast(Store, indexed)
    return RoutedStore(store, store, upkeep=lambda: open_upkeep(indexed.settings))


@contextmanager
def opened_several(
    kind: str, folder: Path, several: int
) -> Iterator[tuple[list[Store], Callable[[], Upkeep]]]:
    """Open several stores on the same data, as several servers do; one of a kind that only one server can open."""
    with ExitStack() as stack:
        if kind == "sqlite":
            found = [open_store(Settings(home=folder), serving=True)]
            settings = Settings(home=folder)
        else:
            from apportion.storage.postgres.store import PostgresStore

            url = database_url(str(folder))
            found = [PostgresStore(url) for _ in range(several)]
            settings = Settings(home=folder, database_url=url)
        for each in found:
            stack.callback(each.close)
        yield found, lambda: open_upkeep(settings)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[RoutedStore]:
    """Open a store of this kind and close it afterwards."""
    store = OPENERS[kind](folder)
    try:
        yield store
    finally:
        store.close()


OPENERS: dict[str, Callable[[Path], RoutedStore]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "postgres-pair": _postgres_pair,
    "postgres-opensearch": _postgres_opensearch,
}
"""By name, a function that opens the store of a folder: an empty one at first, later what was left there."""

"""A store on PostgreSQL whose searches a real OpenSearch answers, whatever the size of a dataset."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apportion.bootstrap import open_store
from apportion.ports.deadline import Deadline
from apportion.ports.store import Transaction
from apportion.settings import Settings
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.index import Indexes
from apportion.storage.opensearch.index_search import IndexSearch
from apportion.storage.opensearch.indexer import IndexState
from apportion.storage.postgres.indexing import PostgresIndexSource
from apportion.storage.postgres.store import PostgresStore
from opensearch_node import node_url
from patience import patience
from postgres_cluster import database_url

__all__ = ["IndexedStore", "indexed_settings", "search_of"]

_KEPT = 40
"""Datasets that keep their indexes: a node can have only so many, and property tests make hundreds of datasets."""


def indexed_settings(folder: Path) -> Settings:
    """Return the settings of a server that has everything searched in OpenSearch."""
    url = database_url(str(folder))
    return Settings(home=folder, database_url=url, opensearch_url=node_url(), search_from=0)


def search_of(store: object) -> IndexSearch:
    """Return the search of a store in OpenSearch."""
    assert isinstance(store, PostgresStore)
    assert isinstance(store.accelerator, IndexSearch)
    return store.accelerator


class IndexedStore:
    """The reading side of a store: before each read the indexes catch up, so that no search is left to the database."""

    def __init__(self, folder: Path) -> None:
        self.settings = indexed_settings(folder)
        self.store = open_store(self.settings, serving=True)
        self.search = search_of(self.store)
        self.search._client.answers_within = patience(10)  # machines that test may be busy
        self._source = PostgresIndexSource(self.settings.database_url)
        self._dropped: set[int] = set()
        self._catching_up = threading.Lock()
        self.catches_up = True

    @contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        assert isinstance(self.store, PostgresStore)
        if (
            self.store.database.readers.held is None
            or not self.store.database.readers.held.raw.in_transaction
        ):
            with self._catching_up:
                if self.catches_up:
                    self.catch_up()
        with self.store.read(deadline) as tx:
            yield tx

    def catch_up(self) -> None:
        """Wait until every dataset has an index, with all in it that was committed before."""
        until = time.monotonic() + patience(60)
        datasets = [
            each for each in self._source.datasets() if each.no not in self._dropped and not each.deleted
        ]
        for old in datasets[:-_KEPT]:
            self._drop(old.no)
        for each in datasets[-_KEPT:]:
            while not self.search.thread.wait_for(each.no, each.written, 1.0) or not self.search.indexes(
                each.no
            ):
                assert time.monotonic() < until, (each, self.search.condition(), self._source.indexes())

    def _drop(self, no: int) -> None:
        self._dropped.add(no)
        for row in self._source.indexes():
            if row.dataset == no:
                self._source.keep(row._replace(state=IndexState.BROKEN, problem="dropped by the test"))
                self.search._indexes.remove(row)

    def close(self) -> None:
        self.store.close()
        client = OpenSearchClient([self.settings.opensearch_url])
        indexes = Indexes(client, self._source.store(), replicas=0)
        for name in indexes.names():
            indexes.remove_named(name)
        client.close()
        self._source.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

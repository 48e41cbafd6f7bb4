"""A store on PostgreSQL whose searches a real OpenSearch answers, whatever the size of a dataset."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apportion.ports.deadline import Deadline
from apportion.ports.store import Transaction
from apportion.settings import Settings
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.index import Indexes
from apportion.storage.opensearch.indexer import IndexState
from apportion.storage.opensearch.open import SearchOptions, open_search
from apportion.storage.postgres.indexing import PostgresIndexSource, reach_of
from apportion.storage.postgres.store import PostgresStore
from opensearch_node import node_url
from patience import patience

__all__ = ["IndexedStore", "indexed_settings"]

_KEPT = 40
"""Datasets that keep their indexes: a node can have only so many, and property tests make hundreds of datasets."""


def indexed_settings(folder: Path, url: str) -> Settings:
    """Return the settings of a server on a database that has everything searched in OpenSearch."""
    return Settings(home=folder, database_url=url, opensearch_url=node_url(), search_from=0)


class IndexedStore(PostgresStore):
    """A store before each of whose reads the indexes catch up, so that no search is left to the database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        url = settings.database_url
        super().__init__(url, serving=True)
        options = SearchOptions(urls=[settings.opensearch_url], search_from=settings.search_from)
        self.search = open_search(options, PostgresIndexSource(url), reach_of)
        self.search._client.answers_within = patience(10)  # machines that test may be busy
        self.accelerator = self.search
        self._source = PostgresIndexSource(url)
        self._dropped: set[int] = set()
        self._catching_up = threading.Lock()
        self.catches_up = True

    @contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        held = self.database.readers.held
        if held is None or not held.raw.in_transaction:
            with self._catching_up:
                if self.catches_up:
                    self.catch_up()
        with super().read(deadline) as tx:
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
        super().close()
        client = OpenSearchClient([self.settings.opensearch_url])
        indexes = Indexes(client, self._source.store(), replicas=0)
        for name in indexes.names():
            indexes.remove_named(name)
        client.close()
        self._source.close()

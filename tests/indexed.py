"""A store on PostgreSQL with an indexer that takes a step only when it is asked to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from apportion.domain.records import Record
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.index import Indexes
from apportion.storage.opensearch.index_search import IndexSearch
from apportion.storage.opensearch.indexer import Indexer
from apportion.storage.opensearch.indexing_thread import IndexingThread
from apportion.storage.opensearch.upkeep import IndexUpkeep
from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.feed import prune_feed
from apportion.storage.postgres.indexing import PostgresIndexSource, reach_of
from apportion.storage.postgres.store import PostgresStore
from apportion.storage.sql.search_index import IndexRow
from patience import patience
from postgres_cluster import own_database
from stored_dataset import StoredDataset

__all__ = ["Indexed", "log", "opened_indexed", "text_of"]


class Indexed:
    """A store, and what indexes it: ``step`` until there is nothing more to do, then look."""

    def __init__(self, url: str, node: str) -> None:
        self.url, self.node = url, node
        self.store = PostgresStore(url, serving=True)
        self.client = OpenSearchClient([node])
        self.client.answers_within = patience(10)
        self.indexer = self.new_indexer(self.client)
        self.thread = IndexingThread(self.indexer)  # not started
        self.search = IndexSearch(self.client, self.indexer.indexes, self.thread, reach_of)
        self.store.accelerator = self.search

    def new_indexer(self, client: OpenSearchClient, search_from: int = 0) -> Indexer:
        source = PostgresIndexSource(self.url)
        return Indexer(source, Indexes(client, source.store(), replicas=0), search_from=search_from)

    def index_all(self) -> None:
        """Index until nothing is left to do, and let searches know."""
        while (seen := self.indexer.round()).more:
            pass
        self.thread.seen = seen

    def rows(self, dataset: int) -> list[IndexRow]:
        return [row for row in self.indexer.source.indexes() if row.dataset == dataset]

    def name(self, dataset: int) -> str:
        """The name of the index in use."""
        return self.indexer.indexes.name_of(self.rows(dataset)[-1])

    def differences(self, workspace: str, name: str) -> list[str]:
        with closing(IndexUpkeep(self.new_indexer(OpenSearchClient([self.node])))) as upkeep:
            return list(upkeep.verify(workspace, name))

    def run(self, statement: str) -> None:
        """Change something in the database behind the store's back."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def prune(self) -> int:
        """Delete changes that nobody needs; return how many."""
        with closing(PostgresConnection(self.url, readonly=False)) as connection:
            return prune_feed(connection.raw)

    def ask(self, method: str, path: str, body: object | None = None, **params: Any) -> Any:
        return self.client.request(method, path, body, params=params, seconds=patience(60), missing_ok=True)

    def close(self) -> None:
        indexer = self.new_indexer(OpenSearchClient([self.node]))
        with closing(indexer.source), indexer.indexes.client:
            for name in indexer.indexes.names():
                indexer.indexes.remove_named(name)
        self.store.close()


@contextmanager
def opened_indexed(node: str) -> Iterator[Indexed]:
    """Open such a store on a database of its own."""
    with own_database() as url, closing(Indexed(url, node)) as indexed:
        yield indexed


def log(stored: StoredDataset, records: Sequence[Record], by: str = "") -> None:
    """Log records, as a person if one is named."""
    ready = stored.store.encode_records(stored.dataset.task, records)
    stored.write(lambda tx: tx.records.log(stored.dataset, ready, at=1, by=by))


def text_of(n: int) -> str:
    return f"text {n} {uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex}"

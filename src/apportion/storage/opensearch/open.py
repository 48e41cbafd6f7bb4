"""Put the search in OpenSearch together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.search_index import Reach

from .client import OpenSearchClient
from .index import Indexes
from .index_search import IndexSearch
from .indexer import Indexer
from .indexing_thread import IndexingThread
from .source import IndexSource

__all__ = ["SearchOptions", "open_indexer", "open_search"]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Address and use of OpenSearch, as the settings of the same names have them."""

    urls: Sequence[str]
    user: str = ""
    password: str = ""
    ca: str = ""
    replicas: int = 0
    search_from: int = 500_000


def open_indexer(options: SearchOptions, source: IndexSource) -> Indexer:
    """Return an indexer of the store that ``source`` reads. Raises ``OSError`` for certificates that are not there."""
    auth = (options.user, options.password) if options.user else None
    client = OpenSearchClient(options.urls, auth=auth, verify=options.ca or True)
    indexes = Indexes(client, source.store(), replicas=options.replicas)
    return Indexer(source, indexes, search_from=options.search_from)


def open_search(
    options: SearchOptions,
    source: IndexSource,
    reach: Callable[[SqlConnection, int, str], Reach | None],
) -> IndexSearch:
    """Return the search in the indexes of a store, and begin to index; ``reach`` says how far they are."""
    indexer = open_indexer(options, source)
    search = IndexSearch(indexer.indexes.client, indexer.indexes, IndexingThread(indexer), reach)
    search.thread.start()
    return search

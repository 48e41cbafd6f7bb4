"""Look after the indexes of a store: list, rebuild, verify and drop them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from apportion.domain.errors import BadRequestError, EntityNotFoundError
from apportion.ports.upkeep import CannotOpenError, IndexStatus
from apportion.storage.sql.search_index import IndexedDataset, IndexRow

from .client import BadAnswerError, UnavailableError
from .documents import documents_of, vectors_of
from .index_query import IndexQuery
from .indexer import Indexer, IndexState

__all__ = ["IndexUpkeep"]

RECORDS_AT_ONCE = 10_000
_LAST = (1 << 31) - 1
"""The highest number that a record of an index can have."""
_LOOK = 0.2
_GROWING = (IndexState.NEW, IndexState.BUILDING)


class IndexUpkeep:
    """Maintenance of indexes, beside servers that run. Raises ``CannotOpenError`` where OpenSearch is not to be had."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._source = indexer.source
        self._indexes = indexer.indexes
        with self._translated():
            self._indexes.client.check()

    def close(self) -> None:
        """Close the connections."""
        self._source.close()
        self._indexes.client.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (UnavailableError, BadAnswerError) as failure:
            raise CannotOpenError(
                f"OpenSearch can't be used: {failure}. Nothing else was changed. Look at APPORTION_OPENSEARCH_URL, "
                "and whether it runs."
            ) from failure

    def _dataset(self, workspace: str, name: str) -> IndexedDataset:
        for each in self._source.datasets():
            if (each.workspace, each.name, each.deleted) == (workspace, name, False):
                return each
        raise EntityNotFoundError(f"{workspace}/{name}", "Dataset")

    def _rows(self, dataset: int) -> list[IndexRow]:
        return [row for row in self._source.indexes() if row.dataset == dataset]

    def status(self) -> Sequence[IndexStatus]:
        """Return the state of every index."""
        datasets = {each.no: each for each in self._source.datasets()}
        found = []
        with self._translated():
            there = self._indexes.names()
            for row in self._source.indexes():
                name, dataset = self._indexes.name_of(row), datasets.get(row.dataset)
                if dataset is None:
                    continue
                problem = row.problem
                if row.state == IndexState.READY and name not in there:
                    problem = "OpenSearch does not have it: rebuild it"
                elif name in there and self._indexes.red(name):
                    problem = (
                        "it is red: a part of it is on a node that is away. Start that node; if it is lost, rebuild "
                        "the index. The database answers meanwhile"
                    )
                elif name in there and not problem and self._lacks_vectors(row, name):
                    problem = (
                        "it has no vectors, which the database compares: not every node of OpenSearch shows the plugin "
                        "opensearch-knn. Install it on all of them, let the user look at plugins (cluster_monitor), "
                        "and rebuild the index"
                    )
                growing = row.state in _GROWING
                lag = dataset.records if growing else dataset.written - row.written
                found.append(
                    IndexStatus(
                        dataset.workspace, dataset.name, name, row.state, dataset.records, lag, problem
                    )
                )
        return found

    def _lacks_vectors(self, row: IndexRow, name: str) -> bool:
        """Return whether a dataset has vectors that its index could have, and has not."""
        fields = self._source.fields(row.dataset)
        return fields is not None and bool(vectors_of(fields)) and not self._indexes.has_vectors(name)

    def rebuild(self, workspace: str, name: str, progress: Callable[[int, int], None]) -> None:
        """Build the index of a dataset anew, beside the one that searches use meanwhile."""
        dataset = self._dataset(workspace, name)
        growing = [row for row in self._rows(dataset.no) if row.state in _GROWING]
        row = growing[-1] if growing else self._source.begin(dataset.no, IndexState.NEW)
        with self._translated():
            while True:
                more = self._indexer.step(dataset.no)
                rows = self._rows(dataset.no)
                now = next((each for each in rows if each.generation == row.generation), None)
                if now is None:
                    raise BadRequestError(f"The index of {workspace}/{name} was dropped meanwhile.")
                if now.state == IndexState.READY:
                    self._indexer.step(dataset.no)  # which removes what it replaces
                    return
                if now.state == IndexState.BROKEN:
                    raise BadRequestError(now.problem)
                progress(now.built, dataset.records)
                if not more:
                    time.sleep(_LOOK)  # a server is at work on it

    def verify(self, workspace: str, name: str) -> Sequence[str]:
        """Return how the index of a dataset differs from the database; empty if it does not."""
        dataset = self._dataset(workspace, name)
        with self._translated(), self._source.locked(dataset.no) as held:
            if not held:
                raise BadRequestError(f"A server is indexing {workspace}/{name}. Try again in a moment.")
            while self._indexer.step_locked(dataset.no):
                pass
            rows = [row for row in self._rows(dataset.no) if row.state == IndexState.READY]
            if not rows:
                raise BadRequestError(f"{workspace}/{name} has no index that is in use.")
            row = rows[-1]
            self._indexes.refresh(row)
            with self._source.snapshot():
                return list(self._differences(row))

    def _differences(self, row: IndexRow) -> Iterator[str]:
        query = IndexQuery(self._indexes.client, self._indexes.name_of(row))
        fields = self._source.fields(row.dataset)
        changes = self._source.changes(row, 1)
        # what was written since is no difference: the index is allowed to be behind
        late = set() if changes is None else set(changes.ns)
        if fields is None:
            return
        vectors = self._indexes.has_vectors(query.name)
        after, held, total = 0, 0, self._indexes.count(row)
        while True:
            found = self._source.rows_after(row.dataset, after, RECORDS_AT_ONCE)
            last = found[-1].n if len(found) == RECORDS_AT_ONCE else _LAST
            expected = {each["n"]: each["digest"] for each in documents_of(fields, found, vectors=vectors)}
            there = query.digests(after, last)
            held += len(there)
            for n in sorted(expected.keys() | there.keys() - late):
                if expected.get(n) != there.get(n) and n not in late:
                    yield f"record {n} is {_how(expected.get(n), there.get(n))}"
            if len(found) < RECORDS_AT_ONCE:
                break
            after = last
        if held != total:
            yield f"the index counts {total:,} records and gives {held:,}"

    def drop(self, workspace: str, name: str) -> int:
        """Remove the indexes of a dataset, or with an empty name all of the store; return how many."""
        wanted = None if not name else self._dataset(workspace, name).no
        gone = 0
        with self._translated():
            for row in self._source.indexes():
                if wanted in (None, row.dataset):
                    self._source.forget(row)
                    self._indexes.remove(row)
                    gone += 1
            if wanted is None:
                # those that no row names any more, of attempts that were cut short
                for left in self._indexes.names():
                    self._indexes.remove_named(left)
                    gone += 1
        return gone


def _how(expected: str | None, there: str | None) -> str:
    if there is None:
        return "missing"
    return "not in the database" if expected is None else "another one than in the database"

"""``ports.records.Records`` in SQL: the write path and the search in one class."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import QueryTooSlowError, SearchUnavailableError
from apportion.domain.ids import NOBODY, RESOLVED, Viewer
from apportion.domain.records import AgentValues, Record
from apportion.ports.records import (
    Criteria,
    EncodedRecord,
    MatchingIds,
    SearchHits,
    SortKey,
    StoredRecord,
)
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.codec.encode_records import EncodedRow as Ready
from apportion.storage.sql.codec.fragments import decode_answers
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.rows import rows_by_id
from apportion.vocabulary import Status, Task

from .record_writer import MetadataLimits, RecordChange

if TYPE_CHECKING:
    from apportion.storage.sql.index.cache import DatasetCache
    from apportion.storage.sql.query.accelerator import SearchAccelerator
    from apportion.storage.sql.query.search import Searcher
    from apportion.storage.sql.query.selection import Plan

__all__ = ["SqlRecords"]

A_MOMENT = 1.0
"""Seconds for which a search may find what was committed after its snapshot: reading a cache anew costs more."""

# Modules for searching are imported on the first search: numpy and bitmaps are a quarter of an idle server's memory.


class SqlRecords:
    """Records of all datasets, within one transaction."""

    def __init__(
        self,
        connection: SqlConnection,
        *,
        cache_of: Callable[[int], DatasetCache],
        registry: TermRegistry,
        agents: Agents,
        mirrors: Callable[[Dataset], frozenset[str]],
        limits: MetadataLimits,
        publish: Callable[[CacheDelta], None],
        withdraw: Callable[[Dataset, Sequence[int]], None],
    ) -> None:
        self._connection = connection
        self._raw = connection.raw
        self._withdraw = withdraw
        self._cache_of = cache_of
        self._registry = registry
        self._agents = agents
        self._mirrors = mirrors
        self._limits = limits
        self._publish = publish
        self.accelerator: SearchAccelerator | None = None
        """Index that answers searches of large datasets instead of the database, if there is one."""
        self._prepared: dict[int, dict[Criteria, Plan]] = {}
        """Selections prepared in this snapshot: a scan uses the same one for every page."""
        self._own: dict[int, DatasetCache] = {}
        """The caches of this snapshot, of datasets that have changed since."""

    def _searcher(self, dataset: Dataset, criteria: Criteria) -> Searcher:
        from apportion.storage.sql.query.search import Searcher

        # Only in a snapshot that does not change: the writer's transaction may change records between two searches
        cache = self._cache(dataset)
        prepared = self._prepared.setdefault(dataset.no, {}) if self._connection.reads_only else None
        return Searcher(
            self._connection,
            cache,
            dataset,
            criteria,
            prepared,
            agents=self._agents,
            mirrors=self._mirrors,
        )

    def _cache(self, dataset: Dataset) -> DatasetCache:
        """Return the shared cache; or one of this transaction's own, where the shared one is of another moment.

        That is once it has written; and in a snapshot that others have overtaken long ago, as in a long export.
        """
        own = self._own.get(dataset.no)
        if own is not None:
            return own
        # It has written: the shared cache follows only once that is committed
        if self._connection.after or self._connection.changes:
            return self._own_cache(dataset)
        cache = self._cache_of(dataset.no)
        if self._connection.in_snapshot and time.monotonic() - self._connection.since > A_MOMENT:
            with cache.held(self._connection):
                overtaken = cache.is_ahead_of(self._connection)
            if overtaken:
                # They were prepared with the shared cache, which knows more than this snapshot
                self._prepared.pop(dataset.no, None)
                cache = self._own[dataset.no] = self._own_cache(dataset)
        return cache

    def _own_cache(self, dataset: Dataset) -> DatasetCache:
        from apportion.storage.sql.index.cache import DatasetCache

        return DatasetCache(dataset.no, lambda: self._connection)

    def _change(self, dataset: Dataset) -> RecordChange:
        return RecordChange(
            self._connection, dataset.no, self._registry, self._agents, self._limits, self._publish
        )

    # Reading

    def get(
        self, dataset: Dataset, id: str, viewer: Viewer = RESOLVED, *, only: str | None = None
    ) -> StoredRecord | None:
        criteria = Criteria(viewer=viewer, me=only, alone=only is not None)
        return self._searcher(dataset, criteria).records.get(id)

    def rows(self, dataset: Dataset, criteria: Criteria) -> dict[str, StoredRecord]:
        return self._searcher(dataset, criteria).records.rows_by_id(criteria.ids or ())

    def search(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        sort: Sequence[SortKey] = (),
        start: int = 0,
        limit: int = 50,
        facets: frozenset[str] | None = frozenset(),
    ) -> SearchHits:
        searcher = self._searcher(dataset, criteria)

        def by_index(accelerator: SearchAccelerator) -> SearchHits | None:
            from apportion.storage.sql.query.accelerator import SearchQuestion

            cache = self._cache(dataset)
            return accelerator.search(
                SearchQuestion(
                    searcher, self._connection, cache, dataset, criteria, sort, start, limit, facets
                )
            )

        return self._indexed_or(
            dataset, by_index, lambda: searcher.search(criteria, sort, start, limit, facets)
        )

    def _indexed_or(
        self,
        dataset: Dataset,
        by_index: Callable[[SearchAccelerator], SearchHits | None],
        by_database: Callable[[], SearchHits],
    ) -> SearchHits:
        """Answer a search by the index beside the database, if there is one that can, else by the database."""
        accelerator = self.accelerator
        if accelerator is None or not self._is_of_now() or not accelerator.indexes(dataset.no):
            return by_database()
        hits = by_index(accelerator)
        if hits is not None:
            return hits
        try:
            return by_database()
        except QueryTooSlowError as slow:
            if not accelerator.condition().problem:
                raise
            raise SearchUnavailableError from slow

    def _is_of_now(self) -> bool:
        """Return whether an index, which knows the newest only, may answer: neither in a snapshot of long ago, nor in a
        transaction that has to see what it has written itself.
        """
        return self._connection.in_snapshot and time.monotonic() - self._connection.since < A_MOMENT

    def nearest(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        vector: str,
        value: Sequence[float],
        k: int,
        limit: int,
        facets: frozenset[str] | None = frozenset(),
    ) -> SearchHits:
        searcher = self._searcher(dataset, criteria)

        def by_index(accelerator: SearchAccelerator) -> SearchHits | None:
            from apportion.storage.sql.query.accelerator import Neighbours, SearchQuestion

            cache = self._cache(dataset)
            question = SearchQuestion(
                searcher, self._connection, cache, dataset, criteria, (), 0, limit, facets
            )
            return accelerator.nearest(question, Neighbours(vector, value, k))

        return self._indexed_or(
            dataset, by_index, lambda: searcher.nearest(criteria, vector, value, k, limit, facets)
        )

    def scan(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        after: str | None = None,
        sort: Sequence[SortKey] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> list[StoredRecord]:
        return self._searcher(dataset, criteria).scan(criteria, after, sort, offset, limit)

    def count(self, dataset: Dataset, criteria: Criteria) -> int:
        return self.search(dataset, criteria, limit=0).total

    def ids(self, dataset: Dataset, criteria: Criteria, keys: Sequence[str] = ()) -> MatchingIds:
        return self._searcher(dataset, criteria).ids(criteria, keys)

    def packed_numbers(self, dataset: Dataset, criteria: Criteria) -> Sequence[int]:
        return self._searcher(dataset, criteria).packed_numbers(criteria)

    def numbers_by_id(self, dataset: Dataset, criteria: Criteria) -> Sequence[int]:
        return self._searcher(dataset, criteria).numbers_by_id(criteria)

    def numbered(self, dataset: Dataset, criteria: Criteria, numbers: Sequence[int]) -> list[StoredRecord]:
        return self._searcher(dataset, criteria).records.rows(numbers)

    def labels(self, dataset: Dataset, viewer: Viewer = RESOLVED) -> list[str]:
        found: set[str] = set()
        rows = self._raw.execute(
            "SELECT v.value, v.vid FROM fields f JOIN vals v ON v.field = f.no AND v.n > 0 "
            "WHERE f.dataset = ? AND (f.name = 'predicted_as' OR (f.name = 'annotated_as' AND v.viewer = ?))",
            (dataset.no, viewer),
        )
        found.update(value for value, _ in rows)
        if dataset.task is Task.TEXT_CLASSIFICATION:
            found |= self._labels_of_any_score(dataset, viewer)
        return sorted(found)

    def _labels_of_any_score(self, dataset: Dataset, viewer: Viewer) -> set[str]:
        """Return labels of any score from a thousand records: those below the threshold are no terms."""
        found: set[str] = set()
        rows = self._raw.execute(
            # The row's answer is the resolved one, and a viewer's own view has nothing to do with it
            f"SELECT prediction, {'NULL' if viewer else 'answer'} FROM records WHERE dataset = ? "
            f"AND (prediction IS NOT NULL {'' if viewer else 'OR answer IS NOT NULL'}) LIMIT 1000",
            (dataset.no,),
        )
        for fragments in rows:
            for fragment in fragments:
                answers = decode_answers(dataset.task, fragment)
                if answers is not None and isinstance(answers.value, tuple):
                    found.update(label for label, _ in answers.value)
        return found

    def stored_answers(self, dataset: Dataset, ids: Iterable[str]) -> Mapping[str, AgentValues]:
        rows = rows_by_id(self._raw, "id, answer", dataset.no, list(ids))
        found = [(id, decode_answers(dataset.task, answer)) for id, answer in rows]
        return {id: answers for id, answers in found if answers is not None}

    def iterate(self, dataset: Dataset) -> Iterator[Record]:
        after: str | None = None
        while rows := self.scan(dataset, Criteria(), after=after, limit=500):
            for row in rows:
                yield row.record(dataset.task)
            after = rows[-1].id

    def metadata_kinds(self, dataset: Dataset) -> Mapping[str, str]:
        rows = self._raw.execute(
            "SELECT name, kind FROM fields WHERE dataset = ? AND name LIKE 'metadata.%'", (dataset.no,)
        )
        return {name.removeprefix("metadata."): kind for name, kind in rows}

    def viewer(self, username: str) -> Viewer:
        no = self._agents.find(username)
        return NOBODY if no is None else Viewer(no)

    # Writing

    def log(
        self,
        dataset: Dataset,
        batch: Sequence[EncodedRecord],
        *,
        at: int,
        keep_answers: bool = False,
        by: str = "",
    ) -> None:
        change = self._change(dataset)
        ready = [record for record in batch if isinstance(record, Ready)]
        change.log(ready, at=at, keep_answers=keep_answers)
        change.finish(by)

    def prepare(self, dataset: Dataset, batch: Sequence[EncodedRecord]) -> None:
        change = self._change(dataset)
        change.prepare([record for record in batch if isinstance(record, Ready)])
        change.finish()

    def patch(
        self,
        dataset: Dataset,
        id: str,
        *,
        metadata: dict[str, Any] | None,
        status: Status | None,
        at: int,
        annotation: AgentValues | None = None,
        annotated: bool = False,
        keep_answers: bool = False,
    ) -> bool:
        change = self._change(dataset)
        found = change.patch(
            id,
            metadata=metadata,
            status=status,
            at=at,
            annotation=annotation,
            annotated=annotated,
            keep_answers=keep_answers,
        )
        change.finish()
        return found

    def discard(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        ns = self._matching(dataset, criteria)
        change = self._change(dataset)
        changed = change.discard(ns, at=at)
        change.finish()
        return len(ns), changed

    def delete(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        ns = self._matching(dataset, criteria)
        self._withdraw(dataset, ns)  # first, while the records of the slots still exist
        change = self._change(dataset)
        removed = change.delete(ns, at=at)
        change.finish()
        return len(ns), removed

    def numbers(self, dataset: Dataset, criteria: Criteria) -> list[int]:
        return sorted(self._matching(dataset, criteria))

    def ids_of(self, dataset: Dataset, numbers: Sequence[int], *, logged_by: int) -> list[str]:
        sql, base = self._raw.dialect, dataset.no << 32
        rows = self._raw.execute(
            # What was logged again since is another record than the one that was meant
            f"SELECT id FROM records WHERE {sql.in_numbers('rid')} AND updated <= ?",
            (sql.numbers(base | n for n in numbers), logged_by),
        )
        return [id for (id,) in rows]

    def _matching(self, dataset: Dataset, criteria: Criteria) -> list[int]:
        """Return the numbers of the matches, with everything this transaction has written before."""
        searcher = self._searcher(dataset, criteria)
        return searcher.matching(criteria)

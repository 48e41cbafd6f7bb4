"""Search one dataset: selection, order, page, counts."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from pyroaring import BitMap

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError
from apportion.ports.records import Criteria, MatchingIds, SearchHits, SortKey, StoredRecord
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache, vector_rows
from apportion.storage.sql.index.fields import Numbers

from .compiler import QueryCompiler
from .evaluation import Evaluation
from .facets import FacetCounter
from .leaf_assignments import mirrors_of
from .ordering import Ordering
from .predicates import sort_values
from .record_reader import RecordReader
from .selection import All, Plan

__all__ = ["Searcher"]


def _nearest(ns: Numbers, matrix: Numbers, value: Sequence[float], k: int) -> list[int]:
    """Return the ``k`` records nearest to a vector by Euclidean distance; ``matrix`` has a row for each of ``ns``."""
    if not len(ns):
        return []
    gaps = matrix - np.asarray(value, dtype=np.float32)
    # By number where distances tie, so that the same question has the same answer
    found: list[int] = ns[np.lexsort((ns, np.einsum("ij,ij->i", gaps, gaps)))[:k]].tolist()
    return found


class Searcher:
    """Search of one dataset within one snapshot, as one viewer sees it."""

    def __init__(
        self,
        connection: SqlConnection,
        cache: DatasetCache,
        dataset: Dataset,
        criteria: Criteria,
        prepared: dict[Criteria, Plan] | None = None,
        *,
        agents: Agents | None = None,
        mirrors: Callable[[Dataset], frozenset[str]] | None = None,
    ) -> None:
        """``prepared``: selections prepared in the same snapshot before, to be used again; ``mirrors`` returns the
        metadata fields under which plans show assignees.
        """
        self._connection = connection
        self._raw = connection.raw
        self._sql = connection.raw.dialect
        self._cache = cache
        self._dataset = dataset
        self._viewer = criteria.viewer
        self._deadline = connection.deadline
        self.records = RecordReader(
            connection,
            dataset,
            criteria,
            agents or Agents(connection.raw),
            mirrors or (lambda dataset: mirrors_of(connection.raw, dataset.no)),
        )
        self.ordering = Ordering(connection, cache, dataset, criteria.viewer)
        self._evaluation = Evaluation(connection, cache, self.records.documents)
        self._prepared = {} if prepared is None else prepared
        self._base = dataset.no << 32

    # What matches

    def compile(self, criteria: Criteria) -> Plan:
        """Compile criteria into a selection with its slow parts evaluated, without holding the cache."""
        # A scan asks for the same selection page by page, in one snapshot
        plan = self._prepared.get(criteria)
        if plan is None:
            with self._deadline.query():
                plan = self._evaluation.prepared(self.selection(criteria))
            self._prepared[criteria] = plan
        return plan

    def selection(self, criteria: Criteria) -> Plan:
        """Compile criteria into a selection, of which nothing is evaluated yet."""
        compiler = QueryCompiler(
            self._connection, self._dataset, criteria, self._vocabulary, self.records.mirrors
        )
        return compiler.compile_criteria()

    def _vocabulary(self) -> list[str]:
        return self._cache.vocabulary(self._connection)

    @contextlib.contextmanager
    def _selected(self, plan: Plan) -> Iterator[BitMap]:
        """Yield the numbers of the matching records while the cache is held, so that both are of one instant."""
        with self._deadline.query(), self._cache.held(self._connection, self._deadline):
            selection = self._evaluation.select(plan)
            # what was found in texts a moment ago may have been deleted since
            yield selection if isinstance(plan, All) else selection & self._cache.everything

    def ids(self, criteria: Criteria, keys: Sequence[str]) -> MatchingIds:
        """Return all matches by id in no order, with their numbers and the values of some fields."""
        plan = self.compile(criteria)
        ns = None if isinstance(plan, All) and not keys else self._matching(plan)
        if not keys:
            return self._plain_ids(ns)
        found = MatchingIds([], [], {key: [] for key in keys})
        for doc in self._deadline.each(self.records.documents(ns or ())):
            found.ids.append(doc.id)
            found.logged.append(doc.n)
            for key in keys:
                values = sort_values(doc, key)
                found.values[key].append(
                    None if not values else values[0] if len(values) == 1 else tuple(values)
                )
        return found

    def _plain_ids(self, ns: list[int] | None) -> MatchingIds:
        ids: list[str] = []
        logged: list[int] = []
        if ns is None:  # the index on ids holds both, the table would have to be read whole
            rows = self._raw.execute(
                "SELECT id, rid & 4294967295 FROM records WHERE dataset = ?", (self._dataset.no,)
            ).fetchall()
            return MatchingIds([id for id, _ in rows], [n for _, n in rows], {})
        for start in range(0, len(ns), 5_000):
            rids = self._sql.numbers(self._base | n for n in ns[start : start + 5_000])
            for id, n in self._raw.execute(
                f"SELECT id, rid & 4294967295 FROM records WHERE {self._sql.in_numbers('rid')} ORDER BY rid",
                (rids,),
            ):
                ids.append(id)
                logged.append(n)
        return MatchingIds(ids, logged, {})

    def matching(self, criteria: Criteria) -> list[int]:
        """Return the numbers of all matches."""
        return self._matching(self.compile(criteria))

    def packed_numbers(self, criteria: Criteria) -> array[int]:
        """Return the numbers of all matches, ascending; a million of them are 4 MB."""
        with self._selected(self.compile(criteria)) as selection:
            packed: array[int] = selection.to_array()
        return packed

    def numbers_by_id(self, criteria: Criteria) -> array[int]:
        """Return the numbers of all matches in the order of ids; a million of them are 4 MB."""
        with self._selected(self.compile(criteria)) as selection:
            ordered = self.ordering.sorted(selection, ())
        return array("I", ordered.astype(np.uint32).tobytes())

    def _matching(self, plan: Plan) -> list[int]:
        with self._selected(plan) as selection:
            ns: list[int] = selection.to_array().tolist()
        return ns

    def search(
        self,
        criteria: Criteria,
        sort: Sequence[SortKey],
        start: int,
        limit: int,
        facets: frozenset[str] | None,
    ) -> SearchHits:
        """Return a page of matches, their exact total, and counts over all of them."""
        plan = self.compile(criteria)
        self.ordering.read_values(sort)
        with self._selected(plan) as selection:
            total = len(selection)
            ns = self.ordering.page(selection, sort, start, limit) if limit else []
            counter = None
            if facets is None or facets:
                # A copy: words are counted after the cache is released, when it may have changed
                counter = self._counter(None if isinstance(plan, All) else BitMap(selection), criteria)
            counts = {} if counter is None else counter.count(facets)
        rows = self.records.rows(
            ns
        )  # after the cache is released: reading rows takes longer than selecting them
        return SearchHits(total, rows, counts if counter is None else counter.count_texts(facets, counts))

    def nearest(
        self,
        criteria: Criteria,
        name: str,
        value: Sequence[float],
        k: int,
        limit: int,
        facets: frozenset[str] | None,
    ) -> SearchHits:
        """Return the matches whose vector lies nearest by Euclidean distance, nearest first."""
        field = self.vector_field(name, value)
        with self._selected(self.compile(criteria)) as selection:
            ns, matrix = self._cache.vectors(field)
            some = None
            if len(selection) < len(self._cache.everything):
                some = np.asarray(selection.to_array(), dtype=np.uint32)
        # From here on without the cache: distances to all vectors take long
        if some is not None:
            inside = np.isin(ns, some)
            ns, matrix = ns[inside], matrix[inside]
        self._deadline.check()
        return self.some(_nearest(ns, matrix, value, k), criteria, limit, facets)

    def nearest_of(self, field: int, ns: Sequence[int], value: Sequence[float], k: int) -> list[int]:
        """Return the ``k`` of these records whose vectors lie nearest, nearest first; those without one are none."""
        found = self._raw.execute(
            f"SELECT n, value FROM vectors WHERE field = ? AND {self._sql.in_numbers('n')} ORDER BY n",
            (field, self._sql.numbers(ns)),
        ).fetchall()
        return _nearest(*vector_rows(found), value, k)

    def vector_field(self, name: str, value: Sequence[float]) -> int:
        """Return the number of the field of a vector. Raises ``BadRequestError`` where there is none of this size."""
        row = self._raw.execute(
            "SELECT no, kind FROM fields WHERE dataset = ? AND name = ?",
            (self._dataset.no, f"vectors.{name}"),
        ).fetchone()
        if row is None:
            raise BadRequestError(f"Dataset {self._dataset.id} has no vectors named {name!r}")
        size = int(row[1].partition(":")[2])
        if len(value) != size:
            raise BadRequestError(
                f"Vector {name!r} has {size} dimensions in dataset {self._dataset.id}; {len(value)} were given"
            )
        return int(row[0])

    def some(
        self, found: list[int], criteria: Criteria, limit: int, facets: frozenset[str] | None
    ) -> SearchHits:
        """Return records by number, in this order, with counts over all of them."""
        counter = self._counter(BitMap(found), criteria)
        with self._cache.held(self._connection, self._deadline):
            counts = counter.count(facets)
        return SearchHits(len(found), self.records.rows(found[:limit]), counter.count_texts(facets, counts))

    def _counter(self, selection: BitMap | None, criteria: Criteria) -> FacetCounter:
        return FacetCounter(
            self._connection, self._cache, self._dataset.task, self._viewer, selection,
            lambda ns: self._deadline.each(self.records.texts(ns)),
            criteria.me if criteria.alone else None,
        )  # fmt: skip

    def scan(
        self, criteria: Criteria, after: str | None, sort: Sequence[SortKey], offset: int, limit: int
    ) -> list[StoredRecord]:
        """Return the next matches behind a record id."""
        plan = self.compile(criteria)
        if isinstance(plan, All) and not sort and not offset:  # the index on ids has them in order
            return self.records.following(after, limit)
        with self._selected(plan) as selection:
            if not sort:
                ordered = self._cache.in_order(selection, after=after)
                return self._some_rows(islice(ordered, 0 if after is not None else offset, None), limit)
            ns = self.ordering.behind(criteria, selection, tuple(sort), after, offset, limit)
        return self.records.rows(ns)

    def _some_rows(self, ordered: Iterator[int], limit: int) -> list[StoredRecord]:
        """Read rows in that order; fewer only at the end, though some may be gone since they were selected."""
        rows: list[StoredRecord] = []
        while len(rows) < limit and (ns := list(islice(ordered, limit - len(rows)))):
            rows += self.records.rows(ns)
        return rows

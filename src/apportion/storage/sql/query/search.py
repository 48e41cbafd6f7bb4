"""Search one dataset: selection, order, page, counts."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from pyroaring import BitMap

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, InvalidTextSearchError
from apportion.domain.ids import RESOLVED
from apportion.domain.records import Vector
from apportion.domain.terms import ANSWER_FIELDS
from apportion.ports.records import Criteria, MatchingIds, SearchHits, SortKey, StoredRecord
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.codec.fragments import decode_vector, encode_name, text_of, with_mirrors
from apportion.storage.sql.codec.states import STATES, STATUS_OF, STATUSES
from apportion.storage.sql.codec.stored_row import StoredRow
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache, vector_rows
from apportion.storage.sql.index.fields import Numbers, set_lowest
from apportion.storage.sql.rows import rows_by_id
from apportion.vocabulary import Status

from .bounds import EXACT_FLOATS
from .compiler import QueryCompiler
from .evaluation import Evaluation
from .facets import FacetCounter
from .leaf_assignments import assignees_of, mirrors_of
from .predicates import RecordDocument, sort_values
from .selection import All, Plan

__all__ = ["Searcher"]

_ORDERS_KEPT = 8
"""The most orders that are cached, at eight bytes a record: enough for a few people paging at once."""

_TEXTS_AT_ONCE = 100
"""Texts that are read as one value, which may have a gigabyte on either database: the longest have four megabytes."""
_OF_RECORDS = frozenset({"id", "status", "last_updated", "event_timestamp"})
"""Fields to sort by that are no counted fields."""

_ROW = "rid, id, status, updated, content, prediction, answer"


def _nearest(ns: Numbers, matrix: Numbers, value: Sequence[float], k: int) -> list[int]:
    """Return the ``k`` records nearest to a vector by Euclidean distance; ``matrix`` has a row for each of ``ns``."""
    if not len(ns):
        return []
    gaps = matrix - np.asarray(value, dtype=np.float32)
    # By number where distances tie, so that the same question has the same answer
    found: list[int] = ns[np.lexsort((ns, np.einsum("ij,ij->i", gaps, gaps)))[:k]].tolist()
    return found


class Mirrored(NamedTuple):
    """Metadata keys that show the assignees of records, and these by record."""

    keys: list[str]
    names: dict[int, list[str]]


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
        self._agents = agents or Agents(connection.raw)
        self._mirrors_in = mirrors or (lambda dataset: mirrors_of(connection.raw, dataset.no))
        self._connection = connection
        self._raw = connection.raw
        self._sql = connection.raw.dialect
        self._cache = cache
        self._dataset = dataset
        self._criteria = criteria
        self._viewer = criteria.viewer
        self._deadline = connection.deadline
        self._evaluation = Evaluation(connection, cache, self.documents)
        self._prepared = {} if prepared is None else prepared
        self._base = dataset.no << 32
        self._in_order: dict[tuple[int, int], Numbers] = {}
        """The numbers of values in order, by field and viewer, which were read before the cache was held."""

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
        compiler = QueryCompiler(self._connection, self._dataset, criteria, self._vocabulary, self._mirrors)
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
        for doc in self._deadline.each(self.documents(ns or ())):
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
            ordered = self.sorted(selection, ())
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
        self._read_orders(sort)
        with self._selected(plan) as selection:
            total = len(selection)
            ns = self.page(selection, sort, start, limit) if limit else []
            counter = None
            if facets is None or facets:
                # A copy: words are counted after the cache is released, when it may have changed
                counter = self._counter(None if isinstance(plan, All) else BitMap(selection), criteria)
            counts = {} if counter is None else counter.count(facets)
        rows = self.rows(ns)  # after the cache is released: reading rows takes longer than selecting them
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
        return SearchHits(len(found), self.rows(found[:limit]), counter.count_texts(facets, counts))

    def _counter(self, selection: BitMap | None, criteria: Criteria) -> FacetCounter:
        return FacetCounter(
            self._connection, self._cache, self._dataset.task, self._viewer, selection,
            lambda ns: self._deadline.each(self.texts(ns)),
            criteria.me if criteria.alone else None,
        )  # fmt: skip

    # Order

    def page(self, selection: BitMap, sort: Sequence[SortKey], start: int, limit: int) -> list[int]:
        """Return record numbers of one page. The id breaks ties and is the order when none is asked for."""
        if not sort or sort[0].field == "id":
            descending = bool(sort) and sort[0].descending
            return list(islice(self._cache.in_order(selection, descending=descending), start, start + limit))
        page: list[int] = self.sorted(selection, sort)[start : start + limit].tolist()
        return page

    def sorted(self, selection: BitMap, sort: Sequence[SortKey]) -> Numbers:
        """Return all of the selection, in order; records without a value come last."""
        ns = np.asarray(selection.to_array(), dtype=np.int64)
        # lexsort takes the last key as the first one; a sort by id makes every order total, so that pages fit together
        keys = [self._cache.id_ranks()[ns]]
        for key in reversed(sort):
            keys.append(self._sort_key(ns, key))
        return ns[np.lexsort(keys)]

    def _sort_key(self, ns: Numbers, key: SortKey) -> Numbers:
        """Return one number per record, small ones first. Of several values the smallest (or largest) counts."""
        name, descending = key
        size = max(self._cache.size, int(ns[-1]) if len(ns) else 0)
        if name == "id":
            ranks = self._cache.id_ranks()[ns]
            return -ranks if descending else ranks
        if name in ("last_updated", "event_timestamp"):
            column = self._cache.column("updated" if name == "last_updated" else "event")
            values = column.values[ns]
            missing = values == column.MISSING  # not negated, so that they come last in both directions
            return np.where(missing, column.MISSING, -values if descending else values)
        if name == "status":
            ranks = self._status_ranks(size)[ns]
            return -ranks if descending else ranks
        row = self._raw.execute(
            "SELECT no, kind FROM fields WHERE dataset = ? AND name = ?", (self._dataset.no, name)
        ).fetchone()
        if row is None:
            if name.startswith("metadata."):
                raise InvalidTextSearchError(f"No mapping found for [{name}] in order to sort on")
            # A field that no record has yet, such as ``score`` before any prediction: ids decide
            return np.zeros(len(ns))
        field, kind = row
        if kind not in ("float", "date"):
            return self._places(field, name, kind, descending, size)[ns]
        places = np.full(size + 1, np.inf)
        rows, numbers = self._cache.number(field).pairs()
        # Of several values of a record the last one assigned stays, so the one that counts comes last
        order = np.argsort(numbers if descending else -numbers, kind="stable")
        order = order[rows[order] <= size]
        places[rows[order]] = -numbers[order] if descending else numbers[order]
        return places[ns]

    def _places(self, field: int, name: str, kind: str, descending: bool, size: int) -> Numbers:
        """Return the place of each record by its value; kept, since ranking many values takes long at every page."""
        viewer = self._viewer if name in ANSWER_FIELDS else RESOLVED
        facet = self._cache.facet(field, viewer)
        if (known := facet.places(descending, size)) is not None:
            return known
        places = np.full(size + 1, np.inf)
        all_ranked = self._rank_values(places, (field, viewer), kind, descending)
        facet.keep_places(descending, places, all_ranked=all_ranked)
        return places

    def _rank_values(self, places: Numbers, of: tuple[int, int], kind: str, descending: bool) -> bool:
        """Set the place of each record by its values of a field; return whether all of them were ranked for sure."""
        term_ids = self._in_order.get(of)
        if term_ids is None:
            term_ids = self._read_order(of, kind)
        ranks = np.arange(len(term_ids), dtype=np.float64)
        if descending:
            ranks = -ranks
        # Where each record has one value at most a column of ranks does, instead of the records of each value
        quick = self._cache.facet(*of).ranks(term_ids, ranks, len(places) - 1)
        if quick is not None:
            places[:] = quick
            return False
        return set_lowest(places, self._cache.holders(*of), term_ids, ranks)

    def _read_order(self, of: tuple[int, int], kind: str) -> Numbers:
        """Return the numbers of the values of a field, as a viewer sees it, in the order of the values."""
        by = "num" if kind == "long" else "value"
        found = self._raw.execute(
            f"SELECT vid, value, num FROM vals WHERE field = ? AND viewer = ? AND n > 0 ORDER BY {by}", of
        )
        rows = list(self._deadline.each(found))
        if kind == "long" and rows and max(-rows[0][2], rows[-1][2]) >= EXACT_FLOATS:
            rows.sort(key=lambda row: int(row[1]))  # as floats, neighbours as large as this are equal
        return np.fromiter((term_id for term_id, _, _ in rows), np.int64, len(rows))

    def _read_orders(self, sort: Sequence[SortKey]) -> None:
        """Read the values of sorted fields in order before the cache is held, unless it knows the places of records."""
        for name, descending in sort:
            row = self._raw.execute(
                "SELECT no, kind FROM fields WHERE dataset = ? AND name = ?", (self._dataset.no, name)
            ).fetchone()
            if row is None or name in _OF_RECORDS or row[1] in ("float", "date"):
                continue
            of = row[0], self._viewer if name in ANSWER_FIELDS else RESOLVED
            with self._cache.held(self._connection, self._deadline):
                known = self._cache.facet(*of).places(descending, self._cache.size)
            if known is None:
                self._in_order[of] = self._read_order(of, row[1])

    def _status_ranks(self, size: int) -> Numbers:
        names = sorted(status.value for status in Status)
        ranks = np.full(size + 1, names.index(Status.DEFAULT.value))
        row = self._raw.execute(
            "SELECT no FROM fields WHERE dataset = ? AND name = 'status'", (self._dataset.no,)
        ).fetchone()
        if row is not None:
            for term_id, value in self._raw.execute(
                "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0", (row[0], self._viewer)
            ).fetchall():
                ns = self._cache.having(row[0], self._viewer, [term_id])
                held = np.asarray(ns.to_array(), dtype=np.int64)
                ranks[held[held <= size]] = names.index(value)
        return ranks

    def scan(
        self, criteria: Criteria, after: str | None, sort: Sequence[SortKey], offset: int, limit: int
    ) -> list[StoredRecord]:
        """Return the next matches behind a record id."""
        plan = self.compile(criteria)
        if isinstance(plan, All) and not sort and not offset:  # the index on ids has them in order
            return self._next_rows(after, limit)
        with self._selected(plan) as selection:
            if not sort:
                ordered = self._cache.in_order(selection, after=after)
                return self._some_rows(islice(ordered, 0 if after is not None else offset, None), limit)
            ns = self._next_sorted(criteria, selection, tuple(sort), after, offset, limit)
        return self.rows(ns)

    def _next_rows(self, after: str | None, limit: int) -> list[StoredRecord]:
        rows = self._raw.execute(
            f"SELECT {_ROW} FROM records WHERE dataset = ? AND id {'>=' if after is None else '>'} ? "
            "ORDER BY id LIMIT ?",
            (self._dataset.no, after or "", limit),
        ).fetchall()
        return self._as_rows(rows)

    def _some_rows(self, ordered: Iterator[int], limit: int) -> list[StoredRecord]:
        """Read rows in that order; fewer only at the end, though some may be gone since they were selected."""
        rows: list[StoredRecord] = []
        while len(rows) < limit and (ns := list(islice(ordered, limit - len(rows)))):
            rows += self.rows(ns)
        return rows

    def _next_sorted(
        self,
        criteria: Criteria,
        selection: BitMap,
        sort: tuple[SortKey, ...],
        after: str | None,
        offset: int,
        limit: int,
    ) -> list[int]:
        computed = self._cache.computed  # emptied with every change, so an order found here is still right
        key = ("sorted", criteria, sort)
        ns = computed.get(key)
        if ns is None:
            for old in [each for each in computed if each[0] == "sorted"][: -_ORDERS_KEPT + 1]:
                del computed[old]
            ns = computed[key] = self.sorted(selection, sort)
        if after is not None:
            row = self._raw.execute(
                "SELECT rid & 4294967295 FROM records WHERE dataset = ? AND id = ?", (self._dataset.no, after)
            ).fetchone()
            # The record a scan goes on from may be gone by now: then it goes on by ``offset``
            places = np.flatnonzero(ns == row[0]) if row else np.empty(0)
            if places.size:
                offset = int(places[0]) + 1
        return list(ns[offset : offset + limit].tolist())

    # The records themselves

    def rows(self, ns: Sequence[int]) -> list[StoredRecord]:
        """Read records by number, in that order; those that are gone are left out."""
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(ns), 500):
            among, rids = self._sql.in_few("rid", [self._base | n for n in ns[start : start + 500]])
            for row in self._raw.execute(f"SELECT {_ROW} FROM records WHERE {among}", rids):
                found[row[0] & 0xFFFFFFFF] = row
        return self._as_rows([found[n] for n in ns if n in found])

    def rows_by_id(self, ids: Sequence[str]) -> dict[str, StoredRecord]:
        """Read records by id."""
        rows = rows_by_id(self._raw, f"id, {_ROW}", self._dataset.no, ids)
        return {row.id: row for row in self._as_rows([row[1:] for row in rows])}

    def get(self, id: str) -> StoredRecord | None:
        """Read one record by id."""
        row = self._raw.execute(
            f"SELECT {_ROW} FROM records WHERE dataset = ? AND id = ?", (self._dataset.no, id)
        ).fetchone()
        return None if row is None else self._as_rows([row])[0]

    @cached_property
    def _mirrors(self) -> frozenset[str]:
        return self._mirrors_in(self._dataset)

    def _as_rows(self, rows: list[tuple[Any, ...]]) -> list[StoredRecord]:
        if not rows:
            return []
        vectors = self._vectors([row[0] & 0xFFFFFFFF for row in rows])
        mirrored = self._mirrored([row[0] for row in rows])
        own = self._own_answers([row[0] for row in rows]) if self._viewer else None
        found: list[StoredRecord] = []
        for rid, id, status, updated, content, prediction, answer in rows:
            n, seen = rid & 0xFFFFFFFF, STATUSES[status]
            if own is not None:
                # Without an answer of their own a viewer sees none: the row's is the resolved one
                seen, answer = own.get(rid, (Status.DEFAULT, None))
            if mirrored is not None:
                content = with_mirrors(content, mirrored.keys, mirrored.names.get(rid, []))
            found.append(StoredRow(id, seen, updated, content, prediction, answer, vectors.get(n), n))
        return found

    def _mirrored(self, rids: list[int]) -> Mirrored | None:
        """Return the assignees of these records, if a plan shows them as metadata."""
        keys = self._mirrors
        if not keys:
            return None
        names = assignees_of(self._raw, rids)
        if self._criteria.alone:
            me = self._criteria.me
            # Who annotates blind must not learn who else has the record
            names = {rid: [each for each in those if each == me] for rid, those in names.items()}
        return Mirrored(sorted(key.removeprefix("metadata.") for key in keys), names)

    def _own_answers(self, rids: list[int]) -> dict[int, tuple[Status, bytes | None]]:
        """Return the viewer's answers: by record, status and annotation as they see it."""
        found: dict[int, tuple[Status, bytes | None]] = {}
        name = b""
        for start in range(0, len(rids), 500):
            among, given = self._sql.in_few("rid", rids[start : start + 500])
            for rid, state, value in self._raw.execute(
                f"SELECT rid, state, value FROM annotations WHERE annotator = ? AND {among}",
                (self._viewer, *given),
            ):
                name = name or encode_name(self._agents.name(self._viewer))
                answer = None if value is None else name + b"\n" + value
                found[rid] = (STATUS_OF[STATES[state]], answer)
        return found

    def _vectors(self, ns: list[int]) -> dict[int, dict[str, Vector]]:
        fields = self._raw.execute(
            "SELECT no, name FROM fields WHERE dataset = ? AND kind LIKE 'vector:%'", (self._dataset.no,)
        ).fetchall()
        found: dict[int, dict[str, Vector]] = {}
        for field, name in fields:
            for start in range(0, len(ns), 500):
                among, given = self._sql.in_few("n", ns[start : start + 500])
                for n, value, more in self._raw.execute(
                    f"SELECT n, value, more FROM vectors WHERE field = ? AND {among}", (field, *given)
                ):
                    found.setdefault(n, {})[name.removeprefix("vectors.")] = decode_vector(value, more)
        return found

    def texts(self, ns: Iterable[int]) -> Iterator[str]:
        """Yield the texts of records, some hundred at a time."""
        remaining = iter(ns)
        while part := [self._base | int(n) for n in islice(remaining, _TEXTS_AT_ONCE)]:
            among, rids = self._sql.in_few("rid", part)
            (found,) = self._raw.packed(
                f"SELECT {self._sql.listed_json('content')} FROM records WHERE {among}", rids
            )
            yield from map(text_of, self._sql.json_list(found))

    def documents(self, ns: Iterable[int]) -> Iterator[RecordDocument]:
        """Yield records to be tested, some hundred at a time."""
        remaining = iter(ns)
        while part := [int(n) for n in islice(remaining, 500)]:
            rids = [self._base | n for n in part]
            among, given = self._sql.in_few("rid", rids)
            rows = self._raw.execute(f"SELECT {_ROW} FROM records WHERE {among}", given).fetchall()
            own = self._own_answers(rids) if self._viewer else None
            for rid, id, status, updated, content, prediction, answer in rows:
                seen = STATUSES[status]
                if own is not None:
                    seen, answer = own.get(rid, (Status.DEFAULT, None))
                yield RecordDocument(
                    self._dataset.task, rid & 0xFFFFFFFF, id, seen, updated, content, prediction, answer
                )

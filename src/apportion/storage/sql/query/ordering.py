"""Put records of one dataset in order: by id, and by any fields."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
from pyroaring import BitMap

from apportion.domain.datasets import Dataset
from apportion.domain.errors import InvalidTextSearchError
from apportion.domain.ids import RESOLVED
from apportion.domain.terms import ANSWER_FIELDS
from apportion.ports.records import Criteria, SortKey
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.index.fields import Numbers, set_lowest
from apportion.vocabulary import Status

from .bounds import EXACT_FLOATS

__all__ = ["Ordering"]

_ORDERS_KEPT = 8
"""The most orders that are cached, at eight bytes a record: enough for a few people paging at once."""
_OF_RECORDS = frozenset({"id", "status", "last_updated", "event_timestamp"})
"""Fields to sort by that are no counted fields."""


class Ordering:
    """Orders of one dataset within one snapshot, as one viewer sees it. The caller holds the cache, except for
    ``read_values``.
    """

    def __init__(self, connection: SqlConnection, cache: DatasetCache, dataset: Dataset, viewer: int) -> None:
        self._raw = connection.raw
        self._connection = connection
        self._deadline = connection.deadline
        self._cache = cache
        self._dataset = dataset
        self._viewer = viewer
        self._in_order: dict[tuple[int, int], Numbers] = {}
        """The numbers of values in order, by field and viewer, which were read before the cache was held."""

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

    def read_values(self, sort: Sequence[SortKey]) -> None:
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

    def behind(
        self,
        criteria: Criteria,
        selection: BitMap,
        sort: tuple[SortKey, ...],
        after: str | None,
        offset: int,
        limit: int,
    ) -> list[int]:
        """Return the next record numbers behind a record id, or from ``offset`` on; the whole order is cached."""
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

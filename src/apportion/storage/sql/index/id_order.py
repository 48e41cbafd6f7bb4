"""The order of a dataset's records by id, in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from pyroaring import BitMap

from apportion.storage.sql.connection import SqlConnection

from .fields import Numbers, mask_of

__all__ = ["FEW_RECORDS", "IdOrder", "OrderedCache"]

FEW_RECORDS = 200
"""Up to so many records are sorted by reading their ids."""
WALKED_AT_ONCE, _MOST_WALKS, _DENSE = 500, 4, 32
"""While the order of all ids is not known: records read at once, how often, and if one in how many is selected."""
_BY_ID = "(SELECT rid & 4294967295 AS n FROM records WHERE dataset = ? ORDER BY id) AS r"
FIRST_STRETCH, _LONGEST_STRETCH = 4_096, 65_536
"""Stretches of the order of all ids that are scanned at once: little at first, where most pages end."""


class OrderedCache(Protocol):
    """The cache that the order belongs to."""

    dataset: int

    @property
    def connection(self) -> SqlConnection: ...

    @property
    def size(self) -> int:
        """Return the highest record number there is, or more."""

    def packed(self, expression: str, source: str, *values: Any) -> Numbers:
        """Read one record number of each row."""


class IdOrder:
    """The order of the ids. It is read again when many records have been logged since; a few are merged in."""

    def __init__(self, cache: OrderedCache) -> None:
        self._cache = cache
        self._order: Numbers | None = None
        self._ranks: Numbers | None = None
        self._ordered_to = 0
        self._gone = BitMap()

    def remove(self, ns: Iterable[int]) -> None:
        """Note that records are gone."""
        self._gone.update(ns)

    def in_order(
        self, selection: BitMap, *, after: str | None = None, descending: bool = False
    ) -> Iterator[int]:
        """Yield the selection's record numbers in the order of their ids, beginning behind the id ``after``."""
        if len(selection) <= FEW_RECORDS:
            return self._merged(iter(()), selection, after, descending)
        if self._order is None and len(selection) * _DENSE > self._cache.size:
            return self._walked(selection, after, descending)
        return self._by_order(selection, after, descending)

    def _walked(self, selection: BitMap, after: str | None, descending: bool) -> Iterator[int]:
        """Yield as ``in_order`` does, the first records from the table: most pages end there, on a cold start, too."""
        beyond, order = ("<", "DESC") if descending else (">", "ASC")
        for _ in range(_MOST_WALKS):
            behind, values = (f"AND id {beyond} ?", (after,)) if after is not None else ("", ())
            rows = self._cache.connection.raw.execute(
                f"SELECT id, rid & 4294967295 FROM records WHERE dataset = ? {behind} ORDER BY id {order} LIMIT ?",
                (self._cache.dataset, *values, WALKED_AT_ONCE),
            ).fetchall()
            yield from (n for _, n in rows if n in selection)
            if len(rows) < WALKED_AT_ONCE:
                return
            after = rows[-1][0]
        yield from self._by_order(selection, after, descending)

    def _by_order(self, selection: BitMap, after: str | None, descending: bool) -> Iterator[int]:
        order = self.read()
        # Records logged since the order was read are few, and merged in instead of sorting all again
        late = selection & BitMap(range(self._ordered_to + 1, self._cache.size + 2))
        if descending:
            order = order[::-1]
        begin = 0 if after is None else self._position(order, after, descending)
        mask = mask_of(selection, max(self._ordered_to, self._cache.size))
        known = (n for low, high in _stretches(begin, order.size) for n in _chosen(order[low:high], mask))
        return self._merged(known, late, after, descending) if late else known

    def _position(self, order: Numbers, id: str, descending: bool, low: int = 0) -> int:
        """Count those of ``order`` that do not come behind ``id``. Looks up some twenty ids at a million records."""
        base, high = self._cache.dataset << 32, int(order.size)
        while low < high:
            middle = (low + high) // 2
            probe, row = middle, None
            while probe < high and row is None:  # deleted since the order was read: ask the next one
                row = self._cache.connection.raw.execute(
                    "SELECT id FROM records WHERE rid = ?", (base | int(order[probe]),)
                ).fetchone()
                probe += 1
            if row is None or (row[0] < id if descending else row[0] > id):
                high = middle
            else:
                low = probe
        return low

    def ranks(self) -> Numbers:
        """Return the rank of each record number in the order of ids, records logged just now included."""
        self.read(fresh=True)
        if self._ranks is None:
            order = self.read()
            self._ranks = np.zeros(max(self._ordered_to, self._cache.size) + 1, dtype=np.int64)
            self._ranks[order] = np.arange(order.size)
        return self._ranks

    def read(self, *, fresh: bool = False) -> Numbers:
        """Return record numbers in the order of their ids, as of when it was last read.

        Reading it takes a while at a million records, so a few thousand later records may be missing.
        """
        late = self._cache.size - self._ordered_to
        # Sorting the ids of all records again for each one logged would make every search wait
        if self._order is None or late > (0 if fresh else max(2_000, self._ordered_to // 20)):
            self._take(self._cache.packed("n", _BY_ID, self._cache.dataset), self._cache.size)
            self._gone = BitMap()
        elif self._gone:
            # All together, when the order is wanted: each time it is copied
            self._order = self._order[~mask_of(self._gone, self._ordered_to)[self._order]]
            self._gone = BitMap()
        return self._order

    def read_beside(
        self, connection: SqlConnection, held: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Read the order through another connection, while others search; ``held`` holds the cache for a moment."""
        with held():
            if self._order is not None:
                return
            self._gone = BitMap()  # from here on what is removed is noted
            size = self._cache.size
        sql = connection.raw.dialect
        (found,) = connection.raw.packed(f"SELECT {sql.packed('n')} FROM {_BY_ID}", (self._cache.dataset,))
        with held():
            if self._order is None:
                self._take(sql.unpacked(found, np.uint32), size)

    def _take(self, order: Numbers, size: int) -> None:
        """Take over an order that was read when ``size`` was the highest record number, or later."""
        self._order = order
        # Read later it goes further
        self._ordered_to = max(size, int(order.max()) if order.size else 0)
        self._ranks = None

    def _merged(
        self, known: Iterator[int], late: BitMap, after: str | None, descending: bool
    ) -> Iterator[int]:
        """Merge records logged later into ``known`` by id."""
        base = self._cache.dataset << 32
        raw, sql = self._cache.connection.raw, self._cache.connection.raw.dialect
        rows = raw.execute(
            f"SELECT id, rid & 4294967295 FROM records WHERE {sql.in_numbers('rid')}",
            (sql.numbers(base | n for n in late),),
        ).fetchall()
        if after is not None:
            rows = [row for row in rows if (row[0] < after if descending else row[0] > after)]
        return (
            n
            for _, n in heapq.merge(
                self._with_ids(known), sorted(rows, reverse=descending), reverse=descending
            )
        )

    def _with_ids(self, ns: Iterator[int]) -> Iterator[tuple[str, int]]:
        base = self._cache.dataset << 32
        for n in ns:
            row = self._cache.connection.raw.execute(
                "SELECT id FROM records WHERE rid = ?", (base | n,)
            ).fetchone()
            if row is not None:
                yield row[0], n


def _stretches(begin: int, end: int) -> Iterator[tuple[int, int]]:
    size = FIRST_STRETCH
    while begin < end:
        yield begin, begin + size
        begin, size = begin + size, min(2 * size, _LONGEST_STRETCH)


def _chosen(part: Numbers, mask: Numbers) -> list[int]:
    chosen: list[int] = part[mask[part]].tolist()
    return chosen

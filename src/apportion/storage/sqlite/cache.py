"""What is kept in memory per open dataset so that filters and facets at a million records need no SQL.

A pure cache: everything here can be thrown away and read again from the file, and ``verify`` compares
the two. A selection of records is a roaring bitmap of their short numbers.
"""

from __future__ import annotations

import heapq
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from pyroaring import BitMap

from .changes import Changes
from .database import Link

__all__ = ["Column", "DatasetCache", "FacetField", "NumberField", "Numbers", "bitmap_of"]

Numbers: TypeAlias = Any
"""A numpy array. (Its own types add more noise than safety here.)"""

FEW_VALUES = 2_000
"""Up to so many values a field has a bitmap each, where records have several."""

_TEXT_SELECTIONS = 64
_NOTHING = np.empty(0, dtype=np.uint32)


def bitmap_of(packed: str | None) -> BitMap:
    """The bitmap of a comma-separated list of numbers, which is how SQLite hands many over fastest."""
    return BitMap(np.fromstring(packed, dtype=np.uint32, sep=",")) if packed else BitMap()


class FacetField:
    """Who has which value of one counted field, as one viewer sees it.

    Mostly a record has one value, and then ``column`` holds its code: values are numbered from 1 in their
    own order. Where some record has several, there is a bitmap per value, or nothing for very many values.
    """

    def __init__(self, link: Link, field: int, viewer: int, size: int) -> None:
        rows = link.raw.execute(
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0 ORDER BY value",
            (field, viewer),
        ).fetchall()
        self.vids = [vid for vid, _ in rows]
        self.values: dict[int, str] = dict(rows) if len(rows) <= FEW_VALUES else {}
        self._code_of = {vid: code for code, vid in enumerate(self.vids, 1)}
        self._bitmaps: dict[int, BitMap] = {}
        self.column: Numbers | None = None
        keys = _read_keys(link, field, viewer)
        ns, codes = keys & 0xFFFFFFFF, self._codes(keys >> 32)
        if np.unique(ns).size == ns.size:
            self.column = np.zeros(max(size, int(ns.max()) if ns.size else 0) + 1, dtype=np.uint32)
            self.column[ns] = codes
        elif self._few():
            for code, vid in enumerate(self.vids, 1):
                self._bitmaps[vid] = BitMap(ns[codes == code].astype(np.uint32))

    def _codes(self, vids: Numbers) -> Numbers:
        if not vids.size:
            return vids
        known = np.asarray(self.vids, dtype=np.int64)
        order = np.argsort(known)
        return order[np.searchsorted(known, vids, sorter=order)] + 1

    def _few(self) -> bool:
        return len(self.vids) <= FEW_VALUES

    def change(self, vid: int, n: int, has: bool) -> None:
        """A record gains or loses a value."""
        code = self._code_of.get(vid)
        if code is None:
            self.vids.append(vid)
            code = self._code_of[vid] = len(self.vids)
        if self.column is not None:
            self.column = _grown(self.column, n)
            if not has:
                if self.column[n] == code:
                    self.column[n] = 0
            elif self.column[n] in (0, code):
                self.column[n] = code
            else:
                self._split()
        bitmap = self._bitmaps.get(vid)
        if bitmap is None and self.column is None and self._few():
            bitmap = self._bitmaps[vid] = BitMap()
        if bitmap is not None:
            if has:
                bitmap.add(n)
            else:
                bitmap.discard(n)

    def _split(self) -> None:
        """Some record has a second value from now on: a column cannot tell them all."""
        if self._few():
            for vid in self.vids:
                self.holders(vid)
        else:
            self._bitmaps.clear()
        self.column = None

    def crowded(self) -> bool:
        """Whether the field has outgrown what is kept of it, so that it has to be read again."""
        return self.column is None and bool(self._bitmaps) and not self._few()

    def holders(self, vid: int) -> BitMap | None:
        """The records that have a value; None when only the file can tell. Do not change it."""
        found = self._bitmaps.get(vid)
        if found is None:
            code = self._code_of.get(vid)
            if code is None:
                return BitMap()
            if self.column is None:
                return BitMap() if self._few() else None
            found = BitMap(np.flatnonzero(self.column == code).astype(np.uint32))
            if self._few():
                self._bitmaps[vid] = found
        return found

    def holders_of_any(self) -> BitMap | None:
        """The records that have some value; None when only the file can tell."""
        if self.column is not None:
            return BitMap(np.flatnonzero(self.column).astype(np.uint32))
        return BitMap.union(BitMap(), *self._bitmaps.values()) if self._few() else None

    def counts(self, selection: BitMap, ns: Callable[[], Numbers], most: int) -> list[tuple[int, int]] | None:
        """(value number, how many of the selection have it), most first; None when it cannot be told."""
        if self.column is not None:
            known = ns()
            known = known[known < len(self.column)]  # records logged since may lie beyond, without a value
            found = np.bincount(self.column[known], minlength=len(self.vids) + 1)
            found[0] = 0
            codes = np.flatnonzero(found)
            weight = (
                found[codes] * (len(self.vids) + 1) - codes
            )  # more first, then in the order of the values
            if codes.size > most:
                best = np.argpartition(-weight, most)[:most]
                codes, weight = codes[best], weight[best]
            codes = codes[np.argsort(-weight)]
            return [(self.vids[code - 1], int(found[code])) for code in codes.tolist()]
        if not self._few():
            return None
        shared = [(vid, bitmap.intersection_cardinality(selection)) for vid, bitmap in self._bitmaps.items()]
        return sorted((pair for pair in shared if pair[1]), key=lambda pair: -pair[1])

    def ranks(self, rank_of: dict[int, float], size: int) -> Numbers | None:
        """A number per record, the one its value has in ``rank_of``; None where records have several values."""
        if self.column is None:
            return None
        table = np.full(len(self.vids) + 1, np.inf)
        for vid, rank in rank_of.items():
            if vid in self._code_of:
                table[self._code_of[vid]] = rank
        places = np.full(size + 1, np.inf)
        column = self.column[: size + 1]
        places[: len(column)] = table[column]
        return places


class NumberField:
    """The numbers of one field, record by record: scores, floats, dates."""

    def __init__(self, link: Link, field: int) -> None:
        rows = link.raw.execute("SELECT n, value FROM numbers WHERE field = ?", (field,)).fetchall()
        ns = np.asarray([n for n, _ in rows], dtype=np.int64)
        values = np.asarray([value for _, value in rows], dtype=np.float64)
        self._new: dict[int, tuple[float, ...]] = {}
        self._take(ns, values)
        self.histogram: dict[int, int] | None = None
        """The match-all histogram, until the next change."""

    def _take(self, ns: Numbers, values: Numbers) -> None:
        order = np.argsort(ns, kind="stable")
        self._ns, self._values = ns[order], values[order]
        self._dense: Numbers | None = None
        """The value of each record by its number, where none has several."""
        if not (self._ns[1:] == self._ns[:-1]).any():
            self._dense = np.full(int(self._ns[-1]) + 1 if len(ns) else 0, np.nan)
            self._dense[self._ns] = self._values

    def change(self, n: int, values: tuple[float, ...]) -> None:
        """A record's values are these from now on."""
        self._new[n] = values
        self.histogram = None

    def pairs(self) -> tuple[Numbers, Numbers]:
        """Record numbers, ascending, and their values; a record with several values comes several times."""
        if self._new:
            changed = np.fromiter(self._new, dtype=np.int64, count=len(self._new))
            old = ~np.isin(self._ns, changed) if len(self._ns) and changed.min() <= self._ns[-1] else None
            ns = self._ns if old is None else self._ns[old]
            values = self._values if old is None else self._values[old]
            more_n = [n for n, vs in self._new.items() for _ in vs]
            more_v = [v for vs in self._new.values() for v in vs]
            ns = np.concatenate([ns, np.asarray(more_n, dtype=np.int64)])
            values = np.concatenate([values, np.asarray(more_v, dtype=np.float64)])
            self._new = {}
            self._take(ns, values)
        return self._ns, self._values

    def between(self, low: float, high: float, *, include_low: bool, include_high: bool) -> BitMap:
        """Records with some value in the range."""
        ns, values = self.pairs()
        hits = (values >= low) if include_low else (values > low)
        hits &= (values <= high) if include_high else (values < high)
        return BitMap(ns[hits].astype(np.uint32))

    def of(self, selection: BitMap | None) -> tuple[Numbers | None, Numbers]:
        """The values of the selected records (None: of all). Records have their numbers before them, unless
        every record has one value at the most."""
        ns, values = self.pairs()
        dense = self._dense
        if dense is None and selection is None:
            return ns, values
        if selection is None:
            return None, values
        picked = np.asarray(selection.to_array(), dtype=np.int64)
        if dense is None:
            inside = mask_of(selection, int(ns[-1]))[ns]
            return ns[inside], values[inside]
        found = dense[picked[picked < len(dense)]]
        return None, found[~np.isnan(found)]


class Column:
    """One integer per record: last_updated, or the event's instant; ``MISSING`` where there is none."""

    MISSING = np.iinfo(np.int64).max

    def __init__(self, ns: Sequence[int], values: Sequence[int], size: int) -> None:
        self.values = np.full(max(size, max(ns, default=0)) + 1, self.MISSING, dtype=np.int64)
        self.values[np.asarray(ns, dtype=np.int64)] = values

    def set(self, n: int, value: int | None) -> None:
        self.values = _grown(self.values, n, self.MISSING)
        self.values[n] = self.MISSING if value is None else value

    def between(self, low: int, high: int) -> BitMap:
        """Records whose value lies in the closed range."""
        hits = (self.values >= low) & (self.values <= high) & (self.values != self.MISSING)
        return BitMap(np.flatnonzero(hits).astype(np.uint32))


class DatasetCache:
    """Everything cached of one dataset. Hold ``lock`` while using it; the writer takes it to apply changes."""

    def __init__(self, dataset: int, connect: Callable[[], Link]) -> None:
        self.dataset = dataset
        self.lock = threading.RLock()
        self._connect = connect
        self._link: Link | None = None
        self._everything: BitMap | None = None
        self._facets: dict[tuple[int, int], FacetField] = {}
        self._numbers: dict[int, NumberField] = {}
        self._columns: dict[str, Column] = {}
        self._texts: OrderedDict[str, BitMap] = OrderedDict()
        self._vocabulary: list[str] | None = None
        self._vectors: dict[int, tuple[Numbers, Numbers]] = {}
        self._order: Numbers | None = None
        self._ranks: Numbers | None = None
        self._ordered_to = 0
        self._gone = BitMap()
        self._size = 0
        self.computed: dict[Any, Any] = {}
        """Whatever else is worth keeping until the next change."""
        self.computed_of_texts: dict[Any, Any] = {}
        """The same, until some text changes."""

    @property
    def link(self) -> Link:
        """A connection outside any snapshot: it always sees the newest commit."""
        if self._link is None:
            self._link = self._connect()
        return self._link

    def close(self, forget: Callable[[Link], None]) -> None:
        """Give the connection back; whoever still holds the cache gets a new one when they ask."""
        with self.lock:
            link, self._link = self._link, None
            if link is not None:
                forget(link)

    def apply(self, changes: Changes) -> None:
        """Take over what a committed transaction changed."""
        with self.lock:
            self.computed.clear()
            everything = self._everything
            if everything is not None:
                everything.update(changes.added)
                everything.difference_update(BitMap(changes.removed))
                self._gone.update(changes.removed)
                if changes.added:
                    self._size = max(self._size, max(changes.added))
            self._apply_facets(changes.lost, changes.field_of, has=False)
            self._apply_facets(changes.gained, changes.field_of, has=True)
            for field, values in changes.numbers.items():
                number = self._numbers.get(field)
                if number is not None:
                    for n, now in values:
                        number.change(n, now)
            for name, moments in (("updated", changes.updated), ("event", changes.events)):
                column = self._columns.get(name)
                if column is not None:
                    for n, value in moments:
                        column.set(n, value)
                    for n in changes.removed:
                        column.set(n, None)
            if changes.texts:
                self.computed_of_texts.clear()
                self._texts.clear()
                self._vocabulary = None
            for field in changes.vectors:
                self._vectors.pop(field, None)

    def _apply_facets(
        self,
        moves: list[tuple[int, Iterable[int]]],
        field_of: dict[int, tuple[int, int]],
        *,
        has: bool,
    ) -> None:
        facets = self._facets
        if not facets:
            return
        for n, vids in moves:
            for vid in vids:
                facet = facets.get(field_of[vid])
                if facet is not None:
                    facet.change(vid, n, has)
        for key in [key for key, facet in facets.items() if facet.crowded()]:
            del facets[key]

    # Selections

    @property
    def everything(self) -> BitMap:
        """All records of the dataset. Do not change it."""
        if self._everything is None:
            base = self.dataset << 32
            (packed,) = self.link.raw.execute(
                "SELECT group_concat(rid & 4294967295) FROM records WHERE rid > ? AND rid < ?",
                (base, base + (1 << 32)),
            ).fetchone()
            self._everything = bitmap_of(packed)
            self._size = max(self._everything.max() if self._everything else 0, self._size)
        return self._everything

    @property
    def size(self) -> int:
        """The highest record number there is, or more."""
        _ = self.everything
        return self._size

    def facet(self, field: int, viewer: int) -> FacetField:
        """Who has which value of a field."""
        key = (field, viewer)
        facet = self._facets.get(key)
        if facet is None:
            facet = self._facets[key] = FacetField(self.link, field, viewer, self.size)
        return facet

    def having(self, field: int, viewer: int, vids: Iterable[int]) -> BitMap:
        """Records with any of the values."""
        facet = self.facet(field, viewer)
        found = []
        for vid in vids:
            held = facet.holders(vid)
            found.append(_read_bitmap(self.link, vid) if held is None else held)
        return found[0] if len(found) == 1 else BitMap.union(BitMap(), *found)

    def having_some(self, field: int, viewer: int) -> BitMap:
        """Records with any value of the field at all."""
        found = self.facet(field, viewer).holders_of_any()
        if found is None:
            found = BitMap((_read_keys(self.link, field, viewer) & 0xFFFFFFFF).astype(np.uint32))
        return found

    def number(self, field: int) -> NumberField:
        """The numbers of a field."""
        found = self._numbers.get(field)
        if found is None:
            found = self._numbers[field] = NumberField(self.link, field)
        return found

    def column(self, name: str) -> Column:
        """``updated`` or ``event`` of every record."""
        found = self._columns.get(name)
        if found is None:
            rows = self.link.raw.execute(
                f"SELECT rid & 4294967295, {name} FROM records WHERE dataset = ? AND {name} IS NOT NULL",
                (self.dataset,),
            ).fetchall()
            ns, values = zip(*rows, strict=True) if rows else ((), ())
            found = self._columns[name] = Column(ns, values, self.size)
        return found

    def text(self, match: str) -> BitMap:
        """Records whose text matches a full-text expression. Do not change it."""
        found = self._texts.get(match)
        if found is None:
            table = f"fts_{self.dataset}"
            (packed,) = self.link.raw.execute(
                f"SELECT group_concat(rowid) FROM {table} WHERE {table} MATCH ?", (match,)
            ).fetchone()
            # Without what was committed a moment ago and is not yet applied here: nothing else knows of it
            found = self._texts[match] = bitmap_of(packed) & self.everything
            if len(self._texts) > _TEXT_SELECTIONS:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(match)
        return found

    def vocabulary(self) -> list[str]:
        """Every word of the dataset."""
        if self._vocabulary is None:
            rows = self.link.raw.execute(f"SELECT term FROM words_{self.dataset}")
            self._vocabulary = [term for (term,) in rows]
        return self._vocabulary

    def vectors(self, field: int) -> tuple[Numbers, Numbers]:
        """Record numbers, and one row of float32 for each."""
        found = self._vectors.get(field)
        if found is None:
            rows = self.link.raw.execute(
                "SELECT n, value FROM vectors WHERE field = ? ORDER BY n", (field,)
            ).fetchall()
            ns = np.asarray([n for n, _ in rows], dtype=np.uint32)
            if rows:
                flat = np.frombuffer(b"".join(value for _, value in rows), dtype=np.float64)
                matrix = flat.reshape(len(rows), len(rows[0][1]) // 8).astype(np.float32)
            else:
                matrix = np.empty((0, 0), dtype=np.float32)
            found = self._vectors[field] = (ns, matrix)
        return found

    def in_order(
        self, selection: BitMap, *, after: str | None = None, descending: bool = False
    ) -> Iterator[int]:
        """The selection's record numbers in the order of their ids, beginning behind the id ``after``."""
        order = self._id_order()
        late = selection & BitMap(range(self._ordered_to + 1, self._size + 2))
        if descending:
            order = order[::-1]
        begin = 0 if after is None else self._place(order, after, descending)
        mask = mask_of(selection, max(self._ordered_to, self._size))
        known = (
            n
            for start in range(begin, order.size, 65_536)
            for n in _chosen(order[start : start + 65_536], mask)
        )
        return self._merged(known, late, after, descending) if late else known

    def _place(self, order: Numbers, id: str, descending: bool, low: int = 0) -> int:
        """How many of ``order`` do not come behind ``id``. Looks up some twenty ids at a million records."""
        base, high = self.dataset << 32, int(order.size)
        while low < high:
            middle = (low + high) // 2
            probe, row = middle, None
            while probe < high and row is None:  # deleted since the order was read: ask the next one
                row = self.link.raw.execute(
                    "SELECT id FROM records WHERE rid = ?", (base | int(order[probe]),)
                ).fetchone()
                probe += 1
            if row is None or (row[0] < id if descending else row[0] > id):
                high = middle
            else:
                low = probe
        return low

    def id_ranks(self) -> Numbers:
        """The place of each record number in the order of ids, records logged just now included."""
        self._id_order(fresh=True)
        if self._ranks is None:
            order = self._id_order()
            self._ranks = np.zeros(max(self._ordered_to, self._size) + 1, dtype=np.int64)
            self._ranks[order] = np.arange(order.size)
        return self._ranks

    def _id_order(self, *, fresh: bool = False) -> Numbers:
        """Record numbers in the order of their ids, as of when it was last read.

        Reading it takes a while at a million records, so a few thousand late comers are tolerated.
        """
        late = self.size - self._ordered_to
        if self._order is None or late > (0 if fresh else max(2_000, self._ordered_to // 20)):
            (packed,) = self.link.raw.execute(
                "SELECT group_concat(n) FROM "
                "(SELECT rid & 4294967295 AS n FROM records WHERE dataset = ? ORDER BY id)",
                (self.dataset,),
            ).fetchone()
            self._order = np.fromstring(packed, dtype=np.uint32, sep=",") if packed else _NOTHING
            self._ordered_to = max(self.size, int(self._order.max()) if self._order.size else 0)
            self._ranks = None
            self._gone = BitMap()
        elif self._gone:
            self._order = self._order[~mask_of(self._gone, self._ordered_to)[self._order]]
            self._gone = BitMap()
        return self._order

    def _merged(
        self, known: Iterator[int], late: BitMap, after: str | None, descending: bool
    ) -> Iterator[int]:
        """``known`` with late comers let in at their places."""
        base = self.dataset << 32
        rows = self.link.raw.execute(
            "SELECT id, rid & 4294967295 FROM records WHERE rid IN (SELECT ? | value FROM json_each(?))",
            (base, json.dumps(late.to_array().tolist())),
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
        base = self.dataset << 32
        for n in ns:
            row = self.link.raw.execute("SELECT id FROM records WHERE rid = ?", (base | n,)).fetchone()
            if row is not None:
                yield row[0], n


def _chosen(part: Numbers, mask: Numbers) -> list[int]:
    chosen: list[int] = part[mask[part]].tolist()
    return chosen


def mask_of(selection: BitMap, size: int) -> Numbers:
    """One truth value per record number up to ``size``, or more where the selection has more."""
    mask = np.zeros(max(size, selection.max() if selection else 0) + 1, dtype=np.bool_)
    mask[np.asarray(selection.to_array(), dtype=np.int64)] = True
    return mask


def _read_keys(link: Link, field: int, viewer: int) -> Numbers:
    """Every facet row of a field: value number << 32 | record number."""
    (packed,) = link.raw.execute(
        "SELECT group_concat(f.key) FROM vals v CROSS JOIN facet f ON f.key >= v.vid << 32 "
        "AND f.key < (v.vid + 1) << 32 WHERE v.field = ? AND v.viewer = ? AND v.n > 0",
        (field, viewer),
    ).fetchone()
    return np.fromstring(packed, dtype=np.int64, sep=",") if packed else np.empty(0, dtype=np.int64)


def _read_numbers(link: Link, vid: int) -> Numbers:
    (packed,) = link.raw.execute(
        "SELECT group_concat(key & 4294967295) FROM facet WHERE key >= ? AND key < ?",
        (vid << 32, vid + 1 << 32),
    ).fetchone()
    return np.fromstring(packed, dtype=np.uint32, sep=",") if packed else _NOTHING


def _read_bitmap(link: Link, vid: int) -> BitMap:
    return BitMap(_read_numbers(link, vid))


def _grown(column: Numbers, n: int, fill: int = 0) -> Numbers:
    """The column, long enough to have a place for ``n``."""
    if n < len(column):
        return column
    more = np.full(max(n + 1 - len(column), len(column) // 4 + 1024), fill, dtype=column.dtype)
    return np.concatenate([column, more])

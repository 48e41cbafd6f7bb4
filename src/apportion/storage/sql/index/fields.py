"""One field of a dataset in memory: the records of each value, numbers, and times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
from pyroaring import BitMap

from apportion.storage.sql.connection import SqlConnection

__all__ = [
    "Column", "FacetField", "NumberField", "Numbers", "mask_of", "places_of", "read_bitmap", "read_keys", "set_lowest",
]  # fmt: skip

Numbers: TypeAlias = Any
"""A numpy array. (Its own types add more noise than safety here.)"""

FEW_VALUES = 2_000
"""Up to so many values have a bitmap each, where records have several values of the field."""


class FacetField:
    """Records by value of one counted field, as one viewer sees it.

    Mostly a record has one value, and then ``column`` holds its code: values are numbered from 1 in their
    own order. Where some record has several, there is a bitmap per value, or nothing for very many values.
    """

    def __init__(
        self, connection: SqlConnection, field: int, viewer: int, size: int, *, read: bool = True
    ) -> None:
        """``read`` False: leave out which records have the values; the caller sets ``column`` before others see it."""
        self.term_ids: list[int] = _read_term_ids(connection, field, viewer).tolist()
        # Of very many values only those that are shown are looked up, instead of keeping all their names
        self.values: dict[int, str] = _read_values(connection, field, viewer) if self._few() else {}
        self._code_of = {term_id: code for code, term_id in enumerate(self.term_ids, 1)}
        self._bitmaps: dict[int, BitMap] = {}
        self._anyone: BitMap | None = None
        """The records with any value, once asked for, as long as there is a column."""
        self._places: tuple[bool, Numbers] | None = None
        """The order asked for last (descending or not), as a place for each record, until the next change."""
        self.column: Numbers | None = None
        if not read:
            return
        keys = read_keys(connection, field, viewer)
        # A column takes one to four bytes a record, by how many values there are, and counts a selection in one pass
        ns, codes = keys & 0xFFFFFFFF, self._codes(keys >> 32)
        highest = int(ns.max()) if ns.size else 0
        if not ns.size or np.bincount(ns).max() == 1:
            self.column = np.zeros(max(size, highest) + 1, dtype=np.min_scalar_type(len(self.term_ids)))
            self.column[ns] = codes
        elif self._few():
            for code, term_id in enumerate(self.term_ids, 1):
                self._bitmaps[term_id] = BitMap(ns[codes == code].astype(np.uint32))

    def _codes(self, term_ids: Numbers) -> Numbers:
        if not term_ids.size:
            return term_ids
        return places_of(np.asarray(self.term_ids, dtype=np.int64), term_ids)[0] + 1

    def _few(self) -> bool:
        return len(self.term_ids) <= FEW_VALUES

    def change(self, term_id: int, n: int, has: bool) -> None:
        """Apply that a record gains or loses a value."""
        self._places = None
        code = self._code_of.get(term_id)
        if code is None:  # a new value comes last, out of its order, which only breaks ties
            self.term_ids.append(term_id)
            code = self._code_of[term_id] = len(self.term_ids)
        if self.column is not None:
            self.column = _grown(self.column, n)
            if not has:
                # Changes may be applied twice: the record may have another value by now
                if self.column[n] == code:
                    self.column[n] = 0
            elif self.column[n] in (0, code):
                if code > np.iinfo(self.column.dtype).max:
                    self.column = self.column.astype(np.min_scalar_type(code))
                self.column[n] = code
            else:
                self._split()
        if self._anyone is not None and self.column is not None:
            (self._anyone.add if self.column[n] else self._anyone.discard)(n)
        bitmap = self._bitmaps.get(term_id)
        if bitmap is None and self.column is None and self._few():
            bitmap = self._bitmaps[term_id] = BitMap()
        if bitmap is not None:
            if has:
                bitmap.add(n)
            else:
                bitmap.discard(n)

    def _split(self) -> None:
        """Turn the column into bitmaps: some record has a second value, which a column cannot hold."""
        if self._few():
            # Read from the column now, before it goes
            for term_id in self.term_ids:
                self.holders(term_id)
        else:
            self._bitmaps.clear()
        self.column = self._anyone = None

    def crowded(self) -> bool:
        """Return True if there are too many values for the bitmaps, so that the field has to be read again."""
        return self.column is None and bool(self._bitmaps) and not self._few()

    def holders(self, term_id: int) -> BitMap | None:
        """Return the records that have a value; None when only the file has them. Do not change the bitmap."""
        found = self._bitmaps.get(term_id)
        if found is None:
            code = self._code_of.get(term_id)
            if code is None:
                return BitMap()
            if self.column is None:
                return BitMap() if self._few() else None
            found = BitMap(np.flatnonzero(self.column == code).astype(np.uint32))
            if self._few():
                self._bitmaps[term_id] = found
        return found

    def first_wrong(self, keys: Numbers) -> int | None:
        """Compare with facet keys (value number << 32 | record number), ascending: return a value that other records
        have here; None where there is none, or where only the file has them."""
        if self.column is not None:
            ns = np.flatnonzero(self.column)
            codes = self.column[ns].astype(np.int64) - 1
            held = np.sort(np.asarray(self.term_ids, dtype=np.int64)[codes] << 32 | ns)
        elif self._few():
            parts = [np.empty(0, dtype=np.int64)]
            for term_id, bitmap in self._bitmaps.items():
                parts.append(term_id << 32 | np.asarray(bitmap.to_array(), dtype=np.int64))
            held = np.sort(np.concatenate(parts))
        else:
            return None
        return None if np.array_equal(held, keys) else int(np.setxor1d(held, keys)[0]) >> 32

    def holders_of(self, term_ids: Collection[int]) -> BitMap | None:
        """Return the records with one of many values, in one pass; None where records have several values."""
        if self.column is None:
            return None
        wanted = np.zeros(len(self.term_ids) + 1, dtype=np.bool_)
        wanted[[self._code_of[term_id] for term_id in term_ids if term_id in self._code_of]] = True
        return BitMap(np.flatnonzero(wanted[self.column]).astype(np.uint32))

    def holders_of_any(self) -> BitMap | None:
        """Return the records that have any value; None when only the file has them. Do not change the bitmap."""
        if self.column is not None:
            if self._anyone is None:
                self._anyone = BitMap(np.flatnonzero(self.column).astype(np.uint32))
            return self._anyone
        return BitMap.union(BitMap(), *self._bitmaps.values()) if self._few() else None

    def counts(self, selection: BitMap, ns: Callable[[], Numbers], most: int) -> list[tuple[int, int]] | None:
        """Return (value number, how many of the selection have it), most first; None when it is not known here."""
        if self.column is not None:
            known = ns()
            known = known[known < len(self.column)]  # records logged since may lie beyond, without a value
            found = np.bincount(self.column[known], minlength=len(self.term_ids) + 1)
            found[0] = 0
            codes = np.flatnonzero(found)
            weight = (
                found[codes] * (len(self.term_ids) + 1) - codes
            )  # more first, then in the order of the values
            if codes.size > most:
                # Only the first ones are sorted: a field may have a hundred thousand values
                best = np.argpartition(-weight, most)[:most]
                codes, weight = codes[best], weight[best]
            codes = codes[np.argsort(-weight)]
            return [(self.term_ids[code - 1], int(found[code])) for code in codes.tolist()]
        if not self._few():
            return None
        shared = [
            (term_id, bitmap.intersection_cardinality(selection)) for term_id, bitmap in self._bitmaps.items()
        ]
        return sorted((pair for pair in shared if pair[1]), key=lambda pair: -pair[1])

    def ranks(self, term_ids: Numbers, ranks: Numbers, size: int) -> Numbers | None:
        """Return a number per record, the rank of its value; None where records have several values.

        ``ranks``: one for each of ``term_ids``, the numbers of values.
        """
        if self.column is None:
            return None
        known = np.asarray(self.term_ids, dtype=np.int64)
        table = np.full(len(known) + 1, np.inf)
        at, ranked = places_of(known, term_ids)
        table[at[ranked] + 1] = ranks[ranked]
        places = np.full(size + 1, np.inf)
        column = self.column[: size + 1]
        places[: len(column)] = table[column]
        return places

    def places(self, descending: bool, size: int) -> Numbers | None:
        """Return the place of each record in the order by value if it is known, for ``size`` records or more."""
        known = self._places
        return known[1] if known and known[0] == descending and len(known[1]) > size else None

    def keep_places(self, descending: bool, places: Numbers, *, all_ranked: bool) -> None:
        """Keep an order until the next change, unless a record has a value that was not ranked.

        Values are read from the snapshot of one search, which may be older than what is held here. ``all_ranked``:
        whether that is known not to be so, for records with several values.
        """
        if self.column is not None:
            column = self.column[: len(places)]
            all_ranked = bool(np.isfinite(places[: len(column)][column != 0]).all())
        if all_ranked:
            self._places = descending, places


class NumberField:
    """Numbers of one field, record by record: scores, floats, dates."""

    def __init__(self, connection: SqlConnection, field: int) -> None:
        ns, values = _read_pairs(connection, field)
        self._new: dict[int, Sequence[float]] = {}
        self._take(ns, values)
        self.histogram: dict[int, int] | None = None
        """The match-all histogram, until the next change."""

    def _take(self, ns: Numbers, values: Numbers) -> None:
        dense = np.full(int(ns.max()) + 1 if len(ns) else 0, np.nan)
        dense[ns] = values
        there = np.flatnonzero(~np.isnan(dense))
        self._dense: Numbers | None = None
        """The value of each record by its number, where none has several."""
        if len(there) == len(ns):
            self._dense, self._ns, self._values = dense, there.astype(np.uint32), dense[there]
        else:
            order = np.argsort(ns, kind="stable")
            self._ns, self._values = ns[order].astype(np.uint32, copy=False), values[order]

    def change(self, n: int, values: Sequence[float]) -> None:
        """Set the values of a record; they are merged in when next asked for."""
        self._new[n] = values
        self.histogram = None

    def pairs(self) -> tuple[Numbers, Numbers]:
        """Return record numbers, ascending, and their values; a record with several values comes several times."""
        if self._new:
            changed = np.fromiter(self._new, dtype=np.int64, count=len(self._new))
            # New records come after all others: then nothing is taken out, and no array compared
            old = ~np.isin(self._ns, changed) if len(self._ns) and changed.min() <= self._ns[-1] else None
            ns = self._ns if old is None else self._ns[old]
            values = self._values if old is None else self._values[old]
            more_n = [n for n, vs in self._new.items() for _ in vs]
            more_v = [v for vs in self._new.values() for v in vs]
            ns = np.concatenate([ns, np.asarray(more_n, dtype=np.uint32)])
            values = np.concatenate([values, np.asarray(more_v, dtype=np.float64)])
            self._new = {}
            self._take(ns, values)
        return self._ns, self._values

    def between(self, low: float, high: float, *, include_low: bool, include_high: bool) -> BitMap:
        """Return the records with some value in the range."""
        ns, values = self.pairs()
        hits = (values >= low) if include_low else (values > low)
        hits &= (values <= high) if include_high else (values < high)
        return BitMap(ns[hits].astype(np.uint32))

    def of(self, selection: BitMap | None) -> tuple[Numbers | None, Numbers]:
        """Return the values of the selected records (None: of all), and before them the records' numbers, or None
        where every record has one value at the most."""
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

    # The largest number: it comes last, and is not negated where an order goes down
    MISSING = np.iinfo(np.int64).max

    def __init__(self, ns: Sequence[int], values: Sequence[int], size: int) -> None:
        self.values = np.full(max(size, max(ns, default=0)) + 1, self.MISSING, dtype=np.int64)
        self.values[np.asarray(ns, dtype=np.int64)] = values

    def set(self, n: int, value: int | None) -> None:
        self.values = _grown(self.values, n, self.MISSING)
        self.values[n] = self.MISSING if value is None else value

    def between(self, low: int, high: int) -> BitMap:
        """Return the records whose value lies in the closed range."""
        hits = (self.values >= low) & (self.values <= high) & (self.values != self.MISSING)
        return BitMap(np.flatnonzero(hits).astype(np.uint32))


def set_lowest(places: Numbers, holders: tuple[Numbers, Numbers], term_ids: Numbers, ranks: Numbers) -> bool:
    """Set the place of each record to the lowest rank of its values; ``ranks``: one for each of ``term_ids``.

    Return whether every value that a record has was ranked.

    Of several values the smallest counts going up, the largest going down: the lowest rank, both ways.
    """
    held, ns = holders
    at, ranked = places_of(term_ids, held)
    known = ranked & (ns < len(places))
    # An assignment would keep the last rank of a record that comes several times, not the lowest
    np.minimum.at(places, ns[known], ranks[at[known]])
    return bool(ranked.all())


def places_of(among: Numbers, wanted: Numbers) -> tuple[Numbers, Numbers]:
    """Return where each wanted number is among others that come in any order, and which of them are there at all."""
    if not len(among):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    order = np.argsort(among)
    # A number larger than all others would be looked for behind the last one
    at = order[np.minimum(np.searchsorted(among, wanted, sorter=order), len(among) - 1)]
    return at, among[at] == wanted


def mask_of(selection: BitMap, size: int) -> Numbers:
    """Return one truth value per record number up to ``size``, or more where the selection has more."""
    mask = np.zeros(max(size, selection.max() if selection else 0) + 1, dtype=np.bool_)
    mask[np.asarray(selection.to_array(), dtype=np.int64)] = True
    return mask


def _read_term_ids(connection: SqlConnection, field: int, viewer: int) -> Numbers:
    """Read the numbers of the values that some record has, in the order of the values."""
    raw, sql = connection.raw, connection.raw.dialect
    (packed,) = raw.packed(
        f"SELECT {sql.packed('vid')} FROM "
        "(SELECT vid FROM vals WHERE field = ? AND viewer = ? AND n > 0 ORDER BY value) AS v",
        (field, viewer),
    )
    return sql.unpacked(packed, np.int64)


def _read_values(connection: SqlConnection, field: int, viewer: int) -> dict[int, str]:
    """Read the values that some record has, by number."""
    statement = "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0"
    return dict(connection.raw.execute(statement, (field, viewer)).fetchall())


def read_keys(connection: SqlConnection, field: int, viewer: int) -> Numbers:
    """Read every facet row of a field: value number << 32 | record number."""
    raw, sql = connection.raw, connection.raw.dialect
    (packed,) = raw.packed(
        f"SELECT {sql.packed('f.key')} FROM vals v {sql.then_facets} "
        "WHERE v.field = ? AND v.viewer = ? AND v.n > 0",
        (field, viewer),
    )
    return sql.unpacked(packed, np.int64)


def _read_pairs(connection: SqlConnection, field: int) -> tuple[Numbers, Numbers]:
    """Read record numbers, and the numbers that each has in a field."""
    raw, sql = connection.raw, connection.raw.dialect
    # One statement for both, so that they are in the same order of rows
    ns, values = raw.packed(
        f"SELECT {sql.packed('n')}, {sql.packed_floats('value')} FROM numbers WHERE field = ?", (field,)
    )
    return sql.unpacked(ns, np.int64), sql.unpacked(values, np.float64)


def read_bitmap(connection: SqlConnection, term_id: int) -> BitMap:
    """Read the records that have a value."""
    raw, sql = connection.raw, connection.raw.dialect
    (packed,) = raw.packed(
        f"SELECT {sql.packed('key & 4294967295')} FROM facet WHERE key >= ? AND key < ?",
        (term_id << 32, term_id + 1 << 32),
    )
    return BitMap(sql.unpacked(packed, np.uint32))


def _grown(column: Numbers, n: int, fill: int = 0) -> Numbers:
    """Return the column, long enough to hold ``n``; it grows by a quarter, so that this is rare."""
    if n < len(column):
        return column
    more = np.full(max(n + 1 - len(column), len(column) // 4 + 1024), fill, dtype=column.dtype)
    return np.concatenate([column, more])

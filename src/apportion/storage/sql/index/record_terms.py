"""Read several fields at once from the rows of records, each of which has the numbers of all its values.

The database reads a row once instead of an entry of the index for each value.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from apportion.storage.sql.connection import SqlConnection

from .fields import FacetField, Numbers

__all__ = ["MOST_FIELDS", "WIDEST", "RecordTerms"]

WIDEST = 1 << 24
"""Distance of the highest value number from the lowest beyond which a table of all between them is too large."""
MOST_FIELDS = 254
"""Fields that can be told apart by one byte each."""
_BYTES = 4
"""Bytes of a value number in a row."""
_MOST = 0xFFFF
"""Values of a record from which on reading gives up: their number has to fit beside the record's in one integer."""


class RecordTerms:
    """Columns of fields that are being filled, a range of records at a time, by any thread.

    ``fields``: by number of the field, one without its column.
    """

    def __init__(self, dataset: int, fields: Mapping[int, FacetField], size: int) -> None:
        self._base = dataset << 32
        self._size = size
        self._fields = list(fields.items())
        self._several: set[int] = set()
        self.wanted = 0
        """Ranges that have to be read."""
        self._ranges: list[int] = []
        """Those that were read: two threads may add to a list, but not to a number."""
        every = [term_id for _, each in self._fields for term_id in each.term_ids]
        self._low, high = min(every, default=0), max(every, default=0)
        self.fits = bool(every) and high - self._low < WIDEST and len(self._fields) <= MOST_FIELDS
        if not self.fits:
            return
        # By value number: the place of its field here, from 1, and its code there
        self._place = np.zeros(high - self._low + 1, dtype=np.uint8)
        self._code = np.zeros(
            high - self._low + 1, np.min_scalar_type(max(len(each.term_ids) for _, each in self._fields))
        )
        for place, (_, field) in enumerate(self._fields, 1):
            at = np.asarray(field.term_ids, dtype=np.int64) - self._low
            self._place[at] = place
            self._code[at] = np.arange(1, len(at) + 1)
        # One after the other, so that a range is written to all of them at once; the first takes what is no field's
        self._codes = np.zeros((len(self._fields) + 1) * (size + 1), self._code.dtype)

    def read(self, start: int, stop: int, connection: SqlConnection) -> None:
        """Read the records with numbers from ``start`` to ``stop``, exclusive."""
        sql = connection.raw.dialect
        # In one number, since every function that is called for each row takes its time
        of_record = f"((rid & 4294967295) << 32) | ({_many('terms')} << 16) | {_many('answer_terms')}"
        records, terms, answer_terms = connection.raw.packed(
            f"SELECT {sql.packed(of_record)}, {sql.concatenated('terms')}, {sql.concatenated('answer_terms')} "
            "FROM records WHERE rid >= ? AND rid < ?",
            (self._base + start, self._base + min(stop, self._size + 1)),
        )
        packed = sql.unpacked(records, np.int64)
        ns = (packed >> 32) & 0xFFFFFFFF
        for many, term_ids in ((packed >> 16) & _MOST, terms), (packed & _MOST, answer_terms):
            if (many == _MOST).any():
                return
            self._fill(np.repeat(ns, many), np.frombuffer(sql.concatenation(term_ids), dtype=np.uint32))
        self._ranges.append(start)

    def _fill(self, holders: Numbers, term_ids: Numbers) -> None:
        ours = (term_ids >= self._low) & (term_ids < self._low + len(self._place))
        if not ours.all():
            holders, term_ids = holders[ours], term_ids[ours]
        term_ids = term_ids - self._low
        places, codes = self._place[term_ids], self._code[term_ids]
        at = places.astype(np.int64) * (self._size + 1) + holders
        twice = self._codes[at] != 0
        self._codes[at] = codes
        # Of several values of a record the last one stays
        twice |= self._codes[at] != codes
        if twice.any():
            self._several.update(np.unique(places[twice]).tolist())

    def filled(self) -> dict[int, FacetField]:
        """Return the fields whose columns are whole; none where a range was not read, nor those with several values."""
        if not self.fits or len(self._ranges) < self.wanted:
            return {}
        found, columns = {}, self._codes.reshape(-1, self._size + 1)
        for place, (number, field) in enumerate(self._fields, 1):
            if place not in self._several:
                field.column = columns[place].astype(np.min_scalar_type(len(field.term_ids)))
                found[number] = field
        return found


def _many(column: str) -> str:
    return (
        f"(CASE WHEN length({column}) < {_MOST * _BYTES} THEN length({column}) / {_BYTES} ELSE {_MOST} END)"
    )

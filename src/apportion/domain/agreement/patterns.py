"""Records that were answered alike, counted together: sparse coincidence counts.

Which answers a record got decides what it adds to a measure; who gave them, and which record it was, does not. So
records with the same answers are counted as one row with a weight, and whatever follows costs what the number of
different rows costs, not what the number of answers does. Leaving one record out, or drawing records again, is a change
of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .ratings import Ratings

__all__ = ["AnswerPatterns", "count_alike"]


@dataclass(frozen=True, slots=True)
class AnswerPatterns:
    """Rows of answers in sparse form: an entry says that a ``value`` came up ``count`` times in a ``row``.

    ``weight`` is how many records each row stands for, ``size`` how many answers one of them has. ``members`` has the
    rows of each size: their numbers, and their values as a table. ``row_of`` says which row a unit went into, or -1.
    """

    weight: Column
    size: Column
    row: Column
    value: Column
    count: Column
    members: list[tuple[Column, Column]]
    row_of: Column
    values: int

    def totals(self, weight: Column) -> Column:
        """Return the count of each value, with other weights of the rows."""
        return np.bincount(self.value, weights=weight[self.row] * self.count, minlength=self.values)

    def per_row(self, of_value: Column) -> Column:
        """Return for each row the sum of a number that each value has."""
        return np.bincount(self.row, weights=of_value[self.value] * self.count, minlength=len(self.weight))

    def squares(self) -> Column:
        """Return for each row the sum of its squared counts."""
        return np.bincount(self.row, weights=self.count * self.count, minlength=len(self.weight))


def count_alike(data: Ratings) -> AnswerPatterns:
    """Return the distinct rows of answers, regardless of their order, and the number of units that have each."""
    values = max(1, len(data.values))
    sizes = data.answers()
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    # One sort of one key is much faster than two; units are in order already.
    ordered = np.sort(data.unit * values + data.value) % values
    row_of = np.full(data.units, -1, dtype=np.int64)
    members: list[tuple[Column, Column]] = []
    weights, row_sizes = [], []
    rows = 0
    for size in np.unique(sizes[sizes > 0]).tolist():
        units = np.flatnonzero(sizes == size)
        table = ordered[starts[units][:, None] + np.arange(size)]
        distinct, row, weight = _distinct(table, values)
        row_of[units] = row + rows
        numbers = np.arange(rows, rows + len(distinct))
        members.append((numbers, distinct))
        weights.append(weight)
        row_sizes.append(np.full(len(distinct), size))
        rows += len(distinct)
    if not members:
        none = np.zeros(0, dtype=np.int64)
        return AnswerPatterns(none, none, none, none, none, [], row_of, values)
    flat_rows = np.concatenate([np.repeat(numbers, table.shape[1]) for numbers, table in members])
    flat_values = np.concatenate([table.ravel() for _, table in members])
    starts_new = np.ones(len(flat_rows), dtype=np.bool_)
    starts_new[1:] = (flat_rows[1:] != flat_rows[:-1]) | (flat_values[1:] != flat_values[:-1])
    first = np.flatnonzero(starts_new)
    return AnswerPatterns(
        weight=np.concatenate(weights),
        size=np.concatenate(row_sizes),
        row=flat_rows[first],
        value=flat_values[first],
        count=np.diff(np.append(first, len(flat_rows))),
        members=members,
        row_of=row_of,
        values=values,
    )


def _distinct(table: Column, values: int) -> tuple[Column, Column, Column]:
    """Return the distinct rows of a table, the one that each row equals, and the count of each."""
    size = table.shape[1]
    if values**size < 2**62:
        key = table @ (values ** np.arange(size, dtype=np.int64))
        if values**size <= 4 * len(table) + 1024:  # few possible rows: counting is cheaper than sorting
            often = np.bincount(key, minlength=values**size)
            there = np.flatnonzero(often)
            place = np.cumsum(often > 0) - 1
            found = (there[:, None] // values ** np.arange(size, dtype=np.int64)) % values
            return found, place[key], often[there]
        _, first, row, weight = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        return table[first], row.ravel(), weight
    found, row, weight = np.unique(table, axis=0, return_inverse=True, return_counts=True)
    return found, row.ravel(), weight

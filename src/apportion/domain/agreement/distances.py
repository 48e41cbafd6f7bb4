"""Distances between two answers: the difference functions of alpha and of weighted measures.

Nominal, ordinal, interval and ratio: Krippendorff, Content Analysis, 2nd ed. 2004, chapter 11. Jaccard: Jaccard,
Bull. Soc. Vaud. Sci. Nat. 37, 1901. MASI: Passonneau, LREC 2006, Jaccard times how the sets contain each other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from apportion.domain.numpy_types import Column, np

from .patterns import AnswerPatterns

__all__ = [
    "Distance",
    "Nominal",
    "PairwiseDistance",
    "Squared",
    "jaccard",
    "linear",
    "masi",
    "numbers",
    "ratio",
]


class Distance(Protocol):
    """A distance between values, which are codes."""

    def between(self, one: Column, other: Column) -> Column:
        """Return the distance of each value in one column to the value at the same place in the other."""

    def against(self, totals: Column) -> Column:
        """Return for each value the sum of its distances to all the values that came up ``totals`` times."""

    def within(self, rows: AnswerPatterns) -> Column:
        """Return for each row the sum of the distances over all ordered pairs of its answers."""


class Nominal:
    """The nominal distance: 0 for the same value, 1 for different ones."""

    def between(self, one: Column, other: Column) -> Column:
        return np.asarray((one != other).astype(np.float64))

    def against(self, totals: Column) -> Column:
        return np.asarray(totals.sum() - totals)

    def within(self, rows: AnswerPatterns) -> Column:
        return np.asarray(rows.size.astype(np.float64) ** 2 - rows.squares())


class Squared:
    """The squared difference of numbers, one per value."""

    def __init__(self, numbers: Column) -> None:
        # Centred: with large numbers the small differences would be lost to rounding in the sums of squares.
        self.numbers = numbers - numbers.mean() if len(numbers) else numbers

    def between(self, one: Column, other: Column) -> Column:
        return np.asarray((self.numbers[one] - self.numbers[other]) ** 2)

    def against(self, totals: Column) -> Column:
        x = self.numbers
        return np.asarray(totals.sum() * x**2 - 2 * x * (totals @ x) + totals @ x**2)

    def within(self, rows: AnswerPatterns) -> Column:
        x = self.numbers
        first = rows.per_row(x)
        apart = 2 * (rows.size * rows.per_row(x**2) - first**2)
        # Rounding can leave a small remainder where all answers are the same; that is no disagreement.
        return np.where(np.bincount(rows.row, minlength=len(rows.size)) == 1, 0.0, np.maximum(apart, 0.0))


class PairwiseDistance:
    """Any other distance, given as a function of two columns of codes."""

    def __init__(self, distance: Callable[[Column, Column], Column], values: int) -> None:
        self.between = distance
        self.values = values

    def against(self, totals: Column) -> Column:
        used = np.flatnonzero(totals)
        found = np.zeros(self.values)
        step = max(1, 2_000_000 // max(1, len(used)))
        for start in range(0, self.values, step):
            some = np.arange(start, min(start + step, self.values))
            one, other = np.repeat(some, len(used)), np.tile(used, len(some))
            found[some] = self.between(one, other).reshape(len(some), len(used)) @ totals[used]
        return found

    def within(self, rows: AnswerPatterns) -> Column:
        found = np.zeros(len(rows.weight))
        for numbers, table in rows.members:
            size = table.shape[1]
            if size * (size - 1) // 2 <= len(table):
                for i in range(size):
                    for j in range(i + 1, size):
                        found[numbers] += 2 * self.between(table[:, i], table[:, j])
            else:
                one, other = np.triu_indices(size, 1)
                for number, values in zip(numbers, table, strict=True):
                    found[number] = 2 * self.between(values[one], values[other]).sum()
        return found


def numbers(values: Sequence[Hashable]) -> Column | None:
    """Return the values as numbers if all are numbers or strings that read as numbers; else None.

    >>> numbers(["1", "2.5"]).tolist(), numbers(["1", "two"])
    ([1.0, 2.5], None)
    """
    try:
        found = np.array([float(value) for value in values], dtype=np.float64)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if np.isfinite(found).all() else None


def linear(values: int) -> PairwiseDistance:
    """Return the distance that counts the places between two values in their order."""
    return PairwiseDistance(lambda one, other: np.abs(one - other).astype(np.float64), values)


def ratio(of_values: Column) -> PairwiseDistance:
    """Return the ratio distance: the squared share of the difference in the sum; of numbers not below zero."""

    def distance(one: Column, other: Column) -> Column:
        x, y = of_values[one], of_values[other]
        total = x + y
        return np.asarray(((x - y) / np.where(total == 0, 1.0, total)) ** 2)

    return PairwiseDistance(distance, len(of_values))


def jaccard(sets: Sequence[frozenset[str]]) -> PairwiseDistance:
    """Return the Jaccard distance: one minus the share of the common labels in all labels of both.

    Two empty sets are the same.
    """
    both = _overlaps(sets)

    def distance(one: Column, other: Column) -> Column:
        common, all_of_both, _ = both(one, other)
        return np.asarray(1 - np.where(all_of_both == 0, 1.0, common / np.maximum(all_of_both, 1)))

    return PairwiseDistance(distance, len(sets))


def masi(sets: Sequence[frozenset[str]]) -> PairwiseDistance:
    """Return the MASI distance.

    It is one minus Jaccard times 1 (same), 2/3 (one contains the other), 1/3 (something in common) or 0.
    """
    both = _overlaps(sets)

    def distance(one: Column, other: Column) -> Column:
        common, all_of_both, smaller = both(one, other)
        alike = np.where(all_of_both == 0, 1.0, common / np.maximum(all_of_both, 1))
        contained = np.where(common == smaller, 2 / 3, np.where(common > 0, 1 / 3, 0.0))
        return np.asarray(1 - alike * np.where(common == all_of_both, 1.0, contained))

    return PairwiseDistance(distance, len(sets))


def _overlaps(sets: Sequence[frozenset[str]]) -> Callable[[Column, Column], tuple[Column, Column, Column]]:
    """Return a function of two columns of codes: sizes of intersection, of union, and of the smaller set."""
    place = {label: number for number, label in enumerate(sorted({label for each in sets for label in each}))}
    words = np.zeros((max(1, -(-len(place) // 64)), len(sets)), dtype=np.uint64)
    for number, each in enumerate(sets):
        for label in each:
            word, bit = divmod(place[label], 64)
            words[word, number] |= np.uint64(1 << bit)
    size = np.array([len(each) for each in sets], dtype=np.int64)

    def both(one: Column, other: Column) -> tuple[Column, Column, Column]:
        common = np.zeros(len(one), dtype=np.int64)
        for word in words:
            common += np.bitwise_count(word[one] & word[other]).astype(np.int64)
        return common, size[one] + size[other] - common, np.minimum(size[one], size[other])

    return both

"""Krippendorff's alpha, for any number of people, with gaps, and any distance.

Krippendorff, Content Analysis, 2nd ed. 2004, chapter 11: alpha = 1 - D_o / D_e from coincidences within units. With
``d`` the distances within a unit over all ordered pairs of its m answers, and n how often each value came up (only
in units with two or more answers, N in all):

    D_o = sum of d / (m - 1), over N        D_e = sum over c, k of n_c n_k distance(c, k), over N (N - 1)

Leaving one unit out changes n by the unit's own counts u, so D_e by -2 u'Dn + u'Du: the interval costs no more than the
estimate. The ordinal distance depends on n itself; it is the squared difference of mid-ranks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .distances import Distance, Squared
from .patterns import AnswerPatterns

__all__ = ["Alpha", "OrdinalAlpha", "alpha_of_rows"]

_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha from sums over each row that may be left out: a unit, or a document with many units.

    ``observed`` is a row's sum of d / (m - 1), ``own`` its u'Du, ``size`` its number of answers.
    """

    rows: AnswerPatterns
    metric: Distance
    observed: Column
    own: Column

    @property
    def weight(self) -> Column:
        """The number of records each row stands for."""
        return self.rows.weight

    def value(self, weight: Column) -> float:
        """Return alpha with other weights of the rows; nan where only one value came up."""
        totals = self.rows.totals(weight)
        expected = totals @ self.metric.against(totals)
        return _one(float(weight @ self.observed), float(expected), float(totals.sum()))

    def without_one(self) -> Column:
        """Return for each row alpha without one of the records it stands for."""
        totals = self.rows.totals(self.weight)
        against = self.metric.against(totals)
        expected = totals @ against - 2 * self.rows.per_row(against) + self.own
        observed = self.weight @ self.observed - self.observed
        return _each(observed, expected, totals.sum() - self.rows.size, float(totals @ against))


@dataclass(frozen=True, slots=True)
class OrdinalAlpha:
    """Alpha with the ordinal distance, whose mid-ranks are those of the answers at hand."""

    rows: AnswerPatterns

    @property
    def weight(self) -> Column:
        return self.rows.weight

    def value(self, weight: Column) -> float:
        totals = self.rows.totals(weight)
        metric = Squared(_midranks(totals))
        observed = weight @ (metric.within(self.rows) / (self.rows.size - 1))
        return _one(float(observed), float(totals @ metric.against(totals)), float(totals.sum()))

    def without_one(self) -> Column:
        rows = self.rows
        totals = rows.totals(self.weight)
        coincidences = np.zeros((rows.values, rows.values))
        for start, stop, counts in self._dense():
            of_each = rows.weight[start:stop] / (rows.size[start:stop] - 1)
            coincidences += (counts * of_each[:, None]).T @ counts
        # Sum over all coincidences of squared differences of x, as a form: 2 x'(degrees - coincidences)x. The
        # answer that would meet itself adds as much to both.
        form = 2 * (np.diag(coincidences.sum(axis=1)) - coincidences)
        found = np.empty(len(rows.weight))
        for start, stop, counts in self._dense():
            size = rows.size[start:stop]
            left = totals - counts
            ranks = np.cumsum(left, axis=1) - left / 2
            ranks -= ranks.mean(axis=1, keepdims=True)
            observed = ((ranks @ form) * ranks).sum(axis=1) - _spread(counts, ranks) / (size - 1)
            expected = _spread(left, ranks)
            found[start:stop] = _each(observed, expected, left.sum(axis=1), expected.max(initial=0.0))
        return found

    def _dense(self) -> Iterator[tuple[int, int, Column]]:
        """Yield the counts of some rows at a time as a table, so that memory stays bounded."""
        rows = self.rows
        step = max(1, _CELLS // rows.values)
        for start in range(0, len(rows.weight), step):
            stop = min(start + step, len(rows.weight))
            first, last = np.searchsorted(rows.row, [start, stop])
            counts = np.zeros((stop - start, rows.values))
            counts[rows.row[first:last] - start, rows.value[first:last]] = rows.count[first:last]
            yield start, stop, counts


def _spread(counts: Column, x: Column) -> Column:
    """Return for each row of counts the sum of squared differences of x over all ordered pairs."""
    first = (counts * x).sum(axis=1)
    return np.asarray(2 * (counts.sum(axis=1) * (counts * x**2).sum(axis=1) - first**2))


def alpha_of_rows(rows: AnswerPatterns, metric: Distance) -> Alpha:
    """Return alpha over units with two or more answers each."""
    within = metric.within(rows)
    return Alpha(rows, metric, within / (rows.size - 1), within)


def _midranks(totals: Column) -> Column:
    return np.asarray(np.cumsum(totals) - totals / 2)


def _one(observed: float, expected: float, answers: float) -> float:
    return float(1 - (answers - 1) * observed / expected) if expected > 1e-9 * answers else float("nan")


def _each(observed: Column, expected: Column, answers: Column, scale: float) -> Column:
    # Differences of large sums leave rounding where nothing should be left.
    defined = expected > 1e-12 * scale
    found = 1 - (answers - 1) * np.maximum(observed, 0) / np.where(defined, expected, 1)
    return np.where(defined, found, np.nan)

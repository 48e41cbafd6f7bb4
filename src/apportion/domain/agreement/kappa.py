"""Percent agreement, and the measures that correct it for chance by the shares of the values.

Cohen's kappa: Cohen, Educ. Psychol. Meas. 20, 1960; weighted: Psychol. Bull. 70, 1968. Fleiss' kappa: Fleiss, Psychol.
Bull. 76, 1971. AC1 and AC2: Gwet, Br. J. Math. Stat. Psychol. 61, 2008. With gaps, the last three as in Gwet,
Handbook of Inter-Rater Reliability, 4th ed. 2014: agreement within records that have two answers, shares of the values
over all records, each record counting the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .distances import Distance
from .patterns import AnswerPatterns

__all__ = ["Chance", "ChanceShares", "Cohen", "cohen", "shares"]

Chance = str
"""``none`` (percent), ``fleiss`` or ``gwet``."""


@dataclass(frozen=True, slots=True)
class ChanceShares:
    """Percent agreement, Fleiss and Gwet. ``agreed`` is a row's share of agreement among its ordered pairs.

    ``scale`` makes chance agreement of the values' spread: the sum of all weights, over q (q - 1), for Gwet.
    """

    rows: AnswerPatterns
    chance: Chance
    agreed: Column
    shared: Column
    scale: float

    @property
    def weight(self) -> Column:
        """The number of records each row stands for."""
        return self.rows.weight

    def value(self, weight: Column) -> float:
        records, shared = weight.sum(), weight @ self.shared
        if not shared:
            return float("nan")
        shares = self.rows.totals(weight / self.rows.size)
        return float(self._from(weight @ self.agreed / shared, shares @ shares / records**2))

    def without_one(self) -> Column:
        records, shared = self.weight.sum() - 1, self.weight @ self.shared - self.shared
        shares = self.rows.totals(self.weight / self.rows.size)
        own = self.rows.squares() / self.rows.size**2
        squares = shares @ shares - 2 * self.rows.per_row(shares) / self.rows.size + own
        with np.errstate(divide="ignore", invalid="ignore"):
            agreed = (self.weight @ self.agreed - self.agreed) / shared
            return np.asarray(self._from(agreed, squares / records**2))

    def _from(self, agreed: Column, squares: Column) -> Column:
        """Return the measure from the share of agreement, and the sum of the squared shares of the values."""
        if self.chance == "none":
            return agreed
        by_chance = squares if self.chance == "fleiss" else self.scale * (1 - squares)
        one_value = squares > 1 - 1e-12
        return np.where(one_value, np.nan, (agreed - by_chance) / np.where(one_value, 1, 1 - by_chance))


def shares(rows: AnswerPatterns, chance: Chance, metric: Distance) -> ChanceShares:
    """Return percent agreement (``chance="none"``), Fleiss' kappa, Gwet's AC1 (nominal) or AC2 (any other distance).

    Agreement of two answers is one minus their distance over the largest distance there is.
    """
    pairs = rows.size * (rows.size - 1)
    used = np.unique(rows.value)
    one, other = np.repeat(used, len(used)), np.tile(used, len(used))
    many = len(used) > 1_000  # only nominal measures get here with so many values
    distances = np.ones(1) if many else metric.between(one, other)
    largest = float(distances.max(initial=0.0)) or 1.0
    agreed = np.where(pairs > 0, 1 - metric.within(rows) / largest / np.maximum(pairs, 1), 0.0)
    all_weights = len(used) if many else float((1 - distances / largest).sum())
    return ChanceShares(rows, chance, agreed, pairs > 0, all_weights / max(1, len(used) * (len(used) - 1)))


@dataclass(frozen=True, slots=True)
class Cohen:
    """Cohen's kappa: ``one`` and ``other`` are the two people's values in each row, ``apart`` their distance."""

    weight: Column
    one: Column
    other: Column
    apart: Column
    metric: Distance
    values: int

    def value(self, weight: Column) -> float:
        ones, others = self._totals(weight)
        expected = ones @ self.metric.against(others)
        return float(1 - weight.sum() * (weight @ self.apart) / expected) if expected > 0 else float("nan")

    def without_one(self) -> Column:
        ones, others = self._totals(self.weight)
        against_others, against_ones = self.metric.against(others), self.metric.against(ones)
        expected = ones @ against_others - against_others[self.one] - against_ones[self.other] + self.apart
        observed = self.weight @ self.apart - self.apart
        defined = expected > 1e-12 * (ones @ against_others)
        left = self.weight.sum() - 1
        return np.where(defined, 1 - left * observed / np.where(defined, expected, 1), np.nan)

    def _totals(self, weight: Column) -> tuple[Column, Column]:
        return (
            np.bincount(self.one, weights=weight, minlength=self.values),
            np.bincount(self.other, weights=weight, minlength=self.values),
        )


def cohen(one: Column, other: Column, metric: Distance, values: int) -> Cohen:
    """Return Cohen's kappa from two people's values on the same records."""
    cells, weight = np.unique(one * values + other, return_counts=True)
    first, second = cells // values, cells % values
    return Cohen(weight, first, second, metric.between(first, second), metric, values)

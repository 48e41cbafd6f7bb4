"""Confidence intervals of figures: by leaving out each record in turn, or by resampling records.

Both take the records as drawn from more of their kind. The jackknife, with Student's t, is the default: Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11; for alpha: Hughes, arXiv 2210.13265, 2022. Resampling
pairs of answers instead of records gives intervals that are much too narrow, so we do not offer it.

The jackknife works on the logarithm of what is missing to full agreement, log(1 - estimate). There the estimates are
nearly symmetric, no interval reaches beyond 1, and near full agreement, where intervals on the plain scale miss the
truth in up to 13 of 100 cases, these reach their nominal level (``benchmarks/agreement.py`` counts).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Protocol

from apportion.domain.numpy_types import Column, np

from .measures import Interval

__all__ = ["DRAWS", "Statistic", "all_alike", "bounds", "student_t"]

DRAWS = 1_000
"""Number of times the bootstrap draws as many records as there are, with replacement."""


class Statistic(Protocol):
    """A measure over records, of which some count the same: rows with a weight."""

    @property
    def weight(self) -> Column:
        """The number of records each row stands for."""

    def value(self, weight: Column) -> float:
        """Return the measure if each row stood for so many records; nan where it is undefined."""

    def without_one(self) -> Column:
        """Return for each row the measure without one of its records; nan where it is undefined."""


def bounds(
    statistic: Statistic, estimate: float, interval: Interval, level: float, seed: int
) -> tuple[float, float] | None:
    """Return the interval, which contains the estimate; None if without some one record the measure is undefined.

    Equal bounds mean that no record differs from another.
    """
    if interval is Interval.BOOTSTRAP:
        return _bootstrap(statistic, estimate, level, seed)
    return _jackknife(statistic, estimate, level)


def _jackknife(statistic: Statistic, estimate: float, level: float) -> tuple[float, float] | None:
    weight = statistic.weight
    records = int(weight.sum())
    found = statistic.without_one()
    if records < 2 or not np.isfinite(found).all():
        return None
    times = student_t(level, records - 1)
    if estimate < 1 and (found < 1).all():
        half = times * _error(np.log1p(-found), weight)
        missing = 1 - estimate
        return 1 - missing * math.exp(half), 1 - missing * math.exp(-half)
    half = times * _error(found, weight)  # one record holds all the disagreement there is
    return estimate - half, min(1.0, estimate + half)


def _error(found: Column, weight: Column) -> float:
    """Return the standard error of an estimate, from its values without each record."""
    records = weight.sum()
    mean = weight @ found / records
    error = math.sqrt((records - 1) / records * (weight @ (found - mean) ** 2))
    return error if error > 1e-12 else 0.0


def _bootstrap(statistic: Statistic, estimate: float, level: float, seed: int) -> tuple[float, float] | None:
    """Return the percentiles of ``DRAWS`` estimates, interpolated linearly between two of them.

    Draws in which the measure is undefined are left out; with more than a tenth of those there is no interval.
    """
    weight = statistic.weight
    records = int(weight.sum())
    rng = np.random.default_rng(seed)
    share = weight / records
    found = np.array([statistic.value(rng.multinomial(records, share)) for _ in range(DRAWS)])
    found = found[np.isfinite(found)]
    if len(found) < 0.9 * DRAWS:
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), estimate), max(float(high), estimate)


def all_alike(estimate: float, records: int, level: float) -> tuple[float, float] | None:
    """Return the interval of a share of agreement where it is 1 on all records, or 0 on all; None for others.

    Clopper and Pearson, Biometrika 26, 1934: the end of their two-sided interval, which is the bound to one side at
    half the chance of error, ((1 - level) / 2) ** (1 / records). Where three people or more answer a record, how often
    they all agree is never above how often two of them do, so the bound holds for that, too.

    >>> [round(all_alike(1.0, each, 0.95)[0], 3) for each in (10, 30, 100)]
    [0.692, 0.884, 0.964]
    """
    bound: float = ((1 - level) / 2) ** (1 / records)
    if estimate == 1:
        return bound, 1.0
    return (0.0, 1 - bound) if estimate == 0 else None


def student_t(level: float, freedom: int) -> float:
    """Return the number of standard errors an interval reaches to either side.

    Exact for one and two degrees of freedom, else Hill, Comm. ACM 13, 1970, algorithm 396.

    >>> [round(student_t(0.95, each), 3) for each in (1, 2, 3, 10, 100)]
    [12.706, 4.303, 3.182, 2.228, 1.984]
    """
    tails = 1 - level
    if freedom == 1:
        return 1 / math.tan(tails * math.pi / 2)
    if freedom == 2:
        return math.sqrt(2 / (tails * (2 - tails)) - 2)
    n = float(freedom)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20_700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * tails) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tails / 2)
        y = x**2
        if freedom < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y**2)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (
            n + 1
        ) / (n + 2) + 1 / y
    return math.sqrt(n * y)

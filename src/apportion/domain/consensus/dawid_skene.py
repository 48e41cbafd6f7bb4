"""Estimate annotators' accuracy and the true labels from everybody's answers at once, without knowing either.

Dawid and Skene, Applied Statistics 28, 1979: each annotator has a confusion matrix, the probability of each answer for
each true label; expectation-maximisation finds the matrices, the shares of the labels, and the probability of each
label for each record, in turn; steps are carried on as far as the likelihood rises (Varadhan and Roland, Scandinavian
Journal of Statistics 35, 2008). One coin: each annotator has one probability of being right and is otherwise equally
often wrong with every other label (the homogeneous case; Zhang et al., JMLR 17, 2016).

The start is the share of votes per record, so the result depends on the answers only, and labels keep their meaning.
Labels that nobody gave are not part of a model: a schema may have any number of them, and no figure changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.agreement.ratings import Ratings
from apportion.domain.numpy_types import Column, np

from .asking import ACCURACY

_Point: TypeAlias = "tuple[Column, Column]"
"""The current estimate: the shares of the labels, and everybody's confusion matrix."""

__all__ = ["SMOOTHING", "AnnotatorAccuracy", "FittedModel", "dawid_skene", "one_coin"]

SMOOTHING = 2.0
"""Pseudo-answers added for each true label to everybody's, distributed like the answers of all people together, of whom
one more is taken to be right with probability ``ACCURACY``: few answers prove nothing for certain, a rare label keeps
its meaning, which evenly spread pseudo-answers would take from it, and so do all labels where no answers overlap."""

_NOTHING = 1e-13
"""Changes of a probability that are rounding only."""

_ROUNDING = 1e-6
"""Share of the tolerance that estimates are rounded to, relative to their size. Where answers do not tell two labels
apart, rounding errors, which differ with the order of the labels, would otherwise grow until they decide between them.
"""

_FINEST = 1e-18
"""Smallest share that estimates are rounded to: neighbouring numbers differ by more, so that nothing is rounded."""

_MARGIN = 100
"""Safety factor on the estimated distance to the fixed point: right after an accelerated step it looks too small."""


@dataclass(frozen=True, slots=True)
class AnnotatorAccuracy:
    """Accuracy of one annotator under the model: ``accuracy`` is the expected share of right answers."""

    annotator: str
    answers: int
    accuracy: float
    confusion: Column
    """``confusion[true, answered]``; rows sum to one."""


@dataclass(frozen=True, slots=True)
class FittedModel:
    """The fitted model. ``posterior[unit, label]`` sums to 1 over all labels; records without answers have the shares.

    ``labels`` are those that came up in answers, in the order of the schema; any other has probability 0.
    """

    labels: Sequence[Any]
    annotators: Sequence[str]
    shares: Column
    confusion: Column
    """``confusion[annotator, true, answered]``."""
    posterior: Column
    answers: Column
    log_likelihoods: list[float]
    """Of the answers, after each step, smoothing not counted."""
    converged: bool

    def best(self) -> Column:
        """Return the most probable label of each unit, as a code; the first of equals."""
        return np.asarray(np.argmax(self.posterior, axis=1))

    def of(self, unit: int) -> dict[str, float]:
        """Return the probability of each label that came up, for one unit."""
        return {str(label): float(p) for label, p in zip(self.labels, self.posterior[unit], strict=True)}

    def quality(self) -> list[AnnotatorAccuracy]:
        """Return everybody's accuracy. It means nothing for people without answers."""
        right = np.einsum("akk,k->a", self.confusion, self.shares)
        return [
            AnnotatorAccuracy(name, int(self.answers[number]), float(right[number]), self.confusion[number])
            for number, name in enumerate(self.annotators)
        ]


def dawid_skene(
    data: Ratings,
    *,
    smoothing: float = SMOOTHING,
    tolerance: float = 1e-6,
    steps: int = 3_000,
    progress: Callable[[int, float], None] | None = None,
) -> FittedModel:
    """Fit a confusion matrix for everybody. ``progress`` is called with the number and log-likelihood of each step.

    It ends when no probability of any record is further than ``tolerance`` from the estimated fixed point, or after
    about ``steps``. The same person may have several answers on one unit. Without smoothing the
    log-likelihood never falls.
    """
    return _fit(data, _confusions, smoothing, FitLimits(tolerance, steps, progress))


def one_coin(
    data: Ratings,
    *,
    smoothing: float = SMOOTHING,
    tolerance: float = 1e-6,
    steps: int = 3_000,
    progress: Callable[[int, float], None] | None = None,
) -> FittedModel:
    """Fit one probability of being right per person; needs fewer answers per person than confusion matrices do."""
    return _fit(data, _coins, smoothing, FitLimits(tolerance, steps, progress))


@dataclass(frozen=True, slots=True)
class FitLimits:
    """Limits of a fit, and the function that is called with each of its steps."""

    tolerance: float
    steps: int
    progress: Callable[[int, float], None] | None


def _fit(
    data: Ratings,
    estimate: Callable[[Column, float], Column],
    smoothing: float,
    limits: FitLimits,
) -> FittedModel:
    tolerance, steps, progress = limits.tolerance, limits.steps, limits.progress
    if data.kind is not AnswerKind.LABEL:
        raise ValueError(f"models are about single labels, not {data.kind}")
    data = _without_unused_labels(data)
    people, labels = len(data.annotators), len(data.values)
    answers = _AnswerCounts(data)
    found: list[float] = []

    def rounded(point: _Point) -> _Point:
        shares, confusion = (_rounded(x, max(_ROUNDING * tolerance, _FINEST)) for x in point)
        return shares, confusion

    def maximise(posterior: list[Column]) -> _Point:
        return rounded((answers.shares(posterior), estimate(answers.counts(posterior), smoothing)))

    def report(likelihood: float) -> None:
        found.append(likelihood)
        if progress is not None:
            progress(len(found), likelihood)

    nowhere = np.zeros(labels), np.zeros((people, labels, labels))
    at = maximise(answers.votes()) if len(data) else nowhere
    posterior, likelihood = answers.expect(*at)
    converged = not len(data)
    while not converged and len(found) < steps:
        report(likelihood)
        before, one = posterior, maximise(posterior)
        posterior, likelihood = answers.expect(*one)
        report(likelihood)
        two = maximise(posterior)
        if _remaining_distance(before, posterior, at, one, two) < tolerance / _MARGIN:
            at, converged = one, True
            break
        at = rounded(_accelerate(at, one, two))
        # Extrapolation may overshoot: the point is kept only where the likelihood does not fall.
        beyond = answers.expect(*at)
        if beyond[1] >= likelihood:
            posterior, likelihood = beyond
        else:
            at = two
            posterior, likelihood = answers.expect(*two)
    if len(data) and not converged:
        report(likelihood)
    totals = np.bincount(data.annotator, minlength=people)
    of_unit = answers.by_unit(posterior, at[0])
    return FittedModel(data.values, data.annotators, at[0], at[1], of_unit, totals, found, converged)


def _without_unused_labels(data: Ratings) -> Ratings:
    """Return the answers without the labels that nobody gave."""
    given = np.flatnonzero(np.bincount(data.value, minlength=len(data.values)))
    codes = np.zeros(len(data.values), dtype=np.int64)
    codes[given] = np.arange(len(given))
    return data.recoded(codes, [data.values[code] for code in given.tolist()], data.kind)


def _remaining_distance(
    before: list[Column], posterior: list[Column], start: _Point, one: _Point, two: _Point
) -> float:
    """Return the distance of the probabilities to their fixed point, if steps go on shrinking as the last did."""
    change = max(float(abs(q - p).max()) for p, q in zip(before, posterior, strict=True))
    if change < _NOTHING:
        return 0.0
    first, second = _length(start, one), _length(one, two)
    return change * max(1.0, second / (first - second)) if second < first else math.inf


def _length(start: _Point, end: _Point) -> float:
    return math.sqrt(sum(float(((b - a) ** 2).sum()) for a, b in zip(start, end, strict=True)))


def _accelerate(start: _Point, one: _Point, two: _Point) -> _Point:
    """Extrapolate two steps towards the fixed point: squared extrapolation, Varadhan and Roland, 2008.

    Saves half of the steps. Probabilities fall to no less than a tenth, so that zeros stay the only zeros.
    """
    steps = [b - a for a, b in zip(start, one, strict=True)]
    bends = [(c - b) - r for b, c, r in zip(one, two, steps, strict=True)]
    bend = sum(float((v**2).sum()) for v in bends)
    if bend == 0:
        return two
    length = max(1.0, math.sqrt(sum(float((r**2).sum()) for r in steps) / bend))
    far = [
        np.maximum(a + 2 * length * r + length**2 * v, c / 10)
        for a, c, r, v in zip(start, two, steps, bends, strict=True)
    ]
    shares, confusion = (x / x.sum(axis=-1, keepdims=True) for x in far)
    return shares, confusion


def _rounded(values: Column, part: float) -> Column:
    """Round values to ``part`` of their size: a small probability must not become zero, which rules a label out."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(mantissa / part) * part, exponent))


@dataclass(frozen=True, slots=True)
class _Group:
    """Records with equally many answers: ``cells[nth, row]`` are codes of (annotator, answered), ``weight`` records."""

    cells: Column
    weight: Column
    units: Column
    row_of: Column | None
    """The row of each unit, where equal ones were put together."""


class _AnswerCounts:
    """The answers, arranged so that a step costs one pass over them, label by label.

    Records with the same answers by the same people are one row with a weight: in small teams there are few of those.
    Everything is held by label first, because sums over columns are many times faster than sums over short rows.
    """

    def __init__(self, data: Ratings) -> None:
        self.people, self.labels, self.units = len(data.annotators), len(data.values), data.units
        sizes = data.answers()
        starts = np.cumsum(sizes) - sizes
        cells = self.people * self.labels
        ordered = np.sort(data.unit * cells + data.annotator * self.labels + data.value) % max(1, cells)
        self.groups: list[_Group] = []
        for size in np.unique(sizes[sizes > 0]).tolist():
            units = np.flatnonzero(sizes == size)
            table = ordered[starts[units][:, None] + np.arange(size)]
            self.groups.append(_group(table, units, cells))
        self.answered = int((sizes > 0).sum())

    def votes(self) -> list[Column]:
        """Return for each row of each group the share of votes that each label has."""
        found = []
        for group in self.groups:
            of_label = [
                (group.cells % self.labels == label).sum(axis=0) / len(group.cells)
                for label in range(self.labels)
            ]
            found.append(np.stack(of_label))
        return found

    def shares(self, posterior: list[Column]) -> Column:
        total = sum(
            (p @ g.weight for p, g in zip(posterior, self.groups, strict=True)), np.zeros(self.labels)
        )
        return np.asarray(total / self.answered)

    def counts(self, posterior: list[Column]) -> Column:
        """Return the expected count of each answer by each annotator for each true label."""
        found = np.zeros((self.labels, self.people * self.labels))
        for p, group in zip(posterior, self.groups, strict=True):
            for label in range(self.labels):
                weight = p[label] * group.weight
                for cell in group.cells:
                    found[label] += np.bincount(cell, weights=weight, minlength=found.shape[1])
        return np.asarray(found.reshape(self.labels, self.people, self.labels).transpose(1, 0, 2))

    def expect(self, shares: Column, confusion: Column) -> tuple[list[Column], float]:
        """Return the posterior of each row, and the log-likelihood of all answers."""
        # The logarithm of 0 is meant to be minus infinity: such an answer rules the label out.
        with np.errstate(divide="ignore"):
            of_cell = np.ascontiguousarray(np.log(confusion).transpose(1, 0, 2)).reshape(
                self.labels, self.people * self.labels
            )
            prior = np.log(shares)
        found, likelihood = [], 0.0
        for group in self.groups:
            score = np.empty((self.labels, len(group.weight)))
            for label in range(self.labels):
                score[label] = prior[label]
                for cell in group.cells:
                    score[label] += of_cell[label][cell]
            # Without this shift the exponentials of many answers would all underflow to 0.
            top = score.max(axis=0)
            score -= top
            np.exp(score, out=score)
            total = score.sum(axis=0)
            score /= total
            found.append(score)
            likelihood += float(group.weight @ (top + np.log(total)))
        return found, likelihood

    def by_unit(self, posterior: list[Column], shares: Column) -> Column:
        """Return for each unit the probability of each label; the shares where nobody answered."""
        found = np.tile(shares, (self.units, 1))
        for p, group in zip(posterior, self.groups, strict=True):
            found[group.units] = (p if group.row_of is None else p[:, group.row_of]).T
        return found


def _group(table: Column, units: Column, cells: int) -> _Group:
    size = table.shape[1]
    if cells**size < 2**62:
        key = table @ (cells ** np.arange(size, dtype=np.int64))
        _, first, row, weight = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        if 2 * len(first) < len(units):
            return _Group(np.ascontiguousarray(table[first].T), weight, units, row.ravel())
    return _Group(np.ascontiguousarray(table.T), np.ones(len(units)), units, None)


def _confusions(counts: Column, smoothing: float) -> Column:
    labels = counts.shape[2]
    together = counts.sum(axis=0) + _unknown(labels)
    together /= together.sum(axis=1, keepdims=True)
    totals = counts.sum(axis=2, keepdims=True) + smoothing
    even = 1 / max(1, labels)
    found = np.where(totals > 0, (counts + smoothing * together) / np.where(totals > 0, totals, 1), even)
    return np.asarray(found)


def _coins(counts: Column, smoothing: float) -> Column:
    people, labels = counts.shape[0], counts.shape[2]
    right, total = np.einsum("akk->a", counts), counts.sum(axis=(1, 2))
    together = (right.sum() + _unknown(labels)[0, 0]) / (total.sum() + 1) if labels else 0
    known = total + smoothing
    accuracy = np.where(
        known > 0, (right + smoothing * together) / np.where(known > 0, known, 1), 1 / max(1, labels)
    )
    found = np.empty((people, labels, labels))
    found[:] = ((1 - accuracy) / max(1, labels - 1))[:, None, None]
    found[:, np.arange(labels), np.arange(labels)] = accuracy[:, None]
    return found


def _unknown(labels: int) -> Column:
    """Return one answer for each true label, as an annotator gives it about whom nothing is known."""
    if labels < 2:
        return np.ones((labels, labels))
    found: Column = np.full((labels, labels), (1 - ACCURACY) / (labels - 1))
    np.fill_diagonal(found, ACCURACY)
    return found

"""Who is right how often, and what is true: from everybody's answers at once, without knowing either.

Dawid and Skene, Applied Statistics 28, 1979: each annotator has a confusion matrix, the probability of each answer for
each true label; expectation-maximisation finds the matrices, the shares of the labels, and the probability of each
label for each record, in turn. One coin: each annotator has one probability of being right and is otherwise equally
often wrong with every other label (the homogeneous case; Zhang et al., JMLR 17, 2016).

The start is the share of votes per record, so the result depends on the answers only, and labels keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.agreement.measures import Kind
from apportion.domain.agreement.ratings import Ratings
from apportion.domain.assignment.arrays import Column, np

__all__ = ["SMOOTHING", "Model", "Quality", "dawid_skene", "one_coin"]

SMOOTHING = 0.1
"""Answers of each kind that everybody is taken to have given on top, so that few answers prove nothing for certain."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How one annotator does under the model: ``accuracy`` is the expected share of right answers."""

    annotator: str
    answers: int
    accuracy: float
    confusion: Column
    """``confusion[true, answered]``; rows sum to one."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was found. ``posterior[unit, label]`` is 1 over all labels; records without answers have the shares."""

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

    @property
    def log_likelihood(self) -> float:
        return self.log_likelihoods[-1] if self.log_likelihoods else 0.0

    def best(self) -> Column:
        """The most probable label of each unit, as a code; the first of equals."""
        return np.asarray(np.argmax(self.posterior, axis=1))

    def of(self, unit: int) -> dict[str, float]:
        """The probability of each label for one unit."""
        return {str(label): float(p) for label, p in zip(self.labels, self.posterior[unit], strict=True)}

    def quality(self) -> list[Quality]:
        """Everybody's quality. Without answers of theirs, an accuracy says nothing."""
        right = np.einsum("akk,k->a", self.confusion, self.shares)
        return [
            Quality(name, int(self.answers[number]), float(right[number]), self.confusion[number])
            for number, name in enumerate(self.annotators)
        ]


def dawid_skene(
    data: Ratings,
    *,
    smoothing: float = SMOOTHING,
    tolerance: float = 1e-6,
    steps: int = 1_000,
    progress: Callable[[int, float], None] | None = None,
) -> Model:
    """A confusion matrix for everybody. ``progress`` is told each step and the change that it made.

    It ends when the log-likelihood per answer changes by less than ``tolerance`` in a step, or after ``steps``. The
    same person may have several answers on one unit. Without smoothing the log-likelihood never falls.
    """
    return _fit(data, _confusions, smoothing, tolerance, steps, progress)


def one_coin(
    data: Ratings,
    *,
    smoothing: float = SMOOTHING,
    tolerance: float = 1e-6,
    steps: int = 1_000,
    progress: Callable[[int, float], None] | None = None,
) -> Model:
    """One probability of being right for everybody; needs fewer answers per person than confusion matrices do."""
    return _fit(data, _coins, smoothing, tolerance, steps, progress)


def _fit(
    data: Ratings,
    estimate: Callable[[Column, float], Column],
    smoothing: float,
    tolerance: float,
    steps: int,
    progress: Callable[[int, float], None] | None,
) -> Model:
    if data.kind is not Kind.LABEL:
        raise ValueError(f"models are about single labels, not {data.kind}")
    people, labels = len(data.annotators), len(data.values)
    answers = _Answers(data)
    posterior = answers.votes()
    shares = np.full(labels, 1 / max(1, labels))
    confusion = np.zeros((people, labels, labels))
    found: list[float] = []
    converged = not len(data)
    while len(found) < steps and not converged:
        shares = answers.shares(posterior)
        confusion = estimate(answers.counts(posterior), smoothing)
        posterior, likelihood = answers.expect(shares, confusion)
        change = likelihood - found[-1] if found else np.inf
        found.append(likelihood)
        converged = abs(change) < tolerance * len(data)
        if progress is not None:
            progress(len(found), float(change))
    totals = np.bincount(data.annotator, minlength=people)
    of_unit = answers.by_unit(posterior, shares)
    return Model(data.values, data.annotators, shares, confusion, of_unit, totals, found, converged)


@dataclass(frozen=True, slots=True)
class _Group:
    """Records with equally many answers: ``cells[nth, row]`` are codes of (annotator, answered), ``weight`` records."""

    cells: Column
    weight: Column
    units: Column
    row_of: Column | None
    """Which row each of the units went into, where equal ones were put together."""


class _Answers:
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
        """For each row of each group the share of votes that each label has."""
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
        """How often each annotator answered what where each label is true, in expectation."""
        found = np.zeros((self.labels, self.people * self.labels))
        for p, group in zip(posterior, self.groups, strict=True):
            for label in range(self.labels):
                weight = p[label] * group.weight
                for cell in group.cells:
                    found[label] += np.bincount(cell, weights=weight, minlength=found.shape[1])
        return np.asarray(found.reshape(self.labels, self.people, self.labels).transpose(1, 0, 2))

    def expect(self, shares: Column, confusion: Column) -> tuple[list[Column], float]:
        """The posterior of each row, and the log-likelihood of all answers."""
        with np.errstate(divide="ignore"):
            of_cell = np.ascontiguousarray(np.log(confusion).transpose(1, 0, 2)).reshape(self.labels, -1)
            prior = np.log(shares)
        found, likelihood = [], 0.0
        for group in self.groups:
            score = np.empty((self.labels, len(group.weight)))
            for label in range(self.labels):
                score[label] = prior[label]
                for cell in group.cells:
                    score[label] += of_cell[label][cell]
            top = score.max(axis=0)
            score -= top
            np.exp(score, out=score)
            total = score.sum(axis=0)
            score /= total
            found.append(score)
            likelihood += float(group.weight @ (top + np.log(total)))
        return found, likelihood

    def by_unit(self, posterior: list[Column], shares: Column) -> Column:
        """For each unit the probability of each label; the shares where nobody answered."""
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
    totals = counts.sum(axis=2, keepdims=True) + smoothing * counts.shape[2]
    even = 1 / counts.shape[2]
    return np.where(totals > 0, (counts + smoothing) / np.where(totals > 0, totals, 1), even)


def _coins(counts: Column, smoothing: float) -> Column:
    people, labels = counts.shape[0], counts.shape[2]
    right = np.einsum("akk->a", counts) + smoothing
    total = counts.sum(axis=(1, 2)) + smoothing * labels
    accuracy = np.where(total > 0, right / np.where(total > 0, total, 1), 1 / labels)
    found = np.empty((people, labels, labels))
    found[:] = ((1 - accuracy) / max(1, labels - 1))[:, None, None]
    found[:, np.arange(labels), np.arange(labels)] = accuracy[:, None]
    return found

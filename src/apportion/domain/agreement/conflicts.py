"""Find where people disagree: confusion matrices, and the distance between the answers of each record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apportion.domain.numpy_types import Column, np

from .distances import Distance, Nominal, masi
from .edits import edit_distance
from .measures import PAIRS, AnswerKind, Measure
from .patterns import count_alike
from .ratings import Ratings, pair_up
from .spans import span_scores

__all__ = ["Confusion", "confusion", "disagreement", "most_disputed"]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Label counts of two people on their shared records: ``counts[one's label, other's label]``."""

    pair: tuple[str, str]
    labels: list[str]
    counts: Column

    @property
    def records(self) -> int:
        return int(self.counts.sum())

    def show(self) -> dict[str, Any]:
        """Return the matrix as JSON: the cells that are not empty, most frequent first."""
        one, other = np.nonzero(self.counts)
        order = np.argsort(-self.counts[one, other], kind="stable")
        cells = [
            {"one": self.labels[i], "other": self.labels[j], "records": int(self.counts[i, j])}
            for i, j in zip(one[order].tolist(), other[order].tolist(), strict=True)
        ]
        return {"pair": list(self.pair), "labels": self.labels, "records": self.records, "cells": cells}


def confusion(data: Ratings, *, pairs: int = PAIRS) -> list[Confusion]:
    """Return a matrix for every pair of people who share records, most records first, at most ``pairs`` of them.

    Raises ``ValueError`` for answers that are not single labels.
    """
    if data.kind is not AnswerKind.LABEL:
        raise ValueError(f"a confusion matrix is about labels, not {data.kind}")
    one, other = pair_up(data)
    people, values = len(data.annotators), len(data.values)
    pair = data.annotator[one] * people + data.annotator[other]
    met, which, shared = np.unique(pair, return_inverse=True, return_counts=True)
    labels = [str(value) for value in data.values]
    cell = (which * values + data.value[one]) * values + data.value[other]
    cells, often = np.unique(cell, return_counts=True)
    found = []
    for number in np.argsort(-shared, kind="stable")[:pairs].tolist():
        first, last = np.searchsorted(cells, [number * values * values, (number + 1) * values * values])
        counts = np.zeros(values * values, dtype=np.int64)
        counts[cells[first:last] - number * values * values] = often[first:last]
        i, j = divmod(int(met[number]), people)
        found.append(
            Confusion((data.annotators[i], data.annotators[j]), labels, counts.reshape(values, values))
        )
    return found


def disagreement(data: Ratings) -> Column:
    """Return the disagreement on each unit, from 0 (all the same) to 1; 0 with fewer than two answers.

    The mean over its pairs of answers: different or not for labels, the MASI distance for several labels, one minus F1
    of exact spans, the edit distance for texts.
    """
    if data.kind in (AnswerKind.SPANS, AnswerKind.TEXT):
        unit, apart = _spans_apart(data) if data.kind is AnswerKind.SPANS else _texts_apart(data)
        pairs = np.bincount(unit, minlength=data.units)
        return np.asarray(np.bincount(unit, weights=apart, minlength=data.units) / np.maximum(pairs, 1))
    rows = count_alike(data)
    if not len(rows.weight):
        return np.zeros(data.units)
    sets: Any = data.values
    metric: Distance = Nominal() if data.kind is AnswerKind.LABEL else masi(sets)
    apart = metric.within(rows) / np.maximum(rows.size * (rows.size - 1), 1)
    return np.where(rows.row_of >= 0, apart[rows.row_of], 0.0)


def _spans_apart(data: Ratings) -> tuple[Column, Column]:
    unit, again, there = span_scores(data, Measure.SPAN_F1)
    return unit, np.where(there > 0, 1 - again / np.maximum(there, 1), 0.0)


def _texts_apart(data: Ratings) -> tuple[Column, Column]:
    texts: Any = data.values
    one, other = pair_up(data)
    first, second = data.value[one].tolist(), data.value[other].tolist()
    apart = [edit_distance(texts[a], texts[b]) for a, b in zip(first, second, strict=True)]
    return data.unit[one], np.array(apart, dtype=np.float64)


def most_disputed(data: Ratings) -> Column:
    """Return the units whose answers differ, the most disputed first, then those with more answers, then in order."""
    score = disagreement(data)
    units = np.flatnonzero(score > 0)
    return np.asarray(units[np.lexsort((units, -data.answers()[units], -score[units]))])

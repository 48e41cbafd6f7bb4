"""Krippendorff's alpha for units on a continuum: people decide where spans are, how long, and what they are.

Krippendorff, Content Analysis, 2nd ed. 2004, section 11.6. For each label everybody's spans and the gaps between them
are sections of the text. Overlapping spans differ by the squares of the distances between their starts and between
their ends, a span within a gap by its squared length. By chance, spans and gaps of the lengths at hand may lie
anywhere.

The book has one text that everybody read. Here every document is a text of its own, whose gaps end where it ends, and
the documents of different people are pooled as units with gaps are in the other alphas: D_o divides each document's
differences by its number of people less one, and lengths are summed over people and documents. For one document this
is the book's value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from apportion.domain.numpy_types import Column, np

from .ratings import Ratings
from .spans import Spans

__all__ = ["UnitizingAlpha", "crossing", "unitizing_alpha"]


def crossing(spans: Spans) -> bool:
    """Return whether spans of one label have something in common."""
    ends: dict[str, int] = {}
    for start, end, label in sorted(spans):
        if start < ends.get(label, start):
            return True
        ends[label] = max(end, ends.get(label, end))
    return False


class _Sections:
    """All spans and gaps of one label, with the documents they are in, prepared for sums over some documents."""

    def __init__(
        self, spans: list[tuple[int, int]], gaps: list[tuple[int, int]], whole: Column, observed: Column
    ) -> None:
        units = np.array(spans, dtype=np.int64).reshape(-1, 2)
        blanks = np.concatenate([np.array(gaps, dtype=np.int64).reshape(-1, 2), whole])
        blanks = blanks[np.argsort(blanks[:, 1], kind="stable")]
        self.unit_in, self.length = units[:, 0], units[:, 1].astype(np.float64)
        self.gap_in, self.gap = blanks[:, 0], blanks[:, 1].astype(np.float64)
        self.documents = len(observed)
        self.observed = observed
        self.first_gap = np.searchsorted(self.gap, self.length, side="left")
        """From here on gaps are long enough for a span."""
        s = self.length
        self.cubes = 2 * s**3 - 3 * s**2 + s
        self.pairs = s * (s - 1)

    def per_document(self, of_unit: Column) -> Column:
        return np.bincount(self.unit_in, weights=of_unit, minlength=self.documents)

    def space(self, weight: Column) -> Column:
        """Return for each span the number of places it would have in gaps, times its squared length."""
        w = weight[self.gap_in].astype(np.float64)
        count = np.append(np.cumsum(w[::-1])[::-1], 0.0)[self.first_gap]
        total = np.append(np.cumsum((w * self.gap)[::-1])[::-1], 0.0)[self.first_gap]
        return np.asarray(self.length**2 * (total - (self.length - 1) * count))

    def filled(self) -> Column:
        """Return for each gap the sum over all spans that fit in of what ``space`` counts there."""
        order = np.argsort(self.length, kind="stable")
        s = self.length[order]
        fit = np.searchsorted(s, self.gap, side="right")
        squares = np.append(0.0, np.cumsum(s**2))[fit]
        cubes = np.append(0.0, np.cumsum(s**2 * (s - 1)))[fit]
        return np.asarray(self.gap * squares - cubes)

    def own(self) -> Column:
        """Return for each document the sum of ``space`` of its spans within its own gaps."""
        by_document = np.argsort(self.gap_in, kind="stable")
        gaps = np.bincount(self.gap_in, minlength=self.documents)
        first = np.cumsum(gaps) - gaps
        beside = gaps[self.unit_in]
        nth = np.arange(beside.sum()) - np.repeat(np.cumsum(beside) - beside, beside)
        gap = self.gap[by_document[np.repeat(first[self.unit_in], beside) + nth]]
        s = np.repeat(self.length, beside)
        space = np.where(gap >= s, s * s * (gap - s + 1), 0.0)
        return np.bincount(np.repeat(self.unit_in, beside), weights=space, minlength=self.documents)


@dataclass(frozen=True, slots=True)
class UnitizingAlpha:
    """Alpha over the sections of every label; ``extent`` is each document's length times its people."""

    labels: Sequence[_Sections]
    extent: Column

    @property
    def weight(self) -> Column:
        """The weight of each document: every one counts once."""
        return np.ones(len(self.extent), dtype=np.int64)

    def value(self, weight: Column) -> float:
        whole = float(weight @ self.extent)
        observed = expected = 0.0
        if whole < 2:  # nothing is left
            return float("nan")
        for each in self.labels:
            of_unit = weight[each.unit_in]
            chance = (of_unit.sum() - 1) / 3 * (of_unit @ each.cubes) + of_unit @ each.space(weight)
            observed += float(weight @ each.observed)
            expected += 2 * whole * chance / (whole * (whole - 1) - of_unit @ each.pairs)
        return 1 - observed / expected if expected > 0 else float("nan")

    def without_one(self) -> Column:
        whole = self.extent.sum() - self.extent
        observed, expected = np.zeros(len(self.extent)), np.zeros(len(self.extent))
        for each in self.labels:
            space = each.space(self.weight)
            gaps = np.bincount(each.gap_in, weights=each.filled(), minlength=each.documents)
            places = space.sum() - each.per_document(space) - gaps + each.own()
            spans = len(each.length) - np.bincount(each.unit_in, minlength=each.documents)
            cubes = each.cubes.sum() - each.per_document(each.cubes)
            pairs = each.pairs.sum() - each.per_document(each.pairs)
            chance = np.maximum(spans - 1, 0) / 3 * cubes + np.maximum(places, 0)
            chance = np.where(spans > 0, chance, 0.0)
            observed += each.observed.sum() - each.observed
            expected += 2 * whole * chance / np.maximum(whole * (whole - 1) - pairs, 1)
        return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def unitizing_alpha(data: Ratings, labels: Sequence[str]) -> UnitizingAlpha:
    """Return alpha over the documents that two or more people answered, for some labels.

    Spans of one label by one person must not cross, and must lie within the extents.
    """
    assert data.extents is not None
    sets: Sequence[Any] = data.values
    answers = data.answers()
    starts = np.concatenate([[0], np.cumsum(answers)]).tolist()
    documents = np.flatnonzero(answers > 1)
    extents, value = data.extents[documents], data.value.tolist()
    marked = {code: _by_label(sets[code]) for code in set(value)}
    spans: dict[str, list[tuple[int, int]]] = {label: [] for label in labels}
    gaps: dict[str, list[tuple[int, int]]] = {label: [] for label in labels}
    observed = {label: np.zeros(len(documents)) for label in labels}
    unmarked = {label: np.ones(len(documents), dtype=np.bool_) for label in labels}
    for number, document in enumerate(documents.tolist()):
        here = [marked[code] for code in value[starts[document] : starts[document + 1]]]
        extent = int(extents[number])
        for label in {label for each in here for label in each if label in spans}:
            of_label = [each.get(label, []) for each in here]
            for each in of_label:
                spans[label] += [(number, end - start) for start, end in each]
                gaps[label] += [(number, length) for length in _gaps(each, extent)]
            apart = sum(_apart(one, other) for one, other in combinations(of_label, 2))
            observed[label][number] = 2 * apart / (len(here) - 1)
            unmarked[label][number] = False
    people = answers[documents]
    found = []
    for label in labels:
        # Where nobody marked anything, the whole text is a gap for everybody.
        empty = np.flatnonzero(unmarked[label] & (extents > 0))
        whole = np.repeat(np.stack([empty, extents[empty]], axis=1), people[empty], axis=0)
        found.append(_Sections(spans[label], gaps[label], whole, observed[label]))
    return UnitizingAlpha(found, (extents * people).astype(np.float64))


def _by_label(spans: Spans) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for start, end, label in sorted(spans):
        found.setdefault(label, []).append((start, end))
    return found


def _gaps(spans: list[tuple[int, int]], extent: int) -> list[int]:
    edges = [0, *(edge for span in spans for edge in span), extent]
    return [length for start, end in zip(edges[::2], edges[1::2], strict=True) if (length := end - start) > 0]


def _apart(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
    """Return the differences of two people's spans of one label, each pair of sections once."""
    total = 0
    met: set[int] = set()
    for start, end in one:
        alone = True
        for place, (begin, stop) in enumerate(other):
            if begin >= end:
                break
            if stop > start:
                total += (start - begin) ** 2 + (end - stop) ** 2
                alone = False
                met.add(place)
        if alone:
            total += (end - start) ** 2
    return total + sum((stop - begin) ** 2 for place, (begin, stop) in enumerate(other) if place not in met)

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

from apportion.domain.assignment.arrays import Column, np

from .ratings import Ratings
from .spans import Spans

__all__ = ["UnitizingAlpha", "crossing", "unitizing_alpha"]


def crossing(spans: Spans) -> bool:
    """Whether spans of one label have something in common."""
    ends: dict[str, int] = {}
    for start, end, label in sorted(spans):
        if start < ends.get(label, start):
            return True
        ends[label] = max(end, ends.get(label, end))
    return False


class _Sections:
    """All spans and gaps of one label, with the documents they are in, prepared for sums over some documents."""

    def __init__(
        self, spans: list[tuple[int, int]], gaps: list[tuple[int, int]], observed: Column, documents: int
    ) -> None:
        units = np.array(spans, dtype=np.int64).reshape(-1, 2)
        blanks = np.array(sorted(gaps, key=lambda each: each[1]), dtype=np.int64).reshape(-1, 2)
        self.unit_in, self.length = units[:, 0], units[:, 1].astype(np.float64)
        self.gap_in, self.gap = blanks[:, 0], blanks[:, 1].astype(np.float64)
        self.documents = documents
        self.observed = observed
        self.first_gap = np.searchsorted(self.gap, self.length, side="left")
        """From here on gaps are long enough for a span."""
        s = self.length
        self.cubes = 2 * s**3 - 3 * s**2 + s
        self.pairs = s * (s - 1)

    def per_document(self, of_unit: Column) -> Column:
        return np.bincount(self.unit_in, weights=of_unit, minlength=self.documents)

    def room(self, weight: Column) -> Column:
        """For each span the number of places it would have in gaps, times its squared length."""
        w = weight[self.gap_in].astype(np.float64)
        count = np.append(np.cumsum(w[::-1])[::-1], 0.0)[self.first_gap]
        total = np.append(np.cumsum((w * self.gap)[::-1])[::-1], 0.0)[self.first_gap]
        return np.asarray(self.length**2 * (total - (self.length - 1) * count))

    def filled(self) -> Column:
        """For each gap the sum over all spans that fit in of what ``room`` counts there."""
        order = np.argsort(self.length, kind="stable")
        s = self.length[order]
        fit = np.searchsorted(s, self.gap, side="right")
        squares = np.append(0.0, np.cumsum(s**2))[fit]
        cubes = np.append(0.0, np.cumsum(s**2 * (s - 1)))[fit]
        return np.asarray(self.gap * squares - cubes)

    def own(self) -> Column:
        """For each document what its spans have room for in its own gaps."""
        found = np.zeros(self.documents)
        lengths: dict[int, list[float]] = {}
        for document, length in zip(self.gap_in.tolist(), self.gap.tolist(), strict=True):
            lengths.setdefault(document, []).append(length)
        for document, s in zip(self.unit_in.tolist(), self.length.tolist(), strict=True):
            for gap in lengths.get(document, ()):
                if gap >= s:
                    found[document] += s * s * (gap - s + 1)
        return found


@dataclass(frozen=True, slots=True)
class UnitizingAlpha:
    """Alpha over the sections of every label; ``extent`` is each document's length times its people."""

    labels: Sequence[_Sections]
    extent: Column

    @property
    def weight(self) -> Column:
        """Every document counts once."""
        return np.ones(len(self.extent), dtype=np.int64)

    def value(self, weight: Column) -> float:
        whole = float(weight @ self.extent)
        observed = expected = 0.0
        for each in self.labels:
            of_unit = weight[each.unit_in]
            chance = (of_unit.sum() - 1) / 3 * (of_unit @ each.cubes) + of_unit @ each.room(weight)
            observed += float(weight @ each.observed)
            expected += 2 * whole * chance / (whole * (whole - 1) - of_unit @ each.pairs)
        return 1 - observed / expected if expected > 0 else float("nan")

    def without_one(self) -> Column:
        whole = self.extent.sum() - self.extent
        observed, expected = np.zeros(len(self.extent)), np.zeros(len(self.extent))
        for each in self.labels:
            room = each.room(self.weight)
            gaps = np.bincount(each.gap_in, weights=each.filled(), minlength=each.documents)
            places = room.sum() - each.per_document(room) - gaps + each.own()
            spans = len(each.length) - np.bincount(each.unit_in, minlength=each.documents)
            cubes = each.cubes.sum() - each.per_document(each.cubes)
            pairs = each.pairs.sum() - each.per_document(each.pairs)
            chance = np.maximum(spans - 1, 0) / 3 * cubes + np.maximum(places, 0)
            chance = np.where(spans > 0, chance, 0.0)
            observed += each.observed.sum() - each.observed
            expected += 2 * whole * chance / np.maximum(whole * (whole - 1) - pairs, 1)
        return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)


def unitizing_alpha(data: Ratings, labels: Sequence[str]) -> UnitizingAlpha:
    """Alpha over the documents that two or more people answered, for some labels.

    Spans of one label by one person must not cross, and must lie within the extents.
    """
    assert data.extents is not None
    sets: Sequence[Any] = data.values
    answers = data.answers()
    starts = np.concatenate([[0], np.cumsum(answers)]).tolist()
    documents = np.flatnonzero(answers > 1).tolist()
    extents, value = data.extents.tolist(), data.value.tolist()
    found = []
    for label in labels:
        spans: list[tuple[int, int]] = []
        gaps: list[tuple[int, int]] = []
        observed = np.zeros(len(documents))
        for number, document in enumerate(documents):
            marked = [
                sorted(span[:2] for span in sets[code] if span[2] == label)
                for code in value[starts[document] : starts[document + 1]]
            ]
            for each in marked:
                spans += [(number, end - start) for start, end in each]
                gaps += [(number, length) for length in _gaps(each, extents[document])]
            if any(marked):
                apart = sum(_apart(one, other) for one, other in combinations(marked, 2))
                observed[number] = 2 * apart / (len(marked) - 1)
        found.append(_Sections(spans, gaps, observed, len(documents)))
    return UnitizingAlpha(
        found, np.array([extents[each] * answers[each] for each in documents], dtype=np.float64)
    )


def _gaps(spans: list[tuple[int, int]], extent: int) -> list[int]:
    edges = [0, *(edge for span in spans for edge in span), extent]
    return [length for start, end in zip(edges[::2], edges[1::2], strict=True) if (length := end - start) > 0]


def _apart(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
    """The differences of two people's spans of one label, each pair of sections once."""
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

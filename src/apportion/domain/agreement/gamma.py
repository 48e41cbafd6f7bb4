"""Gamma: agreement on spans that may nest and cross, by position and label at once.

Mathet, Widlöcher and Métivier, The unified and holistic method gamma for inter-annotator agreement measure and
alignment, Computational Linguistics 41(3), 2015. The disorder of a text is what the best alignment of everybody's spans
costs (``aligning``), over the mean number of spans per person there, and gamma = 1 - disorder / disorder by chance.
Both dissimilarities count alike (alpha = beta = 1), and a span that nobody else has costs 1.

Chance is made of the same answers: for every person the answer of one of them, drawn anew, is shifted around the text
by a random number of characters; a span that would begin behind the end begins again at the start, and stays whole. The
shifts of one text differ by at least half the mean length of its spans, so that chance does not repeat the text as it
is.

The paper has one text. Here every document is a text of its own, and chance stays within it; the costs and the numbers
of spans are summed over documents. For one document this is the paper's value. What documents cost is worked out once,
whichever are left out, so an interval over documents comes with it.

There are 30 samples at first, then as many as the paper asks for, so that the mean lies within 2 % of the expectation
in 95 of 100 cases, ``SAMPLES`` at most. They depend on the seed and on what was marked in the document, not on the
order of documents or the names of people.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from apportion.domain.numpy_types import Column, np

from .aligning import Marked, align
from .ratings import Ratings
from .spans import Spans

__all__ = ["ALIGNMENTS_AT_MOST", "FIRST", "PRECISION", "SAMPLES", "Gamma", "alignments_of", "gamma"]

FIRST = 30
PRECISION = 0.02
SAMPLES = 1_000
ALIGNMENTS_AT_MOST = 300_000
"""Texts to align, with all samples of chance, above which gamma is not computed: some five seconds of a core."""

_COSTS = 11
"""Extra cost of aligning three people or more, in alignments of two people."""
_AT_ONCE = 20_000
"""Texts by chance that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Gamma:
    """Cost of each document and its mean number of spans per person: as it is, and by chance.

    The rows of ``chance_cost`` and ``chance_spans`` are samples, their columns documents.
    """

    weight: Column
    """1 for each document with spans; the last is all those without, which cost nothing."""
    cost: Column
    spans: Column
    chance_cost: Column
    chance_spans: Column

    def value(self, weight: Column) -> float:
        """Return gamma with other weights of the documents; nan where there are no spans."""
        found = _gamma(
            np.asarray(weight @ self.cost),
            np.asarray(weight @ self.spans),
            (self.chance_cost @ weight)[:, None],
            (self.chance_spans @ weight)[:, None],
        )
        return float(found[0])

    def without_one(self) -> Column:
        """Return for each document gamma without it."""
        return _gamma(
            self.cost.sum() - self.cost,
            self.spans.sum() - self.spans,
            self.chance_cost.sum(axis=1, keepdims=True) - self.chance_cost,
            self.chance_spans.sum(axis=1, keepdims=True) - self.chance_spans,
        )


def _gamma(cost: Column, spans: Column, chance_cost: Column, chance_spans: Column) -> Column:
    """Return one minus disorder over its mean by chance; samples in which nobody has a span do not count."""
    there = chance_spans > 1e-9
    disorder = np.where(there, chance_cost / np.where(there, chance_spans, 1), 0.0)
    by_chance = disorder.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    defined = (spans > 1e-9) & (by_chance > 1e-9)
    found = 1 - cost / np.where(defined, spans, 1) / np.where(defined, by_chance, 1)
    return np.atleast_1d(np.where(defined, found, np.nan))


def alignments_of(data: Ratings) -> int:
    """Return the number of alignments for the first samples, one of three people or more counted as twelve."""
    sets: Sequence[Any] = data.values
    marked = np.array([bool(each) for each in sets] or [False], dtype=np.bool_)
    people = data.answers()
    people = people[np.unique(data.unit[marked[data.value]])]
    texts, larger = int((people > 1).sum()), int((people > 2).sum())
    return (FIRST + 1) * (texts + _COSTS * larger)


def gamma(data: Ratings, *, seed: int = 0) -> Gamma:
    """Return gamma over the documents that two or more people answered; the spans must lie within the extents.

    Raises ``TooManyGroupsError``.
    """
    documents = _documents(data, seed)
    cost = align([each.people for each in documents])
    spans = np.array([each.mean for each in documents])
    chance = _chance(documents, FIRST)
    more = _samples_needed(*chance) - FIRST
    if more > 0:
        again = _chance(documents, more)
        chance = np.concatenate([chance[0], again[0]]), np.concatenate([chance[1], again[1]])
    empty = int((data.answers() > 1).sum()) - len(documents)
    weight = np.append(np.ones(len(documents), dtype=np.int64), empty)[: len(documents) + bool(empty)]
    wide = [np.pad(each, (0, bool(empty))) for each in (cost, spans)]
    high = [np.pad(each, ((0, 0), (0, bool(empty)))) for each in chance]
    return Gamma(weight, *wide, *high)


def _samples_needed(cost: Column, spans: Column) -> int:
    """Return the number of samples that put the mean of the disorders within ``PRECISION`` of their expectation, 95
    times in 100.
    """
    whole = spans.sum(axis=1)
    disorder = cost.sum(axis=1)[whole > 0] / whole[whole > 0]
    if len(disorder) < 2 or not disorder.mean():
        return FIRST
    spread = float(disorder.std(ddof=1)) / float(disorder.mean())
    texts: int = cost.shape[1]
    wanted = math.ceil((spread * 1.96 / PRECISION) ** 2)
    return max(FIRST, min(wanted, SAMPLES, ALIGNMENTS_AT_MOST // texts))


class _Document:
    """One text with everybody's spans in it, and random numbers of its own."""

    def __init__(self, people: list[Marked], extent: int, seed: tuple[int, ...]) -> None:
        self.people = people
        self.extent = extent
        self.mean = sum(map(len, people)) / len(people)
        lengths = np.concatenate([each[:, 1] - each[:, 0] for each in people])
        self.least = max(1, math.ceil(lengths.mean() / 2))
        self.random = np.random.default_rng(seed)

    def chance(self, samples: int) -> list[list[Marked]]:
        """Return the given number of random texts, made from the same answers."""
        many = len(self.people)
        drawn = self.random.integers(0, many, (samples, many))
        shifts = self._shifts(samples)
        texts: list[list[Marked]] = [[np.empty((0, 3), dtype=np.int64)] * many for _ in range(samples)]
        for who, spans in enumerate(self.people):
            for person in range(many if len(spans) else 0):
                mine = np.flatnonzero(drawn[:, person] == who)
                moved = self._shifted(spans, shifts[mine, person])
                for place, each in zip(mine.tolist(), moved, strict=True):
                    texts[place][person] = each
        return texts

    def _shifts(self, samples: int) -> Column:
        """Return shifts around the text for each person, at least ``least`` apart wherever there is room for that."""
        many = len(self.people)
        space = self.extent - many * self.least
        if space < 0:
            return np.asarray(self.random.integers(0, self.extent, (samples, many)))
        gaps = np.sort(self.random.integers(0, space + 1, (samples, many - 1)), axis=1)
        around = np.concatenate([np.zeros((samples, 1), dtype=np.int64), gaps], axis=1)
        around += self.least * np.arange(many)
        begin = self.random.integers(0, self.extent, (samples, 1))
        return np.asarray(self.random.permuted((around + begin) % self.extent, axis=1))

    def _shifted(self, spans: Marked, shifts: Column) -> Column:
        """Return the spans once for each shift: a table of rows each."""
        start = (spans[:, 0] + shifts[:, None]) % self.extent
        end = start + (spans[:, 1] - spans[:, 0])
        return np.stack([start, end, np.broadcast_to(spans[:, 2], start.shape)], axis=2)


def _chance(documents: Sequence[_Document], samples: int) -> tuple[Column, Column]:
    """Return the costs of samples of chance and their mean spans per person: rows samples, columns documents."""
    cost, spans = np.zeros((samples, len(documents))), np.zeros((samples, len(documents)))
    step = max(1, _AT_ONCE // samples)
    for start in range(0, len(documents), step):
        some = documents[start : start + step]
        texts = [text for each in some for text in each.chance(samples)]
        here = slice(start, start + len(some))
        cost[:, here] = align(texts).reshape(len(some), samples).T
        means = np.array([sum(map(len, people)) / len(people) for people in texts])
        spans[:, here] = means.reshape(len(some), samples).T
    return cost, spans


def _documents(data: Ratings, seed: int) -> list[_Document]:
    assert data.extents is not None
    sets: Sequence[Any] = data.values
    labels = {label: code for code, label in enumerate(sorted({span[2] for each in sets for span in each}))}
    starts = np.concatenate([[0], np.cumsum(data.answers())]).tolist()
    value = data.value.tolist()
    rows = [_rows(each, labels) for each in sets]
    met: Counter[int] = Counter()
    found = []
    for unit in range(data.units):
        codes = value[starts[unit] : starts[unit + 1]]
        if len(codes) < 2 or not any(len(rows[code]) for code in codes):
            continue
        extent = int(data.extents[unit])
        # Sort by content, so that the names of people do not decide what is drawn.
        content = sorted(sorted(sets[code]) for code in codes)
        key = crc32(repr((extent, content)).encode())
        # Documents with the same content are counted, so that each has random numbers of its own.
        met[key] += 1
        people = sorted((rows[code] for code in codes), key=lambda each: each.tolist())
        found.append(_Document(people, extent, (seed, key, met[key])))
    return found


def _rows(spans: Spans, labels: dict[str, int]) -> Marked:
    ordered = [(start, end, labels[label]) for start, end, label in sorted(spans)]
    return np.array(ordered, dtype=np.int64).reshape(-1, 3)

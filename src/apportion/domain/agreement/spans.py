"""Agreement on spans: F1 by pair, pooled over documents, and alpha over tokens.

For spans the number of places rightly left unmarked is unknown, and as it grows kappa tends to F1
(Hripcsak and Rothschild, J. Am. Med. Inform. Assoc. 12, 2005). So every two people's spans of a document are compared
both ways, and the matched spans are counted over the spans of both; the kinds of matches are those of MUC-5 and
SemEval-2013 task 9:

exact      same start, end and label
boundary   same start and end
label      same label, something in common
overlap    same label; counts with the share of the common characters in all characters of both

Documents in which neither marked anything add nothing: they show neither agreement nor disagreement.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from apportion.domain.numpy_types import Column, np

from .alpha import Alpha
from .distances import Nominal
from .measures import Measure
from .patterns import AnswerPatterns
from .ratings import Ratings, pair_up

__all__ = ["SpanMatches", "Spans", "match_spans", "span_labels", "span_scores", "spans_f1", "token_alpha"]

Spans: TypeAlias = "frozenset[tuple[int, int, str]]"


def match_spans(kind: Measure, one: Spans, other: Spans) -> tuple[float, int]:
    """Return the matched share of two people's spans, summed both ways, and the number of spans of both.

    >>> ana, ben = frozenset({(0, 4, "PER"), (9, 12, "LOC")}), frozenset({(0, 4, "PER"), (8, 12, "LOC")})
    >>> [match_spans(kind, ana, ben) for kind in (Measure.SPAN_F1, Measure.SPAN_OVERLAP_F1)]
    [(2.0, 4), (3.5, 4)]
    """
    return _KINDS[kind](one, other)


def _exact(one: Spans, other: Spans) -> tuple[float, int]:
    return 2.0 * len(one & other), len(one) + len(other)


def _boundary(one: Spans, other: Spans) -> tuple[float, int]:
    ones, others = {span[:2] for span in one}, {span[:2] for span in other}
    return 2.0 * len(ones & others), len(ones) + len(others)


def _label(one: Spans, other: Spans) -> tuple[float, int]:
    best = _best(one, other) + _best(other, one)
    return float(sum(each > 0 for each in best)), len(one) + len(other)


def _overlap(one: Spans, other: Spans) -> tuple[float, int]:
    return sum(_best(one, other)) + sum(_best(other, one)), len(one) + len(other)


def _best(one: Spans, other: Spans) -> list[float]:
    """Return for each span its share of common characters with the span of the same label that has most."""
    found = []
    for start, end, label in one:
        best = 0.0
        for begin, stop, name in other:
            common = min(end, stop) - max(start, begin)
            if common > 0 and name == label:
                best = max(best, common / (max(end, stop) - min(start, begin)))
        found.append(best)
    return found


_KINDS: dict[Measure, Callable[[Spans, Spans], tuple[float, int]]] = {
    Measure.SPAN_F1: _exact,
    Measure.SPAN_BOUNDARY_F1: _boundary,
    Measure.SPAN_LABEL_F1: _label,
    Measure.SPAN_OVERLAP_F1: _overlap,
}


@dataclass(frozen=True, slots=True)
class SpanMatches:
    """F1 over documents: matched spans, of all spans."""

    again: Column
    all: Column

    @property
    def weight(self) -> Column:
        """The weight of each document: every one counts once."""
        return np.ones(len(self.all), dtype=np.int64)

    def value(self, weight: Column) -> float:
        there = weight @ self.all
        return float(weight @ self.again / there) if there else float("nan")

    def without_one(self) -> Column:
        there = self.all.sum() - self.all
        return np.where(there > 0, (self.again.sum() - self.again) / np.maximum(there, 1), np.nan)


def span_scores(data: Ratings, kind: Measure) -> tuple[Column, Column, Column]:
    """Return for every two answers on one document: the document, the matched spans, and the number of spans."""
    one, other = pair_up(data)
    first, second = data.value[one], data.value[other]
    sets: Sequence[Any] = data.values
    counts = np.array([_KINDS[kind](each, each)[1] for each in sets] or [0], dtype=np.float64) / 2
    there = counts[first] + counts[second]
    again = np.where(first == second, there, 0.0)
    compare = _KINDS[kind]
    for place in np.flatnonzero((first != second) & (counts[first] > 0) & (counts[second] > 0)).tolist():
        again[place] = compare(sets[first[place]], sets[second[place]])[0]
    return data.unit[one], again, there


def spans_f1(data: Ratings, kind: Measure) -> SpanMatches:
    """Return F1 over the documents that two or more people answered."""
    unit, again, there = span_scores(data, kind)
    units = np.unique(unit)
    return SpanMatches(
        np.bincount(unit, weights=again, minlength=data.units)[units],
        np.bincount(unit, weights=there, minlength=data.units)[units],
    )


def span_labels(data: Ratings) -> list[str]:
    """Return every label of a span, by name."""
    sets: Sequence[Any] = data.values
    return sorted({span[2] for each in sets for span in each})


def token_alpha(data: Ratings) -> Alpha:
    """Return Krippendorff's alpha, nominal, over tokens; the interval leaves out documents.

    A token's value is the set of the labels of the spans that touch it; most tokens have none. Long spans weigh more
    than short ones here, and a span that is off by one token is punished once. This is not the unitizing alpha.
    """
    assert data.tokens is not None
    sets: Sequence[Any] = data.values
    codes: dict[frozenset[str], int] = {frozenset(): 0}
    entries: list[tuple[int, int, int]] = []
    observed: list[float] = []
    sizes: list[int] = []
    starts = np.concatenate([[0], np.cumsum(data.answers())]).tolist()
    value = data.value.tolist()
    for unit in range(data.units):
        answers = [sets[code] for code in value[starts[unit] : starts[unit + 1]]]
        tokens = data.tokens[unit] if len(answers) > 1 else ()
        if not tokens:
            continue
        people, apart, here = len(answers), 0, {0: len(answers) * len(tokens)}
        for tags in _touched(answers, tokens).values():
            given = [codes.setdefault(tag, len(codes)) for tag in tags.values()]
            if len(given) == people and given.count(given[0]) == people:
                here[given[0]] = here.get(given[0], 0) + people
            else:
                counts = Counter(given)
                counts[0] += people - len(given)
                apart += people**2 - sum(count**2 for count in counts.values())
                for code in given:
                    here[code] = here.get(code, 0) + 1
            here[0] -= len(given)
        entries += [(len(observed), code, count) for code, count in here.items() if count]
        observed.append(apart / (people - 1))
        sizes.append(people * len(tokens))
    table = np.array(entries, dtype=np.int64).reshape(-1, 3)
    rows = AnswerPatterns(
        weight=np.ones(len(sizes), dtype=np.int64),
        size=np.array(sizes, dtype=np.int64),
        row=table[:, 0],
        value=table[:, 1],
        count=table[:, 2],
        members=[],
        row_of=np.zeros(0, dtype=np.int64),
        values=len(codes),
    )
    return Alpha(rows, Nominal(), np.array(observed), rows.size.astype(np.float64) ** 2 - rows.squares())


def _touched(
    answers: Sequence[Spans], tokens: Sequence[tuple[int, int]]
) -> dict[int, dict[int, frozenset[str]]]:
    """Return for each token that some span touches, the people and labels of those spans."""
    begins, ends = [token[0] for token in tokens], [token[1] for token in tokens]
    found: dict[int, dict[int, frozenset[str]]] = {}
    for who, spans in enumerate(answers):
        for start, end, label in spans:
            alone = frozenset((label,))
            for token in range(bisect_right(ends, start), bisect_left(begins, end)):
                tags = found.setdefault(token, {})
                tags[who] = tags[who] | alone if who in tags else alone
    return found

"""Compute the metrics of 1.x over many records from values of each record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import floor
from typing import Any

from apportion.spans import Entity

__all__ = ["MOST_BUCKETS", "consistency", "histogram", "label_f1", "most_frequent", "span_f1"]

MOST_BUCKETS = 20_000
"""Most buckets of a histogram that includes the empty ones; a finer one leaves those out."""


def most_frequent(counts: Mapping[str, int], size: int) -> dict[str, int]:
    """Return the most frequent values, most frequent first.

    >>> most_frequent({"a": 1, "c": 2, "b": 2}, 2)
    {'b': 2, 'c': 2}
    """
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:size])


def histogram(values: Iterable[float], interval: float) -> dict[str, int]:
    """Count the values in each bucket; up to ``MOST_BUCKETS``, empty ones in between are included.

    >>> histogram([11, 11, 13], 1)
    {'11.0': 2, '12.0': 0, '13.0': 1}
    """
    buckets: Counter[int] = Counter()
    for value, count in Counter(values).items():  # the same few values over and over
        # The addition keeps a value on the edge of a bucket there, in spite of binary rounding.
        buckets[floor(value / interval + 1e-9)] += count
    if not buckets:
        return {}
    lowest, highest = min(buckets), max(buckets)
    every = range(lowest, highest + 1) if highest - lowest < MOST_BUCKETS else sorted(buckets)
    return {repr(round(bucket * float(interval), 9)): buckets[bucket] for bucket in every}


def consistency(
    pairs: Iterable[tuple[str, str]], *, size: int, at_least: int, labels: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the texts that are labelled most often, with their labels, the most ambiguous first.

    ``size`` is the number of texts considered; those with fewer than ``at_least`` labels are left out. A text
    comes with its ``labels`` most frequent ones.

    >>> consistency([("May", "PER"), ("May", "DATE"), ("May", "DATE")], size=5, at_least=2, labels=1)
    {'mentions': [{'mention': 'May', 'entities': [{'label': 'DATE', 'count': 2}]}]}
    """
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for text, label in pairs:
        counted[text][label] += 1
    frequent = most_frequent({text: sum(counts.values()) for text, counts in counted.items()}, size)
    kept = sorted(
        (text for text in frequent if len(counted[text]) >= at_least), key=lambda text: -len(counted[text])
    )
    return {
        "mentions": [
            {
                "mention": text,
                "entities": [
                    {"label": label, "count": count}
                    for label, count in most_frequent(counted[text], labels).items()
                ],
            }
            for text in kept
        ]
    }


def label_f1(pairs: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[str, float]:
    """Return precision, recall and F1 of labels, per label and in both averages; nothing without any pair.

    ``pairs`` are the labels predicted for a record and those it has.

    >>> label_f1([(["a"], ["a"]), (["a"], ["b"])])["a_precision"]
    0.5
    """
    hits: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    annotated: Counter[str] = Counter()
    seen = False
    for guess, true in pairs:
        guess, true, seen = set(guess), set(true), True
        hits.update(guess & true)
        predicted.update(guess)
        annotated.update(true)
    if not seen:
        return {}
    labels = sorted({*predicted, *annotated})
    scored = {label: _scores(hits[label], predicted[label], annotated[label]) for label in labels}
    micro = _scores(hits.total(), predicted.total(), annotated.total())
    macro = [sum(column) / len(labels) if labels else 0.0 for column in zip(*scored.values(), strict=True)]
    found: dict[str, float] = _named("{}_macro", macro or [0.0] * 3) | _named("{}_micro", micro)
    for label, figures in scored.items():
        found |= _named(label + "_{}", figures)
        found[f"{label}_support"] = annotated[label]
    return found


def span_f1(pairs: Iterable[tuple[Sequence[Entity], Sequence[Entity]]]) -> dict[str, float]:
    """Return precision, recall and F1 of spans, which are right if start, end and label are; all averages, always.

    ``pairs`` are the spans predicted for a record and those it has. As in 1.x, labels that only predictions
    have do not count, and the macro F1 is that of the macro averages.

    >>> span_f1([([Entity(0, 3, "PER")], [Entity(0, 3, "PER"), Entity(4, 7, "PER")])])["PER_recall"]
    0.5
    """
    hits: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    annotated: Counter[str] = Counter()
    for guess, true in pairs:
        spans = {span[:3] for span in guess}
        right = {span[:3] for span in true}
        hits.update(label for _, _, label in spans & right)
        predicted.update(label for _, _, label in spans)
        annotated.update(label for _, _, label in right)
    labels = sorted(annotated)
    scored = {label: _scores(hits[label], predicted[label], annotated[label]) for label in labels}
    precision = sum(each[0] for each in scored.values()) / len(labels) if labels else 0.0
    recall = sum(each[1] for each in scored.values()) / len(labels) if labels else 0.0
    micro = _scores(hits.total(), sum(predicted[label] for label in labels), annotated.total())
    found = _named("{}_macro", (precision, recall, _harmonic(precision, recall))) | _named("{}_micro", micro)
    for label, figures in scored.items():
        found |= _named(label + "_{}", figures)
    return found


def _scores(hits: int, predicted: int, annotated: int) -> tuple[float, float, float]:
    precision = hits / predicted if predicted else 0.0
    recall = hits / annotated if annotated else 0.0
    return precision, recall, _harmonic(precision, recall)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def _named(pattern: str, figures: Sequence[float]) -> dict[str, float]:
    names = (pattern.format(name) for name in ("precision", "recall", "f1"))
    return dict(zip(names, figures, strict=True))

"""Count how often each person gave each label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from apportion.domain.numpy_types import Column, np

from .measures import AnswerKind

__all__ = ["count_labels"]


def count_labels(
    kind: AnswerKind, annotator: Column, value: Column, annotators: Sequence[str], values: Sequence[Hashable]
) -> dict[str, dict[str, int]]:
    """Return by annotator how many answers have each label, of spans how many spans; nothing for texts."""
    if kind is AnswerKind.TEXT or not len(value):
        return {}
    pairs, times = np.unique(np.stack([annotator, value]), axis=1, return_counts=True)
    found: dict[str, Counter[str]] = {}
    for who, what, count in zip(*pairs.tolist(), times.tolist(), strict=True):
        counts = found.setdefault(annotators[who], Counter())
        for label in _labels(kind, values[what]):
            counts[label] += count
    return {who: dict(sorted(counts.items())) for who, counts in found.items()}


def _labels(kind: AnswerKind, value: Hashable) -> Iterable[str]:
    if kind is AnswerKind.LABEL:
        return (str(value),)
    parts: Iterable[tuple[object, ...] | str] = value  # type: ignore[assignment]
    return (str(each) if kind is AnswerKind.LABELS else str(each[-1]) for each in parts)

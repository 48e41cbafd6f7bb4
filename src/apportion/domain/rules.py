"""Labeling rules of 1.x: records that match a query are to get some labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apportion.vocabulary import MOST_RULES

__all__ = ["MOST_RULES", "LabelingRule", "RuleMetrics", "labels_of"]


@dataclass(frozen=True, slots=True)
class LabelingRule:
    """One rule; its query is its name. ``label`` is there for clients that know rules of one label only."""

    query: str
    labels: tuple[str, ...]
    label: str | None
    author: str
    created_at: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class RuleMetrics:
    """Coverage of a rule, in records, and its agreement with annotations; None where that is undefined."""

    total: int
    annotated: int
    covered: int
    covered_annotated: int
    correct: int | None = None
    incorrect: int | None = None
    precision: float | None = None

    @property
    def coverage(self) -> float | None:
        """The share of all records that match."""
        return self.covered / self.total if self.total else None

    @property
    def coverage_annotated(self) -> float | None:
        """The share of annotated records that match."""
        return self.covered_annotated / self.annotated if self.annotated else None


def labels_of(label: str | None, labels: Iterable[str]) -> tuple[str, ...]:
    """Return all labels, once each, in the order given.

    >>> labels_of("a", ["b", "a"])
    ('a', 'b')
    """
    return tuple(dict.fromkeys(each for each in (label, *labels) if each))

"""One person's answer to a record, as consensus compares it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.records import Entities, Value, chosen_labels

__all__ = ["UNUSABLE", "ConsensusAnswer", "Given", "Span", "Unusable", "given", "labels_of"]

Span: TypeAlias = "tuple[int, int, str]"


class Unusable(Enum):
    """The value of a discard: this record cannot be answered."""

    UNUSABLE = "unusable"

    def __repr__(self) -> str:
        return "UNUSABLE"


UNUSABLE = Unusable.UNUSABLE

Given: TypeAlias = "str | frozenset[str] | frozenset[Span] | Unusable"
"""A label, labels, spans, a text, or that the record is unusable."""


@dataclass(frozen=True, slots=True)
class ConsensusAnswer:
    """One person's answer, in the order of submission where there are several. Drafts and skips are no answers."""

    annotator: str
    given: Given


def labels_of(answer: Given, kind: AnswerKind) -> frozenset[str]:
    """Return the labels in an answer; a text has none.

    >>> labels_of(frozenset({(0, 3, "PER"), (8, 11, "PER")}), AnswerKind.SPANS)
    frozenset({'PER'})
    """
    if isinstance(answer, Unusable) or kind is AnswerKind.TEXT:
        return frozenset()
    if isinstance(answer, str):
        return frozenset({answer})
    return frozenset(each if isinstance(each, str) else each[2] for each in answer)


def given(value: Value | None, kind: AnswerKind) -> Given:
    """Return an annotation's value as consensus and agreement compare it: without scores, and without order.

    >>> given((("good", 1.0),), AnswerKind.LABEL)
    'good'

    Raises ``ValueError`` for a single label that is missing.
    """
    if kind is AnswerKind.SPANS:
        spans = value.spans if isinstance(value, Entities) else ()
        return frozenset((span.start, span.end, span.label) for span in spans)
    if kind is AnswerKind.LABELS:
        return frozenset(chosen_labels(value, multi_label=True))
    chosen = chosen_labels(value, multi_label=False)
    if chosen:
        return chosen[0]
    if kind is AnswerKind.TEXT:
        return ""
    raise ValueError("a single label is missing")

"""What a record's answers come to: the view of everybody who sees more than their own.

The words are those of the 1.x status: ``Default`` nobody has answered and there is no gold value, ``Edited`` somebody
has but nothing is settled, ``Validated`` settled with a value, ``Discarded`` settled as unusable.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from apportion.domain.records import Entities, Record, TextClassificationRecord, Value, chosen_labels
from apportion.vocabulary import AnnotationState, Status

from .case import Annotation, Case, Gold, Origin

__all__ = ["ADJUDICATED", "CONSENSUS", "Rule", "View", "resolve", "same_value", "standing_for"]

CONSENSUS = "consensus:"
ADJUDICATED = "adjudicated:"
"""What the agents of resolved values begin with; nobody can be called that."""


class Rule(str, Enum):
    """How answers become the record's value, where no human has decided."""

    LATEST = "latest"
    MAJORITY = "majority"
    UNANIMOUS = "unanimous"
    ADJUDICATED = "adjudicated"
    """Not by themselves."""

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class View:
    """A record's status, whose word counts and what it is, and everybody's submitted values by name."""

    status: Status
    agent: str | None = None
    value: Value | None = None
    everyone: Mapping[str, Value] = field(default_factory=dict)
    conflict: bool = False
    """All answers wanted are there, and they do not settle it."""


def resolve(case: Case, *, rule: Rule, required: int) -> View:
    """The view of a record: a human's decision first, then the rule once all wanted answers are there."""
    everyone = {
        name: each.value
        for name, each in sorted(case.annotations.items())
        if each.state is AnnotationState.SUBMITTED and each.value is not None
    }
    gold = case.gold
    if gold is not None and gold.origin is not Origin.EARLIER:
        return _of_gold(gold, everyone)
    counted = case.counted()
    complete = bool(counted) and len(counted) >= case.want(required)
    if complete:
        settled = _settled(case.record, counted, rule)
        if settled is not None:
            return View(settled.status, settled.agent, settled.value, everyone)
    if gold is not None:
        return _of_gold(gold, everyone)
    answered = any(each.answered for each in case.annotations.values())
    return View(Status.EDITED if answered else Status.DEFAULT, None, None, everyone, conflict=complete)


def _of_gold(gold: Gold, everyone: Mapping[str, Value]) -> View:
    if gold.value is None:
        return View(Status.DISCARDED, None, None, everyone)
    agent = gold.author if gold.origin is Origin.EARLIER else f"{ADJUDICATED}{gold.author}"
    return View(Status.VALIDATED, agent, gold.value, everyone)


def _settled(record: Record, counted: list[Annotation], rule: Rule) -> View | None:
    """What the rule makes of the answers; None is a conflict."""
    if rule is Rule.ADJUDICATED:
        return None
    if rule is Rule.LATEST:
        return _single(max(counted, key=lambda each: (each.updated, each.annotator)))
    if len(counted) == 1:
        return _single(counted[0])
    votes: dict[Hashable, list[Annotation]] = {}
    for each in counted:
        votes.setdefault(_ballot(record, each), []).append(each)
    most = max(votes.values(), key=len)
    needed = len(counted) if rule is Rule.UNANIMOUS else len(counted) // 2 + 1
    if len(most) < needed:
        return None
    if most[0].state is AnnotationState.DISCARDED:
        # "Unusable" from some and a value from others is for a human to settle, whoever are more.
        return View(Status.DISCARDED) if len(votes) == 1 else None
    if any(each.state is AnnotationState.DISCARDED for each in counted):
        return None
    return View(Status.VALIDATED, f"{CONSENSUS}{rule}", most[0].value)


def _single(answer: Annotation) -> View:
    if answer.state is AnnotationState.DISCARDED:
        return View(Status.DISCARDED, answer.annotator if answer.value is not None else None, answer.value)
    return View(Status.VALIDATED, answer.annotator, answer.value)


def _ballot(record: Record, answer: Annotation) -> Hashable:
    return None if answer.state is AnnotationState.DISCARDED else standing_for(record, answer.value)


def standing_for(record: Record, value: Value | None) -> Hashable:
    """What a value says, scores apart: equal for values that mean the same."""
    if value is None:
        return None
    if isinstance(value, Entities):
        return frozenset((span.start, span.end, span.label) for span in value.spans)
    if isinstance(record, TextClassificationRecord):
        return frozenset(chosen_labels(value, multi_label=record.multi_label))
    return tuple(text for text, _ in value[:1])


def same_value(record: Record, one: Value | None, other: Value | None) -> bool:
    """Whether two values of a record mean the same."""
    return standing_for(record, one) == standing_for(record, other)

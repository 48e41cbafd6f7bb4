"""The effect of an answer on its case: the slot it fills, whether it counts, changes of other slots."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from apportion.domain.assignment.queue import Load, Slot, SubmitOutcome, submit
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import RowState
from apportion.domain.assignment.team import Person
from apportion.domain.records import Value
from apportion.vocabulary import AnnotationState, CountDecision, Status

from .case import ANSWERED, Annotation, Case, GoldValue
from .time_spent import so_far

__all__ = ["STATE_OF", "AnswerEffect", "Answering", "invalidate", "record_answer", "set_gold", "sync_slots"]

STATE_OF = {
    Status.VALIDATED: AnnotationState.SUBMITTED,
    Status.EDITED: AnnotationState.DRAFT,
    Status.DISCARDED: AnnotationState.DISCARDED,
}
"""A 1.x status as the state of the writer's own annotation; ``Default`` is a draft with a value, none without."""


@dataclass(frozen=True, slots=True)
class AnswerEffect:
    """The effect of an answer: the changed case, whether the answer counts, and why."""

    case: Case
    annotation: Annotation
    why: CountDecision | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Author and time of an answer, and what decides if it counts; ``loads`` and ``teams`` as in ``queue.submit``."""

    me: Person
    now: int
    required: int
    loads: Mapping[RuleId, Load] | None = None
    teams: Collection[RuleId] | None = None


def record_answer(
    case: Case,
    who: Answering,
    state: AnnotationState,
    value: Value | None,
    *,
    seconds: float | None = None,
) -> AnswerEffect:
    """Set a person's own annotation.

    A submit or discard fills a slot or is an extra. A draft or withdrawal reopens the slot that an earlier
    answer filled, reserved for the same person.
    """
    me = who.me
    before = case.of(me.name)
    counted, why = False, None
    if state in ANSWERED:
        case, why = _fill(case, who)
        counted = why.counted
    else:
        for slot in case.slots:
            if slot.state is RowState.DONE and slot.annotator == me.name:
                case = case.with_slot(replace(slot, state=RowState.PENDING))
    version = before.version + 1 if before is not None else 1
    spent = so_far(case.seconds_of(me.name), seconds)
    annotation = Annotation(me.name, state, value, version, who.now, spent, counted)
    return AnswerEffect(case.with_annotation(annotation), annotation, why)


def _fill(case: Case, who: Answering) -> tuple[Case, CountDecision]:
    me = who.me
    if case.live_slots():
        outcome = submit(case.slots, me, who.now, loads=who.loads, teams=who.teams)
        return case if outcome.slot is None else case.with_slot(outcome.slot), outcome.why
    before = case.of(me.name)
    if before is not None and before.answered and before.counted:
        return case, CountDecision.AGAIN
    others = [each for each in case.counted() if each.annotator != me.name]
    return case, CountDecision.WANTED if len(others) < who.required else CountDecision.FULL


def set_gold(case: Case, gold: GoldValue | None) -> Case:
    """Set or remove the gold value; closing a record as unusable also withdraws its unfinished slots."""
    case = replace(case, gold=gold)
    if gold is not None and gold.value is None:
        for slot in case.live_slots():
            if slot.state is not RowState.DONE:
                case = case.with_slot(replace(slot, state=RowState.WITHDRAWN, lease=None))
    return case


def invalidate(case: Case) -> Case:
    """Reset answers, gold and slots after the record's content was replaced: all is to be done again."""
    for slot in case.slots:
        if slot.state is RowState.DONE:
            case = case.with_slot(replace(slot, state=RowState.PENDING))
    return replace(case, annotations={}, gold=None)


def sync_slots(slots: tuple[Slot, ...], status: Status, outcome: SubmitOutcome | None) -> list[Slot]:
    """Return the slots of a record of a shared dataset that its one answer, or taking that back, changes.

    ``outcome`` is the result of ``assignment.queue.submit`` for the answer; None where nobody is named as its
    author. One answer resolves the record: it fills a slot where there is one for it, and the open slots of
    others are withdrawn. When the answer is taken back, the slot it filled is to be done again.
    """
    changed: list[Slot] = []
    if status in (Status.VALIDATED, Status.DISCARDED):
        mine = None if outcome is None else outcome.slot
        for slot in slots:
            if mine is not None and slot.id == mine.id:
                changed.append(mine)
            elif slot.state in (RowState.PENDING, RowState.LEASED):
                changed.append(replace(slot, state=RowState.WITHDRAWN, lease=None))
    else:
        changed = [replace(slot, state=RowState.PENDING) for slot in slots if slot.state is RowState.DONE]
    return [slot for slot in changed if slot not in slots]

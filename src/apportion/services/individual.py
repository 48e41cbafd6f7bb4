"""Logging into a dataset where everybody has annotations of their own: everybody writes what they see.

An annotator's ``annotation`` and ``status`` are their own; content is never changed by them. A reviewer's, manager's
or administrator's ``annotation`` is the resolved value: one that is stored already changes nothing, a new one is their
decision. People's own annotations are written in bulk through the plural ``annotations``, by managers only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    ForbiddenOperationError,
    OtherContentError,
    RecordNotFound,
    ValidationError,
)
from apportion.domain.individual.answering import STATE_OF, outdate
from apportion.domain.individual.case import Case
from apportion.domain.individual.resolution import ADJUDICATED, CONSENSUS, View, resolve, same_value
from apportion.domain.people import Actor
from apportion.domain.permissions import Place, place_of
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, asked
from apportion.ports.annotations import Settled
from apportion.ports.records import Prepared
from apportion.ports.store import Work
from apportion.vocabulary import AnnotationState, EventCode, Status, Task

from .adjudicate import decide
from .annotate import checked_value, note_answer, set_answer

__all__ = ["log_individual", "own_state"]

Prepare = Callable[[Task, Sequence[Record]], Sequence[Prepared]]


def log_individual(
    work: Work,
    actor: Actor,
    dataset: Dataset,
    records: Sequence[Record],
    prepared: Sequence[Prepared] = (),
    *,
    now: int,
    prepare: Prepare,
) -> int:
    """Store the records, of which some may be ``prepared``, as this person may; how many annotations were left as
    they were."""
    wanted = list({record.id: record for record in records}.values())
    cases = {case.id: case for case in work.annotations.cases(dataset, [each.id for each in wanted])}
    if place_of(actor, dataset.workspace) is Place.MEMBER:
        return _own(work, actor, dataset, wanted, cases, now)
    people = _people(work, actor, dataset, wanted)
    bare = [_bare(record) for record in wanted]
    ready = _ready(dataset, wanted, bare, prepared, prepare)
    work.records.log(dataset, ready, at=now, keep_answers=True)
    return _resolved(work, actor, dataset, list(zip(wanted, bare, strict=True)), people, cases, now)


def own_state(status: Status, annotated: bool) -> AnnotationState:
    """What a 1.x status makes of the writer's own annotation."""
    return STATE_OF.get(status, AnnotationState.DRAFT if annotated else AnnotationState.NONE)


# An annotator


def _own(
    work: Work,
    actor: Actor,
    dataset: Dataset,
    records: Sequence[Record],
    cases: dict[str, Case],
    now: int,
) -> int:
    name = actor.username
    policies = Policies.of(dataset.policies)
    for record in records:
        case = cases.get(record.id)
        if str(policies.visibility) == "assigned" and (case is None or not case.ever_had(name)):
            raise RecordNotFound(dataset.id, record.id)
        if case is None:
            raise ForbiddenOperationError(
                f"Operation not allowed: record {record.id} is new, and annotators add no records to dataset "
                f"{dataset.name}. Nothing of this request was stored."
            )
    other = [record.id for record in records if asked(record) != asked(cases[record.id].record)]
    if other:
        raise OtherContentError(other)
    kept = 0
    for record in records:
        case = cases[record.id]
        sent = None if record.annotation is None else record.annotation.value
        state = own_state(record.status, sent is not None)
        value = checked_value(dataset, case.record, sent, state)
        before = case.of(name)
        if before is None and state is AnnotationState.NONE:
            continue
        if (
            before is not None
            and before.state is state
            and (before.value is None) is (value is None)
            and same_value(case.record, before.value, value)
        ):
            kept += 1
            continue
        settled, _ = set_answer(work, dataset, case, name, state, value, now=now)
        work.annotations.settle(dataset, [settled], at=now)
        note_answer(work, dataset, case, name, state, now)
    return kept


# Somebody who sees the resolved view


def _resolved(
    work: Work,
    actor: Actor,
    dataset: Dataset,
    records: Sequence[tuple[Record, Record]],
    people: dict[str, dict[str, Value]],
    cases: dict[str, Case],
    now: int,
) -> int:
    """What the records just stored, as they came and bare, make of annotations that are there or come with them."""
    kept = 0
    for record, content in records:
        if record.id in cases:
            _follow(work, dataset, cases[record.id], content, now)
        said = False
        for name, value in people.get(record.id, {}).items():
            said = _set_of(work, dataset, record.id, name, value, now) or said
        if _decided(work, actor, dataset, record, now):
            said = True
        if record.annotation is not None and not said:
            kept += 1
    return kept


def _bare(record: Record) -> Record:
    """The record without what somebody said of it."""
    if record.annotation is None and record.status is Status.DEFAULT:
        return record
    return replace(record, status=Status.DEFAULT, annotation=None)


def _ready(
    dataset: Dataset,
    records: Sequence[Record],
    bare: Sequence[Record],
    prepared: Sequence[Prepared],
    prepare: Prepare,
) -> list[Prepared]:
    """The bare records ready for writing: those that came bare may be so already."""
    ready = {each.id: each for each in prepared}
    other = [
        each for record, each in zip(records, bare, strict=True) if each is not record or each.id not in ready
    ]
    ready |= {each.id: each for each in prepare(dataset.task, other)}
    return [ready[each.id] for each in bare]


def _follow(work: Work, dataset: Dataset, before: Case, content: Record, now: int) -> None:
    """Another text outdates what was said of the one before; another prediction may agree with it or not."""
    outdated = asked(content) != asked(before.record)
    after = replace(outdate(before) if outdated else before, record=content)
    new_prediction = content.prediction != before.record.prediction
    if after != replace(before, record=content) or (new_prediction and (after.annotations or after.gold)):
        why, note = ("outdated", "outdated") if outdated else ("replaced", None)
        work.annotations.settle(dataset, [Settled(before, after, _view(dataset, after), why, note)], at=now)


def _view(dataset: Dataset, case: Case) -> View:
    policies = Policies.of(dataset.policies)
    return resolve(case, rule=policies.resolution, required=policies.required)


def _people(
    work: Work, actor: Actor, dataset: Dataset, records: Sequence[Record]
) -> dict[str, dict[str, Value]]:
    """Whose own annotations the records carry, by record id."""
    found: dict[str, dict[str, Value]] = {}
    for place, record in enumerate(records):
        if record.annotation is None:
            continue
        for name, value in record.annotation.by_agent.items():
            singular = record.annotation.singular and name == record.annotation.agent
            if not singular and not name.startswith((CONSENSUS, ADJUDICATED)):
                if work.people.named(name) is None:
                    raise ValidationError(
                        [
                            {
                                "loc": ["body", "records", place, "annotations", name],
                                "msg": f"there is no user {name}; nothing of this request was stored",
                                "type": "value_error",
                            }
                        ]
                    )
                found.setdefault(record.id, {})[name] = value
    if found and place_of(actor, dataset.workspace) is Place.REVIEWER:
        return {}
    return found


def _set_of(work: Work, dataset: Dataset, id: str, name: str, value: Value, now: int) -> bool:
    """Set somebody's own annotation; False when it is or was that already: then an older copy was logged back."""
    case = work.annotations.case(dataset, id)
    assert case is not None
    before = case.of(name)
    stored = [each.value for each in work.annotations.history(dataset, id, name)]
    if before is not None and before.answered:
        stored.append(before.value)
    if any(each is not None and same_value(case.record, each, value) for each in stored):
        return False
    checked = checked_value(dataset, case.record, value, AnnotationState.SUBMITTED)
    settled, _ = set_answer(work, dataset, case, name, AnnotationState.SUBMITTED, checked, now=now)
    work.annotations.settle(dataset, [settled], at=now)
    return True


def _decided(work: Work, actor: Actor, dataset: Dataset, record: Record, now: int) -> bool:
    """Whether the record carries a decision that is not stored yet; it then is."""
    if record.status not in (Status.VALIDATED, Status.DISCARDED):
        return False
    sent = record.annotation
    if record.status is Status.VALIDATED and (sent is None or not sent.singular):
        return False
    case = work.annotations.case(dataset, record.id)
    assert case is not None
    view = _view(dataset, case)
    value = None
    if record.status is Status.DISCARDED:
        if view.status is Status.DISCARDED:
            return False
    else:
        assert sent is not None
        value = checked_value(dataset, case.record, sent.value, AnnotationState.SUBMITTED)
        if _known(work, dataset, case, view, value):
            return False
    settled = decide(dataset, case, value, actor.username, "logged", now)
    work.annotations.settle(dataset, [settled], at=now)
    work.annotations.note(
        dataset, actor.username, EventCode.ADJUDICATED, at=now, record=case, detail={"reason": "logged"}
    )
    return True


def _known(work: Work, dataset: Dataset, case: Case, view: View, value: Value | None) -> bool:
    """Whether the value is the resolved one, somebody's, or was at some time: then nobody decided anything."""
    stored = [view.value, *view.everyone.values()]
    stored += [each.value for each in work.annotations.history(dataset, case.id)]
    return any(each is not None and same_value(case.record, each, value) for each in stored)

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
from apportion.vocabulary import AnnotationState, Status, Task

from .adjudicate import decide
from .annotate import checked_value, note_answer, set_answer

__all__ = ["log_individual", "own_state"]

Prepare = Callable[[Task, Sequence[Record]], Sequence[Prepared]]


def log_individual(
    work: Work, actor: Actor, dataset: Dataset, records: Sequence[Record], *, now: int, prepare: Prepare
) -> int:
    """Store the records as this person may; how many annotations were left as they were."""
    wanted = list({record.id: record for record in records}.values())
    cases = {case.id: case for case in work.annotations.cases(dataset, [each.id for each in wanted])}
    if place_of(actor, dataset.workspace) is Place.MEMBER:
        return _own(work, actor, dataset, wanted, cases, now)
    return _resolved(work, actor, dataset, wanted, cases, now, prepare)


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
    records: Sequence[Record],
    cases: dict[str, Case],
    now: int,
    prepare: Prepare,
) -> int:
    people = _people(work, actor, dataset, records)
    bare = [replace(record, status=Status.DEFAULT, annotation=None) for record in records]
    work.records.log(dataset, prepare(dataset.task, bare), at=now, keep_answers=True)
    fresh = [record.id for record in records if record.id not in cases]
    after = {**cases, **{case.id: case for case in work.annotations.cases(dataset, fresh)}}
    kept = 0
    for record, content in zip(records, bare, strict=True):
        case = after[record.id]
        before = case
        why = "replaced"
        if asked(content) != asked(case.record):
            case, why = outdate(case), "outdated"
        new_prediction = content.prediction != case.record.prediction
        case = replace(case, record=content)
        if case != replace(before, record=content) or (new_prediction and (case.annotations or case.gold)):
            _settle(work, dataset, before, case, why, now)
        said = False
        for name, value in people.get(record.id, {}).items():
            said = _set_of(work, dataset, record.id, name, value, now) or said
        if _decided(work, actor, dataset, record, now):
            said = True
        if record.annotation is not None and not said:
            kept += 1
    return kept


def _settle(work: Work, dataset: Dataset, before: Case, after: Case, why: str, now: int) -> None:
    note = "outdated" if why == "outdated" else None
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
        dataset, actor.username, "adjudicated", at=now, record=case, detail={"reason": "logged"}
    )
    return True


def _known(work: Work, dataset: Dataset, case: Case, view: View, value: Value | None) -> bool:
    """Whether the value is the resolved one, somebody's, or was at some time: then nobody decided anything."""
    stored = [view.value, *view.everyone.values()]
    stored += [each.value for each in work.annotations.history(dataset, case.id)]
    return any(each is not None and same_value(case.record, each, value) for each in stored)

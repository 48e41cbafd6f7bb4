"""Read, set, withdraw and undo one's own annotation of a record; read others' where that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.assignment.queue import submit
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    DatasetGoneError,
    EntityNotFoundError,
    ForbiddenOperationError,
    RecordNotFound,
    StaleVersionError,
    ValidationError,
)
from apportion.domain.individual.answering import record_answer, sync_slots
from apportion.domain.individual.case import ANSWERED, Annotation, Case, GoldValue, Origin
from apportion.domain.individual.record_view import build_view
from apportion.domain.individual.showing import show_annotation
from apportion.domain.individual.time_spent import so_far
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, allowed, effective_role
from apportion.domain.policies import Policies
from apportion.domain.records import (
    AgentValues,
    Entities,
    InvalidRecordError,
    Record,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    check,
)
from apportion.ports.annotations import CaseChange, PastAnnotation
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset
from apportion.vocabulary import AnnotationState, CountDecision, EventCode, HistoryReason, Status, Task

from .adaptive_overlap import next_adaptive_slot
from .eligibility import eligibility_of

__all__ = [
    "AnnotationEntry",
    "AnnotationReceipt",
    "all_annotations",
    "apply_answer",
    "find_at",
    "history",
    "no_annotation",
    "put_own_annotation",
    "read_own",
    "record_case",
    "restore_shared",
    "revealed_gold",
    "save_own_annotation",
    "shared_value",
    "undo_own_annotation",
    "withdraw_own_annotation",
]

_STATUS = {
    AnnotationState.SUBMITTED: Status.VALIDATED,
    AnnotationState.DRAFT: Status.EDITED,
    AnnotationState.DISCARDED: Status.DISCARDED,
    AnnotationState.NONE: Status.DEFAULT,
}
_ENDS = frozenset({Status.VALIDATED, Status.DISCARDED})
"""Statuses that complete a record of a shared dataset."""
_EVENT = {
    AnnotationState.SUBMITTED: EventCode.SUBMITTED,
    AnnotationState.DISCARDED: EventCode.DISCARDED,
}


@dataclass(frozen=True, slots=True)
class AnnotationEntry:
    """An annotation as it is sent: the value, its state, the version its author saw, the seconds they took.

    ``value`` reads the value once the dataset's task is known; ``dataset`` is the UUID of the dataset they worked on,
    if they know it.
    """

    value: Callable[[Task], Value | None]
    state: AnnotationState
    version: int
    seconds: float | None = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotationReceipt:
    """A person's own annotation of a record, whether it counts, and why."""

    dataset: Dataset
    annotation: Annotation | None
    counted: bool
    why: CountDecision | None = None
    gold: GoldValue | None = None
    """The gold value of the record: shown to those who answered it, once a human has decided."""
    seconds: float | None = None
    """All the time they have spent on the record, even where their answer is gone."""


def find_at(
    tx: Transaction, actor: Actor, workspace: str, name: str, action: Action, uuid: str | None, **more: Any
) -> Dataset:
    """Find a dataset, and check that it is the one with ``uuid``, if the client sent one."""
    try:
        dataset = find_dataset(tx, actor, workspace, name, action, **more)
    except EntityNotFoundError:
        if uuid is not None:
            raise DatasetGoneError(name) from None
        raise
    if uuid is not None and uuid != dataset.uuid:
        raise DatasetGoneError(name)
    return dataset


def record_case(tx: Transaction, dataset: Dataset, actor: Actor, id: str, *, writing: bool = False) -> Case:
    """Return the case of a record that ``actor`` may see; ``writing``: or that was assigned to them at any time."""
    case = tx.annotations.case(dataset, id)
    if case is None:
        raise RecordNotFound(dataset.id, id)
    policies = Policies.of(dataset.policies)
    if (
        str(policies.visibility) == "assigned"
        and effective_role(actor, dataset.workspace) is EffectiveRole.MEMBER
    ):
        name = actor.username
        if not (case.ever_had(name) if writing else case.has_now(name)):
            raise RecordNotFound(dataset.id, id)
    return case


def read_own(tx: Transaction, actor: Actor, workspace: str, name: str, id: str) -> AnnotationReceipt:
    """Return ``actor``'s own annotation of a record."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    case = record_case(tx, dataset, actor, id, writing=True)
    found = case.of(actor.username)
    spent = case.seconds_of(actor.username)
    counted = found is not None and found.counted
    return AnnotationReceipt(dataset, found, counted, gold=revealed_gold(case, actor.username), seconds=spent)


def put_own_annotation(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str, entry: AnnotationEntry, *, now: int
) -> AnnotationReceipt:
    """Set one's own annotation. Refused if it has changed since the version that was sent."""
    dataset = find_at(tx, actor, workspace, name, Action.ANNOTATE, entry.dataset, open_only=True)
    sent = entry.value(dataset.task)
    case = record_case(tx, dataset, actor, id, writing=True)
    _check_version(case.of(actor.username), entry.version, dataset.task)
    value = checked_value(dataset, case.record, sent, entry.state)
    return save_own_annotation(tx, dataset, case, actor.username, entry.state, value, now, entry.seconds)


def withdraw_own_annotation(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str, version: int | None, *, now: int
) -> AnnotationReceipt:
    """Withdraw one's own annotation; its version still increases, and history keeps what was there."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE, open_only=True)
    case = record_case(tx, dataset, actor, id, writing=True)
    before = case.of(actor.username)
    if version is not None:
        _check_version(before, version, dataset.task)
    if before is None or before.state is AnnotationState.NONE:
        return AnnotationReceipt(dataset, before, False, seconds=case.seconds_of(actor.username))
    return save_own_annotation(tx, dataset, case, actor.username, AnnotationState.NONE, None, now, None)


def undo_own_annotation(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str, *, now: int
) -> AnnotationReceipt:
    """Restore one's previous answer; a first answer becomes a draft. Undoing twice is redoing."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE, open_only=True)
    case = record_case(tx, dataset, actor, id, writing=True)
    before = case.of(actor.username)
    if before is None or before.version == 0:
        raise BadRequestError("There is nothing to undo: you have not annotated this record.")
    past = next(iter(tx.annotations.history(dataset, id, actor.username)), None)
    if past is not None and past.why is not HistoryReason.OUTDATED and past.state in ANSWERED:
        return save_own_annotation(tx, dataset, case, actor.username, past.state, past.value, now, None)
    if before.state is AnnotationState.NONE:
        raise BadRequestError("There is nothing to undo: there was no answer before.")
    state = AnnotationState.DRAFT if before.state in ANSWERED else AnnotationState.NONE
    value = before.value if state is AnnotationState.DRAFT else None
    return save_own_annotation(tx, dataset, case, actor.username, state, value, now, None)


def save_own_annotation(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    name: str,
    state: AnnotationState,
    value: Value | None,
    now: int,
    seconds: float | None = None,
    by: str | None = None,
) -> AnnotationReceipt:
    """Set a person's own annotation, whatever version they have seen: the value has been checked.

    ``by`` is the user who withdraws the answer, if that is not its author.
    """
    if not Policies.of(dataset.policies).individual:
        return _save_shared(tx, dataset, case, name, state, value, now, seconds)
    change, why = apply_answer(tx, dataset, case, name, state, value, now=now, seconds=seconds)
    tx.annotations.save_cases(dataset, [change], at=now)
    after = change.after
    found = after.of(name)
    assert found is not None
    log_answer(tx, dataset, case, name, state, now, by, seconds=found.seconds)
    return AnnotationReceipt(dataset, found, found.counted, why, revealed_gold(after, name), found.seconds)


def apply_answer(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    name: str,
    state: AnnotationState,
    value: Value | None,
    *,
    now: int,
    seconds: float | None = None,
) -> tuple[CaseChange, CountDecision | None]:
    """Compute what a person's answer changes in a record of an individual dataset; nothing is written."""
    policies = Policies.of(dataset.policies)
    eligibility = eligibility_of(tx, dataset, name, now) if case.slots else None
    answered = record_answer(
        case,
        eligibility_of(tx, dataset, name, now, ()).person if eligibility is None else eligibility.person,
        state,
        value,
        now=now,
        required=policies.required,
        seconds=seconds,
        loads=None if eligibility is None else eligibility.loads,
        teams=None if eligibility is None else eligibility.teams,
    )
    after = answered.case
    if state in ANSWERED and answered.annotation.counted:
        more = next_adaptive_slot(tx, dataset, after, policies, now)
        if more is not None:
            after = replace(after, slots=(*after.slots, more))
    view = build_view(after, rule=policies.resolution, required=policies.required)
    return CaseChange(case, after, view), answered.why


def log_answer(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    name: str,
    state: AnnotationState,
    now: int,
    by: str | None = None,
    *,
    seconds: float | None = None,
) -> None:
    """Log that a person answered, or that they, or ``by``, took it back; drafts are private and not logged.

    The ``seconds`` they have spent on it so far are stored in any case.
    """
    before = case.of(name)
    tx.annotations.spend(dataset, case, name, seconds, answered=state in ANSWERED, at=now)
    if by is not None and by != name:
        tx.annotations.log_event(dataset, by, EventCode.TOOK_BACK, at=now, record=case, detail={"of": name})
    elif state in _EVENT:
        tx.annotations.log_event(dataset, name, _EVENT[state], at=now, record=case)
    elif before is not None and before.state in ANSWERED:
        tx.annotations.log_event(dataset, name, EventCode.TOOK_BACK, at=now, record=case)


def _save_shared(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    name: str,
    state: AnnotationState,
    value: Value | None,
    now: int,
    seconds: float | None = None,
) -> AnnotationReceipt:
    """Save an answer to a shared dataset as the record's annotation, also where it is an extra for the plans.

    The time spent on it is stored for its author.
    """
    why = _store_shared(tx, dataset, case, name, state, value, now)
    spent = so_far(case.seconds_of(name), seconds)
    log_answer(tx, dataset, case, name, state, now, seconds=spent)
    after = tx.annotations.case(dataset, case.id)
    assert after is not None
    found = after.of(name)
    if found is None:  # they have none any more: the receipt shows an empty one
        found = Annotation(name, state, None, 0, now)
    if why is CountDecision.CAPPED:
        return AnnotationReceipt(dataset, found, False, why, seconds=spent)
    reason = why if why is not None and why.counted else None
    return AnnotationReceipt(dataset, found, state in ANSWERED, reason, seconds=spent)


def _store_shared(
    tx: Transaction,
    dataset: Dataset,
    case: Case,
    name: str,
    state: AnnotationState,
    value: Value | None,
    now: int,
) -> CountDecision | None:
    annotation = None if value is None else AgentValues(name, {name: value})
    status = _STATUS[state]
    tx.records.patch(
        dataset, case.id, metadata=None, status=status, at=now, annotation=annotation, annotated=True
    )
    tx.datasets.update(dataset, last_updated=now)
    return sync_shared_slots(tx, dataset, case, status, name, now) if case.slots else None


def shared_value(case: Case) -> Annotation | None:
    """Return the latest annotation of a record of a shared dataset, whoever wrote it; None where there is none."""
    return max(case.annotations.values(), key=lambda each: (each.updated, each.version), default=None)


def restore_shared(
    tx: Transaction, dataset: Dataset, case: Case, before: Annotation, by: str, now: int
) -> None:
    """Restore an earlier annotation of a record of a shared dataset, under the name of its author."""
    _store_shared(tx, dataset, case, before.annotator, before.state, before.value, now)
    tx.annotations.log_event(dataset, by, EventCode.TOOK_BACK, at=now, record=case)


def sync_shared_slots(
    tx: Transaction, dataset: Dataset, case: Case, status: Status, author: str | None, now: int
) -> CountDecision | None:
    """Update the slots of a record of a shared dataset to its one annotation.

    Return why its author's answer counts for the plans or does not; None where it is no answer or has no author.
    """
    outcome = None
    if author is not None and status in _ENDS:
        eligibility = eligibility_of(tx, dataset, author, now)
        outcome = submit(case.slots, eligibility.person, now, loads=eligibility.loads)
    changed = sync_slots(case.slots, status, outcome)
    before = {slot.id: slot for slot in case.slots}
    ended = [slot for slot in changed if slot.state is RowState.WITHDRAWN]
    tx.assignments.save(dataset, [(before[slot.id], slot) for slot in changed if slot not in ended])
    tx.assignments.save(
        dataset, [(before[slot.id], slot) for slot in ended], f"done by {author or 'somebody'}"
    )
    return None if outcome is None else outcome.why


def checked_value(
    dataset: Dataset, record: Record, value: Value | None, state: AnnotationState
) -> Value | None:
    """Return the value if it fits the record: labels of the schema, spans on tokens; refuse it otherwise.

    An empty value is an answer when it is submitted; otherwise, unless the record is multi-label, it becomes None.
    """
    if state is AnnotationState.NONE:
        return None
    if value is None and state is AnnotationState.SUBMITTED:
        value = no_annotation(record)
    if value is None or (state is not AnnotationState.SUBMITTED and _empty(value) and not _multi(record)):
        return None
    settings = dataset.settings
    trial = replace(record, status=_STATUS[state], annotation=AgentValues("me", {"me": value}))
    try:
        check(
            trial,
            allow_overlap=settings is not None and settings.allow_overlapping_spans,
            allow_parts=settings is not None and settings.allow_character_spans,
        )
    except InvalidRecordError as problem:
        loc = ["body", "value", *problem.loc[1:]]
        raise ValidationError(
            [{"loc": loc, "msg": str(problem), "type": problem.type}], model="Annotation"
        ) from None
    assert trial.annotation is not None
    value = trial.annotation.value
    unknown = [] if settings is None else settings.unknown(_labels(dataset.task, value))
    if unknown:
        assert settings is not None
        assert settings.labels is not None
        known = [option.name for option in settings.labels]
        raise BadRequestError(
            f"Labels {unknown} are not in the label schema of dataset {dataset.name}, which has {known}. "
            "Nothing was stored."
        )
    return value


def no_annotation(record: Record) -> Value:
    """Return the empty answer: no span, no label, no sentence."""
    return Entities([]) if isinstance(record, TokenClassificationRecord) else ()


def _multi(record: Record) -> bool:
    return isinstance(record, TextClassificationRecord) and record.multi_label


def _empty(value: Value) -> bool:
    return isinstance(value, tuple) and not value


def _labels(task: Task, value: Value) -> list[str]:
    if isinstance(value, Entities):
        return [span.label for span in value.spans]
    return [] if task is Task.TEXT2TEXT else [label for label, _ in value]


def _check_version(found: Annotation | None, sent: int, task: Task) -> None:
    version = 0 if found is None else found.version
    if sent != version:
        raise StaleVersionError(sent, show_annotation(found, task))


def revealed_gold(case: Case, name: str) -> GoldValue | None:
    """Return the gold value if the annotator has answered and may see it: a decision, or a check that reveals it."""
    own = case.of(name)
    if case.gold is None or own is None or not own.answered:
        return None
    check = next(
        (
            slot.reveals_gold
            for slot in case.slots
            if slot.annotator == name and slot.reveals_gold is not None
        ),
        None,
    )
    revealed = case.gold.origin is Origin.ADJUDICATED if check is None else check
    return case.gold if revealed else None


# Others' annotations


def all_annotations(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str
) -> tuple[Dataset, list[Annotation], GoldValue | None]:
    """Return everybody's answers, with no drafts but one's own; and the gold value of the record."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    case = record_case(tx, dataset, actor, id)
    if not sees_others(actor, dataset):
        raise ForbiddenOperationError(
            "Operation not allowed: in this dataset everybody sees only their own annotations."
        )
    found = [
        each
        for _, each in sorted(case.annotations.items())
        if each.answered or (each.annotator == actor.username and each.state is AnnotationState.DRAFT)
    ]
    return dataset, found, case.gold


def sees_others(actor: Actor, dataset: Dataset) -> bool:
    """Return whether ``actor`` may see others' answers: annotators of a blind dataset may not."""
    if allowed(actor, Action.SEE_ANNOTATIONS, dataset.workspace, dataset.created_by):
        return True
    return not Policies.of(dataset.policies).blind


def history(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str
) -> tuple[Dataset, Sequence[PastAnnotation]]:
    """Return earlier annotations of a record: one's own, or everybody's for those who may see them."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ANNOTATE)
    case = record_case(tx, dataset, actor, id)
    everybody = allowed(actor, Action.SEE_ANNOTATIONS, dataset.workspace, dataset.created_by)
    past = tx.annotations.history(dataset, case.id, None if everybody else actor.username)
    return dataset, [each for each in past if each.state in ANSWERED]

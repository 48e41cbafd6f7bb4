"""Read, set, withdraw and undo one's own annotation of a record; read others' where that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset, RecordAddress
from apportion.domain.errors import (
    BadRequestError,
    ForbiddenOperationError,
    OtherContentError,
    StaleVersionError,
)
from apportion.domain.individual.case import ANSWERED, Annotation, Case, GoldValue
from apportion.domain.individual.showing import show_annotation
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.records import Value, shown_text
from apportion.ports.annotations import HistoryPage, PastAnnotation
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess, open_dataset
from apportion.vocabulary import AnnotationState, HistoryReason, Task

from .answer_change import AnnotationReceipt, AnswerChange, record_case
from .answer_mode import answer_mode
from .checked_value import checked_value
from .shown_gold import gold_shown_to

__all__ = [
    "AnnotationEntry",
    "AnnotationReceipt",
    "all_annotations",
    "history",
    "put_own_annotation",
    "read_own",
    "sees_others",
    "undo_own_annotation",
    "withdraw_own_annotation",
]


@dataclass(frozen=True, slots=True)
class AnnotationEntry:
    """An annotation as it is sent: the value, its state, the version its author saw, the seconds they took.

    ``value`` reads the value once the dataset's task is known. ``text``, if it is sent, is what it was given on.
    """

    value: Callable[[Task], Value | None]
    state: AnnotationState
    version: int
    seconds: float | None = None
    text: str | None = None


def read_own(tx: Transaction, actor: Actor, address: RecordAddress) -> AnnotationReceipt:
    """Return ``actor``'s own annotation of a record."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    return _receipt(access, record_case(access, address.id, writing=True), actor)


def _receipt(access: DatasetAccess, case: Case, actor: Actor) -> AnnotationReceipt:
    found = case.of(actor.username)
    return AnnotationReceipt(
        access.dataset,
        found,
        found is not None and found.counted,
        gold=gold_shown_to(case, actor.username),
        seconds=case.seconds_of(actor.username),
    )


def put_own_annotation(
    tx: Transaction, actor: Actor, address: RecordAddress, entry: AnnotationEntry, *, now: int
) -> AnnotationReceipt:
    """Set one's own annotation. Refused if it, or the text it was given on, has changed since.

    Sent again by a client that got no reply, it is there already, one version further on: then it is done.
    """
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE, open_only=True)
    sent = entry.value(access.dataset.task)
    case = record_case(access, address.id, writing=True)
    found = case.of(actor.username)
    again = found is not None and (found.version, found.state) == (entry.version + 1, entry.state)
    if not again:
        _check_version(found, entry.version, access.dataset.task)
    if entry.text is not None and shown_text(case.record) not in (entry.text, None):
        raise OtherContentError([case.id])
    value = checked_value(access.dataset, case.record, sent, entry.state)
    if again:
        if found is not None and found.value == value:
            return _receipt(access, case, actor)
        _check_version(found, entry.version, access.dataset.task)
    return _save(access, case, AnswerChange(actor.username, entry.state, value, now, entry.seconds))


def withdraw_own_annotation(
    tx: Transaction, actor: Actor, address: RecordAddress, version: int | None, *, now: int
) -> AnnotationReceipt:
    """Withdraw one's own annotation; its version still increases, and history keeps what was there."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE, open_only=True)
    case = record_case(access, address.id, writing=True)
    before = case.of(actor.username)
    if version is not None:
        _check_version(before, version, access.dataset.task)
    if before is None or before.state is AnnotationState.NONE:
        return AnnotationReceipt(access.dataset, before, False, seconds=case.seconds_of(actor.username))
    return _save(access, case, AnswerChange(actor.username, AnnotationState.NONE, None, now))


def undo_own_annotation(
    tx: Transaction, actor: Actor, address: RecordAddress, *, now: int
) -> AnnotationReceipt:
    """Restore one's previous answer; a first answer becomes a draft. Undoing twice is redoing."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE, open_only=True)
    case = record_case(access, address.id, writing=True)
    name = actor.username
    before = case.of(name)
    if before is None or before.version == 0:
        raise BadRequestError("There is nothing to undo: you have not annotated this record.")
    past = next(iter(tx.annotations.history(access.dataset, address.id, name, limit=1)), None)
    if past is not None and past.why is not HistoryReason.OUTDATED and past.state in ANSWERED:
        return _save(access, case, AnswerChange(name, past.state, past.value, now))
    if before.state is AnnotationState.NONE:
        raise BadRequestError("There is nothing to undo: there was no answer before.")
    state = AnnotationState.DRAFT if before.state in ANSWERED else AnnotationState.NONE
    value = before.value if state is AnnotationState.DRAFT else None
    return _save(access, case, AnswerChange(name, state, value, now))


def _save(access: DatasetAccess, case: Case, change: AnswerChange) -> AnnotationReceipt:
    return answer_mode(access.tx, access.dataset).save(case, change)


def _check_version(found: Annotation | None, sent: int, task: Task) -> None:
    version = 0 if found is None else found.version
    if sent != version:
        raise StaleVersionError(sent, show_annotation(found, task))


# Others' annotations


def all_annotations(
    tx: Transaction, actor: Actor, address: RecordAddress
) -> tuple[Dataset, list[Annotation], GoldValue | None]:
    """Return everybody's answers, with no drafts but one's own; and the gold value of the record."""
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    case = record_case(access, address.id)
    if not sees_others(access):
        raise ForbiddenOperationError(
            "Operation not allowed: in this dataset everyone sees only their own answers."
        )
    found = [
        each
        for _, each in sorted(case.annotations.items())
        if each.answered or (each.annotator == actor.username and each.state is AnnotationState.DRAFT)
    ]
    return access.dataset, found, case.gold


def sees_others(access: DatasetAccess) -> bool:
    """Return whether the actor may see others' answers: annotators of a blind dataset may not."""
    return access.may(Action.SEE_ANNOTATIONS) or not access.policies.blind


def history(
    tx: Transaction, actor: Actor, address: RecordAddress, page: HistoryPage
) -> tuple[Dataset, Sequence[tuple[int, PastAnnotation]], bool]:
    """Return a page of a record's earlier annotations, and whether there are more: one's own, or everybody's for those
    who may see them.
    """
    access = open_dataset(tx, actor, address.dataset, Action.ANNOTATE)
    case = record_case(access, address.id)
    everybody = access.may(Action.SEE_ANNOTATIONS)
    page = page._replace(annotator=None if everybody else actor.username)
    found, more = tx.annotations.history_page(access.dataset, case.id, page)
    return access.dataset, found, more

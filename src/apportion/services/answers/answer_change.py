"""An answer on its way into a record, and what its author gets back for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import RecordNotFound
from apportion.domain.individual.case import ANSWERED, Annotation, Case, GoldValue
from apportion.domain.records import Value
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess
from apportion.vocabulary import AnnotationState, CountDecision, EventCode, Status

__all__ = ["AnnotationReceipt", "AnswerChange", "RecordPatch", "log_answer", "record_case"]

_EVENT = {
    AnnotationState.SUBMITTED: EventCode.SUBMITTED,
    AnnotationState.DISCARDED: EventCode.DISCARDED,
}


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A change of a person's annotation of a record; the value has been checked.

    ``by`` is the user who withdraws the answer, if that is not its author.
    """

    annotator: str
    state: AnnotationState
    value: Value | None
    at: int
    seconds: float | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class RecordPatch:
    """A change of a record without its text: metadata to merge into what it has, and a status to set."""

    metadata: dict[str, Any] | None = None
    status: Status | None = None


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


def record_case(access: DatasetAccess, id: str, *, writing: bool = False) -> Case:
    """Return the case of a record that the actor may see; ``writing``: or that was assigned to them at any time."""
    dataset = access.dataset
    case = access.tx.annotations.case(dataset, id, who=access.username if writing else None)
    if case is None:
        raise RecordNotFound(dataset.id, id)
    if str(access.policies.visibility) == "assigned" and access.is_annotator:
        name = access.username
        if not (case.ever_had(name) if writing else case.has_now(name)):
            raise RecordNotFound(dataset.id, id)
    return case


def log_answer(
    tx: Transaction, dataset: Dataset, case: Case, change: AnswerChange, *, seconds: float | None = None
) -> None:
    """Log that a person answered, or that an answer was taken back; drafts are private and not logged.

    The ``seconds`` its author has spent on the record so far are stored in any case.
    """
    name, at = change.annotator, change.at
    before, answered = case.of(name), change.state in ANSWERED
    tx.annotations.spend(dataset, case, name, seconds, answered=answered, at=at)
    if change.by is not None and change.by != name:
        detail = {"of": name}
        tx.annotations.log_event(dataset, change.by, EventCode.TOOK_BACK, at=at, record=case, detail=detail)
    elif change.state in _EVENT:
        tx.annotations.log_event(dataset, name, _EVENT[change.state], at=at, record=case)
    elif before is not None and before.state in ANSWERED:
        tx.annotations.log_event(dataset, name, EventCode.TOOK_BACK, at=at, record=case)

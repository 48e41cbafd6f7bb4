"""Adjudicate a record: set the gold value that a human decided on, or remove it."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.datasets import Dataset, RecordAddress
from apportion.domain.errors import BadRequestError, StaleVersionError
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Case
from apportion.domain.individual.showing import show_gold
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.records import Value
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess, open_dataset
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

from .answer_change import record_case
from .answer_mode import answer_mode
from .checked_value import checked_value
from .decision import Decision, decide

__all__ = ["GoldEntry", "open_adjudicable", "put_gold", "remove_gold"]


@dataclass(frozen=True, slots=True)
class GoldEntry:
    """A gold value as it is sent. ``discarded`` marks the record as unusable; ``version`` is the one its author saw."""

    value: Value | None
    discarded: bool = False
    reason: str | None = None
    version: int | None = None


def put_gold(
    tx: Transaction, actor: Actor, address: RecordAddress, entry: GoldEntry, *, now: int
) -> tuple[Dataset, Case]:
    """Set the gold value of a record, or mark the record as unusable."""
    access, case = open_adjudicable(tx, actor, address)
    dataset = access.dataset
    _check_version(case, entry.version, dataset)
    value = None
    if not entry.discarded:
        value = checked_value(dataset, case.record, entry.value, AnnotationState.SUBMITTED)
    change = decide(access.policies, case, Decision(value, actor.username, entry.reason, now))
    tx.annotations.save_cases(dataset, [change], at=now)
    tx.annotations.log_event(
        dataset, actor.username, EventCode.ADJUDICATED, at=now, record=case, detail={"reason": entry.reason}
    )
    return dataset, change.after


def remove_gold(
    tx: Transaction, actor: Actor, address: RecordAddress, version: int | None, *, now: int
) -> tuple[Dataset, Case]:
    """Remove the gold value: the record resolves to what people's answers make of it again."""
    access, case = open_adjudicable(tx, actor, address)
    dataset = access.dataset
    _check_version(case, version, dataset)
    if case.gold is None:
        return dataset, case
    after = set_gold(case, None)
    change = CaseChange(case, after, access.policies.resolve(after), HistoryReason.GOLD_REMOVED)
    tx.annotations.save_cases(dataset, [change], at=now)
    tx.annotations.log_event(dataset, actor.username, EventCode.REMOVED_GOLD, at=now, record=case)
    return dataset, after


def open_adjudicable(tx: Transaction, actor: Actor, address: RecordAddress) -> tuple[DatasetAccess, Case]:
    """Open the dataset of a record to adjudicate, and the record; refused in a shared dataset."""
    access = open_dataset(tx, actor, address.dataset, Action.ADJUDICATE, open_only=True)
    if not answer_mode(tx, access.dataset).keeps_gold:
        raise BadRequestError(
            f"Dataset {access.dataset.name} is shared: its latest annotation is the record's, there is nothing to "
            "adjudicate. Set the policy 'annotation' to 'individual' first."
        )
    return access, record_case(access, address.id)


def _check_version(case: Case, sent: int | None, dataset: Dataset) -> None:
    current = 0 if case.gold is None else case.gold.version
    if sent is not None and sent != current:
        raise StaleVersionError(sent, show_gold(case.gold, dataset.task) or {"version": 0, "value": None})

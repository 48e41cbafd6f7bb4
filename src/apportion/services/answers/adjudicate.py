"""Adjudicate a record: set the gold value that a human decided on, or remove it."""

from __future__ import annotations

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, StaleVersionError
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Case, GoldValue, Origin
from apportion.domain.individual.record_view import build_view
from apportion.domain.individual.showing import show_gold
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies
from apportion.domain.records import Value
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_dataset
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

from .own_annotations import checked_value, record_case

__all__ = ["adjudicable", "decide", "put_gold", "remove_gold"]


def put_gold(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    value: Value | None,
    *,
    discarded: bool,
    reason: str | None,
    version: int | None,
    now: int,
) -> tuple[Dataset, Case]:
    """Set the gold value of a record, or mark the record as unusable."""
    dataset, case = adjudicable(tx, actor, workspace, name, id)
    _check_version(case, version, dataset)
    if discarded:
        value = None
    else:
        value = checked_value(dataset, case.record, value, AnnotationState.SUBMITTED)
    change = decide(dataset, case, value, actor.username, reason, now)
    tx.annotations.save_cases(dataset, [change], at=now)
    tx.annotations.log_event(
        dataset, actor.username, EventCode.ADJUDICATED, at=now, record=case, detail={"reason": reason}
    )
    return dataset, change.after


def remove_gold(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str, version: int | None, *, now: int
) -> tuple[Dataset, Case]:
    """Remove the gold value: the record resolves to what people's answers make of it again."""
    dataset, case = adjudicable(tx, actor, workspace, name, id)
    _check_version(case, version, dataset)
    if case.gold is None:
        return dataset, case
    policies = Policies.of(dataset.policies)
    after = set_gold(case, None)
    view = build_view(after, rule=policies.resolution, required=policies.required)
    tx.annotations.save_cases(dataset, [CaseChange(case, after, view, HistoryReason.GOLD_REMOVED)], at=now)
    tx.annotations.log_event(dataset, actor.username, EventCode.REMOVED_GOLD, at=now, record=case)
    return dataset, after


def decide(
    dataset: Dataset, case: Case, value: Value | None, by: str, reason: str | None, now: int
) -> CaseChange:
    """Return what a decision changes in a record; None as value marks it as unusable. Nothing is written."""
    policies = Policies.of(dataset.policies)
    version = 1 if case.gold is None else case.gold.version + 1
    after = set_gold(case, GoldValue(value, Origin.ADJUDICATED, by, reason, version, now))
    view = build_view(after, rule=policies.resolution, required=policies.required)
    return CaseChange(case, after, view, HistoryReason.ADJUDICATED, note=f"adjudicated by {by}", by=by)


def adjudicable(tx: Transaction, actor: Actor, workspace: str, name: str, id: str) -> tuple[Dataset, Case]:
    """Return a record that ``actor`` may settle, with its dataset; refused in a shared one."""
    dataset = find_dataset(tx, actor, workspace, name, Action.ADJUDICATE, open_only=True)
    if not Policies.of(dataset.policies).individual:
        raise BadRequestError(
            f"Dataset {name} is shared: its latest annotation is the record's, there is nothing to adjudicate. "
            "Set the policy 'annotation' to 'individual' first."
        )
    return dataset, record_case(tx, dataset, actor, id)


def _check_version(case: Case, sent: int | None, dataset: Dataset) -> None:
    current = 0 if case.gold is None else case.gold.version
    if sent is not None and sent != current:
        raise StaleVersionError(sent, show_gold(case.gold, dataset.task) or {"version": 0, "value": None})

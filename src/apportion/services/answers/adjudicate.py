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
from apportion.services.insight.comments import add_comment
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

from .own_annotations import checked_value, record_case, save_own_annotation

__all__ = ["ask_again", "decide", "put_gold", "remove_gold"]


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
    dataset, case = _find(tx, actor, workspace, name, id)
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
    dataset, case = _find(tx, actor, workspace, name, id)
    _check_version(case, version, dataset)
    if case.gold is None:
        return dataset, case
    policies = Policies.of(dataset.policies)
    after = set_gold(case, None)
    view = build_view(after, rule=policies.resolution, required=policies.required)
    tx.annotations.save_cases(dataset, [CaseChange(case, after, view, HistoryReason.GOLD_REMOVED)], at=now)
    tx.annotations.log_event(dataset, actor.username, EventCode.REMOVED_GOLD, at=now, record=case)
    return dataset, after


def ask_again(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    annotator: str,
    reason: str,
    *,
    now: int,
) -> Case:
    """Send a record back to somebody who answered it: their answer becomes a draft, their slot is open for them again,
    and they are told the reason in a comment. A decision about the record is removed.
    """
    dataset, case = _find(tx, actor, workspace, name, id)
    before = case.of(annotator)
    if before is None or not before.answered:
        raise BadRequestError(f"{annotator} has no answer to record {id} to be asked again for. Nothing was changed.")
    if case.gold is not None:
        remove_gold(tx, actor, workspace, name, id, None, now=now)
        case = record_case(tx, dataset, actor, id)
    save_own_annotation(
        tx, dataset, case, annotator, AnnotationState.DRAFT, before.value, now, by=actor.username
    )
    add_comment(tx, actor, workspace, name, id, reason, annotator, now=now)
    return record_case(tx, dataset, actor, id)


def decide(
    dataset: Dataset, case: Case, value: Value | None, by: str, reason: str | None, now: int
) -> CaseChange:
    """Return what a decision changes in a record; None as value marks it as unusable. Nothing is written."""
    policies = Policies.of(dataset.policies)
    version = 1 if case.gold is None else case.gold.version + 1
    after = set_gold(case, GoldValue(value, Origin.ADJUDICATED, by, reason, version, now))
    view = build_view(after, rule=policies.resolution, required=policies.required)
    return CaseChange(case, after, view, HistoryReason.ADJUDICATED, note=f"adjudicated by {by}", by=by)


def _find(tx: Transaction, actor: Actor, workspace: str, name: str, id: str) -> tuple[Dataset, Case]:
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

"""Add records that were just logged to the standing plans of their dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, QueryTooSlowError, ValidationError
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_unchecked
from apportion.vocabulary import EventCode

from .apply_plan import ApplyPlan
from .compute_plan import compute_extension

__all__ = ["LateExtension", "apply_late", "compute_late", "extend_standing_plans", "note_not_extended"]

AT_ONCE_SECONDS = 0.02
"""Seconds of computing for the query of a plan while records are logged: everybody's answers wait for it. A query
that takes longer is answered on a snapshot once they are logged."""


@dataclass(frozen=True, slots=True)
class LateExtension:
    """Records that are logged, and a standing plan whose query takes too long to add them in the same transaction."""

    dataset: Dataset
    plan: str
    ids: Sequence[str]


def extend_standing_plans(
    tx: Transaction, dataset: Dataset, ids: Sequence[str], *, now: int, seconds: float
) -> list[LateExtension]:
    """Add records that are being logged to standing plans; return what would take longer than ``seconds``.

    Logging never fails because of a plan: where its team has become too small for what a rule asks, the records wait
    until a manager rebalances or extends it, and an event says so.
    """
    dataset = find_unchecked(tx, dataset.address) or dataset  # the caller's may be out of date
    late = []
    for stored in tx.assignments.plans(dataset):
        if not stored.spec.standing or stored.phase is not PlanPhase.LIVE:
            continue
        fresh = tx.assignments.without_slots(dataset, stored, ids)
        if not fresh:
            continue
        each = LateExtension(dataset, stored.id, fresh)
        try:
            with tx.within(seconds):
                addition = _joining(tx, dataset, stored, fresh, now)
        except QueryTooSlowError:
            late.append(each)
        except ValidationError as problem:
            note_not_extended(tx, each, problem.errors[0]["msg"], now=now)
        else:
            apply_late(tx, addition)
    return late


def compute_late(tx: Transaction, late: LateExtension, *, now: int) -> ApplyPlan | None:
    """Return the operation that adds the records, None if none of them joins. Not to be run on the writer thread."""
    dataset = find_unchecked(tx, late.dataset.address)
    if dataset is None or dataset.uuid != late.dataset.uuid:
        return None
    stored = tx.assignments.plan(dataset, late.plan)
    if stored is None or stored.phase is not PlanPhase.LIVE:
        return None
    fresh = tx.assignments.without_slots(dataset, stored, late.ids)
    return _joining(tx, dataset, stored, fresh, now) if fresh else None


def apply_late(tx: Transaction, addition: ApplyPlan | None) -> None:
    """Add the records in this transaction. Raises ``ConflictError`` if the plan or the dataset changed meanwhile."""
    if addition is None:
        return
    for step in addition.steps():
        step(tx)


def note_not_extended(tx: Transaction, late: LateExtension, why: str, *, now: int) -> None:
    """Log that records do not join a standing plan."""
    stored = tx.assignments.plan(late.dataset, late.plan)
    if stored is not None:
        what, detail = EventCode.NOT_EXTENDED, {"plan": late.plan, "records": len(late.ids), "why": why}
        tx.annotations.log_event(late.dataset, stored.created_by, what, at=now, detail=detail)


def _joining(
    tx: Transaction, dataset: Dataset, stored: StoredPlan, ids: Sequence[str], now: int
) -> ApplyPlan | None:
    try:
        planned = compute_extension(tx, dataset, stored, ids)
        return ApplyPlan(planned, by=stored.created_by, at=now, joining=True)
    except QueryTooSlowError:
        raise
    except BadRequestError:  # no rule of the plan is about these records, or nobody can take them
        return None

"""Recover after a stop: delete plans and extensions that were half written, finish plans that were half undone."""

from __future__ import annotations

from apportion.ports.assignments import PlanPhase
from apportion.ports.store import Transaction
from apportion.services.answers.reresolve import forget_batch, reresolve_records

__all__ = ["recover"]

_AT_ONCE = 2_000


def recover(tx: Transaction) -> bool:
    """Recover some of it; return False once there is nothing left to do."""
    for dataset_no, plan in tx.assignments.unfinished():
        dataset = tx.datasets.by_number(dataset_no)
        if dataset is None:  # deleted since: the purge removes the plan too
            continue
        if plan.phase is PlanPhase.WRITING or plan.extending is not None:
            forget_batch(tx, dataset, plan, _AT_ONCE)
            return True
        pending = tx.assignments.pending_of(plan, _AT_ONCE, 0)
        if pending:
            touched = tx.assignments.withdraw(dataset, pending, "undone")
            reresolve_records(tx, dataset, touched, now=plan.changed_at)
        else:
            tx.assignments.change_plan(plan, at=plan.changed_at, phase=PlanPhase.UNDONE)
        return True
    return False

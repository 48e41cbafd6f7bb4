"""What a stop left half done: plans and extensions that were being written are forgotten, plans that were being undone
are undone.
"""

from __future__ import annotations

from apportion.ports.assignments import PlanPhase
from apportion.ports.store import Work

from .settle_again import forget_some, settle_some

__all__ = ["tidy_up"]

_AT_ONCE = 2_000


def tidy_up(work: Work) -> bool:
    """Do some of it; False once there is nothing left to do."""
    for dataset_no, plan in work.assignments.unfinished():
        dataset = work.datasets.numbered(dataset_no)
        if dataset is None:  # deleted since: purging takes the plan along
            continue
        if plan.phase is PlanPhase.WRITING or plan.extending is not None:
            forget_some(work, dataset, plan, _AT_ONCE)
            return True
        pending = work.assignments.pending_of(plan, _AT_ONCE, 0)
        if pending:
            touched = work.assignments.withdraw(dataset, pending, "undone")
            settle_some(work, dataset, touched, now=plan.changed_at)
        else:
            work.assignments.change_plan(plan, at=plan.changed_at, phase=PlanPhase.UNDONE)
        return True
    return False

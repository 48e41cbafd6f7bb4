"""Recover after a stop: delete plans and extensions that were half written, finish plans that were half undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apportion.domain.datasets import Dataset
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.reresolve import delete_unfinished_batch
from apportion.services.datasets.access import dataset_by_number
from apportion.services.operations import Step

__all__ = ["FinishPlan", "unfinished_plans"]

_AT_ONCE = 2_000


class FinishPlan:
    """The steps that finish what a stop left of writing, extending or undoing one plan."""

    name = "finish plan"

    def __init__(self, dataset_no: int, plan: str) -> None:
        self._dataset_no = dataset_no
        self._plan = plan
        self._done = False

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        while not self._done:
            yield self._some

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: the next start goes on."""
        return iter(())

    def _some(self, tx: Transaction) -> None:
        dataset = dataset_by_number(tx, self._dataset_no)
        # A dataset deleted since has nothing to finish: its purge removes the plan, too.
        plan = None if dataset is None else tx.assignments.plan(dataset, self._plan)
        self._done = dataset is None or plan is None or _finish_some(tx, dataset, plan)


def unfinished_plans(tx: Transaction, alive: Callable[[int], bool]) -> list[FinishPlan]:
    """Return the operations that finish the plans which a server that stopped left half written or half undone."""
    return [FinishPlan(dataset_no, plan.id) for dataset_no, plan in tx.assignments.unfinished(alive)]


def _finish_some(tx: Transaction, dataset: Dataset, plan: StoredPlan) -> bool:
    """Finish some of a plan; return True once nothing is left to do."""
    if plan.phase is PlanPhase.WRITING or plan.extending is not None:
        return delete_unfinished_batch(tx, dataset, plan, _AT_ONCE)
    if plan.phase is not PlanPhase.UNDOING:
        return True
    pending = tx.assignments.pending_of(plan, _AT_ONCE, 0)
    if not pending:
        tx.assignments.change_plan(plan, at=plan.changed_at, phase=PlanPhase.UNDONE)
        return True
    touched = tx.assignments.withdraw(dataset, pending, "undone")
    answer_mode(tx, dataset).reresolve(touched, now=plan.changed_at)
    return False

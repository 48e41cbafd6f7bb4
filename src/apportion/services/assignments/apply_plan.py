"""Apply a computed plan in steps: each a transaction of its own, so that nobody annotating waits for long.

Slots are inserted and enqueued while nobody can see them; earlier answers are staged where the dataset becomes
individual; then the plan goes live, and the records that it changed are resolved again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from apportion.domain.assignment.refusals import NothingToAssignError
from apportion.domain.assignment.rows import PlanRows
from apportion.domain.assignment.spec import PlanSpec
from apportion.domain.assignment.team import need_kinds
from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    ConflictError,
    EntityNotFoundError,
)
from apportion.domain.jobs import Job
from apportion.domain.numpy_types import Column, np
from apportion.domain.parts import parts_of
from apportion.domain.times import parse_date_bounds
from apportion.ports.plans import ExtensionInProgress, PlanPhase, StoredPlan
from apportion.ports.slots import SlotBatch
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.reresolve import AT_ONCE as RESOLVED_AT_ONCE
from apportion.services.answers.reresolve import (
    ReresolveCause,
    begin_reresolving,
    delete_unfinished_batch,
    requeue_job,
    reresolving_steps,
)
from apportion.services.datasets.access import find_unchecked
from apportion.services.operations import Step
from apportion.vocabulary import UNBOUNDED, EventCode

from .compute_plan import ComputedPlan, inputs_version, policies_after
from .migrate_individual import IndividualMigration
from .policies import PolicyCause, policies_of, put_policies, set_policies

__all__ = [
    "SLOTS_AT_ONCE",
    "ApplyPlan",
    "due_of",
    "slot_batch_of",
    "with_numbers",
]

SLOTS_AT_ONCE = 2_500
"""Slots per transaction: nobody who annotates waits for more than those."""
AT_ONCE = SLOTS_AT_ONCE
"""Slots up to which a plan is applied in one transaction: no more than of a larger one in each of its own."""
_FORGOTTEN_AT_ONCE = 2_000


class ApplyPlan:
    """The steps that apply a computed plan.

    ``joining``: it only adds records that were just logged, also while another plan is being written.

    Raises ``NothingToAssignError`` where nobody would get anything.
    """

    name = "apply plan"

    def __init__(self, planned: ComputedPlan, *, by: str, at: int, joining: bool = False) -> None:
        if not len(planned.plan.rows):
            raise NothingToAssignError([each.reason for each in planned.plan.unassigned])
        self._planned = planned
        self._by = by
        self._at = at
        self._joining = joining
        self._plan: StoredPlan | None = None
        self._batch = _slot_batch(planned)
        self._touched: dict[str, None] = {}
        """Records among those allocated that people have answered."""
        self._migration: IndividualMigration | None = None
        self._jobs: list[Job] = []

    @property
    def plan(self) -> StoredPlan:
        """Return the plan as it is stored; only there once the first step has run."""
        assert self._plan is not None
        return self._plan

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        total = len(self._planned.plan.rows)
        parts = [(start, min(start + SLOTS_AT_ONCE, total)) for start in range(0, total, SLOTS_AT_ONCE)]
        written = [self._begin, *map(self._insert, parts), *map(self._enqueue, parts)]
        # One that joins is within the transaction that logs its records anyway
        most = 8 * AT_ONCE if self._joining else AT_ONCE
        if total <= most and not self._planned.many_answered:
            yield lambda tx: self._whole(tx, written)
            return
        if self._planned.into is not None and not self._joining:
            written[0] = self._begin_extending
        yield from written
        policies = policies_after(policies_of(self._planned.dataset), self._planned.spec)
        if not policies.individual:  # nobody sees the slots before the plan is live
            for part in parts_of(list(self._touched), RESOLVED_AT_ONCE):
                yield partial(self._reresolve, part)
            yield self._go_live
            return
        if not self._planned.dataset.individual:
            self._migration = IndividualMigration(self._planned.dataset, policies, self._at, self.plan.no)
            yield from self._migration.staging_steps()
        yield self._go_live_and_queue
        yield from reresolving_steps(self._jobs[0], list(self._answered), now=self._at)

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed.

        A plan that is live stays, and a job resolves the records that it changed; one that is not yet live is deleted.
        """
        for job in self._jobs:
            yield lambda tx, job=job: requeue_job(tx, job.id, now=self._at)  # type: ignore[misc]
        if self._plan is None:
            return
        plan, dataset = self._plan, self._planned.dataset
        forgotten = False

        def some(tx: Transaction) -> None:
            nonlocal forgotten
            there = tx.assignments.plan(dataset, plan.id)
            if there is None or (there.phase is not PlanPhase.WRITING and there.extending is None):
                forgotten = True
            else:
                forgotten = delete_unfinished_batch(tx, dataset, there, _FORGOTTEN_AT_ONCE)

        while not forgotten:
            yield some

    @property
    def _answered(self) -> dict[str, None]:
        return self._touched if self._migration is None else self._migration.ids

    def _whole(self, tx: Transaction, written: Sequence[Step]) -> None:
        self._touched.clear()  # a transaction that was lost is run again
        for step in written:
            step(tx)
        dataset = self._go_live(tx)
        answer_mode(tx, dataset).reresolve(list(self._touched), now=self._at)

    def _reresolve(self, ids: Sequence[str], tx: Transaction) -> None:
        answer_mode(tx, self._planned.dataset).reresolve(ids, now=self._at)

    def _begin(self, tx: Transaction) -> None:
        if not self._joining:
            _check_alone(tx, self._planned)
        self._plan = _store_plan(tx, self._planned, self._by, self._at)
        self._batch = with_numbers(tx, self._plan, self._batch)

    def _begin_extending(self, tx: Transaction) -> None:
        """Begin, and store the plan as it was before, so that an extension that is cut short can be taken back."""
        before = self._planned.into
        assert before is not None
        state = tx.assignments.state_of(before)
        self._begin(tx)
        first = self._batch.first_slot
        extending = ExtensionInProgress(first, first + len(self._planned.plan.rows), before.figures, state)
        self._plan = tx.assignments.begin_extending(self.plan, extending)

    def _insert(self, part: tuple[int, int]) -> Step:
        def step(tx: Transaction) -> None:
            answered = tx.assignments.insert_slots(self._planned.dataset, self.plan, self._batch, *part)
            self._touched.update(dict.fromkeys(answered))

        return step

    def _enqueue(self, part: tuple[int, int]) -> Step:
        return lambda tx: tx.assignments.enqueue_slots(self._planned.dataset, self.plan, self._batch, *part)

    def _go_live(self, tx: Transaction) -> Dataset:
        """Put the plan and the policies that it asks for in force."""
        planned, by, at = self._planned, self._by, self._at
        dataset = _find_unchanged(tx, planned)
        after = policies_after(policies_of(dataset), planned.spec)
        if self._migration is None:
            dataset = set_policies(tx, dataset, after, PolicyCause(by, at, plan=self.plan.no))
        else:
            self._migration.finish(tx)
            dataset = put_policies(tx, dataset, after, by=by, now=at)
        detail = {"plan": self.plan.id, "records": planned.plan.records, "slots": len(planned.plan.rows)}
        what = EventCode.ASSIGNED if planned.into is None else EventCode.EXTENDED
        tx.annotations.log_event(dataset, by, what, at=at, detail=detail)
        if planned.into is not None and not self._joining:
            tx.assignments.end_extending(self.plan)
        self._plan = tx.assignments.change_plan(self.plan, at=at, phase=PlanPhase.LIVE)
        return dataset

    def _go_live_and_queue(self, tx: Transaction) -> None:
        dataset = self._go_live(tx)
        carried = self._migration is not None
        plan = None if carried else self.plan.no  # every answered record was staged, not only the plan's
        cause = ReresolveCause(self._by, self._at, plan, carried)
        job = begin_reresolving(tx, dataset, len(self._answered), cause)
        self._jobs[:] = [job]


def _find_unchanged(tx: Transaction, planned: ComputedPlan) -> Dataset:
    dataset = find_unchecked(tx, planned.dataset.address)
    if dataset is None or dataset.uuid != planned.dataset.uuid:
        raise EntityNotFoundError(planned.dataset.name, "ServiceDataset")
    return dataset


def _check_alone(tx: Transaction, planned: ComputedPlan) -> None:
    dataset = _find_unchanged(tx, planned)
    half = (PlanPhase.WRITING, PlanPhase.UNDOING)
    if any(each.phase in half or each.extending is not None for each in tx.assignments.plans(dataset)):
        raise ConflictError(
            "Another plan of this dataset is being saved right now. Nothing was assigned; try again."
        )


def _store_plan(tx: Transaction, planned: ComputedPlan, by: str, at: int) -> StoredPlan:
    dataset = _find_unchanged(tx, planned)
    if inputs_version(tx, dataset) != planned.mark:
        raise ConflictError(
            "The records, the policies or the plans of this dataset changed while this one was calculated. "
            "Nothing was assigned; try again."
        )
    if planned.into is not None:
        return tx.assignments.change_plan(
            planned.into, at=at, state=planned.plan.state, figures=_figures_with(planned)
        )
    return tx.assignments.add_plan(
        dataset,
        str(uuid.uuid4()),
        planned.spec,
        planned.teams,
        planned.plan.state,
        planned.show(),
        phase=PlanPhase.WRITING,
        by=by,
        at=at,
    )


def _figures_with(planned: ComputedPlan) -> dict[str, Any]:
    """Return the figures of an extended plan: records and slots add up, and pairs are those of the whole plan."""
    assert planned.into is not None
    before, more = planned.into.figures, planned.plan.show()
    total = {name: before[name] + more[name] for name in ("records", "slots")}
    return {**before, **total, "pairs": more["pairs"]}


# The rows on their way to the store


def _slot_batch(planned: ComputedPlan) -> SlotBatch:
    """Return the plan's rows as the store takes them: by person and priority, as they will be claimed."""
    rows = planned.plan.rows
    needs: dict[tuple[int, str], Sequence[tuple[str, str]]] = {}
    for number, (rule, each) in enumerate(zip(planned.spec.rules, planned.given, strict=True)):
        if rule.needs:
            asked, of = need_kinds(rule, replace(each.records, held={}))
            for place, id in enumerate(each.records.ids):
                needs[number, id] = asked[of[place] if of is not None else 0].needs
    return slot_batch_of(rows, _numbers_of(rows.records, planned), needs, due_of(planned.spec))


def _numbers_of(ids: Sequence[str], planned: ComputedPlan) -> Column:
    """Return the number of each record."""
    # In Python's own loops: a single call for millions, such as ``map``, would keep all other threads waiting
    known = {
        id: number
        for each in planned.given
        for id, number in zip(each.records.ids, each.records.logged or (), strict=True)
    }
    return np.fromiter((known.get(id, 0) for id in ids), np.int64, len(ids))


def with_numbers(tx: Transaction, stored: StoredPlan, batch: SlotBatch) -> SlotBatch:
    """Return the rows with numbers reserved for their slots and reasons."""
    return replace(
        batch,
        first_reason=tx.assignments.add_reasons(stored, batch.rows.reasons),
        first_slot=tx.assignments.reserve_slot_numbers(len(batch.rows)),
    )


def due_of(spec: PlanSpec) -> list[int]:
    """Return the due time of each rule's slots in microseconds; ``UNBOUNDED`` where it has none."""
    return [UNBOUNDED if rule.due is None else parse_date_bounds(rule.due)[1] for rule in spec.rules]


def slot_batch_of(
    rows: PlanRows,
    numbers: Column,
    needs: Mapping[tuple[int, str], Sequence[tuple[str, str]]],
    due: Sequence[int],
) -> SlotBatch:
    """Return the rows in the two orders in which they are stored: each table is then written from end to end.

    Slots are numbered in the order of their records, so what ``rows`` has in that order is stored in it.
    """
    rows = rows.in_order(np.argsort(numbers[rows.record], kind="stable"))
    by_person = np.lexsort((rows.priority[rows.record], rows.person))
    return SlotBatch(rows, by_person, numbers, needs, due)

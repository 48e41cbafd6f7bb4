"""Apply a computed change of a plan in steps: each a transaction of its own, so that nobody waits for long.

Slots that were begun in the meantime stay with whoever began them. Records with answers are resolved again at the
end; after a stop or a failure in the middle, by a job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apportion.domain.assignment.plan_changes import applied
from apportion.domain.assignment.rows import RowFacts, RowsBuilder
from apportion.domain.assignment.states import Reason
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError
from apportion.domain.numpy_types import np
from apportion.domain.parts import parts_of
from apportion.ports.plans import PlanPhase
from apportion.ports.store import Transaction
from apportion.services.datasets.access import find_unchecked
from apportion.services.operations import Step
from apportion.vocabulary import EventCode

from .apply_plan import due_of, slot_batch_of, with_numbers
from .compute_change import ComputedChange, ComputedUndo
from .deferred_resolution import DeferredResolution

__all__ = ["ApplyPlanChange", "UndoPlan"]

WITHDRAWN_AT_ONCE = 1_000
"""Slots withdrawn in a transaction: those of a record are stored together, but are scattered over people's queues."""

MOVED_AT_ONCE = 500
"""Slots that change hands in a transaction: each is read with the others of its record, and changes queues."""


class ApplyPlanChange:
    """The steps that rebalance or move a plan, or withdraw a part of it."""

    name = "change plan"

    def __init__(self, planned: ComputedChange, *, by: str, at: int) -> None:
        self._planned = planned
        self._by = by
        self._at = at
        self._after = DeferredResolution(planned.dataset, planned.stored.no, by=by, at=at)

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        change, numbers = self._planned.change, self._planned.numbers
        removed = [no for row in change.removed for no in numbers[row.record, row.annotator]]
        moved = [
            (no, each.to, each.reason)
            for each in sorted(change.moved, key=lambda each: each.row.record)
            for no in numbers[each.row.record, each.row.annotator][:1]
        ]

        def withdrawn(part: Sequence[int]) -> Step:
            def step(tx: Transaction) -> None:
                # Slots begun since the change was computed stay with whoever began them.
                still = tx.assignments.still_pending(part, self._at)
                why = f"{self._planned.what} by {self._by}"
                self._after.touch(tx.assignments.withdraw(self._planned.dataset, still, why))

            return step

        def handed(part: Sequence[tuple[int, str, Reason]]) -> Step:
            def step(tx: Transaction) -> None:
                still = set(tx.assignments.still_pending([no for no, _, _ in part], self._at))
                moves = [each for each in part if each[0] in still]
                touched = tx.assignments.reassign(self._planned.dataset, moves, self._planned.stored)
                self._after.touch(touched)

            return step

        parts = [withdrawn(part) for part in parts_of(removed, WITHDRAWN_AT_ONCE)]
        parts += [handed(part) for part in parts_of(moved, MOVED_AT_ONCE)]
        yield from self._after.around(self._begin, parts, self._finish, len(removed) + len(moved))

    def give_up(self) -> Iterator[Step]:
        """Return the steps to run after one has failed: what was changed by then stays changed."""
        return self._after.give_up()

    def _begin(self, tx: Transaction) -> None:
        _check(tx, self._planned)

    def _finish(self, tx: Transaction) -> Dataset | None:
        planned = self._planned
        dataset = find_unchecked(tx, planned.dataset.address)
        if dataset is None:
            return None
        if planned.change.added:
            self._after.touch(_add(tx, planned))
        state = applied(tx.assignments.state_of(planned.stored), planned.change, planned.on)
        tx.assignments.change_plan(
            planned.stored, at=self._at, state=state, teams=planned.teams, spec=planned.spec
        )
        shown = planned.change.show()
        detail = {
            "plan": planned.stored.id,
            **{key: shown[key] for key in ("added", "removed", "moved", "kept")},
        }
        tx.annotations.log_event(dataset, self._by, EventCode(planned.what), at=self._at, detail=detail)
        return dataset


class UndoPlan:
    """The steps that undo a plan: nothing of it is left in the end but what was begun."""

    name = "undo plan"

    def __init__(self, planned: ComputedUndo, *, by: str, at: int) -> None:
        self._planned = planned
        self._by = by
        self._at = at
        self._after = DeferredResolution(planned.dataset, planned.stored.no, by=by, at=at)

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        pending = self._planned.pending
        parts = [self._some(part) for part in parts_of(pending, WITHDRAWN_AT_ONCE)]
        yield from self._after.around(self._begin, parts, self._finish, len(pending))

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed: the rest of the plan is live again, and can be undone again."""

        def go_on(tx: Transaction) -> None:
            there = tx.assignments.plan(self._planned.dataset, self._planned.stored.id)
            if there is not None and there.phase is PlanPhase.UNDOING:
                tx.assignments.change_plan(there, at=there.changed_at, phase=PlanPhase.LIVE)

        yield from self._after.give_up(go_on)

    def _begin(self, tx: Transaction) -> None:
        _check(tx, self._planned)
        tx.assignments.change_plan(self._planned.stored, at=self._at, phase=PlanPhase.UNDOING)

    def _some(self, part: Sequence[int]) -> Step:
        return lambda tx: self._withdraw(tx, tx.assignments.still_pending(part, self._at))

    def _withdraw(self, tx: Transaction, slots: Sequence[int]) -> None:
        self._after.touch(tx.assignments.withdraw(self._planned.dataset, slots, f"undone by {self._by}"))

    def _finish(self, tx: Transaction) -> Dataset | None:
        stored = self._planned.stored
        given_back = tx.assignments.pending_of(stored, WITHDRAWN_AT_ONCE, self._at)
        self._withdraw(tx, given_back)
        dataset = find_unchecked(tx, self._planned.dataset.address)
        if dataset is not None:
            detail = {"plan": stored.id, **self._planned.show()}
            tx.annotations.log_event(dataset, self._by, EventCode.UNDONE, at=self._at, detail=detail)
        tx.assignments.change_plan(stored, at=self._at, phase=PlanPhase.UNDONE)
        return dataset


def _check(tx: Transaction, planned: ComputedChange | ComputedUndo) -> None:
    now = tx.assignments.plan(planned.dataset, planned.stored.id)
    if now is None or now.changed_at != planned.stored.changed_at:
        raise ConflictError("The plan was changed by someone else just now. Nothing was changed; try again.")


def _add(tx: Transaction, planned: ComputedChange) -> list[str]:
    """Insert the added rows: people who joined get the records that everybody answers. Return touched records."""
    added = planned.change.added
    people = sorted({row.annotator for row, _ in added if row.annotator is not None})
    builder = RowsBuilder(people)
    for row, reason in added:
        place = builder.add_records([row.record], np.array([row.priority], dtype=np.int64))
        builder.add(
            np.array([place]),
            np.array([people.index(row.annotator or "")]),
            np.array([0]),
            builder.reason(reason),
            RowFacts(row.rule, row.phase, np.array([1.0])),
        )
    rows = builder.finish()
    stored = planned.stored
    of = tx.assignments.record_numbers(planned.dataset, rows.records)
    numbers = np.array([of.get(id, 0) for id in rows.records], dtype=np.int64)
    needs = {(row.rule, row.record): row.needs for row, _ in added if row.needs}
    batch = with_numbers(tx, stored, slot_batch_of(rows, numbers, needs, due_of(stored.spec)))
    touched = tx.assignments.insert_slots(planned.dataset, stored, batch, 0, len(rows))
    tx.assignments.enqueue_slots(planned.dataset, stored, batch, 0, len(rows))
    return touched

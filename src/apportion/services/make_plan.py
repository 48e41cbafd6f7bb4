"""Make a plan that was worked out, in steps: each a transaction of its own, so that nobody annotating waits for long.

Slots are dealt and offered while nobody is told of them; what was answered before is carried over where the dataset
becomes individual; then the plan is live, and what it changed is settled.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

from apportion.domain.arrays import Column, np
from apportion.domain.assignment.people import kinds
from apportion.domain.assignment.refusals import NothingToAssignError
from apportion.domain.assignment.rows import Rows
from apportion.domain.assignment.spec import PlanSpec
from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityNotFoundError,
    QueryTooSlowError,
    ValidationError,
)
from apportion.domain.jobs import Job
from apportion.domain.times import parse_date_bounds
from apportion.ports.assignments import Dealing, Extending, PlanPhase, StoredPlan
from apportion.ports.store import Work
from apportion.vocabulary import EventCode

from .assign import Planned, extension, mark_of, policies_after
from .carry_over import CarryOver
from .policies import policies_of, put_policies, set_policies
from .settle_again import AT_ONCE as SETTLED_AT_ONCE
from .settle_again import begin_settling, forget_some, hand_over, settle_some, settling_steps
from .steps import Step, parts_of

__all__ = ["NEVER", "SLOTS_AT_ONCE", "Making", "catch_up", "dealing_of", "due_of", "numbered"]

NEVER = 1 << 62
SLOTS_AT_ONCE = 2_500
"""Slots a transaction: nobody who annotates waits for more than those."""
AT_ONCE = 20_000
"""A plan of so many slots is made in one transaction."""
_FORGOTTEN_AT_ONCE = 2_000
_WHERE_SECONDS = 0.25
"""Computing time for the query of a standing plan while records are being logged: everybody's answers wait for it."""


class Making:
    """A plan on its way into the store; ``joining`` are records that were just logged, beside whatever goes on.

    Raises ``NothingToAssignError`` where nobody would get anything.
    """

    def __init__(self, planned: Planned, *, by: str, at: int, joining: bool = False) -> None:
        if not len(planned.plan.rows):
            raise NothingToAssignError([each.reason for each in planned.plan.unassigned])
        self._planned = planned
        self._by = by
        self._at = at
        self._joining = joining
        self._plan: StoredPlan | None = None
        self._dealing = _dealing(planned)
        self._touched: dict[str, None] = {}
        """Records among those dealt that people have answered."""
        self._carrying: CarryOver | None = None
        self._jobs: list[Job] = []

    @property
    def plan(self) -> StoredPlan:
        """The plan as it is stored, once it is."""
        assert self._plan is not None
        return self._plan

    def steps(self) -> Iterator[Step]:
        """What to do, transaction by transaction."""
        total = len(self._planned.plan.rows)
        parts = [(start, min(start + SLOTS_AT_ONCE, total)) for start in range(0, total, SLOTS_AT_ONCE)]
        written = [self._begin, *map(self._deal, parts), *map(self._offer, parts)]
        if total <= AT_ONCE and not self._planned.many_answered:
            yield lambda work: self._whole(work, written)
            return
        if self._planned.into is not None and not self._joining:
            written[0] = self._begin_extending
        yield from written
        policies = policies_after(policies_of(self._planned.dataset), self._planned.spec)
        if not policies.individual:  # nobody is told what becomes of the slots before the plan is live
            for part in parts_of(list(self._touched), SETTLED_AT_ONCE):
                yield lambda work, part=part: settle_some(  # type: ignore[misc]
                    work, self._planned.dataset, part, now=self._at
                )
            yield self._go_live
            return
        if not self._planned.dataset.individual:
            self._carrying = CarryOver(self._planned.dataset, policies, self._at, self.plan.no)
            yield from self._carrying.ahead()
        yield self._go_live_and_settle
        yield from settling_steps(self._jobs[0], list(self._answered), now=self._at)

    def give_up(self) -> Iterator[Step]:
        """What to do when one of the steps has failed: a plan that is live stays, and others settle what it changed;
        another is forgotten.
        """
        if self._carrying is not None:
            yield self._carrying.give_up
        for job in self._jobs:
            yield lambda work, job=job: hand_over(work, job.id, now=self._at)  # type: ignore[misc]
        if self._plan is None:
            return
        plan, dataset = self._plan, self._planned.dataset
        forgotten = False

        def some(work: Work) -> None:
            nonlocal forgotten
            there = work.assignments.plan(dataset, plan.id)
            if there is None or (there.phase is not PlanPhase.WRITING and there.extending is None):
                forgotten = True
            else:
                forgotten = forget_some(work, dataset, there, _FORGOTTEN_AT_ONCE)

        while not forgotten:
            yield some

    @property
    def _answered(self) -> dict[str, None]:
        return self._touched if self._carrying is None else self._carrying.ids

    def _whole(self, work: Work, written: Sequence[Step]) -> None:
        self._touched.clear()  # a transaction that was lost is run again
        for step in written:
            step(work)
        dataset = self._go_live(work)
        settle_some(work, dataset, list(self._touched), now=self._at)

    def _begin(self, work: Work) -> None:
        if not self._joining:
            _check_alone(work, self._planned)
        self._plan = _begun(work, self._planned, self._by, self._at)
        self._dealing = numbered(work, self._plan, self._dealing)

    def _begin_extending(self, work: Work) -> None:
        """The same, with a note of what the plan was before: should the extension be cut short, it is so again."""
        before = self._planned.into
        assert before is not None
        state = work.assignments.state_of(before)
        self._begin(work)
        first = self._dealing.first_slot
        extending = Extending(first, first + len(self._planned.plan.rows), before.figures, state)
        self._plan = work.assignments.begin_extending(self.plan, extending)

    def _deal(self, part: tuple[int, int]) -> Step:
        def step(work: Work) -> None:
            answered = work.assignments.deal(self._planned.dataset, self.plan, self._dealing, *part)
            self._touched.update(dict.fromkeys(answered))

        return step

    def _offer(self, part: tuple[int, int]) -> Step:
        return lambda work: work.assignments.offer(self._planned.dataset, self.plan, self._dealing, *part)

    def _go_live(self, work: Work) -> Dataset:
        """The plan and the policies that it asks for are in force from now on."""
        planned, by, at = self._planned, self._by, self._at
        dataset = _still_there(work, planned)
        after = policies_after(policies_of(dataset), planned.spec)
        if self._carrying is None:
            dataset = set_policies(work, dataset, after, by=by, now=at, plan=self.plan.no)
        else:
            self._carrying.arrive(work)
            dataset = put_policies(work, dataset, after, by=by, now=at)
        detail = {"plan": self.plan.id, "records": planned.plan.records, "slots": len(planned.plan.rows)}
        what = EventCode.ASSIGNED if planned.into is None else EventCode.EXTENDED
        work.annotations.note(dataset, by, what, at=at, detail=detail)
        if planned.into is not None and not self._joining:
            work.assignments.end_extending(self.plan)
        self._plan = work.assignments.change_plan(self.plan, at=at, phase=PlanPhase.LIVE)
        return dataset

    def _go_live_and_settle(self, work: Work) -> None:
        dataset = self._go_live(work)
        carried = self._carrying is not None
        job = begin_settling(
            work,
            dataset,
            len(self._answered),
            by=self._by,
            now=self._at,
            plan=None if carried else self.plan.no,  # what was carried over is all that was answered
            carried=carried,
        )
        self._jobs[:] = [job]


def _still_there(work: Work, planned: Planned) -> Dataset:
    dataset = work.datasets.find(planned.dataset.workspace, planned.dataset.name)
    if dataset is None or dataset.uuid != planned.dataset.uuid:
        raise EntityNotFoundError(planned.dataset.name, "ServiceDataset")
    return dataset


def _check_alone(work: Work, planned: Planned) -> None:
    dataset = _still_there(work, planned)
    half = (PlanPhase.WRITING, PlanPhase.UNDOING)
    if any(each.phase in half or each.extending is not None for each in work.assignments.plans(dataset)):
        raise ConflictError("Another plan of this dataset is being written just now. Nothing was assigned.")


def _begun(work: Work, planned: Planned, by: str, at: int) -> StoredPlan:
    dataset = _still_there(work, planned)
    if mark_of(work, dataset) != planned.mark:
        raise ConflictError(
            "The records, the policies or the plans of this dataset changed while this one was worked out. "
            "Nothing was assigned; try again."
        )
    if planned.into is not None:
        return work.assignments.change_plan(
            planned.into, at=at, state=planned.plan.state, figures=_figures_with(planned)
        )
    return work.assignments.add_plan(
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


def _figures_with(planned: Planned) -> dict[str, Any]:
    """What a plan that was extended comes to: records and answers add up, and pairs are those of the whole plan."""
    assert planned.into is not None
    before, more = planned.into.figures, planned.plan.show()
    total = {name: before[name] + more[name] for name in ("records", "slots")}
    return {**before, **total, "pairs": more["pairs"]}


# The rows on their way to the store


def _dealing(planned: Planned) -> Dealing:
    """What storing the plan's rows takes: by person and priority, as they will be claimed."""
    rows = planned.plan.rows
    needs: dict[tuple[int, str], Sequence[tuple[str, str]]] = {}
    numbers: dict[str, int] = {}
    for number, (rule, each) in enumerate(zip(planned.spec.rules, planned.given, strict=True)):
        assert each.records.logged is not None
        numbers.update(zip(each.records.ids, each.records.logged, strict=True))
        if rule.needs:
            asked, of = kinds(rule, replace(each.records, held={}))
            for place, id in enumerate(each.records.ids):
                needs[number, id] = asked[of[place] if of is not None else 0].needs
    known = np.fromiter(map(numbers.get, rows.records, repeat(0)), np.int64, len(rows.records))
    return dealing_of(rows, known, needs, due_of(planned.spec))


def numbered(work: Work, stored: StoredPlan, dealing: Dealing) -> Dealing:
    """The rows with numbers for their slots and reasons."""
    return replace(
        dealing,
        first_reason=work.assignments.add_reasons(stored, dealing.rows.reasons),
        first_slot=work.assignments.reserve(len(dealing.rows)),
    )


def due_of(spec: PlanSpec) -> list[int]:
    """When the slots of each rule are due."""
    return [NEVER if rule.due is None else parse_date_bounds(rule.due)[1] for rule in spec.rules]


def dealing_of(
    rows: Rows,
    numbers: Column,
    needs: Mapping[tuple[int, str], Sequence[tuple[str, str]]],
    due: Sequence[int],
) -> Dealing:
    """Rows in the two orders in which they are stored: each table is then written from one end to the other.

    Slots are numbered in the order of their records, so what ``rows`` has in that order is stored in it.
    """
    rows = rows.in_order(np.argsort(numbers[rows.record], kind="stable"))
    by_person = np.lexsort((rows.priority[rows.record], rows.person))
    return Dealing(rows, by_person, numbers, needs, due)


# Records that are logged later


def catch_up(work: Work, dataset: Dataset, ids: Sequence[str], *, now: int) -> None:
    """Records that have just been logged join the standing plans of their dataset.

    Logging never fails because of a plan: where its team has become too small for what a rule asks, the records wait
    for somebody to rebalance or extend it, and an event says so.
    """
    dataset = work.datasets.find(dataset.workspace, dataset.name) or dataset  # as it now is
    for stored in work.assignments.plans(dataset):
        if not stored.spec.standing or stored.phase is not PlanPhase.LIVE:
            continue
        fresh = work.assignments.without_slots(dataset, stored, ids)
        if not fresh:
            continue
        try:
            with work.within(_WHERE_SECONDS):
                planned = extension(work, dataset, stored, fresh)
            making = Making(planned, by=stored.created_by, at=now, joining=True)
        except QueryTooSlowError as slow:
            detail = {"plan": stored.id, "records": len(fresh), "why": str(slow)}
            work.annotations.note(dataset, stored.created_by, EventCode.NOT_EXTENDED, at=now, detail=detail)
            continue
        except BadRequestError:  # no rule of the plan is about these records, or nobody can take them
            continue
        except ValidationError as problem:
            why = problem.errors[0]["msg"]
            detail = {"plan": stored.id, "records": len(fresh), "why": why}
            work.annotations.note(dataset, stored.created_by, EventCode.NOT_EXTENDED, at=now, detail=detail)
            continue
        for step in making.steps():
            step(work)

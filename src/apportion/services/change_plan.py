"""Change a plan that was made: rebalance, move, withdraw, undo. Each is a difference first, then steps that make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.arrays import np
from apportion.domain.assignment.changing import Change, applied, move, rebalance, withdraw
from apportion.domain.assignment.people import Person
from apportion.domain.assignment.reading import read_plan
from apportion.domain.assignment.redealing import Held
from apportion.domain.assignment.rows import RowsBuilder
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError, ValidationError
from apportion.domain.jobs import Job
from apportion.domain.people import Actor
from apportion.ports.assignments import PlanPhase, StoredPlan
from apportion.ports.store import Work

from .assign import find_plan, team_of
from .make_plan import SLOTS_AT_ONCE, dealing_of, due_of, numbered
from .settle_again import settle_now_or_later, settling_steps
from .steps import Step, parts_of

__all__ = [
    "ChangePlanned",
    "Undoing",
    "change_steps",
    "moving",
    "rebalancing",
    "undo_steps",
    "undoing",
    "withdrawing",
]


@dataclass(frozen=True, slots=True)
class ChangePlanned:
    """A change worked out on one snapshot: the difference, and what it takes to make it."""

    dataset: Dataset
    stored: StoredPlan
    what: str
    change: Change
    numbers: Mapping[tuple[str, str | None], list[int]]
    on: Mapping[str, set[str]]
    teams: tuple[tuple[Person, ...], ...] | None = None
    spec: PlanSpec | None = None

    def show(self) -> dict[str, Any]:
        """The difference as JSON."""
        return self.change.show()


@dataclass(frozen=True, slots=True)
class Undoing:
    """The undoing of a whole plan: the slots that go, and how many stay since work on them has begun."""

    dataset: Dataset
    stored: StoredPlan
    pending: Sequence[int]
    kept: int

    def show(self) -> dict[str, Any]:
        """The difference as JSON."""
        return {"added": 0, "removed": len(self.pending), "moved": 0, "kept": self.kept}


class _Rows:
    """The live rows of a plan, and whose they are."""

    def __init__(self, work: Work, stored: StoredPlan, now: int) -> None:
        self.numbers: dict[tuple[str, str | None], list[int]] = {}
        self.rows: list[Held] = []
        self.on: dict[str, set[str]] = {}
        for no, row in work.assignments.held_rows(stored, now):
            self.rows.append(row)
            self.numbers.setdefault((row.record, row.annotator), []).append(no)
            if row.annotator is not None:
                self.on.setdefault(row.record, set()).add(row.annotator)


def rebalancing(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    *,
    users: Any = None,
    level: bool = False,
    rule: int | None = None,
    now: int,
) -> ChangePlanned:
    """Bring a plan in line with its team as it is now, or with other ``users`` of one rule."""
    dataset, stored = _open(work, actor, workspace, name, id)
    spec = stored.spec
    if rule is not None:
        _check_rule(stored, rule)
    if users is not None:
        number = rule or 0
        asked = read_plan({"rules": [{"users": users}]}, "body").rules[0].users
        rules = [replace(each, users=asked) if n == number else each for n, each in enumerate(spec.rules)]
        spec = replace(spec, rules=tuple(rules))
    rows = _Rows(work, stored, now)
    others = work.assignments.held(dataset) if len(work.assignments.plans(dataset)) > 1 else {}
    teams = list(stored.teams)
    parts: list[Change] = []
    for number, each in enumerate(spec.rules):
        if rule is not None and number != rule:
            continue
        teams[number] = team_of(work, dataset, each, number, [], lenient=users is None)
        blocked = {
            record: others[record] - rows.on.get(record, set()) for record in rows.on if record in others
        }
        parts.append(
            rebalance(
                rows.rows,
                teams[number],
                spec.seed or 0,
                rule=number,
                level=level,
                blocked={record: names for record, names in blocked.items() if names},
            )
        )
    return ChangePlanned(
        dataset, stored, "rebalanced", _together(parts), rows.numbers, rows.on, tuple(teams), spec
    )


def moving(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    *,
    to: str,
    records: Sequence[str] | None,
    annotator: str | None,
    rule: int = 0,
    now: int,
) -> ChangePlanned:
    """Give some of a plan's rows to somebody by hand."""
    dataset, stored = _open(work, actor, workspace, name, id)
    _check_rule(stored, rule)
    person = _person(work, dataset, stored, rule, to)
    rows = _Rows(work, stored, now)
    on = {**rows.on}
    for record, names in (work.assignments.held(dataset) if records is not None else {}).items():
        on[record] = on.get(record, set()) | names
    has = sum(row.annotator == to for row in rows.rows if row.rule == rule)
    mine = [row for row in rows.rows if row.rule == rule]
    change = move(
        mine, person, records=None if records is None else set(records), annotator=annotator, on=on, has=has
    )
    return ChangePlanned(dataset, stored, "moved", change, rows.numbers, rows.on)


def withdrawing(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    *,
    records: Sequence[str] | None,
    annotator: str | None,
    now: int,
) -> ChangePlanned:
    """Take some of a plan's rows back."""
    dataset, stored = _open(work, actor, workspace, name, id)
    rows = _Rows(work, stored, now)
    change = withdraw(rows.rows, records=None if records is None else set(records), annotator=annotator)
    return ChangePlanned(dataset, stored, "withdrawn", change, rows.numbers, rows.on)


def undoing(work: Work, actor: Actor, workspace: str, name: str, id: str, *, now: int) -> Undoing:
    """Take a whole plan back, but for the work that was begun."""
    dataset, stored = _open(work, actor, workspace, name, id)
    pending = work.assignments.pending_of(stored, 1 << 62, now)
    counts = [each for each in work.assignments.counts(dataset) if each.plan == stored.no]
    live = sum(each.n for each in counts if each.state is not RowState.WITHDRAWN)
    return Undoing(dataset, stored, pending, live - len(pending))


def undo_steps(planned: Undoing, *, by: str, at: int) -> Iterator[Step]:
    """What to do, transaction by transaction, until nothing of the plan is left but what was begun."""
    touched: list[str] = []
    jobs: list[Job] = []

    def begin(work: Work) -> None:
        _check(work, planned)
        work.assignments.change_plan(planned.stored, at=at, phase=PlanPhase.UNDOING)

    def withdrawn(work: Work, slots: Sequence[int]) -> None:
        touched.extend(work.assignments.withdraw(planned.dataset, slots, f"undone by {by}"))

    def some(part: Sequence[int]) -> Step:
        return lambda work: withdrawn(work, work.assignments.still_pending(part, at))

    def finish(work: Work) -> None:
        withdrawn(
            work, work.assignments.pending_of(planned.stored, SLOTS_AT_ONCE, at)
        )  # given back meanwhile
        dataset = work.datasets.find(planned.dataset.workspace, planned.dataset.name)
        if dataset is not None:
            touched[:] = dict.fromkeys(touched)
            jobs[:] = settle_now_or_later(work, dataset, touched, by=by, now=at, plan=planned.stored.no)
            detail = {"plan": planned.stored.id, **planned.show()}
            work.annotations.note(dataset, by, "undone", at=at, detail=detail)
        work.assignments.change_plan(planned.stored, at=at, phase=PlanPhase.UNDONE)

    parts = [some(part) for part in parts_of(planned.pending, SLOTS_AT_ONCE)]
    if len(parts) <= 1:

        def whole(work: Work) -> None:
            touched.clear()
            for step in (begin, *parts, finish):
                step(work)

        yield whole
    else:
        yield from (begin, *parts, finish)
    for job in jobs:
        yield from settling_steps(job, touched, now=at)


def _open(work: Work, actor: Actor, workspace: str, name: str, id: str) -> tuple[Dataset, StoredPlan]:
    dataset, stored = find_plan(work, actor, workspace, name, id)
    if stored.phase in (PlanPhase.WRITING, PlanPhase.UNDOING):
        raise ConflictError("This plan is being written just now. Nothing was changed; try again.")
    if stored.phase is PlanPhase.UNDONE:
        raise ConflictError("This plan was undone. Nothing was changed.")
    return dataset, stored


def _check_rule(stored: StoredPlan, rule: int) -> None:
    if not 0 <= rule < len(stored.spec.rules):
        raise ValidationError(
            [
                {
                    "loc": ["body", "rule"],
                    "msg": f"the plan has {len(stored.spec.rules)} rules",
                    "type": "value_error",
                }
            ]
        )


def _person(work: Work, dataset: Dataset, stored: StoredPlan, rule: int, name: str) -> Person:
    """Somebody as the rule knows them, or as one who belongs to the workspace and joins now."""
    known = next((each for each in stored.teams[rule] if each.name == name), None)
    try:
        (person,) = team_of(work, dataset, RuleSpec(users=(UserEntry(name),)), rule, [])
    except ValidationError as problem:
        msg = problem.errors[0]["msg"].replace("planned", "changed")
        raise ValidationError([{"loc": ["body", "to"], "msg": msg, "type": "value_error"}]) from None
    return known or person


def _together(parts: Sequence[Change]) -> Change:
    return Change(
        tuple(each for part in parts for each in part.added),
        tuple(each for part in parts for each in part.removed),
        tuple(each for part in parts for each in part.moved),
        tuple(each for part in parts for each in part.kept),
        tuple(each for part in parts for each in part.unassigned),
        tuple(each for part in parts for each in part.refused),
    )


# Making it


def change_steps(planned: ChangePlanned, *, by: str, at: int) -> Iterator[Step]:
    """What to do, transaction by transaction. Slots that were begun in the meantime stay with whoever began them."""
    change = planned.change
    removed = [no for row in change.removed for no in planned.numbers[row.record, row.annotator]]
    moved = [
        (no, each.to, each.reason)
        for each in sorted(change.moved, key=lambda each: each.row.record)
        for no in planned.numbers[each.row.record, each.row.annotator][:1]
    ]
    touched: list[str] = []
    jobs: list[Job] = []

    def begin(work: Work) -> None:
        _check(work, planned)

    def withdrawn(part: Sequence[int]) -> Step:
        def step(work: Work) -> None:
            still = work.assignments.still_pending(part, at)
            touched.extend(work.assignments.withdraw(planned.dataset, still, f"{planned.what} by {by}"))

        return step

    def handed(part: Sequence[tuple[int, str, Any]]) -> Step:
        def step(work: Work) -> None:
            still = set(work.assignments.still_pending([no for no, _, _ in part], at))
            moves = [each for each in part if each[0] in still]
            touched.extend(work.assignments.reassign(planned.dataset, moves, planned.stored))

        return step

    def finish(work: Work) -> None:
        jobs[:] = _finish(work, planned, touched, by, at)

    parts: list[Step] = [withdrawn(part) for part in parts_of(removed, SLOTS_AT_ONCE)]
    parts += [handed(part) for part in parts_of(moved, SLOTS_AT_ONCE)]
    if len(removed) + len(moved) <= SLOTS_AT_ONCE:

        def whole(work: Work) -> None:
            touched.clear()
            for step in (begin, *parts, finish):
                step(work)

        yield whole
    else:
        yield from (begin, *parts, finish)
    for job in jobs:
        yield from settling_steps(job, touched, now=at)


def _check(work: Work, planned: ChangePlanned | Undoing) -> None:
    now = work.assignments.plan(planned.dataset, planned.stored.id)
    if now is None or now.changed_at != planned.stored.changed_at:
        raise ConflictError("The plan was changed by somebody else just now. Nothing was changed; try again.")


def _finish(work: Work, planned: ChangePlanned, touched: list[str], by: str, at: int) -> list[Job]:
    dataset = work.datasets.find(planned.dataset.workspace, planned.dataset.name)
    if dataset is None:
        return []
    if planned.change.added:
        touched += _add(work, planned)
    touched[:] = dict.fromkeys(touched)
    jobs = settle_now_or_later(work, dataset, touched, by=by, now=at, plan=planned.stored.no)
    state = applied(work.assignments.state_of(planned.stored), planned.change, planned.on)
    work.assignments.change_plan(
        planned.stored,
        at=at,
        state=state,
        teams=planned.teams,
        spec=planned.spec,
    )
    shown = planned.change.show()
    detail = {"plan": planned.stored.id, **{key: shown[key] for key in ("added", "removed", "moved", "kept")}}
    work.annotations.note(dataset, by, planned.what, at=at, detail=detail)
    return jobs


def _add(work: Work, planned: ChangePlanned) -> list[str]:
    """New rows: people who joined get the records that everybody answers."""
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
            rule=row.rule,
            phase=row.phase,
            inclusion=np.array([1.0]),
        )
    rows = builder.finish()
    stored = planned.stored
    of = work.assignments.numbers(planned.dataset, rows.records)
    numbers = np.array([of.get(id, 0) for id in rows.records], dtype=np.int64)
    needs = {(row.rule, row.record): row.needs for row, _ in added if row.needs}
    dealing = numbered(work, stored, dealing_of(rows, numbers, needs, due_of(stored.spec)))
    touched = work.assignments.deal(planned.dataset, stored, dealing, 0, len(rows))
    work.assignments.offer(planned.dataset, stored, dealing, 0, len(rows))
    return touched

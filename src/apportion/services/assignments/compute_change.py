"""Compute how a stored plan is to change: rebalanced, moved, withdrawn, undone. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.assignment.plan_changes import PlanChange, Rebalancing, move, rebalance, withdraw
from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.assignment.reallocation import HeldSlot
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.state import PlanState, RuleState
from apportion.domain.assignment.states import Mode, RowState
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset, PlanAddress
from apportion.domain.errors import ConflictError, ValidationError
from apportion.domain.people import Actor
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.slots import RecordsOf
from apportion.ports.store import Transaction
from apportion.vocabulary import UNBOUNDED

from .compute_plan import find_plan, present_team_of, team_of

__all__ = [
    "ComputedChange",
    "ComputedUndo",
    "Move",
    "Rebalance",
    "RowSelection",
    "compute_move",
    "compute_rebalance",
    "compute_undo",
    "compute_withdrawal",
]


@dataclass(frozen=True, slots=True)
class ComputedChange:
    """A change computed on one snapshot: the difference, and what it takes to apply it."""

    dataset: Dataset
    stored: StoredPlan
    what: str
    change: PlanChange
    numbers: Mapping[tuple[str, str | None], list[int]]
    on: Mapping[str, set[str]]
    teams: tuple[tuple[Person, ...], ...] | None = None
    spec: PlanSpec | None = None

    def show(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        return self.change.show()


@dataclass(frozen=True, slots=True)
class ComputedUndo:
    """The undo of a whole plan: the slots that go, and how many stay because somebody has begun them."""

    dataset: Dataset
    stored: StoredPlan
    pending: Sequence[int]
    kept: int

    def show(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        return {"added": 0, "removed": len(self.pending), "moved": 0, "kept": self.kept}


class _LiveSlots:
    """The live rows of a plan, or those on some records, with the annotators that hold them."""

    def __init__(self, tx: Transaction, stored: StoredPlan, now: int, of: RecordsOf | None = None) -> None:
        self.numbers: dict[tuple[str, str | None], list[int]] = {}
        self.rows: list[HeldSlot] = []
        self.on: dict[str, set[str]] = {}
        for no, row in tx.assignments.live_slots_of(stored, now, of):
            self.rows.append(row)
            self.numbers.setdefault((row.record, row.annotator), []).append(no)
            if row.annotator is not None:
                self.on.setdefault(row.record, set()).add(row.annotator)


@dataclass(frozen=True, slots=True)
class Rebalance:
    """Request to rebalance a plan: with other ``users`` of a ``rule``, or its team as it is.

    ``level``: people above their share give up the surplus.
    """

    users: Any = None
    level: bool = False
    rule: int | None = None


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Rows of a plan: those of these records (None: all), of this annotator (None: anybody)."""

    records: Sequence[str] | None
    annotator: str | None

    @property
    def ids(self) -> set[str] | None:
        return None if self.records is None else set(self.records)

    def records_of(self, *others: str) -> RecordsOf | None:
        """Return the records that these rows are on, and those of others; None where all rows are meant."""
        if self.records is None and self.annotator is None:
            return None
        asked = () if self.annotator is None or self.records is not None else (self.annotator,)
        return RecordsOf({*asked, *others}, self.records or ())


def compute_rebalance(
    tx: Transaction, actor: Actor, address: PlanAddress, wanted: Rebalance, *, now: int
) -> ComputedChange:
    """Compute how to bring a plan in line with its team as it is now, or with other users of one rule."""
    dataset, stored = _open(tx, actor, address)
    spec, rule, users = stored.spec, wanted.rule, wanted.users
    if rule is not None:
        _check_rule(stored, rule)
    if users is not None:
        number = rule or 0
        asked = read_plan({"rules": [{"users": users}]}, "body").rules[0].users
        rules = [replace(each, users=asked) if n == number else each for n, each in enumerate(spec.rules)]
        spec = replace(spec, rules=tuple(rules))
    teams = list(stored.teams)
    numbers = [number for number in range(len(spec.rules)) if rule is None or number == rule]
    for number in numbers:
        if users is None:
            teams[number] = present_team_of(tx, dataset, spec.rules[number], number)
        else:
            teams[number] = team_of(tx, dataset, spec.rules[number], number, [])
    known, of = None, None  # all rows
    if all(_gives_up_rows_alone(spec.rules[number], wanted) for number in numbers):
        known = _known_state(tx, dataset, stored)
        of = RecordsOf({name for number in numbers for name in _affected(known.rule(number), teams[number])})
    rows = _LiveSlots(tx, stored, now, of)
    others: Mapping[str, set[str]] = {}
    if len(tx.assignments.plans(dataset)) > 1:
        others = tx.assignments.assignees(dataset, None if of is None else rows.on)
    parts: list[PlanChange] = []
    for number in numbers:
        blocked = {
            record: others[record] - rows.on.get(record, set()) for record in rows.on if record in others
        }
        parts.append(
            rebalance(
                rows.rows,
                teams[number],
                spec.seed or 0,
                Rebalancing(
                    number,
                    level=wanted.level,
                    blocked={record: names for record, names in blocked.items() if names},
                    state=known,
                ),
            )
        )
    return ComputedChange(
        dataset, stored, "rebalanced", _together(parts), rows.numbers, rows.on, tuple(teams), spec
    )


def _gives_up_rows_alone(rule: RuleSpec, wanted: Rebalance) -> bool:
    """Return True if only rows of people who leave, or are above their cap, are looked at.

    People who join get the anchors, and an open row is with whoever has leased it: for both all rows are read.
    """
    return not wanted.level and not rule.anchors and rule.mode is Mode.PUSH


def _known_state(tx: Transaction, dataset: Dataset, stored: StoredPlan) -> PlanState:
    """Return loads of each rule's live rows as they are counted, and the pairs of the plan."""
    loads: dict[int, dict[str, int]] = {}
    for each in tx.assignments.slot_counts(dataset):
        if each.plan == stored.no and each.annotator is not None and each.state is not RowState.WITHDRAWN:
            rule = loads.setdefault(each.rule, {})
            rule[each.annotator] = rule.get(each.annotator, 0) + each.n
    pairs = tx.assignments.state_of(stored).pairs
    return PlanState({number: RuleState(each) for number, each in loads.items()}, pairs)


def _affected(rule: RuleState, team: Sequence[Person]) -> list[str]:
    """Return who has rows to give up: those who are not there any more, and those above their cap."""
    people = {person.name: person for person in team if person.active}
    return [
        name
        for name, load in rule.loads.items()
        if load and (name not in people or ((cap := people[name].cap) is not None and load > cap))
    ]


@dataclass(frozen=True, slots=True)
class Move:
    """Rows to move, and the annotator who gets them, as one of the people of a rule."""

    rows: RowSelection
    to: str
    rule: int = 0


def compute_move(
    tx: Transaction, actor: Actor, address: PlanAddress, wanted: Move, *, now: int
) -> ComputedChange:
    """Compute how to move some of a plan's rows to another annotator."""
    dataset, stored = _open(tx, actor, address)
    _check_rule(stored, wanted.rule)
    person = _person(tx, dataset, stored, wanted.rule, wanted.to)
    of = wanted.rows.records_of(wanted.to)
    rows = _LiveSlots(tx, stored, now, of)
    on = {**rows.on}
    for record, names in (tx.assignments.assignees(dataset, rows.on) if of is not None else {}).items():
        on[record] = on.get(record, set()) | names
    mine = [row for row in rows.rows if row.rule == wanted.rule]
    change = move(mine, person, on, records=wanted.rows.ids, annotator=wanted.rows.annotator)
    return ComputedChange(dataset, stored, "moved", change, rows.numbers, rows.on)


def compute_withdrawal(
    tx: Transaction, actor: Actor, address: PlanAddress, wanted: RowSelection, *, now: int
) -> ComputedChange:
    """Compute how to withdraw some of a plan's rows."""
    dataset, stored = _open(tx, actor, address)
    rows = _LiveSlots(tx, stored, now, wanted.records_of())
    change = withdraw(rows.rows, records=wanted.ids, annotator=wanted.annotator)
    return ComputedChange(dataset, stored, "withdrawn", change, rows.numbers, rows.on)


def compute_undo(tx: Transaction, actor: Actor, address: PlanAddress, *, now: int) -> ComputedUndo:
    """Compute how to undo a whole plan, except for the slots that somebody has begun."""
    dataset, stored = _open(tx, actor, address)
    pending = tx.assignments.pending_of(stored, UNBOUNDED, now)
    counts = [each for each in tx.assignments.slot_counts(dataset) if each.plan == stored.no]
    live = sum(each.n for each in counts if each.state is not RowState.WITHDRAWN)
    return ComputedUndo(dataset, stored, pending, live - len(pending))


def _open(tx: Transaction, actor: Actor, address: PlanAddress) -> tuple[Dataset, StoredPlan]:
    dataset, stored = find_plan(tx, actor, address)
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


def _person(tx: Transaction, dataset: Dataset, stored: StoredPlan, rule: int, name: str) -> Person:
    """Return a person as the rule knows them, or as a member of the workspace who joins now."""
    known = next((each for each in stored.teams[rule] if each.name == name), None)
    try:
        (person,) = team_of(tx, dataset, RuleSpec(users=(UserEntry(name),)), rule, [])
    except ValidationError as problem:
        msg = problem.errors[0]["msg"].replace("planned", "changed")
        raise ValidationError([{"loc": ["body", "to"], "msg": msg, "type": "value_error"}]) from None
    return known or person


def _together(parts: Sequence[PlanChange]) -> PlanChange:
    return PlanChange(
        tuple(each for part in parts for each in part.added),
        tuple(each for part in parts for each in part.removed),
        tuple(each for part in parts for each in part.moved),
        tuple(each for part in parts for each in part.kept),
        tuple(each for part in parts for each in part.unassigned),
        tuple(each for part in parts for each in part.refused),
    )

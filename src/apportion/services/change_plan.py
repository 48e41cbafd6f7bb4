"""Work out how a plan that was made is to change: rebalanced, moved, withdrawn, undone. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.assignment.changing import Change, move, rebalance, withdraw
from apportion.domain.assignment.people import Person
from apportion.domain.assignment.reading import read_plan
from apportion.domain.assignment.redealing import Held
from apportion.domain.assignment.spec import PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError, ValidationError
from apportion.domain.people import Actor
from apportion.ports.assignments import PlanPhase, StoredPlan
from apportion.ports.store import Work

from .assign import find_plan, team_of

__all__ = ["ChangePlanned", "Undoing", "moving", "rebalancing", "undoing", "withdrawing"]


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

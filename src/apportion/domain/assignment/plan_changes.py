"""Change a plan: every change is first computed as a difference, and started work is never taken away.

A row is started once it is leased, done, skipped, or has a draft. Only pending rows move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .pairs import Pairs
from .reallocation import HeldSlot, ReallocationState, by_order, in_order
from .repair import Shortfall
from .state import PlanState, pair
from .states import PERSONAL, Phase, Reason, RowState
from .team import Person

__all__ = [
    "HeldSlot",
    "PlanChange",
    "Rebalancing",
    "SlotMove",
    "applied",
    "invert",
    "move",
    "rebalance",
    "undo",
    "withdraw",
]


@dataclass(frozen=True, slots=True)
class SlotMove:
    """A row that moves to another person, with the reason for that person."""

    row: HeldSlot
    to: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A change of rows.

    ``kept`` are rows that were selected but stay as they are, since work on them has started.
    """

    added: tuple[tuple[HeldSlot, Reason], ...] = ()
    removed: tuple[HeldSlot, ...] = ()
    moved: tuple[SlotMove, ...] = ()
    kept: tuple[HeldSlot, ...] = ()
    unassigned: tuple[Shortfall, ...] = ()
    refused: tuple[tuple[HeldSlot, str], ...] = ()

    def show(self) -> dict[str, Any]:
        """Return the difference as JSON: counts, and how many rows each person gets and loses."""
        gains: dict[str, int] = {}
        for name, step in (
            *((move.to, 1) for move in self.moved),
            *((move.row.annotator, -1) for move in self.moved),
            *((row.annotator, 1) for row, _ in self.added),
            *((row.annotator, -1) for row in self.removed),
        ):
            if name is not None:
                gains[name] = gains.get(name, 0) + step
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "moved": len(self.moved),
            "kept": len(self.kept),
            "loads": {name: gains[name] for name in sorted(gains)},
            "unassigned": [each.show() for each in self.unassigned],
            "refused": [
                {"record": row.record, "annotator": row.annotator, "why": why} for row, why in self.refused
            ],
        }


@dataclass(frozen=True, slots=True)
class Rebalancing:
    """Request to rebalance one rule; ``rebalance`` says what each of these means."""

    rule: int = 0
    why: str = "rebalanced"
    level: bool = False
    blocked: Mapping[str, Collection[str]] = field(default_factory=dict)
    state: PlanState | None = None


def rebalance(
    rows: Iterable[HeldSlot],
    team: Sequence[Person],
    seed: int,
    how: Rebalancing | None = None,
) -> PlanChange:
    """Bring one rule's rows in line with its team as it is now, moving only what has to move.

    Pending rows of people who are inactive or no longer in the team, and those above somebody's cap, are
    reallocated by the greedy rule to whoever has least for their share. With ``level``, people above their
    share give up the surplus, so that people who joined or got more weight get their share. New people also
    get the anchors. Rows that nobody can take are removed and listed. ``blocked`` names, by record, people
    who must not get it for reasons that are not in ``rows`` (they answered it as an extra).

    ``rows`` are all live rows of the rule, in any state. With the plan's ``state``, which knows loads and
    pairs, those on the records of the people affected are enough; ``level`` and new people need all.
    """
    how = how or Rebalancing()
    rule, why, level, state = how.rule, how.why, how.level, how.state
    held = in_order(row for row in rows if row.rule == rule and row.live)
    known = None if state is None else (state.rule(rule).loads, state.pairs)
    table = ReallocationState(held, team, seed, how.blocked, known)
    joined = table.joining()
    gone = [row for row in held if row.annotator is not None and not table.is_active(row.annotator)]
    anchors = [row for row in gone if row.movable and row.phase in PERSONAL]  # others have those already
    must = [row for row in gone if row.movable and row.phase not in PERSONAL]
    must += table.above_cap()
    offered = table.surplus(must) if level else []
    moved, stuck = table.reallocate([*must, *offered])
    # Surplus rows that nobody can take stay where they are.
    stays = set(offered)
    stuck = [each for each in stuck if each[0] not in stays]
    return PlanChange(
        added=tuple((row, Reason("joined", (count,))) for row, count in joined),
        removed=tuple(sorted([*anchors, *(row for row, _ in stuck)], key=by_order)),
        moved=tuple(
            SlotMove(row, to, Reason("moved", (row.annotator or "", why, reason.code, *reason.args)))
            for row, to, reason in sorted(moved, key=lambda each: by_order(each[0]))
        ),
        kept=tuple(
            row for row in gone if not row.movable and row.state in (RowState.LEASED, RowState.PENDING)
        ),
        unassigned=table.sentences(stuck),
    )


def move(
    rows: Iterable[HeldSlot],
    to: Person,
    on: Mapping[str, Collection[str]],
    *,
    records: Collection[str] | None = None,
    annotator: str | None = None,
) -> PlanChange:
    """Give rows to somebody by hand: those of these ``records`` (None: all), of this ``annotator`` (None:
    anybody).

    ``rows`` are all of the rule, ``on`` has the people on each record. Rows
    whose record the person has already, may not have or has no room for are refused one by one, each with its
    sentence; rows that were started are kept.
    """
    mine = in_order(rows)
    has = sum(row.annotator == to.name for row in mine)
    asked = [
        row
        for row in mine
        if row.live
        and row.annotator != to.name
        and row.phase not in PERSONAL
        and (records is None or row.record in records)
        and (annotator is None or row.annotator == annotator)
    ]
    moved, kept, refused = [], [], []
    given: set[str] = set()
    for row in asked:
        problem = None
        if not row.movable:
            kept.append(row)
            continue
        if row.record in given or to.name in on.get(row.record, ()):
            problem = f"{to.name} is on this record already"
        elif not to.active:
            problem = f"{to.name} is not active"
        elif not to.can(row.needs):
            problem = f"{to.name} lacks " + ", ".join(f"{skill}={value}" for skill, value in row.needs)
        elif to.cap is not None and has + len(given) >= to.cap:
            problem = f"{to.name} has no room left under their cap"
        if problem is not None:
            refused.append((row, problem))
            continue
        given.add(row.record)
        moved.append(SlotMove(row, to.name, Reason("by_hand", (row.annotator or "an open slot",))))
    refused += _unknown(records, (row.record for row in mine if row.live))
    return PlanChange(moved=tuple(moved), kept=tuple(kept), refused=tuple(refused))


def _unknown(records: Collection[str] | None, there: Iterable[str]) -> list[tuple[HeldSlot, str]]:
    """Return a refusal for each record that was named but has no row of the plan."""
    unknown = sorted(set(records or ()).difference(there))
    return [(HeldSlot(record, None), "this rule has not allocated this record") for record in unknown]


def withdraw(
    rows: Iterable[HeldSlot], *, records: Collection[str] | None = None, annotator: str | None = None
) -> PlanChange:
    """Take rows back: those of these records and this annotator, None meaning all.

    Started ones are kept and listed.
    """
    asked = [
        row
        for row in in_order(rows)
        if row.live
        and (records is None or row.record in records)
        and (annotator is None or row.annotator == annotator)
    ]
    return PlanChange(
        removed=tuple(row for row in asked if row.movable),
        kept=tuple(row for row in asked if not row.movable),
    )


def undo(rows: Iterable[HeldSlot]) -> PlanChange:
    """Take a whole plan back: all of its rows except those that were started."""
    return withdraw(rows)


def invert(change: PlanChange, rows: Iterable[HeldSlot]) -> PlanChange:
    """Return the change that reverts ``change``, given the current rows; what was started since stays.

    Moved rows return, removed ones are added again, added ones removed.
    """
    now = {(row.record, row.annotator): row for row in rows if row.live}
    back: list[SlotMove] = []
    added: list[tuple[HeldSlot, Reason]] = []
    removed: list[HeldSlot] = []
    kept: list[HeldSlot] = []
    undone = Reason("undone")
    for each in change.moved:
        row = now.get((each.row.record, each.to))
        if row is None:
            continue
        if not row.movable or each.row.annotator is None or (row.record, each.row.annotator) in now:
            kept.append(row)
        else:
            back.append(SlotMove(row, each.row.annotator, undone))
    for row in change.removed:
        if (row.record, row.annotator) not in now:
            added.append((replace(row, state=RowState.PENDING), undone))
    for gone, _ in change.added:
        row = now.get((gone.record, gone.annotator))
        if row is not None:
            (removed if row.movable else kept).append(row)
    return PlanChange(tuple(added), tuple(removed), tuple(back), tuple(kept))


def applied(state: PlanState, change: PlanChange, on: Mapping[str, Collection[str]]) -> PlanState:
    """Return the plan's state after the change; ``on`` has the people on each record before, by live rows."""
    loads = {number: dict(rule.loads) for number, rule in state.rules.items()}
    pairs = Counter[tuple[str, str]]()
    there = {record: set(names) for record, names in on.items()}

    def count(row: HeldSlot, name: str | None, step: int) -> None:
        if name is None:
            return
        own = loads.setdefault(row.rule, {})
        own[name] = own.get(name, 0) + step
        if row.phase is Phase.CHECK:  # nobody is compared by checks, so pairs leave them out
            return
        team = there.setdefault(row.record, set())
        team.discard(name)
        for other in team:
            pairs[pair(name, other)] += step
        if step > 0:
            team.add(name)

    for row in change.removed:
        count(row, row.annotator, -1)
    for each in change.moved:
        count(each.row, each.row.annotator, -1)
    for each in change.moved:
        count(each.row, each.to, 1)
    for row, _ in change.added:
        count(row, row.annotator, 1)
    rules = {number: replace(state.rule(number), loads=own) for number, own in loads.items()}
    return PlanState(rules, Pairs.of(state.pairs).plus(pairs))

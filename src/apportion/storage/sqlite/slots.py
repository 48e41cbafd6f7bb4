"""Slots as rows: reading them, changing them, and what records are found by because of them.

Three kinds of terms: ``assigned_to`` with the name of everybody who has a live slot or a lease on the record,
``assignment`` with the states of its slots, and the same once more in each person's own view. There ``pending`` is not
written: it is being assigned to somebody who has neither done nor skipped it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from apportion.domain.assignment.queue import Lease, Slot
from apportion.domain.assignment.words import RowState, Skip
from apportion.domain.terms import Term
from apportion.ports.assignments import StoredPlan

from .agents import OPEN, Agents
from .counting import CountedTerms

__all__ = [
    "NEVER",
    "PHASE_STATES",
    "ROW_STATES",
    "STATE_NO",
    "SlotReader",
    "SlotWriter",
    "people_of",
    "slot_terms",
]

ROW_STATES = tuple(RowState)
STATE_NO = {state: no for no, state in enumerate(ROW_STATES)}
NEVER = 1 << 62
"""The due date of what is never due."""

PHASE_STATES = {
    RowState.PENDING: "pending",
    RowState.LEASED: "pending",
    RowState.DONE: "done",
    RowState.SKIPPED: "skipped",
}
"""How ``assignment:`` calls a state; a withdrawn slot cannot be found."""

_COLUMNS = (
    "s.no, s.rid, r.id, s.annotator, s.state, s.rule, s.priority, s.pull, s.due, s.behind, s.needs, "
    "s.holder, s.until, s.token, s.plan"
)
_CHANGED = (
    "UPDATE slots SET annotator = ?, state = ?, behind = ?, pull = ?, holder = ?, until = ?, token = ? "
    "WHERE no = ?"
)


class SlotReader:
    """Slots of one dataset. ``plan_of`` finds a plan by its number, ``skip`` is the dataset's policy."""

    def __init__(
        self, raw: sqlite3.Connection, agents: Agents, plan_of: Callable[[int], StoredPlan], skip: Skip
    ) -> None:
        self._raw = raw
        self._agents = agents
        self._plan_of = plan_of
        self._skip = skip

    def on(self, rids: Sequence[int]) -> dict[int, list[Slot]]:
        """All slots of these records."""
        found: dict[int, list[Slot]] = {}
        for start in range(0, len(rids), 500):
            part = rids[start : start + 500]
            marks = ", ".join("?" * len(part))
            rows = self._raw.execute(
                f"SELECT {_COLUMNS} FROM slots s JOIN records r ON r.rid = s.rid WHERE s.rid IN ({marks})",
                list(part),
            ).fetchall()
            for row in rows:
                found.setdefault(row[1], []).append(self._slot(row))
        return found

    def _slot(self, row: tuple[Any, ...]) -> Slot:
        (
            no,
            _,
            id,
            annotator,
            state,
            rule,
            priority,
            pull,
            due,
            behind,
            needs,
            holder,
            until,
            token,
            plan,
        ) = row
        spec = self._plan_of(plan).spec.rules[rule]
        lease = None if holder is None else Lease(self._agents.name(holder), until, token)
        return Slot(
            no,
            id,
            None if annotator == OPEN else self._agents.name(annotator),
            ROW_STATES[state],
            lease,
            (plan << 8) | rule,
            priority,
            bool(pull),
            None if due == NEVER else due,
            spec.lease,
            spec.skip or self._skip,
            () if needs is None else tuple((skill, value) for skill, value in msgspec.json.decode(needs)),
            self._declined(no) if pull or behind else frozenset(),
            behind,
        )

    def _declined(self, no: int) -> frozenset[str]:
        rows = self._raw.execute("SELECT annotator FROM declined WHERE slot = ?", (no,)).fetchall()
        return frozenset(self._agents.name(annotator) for (annotator,) in rows)


def slot_terms(slots: Iterable[Slot]) -> list[tuple[Term, str | None]]:
    """What a record is found by because of its slots: terms, and whose view they belong to (None: everybody's)."""
    found: dict[tuple[Term, str | None], None] = {}
    for slot in slots:
        word = PHASE_STATES.get(slot.state)
        if word is None:
            continue
        found[("assignment", word), None] = None
        holder = slot.lease.annotator if slot.lease is not None else None
        for name in (slot.annotator, holder):
            if name is not None and slot.state is not RowState.SKIPPED:
                found[("assigned_to", name), None] = None
        if slot.annotator is not None and word != "pending":
            found[("assignment", word), slot.annotator] = None
    return list(found)


class SlotWriter:
    """Changes slots of one dataset within one transaction, with their counters and terms."""

    def __init__(self, raw: sqlite3.Connection, dataset: int, agents: Agents, counted: CountedTerms) -> None:
        self._raw = raw
        self._dataset = dataset
        self._agents = agents
        self._counted = counted

    def change(self, n: int, before: Sequence[Slot], after: Sequence[Slot], why: str | None = None) -> None:
        """A record's slots were ``before`` and are ``after``: the same slots, some of them changed."""
        was = {slot.id: slot for slot in before}
        changed = [(was[slot.id], slot) for slot in after if was[slot.id] != slot]
        if not changed:
            return
        for old, new in changed:
            self._store(old, new, why)
        self.terms(n, before, after)

    def terms(self, n: int, before: Iterable[Slot], after: Iterable[Slot]) -> None:
        """A record gains and loses what it is found by."""
        self._counted.change(n, self._vids(before), self._vids(after))

    def everybodys(self, slots: Iterable[Slot]) -> set[int]:
        """The values by which everybody finds a record because of these slots."""
        return {
            vid for term, person in slot_terms(slots) if person is None for vid in self._counted.vids([term])
        }

    def _vids(self, slots: Iterable[Slot]) -> list[int]:
        found = []
        for term, person in slot_terms(slots):
            viewer = 0 if person is None else self._agents.number(person)
            found += self._counted.vids([term], viewer=viewer)
        return found

    def _store(self, old: Slot, new: Slot, why: str | None) -> None:
        lease = new.lease
        annotator = self._number(new.annotator)
        self._raw.execute(
            _CHANGED,
            (
                annotator,
                STATE_NO[new.state],
                new.behind,
                new.pull,
                None if lease is None else self._agents.number(lease.annotator),
                None if lease is None else lease.until,
                None if lease is None else lease.token,
                new.id,
            ),
        )
        for name in people_of(old) - people_of(new):
            self._raw.execute(
                "INSERT OR IGNORE INTO past_assignees SELECT rid, ? FROM slots WHERE no = ?",
                (self._agents.number(name), new.id),
            )
        if why is not None:
            self._raw.execute("UPDATE slots SET why = ? WHERE no = ?", (why, new.id))
        for name in new.declined - old.declined:
            self._raw.execute(
                "INSERT OR IGNORE INTO declined VALUES (?, ?)", (new.id, self._agents.number(name))
            )
        if (old.annotator, old.state) != (new.annotator, new.state):
            self.count(new.rule >> 8, new.rule & 0xFF, self._number(old.annotator), STATE_NO[old.state], -1)
            self.count(new.rule >> 8, new.rule & 0xFF, annotator, STATE_NO[new.state], 1)

    def _number(self, name: str | None) -> int:
        return OPEN if name is None else self._agents.number(name)

    def count(self, plan: int, rule: int, annotator: int, state: int, change: int) -> None:
        """So many more slots of somebody are in a state."""
        self._raw.execute(
            "INSERT INTO slot_counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            (self._dataset, plan, rule, annotator, state, change),
        )


def people_of(slot: Slot) -> set[str]:
    """Whose the slot is, and who has it leased."""
    names = {slot.annotator, None if slot.lease is None else slot.lease.annotator}
    return {name for name in names if name is not None}

"""Slots as rows: read them, change them, and keep the terms of records that follow from them.

Three kinds of terms: ``assigned_to`` with the name of everybody who has a live slot or a lease on the record,
``assignment`` with the states of its slots, and ``assignment`` again in each person's own view. There ``pending`` is
not written: it follows from being assigned to somebody who has neither done nor skipped it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from apportion.domain.assignment.queue import Lease, Slot
from apportion.domain.assignment.states import Phase, RowState, Skip
from apportion.ports.assignments import StoredPlan
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.codec.states import PHASE_STATES, ROW_STATES, STATE_NO
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.index.counters import CountedTerms

__all__ = [
    "NEVER",
    "SINGLES",
    "Light",
    "SlotReader",
    "SlotTerms",
    "SlotWriter",
    "people_of",
]

NEVER = 1 << 62
"""The due date of slots that are never due, so that they come last in the queue."""

SINGLES = 1 << 61
"""Slots added one by one are numbered from here; below, plans have whole ranges reserved."""

_ADAPTIVE = tuple(Phase).index(Phase.ADAPTIVE)
_CHECK = tuple(Phase).index(Phase.CHECK)
_WORDS = [PHASE_STATES.get(state) for state in ROW_STATES]
_COLUMNS = (
    "s.no, s.rid, r.id, s.annotator, s.state, s.rule, s.priority, s.pull, s.due, s.behind, s.needs, "
    "s.holder, s.until, s.token, s.plan, s.phase"
)
_PLACE = "dataset = ? AND annotator = ? AND behind = ? AND due = ? AND priority = ? AND slot = ?"
_CHANGED = (
    "UPDATE slots SET annotator = ?, state = ?, behind = ?, pull = ?, holder = ?, until = ?, token = ? "
    "WHERE no = ?"
)


class SlotReader:
    """Reader of slots of one dataset. ``plan_of`` finds a plan by its number, ``skip`` is the dataset's policy."""

    def __init__(
        self, raw: RawConnection, agents: Agents, plan_of: Callable[[int], StoredPlan], skip: Skip
    ) -> None:
        self._raw = raw
        self._agents = agents
        self._plan_of = plan_of
        self._skip = skip

    def on(self, rids: Sequence[int]) -> dict[int, list[Slot]]:
        """Return all slots of these records."""
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
            phase,
        ) = row
        whole = self._plan_of(plan).spec
        spec = whole.rules[rule]
        lease = None if holder is None else Lease(self._agents.name(holder), until, token)
        return Slot(
            no,
            id,
            None if annotator == OPEN else self._agents.name(annotator),
            ROW_STATES[state],
            lease,
            (plan << 8) | rule,  # one key for a rule of a plan, as the queue compares them
            priority,
            bool(pull),
            None if due == NEVER else due,
            spec.lease,
            spec.skip or self._skip,
            () if needs is None else tuple((skill, value) for skill, value in msgspec.json.decode(needs)),
            # Saves a look-up for most slots: only open ones and those put back can have been declined
            self._declined(no) if pull or behind else frozenset(),
            behind,
            None if phase != _CHECK else whole.checks is not None and whole.checks.feedback,
        )

    def _declined(self, no: int) -> frozenset[str]:
        rows = self._raw.execute("SELECT annotator FROM declined WHERE slot = ?", (no,)).fetchall()
        return frozenset(self._agents.name(annotator) for (annotator,) in rows)


Light = tuple[int, int, int | None]
"""The part of a slot that terms depend on: annotator, state and holder, as numbers."""


class SlotTerms:
    """Terms of records that follow from their slots; their numbers are looked up once."""

    def __init__(self, agents: Agents, counted: CountedTerms) -> None:
        self._agents = agents
        self._counted = counted
        self._known: dict[tuple[str, int], int] = {}

    def assigned_to(self, annotator: int) -> int:
        """Return the term of records assigned to an annotator."""
        return self._term_id("assigned_to", annotator)

    @property
    def pending(self) -> int:
        """Return the term of records with a slot that is still to be done."""
        return self._term_id("pending", 0)

    def of(self, slots: Iterable[Light]) -> set[int]:
        """Return the terms of a record with these slots."""
        found = set()
        for annotator, state, holder in slots:
            word = _WORDS[state]
            if word is None:
                continue
            found.add(self._term_id(word, 0))
            if word != "skipped":
                if annotator:
                    found.add(self._term_id("assigned_to", annotator))
                if holder:
                    found.add(self._term_id("assigned_to", holder))
            if annotator and word != "pending":
                found.add(self._term_id(word, annotator))
        return found

    def _term_id(self, word: str, annotator: int) -> int:
        term_id = self._known.get((word, annotator))
        if term_id is None:
            if word == "assigned_to":
                (term_id,) = self._counted.term_ids([(word, self._agents.name(annotator))])
            else:
                (term_id,) = self._counted.term_ids([("assignment", word)], viewer=annotator)
            self._known[word, annotator] = term_id
        return term_id


class SlotWriter:
    """Writer of slots of one dataset within one transaction, with their counters and terms."""

    def __init__(self, raw: RawConnection, dataset: int, agents: Agents, counted: CountedTerms) -> None:
        self._raw = raw
        self._dataset = dataset
        self._agents = agents
        self._counted = counted
        self._half: bool | None = None
        self.terms = SlotTerms(agents, counted)

    def change(self, n: int, before: Sequence[Slot], after: Sequence[Slot], why: str | None = None) -> None:
        """Replace a record's slots ``before`` by ``after``; those with an id below 0 are added."""
        was = {slot.id: slot for slot in before}
        added = [slot for slot in after if slot.id < 0]
        changed = [(was[slot.id], slot) for slot in after if slot.id > 0 and was[slot.id] != slot]
        if not changed and not added:
            return
        for slot in added:
            self._add(slot)
        for old, new in changed:
            self._store(old, new, why)
        self.change_terms(n, map(self._light, before), map(self._light, after))

    def change_terms(self, n: int, before: Iterable[Light], after: Iterable[Light]) -> None:
        """Update the terms of a record whose slots were ``before`` and are ``after``."""
        was, now = self.terms.of(before), self.terms.of(after)
        if self._half_written:
            self._counted.change_surely(n, was, now)
        else:
            self._counted.change(n, was, now)

    @property
    def _half_written(self) -> bool:
        """Return True if a plan is being written or extended: terms of its later slots are not written yet."""
        if self._half is None:
            row = self._raw.execute(
                "SELECT 1 FROM plans WHERE dataset = ? "
                "AND (state = 'writing' OR figures LIKE '%\"extending\"%') LIMIT 1",
                (self._dataset,),
            ).fetchone()
            self._half = row is not None
        return self._half

    def _add(self, slot: Slot) -> None:
        """Add a slot that answers made necessary; reason and inclusion are another's, so as not to reveal that."""
        annotator = self._number(slot.annotator)
        (no,) = self._raw.execute(
            "INSERT INTO slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, "
            "priority, due, behind, pull, needs) SELECT (SELECT max(coalesce(max(no), 0), ?1) + 1 FROM slots), "
            "dataset, rid, plan, rule, (SELECT max(slot) + 1 FROM slots o WHERE o.rid = s.rid AND o.plan = s.plan), "
            "?2, ?3, ?4, reason, inclusion, priority, due, 0, ?5, needs FROM slots s WHERE no = ?6 RETURNING no",
            (SINGLES, annotator, STATE_NO[slot.state], _ADAPTIVE, slot.pull, -slot.id),
        ).fetchone()
        place = self._place(slot)
        if place is not None:
            self._raw.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)", (*place[:-1], no))
        self.count(slot.rule >> 8, slot.rule & 0xFF, annotator, STATE_NO[slot.state], 1)

    def _light(self, slot: Slot) -> Light:
        holder = None if slot.lease is None else self._agents.number(slot.lease.annotator)
        return self._number(slot.annotator), STATE_NO[slot.state], holder

    def _store(self, old: Slot, new: Slot, why: str | None) -> None:
        lease = new.lease
        annotator = self._number(new.annotator)
        self._raw.execute(
            _CHANGED,
            (
                annotator,
                STATE_NO[new.state],
                new.deferred,
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
        # A lease keeps its row in ``waiting``, so that a lease that runs out needs no write to be offered again
        was, now = self._place(old), self._place(new)
        if was != now:
            if was is not None:
                self._raw.execute(f"DELETE FROM waiting WHERE {_PLACE}", was)
            if now is not None:
                self._raw.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)", now)
        if why is not None:
            self._raw.execute("UPDATE slots SET why = ? WHERE no = ?", (why, new.id))
        for name in new.declined - old.declined:
            self._raw.execute(
                "INSERT OR IGNORE INTO declined VALUES (?, ?)", (new.id, self._agents.number(name))
            )
        for name in old.declined - new.declined:
            self._raw.execute(
                "DELETE FROM declined WHERE slot = ? AND annotator = ?", (new.id, self._agents.number(name))
            )
        if (old.annotator, old.state) != (new.annotator, new.state):
            self.count(new.rule >> 8, new.rule & 0xFF, self._number(old.annotator), STATE_NO[old.state], -1)
            self.count(new.rule >> 8, new.rule & 0xFF, annotator, STATE_NO[new.state], 1)

    def _place(self, slot: Slot) -> tuple[int, ...] | None:
        """Return the row of ``waiting`` for a slot; None when it does not wait."""
        if slot.state not in (RowState.PENDING, RowState.LEASED):
            return None
        due = NEVER if slot.due is None else slot.due
        return self._dataset, self._number(slot.annotator), slot.deferred, due, slot.priority, slot.id

    def _number(self, name: str | None) -> int:
        return OPEN if name is None else self._agents.number(name)

    def count(self, plan: int, rule: int, annotator: int, state: int, change: int) -> None:
        """Add ``change`` to the number of an annotator's slots in a state."""
        self._raw.execute(
            "INSERT INTO slot_counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            (self._dataset, plan, rule, annotator, state, change),
        )


def people_of(slot: Slot) -> set[str]:
    """Return the annotator of a slot and the holder of its lease."""
    names = {slot.annotator, None if slot.lease is None else slot.lease.annotator}
    return {name for name in names if name is not None}

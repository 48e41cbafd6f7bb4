"""Slots as rows: read them, change them, and keep the terms of records that follow from them.

Three kinds of terms: ``assigned_to`` with the name of everybody who has a live slot or a lease on the record,
``assignment`` with the states of its slots, and ``assignment`` again in each person's own view. There ``pending`` is
not written: it follows from being assigned to somebody who has neither done nor skipped it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec

from apportion.domain.assignment.queue import Lease, NewSlot, Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import Phase, RowState, Skip
from apportion.ports.plans import StoredPlan
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.codec.states import PHASE_STATES, ROW_STATES, STATE_NO
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.dialect import NumberRange
from apportion.storage.sql.index.counters import CountedTerms
from apportion.storage.sql.rows import insert_rows
from apportion.vocabulary import UNBOUNDED

__all__ = [
    "SLOT_COLUMNS",
    "Light",
    "SlotReader",
    "SlotTerms",
    "SlotWriter",
    "people_of",
]


_AT_ONCE = 50
_ADAPTIVE = tuple(Phase).index(Phase.ADAPTIVE)
_CHECK = tuple(Phase).index(Phase.CHECK)
_WORDS = [PHASE_STATES.get(state) for state in ROW_STATES]
# Rows are taken apart by place, here and in ``CaseReader``: a column more moves all places behind it
SLOT_COLUMNS = (
    (
        "no",
        "annotator",
        "state",
        "rule",
        "priority",
        "pull",
        "due",
        "behind",
        "holder",
        "until",
        "plan",
        "phase",
    ),
    ("needs", "token"),
)
"""The columns of a slot that ``SlotReader`` needs: numbers and texts."""
_READ = (
    f"SELECT s.rid, r.id, {', '.join(f's.{name}' for name in SLOT_COLUMNS[0])}, d.annotator, s.needs, s.token "
    "FROM slots s JOIN records r ON r.rid = s.rid LEFT JOIN declined d ON d.slot = s.no WHERE "
)
_NUMBERS = frozenset({"annotator", "state", "behind", "holder", "until"})
_CHANGED = ("annotator", "state", "behind", "pull", "holder", "until", "token", "why")
_PLACE = ("dataset", "annotator", "behind", "due", "priority", "slot")


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
        sql = self._raw.dialect
        if not rids:
            return {}
        rows: dict[int, list[tuple[Any, ...]]] = {}
        found = self._raw.execute(_READ + sql.in_numbers("s.rid"), (sql.numbers(rids),)).fetchall()
        for rid, *row in found:
            rows.setdefault(rid, []).append(tuple(row))
        return {rid: self.slots(each) for rid, each in rows.items()}

    def slots(self, rows: Sequence[tuple[Any, ...]]) -> list[Slot]:
        """Return the slots of rows in the order of their numbers.

        A row is id, numbers, one who declined it, texts; a slot has a row for each of these.
        """
        found = {row[1]: row for row in rows}
        declined: dict[int, list[str]] = {}
        for row in rows:
            if row[13] is not None:
                declined.setdefault(row[1], []).append(self._agents.name(row[13]))
        return [self._slot(found[no], declined.get(no, ())) for no in sorted(found)]

    def _slot(self, row: tuple[Any, ...], declined: Iterable[str]) -> Slot:
        id, no, annotator, state, rule, priority, pull, due, behind, holder, until, plan, phase = row[:13]
        needs, token = row[14:]
        whole = self._plan_of(plan).spec
        spec = whole.rules[rule]
        lease = None if holder is None else Lease(self._agents.name(holder), until, token)
        return Slot(
            no,
            id,
            None if annotator == OPEN else self._agents.name(annotator),
            ROW_STATES[state],
            lease,
            RuleId(plan, rule),
            priority,
            bool(pull),
            None if due == UNBOUNDED else due,  # never due: last in the queue
            spec.lease,
            spec.skip or self._skip,
            () if needs is None else tuple((skill, value) for skill, value in msgspec.json.decode(needs)),
            # Only open slots and those put back can have been declined
            frozenset(declined) if pull or behind else frozenset(),
            behind,
            None if phase != _CHECK else whole.checks is not None and whole.checks.feedback,
        )


Light = tuple[int, int, int | None]
"""The part of a slot that terms depend on: annotator, state and holder, as numbers."""


class SlotTerms:
    """Terms of records that follow from their slots; their numbers are looked up once."""

    def __init__(self, agents: Agents, counted: CountedTerms) -> None:
        self._agents = agents
        self._counted = counted
        self._known: dict[tuple[str, int], int] = {}
        self._of_slot: dict[Light, set[int]] = {}

    def assigned_to(self, annotator: int) -> int:
        """Return the term of records assigned to an annotator."""
        return self._term_id("assigned_to", annotator)

    @property
    def pending(self) -> int:
        """Return the term of records with a slot that is still to be done."""
        return self._term_id("pending", 0)

    def of(self, slots: Iterable[Light]) -> set[int]:
        """Return the terms of a record with these slots."""
        found: set[int] = set()
        for light in slots:
            terms = self._of_slot.get(light)
            if terms is None:
                terms = self._of_slot[light] = self._terms_of(*light)
            found.update(terms)
        return found

    def _terms_of(self, annotator: int, state: int, holder: int | None) -> set[int]:
        word = _WORDS[state]
        found: set[int] = set()
        if word is None:
            return found
        found.add(self._term_id(word, 0))
        # A record that somebody skipped is not theirs any more
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
    """Writer of slots of one dataset within one transaction, with their counters and terms.

    Changes are collected; ``flush`` writes them. ``half_written`` returns True if a plan is being written or extended:
    terms of its later slots are not written yet.
    """

    def __init__(
        self,
        raw: RawConnection,
        dataset: int,
        agents: Agents,
        counted: CountedTerms,
        half_written: Callable[[], bool],
    ) -> None:
        self._raw = raw
        self._dataset = dataset
        self._agents = agents
        self._counted = counted
        self._half_written = half_written
        self.terms = SlotTerms(agents, counted)
        self._changed: dict[int, tuple[Any, ...]] = {}
        self._places: Counter[tuple[int, ...]] = Counter()
        """Rows of ``waiting`` to insert (1) and to delete (-1)."""
        self._past: set[tuple[int, int]] = set()
        self._declined: dict[tuple[int, int], bool] = {}
        """True for each row of ``declined`` to insert, False for each to delete."""
        self._counts: Counter[tuple[int, int, int, int]] = Counter()

    def change(self, n: int, before: Sequence[Slot], after: Sequence[Slot], why: str | None = None) -> None:
        """Replace a record's slots ``before`` by ``after``; each ``NewSlot`` is added."""
        was = {slot.id: slot for slot in before}
        added = [slot for slot in after if isinstance(slot, NewSlot)]
        there = [slot for slot in after if not isinstance(slot, NewSlot)] if added else after
        changed = [(was[slot.id], slot) for slot in there if was[slot.id] != slot]
        if not changed and not added:
            return
        for slot in added:
            self._add(slot)
        for old, new in changed:
            self._note(n, old, new, why)
        self.change_terms(n, list(map(self._light, before)), list(map(self._light, after)))

    def change_terms(self, n: int, before: Sequence[Light], after: Sequence[Light]) -> None:
        """Update the terms of a record whose slots were ``before`` and are ``after``."""
        if before == after:
            return
        was, now = self.terms.of(before), self.terms.of(after)
        if was == now:
            return
        # Slots that are being written have no rows of terms yet: only rows that are there may be counted
        if self._half_written():
            self._counted.change_surely(n, was, now)
        else:
            self._counted.change(n, was, now)

    def _add(self, slot: NewSlot) -> None:
        """Add a slot that answers made necessary; reason and inclusion are another's, so as not to reveal that."""
        annotator = self._number(slot.annotator)
        no = self._raw.dialect.reserve_numbers(self._raw, NumberRange.ADDED_SLOTS, 1)
        self._raw.send(
            "INSERT INTO slots (no, dataset, rid, plan, rule, slot, annotator, state, phase, reason, inclusion, "
            "priority, due, behind, pull, needs) SELECT ?1, dataset, rid, plan, rule, "
            "(SELECT max(slot) + 1 FROM slots o WHERE o.rid = s.rid AND o.plan = s.plan), "
            "?2, ?3, ?4, reason, inclusion, priority, due, 0, ?5, needs FROM slots s WHERE no = ?6",
            (no, annotator, STATE_NO[slot.state], _ADAPTIVE, slot.pull, slot.like),
        )
        place = self._place(slot)
        if place is not None:
            # Its number is known only now
            row = (*place[:-1], no)
            self._places[row] += 1
        self.count(*slot.rule, annotator, STATE_NO[slot.state], 1)

    def _light(self, slot: Slot) -> Light:
        holder = None if slot.lease is None else self._agents.number(slot.lease.annotator)
        return self._number(slot.annotator), STATE_NO[slot.state], holder

    def _note(self, n: int, old: Slot, new: Slot, why: str | None) -> None:
        annotator, lease = self._number(new.annotator), new.lease
        holder = None if lease is None else self._agents.number(lease.annotator)
        until, token = (None, None) if lease is None else (lease.until, lease.token)
        # Changed before in this transaction: the reason given then is not lost
        if why is None and new.id in self._changed:
            why = self._changed[new.id][-1]
        state = STATE_NO[new.state]
        self._changed[new.id] = (annotator, state, new.deferred, new.pull, holder, until, token, why)
        # That they once had the record follows from nothing else any more
        for name in people_of(old) - people_of(new):
            self._past.add((self._dataset << 32 | n, self._agents.number(name)))
        # A lease keeps its row in ``waiting``, so that a lease that runs out needs no write to be offered again
        was, now = self._place(old), self._place(new)
        if was != now:
            if was is not None:
                self._places[was] -= 1
            if now is not None:
                self._places[now] += 1
        for name in new.declined - old.declined:
            self._declined[new.id, self._agents.number(name)] = True
        for name in old.declined - new.declined:
            self._declined[new.id, self._agents.number(name)] = False
        # Not by its holder: counters know an open slot as open, whoever has it leased
        if (old.annotator, old.state) != (new.annotator, new.state):
            self.count(*new.rule, self._number(old.annotator), STATE_NO[old.state], -1)
            self.count(*new.rule, annotator, state, 1)

    def _place(self, slot: Slot) -> tuple[int, ...] | None:
        """Return the row of ``waiting`` for a slot; None when it does not wait."""
        if slot.state not in (RowState.PENDING, RowState.LEASED):
            return None
        due = UNBOUNDED if slot.due is None else slot.due
        return self._dataset, self._number(slot.annotator), slot.deferred, due, slot.priority, slot.id

    def _number(self, name: str | None) -> int:
        return OPEN if name is None else self._agents.number(name)

    def count(self, plan: int, rule: int, annotator: int, state: int, change: int) -> None:
        """Add ``change`` to the number of an annotator's slots in a state."""
        self._counts[plan, rule, annotator, state] += change

    def flush(self) -> None:
        """Write what was collected, each table with one statement."""
        raw = self._raw
        if self._changed:
            rows = [(no, *values) for no, values in self._changed.items()]
            for start in range(0, len(rows), _AT_ONCE):
                _run(raw, _update_slots, rows[start : start + _AT_ONCE])
            self._changed = {}
        if self._places:
            # A place taken and given back in one transaction adds up to nothing
            gone = [place for place, change in self._places.items() if change < 0]
            for start in range(0, len(gone), _AT_ONCE):
                _run(raw, _delete_places, gone[start : start + _AT_ONCE])
            new = [place for place, change in self._places.items() if change > 0]
            insert_rows(raw, "waiting", len(_PLACE), new)
            self._places.clear()
        if self._past:
            # They may have had the record before, by another slot
            insert_rows(raw, "past_assignees", 2, sorted(self._past), unless_there=True)
            self._past.clear()
        if self._declined:
            there = sorted(row for row, wanted in self._declined.items() if wanted)
            insert_rows(raw, "declined", 2, there, unless_there=True)
            for row in self._declined.keys() - set(there):
                raw.send("DELETE FROM declined WHERE slot = ? AND annotator = ?", row)
            self._declined.clear()
        if self._counts:
            # Changes that cancel out need no write
            counts = [(self._dataset, *key, change) for key, change in self._counts.items() if change]
            for start in range(0, len(counts), _AT_ONCE):
                part = counts[start : start + _AT_ONCE]
                raw.leave("slot_counts", _add_counts(len(part)), list(chain.from_iterable(part)))
            self._counts.clear()


def _run(raw: RawConnection, write: Callable[[int], str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Run the statement that is written for so many rows."""
    raw.send(write(len(rows)), list(chain.from_iterable(rows)))


@cache
def _add_counts(rows: int) -> str:
    return (
        f"INSERT INTO slot_counts VALUES {', '.join(['(?, ?, ?, ?, ?, ?)'] * rows)} "
        "ON CONFLICT (dataset, plan, rule, annotator, state) DO UPDATE SET n = slot_counts.n + excluded.n"
    )


@cache
def _update_slots(rows: int) -> str:
    """Write the update of slots: number and ``_CHANGED``; a reason is kept where there is no new one."""
    if rows == 1:
        places = ((name, f"?{place}") for place, name in enumerate(_CHANGED, start=2))
        values = (f"{name} = {f'coalesce({at}, why)' if name == 'why' else at}" for name, at in places)
        return f"UPDATE slots SET {', '.join(values)} WHERE no = ?1"
    marks = ", ".join([f"({', '.join('?' * (len(_CHANGED) + 1))})"] * rows)
    # With their types: a column without any value has none of its own
    new = {name: f"CAST(c.{name} AS {'BIGINT' if name in _NUMBERS else 'TEXT'})" for name in _CHANGED}
    new |= {"pull": "c.pull", "why": f"coalesce({new['why']}, slots.why)"}
    values = (f"{name} = {value}" for name, value in new.items())
    return (
        f"WITH c (no, {', '.join(_CHANGED)}) AS (VALUES {marks}) "
        f"UPDATE slots SET {', '.join(values)} FROM c WHERE slots.no = c.no"
    )


@cache
def _delete_places(rows: int) -> str:
    one = f"({', '.join('?' * len(_PLACE))})"
    # SQLite looks each row of a query up by the key; for those of ``VALUES`` alone it would read the whole table
    several = f"IN (SELECT * FROM (VALUES {', '.join([one] * rows)}) AS gone)"
    found = f"= {one}" if rows == 1 else several
    return f"DELETE FROM waiting WHERE ({', '.join(_PLACE)}) {found}"


def people_of(slot: Slot) -> set[str]:
    """Return the annotator of a slot and the holder of its lease."""
    names = {slot.annotator, None if slot.lease is None else slot.lease.annotator}
    return {name for name in names if name is not None}

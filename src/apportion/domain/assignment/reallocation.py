"""Reallocate rows that somebody has to give up, by the greedy rule and with as few moves as possible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from apportion.domain.numpy_types import np

from .allocation import RecordsToAllocate, allocate
from .engines import GREEDY_ROWS
from .load_table import LoadTable, shares_of
from .ordering import hash_of
from .quotas import due_totals
from .repair import RepairState, Shortage, Shortfall, capacity_left, shortfall
from .state import count_pairs
from .states import PERSONAL, Phase, Reason, RowState
from .team import Person

__all__ = ["HeldSlot", "ReallocationState", "Stuck", "by_order", "in_order"]


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """A row in its current state: person, record, rule and state."""

    record: str
    annotator: str | None
    state: RowState = RowState.PENDING
    rule: int = 0
    phase: Phase = Phase.FIXED
    priority: int = 0
    drafted: bool = False
    needs: tuple[tuple[str, str], ...] = ()
    """The skills that the record needs under this rule, as in ``NeedKind.needs``."""

    @property
    def live(self) -> bool:
        """Return True if the row still counts as one of the answers wanted."""
        return self.state is not RowState.WITHDRAWN

    @property
    def movable(self) -> bool:
        """Return True if nobody has started it."""
        return self.state is RowState.PENDING and not self.drafted


Stuck = tuple[HeldSlot, frozenset[int]]
"""A row that nobody can take, and the people who are too few for it."""


def by_order(row: HeldSlot) -> tuple[int, str, str]:
    """Return the sort key for the order in which a person gets rows; it also breaks every tie."""
    return row.priority, row.record, row.annotator or ""


def in_order(rows: Iterable[HeldSlot]) -> list[HeldSlot]:
    """Return the rows in the order of ``by_order``.

    Rows of different records are ordered as columns of numbers: sorting all rows is one long call, during which no
    other thread runs.
    """
    given = list(rows)
    priorities = np.array([row.priority for row in given], dtype=np.int64)
    order = np.argsort(priorities, kind="stable")
    found: list[HeldSlot] = []
    for _, same in groupby([given[place] for place in order.tolist()], key=lambda row: row.priority):
        found.extend(sorted(same, key=by_order))
    return found


class ReallocationState:
    """The live rows of one rule in order, and the load table that the greedy rule works on."""

    def __init__(
        self,
        held: Sequence[HeldSlot],
        team: Sequence[Person],
        seed: int,
        blocked: Mapping[str, Collection[str]],
        known: tuple[Mapping[str, int], Mapping[tuple[str, str], int]] | None = None,
    ) -> None:
        self._held = held
        self._seed = seed
        self._blocked = blocked
        self._on: dict[str, set[str]] = {}
        people = {person.name: person for person in team}
        loads: dict[str, int] = {}
        for row in held:
            if row.annotator is not None:
                self._on.setdefault(row.record, set()).add(row.annotator)
                loads[row.annotator] = loads.get(row.annotator, 0) + 1
        pairs: Mapping[tuple[str, str], int] = count_pairs(self._on.values())
        if known is not None:  # only some of the rows were given, so they cannot be counted here
            loads, pairs = dict(known[0]), known[1]
        self._names = sorted(
            people.keys() | loads.keys() | {name for each in self._on.values() for name in each}
        )
        self._place = {name: place for place, name in enumerate(self._names)}
        self._people = [people.get(name, Person(name, active=False)) for name in self._names]
        self._active = [place for place, person in enumerate(self._people) if person.active]
        self._shares = shares_of(
            [person.weight for person in self._people], [person.cap for person in self._people]
        )
        keys = [hash_of(seed, f"person {name}") for name in self._names]
        self._table = LoadTable(self._names, loads, pairs, keys)

    def is_active(self, name: str) -> bool:
        """Return True if a person may get rows."""
        return self._people[self._place[name]].active

    def above_cap(self) -> list[HeldSlot]:
        """Return the rows above the cap of active people: those they would get last."""
        loads, caps = self._table.loads, self._shares.caps
        return self._last({person: loads[person] - caps[person] for person in self._active}, ())

    def surplus(self, gone: Sequence[HeldSlot]) -> list[HeldSlot]:
        """Return rows above the shares of active people, those they get last; ``gone`` is shared out too."""
        begun = self._counts(row for row in self._held if not row.movable or row.phase in PERSONAL)
        given = self._counts(gone)
        loads = self._table.loads
        total = sum(loads[person] for person in self._active)
        total += sum(count for person, count in given.items() if not self._people[person].active)
        fixed = [begun.get(person, 0) for person in self._active]
        totals = due_totals(
            fixed,
            [self._shares.weights[person] for person in self._active],
            [
                max(0, self._shares.caps[person] - start)
                for person, start in zip(self._active, fixed, strict=True)
            ],
            total - sum(fixed),
            [-loads[person] for person in self._active],  # whoever has more keeps it: fewer moves
        )
        return self._last(
            {
                person: loads[person] - given.get(person, 0) - due
                for person, due in zip(self._active, totals, strict=True)
            },
            gone,
        )

    def reallocate(self, rows: Sequence[HeldSlot]) -> tuple[list[tuple[HeldSlot, str, Reason]], list[Stuck]]:
        """Reallocate these rows; return each with its new person and reason, and those nobody can take."""
        for row in rows:
            self._take_back(row)
        away: dict[str, set[str]] = {row.record: set(self._blocked.get(row.record, ())) for row in rows}
        for row in rows:  # back to where it came from would be no move
            away[row.record].add(row.annotator or "")
        skilled: dict[tuple[tuple[str, str], ...], tuple[int, ...]] = {}
        for row in rows:
            if row.needs not in skilled:
                skilled[row.needs] = tuple(
                    person for person in self._active if self._people[person].can(row.needs)
                )
        moved: list[tuple[HeldSlot, str, Reason]] = []
        stuck: list[Stuck] = []
        for wave in _one_per_record(rows):
            barred = {
                number: {self._place[name] for name in away[row.record] if name in self._place}
                for number, row in enumerate(wave)
            }
            allocated = self._allocate_wave(wave, skilled, barred)
            able = {
                number: frozenset(skilled[row.needs]) - barred[number] - set(self._team(row))
                for number, row in enumerate(wave)
            }
            done, left = self._repair_wave(wave, able, allocated)
            for number, person, reason in done:
                self._on[wave[number].record].add(self._names[person])
                moved.append((wave[number], self._names[person], reason))
            stuck += [(wave[number], full) for number, full in left]
        return moved, stuck

    def joining(self) -> list[tuple[HeldSlot, int]]:
        """Return the anchors that active people lack, as new rows, each with the number of all anchors."""
        anchors = {row.record: row for row in self._held if row.phase is Phase.ANCHOR}
        found = []
        for person in self._active:
            name = self._names[person]
            for record, row in anchors.items():
                if name in self._on[record] or name in self._blocked.get(record, ()):
                    continue
                if self._table.loads[person] < self._shares.caps[person]:
                    self._table.take(person, self._team(row))
                    self._on[record].add(name)
                    found.append(replace(row, annotator=name, state=RowState.PENDING, drafted=False))
        self._held = [*self._held, *found]
        return [(row, len(anchors)) for row in found]

    def sentences(self, stuck: Sequence[Stuck]) -> tuple[Shortfall, ...]:
        """Explain why rows cannot be reassigned, in one sentence for each group of people who are too few."""
        groups: dict[tuple[tuple[tuple[str, str], ...], frozenset[int]], list[HeldSlot]] = {}
        for row, full in stuck:
            groups.setdefault((row.needs, full), []).append(row)
        found = []
        for (needs, full), rows in groups.items():
            label = " ".join(f"{skill}={value}" for skill, value in needs)
            left = capacity_left(self._shares, self._table.loads, sorted(full))
            found.append(
                shortfall([label], Shortage(len(rows), len({row.record for row in rows}), 1, len(full)), left)
            )
        return tuple(found)

    def _take_back(self, row: HeldSlot) -> None:
        assert row.annotator is not None
        there = self._on[row.record]
        there.discard(row.annotator)
        self._table.give(self._place[row.annotator], [self._place[name] for name in there])

    def _allocate_wave(
        self,
        wave: Sequence[HeldSlot],
        skilled: Mapping[tuple[tuple[str, str], ...], tuple[int, ...]],
        barred: Mapping[int, Collection[int]],
    ) -> dict[tuple[int, int], Reason]:
        """Allocate the rows of a wave by the skills they need; those that few people have come first."""
        groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for number, row in enumerate(wave):
            groups.setdefault(row.needs, []).append(number)
        allocated: dict[tuple[int, int], Reason] = {}
        for needs, numbers in sorted(groups.items(), key=lambda group: (len(skilled[group[0]]), group[0])):
            jobs = sorted(
                ((number, hash_of(self._seed, wave[number].record)) for number in numbers),
                key=lambda job: (job[1], wave[job[0]].record),
            )
            on = {number: self._team(wave[number]) for number in numbers}
            given = RecordsToAllocate(jobs, 1, skilled[needs], on, barred)
            for number, person, reason in allocate(self._table, self._shares, given):
                allocated[number, person] = reason
        return allocated

    def _repair_wave(
        self,
        wave: Sequence[HeldSlot],
        able: Mapping[int, frozenset[int]],
        allocated: Mapping[tuple[int, int], Reason],
    ) -> tuple[list[tuple[int, int, Reason]], list[tuple[int, frozenset[int]]]]:
        """Fill slots that stayed empty and even out loads, moving only rows that change hands anyway."""
        kinds = {people: place for place, people in enumerate(dict.fromkeys(able.values()))}
        repair = RepairState(
            self._table,
            self._shares,
            list(kinds),
            {number: kinds[people] for number, people in able.items()},
            {number: self._team(row) for number, row in enumerate(wave)},
        )
        for number, person in allocated:
            repair.place(number, person)
        taken = {number for number, _ in allocated}
        stuck = []
        for number in range(len(wave)):
            if number not in taken:
                full = repair.fill(number)
                if full is not None:
                    stuck.append((number, full))
        if len(wave) <= GREEDY_ROWS:
            repair.balance()
        done = [
            (number, person, allocated.get((number, person)) or Reason(repair.moved[number, person]))
            for number, person in repair.rows()
        ]
        return done, stuck

    def _team(self, row: HeldSlot) -> list[int]:
        return sorted(self._place[name] for name in self._on[row.record])

    def _last(self, surplus: Mapping[int, int], gone: Sequence[HeldSlot]) -> list[HeldSlot]:
        """Return so many rows of these people, those they would get last; of different records if possible.

        A new person can have each record only once.
        """
        left = dict(surplus)
        records = {row.record for row in gone}
        found: list[HeldSlot] = []
        rows = [row for row in self._held if row.movable and row.phase not in PERSONAL]
        gone_rows = {(row.record, row.annotator) for row in gone}
        for twice in (False, True):
            for row in reversed(rows):
                person = None if row.annotator is None else self._place[row.annotator]
                if person is None or left.get(person, 0) <= 0 or (row.record, row.annotator) in gone_rows:
                    continue
                if twice or row.record not in records:
                    left[person] -= 1
                    records.add(row.record)
                    gone_rows.add((row.record, row.annotator))
                    found.append(row)
        return found

    def _counts(self, rows: Iterable[HeldSlot]) -> dict[int, int]:
        found: dict[int, int] = {}
        for row in rows:
            if row.annotator is not None:
                person = self._place[row.annotator]
                found[person] = found.get(person, 0) + 1
        return found


def _one_per_record(rows: Sequence[HeldSlot]) -> list[list[HeldSlot]]:
    """Split rows into waves in which no record occurs twice."""
    waves: list[list[HeldSlot]] = []
    seen: dict[str, int] = {}
    for row in rows:
        nth = seen.get(row.record, 0)
        seen[row.record] = nth + 1
        if nth == len(waves):
            waves.append([])
        waves[nth].append(row)
    return waves

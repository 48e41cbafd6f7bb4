"""Fill slots that stayed empty by moving rows along a chain of people, even out loads the same way,
and where nothing helps, explain which people are too few for which records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .load_table import UNLIMITED, LoadTable, WeightedShares
from .states import counted, listed

__all__ = ["RepairState", "Shortage", "Shortfall", "capacity_left", "shortfall"]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Slots that nobody can take, with the sentence that explains why."""

    slots: int
    records: int
    reason: str

    def show(self) -> dict[str, int | str]:
        """Return it as JSON for the preview; ``count`` is in slots."""
        return {"count": self.slots, "records": self.records, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Shortage:
    """Slots that stay empty: of so many records, which want so many people each, with so many who are eligible."""

    slots: int
    records: int
    wanted: int
    people: int


def shortfall(
    labels: Iterable[str], shortage: Shortage, left: int | None, needed: int | None = None
) -> Shortfall:
    """Build the shortfall, with its sentence, for slots that stay empty.

    The records compete for the ``left`` slots of the people; without ``left``, the people are simply
    too few for as many different ones as a record wants. ``needed`` of those have to be of these
    people, where not all.

    >>> shortfall(["lang=eu"], Shortage(112, 312, 1, 1), 200).reason
    '312 records that need lang=eu: 1 eligible person with 200 slots left'
    """
    slots, records, wanted, people = shortage.slots, shortage.records, shortage.wanted, shortage.people
    needs = _need_kind_names(labels, records == 1)
    which = counted(records, "record") + (f" that {needs}" if needs else "")
    several = f", {wanted} people each" if wanted > 1 else ""
    if people == 0:
        reason = f"{which}: no one is eligible"
    elif left is None:
        reason = f"{which}{several}: only {counted(people, 'eligible person', 'eligible people')}"
    elif needed is not None and needed < wanted:
        who = counted(people, "person is eligible", "people are eligible")
        reason = f"{which}{several}: for {needed} of these only {who}, with {counted(left, 'slot')} left"
    else:
        who = counted(people, "eligible person", "eligible people")
        reason = f"{which}{several}: {who} with {counted(left, 'slot')} left"
    return Shortfall(slots, records, reason)


def _need_kind_names(labels: Iterable[str], one: bool) -> str:
    """Phrase the needs of records from labels of kinds: skills, and people who have them already."""
    skills: dict[str, list[str]] = {}
    for label in sorted({label for label in labels if label}):
        needs, _, held = label.rpartition(" not ") if " not " in label else (label, "", "")
        skills.setdefault(held, []).append(needs)
    phrases = []
    for held, several in skills.items():
        asked = " or ".join(filter(None, several))
        parts = [f"need{'s' if one else ''} {asked}"] if asked else []
        parts += [f"{'is' if one else 'are'} with {listed(held.split(','))} already"] if held else []
        phrases.append(" and ".join(parts))
    return " or ".join(phrases)


class RepairState:
    """The people on each record of one rule, and the rows that may be moved.

    ``able[kind]`` are the people who may take records of a kind; ``fixed`` those who stay on a record.
    """

    def __init__(
        self,
        table: LoadTable,
        shares: WeightedShares,
        able: Sequence[frozenset[int]],
        kind: Mapping[int, int],
        fixed: Mapping[int, Sequence[int]],
    ) -> None:
        self._table = table
        self._shares = shares
        self._able = able
        self._kind = kind
        self._on: dict[int, set[int]] = {record: set(fixed.get(record, ())) for record in kind}
        self._has: dict[int, set[int]] = {}
        self._everybody = frozenset().union(*able)
        self._full: frozenset[int] = frozenset()
        self._stuck: dict[frozenset[int], frozenset[int]] = {}
        self.moved: dict[tuple[int, int], str] = {}
        """The rows changed since allocation: by record and person, ``repair`` or ``balance``."""

    def place(self, record: int, person: int) -> None:
        """Register a row that was allocated already."""
        self._on[record].add(person)
        self._has.setdefault(person, set()).add(record)

    def rows(self) -> list[tuple[int, int]]:
        """Return all rows that are not fixed, by record."""
        return sorted((record, person) for person, records in self._has.items() for record in records)

    def fill(self, record: int) -> frozenset[int] | None:
        """Fill one more slot of the record; return None when done, else the people who are too few, all of
        them full.

        They can pass none of their rows to anybody else, so no other plan can fill the slot.
        """
        starts = self._able[self._kind[record]] - self._on[record]
        if not starts <= self._full:
            reached, came, free = self._search(starts - self._full)
            if free is not None:
                first = self._shift(free, came, "repair")
                self._put(record, first, "repair")
                return None
            self._full |= reached
        if starts not in self._stuck:
            self._stuck[starts] = self._reach(starts)[0]
        return self._stuck[starts]

    def balance(self) -> int:
        """Move rows while that brings somebody closer to their share and nobody away; return how many."""
        moved = 0
        balanced: set[int] = set()
        while True:
            over = [person for person in self._has if self._has[person] and person not in balanced]
            if not over:
                return moved
            giver = max(over, key=lambda each: (self._level(each, -0.5), -each))
            least = min(
                (self._level(each, 0.5) for each in self._everybody if self._free(each)), default=None
            )
            if least is None or least >= self._level(giver, -0.5) - 1e-9:
                # Even from whoever has most to whoever has least a row would bring nobody closer
                return moved
            reached, came = self._reach(frozenset([giver]))
            claimant = min(
                (each for each in reached if self._free(each)),
                key=lambda each: (self._level(each, 0.5), each),
                default=giver,
            )
            if claimant == giver or self._level(claimant, 0.5) >= self._level(giver, -0.5) - 1e-9:
                balanced.add(giver)
                continue
            self._shift(claimant, came, "balance")
            moved += 1

    def _level(self, person: int, more: float) -> float:
        return (self._table.loads[person] + more) / self._shares.weights[person]

    def _free(self, person: int) -> bool:
        return self._table.loads[person] < self._shares.caps[person]

    def _search(
        self, starts: frozenset[int]
    ) -> tuple[frozenset[int], dict[int, tuple[int, int] | None], int | None]:
        """Search from person to person over rows that could change hands, until somebody is free."""
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(self._sorted(starts))
        waiting = deque(came)
        while waiting:
            person = waiting.popleft()
            if self._free(person):
                return frozenset(came), came, person
            self._step(person, came, waiting)
        return frozenset(came), came, None

    def _reach(self, starts: frozenset[int]) -> tuple[frozenset[int], dict[int, tuple[int, int] | None]]:
        came: dict[int, tuple[int, int] | None] = dict.fromkeys(self._sorted(starts))
        waiting = deque(came)
        while waiting and not self._everybody <= came.keys():
            self._step(waiting.popleft(), came, waiting)
        return frozenset(came), came

    def _step(self, person: int, came: dict[int, tuple[int, int] | None], waiting: deque[int]) -> None:
        for record in sorted(self._has.get(person, ())):
            if self._everybody <= came.keys():
                return
            for other in self._sorted(self._able[self._kind[record]] - self._on[record] - came.keys()):
                came[other] = person, record
                waiting.append(other)

    def _sorted(self, people: Iterable[int]) -> list[int]:
        return sorted(people, key=lambda each: (self._level(each, 0), each))

    def _shift(self, person: int, came: Mapping[int, tuple[int, int] | None], why: str) -> int:
        """Move one row on from everybody on the path to ``person``; return the person where it began."""
        while (step := came[person]) is not None:
            giver, record = step
            self._remove(record, giver)
            self._put(record, person, why)
            person = giver
        return person

    def _put(self, record: int, person: int, why: str) -> None:
        self._table.take(person, self._on[record])
        self.place(record, person)
        self.moved[record, person] = why

    def _remove(self, record: int, person: int) -> None:
        self._on[record].discard(person)
        self._has[person].discard(record)
        self._table.give(person, self._on[record])
        self.moved.pop((record, person), None)


def capacity_left(shares: WeightedShares, loads: Sequence[int], people: Iterable[int]) -> int | None:
    """Return how many rows the people could take together beyond these loads; None if somebody has no cap."""
    left = [max(0, shares.caps[person] - loads[person]) for person in people]
    return None if any(shares.caps[person] == UNLIMITED for person in people) else sum(left)

"""The greedy rule: record by record, to whoever has least for their share, then shares fewest records.

Its state is the load table: everybody's load and the number of records each pair shares. Keeping the table
lets the next batch continue where the last one ended, without moving any row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apportion.domain.numpy_types import Column, np

from .pairs import Pairs
from .quotas import due_totals
from .states import MORE_NAMES, Reason

__all__ = ["UNLIMITED", "Allocated", "LoadTable", "RecordsToAllocate", "allocate", "capacity_of", "shares_of"]

UNLIMITED = 2**62
_MASK = 2**64 - 1

Allocated = tuple[int, int, Reason]
"""Number of the record, number of the person, and the reason."""


class LoadTable:
    """Loads of one rule and pairs of a whole plan, by number of person; ``names`` are in sorted order."""

    def __init__(
        self,
        names: Sequence[str],
        loads: Mapping[str, int],
        pairs: Mapping[tuple[str, str], int],
        keys: Sequence[int],
    ) -> None:
        shared = Pairs.of(pairs).among(names)
        self.names = list(names)
        self.keys = list(keys)
        self.loads = [loads.get(name, 0) for name in names]
        self.pairs: list[list[int]] = shared.tolist()
        self._parent = list(range(len(names)))
        self._join(shared)

    def meet(self, one: int, other: int, times: int = 1) -> None:
        """Count that two people share ``times`` more records (or fewer: islands, once joined, stay joined)."""
        row = self.pairs[one]
        row[other] += times
        self.pairs[other][one] = row[other]
        self._parent[self.island(one)] = self.island(other)

    def met(self, times: Column) -> None:
        """Count how many more records everybody (row) shares with everybody else (column), each pair on one side."""
        both = times + times.T
        for person in np.flatnonzero(both.any(axis=1)).tolist():
            self.pairs[person] = (np.array(self.pairs[person]) + both[person]).tolist()
        self._join(both)

    def _join(self, shared: Column) -> None:
        """Connect everybody with those they share records with, given how many each shares with each."""
        left = np.ones(len(self.names), dtype=np.bool_)
        for person in range(len(self.names)):
            reached = np.array([person] if left[person] else [], dtype=np.int64)
            while len(reached):
                left[reached] = False
                for each in reached.tolist():
                    self._parent[self.island(each)] = self.island(person)
                reached = np.flatnonzero(shared[reached].any(axis=0) & left)

    def island(self, person: int) -> int:
        """Return a number that is the same for people who are connected by shared records."""
        parent = self._parent
        while parent[person] != person:
            parent[person] = parent[parent[person]]
            person = parent[person]
        return person

    def take(self, person: int, others: Iterable[int]) -> None:
        """Count that a person got a record that ``others`` have."""
        self.loads[person] += 1
        for other in others:
            self.meet(person, other)

    def give(self, person: int, others: Iterable[int]) -> None:
        """Count that a person lost a record that ``others`` have."""
        self.loads[person] -= 1
        for other in others:
            self.pairs[person][other] -= 1
            self.pairs[other][person] -= 1

    def tie(self, key: int, person: int) -> int:
        """Return the tie-breaker of a person for a record with this key; the smallest wins."""
        mixed = (key ^ self.keys[person]) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 29) * 0x94D049BB133111EB & _MASK
        return mixed ^ mixed >> 32


@dataclass(frozen=True, slots=True)
class WeightedShares:
    """The shares of people, by number: weights, and caps on their loads."""

    weights: Sequence[float]
    caps: Sequence[int]


def shares_of(weights: Sequence[float], caps: Sequence[int | None]) -> WeightedShares:
    """Return weights scaled to the largest, and caps; no cap becomes ``UNLIMITED``."""
    top = max(weights, default=1.0)
    return WeightedShares(
        [weight / top for weight in weights], [UNLIMITED if cap is None else cap for cap in caps]
    )


def capacity_of(table: LoadTable, shares: WeightedShares, people: Iterable[int], records: int) -> list[int]:
    """Return how many of ``records`` new records each of the people could take at most."""
    return [max(0, min(records, shares.caps[person] - table.loads[person])) for person in people]


@dataclass(frozen=True, slots=True)
class RecordsToAllocate:
    """Records that each want so many of the people who are able.

    ``jobs`` are pairs of record number and key, in keyed order; ``on`` has the people already on a record,
    ``barred`` those who must not get it for other reasons.
    """

    jobs: Sequence[tuple[int, int]]
    wanted: int
    able: Sequence[int]
    on: Mapping[int, Sequence[int]] = field(default_factory=dict)
    barred: Mapping[int, Collection[int]] = field(default_factory=dict)


def allocate(table: LoadTable, shares: WeightedShares, given: RecordsToAllocate) -> list[Allocated]:
    """Give every record to as many people as it wants; to fewer if there is too little room.

    Everybody gets their share of the batch, and
    whoever is behind catches up first: after every record, equal people with equal histories are within one
    row of each other. Among the people whose turn it is, those win who are not connected yet to the people on
    the record, then those who share the fewest records with them, then the key decides.
    """
    jobs, wanted, able = given.jobs, given.wanted, given.able
    spots = range(len(able))
    capacity = capacity_of(table, shares, able, len(jobs))
    ties = [table.tie(len(jobs), person) for person in able]
    top = max([shares.weights[person] for person in able], default=1.0)
    weights = [shares.weights[person] / top for person in able]
    before = [table.loads[person] for person in able]
    totals = due_totals(before, weights, capacity, len(jobs) * wanted, ties)
    level = [_turn(table, able[spot], weights[spot]) for spot in spots]
    number = {person: spot for spot, person in enumerate(able)}
    turns = _Turns(table, shares, able, totals, level)
    allocated: list[Allocated] = []
    left = len(jobs)
    for record, key in jobs:
        there = list(given.on.get(record, ()))
        away = [*there, *given.barred.get(record, ())] if given.barred else there
        taken = {number[person] for person in away if person in number}
        for _ in range(wanted):
            spot, reason = _pick(turns, taken, there, left, key)
            if spot is None or reason is None:
                break
            person = able[spot]
            table.take(person, there)
            there.append(person)
            taken.add(spot)
            level[spot] = _turn(table, person, weights[spot])
            allocated.append((record, person, reason))
        left -= 1
    return allocated


def _turn(table: LoadTable, person: int, weight: float) -> int:
    """Return the round in which a person gets their next row; half the weight means every other round.

    The key decides in which of the two, so that people of one weight do not always meet each other.
    """
    load = table.loads[person]
    return load if weight == 1 else int((load + table.tie(load, person) / _MASK) / weight)


@dataclass(frozen=True, slots=True)
class _Turns:
    """Order of turns: by the place among the people who are able, what they are due and the round they are in."""

    table: LoadTable
    shares: WeightedShares
    able: Sequence[int]
    totals: Sequence[int]
    level: Sequence[int]


def _pick(
    turns: _Turns, taken: set[int], there: Sequence[int], left: int, key: int
) -> tuple[int | None, Reason | None]:
    table, shares, able, totals, level = turns.table, turns.shares, turns.able, turns.totals, turns.level
    loads = table.loads
    free = [spot for spot, person in enumerate(able) if loads[person] < totals[spot] and spot not in taken]
    if not free:  # all shares are full: somebody gets more than theirs rather than leave a slot empty
        over = [
            spot
            for spot, person in enumerate(able)
            if spot not in taken and loads[person] < shares.caps[person]
        ]
        if not over:
            return None, None
        spot = min(over, key=lambda each: (level[each], table.tie(key, able[each])))
        return spot, Reason("over_share", (loads[able[spot]], totals[spot]))
    # Whoever is still due as many rows as there are records left has to take this one.
    best = [spot for spot in free if totals[spot] - loads[able[spot]] >= left]
    if not best:
        lowest = min([level[spot] for spot in free])
        best = [spot for spot in free if level[spot] == lowest]
    code, more = "least_loaded", ()  # type: tuple[str, tuple[str | int, ...]]
    if there and len(best) > 1:
        best, code, more = _fewest_pairs(table, able, best, there)
    spot = best[0] if len(best) == 1 else min(best, key=lambda each: table.tie(key, able[each]))
    return spot, Reason(code, (loads[able[spot]], totals[spot], *more))


def _fewest_pairs(
    table: LoadTable, able: Sequence[int], best: list[int], there: Sequence[int]
) -> tuple[list[int], str, tuple[str | int, ...]]:
    islands = {table.island(person) for person in there}
    apart = [spot for spot in best if table.island(able[spot]) not in islands]
    names = ", ".join(table.names[person] for person in there[:3])
    if len(there) > 3:
        names += MORE_NAMES
    if apart and len(apart) < len(best):
        return apart, "other_island", (names,)
    shared = [sum([table.pairs[able[spot]][person] for person in there]) for spot in best]
    fewest = min(shared)
    if fewest == max(shared):
        return best, "least_loaded", ()
    found = [spot for spot, count in zip(best, shared, strict=True) if count == fewest]
    return found, "fewest_shared", (names, fewest)

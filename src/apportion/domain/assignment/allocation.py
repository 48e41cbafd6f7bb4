"""The greedy rule: record by record, to whoever has least for their share, then shares fewest records.

Its state is the load table: everybody's load and the number of records each pair shares. Keeping the table
lets the next batch continue where the last one ended, without moving any row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .allocation_columns import ColumnChooser, named
from .load_table import LoadTable, Turns, WeightedShares, capacity_of, turn_of
from .quotas import due_totals
from .states import Reason

__all__ = ["Allocated", "RecordsToAllocate", "allocate"]

_MANY = 64
"""People from whom on columns are faster than a loop over people."""
_COPIED = 10
"""Pairs that are copied into columns and back in the time that a loop takes to look at one person."""

Allocated = tuple[int, int, Reason]
"""Number of the record, number of the person, and the reason."""


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
    capacity = capacity_of(table, shares, able, len(jobs))
    ties = [table.tie(len(jobs), person) for person in able]
    top = max([shares.weights[person] for person in able], default=1.0)
    weights = [shares.weights[person] / top for person in able]
    before = [table.loads[person] for person in able]
    totals = due_totals(before, weights, capacity, len(jobs) * wanted, ties)
    level = [turn_of(table, person, weight) for person, weight in zip(able, weights, strict=True)]
    number = {person: spot for spot, person in enumerate(able)}
    turns = Turns(table, shares, able, totals, level)
    chooser: _Chooser = ColumnChooser(turns) if by_columns(turns, len(jobs) * wanted) else _LoopChooser(turns)
    allocated: list[Allocated] = []
    left = len(jobs)
    for record, key in jobs:
        there = list(given.on.get(record, ()))
        away = [*there, *given.barred.get(record, ())] if given.barred else there
        taken = {number[person] for person in away if person in number}
        for _ in range(wanted):
            spot, reason = chooser.choose(taken, there, left, key)
            if spot is None or reason is None:
                break
            person = able[spot]
            chooser.take(spot, there, turn_of(table, person, weights[spot], 1))
            there.append(person)
            taken.add(spot)
            allocated.append((record, person, reason))
        left -= 1
    chooser.finish()
    return allocated


def by_columns(turns: Turns, rows: int) -> bool:
    """Return whether so many rows are allocated sooner over columns, into which all pairs are copied first."""
    people = len(turns.able)
    return people >= _MANY and rows * people > len(turns.table.names) ** 2 // _COPIED


class _Chooser(Protocol):
    """Chooses people for one record after another; people are numbered by their place among those who are able."""

    def choose(
        self, taken: set[int], there: Sequence[int], left: int, key: int
    ) -> tuple[int | None, Reason | None]:
        """Return who gets the next row and why, None if nobody can.

        ``taken`` may not get it; ``there``, numbers in the table, have the record; ``left`` records are left to
        allocate, this one included; ``key`` is that of the record.
        """

    def take(self, spot: int, there: Sequence[int], turn: int) -> None:
        """Count that a person got a record that others have, and is in this round next."""

    def finish(self) -> None:
        """Write everything back into the load table."""


class _LoopChooser:
    """Looks at one person after another: faster for a team of ordinary size."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def choose(
        self, taken: set[int], there: Sequence[int], left: int, key: int
    ) -> tuple[int | None, Reason | None]:
        turns = self._turns
        table, able, totals, level = turns.table, turns.able, turns.totals, turns.level
        loads, caps = table.loads, turns.shares.caps
        free = [
            spot for spot, person in enumerate(able) if loads[person] < totals[spot] and spot not in taken
        ]
        if not free:  # all shares are full: somebody gets more than theirs rather than leave a slot empty
            over = [
                spot for spot, person in enumerate(able) if spot not in taken and loads[person] < caps[person]
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

    def take(self, spot: int, there: Sequence[int], turn: int) -> None:
        self._turns.table.take(self._turns.able[spot], there)
        self._turns.level[spot] = turn

    def finish(self) -> None:
        pass


def _fewest_pairs(
    table: LoadTable, able: Sequence[int], best: list[int], there: Sequence[int]
) -> tuple[list[int], str, tuple[str | int, ...]]:
    islands = {table.island(person) for person in there}
    apart = [spot for spot in best if table.island(able[spot]) not in islands]
    names = named(table, there)
    if apart and len(apart) < len(best):
        return apart, "other_island", (names,)
    shared = [sum([table.pairs[able[spot]][person] for person in there]) for spot in best]
    fewest = min(shared)
    if fewest == max(shared):
        return best, "least_loaded", ()
    found = [spot for spot, count in zip(best, shared, strict=True) if count == fewest]
    return found, "fewest_shared", (names, fewest)

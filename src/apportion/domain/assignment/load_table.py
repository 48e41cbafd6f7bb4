"""Loads of people, the records that pairs of them share, and the shares that people are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .pairs import Pairs

__all__ = ["MASK", "UNLIMITED", "LoadTable", "Turns", "WeightedShares", "capacity_of", "shares_of", "turn_of"]

UNLIMITED = 2**62
MASK = 2**64 - 1
"""The largest number that a tie-breaker can be."""


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
        mixed = (key ^ self.keys[person]) * 0xBF58476D1CE4E5B9 & MASK
        mixed = (mixed ^ mixed >> 29) * 0x94D049BB133111EB & MASK
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


def turn_of(table: LoadTable, person: int, weight: float, more: int = 0) -> int:
    """Return the round in which a person gets their next row after ``more`` others; half the weight means every
    other round.

    The key decides in which of the two, so that people of one weight do not always meet each other.
    """
    load = table.loads[person] + more
    return load if weight == 1 else int((load + table.tie(load, person) / MASK) / weight)


@dataclass(frozen=True, slots=True)
class Turns:
    """Order of turns: by the place among the people who are able, what they are due and the round they are in."""

    table: LoadTable
    shares: WeightedShares
    able: Sequence[int]
    totals: Sequence[int]
    level: list[int]

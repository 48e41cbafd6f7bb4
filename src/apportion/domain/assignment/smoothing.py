"""Exchange people between records where greedy allocation left two of them together too often or too seldom,
or groups of people that share no records.

That is rare, since the greedy rule corrects itself, but the bounds are promised. Nobody's load changes, and
loads are never further apart than they were, after any record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from .allocation import Allocated
from .load_table import LoadTable
from .states import Reason, holding

__all__ = ["ABOVE", "BELOW", "smooth"]

BELOW, ABOVE = 2, 3
"""Bounds of the number of records that two people share, below and above the mean of all pairs."""

_TRIES = 300
_NEAREST = 40

_Swap = tuple[int, int, int, int]
"""The index of a record and the person who leaves it, the index of another record and who leaves that."""


def smooth(
    table: LoadTable, able: Sequence[int], allocated: list[Allocated], before: Sequence[int]
) -> list[Allocated]:
    """Return the rows with as few people exchanged as needed to bring every pair within the bounds.

    ``before`` are everybody's loads before these rows. Where no exchange helps, the pair stays as it is.
    """
    apart = _islands(table, able, {}) > 1
    if not allocated or not (apart or _outside(table, able)):
        return allocated
    counts = [table.pairs[one][other] for one, other in combinations(able, 2)]
    batch = _PairBalancer(table, allocated, before, sum(counts) / len(counts))
    while apart and batch.connect(able):
        apart = _islands(table, able, {}) > 1
    given_up: set[tuple[int, int]] = set()
    for _ in range(_TRIES):
        wrong = [pair for pair in _outside(table, able) if pair not in given_up]
        if not wrong:
            break
        if not batch.mend(*wrong[0]):
            given_up.add(wrong[0])
    return batch.rows()


def _outside(table: LoadTable, able: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs out of bounds, the worst first."""
    pairs = table.pairs
    counts = [(pairs[one][other], one, other) for one, other in combinations(able, 2)]
    mean = sum(count for count, _, _ in counts) / max(1, len(counts))
    found = [
        (-max(mean - BELOW - count, count - mean - ABOVE), one, other)
        for count, one, other in counts
        if not mean - BELOW <= count <= mean + ABOVE
    ]
    return [(one, other) for _, one, other in sorted(found)]


def _islands(table: LoadTable, able: Sequence[int], changes: Mapping[tuple[int, int], int]) -> int:
    """Count the groups of people that share no records with each other, given changes of pair counts."""
    left = set(able)
    found = 0
    while left:
        found += 1
        waiting = [left.pop()]
        while waiting:
            one = waiting.pop()
            row = table.pairs[one]
            near = [
                other
                for other in left
                if row[other] + changes.get((one, other) if one < other else (other, one), 0) > 0
            ]
            left.difference_update(near)
            waiting += near
    return found


class _PairBalancer:
    def __init__(
        self, table: LoadTable, allocated: list[Allocated], before: Sequence[int], mean: float
    ) -> None:
        self._table = table
        self._mean = mean
        self._before = list(before)
        self._records = list(dict.fromkeys(record for record, _, _ in allocated))
        place = {record: number for number, record in enumerate(self._records)}
        self._on: list[list[int]] = [[] for _ in self._records]
        self._why: list[dict[int, Reason]] = [{} for _ in self._records]
        for record, person, reason in allocated:
            self._on[place[record]].append(person)
            self._why[place[record]][person] = reason

    def rows(self) -> list[Allocated]:
        """Return the rows after the exchanges, with reasons true of the people on each record now."""
        found: list[Allocated] = []
        for record, people, why in zip(self._records, self._on, self._why, strict=True):
            touched = len(why) < len(people)
            names = {self._table.names[person] for person in people} if touched else set()
            for person in people:
                reason = why.get(person)
                if reason is None:
                    reason = Reason("exchanged")
                elif touched:
                    reason = holding(reason, names)
                found.append((record, person, reason))
        return found

    def mend(self, one: int, other: int) -> bool:
        """Make the exchange involving these two that helps most; return False if none helps."""
        swaps = sorted({(self._gain(swap), swap) for swap in self._swaps(one, other)})
        for gain, swap in swaps:
            if gain >= (0, 0):
                return False
            if self._keeps_loads_together(swap):
                self._make(swap)
                return True
        return False

    def _swaps(self, one: int, other: int) -> Iterator[_Swap]:
        """Yield exchanges that separate the two where they share a record, or join them where not."""
        has_one = [place for place, people in enumerate(self._on) if one in people]
        has_other = [place for place, people in enumerate(self._on) if other in people]
        both = set(has_one) & set(has_other)
        for place in sorted(both)[-_NEAREST:]:
            for leaver in (one, other):
                for far in self._near(place):
                    for newcomer in self._on[far]:
                        if leaver not in self._on[far] and newcomer not in self._on[place]:
                            yield place, leaver, far, newcomer
        for mine, others, comer in ((has_one, has_other, other), (has_other, has_one, one)):
            for place in [each for each in mine if each not in both][-_NEAREST:]:
                for far in [each for each in others if each not in both and abs(each - place) <= _NEAREST]:
                    for leaver in self._on[place]:
                        if leaver not in (one, other) and leaver not in self._on[far]:
                            yield place, leaver, far, comer

    def _near(self, place: int) -> range:
        return range(max(0, place - _NEAREST), min(len(self._on), place + _NEAREST + 1))

    def connect(self, able: Sequence[int]) -> bool:
        """Make one exchange that leaves fewer separate groups; return False if none does or there are too
        many to try.

        Only a very small batch of records can leave separate groups at all.
        """
        links = sum(len(people) - 1 for people in self._on)
        undone: Counter[tuple[int, int]] = Counter()
        for people in self._on:
            undone.subtract(combinations(sorted(people), 2))
        if len(self._on) > _NEAREST or links < _islands(self._table, able, undone) - 1:
            return False
        islands = _islands(self._table, able, {})
        for place, far in combinations(range(len(self._on)), 2):
            for leaver in self._on[place]:
                for newcomer in self._on[far]:
                    swap = place, leaver, far, newcomer
                    if leaver in self._on[far] or newcomer in self._on[place]:
                        continue
                    if (
                        self._table.pairs[leaver][newcomer] == 0
                        and self._keeps_loads_together(swap)
                        and _islands(self._table, able, self._changes(swap)) < islands
                    ):
                        self._make(swap)
                        return True
        return False

    def _changes(self, swap: _Swap) -> dict[tuple[int, int], int]:
        """Return by pair the change of its count that an exchange makes."""
        changes: dict[tuple[int, int], int] = {}
        place, leaver, far, newcomer = swap
        for here, gone, come in ((place, leaver, newcomer), (far, newcomer, leaver)):
            for person in self._on[here]:
                if person != gone:
                    for each, step in ((gone, -1), (come, 1)):
                        pair = (each, person) if each < person else (person, each)
                        changes[pair] = changes.get(pair, 0) + step
        return changes

    def _gain(self, swap: _Swap) -> tuple[float, int]:
        """Return the growth of the distances of pairs from the bounds, and of the squares of their counts."""
        out, squares = 0.0, 0
        for (one, other), step in self._changes(swap).items():
            count = self._table.pairs[one][other]
            out += self._out(count + step) - self._out(count)
            squares += step * (2 * count + step)
        return round(out, 6), squares

    def _out(self, count: int) -> float:
        return max(0.0, self._mean - BELOW - count, count - self._mean - ABOVE)

    def _keeps_loads_together(self, swap: _Swap) -> bool:
        """Return True if loads, record after record, stay as close as they were, or within one."""
        place, leaver, far, newcomer = swap
        first, last = min(place, far), max(place, far)
        loads = list(self._before)
        for people in self._on[:first]:
            for person in people:
                loads[person] += 1
        team = sorted({person for people in self._on for person in people})
        step = 1 if place < far else -1
        for people in self._on[first:last]:
            for person in people:
                loads[person] += 1
            was = [loads[person] for person in team]
            now = [loads[person] - step * (person == leaver) + step * (person == newcomer) for person in team]
            if max(now) - min(now) > max(1, max(was) - min(was)):
                return False
        return True

    def _make(self, swap: _Swap) -> None:
        place, leaver, far, newcomer = swap
        for here, gone, come in ((place, leaver, newcomer), (far, newcomer, leaver)):
            people = self._on[here]
            self._table.give(gone, [person for person in people if person != gone])
            people[people.index(gone)] = come
            self._table.take(come, [person for person in people if person != come])
            self._why[here].pop(gone, None)

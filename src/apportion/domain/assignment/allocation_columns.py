"""The greedy rule for many people: the choices of ``allocation``, made over columns instead of person by person."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.numpy_types import Column, np

from .load_table import LoadTable, Turns
from .states import MORE_NAMES, Reason

__all__ = ["ColumnChooser", "named"]

_FULL = np.iinfo(np.int64).max
"""The round of people whose share is full."""


class ColumnChooser:
    """Chooses people for one record after another; people are numbered by their place among those who are able.

    Loads and pairs are columns here until ``finish`` writes them back into the load table.
    """

    def __init__(self, turns: Turns) -> None:
        table = turns.table
        self._turns = turns
        self._able = np.array(turns.able, dtype=np.int64)
        self._keys = np.array(table.keys, dtype=np.uint64)[self._able]
        self._pairs = np.array(table.pairs, dtype=np.int64)
        self._island = np.array([table.island(person) for person in range(len(table.names))])
        self._islands = len(np.unique(self._island))
        self._due = np.array(turns.totals) - np.array(table.loads)[self._able]
        self._round = np.where(self._due > 0, np.array(turns.level), _FULL)
        self._most_due = int(self._due.max(initial=0))

    def choose(
        self, taken: set[int], there: Sequence[int], left: int, key: int
    ) -> tuple[int | None, Reason | None]:
        """Return who gets the next row of a record and why, None if nobody can; as the loop would."""
        away = list(taken)
        kept = self._round[away]
        self._round[away] = _FULL
        best = self._in_turn(left)
        self._round[away] = kept
        if not len(best):
            return self._over_share(away, key)
        code, more = "least_loaded", ()  # type: tuple[str, tuple[str | int, ...]]
        if there and len(best) > 1:
            best, code, more = self._fewest_pairs(best, there)
        spot = self._first(best, key)
        load = self._turns.table.loads[self._turns.able[spot]]
        return spot, Reason(code, (load, self._turns.totals[spot], *more))

    def take(self, spot: int, there: Sequence[int], turn: int) -> None:
        """Count that a person got a record that others have, and is in this round next."""
        person, table = self._turns.able[spot], self._turns.table
        table.loads[person] += 1
        self._turns.level[spot] = turn
        self._due[spot] -= 1
        self._round[spot] = turn if self._due[spot] > 0 else _FULL
        for other in there:
            self._pairs[person, other] += 1
            self._pairs[other, person] += 1
            self._join(person, other)

    def finish(self) -> None:
        """Write everything back into the load table."""
        self._turns.table.pairs = self._pairs.tolist()

    def _in_turn(self, left: int) -> Column:
        """Return those whose turn it is."""
        if left <= self._most_due:
            # Whoever is still due as many rows as there are records left has to take this one.
            self._most_due = int(self._due.max(initial=0))
            found = np.flatnonzero((self._due >= left) & (self._round != _FULL))
            if len(found):
                return found
        lowest = self._round.min(initial=_FULL)
        return np.zeros(0, np.int64) if lowest == _FULL else np.flatnonzero(self._round == lowest)

    def _over_share(self, away: list[int], key: int) -> tuple[int | None, Reason | None]:
        """All shares are full: somebody gets more than theirs rather than leave a slot empty."""
        table, able, caps = self._turns.table, self._turns.able, self._turns.shares.caps
        over = [
            spot
            for spot in sorted(set(range(len(able))).difference(away))
            if table.loads[able[spot]] < caps[able[spot]]
        ]
        if not over:
            return None, None
        level = self._turns.level
        spot = min(over, key=lambda each: (level[each], table.tie(key, able[each])))
        return spot, Reason("over_share", (table.loads[able[spot]], self._turns.totals[spot]))

    def _fewest_pairs(self, best: Column, there: Sequence[int]) -> tuple[Column, str, tuple[str | int, ...]]:
        people = self._able[best]
        if self._islands > 1:
            apart = best[~np.isin(self._island[people], self._island[list(there)])]
            if 0 < len(apart) < len(best):
                return apart, "other_island", (named(self._turns.table, there),)
        shared = self._pairs[there[0]][people]
        for other in there[1:]:
            shared = shared + self._pairs[other][people]
        fewest = shared.min()
        if fewest == shared.max():
            return best, "least_loaded", ()
        return best[shared == fewest], "fewest_shared", (named(self._turns.table, there), int(fewest))

    def _first(self, best: Column, key: int) -> int:
        """Return the one with the smallest tie-breaker, computed as in ``LoadTable.tie``."""
        if len(best) == 1:
            return int(best[0])
        mixed = (self._keys[best] ^ np.uint64(key)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ mixed >> np.uint64(29)) * np.uint64(0x94D049BB133111EB)
        return int(best[np.argmin(mixed ^ mixed >> np.uint64(32))])

    def _join(self, one: int, other: int) -> None:
        """Connect the islands of two people who share a record."""
        first, second = self._island[one], self._island[other]
        if first != second:
            self._island[self._island == first] = second
            self._islands -= 1
            self._turns.table.meet(one, other, 0)


def named(table: LoadTable, people: Sequence[int]) -> str:
    """Return the names of people on a record for a reason, the first three of many."""
    names = ", ".join(table.names[person] for person in people[:3])
    return names + MORE_NAMES if len(people) > 3 else names

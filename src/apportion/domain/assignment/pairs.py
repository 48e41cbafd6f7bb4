"""The number of records that each pair of people shares, as a matrix: a thousand people are half a million pairs."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apportion.domain.numpy_types import Column, np

__all__ = ["Pairs", "read_pairs", "show_pairs"]

_LISTED = 1_000
"""Pairs that are written one by one; of more only the counts are, row by row."""
_SIZES = ("<i1", "<i2", "<i4", "<i8")


class Pairs(Mapping[tuple[str, str], int]):
    """Pairs of people in the order of their names, with the number of records they share; not those without any.

    ``matrix`` has a row and a column for each of ``names``, which are in order; it is symmetric. It is not changed.
    """

    def __init__(self, names: Sequence[str], matrix: Column) -> None:
        self.names = tuple(names)
        self.matrix = matrix
        self._place = {name: place for place, name in enumerate(self.names)}

    @classmethod
    def of(cls, counts: Mapping[tuple[str, str], int]) -> Pairs:
        """Return counts by pair as a matrix."""
        if isinstance(counts, Pairs):
            return counts
        names = sorted({name for each in counts for name in each})
        place = {name: number for number, name in enumerate(names)}
        matrix = np.zeros((len(names), len(names)), dtype=np.int64)
        for (one, other), count in counts.items():
            matrix[place[one], place[other]] = matrix[place[other], place[one]] = count
        return cls(names, matrix)

    def among(self, names: Sequence[str]) -> Column:
        """Return the matrix of other people in another order; those unknown here share nothing."""
        there = [place for place, name in enumerate(names) if name in self._place]
        here = [self._place[names[place]] for place in there]
        found = np.zeros((len(names), len(names)), dtype=np.int64)
        found[np.ix_(there, there)] = self.matrix[np.ix_(here, here)]
        return found

    def sharing(self) -> list[str]:
        """Return the names of those who share records with anybody."""
        return [self.names[place] for place in np.flatnonzero(self.matrix.any(axis=1)).tolist()]

    def plus(self, changes: Mapping[tuple[str, str], int]) -> Pairs:
        """Return these pairs with so many more records each, or fewer."""
        more = Pairs.of(changes)
        names = sorted({*self.names, *more.names})
        return Pairs(names, self.among(names) + more.among(names))

    def __getitem__(self, key: tuple[str, str]) -> int:
        one, other = (self._place.get(name) for name in key)
        count = 0 if one is None or other is None or one > other else int(self.matrix[one, other])
        if not count:
            raise KeyError(key)
        return count

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for one, other in np.argwhere(np.triu(self.matrix)).tolist():
            yield self.names[one], self.names[other]

    def __len__(self) -> int:
        return int(np.count_nonzero(np.triu(self.matrix)))


def show_pairs(counts: Mapping[tuple[str, str], int]) -> list[list[Any]] | dict[str, Any]:
    """Return pairs as JSON, the same for equal ones: one by one, or as all counts in a text where they are many."""
    pairs = Pairs.of(counts)
    if len(pairs) <= _LISTED:
        return [[*each, pairs[each]] for each in pairs]
    names = pairs.sharing()
    upper = pairs.among(names)[np.triu_indices(len(names), 1)]
    size = next(each for each in _SIZES if np.abs(upper).max() <= np.iinfo(each).max)
    return {"names": names, "size": size, "counts": b64encode(upper.astype(size).tobytes()).decode()}


def read_pairs(json: list[list[Any]] | Mapping[str, Any]) -> Pairs:
    """Read the pairs that ``show_pairs`` wrote."""
    if isinstance(json, list):
        return Pairs.of({(one, other): count for one, other, count in json})
    names = json["names"]
    matrix = np.zeros((len(names), len(names)), dtype=np.int64)
    matrix[np.triu_indices(len(names), 1)] = np.frombuffer(b64decode(json["counts"]), dtype=json["size"])
    return Pairs(names, matrix + matrix.T)

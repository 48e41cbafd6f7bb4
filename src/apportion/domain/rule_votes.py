"""Count the votes of labeling rules on sets of records, each packed as one bit per record number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

__all__ = ["RecordSet", "SharedVotes", "shared_votes"]


@dataclass(frozen=True, slots=True)
class RecordSet:
    """A set of records: a million of them take 125 kB."""

    bits: Column

    @staticmethod
    def of(numbers: Sequence[int], size: int) -> RecordSet:
        """Return the set of these record numbers; those of ``size`` and more are left out.

        >>> RecordSet.of([1, 3, 9], 8).count()
        2
        """
        found = np.asarray(numbers, dtype=np.int64)
        flags = np.zeros(size, dtype=np.bool_)
        flags[found[found < size]] = True
        return RecordSet(np.packbits(flags))

    def flags(self, size: int) -> Column:
        """Return one truth value per record number."""
        return np.unpackbits(self.bits, count=size).view(np.bool_)

    def count(self) -> int:
        """Return how many records are in the set."""
        return int(np.bitwise_count(self.bits).sum())

    def __and__(self, other: RecordSet) -> RecordSet:
        return RecordSet(self.bits & other.bits)

    def __or__(self, other: RecordSet) -> RecordSet:
        return RecordSet(self.bits | other.bits)

    def __sub__(self, other: RecordSet) -> RecordSet:
        return RecordSet(self.bits & ~other.bits)


@dataclass(frozen=True, slots=True)
class SharedVotes:
    """Records on which any rule votes, on which two or more do, and on which their labels differ."""

    covered: RecordSet
    overlapping: RecordSet
    conflicting: RecordSet


def shared_votes(votes: Iterable[tuple[RecordSet, tuple[str, ...]]], size: int) -> SharedVotes:
    """Combine what rules match, each with its labels.

    >>> both = [(RecordSet.of([1, 2], 8), ("spam",)), (RecordSet.of([2, 3], 8), ("ham",))]
    >>> found = shared_votes(both, 8)
    >>> found.covered.count(), found.overlapping.count(), found.conflicting.count()
    (3, 1, 1)
    """
    nothing = RecordSet.of((), size)
    covered = overlapping = conflicting = voted = nothing
    by_labels: dict[frozenset[str], RecordSet] = {}
    for matched, labels in votes:
        overlapping |= covered & matched
        covered |= matched
        key = frozenset(labels)
        by_labels[key] = by_labels.get(key, nothing) | matched
    for matched in by_labels.values():
        conflicting |= voted & matched
        voted |= matched
    return SharedVotes(covered, overlapping, conflicting)

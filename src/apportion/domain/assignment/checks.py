"""Checks: records with a known gold value, mixed into everybody's records to measure people.

Everybody gets the same checks in the same keyed order, as far as they may have them, so that results can be
compared. Whoever has answered or resolved such a record knows its value and does not get it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

from .states import counted

__all__ = ["capacity_for_work", "checks_for", "mixed_in", "sparse"]


def checks_for(load: int, share: Fraction) -> int:
    """Return how many checks make up the share of all records of a person with ``load`` other records.

    >>> checks_for(90, Fraction(1, 10)), checks_for(4, Fraction(1, 10)), checks_for(5, Fraction(1, 10))
    (10, 0, 1)
    """
    return int(load * share / (1 - share) + Fraction(1, 2))


def capacity_for_work(cap: int, share: Fraction) -> int:
    """Return how many other records a cap allows if the checks have to fit under it as well.

    >>> capacity_for_work(100, Fraction(1, 10))
    90
    """
    return cap - int(cap * share + Fraction(1, 2))


def mixed_in(
    wanted: Mapping[int, int], pool: Sequence[int], barred: Mapping[int, Collection[int]]
) -> list[tuple[int, int]]:
    """Return pairs of ``pool`` record and person, in the pool's keyed order. ``barred`` may not get it.

    >>> mixed_in({1: 2, 2: 1}, [10, 11, 12], {10: {1}})
    [(10, 2), (11, 1), (12, 1)]
    """
    left = dict(wanted)
    found = []
    for record in pool:
        for person in sorted(left):
            if left[person] > 0 and person not in barred.get(record, ()):
                left[person] -= 1
                found.append((record, person))
    return found


def sparse(known: int, wanted: Iterable[int], got: Iterable[int]) -> str | None:
    """Return a warning if there are too few records to check people with, else None."""
    most = max(wanted, default=0)
    if not most or all(one >= other for one, other in zip(got, wanted, strict=True)):
        return None
    if not known:
        return "No record here has a gold value, so there is nothing to check people with."
    if known < most:
        have = "has" if known == 1 else "have"
        return (
            f"Only {counted(known, 'record')} here {have} a gold value; {most} checks a person were wanted."
        )
    return "Some people know gold values already, having answered or resolved those records; they get fewer checks."

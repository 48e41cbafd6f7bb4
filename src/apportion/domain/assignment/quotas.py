"""The number of rows each person is due, given weights, limits and their loads so far."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["due_totals"]


def due_totals(
    loads: Sequence[int],
    weights: Sequence[float],
    limits: Sequence[int],
    more: int,
    ties: Sequence[int],
) -> list[int]:
    """Return the load each person should end with when ``more`` rows are added: in proportion to the weights.

    Nobody loses rows, so whoever is ahead waits until the others have caught up; nobody gets more than their
    ``limits`` of new rows. If the limits leave too little room, everybody gets all they can. ``ties`` decides
    who gets the row that cannot be halved.

    >>> due_totals([0, 0, 4], [1, 1, 1], [9, 9, 9], 5, [2, 1, 3])
    [2, 3, 4]
    """
    people = range(len(loads))
    more = min(more, sum(limits))
    level = _level(loads, weights, limits, more)
    exact = [min(max(weights[i] * level - loads[i], 0.0), float(limits[i])) for i in people]
    given = [min(int(exact[i] + 1e-9), limits[i]) for i in people]
    left = more - sum(given)
    by_remainder = sorted(people, key=lambda i: (-round(exact[i] - given[i], 6), ties[i]))
    while left > 0:
        for i in by_remainder:
            if left > 0 and given[i] < limits[i]:
                given[i] += 1
                left -= 1
    for i in reversed(by_remainder):
        if left < 0 and given[i] > 0:
            given[i] -= 1
            left += 1
    return [loads[i] + given[i] for i in people]


def _level(loads: Sequence[int], weights: Sequence[float], limits: Sequence[int], more: int) -> float:
    """Return the rows per unit of weight at which exactly ``more`` are allocated (a water-filling level)."""
    bends = []
    for load, weight, limit in zip(loads, weights, limits, strict=True):
        if limit > 0:
            bends.append((load / weight, weight))
            bends.append(((load + limit) / weight, -weight))
    bends.sort()
    poured = slope = at = 0.0
    for bend, change in bends:
        if slope > 1e-12 and poured + slope * (bend - at) >= more:
            return at + (more - poured) / slope
        poured += slope * (bend - at)
        at = bend
        slope += change
    return at

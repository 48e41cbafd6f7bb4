"""Edit distance between two texts: the edits that turn one into the other.

Distance: Levenshtein, Soviet Physics Doklady 10, 1966, over the length of the longer text, so from 0 to 1; computed by
the bit-vectors of Hyyrö, Nordic J. Computing 10, 2003, for which Python's long integers serve well.
"""

from __future__ import annotations

__all__ = ["edit_distance", "edits"]


def edits(one: str, other: str) -> int:
    """Return the number of characters to insert, delete or replace to turn one text into the other.

    >>> edits("kitten", "sitting")
    3
    """
    if len(one) > len(other):
        one, other = other, one
    if not one:
        return len(other)
    where: dict[str, int] = {}
    for place, character in enumerate(one):
        where[character] = where.get(character, 0) | 1 << place
    everything, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    up, down, found = everything, 0, len(one)
    for character in other:
        match = where.get(character, 0)
        diagonal = (((match & up) + up) ^ up) | match | down
        more, less = down | ~(diagonal | up), up & diagonal
        found += bool(more & last) - bool(less & last)
        more, less = (more << 1 | 1) & everything, (less << 1) & everything
        up, down = (less | ~(diagonal | more)) & everything, more & diagonal
    return found


def edit_distance(one: str, other: str) -> float:
    """Return the edits over the length of the longer text: 0 for the same, 1 for nothing in common."""
    return edits(one, other) / max(len(one), len(other)) if one != other else 0.0

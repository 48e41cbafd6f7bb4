"""Join query trees by and, or and not, kept in normal form.

Normal form: no conjunction directly inside a conjunction, no disjunction directly inside a disjunction, none
with fewer than two parts, no double negation. ``parse`` makes nothing else, so equal queries compare equal.
"""

from __future__ import annotations

from collections.abc import Iterable

from .ast import And, Not, Or, Query

__all__ = ["all_of", "any_of", "negate"]


def all_of(parts: Iterable[Query]) -> Query:
    """Return a query that matches what every part matches.

    >>> from apportion.domain.query import Term
    >>> all_of([Term(None, "a")])
    Term(field=None, text='a')

    Raises ``ValueError`` when there are no parts.
    """
    flat: list[Query] = []
    for part in parts:
        flat.extend(part.children if isinstance(part, And) else (part,))
    if not flat:
        raise ValueError("nothing to combine")
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Query]) -> Query:
    """Return a query that matches what at least one part matches; ``ValueError`` when there are no parts."""
    flat: list[Query] = []
    for part in parts:
        flat.extend(part.children if isinstance(part, Or) else (part,))
    if not flat:
        raise ValueError("nothing to combine")
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negate(query: Query) -> Query:
    """Return a query for everything that this one does not match; two negations cancel out."""
    return query.child if isinstance(query, Not) else Not(query)

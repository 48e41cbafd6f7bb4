"""What to look up for a query, as small nodes, and how to combine what is found into one set of records.

Leaves that no index answers become a ``Check``: their candidates are read and tested one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pyroaring import BitMap

from apportion.domain.errors import InvalidTextSearchError

from .cache import DatasetCache
from .matching import Doc, Test

__all__ = [
    "All", "Between", "Both", "Check", "DoesNotFit", "During", "Either", "Having", "Nothing", "Plan", "Text",
    "These", "Without", "both", "either", "refused", "select", "unfit", "without",
]  # fmt: skip

MOST_CHECKS = 100_000


@dataclass(frozen=True, slots=True)
class All:
    """Every record."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No record."""


@dataclass(frozen=True, slots=True)
class Having:
    """Records with any of some values of a counted field; no ``vids`` given: with any value at all."""

    field: int
    viewer: int
    vids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Text:
    """Records whose text matches a full-text expression."""

    match: str


@dataclass(frozen=True, slots=True)
class Between:
    """Records with a number of the field in the range."""

    field: int
    low: float
    high: float
    include_low: bool = True
    include_high: bool = True


@dataclass(frozen=True, slots=True)
class During:
    """Records whose time column lies in the closed range."""

    column: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class These:
    """Records by number."""

    ns: frozenset[int]


@dataclass(frozen=True, slots=True)
class Check:
    """Those of the candidates that pass a test on the record itself."""

    candidates: Plan
    test: Test


@dataclass(frozen=True, slots=True)
class Both:
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Either:
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """All records but these."""

    plan: Plan


Plan: TypeAlias = All | Nothing | Having | Text | Between | During | These | Check | Both | Either | Without


def select(plan: Plan, cache: DatasetCache, read: Callable[[Iterable[int]], Iterable[Doc]]) -> BitMap:
    """The numbers of the records a plan describes. The caller holds the cache's lock and copies the result."""
    match plan:
        case All():
            return cache.everything
        case Nothing():
            return BitMap()
        case Having(field, viewer, None):
            return cache.having_some(field, viewer)
        case Having(field, viewer, vids):
            return cache.having(field, viewer, vids or ())
        case Text(expression):
            return cache.text(expression)
        case Between(field, low, high, include_low, include_high):
            number = cache.number(field)
            return number.between(low, high, include_low=include_low, include_high=include_high)
        case During(column, first, last):
            return cache.column(column).between(first, last)
        case These(ns):
            return BitMap(ns)
        case Without(inner):
            return cache.everything - select(inner, cache, read)
        case Either(plans):
            return BitMap.union(BitMap(), *(select(each, cache, read) for each in plans))
        case Both(plans):
            return _select_both(plans, cache, read)
        case Check():
            return _checked(cache.everything, plan, cache, read)


def _select_both(
    plans: tuple[Plan, ...], cache: DatasetCache, read: Callable[[Iterable[int]], Iterable[Doc]]
) -> BitMap:
    found = cache.everything
    for plan in plans:
        if not isinstance(plan, Check):
            found = found & select(plan, cache, read)
            if not found:
                return found
    for plan in plans:
        if isinstance(plan, Check):
            found = _checked(found, plan, cache, read)
    return found


def _checked(
    among: BitMap, check: Check, cache: DatasetCache, read: Callable[[Iterable[int]], Iterable[Doc]]
) -> BitMap:
    candidates = among & select(check.candidates, cache, read)
    if len(candidates) > MOST_CHECKS:
        raise refused(
            f"one part of it can only be answered by reading {len(candidates):,} records one by one, more than "
            f"{MOST_CHECKS:,}; add a word or a filter that narrows the search"
        )
    return BitMap(doc.n for doc in read(candidates) if check.test(doc))


def refused(reason: str) -> InvalidTextSearchError:
    return InvalidTextSearchError(f"Cannot answer this query: {reason}.", reason=reason)


class DoesNotFit(InvalidTextSearchError):
    """The field holds another kind of value than was asked for."""


def unfit(reason: str) -> InvalidTextSearchError:
    return DoesNotFit(f"Cannot answer this query: {reason}.", reason=reason)


def both(plans: list[Plan]) -> Plan:
    """All of the plans at once; full-text parts are asked in one question."""
    if any(isinstance(plan, Nothing) for plan in plans):
        return Nothing()
    texts = [plan.match for plan in plans if isinstance(plan, Text)]
    rest: list[Plan] = [plan for plan in plans if not isinstance(plan, Text | All)]
    if texts:
        rest.insert(0, Text(" AND ".join(f"({match})" for match in texts) if len(texts) > 1 else texts[0]))
    if not rest:
        return All()
    return rest[0] if len(rest) == 1 else Both(tuple(rest))


def either(plans: list[Plan]) -> Plan:
    if any(isinstance(plan, All) for plan in plans):
        return All()
    texts = [plan.match for plan in plans if isinstance(plan, Text)]
    rest: list[Plan] = [plan for plan in plans if not isinstance(plan, Text | Nothing)]
    if 1 < len(texts) <= 50:
        rest.insert(0, Text(" OR ".join(f"({match})" for match in texts)))
    else:
        rest += [Text(match) for match in texts]
    if not rest:
        return Nothing()
    return rest[0] if len(rest) == 1 else Either(tuple(rest))


def without(plan: Plan) -> Plan:
    match plan:
        case All():
            return Nothing()
        case Nothing():
            return All()
        case Without(inner):
            return inner
    return Without(plan)

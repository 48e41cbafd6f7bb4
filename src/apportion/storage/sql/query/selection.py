"""Nodes of a selection, which say what to look up for a query, and functions to combine them.

Leaves that no index answers become a ``Check``: their candidates are read and tested one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from pyroaring import BitMap

from apportion.domain.errors import InvalidTextSearchError
from apportion.storage.sql.texts import AllTexts, AnyText, TextNode

from .predicates import Test

__all__ = [
    "All",
    "Between",
    "Both",
    "Check",
    "During",
    "Either",
    "Found",
    "Having",
    "Nothing",
    "Plan",
    "Text",
    "These",
    "TypeMismatchError",
    "Without",
    "both",
    "either",
    "too_costly",
    "type_mismatch",
    "without",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class All:
    """Every record."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No record."""


@dataclass(frozen=True, slots=True)
class Having:
    """Records with any of some values of a counted field; ``term_ids`` None: with any value at all."""

    field: int
    viewer: int
    term_ids: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Text:
    """Records whose text the full-text index finds."""

    node: TextNode


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
    """Records by number; a bitmap, since a set of all numbers takes long to free, and a query may have hundreds."""

    ns: BitMap


@dataclass(frozen=True, slots=True)
class Found:
    """Records that were found already. Do not change them."""

    records: BitMap


@dataclass(frozen=True, slots=True)
class Check:
    """Candidates that pass a test on the record itself."""

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


Plan: TypeAlias = (
    All | Nothing | Having | Text | Between | During | These | Found | Check | Both | Either | Without
)


def too_costly(reason: str) -> InvalidTextSearchError:
    return InvalidTextSearchError(f"Can't answer this query: {reason}.", reason=reason)


class TypeMismatchError(InvalidTextSearchError):
    """The field holds another kind of value than was asked for."""


def type_mismatch(reason: str) -> InvalidTextSearchError:
    return TypeMismatchError(f"Can't answer this query: {reason}.", reason=reason)


def both(plans: list[Plan]) -> Plan:
    """Intersect selections; their full-text parts become one look-up."""
    if any(isinstance(plan, Nothing) for plan in plans):
        return Nothing()
    texts = [plan.node for plan in plans if isinstance(plan, Text)]
    # One look-up for all words: the index intersects its own lists without handing out any of them
    rest: list[Plan] = [plan for plan in plans if not isinstance(plan, Text | All)]
    if texts:
        rest.insert(0, Text(AllTexts(tuple(texts)) if len(texts) > 1 else texts[0]))
    if not rest:
        return All()
    return rest[0] if len(rest) == 1 else Both(tuple(rest))


def either(plans: list[Plan]) -> Plan:
    if any(isinstance(plan, All) for plan in plans):
        return All()
    texts = [plan.node for plan in plans if isinstance(plan, Text)]
    rest = _merged(plan for plan in plans if not isinstance(plan, Text | Nothing))
    if 1 < len(texts) <= 50:  # one look-up in the text index instead of one for each
        rest.insert(0, Text(AnyText(tuple(texts))))
    else:
        rest += [Text(node) for node in texts]
    if not rest:
        return Nothing()
    return rest[0] if len(rest) == 1 else Either(tuple(rest))


def _merged(plans: Iterable[Plan]) -> list[Plan]:
    """Merge selections on values of one field into one: many patterns then cost one look-up."""
    found: list[Plan] = []
    term_ids: dict[tuple[int, int], dict[int, None]] = {}
    for plan in plans:
        if isinstance(plan, Having) and plan.term_ids is not None:
            term_ids.setdefault((plan.field, plan.viewer), {}).update(dict.fromkeys(plan.term_ids))
        else:
            found.append(plan)
    return [*(Having(field, viewer, tuple(some)) for (field, viewer), some in term_ids.items()), *found]


def without(plan: Plan) -> Plan:
    match plan:
        case All():
            return Nothing()
        case Nothing():
            return All()
        case Without(inner):
            return inner
    return Without(plan)

"""Ranges of numbers and times in leaves of a query."""

from __future__ import annotations

import contextlib
import re

from apportion.domain.query import Phrase, Range, Term
from apportion.domain.times import parse_date_bounds
from apportion.vocabulary import UNBOUNDED

from .predicates import Leaf
from .selection import type_mismatch

__all__ = ["EXACT_FLOATS", "bounds", "exact", "time_bounds"]

EXACT_FLOATS = float(1 << 53)
"""Up to here every integer is a float of its own."""
_FAR = UNBOUNDED // 4
"""Times are cut off here: SQLite's integers have 64 bits, and those of a query may have any length."""


def bounds(name: str, leaf: Leaf) -> tuple[float, float, bool, bool]:
    """Return a leaf on a number field as a range: low, high, and whether each belongs to it."""
    match leaf:
        case Term(_, text) | Phrase(_, text):
            value = _as_number(name, text)
            return value, value, True, True
        case Range(_, low, high, include_low, include_high):
            return (
                float("-inf") if low is None else _as_number(name, low),
                float("inf") if high is None else _as_number(name, high),
                include_low, include_high,
            )  # fmt: skip
    raise type_mismatch(f"{name} holds numbers: ask for a number or a range such as [1 TO 5]")


def _as_number(name: str, text: str) -> float:
    with contextlib.suppress(ValueError):
        return float(text)
    raise type_mismatch(f"{name} holds numbers, and {text[:60]!r} is none")


def exact(text: str | None, known: float) -> int | float:
    """Return a bound as an integer with all its digits where it is one, else as the float that is known."""
    with contextlib.suppress(ValueError):
        return known if text is None else int(text)
    return known


def time_bounds(name: str, leaf: Leaf) -> tuple[int, int]:
    """Return a leaf on a time field as a closed range of instants; partial dates are rounded outwards."""
    match leaf:
        case Term(_, text) | Phrase(_, text):
            return _as_time(name, text)
        case Range(_, low, high, include_low, include_high):
            first, last = -UNBOUNDED, UNBOUNDED
            if low is not None:
                start, end = _as_time(name, low)
                first = start if include_low else end + 1
            if high is not None:
                start, end = _as_time(name, high)
                last = end if include_high else start - 1
            return first, last
    raise type_mismatch(f"{name} holds times: ask for a date or a range such as [2026-01-01 TO 2026-02]")


def _as_time(name: str, text: str) -> tuple[int, int]:
    if re.fullmatch(r"-?\d{5,}", text):
        # Five digits and more are milliseconds since 1970; four are a year
        # Cut: Python refuses to read some thousand digits, and twenty are beyond any time already
        instant = max(-_FAR, min(_FAR, int(text[:20]) * 1000))
        return instant, instant + 999
    if re.fullmatch(r"\d{4}", text):
        text_low, text_high = f"{text}-01", f"{text}-12-31"
        with contextlib.suppress(ValueError, OverflowError):
            return parse_date_bounds(text_low)[0], parse_date_bounds(text_high)[1]
    try:
        return parse_date_bounds(text)
    except (ValueError, OverflowError):
        raise type_mismatch(f"{name} holds times, and {text[:60]!r} is none") from None

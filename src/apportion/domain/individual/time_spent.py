"""Time people spend on records, and its sum in hours.

A person's time on a record is all they have spent on it so far. It only grows: answering again, discarding,
taking back and undoing leave what was there, since people are paid by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from apportion.domain.errors import BadRequestError
from apportion.domain.times import instant_of

__all__ = ["QUARTER", "Hours", "Period", "Span", "hours_of", "so_far", "span_of", "zone_of"]

Period = Literal["day", "week", "month"]

QUARTER = 900_000_000
"""A quarter of an hour in microseconds: in every time zone of today days begin with one."""
_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)


def so_far(before: float | None, sent: float | None) -> float | None:
    """Return the seconds a person has spent on a record, given the total they have ``sent`` now.

    >>> so_far(None, 12.5), so_far(60.0, 5.0), so_far(60.0, None)
    (12.5, 60.0, 60.0)
    """
    if before is None or sent is None:
        return sent if before is None else before
    return max(before, sent)


@dataclass(frozen=True, slots=True)
class Hours:
    """One person's work on a dataset in one period, first and last day included.

    ``answers`` counts records answered for the first time, discards included; the time of answers that were
    changed or taken back is included, that of drafts is not.
    """

    dataset: str
    annotator: str
    begins: date
    ends: date
    answers: int
    milliseconds: int

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000

    @property
    def hours(self) -> float:
        """Return hours with two decimals."""
        return round(self.milliseconds / 3_600_000, 2)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a time zone as instants: ``since`` is included, ``until`` is not."""

    zone: str
    since: int
    until: int


def span_of(first: str | None, last: str | None, zone: str) -> Span:
    """Read the first and last day of a report; None means from the beginning, and until today and beyond."""
    begin, end = _day(first, _FIRST), _day(last, _LAST)
    if begin > end:
        raise BadRequestError(
            f"The report would begin on {begin} and end before, on {end}. Swap the two dates."
        )
    where = zone_of(zone)
    return Span(zone, _midnight(begin, where), _midnight(end + timedelta(days=1), where))


def zone_of(name: str) -> tzinfo:
    """Return the time zone of that name; UTC works even where the system has no time zone database."""
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadRequestError(
            f"{name} is no time zone known here. Name one such as Europe/Madrid, or UTC."
        ) from None


def hours_of(
    dataset: str, quarters: Iterable[tuple[str, int, int, int]], by: Period, zone: str
) -> list[Hours]:
    """Add up people's time by periods of a time zone.

    ``quarters`` has a person, when a quarter of an hour began, answers first given in it, milliseconds.
    """
    where = zone_of(zone)
    days: dict[int, date] = {}
    found: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for annotator, at, answers, milliseconds in quarters:
        if at not in days:
            days[at] = _begin(datetime.fromtimestamp(at / 1e6, where).date(), by)
        sums = found[annotator, days[at]]
        sums[0] += answers
        sums[1] += milliseconds
    return [
        Hours(dataset, annotator, begins, _end(begins, by), *sums)
        for (annotator, begins), sums in sorted(found.items())
    ]


def _day(text: str | None, default: date) -> date:
    if text is None or not text.strip():
        return default
    try:
        return min(max(date.fromisoformat(text.strip()), _FIRST), _LAST)
    except ValueError:
        raise BadRequestError(f"{text} is no day. Write days as 2026-03-31.") from None


def _midnight(day: date, zone: tzinfo) -> int:
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=zone))


def _begin(day: date, by: Period) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _end(begins: date, by: Period) -> date:
    if by == "week":
        return begins + timedelta(days=6)
    if by == "month":
        return (begins.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return begins

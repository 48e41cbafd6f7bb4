"""Instants: microseconds since 1970 in UTC, and their form in requests and responses."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone, tzinfo

__all__ = [
    "end_in",
    "instant_of",
    "naive_iso",
    "parse_date_bounds",
    "parse_datetime",
    "utc_iso",
    "week_bounds",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?)?"
    r"\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?"
)


def parse_datetime(text: str) -> datetime:
    """Parse an ISO 8601 date or date-time; without an offset it stays naive. Raises ``ValueError``."""
    found = _ISO.fullmatch(text.strip())
    if found is None or found[3] is None:
        raise ValueError(f"not a date-time: {text!r}")
    return _built(found)


def _built(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    tz = None
    if zone in ("Z", "z"):
        tz = timezone.utc
    elif zone:
        sign = -1 if zone[0] == "-" else 1
        tz = timezone(sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:] if len(zone) > 3 else 0)))
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    return datetime(
        int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), micro, tz
    )


def parse_date_bounds(text: str) -> tuple[int, int]:
    """Return the first and the last microsecond of a possibly partial date: a month, a day, a second."""
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a date: {text!r}")
    first = _built(found)
    _, _, day, hour, minute, second, fraction, _ = found.groups()
    if fraction is not None:
        width = timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    elif second is not None:
        width = timedelta(seconds=1)
    elif minute is not None:
        width = timedelta(minutes=1)
    elif hour is not None:
        width = timedelta(hours=1)
    elif day is not None:
        width = timedelta(days=1)
    else:
        width = timedelta(days=monthrange(first.year, first.month)[1])
    low = instant_of(first)
    return low, low + width // _MICROSECOND - 1


def end_in(text: str, zone: tzinfo) -> str:
    """Return the last moment of a possibly partial date without a zone, in this one; any other text unchanged.

    >>> from zoneinfo import ZoneInfo
    >>> end_in("2026-06-30", ZoneInfo("Europe/Madrid")), end_in("2026-06-30T12:00Z", ZoneInfo("Europe/Madrid"))
    ('2026-06-30T23:59:59.999999+02:00', '2026-06-30T12:00Z')
    """
    found = _ISO.fullmatch(text.strip())
    if found is None or found[8] is not None:
        return text
    last = _EPOCH + parse_date_bounds(text)[1] * _MICROSECOND
    return last.replace(tzinfo=zone).isoformat(timespec="microseconds")


def instant_of(moment: datetime) -> int:
    """Return microseconds since 1970; a naive moment is taken as UTC, as 1.x did."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - _EPOCH) // _MICROSECOND


def naive_iso(instant: int) -> str:
    """Format an instant as routes of 1.x do: UTC without a zone, with microseconds."""
    return (_EPOCH + instant * _MICROSECOND).replace(tzinfo=None).isoformat(timespec="microseconds")


def utc_iso(instant: int) -> str:
    """Format an instant as all other routes do: UTC, with the zone ``Z``.

    >>> utc_iso(0)
    '1970-01-01T00:00:00.000000Z'
    """
    return f"{naive_iso(instant)}Z"


def week_bounds(week: str) -> tuple[str, str]:
    """Return the first and the last day of an ISO week.

    >>> week_bounds("2026-W48")
    ('2026-11-23', '2026-11-29')
    """
    year, _, number = week.partition("-W")
    first = date.fromisocalendar(int(year), int(number), 1)
    return first.isoformat(), (first + timedelta(days=6)).isoformat()

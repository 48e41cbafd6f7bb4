"""Conversion of times between records (naive and local) and the wire (with an offset)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from functools import lru_cache

__all__ = ["from_wire", "to_wire"]

_UNREPRESENTABLE = (OverflowError, ValueError, OSError)
"""At the ends of time, and before what the platform knows."""


def to_wire(moment: datetime) -> datetime:
    """Return the time with an offset; naive times are taken as local. Such offsets are whole minutes."""
    if moment.tzinfo is None:
        zone = _zone_around(moment.toordinal(), time.tzname)
        if zone is not None:
            return moment.replace(tzinfo=zone)
    try:
        found = moment.astimezone() if moment.tzinfo is None else moment
        offset = found.utcoffset()
        return found if offset is None or _is_whole(offset) else found.astimezone(timezone.utc)
    except _UNREPRESENTABLE:
        return moment.replace(tzinfo=timezone.utc)


def from_wire(moment: datetime) -> datetime:
    """Return the time on the local clock, without an offset; naive times are left alone."""
    if moment.tzinfo is None:
        return moment
    zone = _zone_around(moment.toordinal(), time.tzname)
    try:
        return (moment.astimezone() if zone is None else moment.astimezone(zone)).replace(tzinfo=None)
    except _UNREPRESENTABLE:
        return moment.replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _zone_around(day: int, _: tuple[str, str]) -> timezone | None:
    """Return the local offset if it is the same from two days before to two days after, else None: asking is slow."""
    try:
        before, after = (datetime.fromordinal(day + days).astimezone().utcoffset() for days in (-2, 3))
    except _UNREPRESENTABLE:
        return None
    return timezone(before) if before is not None and before == after and _is_whole(before) else None


def _is_whole(offset: timedelta) -> bool:
    return not offset.seconds % 60 and not offset.microseconds

"""What the server does now and then without being asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from apportion.services import trash
from apportion.services.audit import prune_some
from apportion.services.queue import free_expired
from apportion.services.tidy_up import tidy_up
from apportion.services.time_jumps import go_along, time_away

from .house import House

__all__ = [
    "catch_up",
    "follow_clock",
    "keep_files",
    "keep_house",
    "keep_models",
    "keep_time",
    "left_behind",
    "prune_audit_log",
    "purge",
    "warm_up",
]

log = logging.getLogger("apportion.server")
EVERY = 3600.0
"""Seconds between two rounds."""
LOOK = 5.0
"""Seconds between two looks at whether a model has to look at new answers, and whether the clock jumped."""
FILES = 60.0
"""Seconds between two looks at whether the files are still there."""
_DAY = 24 * 3600 * 1_000_000


def left_behind(house: House) -> Sequence[int]:
    """Datasets that a stop left half made or half purged. Asked before anybody can connect and make one."""
    with house.store.read() as work:
        return work.datasets.doomed()


async def keep_house(house: House, left: Sequence[int] = ()) -> None:
    """Finish what a stop left half done; then, every hour, forget for good the datasets that were deleted long
    enough ago and put leases back that nobody came back to.

    Runs until cancelled.
    """
    try:
        await catch_up(house)
        while await house.write(tidy_up):
            pass
        await _purge(house, left)
    except Exception:
        log.exception("could not tidy up what a stop left half done")
    while True:
        try:
            await follow_clock(house)
            await purge(house)
            await prune_audit_log(house)
            now = house.clock.now()
            house.store.alive(now)
            await house.write(lambda work, now=now: free_expired(work, now=now))  # type: ignore[misc]
        except Exception:
            log.exception("housekeeping failed; it is tried again in an hour")
        await asyncio.sleep(EVERY)


async def catch_up(house: House) -> None:
    """After a start: what lies in the trash is kept longer by the time for which no server ran, if that was days."""
    last, now = house.store.last_alive(), house.clock.now()
    away = await house.write(lambda work: time_away(work, last=last, now=now, least=_DAY))
    house.store.alive(now)
    if away:
        log.warning(
            "by the clock a server last ran %.1f days ago; for deleted datasets that time does not count",
            away / _DAY,
        )


async def follow_clock(house: House) -> None:
    """If the clock jumped, have leases and the trash go along with it, and only then go by it."""
    jump = house.clock.jump()
    if jump:
        await house.write(lambda work: go_along(work, jump))
        house.clock.follow(jump)
        house.store.alive(house.clock.now())
        log.warning(
            "leases and deleted datasets were given %+.1f days to go along with the clock", jump / _DAY
        )


async def keep_time(house: House) -> None:
    """Follow the clock, wherever it jumps. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            await follow_clock(house)
            house.refusals.flush()
        except Exception:
            log.exception("could not follow the clock; it is tried again")


async def keep_files(house: House) -> None:
    """Notice when somebody deletes or replaces the files under the server. Runs until cancelled."""
    while True:
        try:
            await house.think(house.store.look)
        except Exception:
            log.exception("could not look at the files; it is tried again")
        await asyncio.sleep(FILES)


async def purge(house: House) -> None:
    """Remove for good what was deleted long enough ago, some rows at a time."""
    now = house.clock.now()
    before = now - house.settings.trash_days * _DAY
    condemned = await house.write(lambda work: trash.condemn_old(work, before=before, now=now))
    await _purge(house, condemned)
    if condemned:
        log.info("purged %d deleted datasets", len(condemned))


async def prune_audit_log(house: House) -> None:
    """Forget events that are older than they are to be kept, some to a transaction; the log tells how many went."""
    days, now = house.settings.audit_retention_days, house.clock.now()
    while days and await house.write(lambda work: prune_some(work, before=now - days * _DAY, now=now)):
        pass


async def _purge(house: House, numbers: Sequence[int]) -> None:
    for no in numbers:
        while not await house.write(lambda work, no=no: trash.purge_some(work, no)):  # type: ignore[misc]
            pass
    if numbers:
        while await house.write(lambda work: work.datasets.give_back()):
            pass


async def keep_models(house: House) -> None:
    """Have models look at new answers, where a dataset's policy rests on one. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK)
        house.jobs.look()


async def warm_up(house: House) -> None:
    """Read into memory what the first search of a large dataset would wait for. Ends with the last piece, or cancelled
    between two."""
    pieces, last = house.store.warm(), object()
    try:
        while await house.think(lambda: next(pieces, last)) is not last:
            pass
    except Exception:
        log.exception("could not read ahead; searches will read what they need")

"""What the server does now and then without being asked."""

from __future__ import annotations

import asyncio
import logging

from apportion.services.manage_datasets import purge_deleted
from apportion.services.queue import free_expired
from apportion.services.tidy_up import tidy_up

from .house import House

__all__ = ["keep_house", "keep_models", "warm_up"]

log = logging.getLogger("apportion.server")
EVERY = 3600.0
"""Seconds between two rounds."""
LOOK = 5.0
"""Seconds between two looks at whether a model has to look at new answers."""


async def keep_house(house: House) -> None:
    """Finish what a stop left half done; then, every hour, forget for good the datasets that were deleted a week ago
    and put leases back that nobody came back to.

    Runs until cancelled.
    """
    try:
        while await house.write(tidy_up):
            pass
    except Exception:
        log.exception("could not tidy up plans that a stop left half written")
    while True:
        try:
            now = house.clock.now()
            purged = await house.write(lambda work, now=now: purge_deleted(work, now=now))  # type: ignore[misc]
            await house.write(lambda work, now=now: free_expired(work, now=now))  # type: ignore[misc]
            if purged:
                log.info("purged %d deleted datasets", purged)
        except Exception:
            log.exception("housekeeping failed; it is tried again in an hour")
        await asyncio.sleep(EVERY)


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

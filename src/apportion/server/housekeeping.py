"""Background loops of the server: purge, expired leases, audit retention, clock jumps, files, models, warm-up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from apportion.services.assignments.queue import release_expired
from apportion.services.background.recovery import OTHERS, recover, unfinished_operations
from apportion.services.datasets import trash
from apportion.services.datasets.clock_jumps import downtime, shift_deadlines
from apportion.services.insight.audit import prune_some
from apportion.services.operations import LongOperation

from .app_state import AppState
from .logs import log_failure

__all__ = [
    "catch_up",
    "clock_loop",
    "finish",
    "follow_clock",
    "keep_files",
    "model_loop",
    "prune_audit_log",
    "purge",
    "purge_loop",
    "unfinished",
    "warm_up",
]

log = logging.getLogger("apportion.server")
EVERY = 3600.0
"""Seconds between two rounds."""
LOOK = 5.0
"""Seconds between two checks for new answers that a model has to be fitted to, and for jumps of the clock."""
FILES = 60.0
"""Seconds between two checks that the files are still there."""
_DAY = 24 * 3600 * 1_000_000


def unfinished(state: AppState) -> Sequence[LongOperation]:
    """Return what finishes what a stop left half done. Called before anybody can connect and begin an operation."""
    return unfinished_operations(state.store, state.clock, OTHERS)


async def purge_loop(state: AppState, left: Sequence[LongOperation] = ()) -> None:
    """Finish what a stop left half done; then, every hour, purge old deleted datasets and release expired leases.

    Runs until cancelled.
    """
    try:
        await catch_up(state)
        await finish(state, left)
    except Exception:
        log_failure(log, "could not tidy up what a stop left half done")
    while True:
        try:
            await follow_clock(state)
            await purge(state)
            await prune_audit_log(state)
            now = state.clock.now()
            await state.run_short(partial(state.store.record_heartbeat, now))
            await state.write(lambda tx, now=now: release_expired(tx, now=now))  # type: ignore[misc]
        except Exception:
            log_failure(log, "housekeeping failed; it is tried again in an hour")
        await asyncio.sleep(EVERY)


async def catch_up(state: AppState) -> None:
    """Extend, after a start, the time in the trash by the time for which no server ran, if that was days."""
    last, now = state.store.last_heartbeat(), state.clock.now()
    away = await state.write(lambda tx: downtime(tx, last=last, now=now, least=_DAY))
    await state.run_short(lambda: state.store.record_heartbeat(now))
    if away:
        log.warning(
            "by the clock a server last ran %.1f days ago; for deleted datasets that time does not count",
            away / _DAY,
        )


async def follow_clock(state: AppState) -> None:
    """Shift the deadlines of leases and the trash after a clock jump, and only then accept the new time."""
    jump = state.clock.jump()
    if jump:
        await state.write(lambda tx: shift_deadlines(tx, jump))
        state.clock.follow(jump)
        now = state.clock.now()
        await state.run_short(lambda: state.store.record_heartbeat(now))
        log.warning(
            "leases and deleted datasets were given %+.1f days to go along with the clock", jump / _DAY
        )


async def clock_loop(state: AppState) -> None:
    """Check for clock jumps again and again, and flush refused sign-ins to the audit log. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            await follow_clock(state)
            state.refusals.flush()
        except Exception:
            log_failure(log, "could not follow the clock; it is tried again")


async def keep_files(state: AppState) -> None:
    """Notice when somebody deletes or replaces the files under the server. Runs until cancelled."""
    while True:
        try:
            await state.run_in_thread(state.store.look)
        except Exception:
            log_failure(log, "could not look at the files; it is tried again")
        await asyncio.sleep(FILES)


async def purge(state: AppState) -> None:
    """Purge datasets that were deleted long enough ago, some rows at a time."""
    now = state.clock.now()
    before = now - state.settings.trash_days * _DAY
    marked = await state.write(lambda tx: trash.mark_old_for_purge(tx, before=before, now=now))
    await finish(state, [trash.PurgeDataset(no) for no in marked])
    if marked:
        log.info("purged %d deleted datasets", len(marked))


async def prune_audit_log(state: AppState) -> None:
    """Delete audit events past their retention, some per transaction; an event records how many were deleted."""
    days, now = state.settings.audit_retention_days, state.clock.now()
    while days and await state.write(lambda tx: prune_some(tx, before=now - days * _DAY, now=now)):
        pass


async def finish(state: AppState, operations: Sequence[LongOperation]) -> None:
    """Run operations that nobody waits for, and give back the disk space they free; they end when the server stops."""

    def run() -> None:
        recover(state.store, operations, state.check_running)

    await asyncio.get_running_loop().run_in_executor(state.operations, run)
    if operations:
        while await state.write(lambda tx: tx.datasets.release_disk_space()):
            pass


async def model_loop(state: AppState) -> None:
    """Queue models for new answers in datasets whose policy rests on a model. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK)
        state.jobs.look()


async def warm_up(state: AppState) -> None:
    """Load into the cache what the first search of a large dataset would wait for.

    Ends with the last piece, or when cancelled between two.
    """
    pieces, last = state.store.warm(), object()
    try:
        while await state.run_in_thread(lambda: next(pieces, last)) is not last:
            pass
    except Exception:
        log_failure(log, "could not read ahead; searches will read what they need")

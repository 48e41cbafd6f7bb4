"""Background loops of the server: what one server at a time does as the keeper, and what each does for itself."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Sequence
from functools import partial

from apportion.ports.store import Store
from apportion.services.assignments.queue import release_expired
from apportion.services.background.recovery import JOBS, OTHERS, recover, unfinished_operations
from apportion.services.datasets import trash
from apportion.services.datasets.clock_jumps import postpone_by_downtime
from apportion.services.insight.audit import prune_some
from apportion.services.operations import LongOperation
from apportion.services.people.sign_in import LONGEST

from .app_state import AppState
from .late_imports import imported
from .logs import log_failure

__all__ = [
    "begin",
    "catch_up",
    "collect_garbage",
    "finish",
    "follow_clock",
    "import_for_standing_plans",
    "job_loop",
    "keep_files",
    "keeper_loop",
    "prune",
    "prune_audit_log",
    "purge",
    "refusals_loop",
    "unfinished",
    "warm_up",
]

log = logging.getLogger("apportion.server")
EVERY = 3600.0
"""Seconds between two rounds."""
LOOK = 5.0
"""Seconds between two checks for what dead servers left, new answers for models, and jumps of the clock."""
JOBS_LOOK = 1.0
COLLECT, QUIET, COLLECT_ANYHOW = 60.0, 10.0, 1800.0
"""Seconds between two looks for garbage; for which nobody must have been at work; after which that is no matter."""
_SHORT_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two looks whether requests are at work, and for which reading ahead waits for them at most."""
FILES = 60.0
"""Seconds between two checks that the files are still there."""
_DAY = 24 * 3600 * 1_000_000
_REPLIES = 1_000
"""Kept replies deleted in a transaction."""


def unfinished(state: AppState) -> Sequence[LongOperation]:
    """Return what finishes what servers left half done that are not at work any more."""
    living = state.store.living()
    what = OTHERS if state.store.cluster is None else (*JOBS, *OTHERS)
    return unfinished_operations(state.store, state.clock, lambda no: no in living, what)


async def keeper_loop(state: AppState) -> None:
    """Do what only one server at a time may do, while this is the one. Runs until cancelled.

    It finishes what others left half done, follows the clock, queues models and, every hour, tidies up.
    """
    last_round, began = -EVERY, False
    while True:
        try:
            if await state.run_short(state.is_keeper):
                if not began or state.store.cluster is not None:  # alone, nobody else can leave anything
                    await begin(state, first=not began)
                    began = True
                await follow_clock(state)
                state.jobs.look()
                if time.monotonic() - last_round > EVERY:
                    last_round = time.monotonic()
                    await prune(state)
        except Exception:
            log_failure(log, "housekeeping failed; it is tried again")
        await asyncio.sleep(LOOK)


async def begin(state: AppState, *, first: bool) -> None:
    """Finish what servers left half done that are not at work any more; ``first`` make up for the time without any."""
    if first:
        await catch_up(state)
    await finish(state, await state.run_short(partial(unfinished, state)))


async def prune(state: AppState) -> None:
    """Purge old deleted datasets, release expired leases, and delete what is past its time."""
    await purge(state)
    await prune_audit_log(state)
    now = state.clock.now()
    await state.run_operation(partial(state.attempts.prune, now - LONGEST))
    while await state.write(lambda tx: tx.replies.prune(before=now - _DAY, limit=_REPLIES)):
        pass
    if state.store.cluster is not None:
        await state.run_operation(state.store.cluster.prune)
    await state.run_operation(partial(state.store.record_heartbeat, now))
    await state.run_operation(partial(release_expired, state.store, now=now))


async def catch_up(state: AppState) -> None:
    """Extend, after a start, the time in the trash by the time for which no server ran, if that was days."""
    last, now = await state.run_short(state.store.last_heartbeat), state.clock.now()
    postpone = partial(postpone_by_downtime, state.store, last=last, now=now, least=_DAY)
    away = await state.run_operation(postpone)
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
        await state.run_operation(partial(state.shift.run, state.store, jump))
        state.clock.follow(jump)
        now = state.clock.now()
        await state.run_short(lambda: state.store.record_heartbeat(now))
        log.warning(
            "leases and deleted datasets were given %+.1f days to go along with the clock", jump / _DAY
        )


async def refusals_loop(state: AppState) -> None:
    """Write refused sign-ins to the audit log again and again. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            state.refusals.flush()
        except Exception:
            log_failure(log, "couldn't write refused sign-ins to the audit log; it is tried again")


async def keep_files(state: AppState) -> None:
    """Notice when somebody deletes or replaces the files under the server. Runs until cancelled."""
    while True:
        try:
            await state.run_in_thread(state.store.check_files)
        except Exception:
            log_failure(log, "couldn't look at the files; it is tried again")
        await asyncio.sleep(FILES)


async def purge(state: AppState) -> None:
    """Purge datasets that were deleted long enough ago, some rows at a time."""
    now = state.clock.now()
    before = now - state.settings.trash_days * _DAY
    marked = await state.run_operation(partial(trash.mark_old_for_purge, state.store, before=before, now=now))
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

    await state.run_operation(run)
    if operations:
        while await state.write(lambda tx: tx.datasets.release_disk_space()):
            pass


async def job_loop(state: AppState) -> None:
    """Look every second for jobs that another server queued. Runs until cancelled; ends at once where there is none."""
    while state.store.cluster is not None:
        await asyncio.sleep(JOBS_LOOK)
        state.jobs.wake()


async def collect_garbage(state: AppState) -> None:
    """Collect old objects in cycles while nobody is at work, as it takes a tenth of a second and more.

    Where somebody always is, it is done twice an hour. The young are collected whenever there are some thousands, which
    is soon done. Runs until cancelled.
    """
    seen, last = 0, time.monotonic()
    while True:
        await asyncio.sleep(COLLECT)
        grown_old, waited = gc.get_stats()[1]["collections"], time.monotonic() - last
        if grown_old != seen and (waited > COLLECT_ANYHOW or not state.foreground.busy_within(QUIET)):
            gc.collect()
            seen, last = grown_old, time.monotonic()


async def import_for_standing_plans(state: AppState) -> None:
    """Import in a thread what logging into a standing plan needs, where there is one.

    Else the first request that logs does so within the writer, and everybody's writes wait.
    """
    try:
        if await state.run_in_thread(partial(_any_standing, state.store)):
            await imported("apportion.services.assignments.standing_plans")
    except Exception:
        log_failure(log, "couldn't look for standing plans; who logs first will wait for an import")


def _any_standing(store: Store) -> bool:
    with store.read() as tx:
        return any(plan.spec.standing for each in tx.datasets.list() for plan in tx.assignments.plans(each))


async def warm_up(state: AppState) -> None:
    """Load into the cache what the first search of a large dataset would wait for.

    Ends with the last piece, or when cancelled between two. While requests are at work they go first: they read what
    they need themselves.
    """
    pieces, last, foreground = state.store.warm(), object(), state.share.foreground
    try:
        while await state.run_in_thread(lambda: next(pieces, last)) is not last:
            until = time.monotonic() + _LONGEST_PAUSE
            while foreground.busy and time.monotonic() < until:
                await asyncio.sleep(_SHORT_PAUSE)
    except Exception:
        log_failure(log, "couldn't read ahead; searches will read what they need")

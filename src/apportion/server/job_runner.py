"""Background thread that runs jobs, woken when there is one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from apportion.ports.deadline import Foreground
from apportion.ports.security import Clock
from apportion.services.background.recovery import JOBS, recover, unfinished_operations
from apportion.services.background.worker import JobContext, queue_models, run_next

from .convert.values import read_value
from .logs import log_failure

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = ["JobRunner"]

log = logging.getLogger("apportion.jobs")
REST = 10
"""Pause after fitting models, as a multiple of the time that fitting took."""


class JobRunner:
    """Run jobs, one after the other."""

    def __init__(self, store: Store, clock: Clock, foreground: Foreground | None = None) -> None:
        self._thread = ThreadPoolExecutor(1, "apportion-jobs")
        self._closing = threading.Event()
        self._woken = threading.Event()
        read = partial(read_value, limits=None)
        self._context = JobContext(store, clock, read, self._closing.is_set, foreground)
        self._rest_until = 0.0

    def start(self) -> None:
        """Mark the jobs that the last stop interrupted, and continue with those that wait."""
        store, clock = self._context.store, self._context.clock
        living = store.living()
        left = partial(unfinished_operations, store, clock, lambda no: no in living, JOBS)
        self._submit(lambda: recover(store, left()))
        self.wake()

    def wake(self) -> None:
        """Run the jobs that wait, if there are any; once the one at hand has ended, if there is one."""
        if not self._woken.is_set():
            self._woken.set()
            self._submit(self._work)

    def look(self) -> None:
        """Check for answers since the models were last fitted, unless that was just now."""
        if time.monotonic() >= self._rest_until:
            self._submit(self._catch_up)

    def close(self) -> None:
        """Wait for the current transaction to finish; its job is interrupted."""
        self._closing.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _work(self) -> None:
        self._woken.clear()  # first: what is queued from here on may be missed below
        while not self._closing.is_set() and run_next(self._context):
            pass

    def _catch_up(self) -> None:
        began = time.monotonic()
        if queue_models(self._context):
            self._work()
            self._rest_until = time.monotonic() + REST * (time.monotonic() - began)

    def _submit(self, fn: Callable[[], object]) -> None:
        def safely() -> None:
            try:
                fn()
            except Exception:
                log_failure(log, "the job worker failed")

        if not self._closing.is_set():
            self._thread.submit(safely)

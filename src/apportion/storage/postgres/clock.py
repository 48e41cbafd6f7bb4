"""``ports.security.Clock`` by the clock of the database, which all its servers share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["DatabaseClock"]

_STEP = 10_000_000
"""Largest step back in microseconds that is smoothed out; a larger one means that the clock was wrong."""


def _steady_now() -> int:
    # It goes on while the machine sleeps; CLOCK_MONOTONIC would stand still, and be behind afterwards
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(which) // 1000


class DatabaseClock:
    """The time of the database, measured now and then; in between a clock of this machine that nobody sets goes on."""

    def __init__(self, steady: Callable[[], int] = _steady_now) -> None:
        self._steady = steady
        self._apart = 0
        self._last = 0
        self._lock = threading.Lock()

    def measure(self, ask: Callable[[], int]) -> None:
        """Compare with the database, which ``ask`` asks for its time in microseconds."""
        before = self._steady()
        # Outside the lock: nobody who asks for the time waits for the network
        there = ask()
        with self._lock:
            # Somewhere within the round trip the database looked: the middle errs by half of it at most
            self._apart = there - (before + self._steady()) // 2

    def now(self) -> int:
        with self._lock:
            now = self._steady() + self._apart
            # A measurement may set it back a little: instants go on growing, and no two are equal
            if self._last - _STEP < now <= self._last:
                now = self._last + 1
            self._last = now
            return now

    # Measuring follows the database's clock by itself, and no lease was made by another one
    def jump(self) -> int:
        return 0

    def follow(self, jump: int) -> None:
        raise AssertionError(f"the clock never jumps, not by {jump}")

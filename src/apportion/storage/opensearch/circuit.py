"""Leave a service alone for a while after it has failed, and try it again with one request (a circuit breaker)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Circuit"]

MOST_FAILURES = 3
"""Failures in a row after which the service is left alone."""
LEFT_ALONE = 30.0
"""Seconds until one request tries it again."""


class Circuit:
    """State of one service as one process sees it; usable from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the service is left alone just now."""
        return self._open_until is not None

    def admits(self) -> bool:
        """Return whether a request may be sent. Of those that ask once the time is up, one may: it tries."""
        with self._lock:
            if self._open_until is None:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            self._open_until = now + LEFT_ALONE
            return True

    def try_now(self) -> None:
        """Have the next request try the service: something else has found it there again."""
        with self._lock:
            if self._open_until is not None:
                self._open_until = self._clock()

    def succeeded(self) -> None:
        """Note that the service answered."""
        with self._lock:
            self._failures, self._open_until = 0, None

    def failed(self) -> None:
        """Note that the service did not answer."""
        with self._lock:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                self._open_until = self._clock() + LEFT_ALONE

"""Counters since the start: requests by route, open streams, refused sign-ins."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["BOUNDS", "RequestStats", "Timings"]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds of the histogram's buckets; slower responses fall into one more."""


@dataclass(slots=True)
class Timings:
    """Histogram of response times."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class RequestStats:
    """Counters, updated on the event loop, or behind a lock where threads count."""

    started: float = field(default_factory=time.time)
    requests: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Number of requests by method, route and status."""
    timings: dict[tuple[str, str], Timings] = field(default_factory=dict)
    """Response times by method and route."""
    running: int = 0
    streams: int = 0
    refused_sign_ins: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        key = (method, route, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        timings = self.timings.get((method, route))
        if timings is None:
            timings = self.timings[method, route] = Timings()
        timings.add(seconds)

    def sign_in_refused(self) -> None:
        """Count a refused sign-in."""
        with self._lock:
            self.refused_sign_ins += 1

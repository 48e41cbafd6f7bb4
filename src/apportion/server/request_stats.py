"""What happened since the start, counted: requests by route, streams that are open."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["BOUNDS", "RequestStats", "Timings"]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the classes that answers fall into by their seconds; what is slower falls into one more."""


@dataclass(slots=True)
class Timings:
    """How many answers took how long."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class RequestStats:
    """Counted on the event loop, and where threads count, behind a lock."""

    started: float = field(default_factory=time.time)
    requests: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """By method, route and status."""
    timings: dict[tuple[str, str], Timings] = field(default_factory=dict)
    """By method and route."""
    running: int = 0
    streams: int = 0
    refused_sign_ins: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request more is done."""
        key = (method, route, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        timings = self.timings.get((method, route))
        if timings is None:
            timings = self.timings[method, route] = Timings()
        timings.add(seconds)

    def sign_in_refused(self) -> None:
        """Somebody did not get in."""
        with self._lock:
            self.refused_sign_ins += 1

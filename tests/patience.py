"""Times that tests wait on this machine.

Nothing here asserts that something is fast: whatever waits for something to happen gives up only after a time that no
healthy run needs. That time grows with the machine: how slowly it computes is measured once at the start of a run, and
processes that the run starts are told; how many others compute on it is looked at for each wait.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["MEASURED", "factor", "measured", "patience", "until"]

T = TypeVar("T")
FACTOR = "PATIENCE_FACTOR"
"""Environment variable with the factor: of a run that began already, or what somebody knows better."""
_USUAL = 0.08
"""Seconds that the loop below takes on an ordinary machine with nothing else to do."""
_ROUNDS = 600_000
_MOST = 40.0


def patience(seconds: float) -> float:
    """Return how long to wait for what takes less than ``seconds`` on an ordinary, idle machine."""
    return seconds * factor()


def factor() -> float:
    """Return by how much waits are longer here; never less than 1."""
    if FACTOR not in os.environ:
        found, pace, load = measured()
        os.environ[FACTOR] = f"{found:.1f}"
        MEASURED.append(f"this machine computes at {1 / pace:.1f} of the usual speed, load {load:.1f} a core")
    return max(float(os.environ[FACTOR]), _grown(_load_of_a_core()))


MEASURED: list[str] = []
"""Figures of the machine, if they were measured here."""


def measured() -> tuple[float, float, float]:
    """Return the factor, how slowly this machine computes against an ordinary one, and its load for each core."""
    pace = _seconds_of_loop() / _USUAL
    load = _load_of_a_core()
    return _grown(max(pace, load)), pace, load  # a loop alone is scheduled better than what it stands for


def _grown(slow: float) -> float:
    """Return the factor where everything takes so many times as long; twice that, as load comes and goes."""
    return min(_MOST, 2 * slow) if slow > 1.2 else 1.0


_READ_AGAIN = 0.5
_LAST_LOAD: list[float] = []
"""Time and load of a core, when it was read last: some tests ask a thousand times a second."""


def _load_of_a_core() -> float:
    now = time.monotonic()
    if not _LAST_LOAD or now - _LAST_LOAD[0] > _READ_AGAIN:
        _LAST_LOAD[:] = now, _load() / (os.cpu_count() or 1)
    return _LAST_LOAD[1]


def _load() -> float:
    """Return how many processes compute here: on average of the last minute or at this moment, whichever is more."""
    try:
        average = os.getloadavg()[0]
    except OSError:
        return 0.0
    try:
        running = (
            float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]) - 1
        )  # but for this one
    except (OSError, ValueError, IndexError):
        running = 0.0
    return max(average, running)


def _seconds_of_loop() -> float:
    """Return what a loop takes by the clock on the wall, the shares of others in the machine included."""
    began = time.perf_counter()
    count = 0
    for number in range(_ROUNDS):
        count += number & 3
    return time.perf_counter() - began


def until(done: Callable[[], T], seconds: float = 20, *, every: float = 0.02) -> T:
    """Return what ``done`` says once it is something true; give up after ``patience(seconds)``."""
    end = time.monotonic() + patience(seconds)
    while True:
        found = done()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"still {found!r} after {patience(seconds):.0f} s")
        time.sleep(every)

"""Computing time that each person took lately: who took much of it goes after all others for a moment.

Each single request is bounded. Without this, somebody who sends one after the other without a pause would still take
half of the interpreter, in which one thread runs at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from apportion.ports.deadline import Foreground

__all__ = ["FairShare"]

A = TypeVar("A")
T = TypeVar("T")
HALF_LIFE = 0.5
"""Seconds after which half of what was taken is forgotten."""
MUCH = 0.2
"""Seconds from which on somebody goes after the others: a quarter of the time without an end. A page with all its
searches takes less."""
A_REQUEST = 0.002
"""Seconds on the event loop that every request takes about, whatever is asked for."""
LONGEST_WAIT = 0.1
"""Seconds that a request waits at most, so that its sender gets on even where others never pause."""
_PAUSE = 0.002
_REMEMBERED = 1_000


class FairShare:
    """How much each person computed lately, in seconds. May be told by any thread."""

    def __init__(self, foreground: Foreground, clock: Callable[[], float] = time.monotonic) -> None:
        """``foreground``: the requests that go first."""
        self.foreground = foreground
        self._clock = clock
        self._taken: dict[str, tuple[float, float]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def take(self, person: str, seconds: float) -> None:
        """Count computing time of a person."""
        now = self._clock()
        # Two threads may lose each other's seconds for one person: it is an estimate, and a lock would cost more
        self._taken[person] = self._left(person, now) + seconds, now
        if len(self._taken) > _REMEMBERED:
            # A copy: others add to it meanwhile
            self._taken = {
                who: each for who, each in list(self._taken.items()) if now - each[1] < 10 * HALF_LIFE
            }

    def took_much(self, person: str) -> bool:
        """Return whether a person took so much lately that others go first."""
        return self._left(person, self._clock()) > MUCH

    def counted(self, person: str, fn: Callable[[], T]) -> T:
        """Return what a computation returns, and count its time."""
        began = time.thread_time()
        try:
            return fn()
        finally:
            self.take(person, time.thread_time() - began)

    def counting(self, person: str, fn: Callable[[A], T]) -> Callable[[A], T]:
        """Return a function that does the same, and whose time is counted."""
        return lambda given: self.counted(person, lambda: fn(given))

    async def turn(self, person: str) -> None:
        """Count a request of a person; if they took much lately, wait a moment while others are at work.

        Their requests wait one after the other, so that they get no further with many connections.
        """
        self.take(person, A_REQUEST)
        if not (self.foreground.busy and self.took_much(person)):
            return
        turn = self._turns.setdefault(person, asyncio.Lock())
        async with turn:
            until = self._clock() + LONGEST_WAIT
            while self.foreground.busy and self._clock() < until:
                await asyncio.sleep(_PAUSE)

    def _left(self, person: str, now: float) -> float:
        taken, at = self._taken.get(person, (0.0, now))
        return taken * 0.5 ** ((now - at) / HALF_LIFE)

"""Computing time that each person took lately: who took much of it goes after all others for a moment.

Each single request is bounded. Without this, somebody who sends one after the other without a pause would still take
half of the interpreter, in which one thread runs at a time.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from fastapi import Request

from apportion.ports.deadline import Deadline, Foreground

__all__ = ["A_MEGABYTE", "FairShare", "Pace"]

A = TypeVar("A")
T = TypeVar("T")
HALF_LIFE = 0.5
"""Seconds after which half of what was taken is forgotten."""
MUCH = 0.15
"""Seconds from which on somebody goes after the others: a fifth of the time without an end. A page with all its
searches takes less."""
MUCH_OF_A_CROWD = 0.03
"""Seconds from which on the requests of somebody who has many in line come apart, the more the closer to ``MUCH``: a
burst of small ones would keep others from the interpreter. A page that opens takes less for its requests, and a loop in
a notebook has one in line."""
A_REQUEST = 0.002
"""Seconds on the event loop that every request takes about, whatever is asked for."""
A_MEGABYTE = 0.004
"""The same for every megabyte of a body."""
APART = 0.025
"""Seconds between two requests of somebody who took much: those that come while others pause must not all be at work
when the next request of others comes."""
LATELY = 0.1
"""Seconds for which others count as at work after their last request."""
LONGEST_WAIT = 0.1
"""Seconds that a request waits at most, so that its sender gets on even where others never pause."""
_PAUSE = 0.005
_MEGABYTE = 1024 * 1024
_REMEMBERED = 1_000


class FairShare:
    """Seconds that each person computed lately. Any thread may add to them."""

    def __init__(self, foreground: Foreground, clock: Callable[[], float] = time.monotonic) -> None:
        """``foreground``: the requests that go first."""
        self.foreground = foreground
        self._clock = clock
        self._taken: dict[str, tuple[float, float]] = {}
        self._passed: dict[str, float] = {}
        """Time of each person's last request that waited for its turn."""
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._large: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
            self._passed = {who: at for who, at in list(self._passed.items()) if who in self._taken}

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

    def pace(self, person: str) -> Pace:
        """Return the pace of a long computation of a person, to be made in one thread."""
        return Pace(self, person)

    async def turn(self, person: str, seconds: float = A_REQUEST, *, crowded: bool = False) -> None:
        """Count a request of a person; if they took much time lately, wait a moment while others are at work.

        Their requests wait one after the other, so that they get no further with many connections. ``crowded``: they
        have many in line, so that they wait sooner.
        """
        self.take(person, seconds)
        enough = MUCH_OF_A_CROWD if crowded else MUCH
        if not self.foreground.busy_within(LATELY) or self._left(person, self._clock()) <= enough:
            return
        turn = self._turns.setdefault(person, asyncio.Lock())
        async with turn:
            now = self._clock()
            until = now + LONGEST_WAIT
            taken = self._left(person, now)
            apart = APART * min(1.0, taken / MUCH)
            not_before = min(until, self._passed.get(person, -math.inf) + apart)
            while now < not_before or (taken > MUCH and self.foreground.busy and now < until):
                await asyncio.sleep(_PAUSE)
                now = self._clock()
            self._passed[person] = now

    def rest(self) -> None:
        """Wait in a thread while others are at work, a moment at most."""
        self.foreground.wait_until_idle(LONGEST_WAIT)

    async def parts(self, person: str, request: Request) -> AsyncIterator[list[bytes]]:
        """Yield a body some megabyte at a time, no faster than it is the person's turn."""
        found: list[bytes] = []
        size = 0
        async for part in request.stream():
            found.append(part)
            size += len(part)
            if size > _MEGABYTE:
                yield found
                await self.turn(person, A_MEGABYTE * size / _MEGABYTE)
                found, size = [], 0
        yield found

    def large(self, person: str) -> asyncio.Lock:
        """Return a lock to hold while a large body of a person is read and stored: one of theirs at a time."""
        return self._large.setdefault(person, asyncio.Lock())

    def _left(self, person: str, now: float) -> float:
        taken, at = self._taken.get(person, (0.0, now))
        return float(taken * 0.5 ** ((now - at) / HALF_LIFE))


class Pace:
    """A long computation in one thread: its time is counted, and it rests while others go first.

    Call it every few milliseconds, and ``add`` what other threads do for it.
    """

    def __init__(self, share: FairShare, person: str) -> None:
        self._share = share
        self._person = person
        self._deadline = Deadline(foreground=share.foreground, long=True)
        self._counted: float | None = None

    def __call__(self) -> None:
        """Count the time since the last call, and rest if it is others' turn."""
        now = time.thread_time()
        if self._counted is None:
            self._deadline.start()
        else:
            self._share.take(self._person, now - self._counted)
            if self._share.took_much(self._person):
                self._deadline.give_way()
        self._deadline.check()
        self._counted = time.thread_time()

    def add(self, seconds: float) -> None:
        """Count what another thread computed for it, such as the one that writes."""
        self._share.take(self._person, seconds)
        self._deadline.add(seconds)

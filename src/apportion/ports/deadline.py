"""The computing time that one request may take, and its early end once the caller is gone."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from apportion.domain.errors import QueryTooSlowError

__all__ = ["CallerGone", "Deadline", "Foreground"]

T = TypeVar("T")

AT_ONCE, TESTED_AT_ONCE = 500, 100
"""Items processed between two checks; fewer where each is tested, which may take a hundred times as long."""
STRETCH, PAUSE = 0.005, 0.001
"""Seconds of computing after which the thread rests, and for how long: while it computes, other threads wait for the
interpreter whenever they come back from the file, and one answer comes back from there dozens of times."""
YOUNG = 0.25
"""Seconds of computing that a request gets before all those that have computed less go first: more than what people
wait for all day takes, such as a search with all counts."""
LONGEST_REST = 0.02
"""Seconds that older work rests at most between two stretches, so that it goes on even where others never pause."""
CROWD_STRETCH, CROWD_REST = 0.002, 0.1
"""The same for work that gives way: of somebody with many requests at once, or who took much time lately."""


class CallerGone(Exception):
    """Nobody waits for the answer any more."""


class Foreground:
    """The requests at work that have computed little so far; all older work rests while there is one.

    Python runs one thread at a time, so without this a search would get only its share among everything slow.
    """

    __slots__ = ("_idle", "_last", "_lock", "_requests")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = 0
        self._last = -math.inf
        self._idle = threading.Event()
        self._idle.set()

    @property
    def busy(self) -> bool:
        """Return whether such a request is at work."""
        return self._requests > 0

    def busy_within(self, seconds: float) -> bool:
        """Return whether such a request is at work, or was a moment ago."""
        return self.busy or time.monotonic() - self._last < seconds

    def enter(self) -> None:
        """Count one more request."""
        with self._lock:
            self._requests += 1
            self._idle.clear()

    def leave(self) -> None:
        """Count one request less."""
        with self._lock:
            self._requests -= 1
            self._last = time.monotonic()
            if not self._requests:
                self._idle.set()

    def wait_until_idle(self, seconds: float) -> None:
        """Wait in a thread until no such request is at work, so long at most."""
        # Not by looking now and then: each look takes the interpreter from the one that is waited for
        self._idle.wait(seconds)


class Deadline:
    """The time budget of one request; created in any thread, started in the one thread that does the work.

    Only the computing time of that thread counts, so that a query is not refused because others keep the
    machine busy. ``query`` limits the evaluation of each query within longer work; None: as ``seconds``.
    With a ``foreground`` the work belongs to it until it has computed for ``YOUNG`` seconds or ends (``finish``),
    and rests from then on while others are in it; work that is ``long`` or gives way never belongs to it.
    """

    def __init__(
        self,
        seconds: float = math.inf,
        *,
        query: float | None = None,
        rests: bool = True,
        foreground: Foreground | None = None,
        long: bool = False,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._seconds = seconds
        self._query = seconds if query is None else query
        self._clock = clock
        self._rests = rests
        self._foreground = foreground
        self._young = False
        self._long = long
        self._stretch, self._rest_for = STRETCH, LONGEST_REST
        self._hurry = 0
        self._gives_way = False
        self._give_way_when: Callable[[], bool] | None = None
        self._pause_at = -math.inf
        self._old_at = -math.inf
        self._until = math.inf
        self._excluded = 0.0  # seconds that the clock has counted and the budget has not
        self._rest_at = math.inf
        self._cancelled = False
        self._in_query = False
        self.checks = 0
        """Number of checks so far."""

    @property
    def seconds(self) -> float:
        """The budget in seconds: of a query while one is evaluated, else of all."""
        return self._query if self._in_query else self._seconds

    def start(self) -> None:
        """Begin to count, in the thread that does the work."""
        now = self._clock()
        self._until = now - self._excluded + self._seconds
        if self._rests:
            self._rest_at = now + self._stretch
        if self._foreground is not None and not self._long and not self._young:
            self._young, self._old_at = True, now + YOUNG
            self._foreground.enter()

    def give_way(self, when: Callable[[], bool] | None = None) -> None:
        """Let all others go first from now on, or as soon as ``when`` returns true, which is asked now and then.

        To be called before the start, or in the thread that does the work.
        """
        if when is not None and not when():
            self._give_way_when = when
            return
        self._give_way_when = None
        self.finish()
        self._long = self._gives_way = True
        self._stretch, self._rest_for = CROWD_STRETCH, CROWD_REST

    def add(self, seconds: float) -> None:
        """Count what another thread computed for this work, as if its own thread had."""
        self._rest_at -= seconds
        self._pause_at -= seconds
        self._old_at -= seconds
        self._until -= seconds

    def finish(self) -> None:
        """End the work, in its thread; work that was never started has nothing to end."""
        if self._young and self._foreground is not None:
            self._young = False
            self._foreground.leave()

    @contextlib.contextmanager
    def hurried(self) -> Iterator[None]:
        """Rest only briefly inside, however many others are at work: they wait for a lock that is held here."""
        self._hurry += 1
        try:
            yield
        finally:
            self._hurry -= 1

    def cancel(self) -> None:
        """End the work at its next check; to be called from any thread."""
        self._cancelled = True

    @contextlib.contextmanager
    def query(self) -> Iterator[None]:
        """Limit what is done inside to the time that one query may take."""
        if self._in_query:
            yield
            return
        before, self._in_query = self._until, True
        self._until = min(before, self._clock() - self._excluded + self._query)
        try:
            yield
        finally:
            self._until, self._in_query = before, False

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """Exclude what is done inside from the budget: filling a shared cache is no part of one query."""
        before, excluded = self._clock(), self._excluded
        try:
            yield
        finally:
            self._excluded = excluded + self._clock() - before

    def over(self) -> bool:
        """Return whether the work has to end. Rests for a moment when others have waited long enough."""
        self.checks += 1
        if self._cancelled:
            return True
        now = self._clock()
        if now > self._rest_at:
            self._rest(now)
            self._rest_at = now + self._stretch
        return now - self._excluded > self._until

    def _rest(self, now: float) -> None:
        foreground = self._foreground
        if self._give_way_when is not None and self._give_way_when():
            self.give_way()
        if self._gives_way and foreground is not None and not foreground.busy and now < self._pause_at:
            return  # it only looks more often whether others came
        self._pause_at = now + STRETCH
        time.sleep(PAUSE)
        if foreground is None:
            return
        if self._young:
            if now > self._old_at:
                self.finish()
                self._long = True
        elif not self._hurry:
            foreground.wait_until_idle(self._rest_for)

    def check(self) -> None:
        """Raise ``QueryTooSlowError`` once the time is up, ``CallerGone`` once nobody waits."""
        if self.over():
            raise self.reason()

    def reason(self) -> Exception:
        """Return why the work had to end."""
        if self._cancelled:
            return CallerGone()
        return QueryTooSlowError(self.seconds)

    def each(self, items: Iterable[T], at_once: int = AT_ONCE) -> Iterator[T]:
        """Yield the items, checking now and then."""
        waiting = iter(items)
        while some := list(islice(waiting, at_once)):
            self.check()
            yield from some

    def those(self, items: Iterable[T], test: Callable[[T], bool]) -> Iterator[T]:
        """Yield the items that pass, checking now and then."""
        waiting = iter(items)
        while some := list(islice(waiting, TESTED_AT_ONCE)):
            self.check()
            yield from filter(test, some)

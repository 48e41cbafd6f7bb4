"""The computing time that one request may take, and its early end once the caller is gone."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from apportion.domain.errors import QueryTooSlowError

__all__ = ["CallerGone", "Deadline", "FairShare"]

T = TypeVar("T")

AT_ONCE = 500
"""Items processed between two checks."""
STRETCH, PAUSE = 0.005, 0.001
"""Seconds of computing after which the thread rests, and for how long: while it computes, other threads wait for the
interpreter whenever they come back from the file, and one answer comes back from there dozens of times."""
HALF_LIFE = 1.0
"""Seconds after which half of somebody's computing time is forgotten."""
MARGIN = 0.05
"""Seconds of computing by which one person has to be ahead of another to rest."""
LONGEST_REST = 0.02
"""Seconds that work rests at most between two stretches, so that it goes on even where others never pause."""
MOST_REMEMBERED = 10_000
"""People whose computing time is remembered while none of their requests is at work."""


class CallerGone(Exception):
    """Nobody waits for the answer any more."""


class FairShare:
    """The computing time that each person's requests took lately, and whose requests are at work.

    Python runs one thread at a time, so without this a search would get only its share among everything slow, and who
    sends the most requests would get the most of it. Work rests while a request is there of somebody who took less.
    """

    __slots__ = ("_active", "_clock", "_lock", "_used")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: Counter[str] = Counter()
        self._used: dict[str, tuple[float, float]] = {}
        """Seconds of computing by person, as they were at some time; half of them are forgotten every ``HALF_LIFE``."""

    def enter(self, person: str) -> None:
        """Count one more request of a person."""
        with self._lock:
            self._active[person] += 1

    def leave(self, person: str) -> None:
        """Count one request of a person less."""
        with self._lock:
            self._active[person] -= 1
            if not self._active[person]:
                del self._active[person]
            if len(self._used) > MOST_REMEMBERED:
                self._used = {one: used for one, used in self._used.items() if one in self._active}

    def use(self, person: str, seconds: float) -> None:
        """Add to the computing time of a person."""
        with self._lock:
            now = self._clock()
            self._used[person] = self._lately(person, now) + seconds, now

    def others_first(self, person: str | None) -> bool:
        """Return whether a request is at work of somebody who took less than this person; None: of anybody."""
        with self._lock:
            if person is None:
                return bool(self._active)
            others = [one for one in self._active if one != person]
            if not others:
                return False
            now = self._clock()
            own = self._lately(person, now) - MARGIN
            return any(self._lately(other, now) < own for other in others)

    def _lately(self, person: str, now: float) -> float:
        seconds, at = self._used.get(person, (0.0, now))
        return float(seconds * 0.5 ** ((now - at) / HALF_LIFE))


class Deadline:
    """The time budget of one request; created in any thread, started in the one thread that does the work.

    Only the computing time of that thread counts, so that a query is not refused because others keep the
    machine busy. ``query`` limits the evaluation of each query within longer work; None: as ``seconds``.
    With a ``share`` the work counts as that ``person``'s until it ends (``finish``), and rests while others who
    computed less are at work; work that is ``long`` rests while anybody is, and nobody rests for it.
    """

    def __init__(
        self,
        seconds: float = math.inf,
        *,
        query: float | None = None,
        rests: bool = True,
        share: FairShare | None = None,
        person: str = "",
        long: bool = False,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._seconds = seconds
        self._query = seconds if query is None else query
        self._clock = clock
        self._rests = rests
        self._share = share
        self._person = person
        self._long = long
        self._entered = False
        self._hurry = 0
        self._counted_to = 0.0
        self._until = math.inf
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
        self._until = now + self._seconds
        if self._rests:
            self._rest_at = now + STRETCH
        if self._share is None or self._long:
            return
        self._counted_to = now  # another thread may have begun before, whose clock is another one
        if not self._entered:
            self._entered = True
            self._share.enter(self._person)

    def finish(self) -> None:
        """End the work, in its thread; work that was never started has nothing to end."""
        if self._entered and self._share is not None:
            self._entered = False
            self._use(self._share, self._clock())
            self._share.leave(self._person)

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
        self._until = min(before, self._clock() + self._query)
        try:
            yield
        finally:
            self._until, self._in_query = before, False

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """Exclude what is done inside from the budget: filling a shared cache is no part of one query."""
        before = self._clock()
        try:
            yield
        finally:
            self._until += self._clock() - before

    def over(self) -> bool:
        """Return whether the work has to end. Rests for a moment when others have waited long enough."""
        self.checks += 1
        if self._cancelled:
            return True
        now = self._clock()
        if now > self._rest_at:
            self._rest(now)
            self._rest_at = now + STRETCH
        return now > self._until

    def _rest(self, now: float) -> None:
        time.sleep(PAUSE)
        share = self._share
        if share is None:
            return
        person = None if self._long else self._person
        if self._entered:
            self._use(share, now)
        if self._hurry:
            return
        until = time.monotonic() + LONGEST_REST
        while share.others_first(person) and not self._cancelled and time.monotonic() < until:
            time.sleep(PAUSE)

    def _use(self, share: FairShare, now: float) -> None:
        share.use(self._person, now - self._counted_to)
        self._counted_to = now

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
        while some := list(islice(waiting, AT_ONCE)):
            self.check()
            yield from filter(test, some)

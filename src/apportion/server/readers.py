"""Threads for reads: long ones, shared fairly between people, and short ones from a database elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar

from apportion.domain.errors import TooManyRequestsError

__all__ = ["CROWD", "Readers"]

T = TypeVar("T")

THREADS = 8
MOST_LONG = 2
"""Long reads, such as figures, that run at once: the other threads are kept for queries."""
MOST_WAITING = 50
"""Reads of one person that may wait for their turn; further ones are refused."""
MANY = 3
"""Reads of one person in line from which on all others go first. A page may have more for a moment: its short reads are
done before they would rest for the first time."""
CROWD = 4
"""Reads of one person in line from which on the one that runs goes last, too: more than a page begins with."""


@dataclass(slots=True)
class _Line:
    """The reads of one person: one runs, the others wait in the order in which they came."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Readers:
    """Run reads in threads: one query and one long read of each person at a time."""

    def __init__(self, threads: int = THREADS) -> None:
        """Run up to so many long reads at once, and as many short ones."""
        self._threads = ThreadPoolExecutor(threads, "apportion-reader")
        self._short = ThreadPoolExecutor(
            threads, "apportion-short-reader"
        )  # starts none before the first read
        self._long = asyncio.Semaphore(MOST_LONG)
        self._lines: dict[tuple[str, bool], _Line] = {}

    async def run(self, person: str, fn: Callable[[], T], *, long: bool = False) -> T:
        """Return what ``fn`` returns. Raises ``TooManyRequestsError`` if too many reads of the person wait already."""
        key = person, long
        line = self._lines.setdefault(key, _Line())
        if line.waiting > MOST_WAITING:
            raise TooManyRequestsError(1)
        line.waiting += 1
        try:
            async with line.turn:
                if not long:
                    return await self._in_thread(fn)
                async with self._long:
                    return await self._in_thread(fn)
        finally:
            line.waiting -= 1
            if not line.waiting:
                self._lines.pop(key, None)

    def crowded(self, person: str, many: int = MANY) -> bool:
        """Return whether one person has that many reads in line, the one that runs included."""
        lines = (self._lines.get((person, long)) for long in (False, True))
        return sum(line.waiting for line in lines if line) >= many

    async def run_short(self, fn: Callable[[], T]) -> T:
        """Return what ``fn`` returns, run in a thread in the order of arrival."""
        within = copy_context().run  # what it logs belongs to the same request
        return await asyncio.get_running_loop().run_in_executor(self._short, within, fn)

    async def _in_thread(self, fn: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn)

    def shutdown(self) -> None:
        """Wait for the reads that are running."""
        self._short.shutdown()
        self._threads.shutdown()

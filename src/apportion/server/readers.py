"""Threads for long reads, shared so that nobody takes them from others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from apportion.domain.errors import TooManyRequestsError

__all__ = ["Readers"]

T = TypeVar("T")

THREADS = 8
MOST_LONG = 2
"""Reads at once that may take long, such as figures: the other threads are kept for queries."""
MOST_WAITING = 50
"""Reads of one person that wait for their turn; what comes then is refused."""


@dataclass(slots=True)
class _Line:
    """The reads of one person: one is done, the others wait in the order in which they came."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Readers:
    """Does reads in threads: of each person one query and one long read at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "apportion-reader")
        self._long = asyncio.Semaphore(MOST_LONG)
        self._lines: dict[tuple[str, bool], _Line] = {}

    async def run(self, person: str, fn: Callable[[], T], *, long: bool = False) -> T:
        """Return what ``work`` returns. Raises ``TooManyRequestsError`` when too many of theirs wait already."""
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

    async def _in_thread(self, fn: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn)

    def shutdown(self) -> None:
        """Let what is being read end."""
        self._threads.shutdown()

"""A limit on what the patterns of one query may cost while its words are looked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from .plans import refused

__all__ = ["QUERY_SECONDS", "Patience"]

T = TypeVar("T")

QUERY_SECONDS = 3.0
"""Of this thread's computing time. One pattern against a million words takes about one."""
_AT_ONCE = 500


class Patience:
    """What is left for one query: three hundred fuzzy words in one query would hold a reader up for minutes."""

    def __init__(self, seconds: float | None = None) -> None:
        self._until = time.thread_time() + (QUERY_SECONDS if seconds is None else seconds)

    def those(self, candidates: Iterable[T], test: Callable[[T], bool]) -> Iterator[T]:
        """The candidates that pass. Raises ``InvalidTextSearchError`` once the time is up."""
        waiting = iter(candidates)
        while some := list(islice(waiting, _AT_ONCE)):
            if time.thread_time() > self._until:
                raise refused("its patterns take too long here; use fewer, or let them begin with letters")
            yield from filter(test, some)

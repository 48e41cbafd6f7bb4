"""Long writes in steps: each is a transaction of its own, so that nobody who annotates waits for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from apportion.ports.store import Transaction

__all__ = ["Step", "parts_of"]

T = TypeVar("T")
Step = Callable[[Transaction], object]


def parts_of(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items, ``size`` at a time.

    >>> list(parts_of("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]

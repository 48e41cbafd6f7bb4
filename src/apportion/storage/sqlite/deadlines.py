"""Statements of SQL that end by a deadline."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from apportion.ports.deadline import Deadline

__all__ = ["UNLIMITED", "limited"]

UNLIMITED = Deadline()
"""Of work that nobody waits for: it is never over."""
STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the deadline: about a millisecond."""


@contextlib.contextmanager
def limited(raw: sqlite3.Connection, deadline: Deadline) -> Iterator[None]:
    """Have the statements of a connection end, as interrupted, once the deadline is over."""
    deadline.start()
    raw.set_progress_handler(deadline.over, STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)

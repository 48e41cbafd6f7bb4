"""Deadlines for SQL statements."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from apportion.ports.deadline import Deadline

__all__ = ["limited"]

STEPS = 20_000
"""Instructions of SQLite's machine between two checks of the deadline: about a millisecond."""


@contextlib.contextmanager
def limited(raw: sqlite3.Connection, deadline: Deadline) -> Iterator[None]:
    """Interrupt the statements of a connection once the deadline is over."""
    deadline.start()
    raw.set_progress_handler(deadline.over, STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)

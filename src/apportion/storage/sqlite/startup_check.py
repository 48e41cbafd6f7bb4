"""Check the file at the start of a server, in a moment however large the file is."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from .connection import damaged

__all__ = ["check_sound"]

LOOK_SECONDS = 1.0
"""The most time it takes; `apportion verify` checks everything."""
_FIRST = (
    "users", "workspaces", "memberships", "datasets", "agents", "fields", "plans", "annotations", "gold", "slots",
    "history", "records",
)  # fmt: skip
_STEPS = 2_000


def check_sound(raw: sqlite3.Connection, path: Path, seconds: float = LOOK_SECONDS) -> None:
    """Refuse a file whose structure is broken, as far as that can be seen in so many seconds.

    What people entered is checked first, then the indexes.
    """
    until = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        there = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        later = [name for name in there if name not in _FIRST and not name.startswith("sqlite_")]
        for name in (*(each for each in _FIRST if each in there), *sorted(later)):
            if any(name.startswith(each) for each in ("fts_", "words_")):
                continue  # an index, and SQLite reads all of it: left to `verify`
            for (message,) in raw.execute(f"PRAGMA quick_check('{name}')"):
                if message != "ok":
                    raise damaged(path, message)
    except sqlite3.OperationalError as failure:
        if "interrupted" not in str(failure):  # else the time is up, and nothing was found
            raise damaged(path, failure) from failure
    except sqlite3.DatabaseError as failure:
        raise damaged(path, failure) from failure
    finally:
        raw.set_progress_handler(None, 0)

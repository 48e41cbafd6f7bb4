"""New stores on a file, whose tables are copied rather than created: a third of what most tests take to begin.

Other things that many tests begin with, such as a team, are copied together with the tables.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

from apportion.storage.sqlite.store import SqliteStore

__all__ = ["file_with", "new_sqlite_store"]


def new_sqlite_store(path: Path, content: bytes | None = None) -> SqliteStore:
    """Open a store on the file at ``path``; if there is none yet, with that content, else with empty tables."""
    if not path.exists():
        path.write_bytes(content or _empty_tables())
    return SqliteStore(path)


def file_with(fill: Callable[[SqliteStore], object]) -> bytes:
    """Return the bytes of a file that was filled."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        store = new_sqlite_store(path)
        fill(store)
        store.close()
        return path.read_bytes()


@functools.cache
def _empty_tables() -> bytes:
    """Return the bytes of a file with empty tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        SqliteStore(path).close()
        return path.read_bytes()

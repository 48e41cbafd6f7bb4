"""Fill a new file, which is thrown away unless all of it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from .connection import SqliteConnection, check_file
from .create import create_tables

__all__ = ["filled_file"]

_CACHE_KB = 524_288
"""Pages that are changed again and again, such as those of numbers, stay in memory; small files take less."""


@contextlib.contextmanager
def filled_file(path: Path, *, foreign_keys: bool = True) -> Iterator[SqliteConnection]:
    """Yield a connection in one transaction on the empty tables of a new file; commit it in the end.

    Nothing of the transaction can be rolled back, as there is no journal: a log of all that is written would take
    as much room again as the file, and every page that is read has to be looked for in it.
    """
    with contextlib.closing(SqliteConnection(path, readonly=False)) as connection:
        run = connection.raw.execute
        check_file(connection.raw, path)
        run("PRAGMA journal_mode=OFF").fetchall()
        run("PRAGMA synchronous=OFF")  # all of it is written through in the end
        run(f"PRAGMA cache_size=-{_CACHE_KB}")
        run("PRAGMA temp_store=FILE")  # for sorting millions of rows
        run(f"PRAGMA foreign_keys={foreign_keys:d}")
        create_tables(connection)
        run("BEGIN")
        yield connection
        run("COMMIT")
        run("PRAGMA journal_mode=DELETE").fetchall()

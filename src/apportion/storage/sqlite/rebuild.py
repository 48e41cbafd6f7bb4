"""Rebuild a file: copy what people entered, and compute all that follows from it again.

Nothing that can be derived is read from the old file, so that it may be damaged there in any way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from apportion.storage.sql.checks.derive_again import derive
from apportion.storage.sql.rows import insert_rows
from apportion.storage.sql.transfer import BLANK, copied_tables

from .connection import DatabaseError, SqliteConnection, SqliteRaw
from .new_file import filled_file

__all__ = ["rebuild"]

_BLANK = {key: "NULL" if value is None else "x''" for key, value in BLANK.items()}
_ROWS = 5_000
_STRAY = (
    # In this order: what belongs to a row that is left out is then left out with it
    ("records", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),
    ("annotations", "rid NOT IN (SELECT rid FROM records)"),
    ("time_spent", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),  # outlives its record
    ("slots", "dataset NOT IN (SELECT no FROM datasets)"),
    ("fields", "dataset NOT IN (SELECT no FROM datasets)"),
    ("vectors", "field NOT IN (SELECT no FROM fields)"),
    (
        "vectors",
        "((SELECT dataset FROM fields WHERE no = field) << 32 | n) NOT IN (SELECT rid FROM records)",
    ),
)
"""Orphaned rows, which cannot be shown to anybody; they stay in the old file only."""


def rebuild(source: SqliteConnection, path: Path, tell: Callable[[str, int, int], None]) -> dict[str, int]:
    """Write a new file to ``path``; return by table how many orphaned rows were left out.

    ``tell`` is called with what is being done, how far it is, and of how much. Raises ``DatabaseError`` where
    what people entered cannot be read.
    """
    # Without checks of foreign keys: tables are copied one by one, and orphaned rows only deleted afterwards
    with filled_file(path, foreign_keys=False) as connection:
        _copy(source.raw, connection.raw, tell)
        left = _leave_out(connection.raw)
        # The key counts where the two differ: answers, slots and history name records by it
        connection.raw.execute("UPDATE records SET dataset = rid >> 32 WHERE dataset <> rid >> 32")
        derive(connection, tell)
    return left


# What people entered


def _copy(source: sqlite3.Connection, target: SqliteRaw, tell: Callable[[str, int, int], None]) -> None:
    kept = copied_tables()
    for place, table in enumerate(kept):
        tell(table.name, place, len(kept))
        names = [column.name for column in table.columns]
        read = ", ".join(_BLANK.get((table.name, name), f'"{name}"') for name in names)
        write = f"{table.name} ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)})"
        try:
            # NOT INDEXED: indexes of the old file may be damaged, and everything is read from the tables
            rows = source.execute(f"SELECT {read} FROM {table.name} NOT INDEXED")
            while some := rows.fetchmany(_ROWS):
                insert_rows(target, write, len(names), some)
        except sqlite3.Error as damaged:
            raise DatabaseError(
                f"The table {table.name} itself can't be read: {damaged}. It holds what people put in, which "
                "follows from nothing else. Restore a backup; nothing was changed."
            ) from damaged
    # Numbers that were used once must not be assigned again, even if their rows are gone
    target.execute("DELETE FROM sqlite_sequence")
    target.executemany(
        "INSERT INTO sqlite_sequence VALUES (?, ?)",
        source.execute("SELECT name, seq FROM sqlite_sequence").fetchall(),
    )


def _leave_out(raw: sqlite3.Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, stray in _STRAY:
        count = raw.execute(f"DELETE FROM {table} WHERE {stray}").rowcount
        if count:
            found[table] = found.get(table, 0) + count
    return found

"""Check the tables of the file: their structure, their checksums, and that each row can be read."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy import create_engine

from apportion.storage.checksums import COVERED, KEYS
from apportion.storage.sql.checks.store_check import named_row, stray_rows, wrong_checksums
from apportion.storage.tables import metadata as tables

__all__ = ["check_checksums", "check_rows", "unreadable_rows"]

_COLUMNS = "PRAGMA table_xinfo({})"
_NAMED = 20
"""The most rows of a table that are named; the others are counted."""
_ONE_BY_ONE = 100_000
"""The most rows of a table that are read singly once it cannot be read as a whole."""


def check_rows(raw: sqlite3.Connection) -> Iterator[str]:
    """Find damage that SQLite sees, tables of another form, and rows that belong to nothing."""
    for (message,) in raw.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield f"SQLite finds the file damaged: {message}."
    yield from _tables(raw)
    yield from stray_rows(raw)


def _tables(raw: sqlite3.Connection) -> Iterator[str]:
    """Find tables that are not as this version makes them."""
    for table, wanted in _columns().items():
        if raw.execute(_COLUMNS.format(table)).fetchall() != wanted:
            yield f"The columns of the table {table} are not those that it should have."


@functools.cache
def _columns() -> dict[str, list[tuple[Any, ...]]]:
    """Return the columns of each table as SQLite names them where this version has just made it."""
    engine = create_engine("sqlite://")
    tables.create_all(engine)
    with engine.connect() as fresh:
        names = [table.name for table in tables.sorted_tables]
        found = {name: [tuple(row) for row in fresh.exec_driver_sql(_COLUMNS.format(name))] for name in names}
    engine.dispose()
    return found


def check_checksums(raw: sqlite3.Connection, table: str) -> Iterator[str]:
    """Find rows of a table whose values are not those that were written."""
    with _any_text(raw):
        # NOT INDEXED: an index may have its own, intact copy of a value that is damaged in the table
        rows = raw.execute(
            f"SELECT {_list(KEYS[table])}, checksum, {_list(COVERED[table])} FROM {table} NOT INDEXED"
        )
        yield from wrong_checksums(table, rows)


def unreadable_rows(raw: sqlite3.Connection) -> Iterator[str]:
    """Name the rows that cannot be read at all; to be asked once something could not."""
    for table in tables.sorted_tables:
        try:
            # NOT INDEXED: in the order of the table, so that damage in an index is not taken for damage in the rows
            for _ in raw.execute(f"SELECT * FROM {table.name} NOT INDEXED"):
                pass
        except sqlite3.Error as failure:
            yield f"The table {table.name} can't be read to its end: {failure}."
            yield from _one_by_one(raw, table.name, [column.name for column in table.primary_key])


def _one_by_one(raw: sqlite3.Connection, table: str, keys: list[str]) -> Iterator[str]:
    where = " AND ".join(f'"{name}" IS ?' for name in keys)
    wrong = 0
    with contextlib.suppress(sqlite3.Error):  # where keys cannot be read either
        with _any_text(raw):
            found = raw.execute(f"SELECT {_list(keys)} FROM {table} LIMIT {_ONE_BY_ONE}").fetchall()
        for key in found:
            try:
                raw.execute(f"SELECT * FROM {table} WHERE {where}", key).fetchall()
            except (sqlite3.Error, ValueError) as failure:
                wrong += 1
                if wrong <= _NAMED:
                    yield f"The row {named_row(keys, key)} of the table {table} can't be read: {failure}."


@contextlib.contextmanager
def _any_text(raw: sqlite3.Connection) -> Iterator[None]:
    """Read also texts that are no longer UTF-8."""
    before = raw.text_factory
    raw.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before


def _list(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)

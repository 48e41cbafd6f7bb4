"""Check the tables of the file: their structure, their checksums, and that each row can be read."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import create_engine

from apportion.ports.upkeep import Inconsistency
from apportion.storage.checksums import COVERED, KEYS, checksum
from apportion.storage.tables import metadata as tables

__all__ = ["CHECKSUMS", "check_checksums", "check_rows", "guarded", "unreadable_rows"]

CHECKSUMS = "checksums"
"""The name of the check of values that nothing else repeats."""
_NAMED = 20
"""The most rows of a table that are named; the others are counted."""
_ONE_BY_ONE = 100_000
"""The most rows of a table that are read singly once it cannot be read as a whole."""


def guarded(
    check: str,
    dataset: str | None,
    fn: Callable[[], Iterator[str]],
    failed: Callable[[], object] = lambda: None,
) -> list[Inconsistency]:
    """Return what a check finds; that it cannot be carried out is a finding too, and then ``failed`` is called."""
    found: list[Inconsistency] = []
    try:
        found.extend(Inconsistency(check, dataset, message) for message in fn())
    except Exception as failure:  # whatever a damaged value leads to: it is the finding
        failed()
        why = f"{type(failure).__name__}: {failure}"
        found.append(Inconsistency(check, dataset, f"This could not be checked to its end ({why})."))
    return found


def check_rows(raw: sqlite3.Connection) -> Iterator[str]:
    """Find damage that SQLite sees, tables of another form, and rows that belong to nothing."""
    for (message,) in raw.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield f"SQLite finds the file damaged: {message}."
    yield from _tables(raw)
    for table, what, stray in (
        ("records", "records", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),
        ("annotations", "annotations", "rid NOT IN (SELECT rid FROM records)"),
        ("time_spent", "times", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),
        ("slots", "slots", "dataset NOT IN (SELECT no FROM datasets)"),
        ("fields", "fields", "dataset NOT IN (SELECT no FROM datasets)"),
        ("vals", "values", "field NOT IN (SELECT no FROM fields)"),
        ("facet", "facet rows", "(key >> 32) NOT IN (SELECT vid FROM vals)"),
        ("numbers", "numbers", "field NOT IN (SELECT no FROM fields)"),
        ("vectors", "vectors", "field NOT IN (SELECT no FROM fields)"),
    ):
        (count,) = raw.execute(f"SELECT count(*) FROM {table} WHERE {stray}").fetchone()
        if count:
            yield f"{count} {what} belong to nothing that exists."


def _tables(raw: sqlite3.Connection) -> Iterator[str]:
    """Find tables that are not as this version makes them."""
    engine = create_engine("sqlite://")
    tables.create_all(engine)
    with engine.connect() as fresh:
        for table in tables.sorted_tables:
            asked = f"PRAGMA table_xinfo({table.name})"
            wanted = [tuple(row) for row in fresh.exec_driver_sql(asked)]
            if raw.execute(asked).fetchall() != wanted:
                yield f"The columns of the table {table.name} are not those that it should have."
    engine.dispose()


def check_checksums(raw: sqlite3.Connection, table: str) -> Iterator[str]:
    """Find rows of a table whose values are not those that were written."""
    keys = KEYS[table]
    wrong = 0
    with _any_text(raw):
        # NOT INDEXED: an index may have its own, intact copy of a value that is damaged in the table
        rows = raw.execute(
            f"SELECT {_list(keys)}, checksum, {_list(COVERED[table])} FROM {table} NOT INDEXED"
        )
        for row in rows:
            key, kept, values = row[: len(keys)], row[len(keys)], row[len(keys) + 1 :]
            if _matches(kept, values):
                continue
            wrong += 1
            if wrong <= _NAMED:
                yield f"The row {_named(keys, key)} of the table {table} is not as it was written."
    if wrong > _NAMED:
        yield f"{wrong - _NAMED} more rows of the table {table} are not as they were written."


def _matches(kept: Any, values: tuple[Any, ...]) -> bool:
    try:
        return bool(checksum(values) == kept)
    except ValueError:  # a text that is no text any more
        return False


def unreadable_rows(raw: sqlite3.Connection) -> Iterator[str]:
    """Name the rows that cannot be read at all; to be asked once something could not."""
    for table in tables.sorted_tables:
        try:
            # NOT INDEXED: in the order of the table, so that damage in an index is not taken for damage in the rows
            for _ in raw.execute(f"SELECT * FROM {table.name} NOT INDEXED"):
                pass
        except sqlite3.Error as failure:
            yield f"The table {table.name} cannot be read to its end: {failure}."
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
                    yield f"The row {_named(keys, key)} of the table {table} cannot be read: {failure}."


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


def _named(keys: Any, values: Any) -> str:
    """Name a row by its key; a record number is shown as that of its dataset and that within it."""
    parts = []
    for name, value in zip(keys, values, strict=True):
        if name == "rid" and isinstance(value, int):
            parts.append(f"record {value & 0xFFFFFFFF} of dataset {value >> 32}")
        else:
            parts.append(f"{name} {value!r}")
    return ", ".join(parts)

"""Create a new file: all tables as of this version at once, marked as if the migrations had made them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import cache

from sqlalchemy import create_mock_engine
from sqlalchemy.dialects import sqlite

from apportion.storage.tables import metadata as tables
from apportion.storage.versions import LATEST

from .connection import SqliteConnection

__all__ = ["LATEST", "create_tables", "transaction", "version_of"]


def version_of(raw: sqlite3.Connection) -> int:
    """Return the number of the last migration of a file; 0 is an empty file."""
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    return int(version)


def create_tables(connection: SqliteConnection) -> None:
    """Create every table, unless another process was faster."""
    with transaction(connection):
        if version_of(connection.raw):  # read again, now that the transaction keeps others out
            return
        for statement in _statements():
            connection.raw.execute(statement)
        connection.raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.raw.execute("INSERT INTO alembic_version VALUES (?)", (f"{LATEST:04}",))
        connection.raw.execute(f"PRAGMA user_version={LATEST}")


@cache
def _statements() -> tuple[str, ...]:
    """Return the statements that create all tables: to compile them takes longer than to run them."""
    found: list[str] = []
    dialect = sqlite.dialect()
    engine = create_mock_engine(
        "sqlite://", lambda each, *_, **__: found.append(str(each.compile(dialect=dialect)))
    )
    tables.create_all(engine, checkfirst=False)
    return tuple(found)


@contextlib.contextmanager
def transaction(connection: SqliteConnection) -> Iterator[None]:
    """Run one transaction for both the raw connection and SQLAlchemy, to create or change tables."""
    with (
        connection.sql.begin()
    ):  # so that SQLAlchemy and Alembic leave the transaction to us; it ends with theirs
        connection.raw.execute("BEGIN IMMEDIATE")
        yield

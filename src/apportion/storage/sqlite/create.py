"""Create a new file: all tables as of this version at once, marked as if the migrations had made them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from apportion.storage.tables import metadata as tables

from .connection import SqliteConnection

__all__ = ["LATEST", "create_tables", "transaction", "version_of"]

LATEST = 11
"""The number of the last migration in ``storage/migrations/versions``."""


def version_of(raw: sqlite3.Connection) -> int:
    """Return the number of the last migration of a file; 0 is an empty file."""
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    return int(version)


def create_tables(connection: SqliteConnection) -> None:
    """Create every table, unless another process was faster."""
    with transaction(connection):
        if version_of(connection.raw):  # read again, now that the transaction keeps others out
            return
        tables.create_all(connection.sql, checkfirst=False)
        connection.raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.raw.execute("INSERT INTO alembic_version VALUES (?)", (f"{LATEST:04}",))
        connection.raw.execute(f"PRAGMA user_version={LATEST}")


@contextlib.contextmanager
def transaction(connection: SqliteConnection) -> Iterator[None]:
    """Run one transaction for both the raw connection and SQLAlchemy, to create or change tables."""
    with (
        connection.sql.begin()
    ):  # so that SQLAlchemy and Alembic leave the transaction to us; it ends with theirs
        connection.raw.execute("BEGIN IMMEDIATE")
        yield

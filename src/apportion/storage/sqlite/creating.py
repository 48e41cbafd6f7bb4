"""A new file: all tables as of this version at once, marked as if the steps had made them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from apportion.storage.tables import metadata as tables

from .database import Link

__all__ = ["LATEST", "create_tables", "transaction", "version_of"]

LATEST = 10
"""The number of the last step in ``storage/migrations/versions``."""


def version_of(raw: sqlite3.Connection) -> int:
    """Which step the file has reached; 0 is an empty file."""
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    return int(version)


def create_tables(link: Link) -> None:
    """Make every table, unless another process was faster."""
    with transaction(link):
        if version_of(link.raw):
            return
        tables.create_all(link.sql, checkfirst=False)
        link.raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        link.raw.execute("INSERT INTO alembic_version VALUES (?)", (f"{LATEST:04}",))
        link.raw.execute(f"PRAGMA user_version={LATEST}")


@contextlib.contextmanager
def transaction(link: Link) -> Iterator[None]:
    """One transaction for both ways of speaking to the file, to make or change tables in."""
    with link.sql.begin():  # so that SQLAlchemy and Alembic leave the transaction to us; it ends with theirs
        link.raw.execute("BEGIN IMMEDIATE")
        yield

"""Bringing a file up to this version's tables, with a copy kept beside it.

``PRAGMA user_version`` says which step a file has reached, so that a file that needs nothing costs
nothing. A new file gets all tables at once; Alembic, slow to import, only takes older ones further.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from apportion.storage.tables import metadata as tables

from .database import DatabaseError, Link

__all__ = ["LATEST", "backup_path", "migrate", "upgrade", "version_of"]

LATEST = 4
"""The number of the last step in ``storage/migrations/versions``."""


def version_of(raw: sqlite3.Connection) -> int:
    """Which step the file has reached; 0 is an empty file."""
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(link: Link, path: Path, *, allowed: bool = True) -> Path | None:
    """Run the steps that are missing. Returns the safety copy made before, if there was anything to lose."""
    version = version_of(link.raw)
    if version == LATEST:
        return None
    if version > LATEST:
        raise DatabaseError(
            f"{path} was written by a newer version of Apportion (tables {version}, this one knows {LATEST}). "
            "Install that version, or restore a backup made before the upgrade."
        )
    if version == 0:
        _create(link)
        return None
    if not allowed:
        raise DatabaseError(
            f"{path} needs an upgrade (tables {version} → {LATEST}). Run `apportion db migrate`, or start "
            "without --no-migrate."
        )
    copy = backup_path(path, version)
    copy.touch(0o600)  # it holds what the file itself keeps from others
    with contextlib.closing(sqlite3.connect(copy)) as target:
        link.raw.backup(target)
    upgrade(link)
    return copy


def backup_path(path: Path, version: int) -> Path:
    """Where the copy made before an upgrade from ``version`` goes: never over an earlier one."""
    copy = path.with_name(f"{path.name}.before-upgrade-from-{version}")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.before-upgrade-from-{version}.{number}")
    return copy


def _create(link: Link) -> None:
    """Make every table as of this version, marked as if the steps had made them."""
    with _transaction(link):
        if version_of(link.raw):  # another process was faster
            return
        tables.create_all(link.sql, checkfirst=False)
        link.raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        link.raw.execute("INSERT INTO alembic_version VALUES (?)", (f"{LATEST:04}",))
        link.raw.execute(f"PRAGMA user_version={LATEST}")


def upgrade(link: Link) -> None:
    """Run the steps that are missing; all of them on an empty file."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = link.sql
    with _transaction(link):
        command.upgrade(config, "head")
        link.raw.execute(f"PRAGMA user_version={LATEST}")


@contextlib.contextmanager
def _transaction(link: Link) -> Iterator[None]:
    with link.sql.begin():  # so that SQLAlchemy and Alembic leave the transaction to us; it ends with theirs
        link.raw.execute("BEGIN IMMEDIATE")
        yield

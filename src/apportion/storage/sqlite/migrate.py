"""Migrate a file to this version's tables, keeping a copy beside it.

``PRAGMA user_version`` is the number of the last migration of a file, so that a file that needs nothing costs
nothing. A new file gets all tables at once; Alembic, slow to import, only takes older ones further.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from .connection import DatabaseError, SqliteConnection
from .create import LATEST, create_tables, transaction, version_of

__all__ = ["LATEST", "backup_path", "free_name", "migrate", "upgrade", "version_of"]

_AS_BEFORE = 3
"""Files of earlier versions have their derived rows rebuilt: records are found by more values since."""


def migrate(connection: SqliteConnection, path: Path, *, allowed: bool = True) -> Path | None:
    """Run the migrations that are missing. Returns the copy made before, if there was anything to lose."""
    version = version_of(connection.raw)
    if version == LATEST:
        return None
    if version > LATEST:
        raise DatabaseError(
            f"{path} was written by a newer version of Apportion (tables {version}, this one knows {LATEST}). "
            "Install that version, or restore a backup made before the upgrade."
        )
    if version == 0:
        create_tables(connection)
        return None
    if not allowed:
        raise DatabaseError(
            f"{path} needs an upgrade (tables {version} → {LATEST}). Run `apportion db migrate`, or start "
            "without --no-migrate."
        )
    copy = backup_path(path, version)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds password hashes
    try:
        with contextlib.closing(sqlite3.connect(copy)) as target:
            connection.raw.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, to be put back as it is
    except BaseException:
        copy.unlink()  # half a copy is none
        raise
    upgrade(connection)
    return copy


def backup_path(path: Path, version: int) -> Path:
    """Return a free path for the copy made before an upgrade from ``version``."""
    return free_name(path, f"before-upgrade-from-{version}")


def free_name(path: Path, what: str) -> Path:
    """Return a free name beside the file for an earlier form of it."""
    copy = path.with_name(f"{path.name}.{what}")
    number = 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.{what}.{number}")
    return copy


def upgrade(connection: SqliteConnection) -> None:
    """Run the migrations that are missing; all of them on an empty file."""
    # Imported here: slow to import, and most starts have nothing to migrate
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection.sql
    with transaction(connection):
        before = version_of(connection.raw)
        command.upgrade(config, "head")
        if 0 < before < _AS_BEFORE:
            from apportion.storage.sql.checks.derive_again import derive_again  # brings numpy along

            derive_again(connection)
        connection.raw.execute(f"PRAGMA user_version={LATEST}")

"""Condition of the file in use."""

from __future__ import annotations

import os
from pathlib import Path

from apportion.ports.upkeep import StoreCondition

from .database import Database
from .migrate import LATEST, version_of

__all__ = ["condition_of"]


def condition_of(database: Database) -> StoreCondition:
    """Return the condition of the file and its writer."""
    alive, waiting, urgent, busy = database.writer.line()
    with database.read() as connection:
        tables = version_of(connection.raw)
    disk = os.statvfs(database.path.parent)
    return StoreCondition(
        writing=alive,
        waiting=waiting,
        urgent=urgent,
        busy=busy,
        tables=tables,
        tables_wanted=LATEST,
        size=_size(database.path),
        log_size=_size(database.path.with_name(database.path.name + "-wal")),
        free=disk.f_bavail * disk.f_frsize,
        writable=_writable(database.path),
        damage=database.damage,
        lost=database.lost,
    )


def _writable(path: Path) -> bool:
    """Return True if the disk accepts writes. A disk that failed may still be mounted as if it did."""
    try:
        os.utime(path.with_suffix(".lock"))
    except FileNotFoundError:  # no server has been here yet
        return True
    except OSError:
        return False
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # no log while nobody writes
        return 0

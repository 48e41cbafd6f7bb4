"""Chooses the engine: the only module that knows which ones there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings

if TYPE_CHECKING:
    from apportion.ports.store import Store
    from apportion.ports.upkeep import RestoreReport, Upkeep

__all__ = ["open_store", "open_upkeep", "restore_store"]


def open_store(
    settings: Settings,
    *,
    serving: bool = False,
    allow_upgrade: bool = True,
    upgraded: Callable[[Path], None] | None = None,
) -> Store:
    """The store of these settings, opened; the folder is made if there is none.

    ``serving`` claims it, so that no second server can. ``upgraded`` is told where the copy is that was
    made before an upgrade. Raises ``CannotOpenError``.
    """
    from apportion.storage.sqlite.record_writer import MetadataLimits
    from apportion.storage.sqlite.store import SqliteStore

    limits = MetadataLimits(
        metadata_fields=settings.metadata_fields_limit, vectors=settings.vectors_fields_limit
    )
    with _message_of(settings):
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_emptied(settings)
        store = SqliteStore(settings.database, limits=limits, allow_upgrade=allow_upgrade, hold=serving)
    if store.upgraded_from is not None and upgraded is not None:
        upgraded(store.upgraded_from)
    return store


def _refuse_emptied(settings: Settings) -> None:
    """Refuse an empty file in a folder where a server has run: it would start as if nobody had ever been there."""
    path, secret = settings.database, settings.home / "secret"
    if path.is_file() and path.stat().st_size == 0 and secret.exists():
        raise CannotOpenError(
            f"{path} is empty, and a server has run here before: {secret} lies beside it. Restore a backup with "
            "`apportion restore BACKUP --force`; or delete the empty file to begin with nothing."
        )


def open_upkeep(settings: Settings) -> Upkeep:
    """What looks after the store of these settings. Raises ``CannotOpenError``."""
    from apportion.storage.sqlite.upkeep import SqliteUpkeep

    with _message_of(settings):
        return SqliteUpkeep(settings.database)


def restore_store(settings: Settings, file: Path, *, force: bool) -> RestoreReport:
    """Put a backup in the place of the store of these settings. Raises ``CannotOpenError``."""
    from apportion.storage.sqlite.upkeep import restore

    with _message_of(settings):
        return restore(settings.database, file, force=force)


@contextmanager
def _message_of(settings: Settings) -> Iterator[None]:
    """What the engine says when it cannot open, in the word that other rooms know."""
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as failure:
        if "file is not a database" in str(failure) or "malformed" in str(failure):
            from apportion.storage.sqlite.database import damaged

            raise damaged(settings.database, failure) from failure
        raise CannotOpenError(f"{settings.database} cannot be opened: {failure}.") from failure
    except OSError as failure:
        raise CannotOpenError(f"{settings.database} cannot be opened: {failure}.") from failure

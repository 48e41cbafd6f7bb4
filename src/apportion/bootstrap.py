"""Chooses the engine: the only module that knows which ones there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apportion.settings import Settings

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = ["open_store"]


def open_store(settings: Settings) -> Store:
    """The store of these settings, opened; the folder is made if there is none."""
    from apportion.storage.sqlite.store import SqliteStore

    settings.home.mkdir(parents=True, exist_ok=True)
    return SqliteStore(settings.database)

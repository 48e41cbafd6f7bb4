"""Contents of a store, and their checks, whatever the store is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apportion.ports.upkeep import Inconsistency, Upkeep
from apportion.storage.sqlite.upkeep import SqliteUpkeep

__all__ = ["problems_in", "tables_of"]


def problems_in(store: Any) -> Sequence[Inconsistency]:
    """Return what `apportion verify` finds in an open store."""
    upkeep: Upkeep
    if store.remote:
        from apportion.storage.postgres.upkeep import PostgresUpkeep

        upkeep = PostgresUpkeep(store.database.url)
    else:
        upkeep = SqliteUpkeep(store.database.path)
    return upkeep.verify()


def tables_of(store: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table of an open store."""
    names = (
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        if store.remote
        else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'fts_*' AND name NOT GLOB 'words_*'"
    )
    try:
        with store.database.read() as connection:
            found = connection.raw.execute(names).fetchall()
            return {name: connection.raw.execute(f"SELECT * FROM {name}").fetchall() for (name,) in found}
    except Exception as failure:
        if "does not exist" not in str(failure):
            raise
        return tables_of(
            store
        )  # in PostgreSQL a table that is dropped meanwhile is gone from older snapshots, too

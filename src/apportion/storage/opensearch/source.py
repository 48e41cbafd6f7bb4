"""Protocols of the database, as an indexer needs it that makes its records searchable."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from apportion.storage.sql.search_index import (
    ContentRow,
    FieldsOfDataset,
    IndexChanges,
    IndexedDataset,
    IndexRow,
)

__all__ = ["IndexSource"]


class IndexSource(Protocol):
    """A connection of its own to the database, for one thread."""

    def close(self) -> None:
        """Close the connection, and give up the lock that is held."""

    def store(self) -> str:
        """Return an id of the database."""

    def datasets(self) -> Sequence[IndexedDataset]:
        """Return every dataset that is not purged, with what was ever written to it."""

    def indexes(self) -> Sequence[IndexRow]:
        """Return the indexes that the database knows of, the older of a dataset first."""

    def locked(self, dataset: int) -> AbstractContextManager[bool]:
        """Hold the lock of the one indexer of a dataset; yield whether that could be had at once."""

    def begin(self, dataset: int, state: str) -> IndexRow:
        """Note a new generation of an index, to be built from what is committed now; return it."""

    def keep(self, row: IndexRow) -> None:
        """Note how far an index is."""

    def forget(self, row: IndexRow) -> None:
        """Forget an index."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read everything inside at one instant."""

    def changes(self, row: IndexRow, most: int) -> IndexChanges | None:
        """Return the records that were written after what an index holds, up to some ``most``; None if unknown."""

    def fields(self, dataset: int) -> FieldsOfDataset | None:
        """Return the task and the fields of a dataset; None if there is no such dataset."""

    def rows(self, dataset: int, ns: Sequence[int]) -> Sequence[ContentRow]:
        """Return the content of records by number; those that are gone are left out."""

    def rows_after(self, dataset: int, n: int, limit: int) -> Sequence[ContentRow]:
        """Return the content of the next records after a number."""

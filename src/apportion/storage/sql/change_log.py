"""Track the records of a dataset that are written while somebody reads it in several transactions."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ChangeLog"]


class ChangeLog(Protocol):
    """The log of a database. It is rolled back with the transaction that wrote to it."""

    def watch(self, dataset: int) -> bool:
        """Begin to track the records of a dataset that are written; return False if they are tracked already."""

    def take(self, dataset: int, limit: int) -> list[int]:
        """Take up to ``limit`` entries out of the log; return the numbers of their rows, ascending."""

    def more(self, dataset: int) -> bool:
        """Return whether there are entries left."""

    def unwatch(self, dataset: int) -> None:
        """Stop tracking a dataset."""

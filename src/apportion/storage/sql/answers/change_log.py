"""Track the records of a dataset that are written while somebody reads it in several transactions."""

from __future__ import annotations

from typing import Protocol

from apportion.storage.sql.connection import RawConnection

__all__ = ["ChangeLog", "rewritten"]


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


def rewritten(raw: RawConnection, dataset: int, limit: int) -> tuple[list[str], bool]:
    """Take up to ``limit`` entries; return the ids of those records that have answers, and whether there are more."""
    log = raw.dialect.change_log(raw)
    taken = log.take(dataset, limit)
    if not taken:
        return [], False
    found = raw.execute(
        f"SELECT r.id FROM records r WHERE {raw.dialect.in_numbers('r.rid')} AND "
        "(r.status != 0 OR r.answer IS NOT NULL OR EXISTS (SELECT 1 FROM annotations a WHERE a.rid = r.rid) "
        "OR EXISTS (SELECT 1 FROM gold g WHERE g.rid = r.rid)) ORDER BY r.rid",
        (raw.dialect.numbers(taken),),
    ).fetchall()
    return [id for (id,) in found], log.more(dataset)

"""Track the records of a dataset that are written, by triggers on the writer's connection.

The log is a temporary table. It is rolled back with the transaction that wrote to it, and is gone once the process
ends.
"""

from __future__ import annotations

from apportion.storage.sql.connection import RawConnection

__all__ = ["rewritten", "unwatch", "watch"]


def watch(raw: RawConnection, dataset: int) -> bool:
    """Begin to track the records of a dataset that are written; return False if they are tracked already."""
    if _watched(raw, dataset):
        return False
    raw.execute(f"CREATE TEMP TABLE rewritten_{dataset} (rid INTEGER PRIMARY KEY)")
    note = (
        f"WHEN NEW.dataset = {dataset} BEGIN INSERT OR IGNORE INTO rewritten_{dataset} VALUES (NEW.rid); END"
    )
    raw.execute(f"CREATE TEMP TRIGGER logged_{dataset} AFTER INSERT ON main.records {note}")
    # Updates of other columns change neither content nor answers
    columns = "status, answer, content, prediction"
    raw.execute(f"CREATE TEMP TRIGGER changed_{dataset} AFTER UPDATE OF {columns} ON main.records {note}")
    return True


def rewritten(raw: RawConnection, dataset: int, limit: int) -> tuple[list[str], bool]:
    """Take up to ``limit`` entries; return the ids of those records that have answers, and whether there are more."""
    if not _watched(raw, dataset):
        return [], False
    # One more than asked for shows whether there are more
    rows = raw.execute(f"SELECT rid FROM rewritten_{dataset} ORDER BY rid LIMIT ?", (limit + 1,)).fetchall()
    if not rows:
        return [], False
    last = rows[:limit][-1][0]
    found = raw.execute(
        f"SELECT r.id FROM rewritten_{dataset} w JOIN records r ON r.rid = w.rid WHERE w.rid <= ? AND "
        "(r.status != 0 OR r.answer IS NOT NULL OR EXISTS (SELECT 1 FROM annotations a WHERE a.rid = r.rid) "
        "OR EXISTS (SELECT 1 FROM gold g WHERE g.rid = r.rid))",
        (last,),
    ).fetchall()
    raw.execute(f"DELETE FROM rewritten_{dataset} WHERE rid <= ?", (last,))
    return [id for (id,) in found], len(rows) > limit


def unwatch(raw: RawConnection, dataset: int) -> None:
    """Stop tracking a dataset."""
    for trigger in ("logged", "changed"):
        raw.execute(f"DROP TRIGGER IF EXISTS temp.{trigger}_{dataset}")
    raw.execute(f"DROP TABLE IF EXISTS temp.rewritten_{dataset}")


def _watched(raw: RawConnection, dataset: int) -> bool:
    name = f"rewritten_{dataset}"
    return raw.execute("SELECT 1 FROM temp.sqlite_master WHERE name = ?", (name,)).fetchone() is not None

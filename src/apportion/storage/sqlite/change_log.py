"""``storage.sql.change_log.ChangeLog`` by triggers on the writer's connection.

The log is a temporary table. It is rolled back with the transaction that wrote to it, and is gone once the process
ends.
"""

from __future__ import annotations

from apportion.storage.sql.dialect import Statements

__all__ = ["TriggerLog"]


class TriggerLog:
    """The log of a connection."""

    def __init__(self, raw: Statements) -> None:
        self._raw = raw

    def watch(self, dataset: int) -> bool:
        if self._watched(dataset):
            return False
        self._raw.execute(f"CREATE TEMP TABLE rewritten_{dataset} (rid INTEGER PRIMARY KEY)")
        note = f"WHEN NEW.dataset = {dataset} BEGIN INSERT OR IGNORE INTO rewritten_{dataset} VALUES (NEW.rid); END"
        self._raw.execute(f"CREATE TEMP TRIGGER logged_{dataset} AFTER INSERT ON main.records {note}")
        # Updates of other columns change neither content nor answers
        columns = "status, answer, content, prediction"
        self._raw.execute(
            f"CREATE TEMP TRIGGER changed_{dataset} AFTER UPDATE OF {columns} ON main.records {note}"
        )
        return True

    def take(self, dataset: int, limit: int) -> list[int]:
        if not self._watched(dataset):
            return []
        rows = self._raw.execute(
            f"SELECT rid FROM rewritten_{dataset} ORDER BY rid LIMIT ?", (limit,)
        ).fetchall()
        if rows:
            self._raw.execute(f"DELETE FROM rewritten_{dataset} WHERE rid <= ?", rows[-1])
        return [rid for (rid,) in rows]

    def more(self, dataset: int) -> bool:
        if not self._watched(dataset):
            return False
        return self._raw.execute(f"SELECT 1 FROM rewritten_{dataset} LIMIT 1").fetchone() is not None

    def unwatch(self, dataset: int) -> None:
        for trigger in ("logged", "changed"):
            self._raw.execute(f"DROP TRIGGER IF EXISTS temp.{trigger}_{dataset}")
        self._raw.execute(f"DROP TABLE IF EXISTS temp.rewritten_{dataset}")

    def _watched(self, dataset: int) -> bool:
        name = f"rewritten_{dataset}"
        found = self._raw.execute("SELECT 1 FROM temp.sqlite_master WHERE name = ?", (name,))
        return found.fetchone() is not None

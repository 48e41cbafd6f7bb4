"""Track the records of a dataset that are written, by a trigger that looks whether the dataset is watched."""

from __future__ import annotations

from apportion.storage.sql.dialect import Statements

__all__ = ["CHANGE_LOG_TABLES", "PostgresChangeLog"]

CHANGE_LOG_TABLES = (
    "CREATE TABLE watched (dataset bigint PRIMARY KEY)",
    "CREATE TABLE rewritten (dataset bigint, rid bigint, PRIMARY KEY (dataset, rid))",
    "CREATE FUNCTION note_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO rewritten SELECT NEW.dataset, NEW.rid FROM watched WHERE dataset = NEW.dataset "
    "ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE TRIGGER logged AFTER INSERT ON records FOR EACH ROW EXECUTE FUNCTION note_rewritten()",
    # Updates of other columns change neither content nor answers
    "CREATE TRIGGER changed AFTER UPDATE OF status, answer, content, prediction ON records "
    "FOR EACH ROW EXECUTE FUNCTION note_rewritten()",
)


class PostgresChangeLog:
    """``storage.sql.change_log.ChangeLog``."""

    def __init__(self, raw: Statements) -> None:
        self._raw = raw

    def watch(self, dataset: int) -> bool:
        return (
            self._raw.execute("INSERT INTO watched VALUES (?) ON CONFLICT DO NOTHING", (dataset,)).rowcount
            > 0
        )

    def take(self, dataset: int, limit: int) -> list[int]:
        rows = self._raw.execute(
            "DELETE FROM rewritten WHERE dataset = ? AND rid IN "
            "(SELECT rid FROM rewritten WHERE dataset = ? ORDER BY rid LIMIT ?) RETURNING rid",
            (dataset, dataset, limit),
        ).fetchall()
        return sorted(rid for (rid,) in rows)

    def more(self, dataset: int) -> bool:
        found = self._raw.execute("SELECT 1 FROM rewritten WHERE dataset = ? LIMIT 1", (dataset,))
        return found.fetchone() is not None

    def unwatch(self, dataset: int) -> None:
        self._raw.execute("DELETE FROM watched WHERE dataset = ?", (dataset,))
        self._raw.execute("DELETE FROM rewritten WHERE dataset = ?", (dataset,))

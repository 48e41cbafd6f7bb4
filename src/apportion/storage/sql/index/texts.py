"""The full-text index of a dataset: one table of terms and positions, fed by the write path."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.text import analysed
from apportion.storage.sql.connection import RawConnection

__all__ = ["TextIndex", "create_text_index", "drop_text_index"]


def create_text_index(raw: RawConnection, dataset: int) -> None:
    """Create the dataset's full-text table: terms and positions only, the text itself is in the records."""
    raw.execute(
        f"CREATE VIRTUAL TABLE fts_{dataset} USING fts5(text, content='', columnsize=0, "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc'\")"
    )
    raw.execute(f"CREATE VIRTUAL TABLE words_{dataset} USING fts5vocab(fts_{dataset}, row)")


def drop_text_index(raw: RawConnection, dataset: int) -> None:
    """Drop the dataset's full-text table."""
    raw.execute(f"DROP TABLE IF EXISTS words_{dataset}")
    raw.execute(f"DROP TABLE IF EXISTS fts_{dataset}")


class TextIndex:
    """Changes to one dataset's full-text index. FTS5 keeps no text, so the old one is needed to remove it."""

    def __init__(self, raw: RawConnection, dataset: int) -> None:
        self._raw = raw
        self._table = f"fts_{dataset}"
        self.changed = False

    def add(self, texts: Sequence[tuple[int, str]]) -> None:
        """Index new records by number; the texts are analysed already."""
        # Row by row: before a statement of many rows SQLite makes FTS5 write down all it has collected so far
        self._raw.executemany(f"INSERT INTO {self._table}(rowid, text) VALUES (?, ?)", texts)
        self.changed = self.changed or bool(texts)

    def remove(self, n: int, text: str) -> None:
        """Remove a record that has this text."""
        self._raw.execute(
            f"INSERT INTO {self._table}({self._table}, rowid, text) VALUES ('delete', ?, ?)",
            (n, analysed(text)),
        )
        self.changed = True

    def replace(self, n: int, before: str, after: str) -> None:
        """Index a record's new text instead of its old one."""
        if before != after:
            self.remove(n, before)
            self._raw.execute(f"INSERT INTO {self._table}(rowid, text) VALUES (?, ?)", (n, analysed(after)))

"""The full-text index of a dataset in FTS5: one table of terms and positions, fed by the write path."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apportion.domain.text import analysed
from apportion.storage.sql.dialect import Statements
from apportion.storage.sql.rows import first_difference
from apportion.storage.sql.texts import AddTexts, AllTexts, AnyText, AnyWord, Near, TextNode, Words

from .many_rows import insert_rows

__all__ = ["FtsIndex"]

_PAGES_AT_ONCE = 500
_LAST_OF_STRUCTURE = 10
"""Of the rows that FTS5 keeps, that of its averages is 1 and that of its structure 10; pages come after."""
_WORDS_AT_ONCE = 20_000
_CHARACTERS_AT_ONCE = 16 << 20
"""Of texts that are held to be indexed together, however many they are."""
_CACHE_KB = 65_536
_HELD = 1 << 20
"""FTS5's own default."""
_HELD_WHILE_FILLING = 64 << 20
_PRIME = 2_147_483_647
_DIGESTS = (
    # Squares, since the sums of two records that have changed places would be the same
    f"SELECT term, count(*), sum(place * place % {_PRIME}) FROM "
    f"(SELECT term, (doc * 1000003 + offset) % {_PRIME} AS place FROM {{}}) GROUP BY term"
)
"""For each word, how often it stands where, without reading millions of places into Python."""
_PLACES = "SELECT doc, offset FROM {} WHERE term = ?"


class FtsIndex:
    """The full-text index of one dataset. FTS5 keeps no text, so the old one is needed to remove it."""

    def __init__(self, raw: Statements, dataset: int) -> None:
        self._raw = raw
        self._dataset = dataset
        self._table = f"fts_{dataset}"
        self.changed = False

    def create(self) -> None:
        # Terms and positions only: the text itself is in the records
        self._raw.execute(
            f"CREATE VIRTUAL TABLE {self._table} USING fts5(text, content='', columnsize=0, "
            "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc'\")"
        )
        self._raw.execute(f"CREATE VIRTUAL TABLE words_{self._dataset} USING fts5vocab({self._table}, row)")

    def drop(self) -> None:
        self._raw.execute(f"DROP TABLE IF EXISTS words_{self._dataset}")
        self._raw.execute(f"DROP TABLE IF EXISTS {self._table}")

    def drop_some(self) -> bool:
        # Pages first: dropping a large index at once takes seconds. The first few rows hold its structure, without
        # which a connection that has not used it yet could not drop it
        data = f"{self._table}_data"
        if self._raw.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (data,)).fetchone() is None:
            return False
        gone = self._raw.execute(
            f"DELETE FROM {data} WHERE id IN (SELECT id FROM {data} WHERE id > {_LAST_OF_STRUCTURE} "
            f"ORDER BY id DESC LIMIT {_PAGES_AT_ONCE})"
        )
        if gone.rowcount < _PAGES_AT_ONCE:
            self.drop()
        return True

    # Changes

    def add(self, texts: Sequence[tuple[int, str]]) -> None:
        insert_rows(self._raw, f"{self._table}(rowid, text)", 2, texts)
        self.changed = self.changed or bool(texts)

    @contextlib.contextmanager
    def filling(self) -> Iterator[AddTexts]:
        """Return a faster ``add``. After a statement of many rows, in whatever table, FTS5 writes what it has gathered
        as a segment, and merges all of them later. Of single rows it gathers many: less than half of the time."""
        into, held, size = f"INSERT INTO {self._table}(rowid, text) VALUES (?, ?)", list[tuple[int, str]](), 0

        def add(texts: Sequence[tuple[int, str]]) -> None:
            nonlocal size
            held.extend(texts)
            size += sum(len(text) for _, text in texts)
            if size >= _CHARACTERS_AT_ONCE:
                write()

        def write() -> None:
            nonlocal size
            self._raw.executemany(into, held)
            held.clear()
            size = 0

        self._hold(_HELD_WHILE_FILLING)
        yield add
        write()
        self._hold(_HELD)
        self.changed = True

    def _hold(self, size: int) -> None:
        """Set the bytes of words that FTS5 gathers before it writes them."""
        self._raw.execute(f"INSERT INTO {self._table}({self._table}, rank) VALUES ('hashsize', {size})")

    def remove(self, n: int, text: str) -> None:
        self._raw.execute(
            f"INSERT INTO {self._table}({self._table}, rowid, text) VALUES ('delete', ?, ?)",
            (n, analysed(text)),
        )
        self.changed = True

    def replace(self, n: int, before: str, after: str) -> None:
        if before != after:
            self.remove(n, before)
            self._raw.execute(f"INSERT INTO {self._table}(rowid, text) VALUES (?, ?)", (n, analysed(after)))

    # Searches

    def matching(self, node: TextNode) -> Any:
        import numpy as np  # not needed to log records

        (packed,) = self._raw.execute(
            f"SELECT group_concat(rowid) FROM {self._table} WHERE {self._table} MATCH ?", (_expression(node),)
        ).fetchone()
        return np.fromstring(packed, dtype=np.uint32, sep=",") if packed else np.empty(0, dtype=np.uint32)

    def vocabulary(self) -> list[str]:
        return [word for (word,) in self._raw.execute(f"SELECT term FROM words_{self._dataset}")]

    def words_between(self, low: str, high: str) -> Iterator[str]:
        rows = self._raw.execute(
            f"SELECT term FROM words_{self._dataset} WHERE term >= ? AND term < ?", (low, high)
        )
        return (word for (word,) in rows)

    def most_frequent(self, limit: int) -> list[tuple[str, int]]:
        return self._raw.execute(
            f"SELECT term, doc FROM words_{self._dataset} ORDER BY doc DESC, term LIMIT ?", (limit,)
        ).fetchall()

    # Checks

    @contextlib.contextmanager
    def compared(self) -> Iterator[FtsComparison]:
        # FTS5 keeps no texts here that its own check could compare, so a second index is made from the records
        # In a temporary file. Two threads have it, one after the other: see ``difference``
        with contextlib.closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as other:
            other.execute("PRAGMA journal_mode=OFF").fetchall()
            other.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
            other.execute("BEGIN")
            try:
                yield FtsComparison(self._raw, other, self._dataset)
            finally:
                with contextlib.suppress(sqlite3.Error):  # the file may be damaged
                    self._raw.execute(f"DROP TABLE IF EXISTS temp.is_{self._dataset}")


class FtsComparison:
    """Comparison of a dataset's index with another one, made of the texts that should be in it."""

    def __init__(self, raw: Statements, other: sqlite3.Connection, dataset: int) -> None:
        self._raw = raw
        self._other = other
        self._dataset = dataset
        should = FtsIndex(other, dataset)
        should.create()
        self._filling = contextlib.ExitStack()
        self._add = self._filling.enter_context(should.filling())

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        self._add(list(texts))

    def difference(self) -> tuple[str, str, int] | None:
        self._filling.close()
        name = f"fts_{self._dataset}"
        self._other.execute(f"CREATE VIRTUAL TABLE should USING fts5vocab({name}, instance)")
        self._raw.execute(
            f"CREATE VIRTUAL TABLE temp.is_{self._dataset} USING fts5vocab(main, {name}, instance)"
        )
        # Both come in the same order, that of the index, so that neither has to be held in memory; and both at once
        should = self._other.execute(_DIGESTS.format("should"))
        there = self._raw.execute(_DIGESTS.format(f"temp.is_{self._dataset}"))
        with ThreadPoolExecutor(1) as beside:
            while True:
                ahead = beside.submit(should.fetchmany, _WORDS_AT_ONCE)
                found = there.fetchmany(_WORDS_AT_ONCE)
                wanted = ahead.result()
                if wanted != found:
                    break
                if not wanted:
                    return None
        _, (word, *_) = first_difference(wanted, found)
        what, (n, _) = first_difference(
            self._other.execute(_PLACES.format("should"), (word,)).fetchall(),
            self._raw.execute(_PLACES.format(f"temp.is_{self._dataset}"), (word,)).fetchall(),
        )
        return what, word, n


def _expression(node: TextNode) -> str:
    """Write a node as an expression of FTS5."""
    match node:
        case Words(words, prefix):
            return f'"{" ".join(words)}"{"*" if prefix else ""}'
        case Near(words, slop):
            # FTS5 counts what may lie between the first and the last word, the others included
            return f"NEAR({' '.join(map(_quoted, words))}, {slop + max(0, len(words) - 2)})"
        case AnyWord(words):
            return " OR ".join(map(_quoted, words))
        case AllTexts(parts):
            return " AND ".join(f"({_expression(part)})" for part in parts)
        case AnyText(parts):
            return " OR ".join(f"({_expression(part)})" for part in parts)


def _quoted(word: str) -> str:
    return f'"{word}"'

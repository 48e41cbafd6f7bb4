"""Rebuild a file: copy what people entered, and compute all that follows from it again.

Nothing that can be derived is read from the old file, so that it may be damaged there in any way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from apportion.domain.datasets import Dataset
from apportion.domain.metadata import MetadataClash, kind_of, terms_of
from apportion.domain.text import analysed
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cases.slots import SlotTerms
from apportion.storage.sql.checks.derived import COUNTS, WAITING, Derivation, Derived
from apportion.storage.sql.codec.fragments import packed
from apportion.storage.sql.codec.states import STATUSES
from apportion.storage.sql.index.cache_delta import CacheDelta
from apportion.storage.sql.index.counters import CountedTerms, MetadataTerms, NumberTerms
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.index.texts import create_text_index, drop_text_index
from apportion.storage.sql.rows import insert_rows
from apportion.storage.tables import metadata as tables

from .connection import DatabaseError, SqliteConnection, check_file
from .create import create_tables
from .datasets import DATASET_COLUMNS, dataset_from

__all__ = ["derive_again", "rebuild"]

_DERIVED = {"vals", "facet", "numbers", "waiting", "slot_counts"}
_ALWAYS_SO = {"events_pruning"}
"""Tables that a new file fills itself, with the same in each."""
_BLANK = {("records", "terms"), ("records", "answer_terms"), ("annotations", "terms")}
_ROWS = 5_000
_STRAY = (
    ("records", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),
    ("annotations", "rid NOT IN (SELECT rid FROM records)"),
    ("time_spent", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),  # outlives its record
    ("slots", "dataset NOT IN (SELECT no FROM datasets)"),
    ("fields", "dataset NOT IN (SELECT no FROM datasets)"),
    ("vectors", "field NOT IN (SELECT no FROM fields)"),
    (
        "vectors",
        "((SELECT dataset FROM fields WHERE no = field) << 32 | n) NOT IN (SELECT rid FROM records)",
    ),
)
"""Orphaned rows, which cannot be shown to anybody; they stay in the old file only."""


def rebuild(source: SqliteConnection, path: Path, tell: Callable[[str, int, int], None]) -> dict[str, int]:
    """Write a new file to ``path``; return by table how many orphaned rows were left out.

    ``tell`` is called with what is being done, how far it is, and of how much. Raises ``DatabaseError`` where
    what people entered cannot be read.
    """
    connection = SqliteConnection(path, readonly=False)
    try:
        check_file(connection.raw, path)
        connection.raw.execute(
            "PRAGMA synchronous=OFF"
        )  # all of it is written through at the end, or thrown away
        create_tables(connection)
        # Tables are copied one by one, and orphaned rows only deleted afterwards
        connection.raw.execute("PRAGMA foreign_keys=OFF")
        connection.raw.execute("BEGIN")
        _copy(source.raw, connection.raw, tell)
        left = _leave_out(connection.raw)
        connection.raw.execute("UPDATE records SET dataset = rid >> 32 WHERE dataset <> rid >> 32")
        _derive(connection, tell)
        connection.raw.execute("COMMIT")
        connection.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.raw.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    return left


# What people entered


def _copy(
    source: sqlite3.Connection, target: sqlite3.Connection, tell: Callable[[str, int, int], None]
) -> None:
    kept = [table for table in tables.sorted_tables if table.name not in _DERIVED | _ALWAYS_SO]
    for place, table in enumerate(kept):
        tell(table.name, place, len(kept))
        names = [column.name for column in table.columns]
        read = ", ".join("x''" if (table.name, name) in _BLANK else f'"{name}"' for name in names)
        write = f"{table.name} ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)})"
        try:
            # NOT INDEXED: indexes of the old file may be damaged, and everything is read from the tables
            rows = source.execute(f"SELECT {read} FROM {table.name} NOT INDEXED")
            while some := rows.fetchmany(_ROWS):
                insert_rows(target, write, len(names), some)
        except sqlite3.Error as damaged:
            raise DatabaseError(
                f"The table {table.name} itself cannot be read: {damaged}. It holds what people put in, which "
                "follows from nothing else. Restore a backup; nothing was changed."
            ) from damaged
    # Numbers that were used once must not be assigned again, even if their rows are gone
    target.execute("DELETE FROM sqlite_sequence")
    target.executemany(
        "INSERT INTO sqlite_sequence VALUES (?, ?)",
        source.execute("SELECT name, seq FROM sqlite_sequence").fetchall(),
    )


def _leave_out(raw: sqlite3.Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, stray in _STRAY:
        count = raw.execute(f"DELETE FROM {table} WHERE {stray}").rowcount
        if count:
            found[table] = found.get(table, 0) + count
    return found


# What follows from it


def derive_again(connection: SqliteConnection) -> None:
    """Rebuild everything that follows from the rows, in place and within a transaction."""
    raw = connection.raw
    for (no,) in raw.execute("SELECT no FROM datasets").fetchall():
        drop_text_index(raw, no)
    for table in sorted(_DERIVED):
        raw.execute(f"DELETE FROM {table}")
    _derive(connection, lambda *_: None)


def _derive(connection: SqliteConnection, tell: Callable[[str, int, int], None]) -> None:
    columns = ", ".join(DATASET_COLUMNS)
    for row in connection.raw.execute(f"SELECT {columns} FROM datasets ORDER BY no").fetchall():
        _derive_dataset(connection, dataset_from(row), tell)
    # Once for all datasets: one pass over the slots
    connection.raw.execute(f"INSERT INTO waiting {WAITING}")
    connection.raw.execute(f"INSERT INTO slot_counts {COUNTS}")


def _derive_dataset(
    connection: SqliteConnection, dataset: Dataset, tell: Callable[[str, int, int], None]
) -> None:
    """Rebuild everything that follows from a dataset's rows."""
    while True:
        connection.raw.execute("SAVEPOINT dataset")
        try:
            _Rebuilt(connection, dataset, tell).build()
        except _KindClash as clash:  # a damaged row: its values are no numbers or dates
            connection.raw.execute("ROLLBACK TO dataset")
            connection.raw.execute("UPDATE fields SET kind = ? WHERE no = ?", (clash.kind, clash.field))
            continue
        finally:
            connection.after.clear()
        connection.raw.execute("RELEASE dataset")
        return


class _KindClash(Exception):
    def __init__(self, field: int, kind: str) -> None:
        super().__init__(field)
        self.field = field
        self.kind = kind


class _Rebuilt:
    """Rebuild of one dataset, record by record."""

    def __init__(
        self, connection: SqliteConnection, dataset: Dataset, tell: Callable[[str, int, int], None]
    ) -> None:
        self._connection = connection
        self._raw = connection.raw
        self._dataset = dataset
        self._tell = tell
        self._registry = TermRegistry()
        self._agents = Agents(connection.raw)
        self._count = 0

    def build(self) -> None:
        raw, no = self._raw, self._dataset.no
        (expected,) = raw.execute(
            "SELECT count(*) FROM records WHERE rid >= ? AND rid < ?", (no << 32, (no + 1) << 32)
        ).fetchone()
        create_text_index(raw, no)

        def failed(rid: int, failure: Exception) -> None:
            (id,) = raw.execute("SELECT id FROM records WHERE rid = ?", (rid,)).fetchone()
            raise DatabaseError(
                f"Record {id!r} of {self._dataset.id} cannot be read: {failure}. Restore a backup; "
                "nothing was changed."
            ) from failure

        for some in Derivation(self._connection, self._dataset).records(failed):
            self._write(some)
            self._count += len(some)
            self._tell(self._dataset.id, self._count, expected)
        # History has the numbers of deleted records, which must not be assigned again
        (highest,) = raw.execute(
            "SELECT max(n) FROM (SELECT last_n AS n FROM datasets WHERE no = ?1 UNION ALL "
            "SELECT max(rid) & 4294967295 FROM records WHERE rid >= ?1 << 32 AND rid < (?1 + 1) << 32 UNION ALL "
            "SELECT max(rid) & 4294967295 FROM history WHERE rid >= ?1 << 32 AND rid < (?1 + 1) << 32)",
            (no,),
        ).fetchone()
        raw.execute("UPDATE datasets SET records = ?, last_n = ? WHERE no = ?", (self._count, highest, no))

    def _write(self, some: Sequence[Derived]) -> None:
        raw, no = self._raw, self._dataset.no
        changes = CacheDelta(no)
        counted = CountedTerms(self._connection, no, self._registry, changes)
        for name in sorted({name for each in some for name in each.ready.inputs}):
            counted.session.field(no, f"inputs.{name}", "input")
        slots = SlotTerms(self._agents, counted)
        of_record: dict[int, list[tuple[int, int, int | None]]] = {}
        rows = raw.execute(
            "SELECT rid, annotator, state, holder FROM slots WHERE rid >= ? AND rid <= ?",
            (some[0].rid, some[-1].rid),
        )
        for rid, *light in rows.fetchall():
            of_record.setdefault(rid, []).append((light[0], light[1], light[2]))
        records, annotations, texts = [], [], []
        for each in some:
            metadata, numbers = self._metadata(counted, each)
            term_ids = counted.term_ids(each.ready.content_terms, metadata)
            answer_vids = counted.term_ids(each.terms)
            found = {*term_ids, *answer_vids, *slots.of(of_record.get(each.rid, ()))}
            for annotator, terms in each.own.items():
                own = counted.term_ids(terms, viewer=annotator)
                found.update(own)
                annotations.append((packed(own), each.rid, annotator))
            counted.add(each.n, tuple(found))
            if numbers:
                counted.change_numbers(each.n, set(), numbers)
            records.append(
                (
                    list(STATUSES).index(each.status),
                    each.answer,
                    packed(term_ids),
                    packed(answer_vids),
                    each.rid,
                )
            )
            texts.append((each.n, analysed(each.ready.text)))
        raw.executemany(
            "UPDATE records SET status = ?, answer = ?, terms = ?, answer_terms = ? WHERE rid = ?", records
        )
        raw.executemany("UPDATE annotations SET terms = ? WHERE rid = ? AND annotator = ?", annotations)
        raw.executemany(f"INSERT INTO fts_{no}(rowid, text) VALUES (?, ?)", texts)
        counted.finish()
        after, self._connection.after = self._connection.after, []
        for hook in after:
            hook()

    def _metadata(self, counted: CountedTerms, each: Derived) -> tuple[MetadataTerms, NumberTerms]:
        """Return the terms that are counted and those searched as numbers, by the kinds of the dataset's keys."""
        found: MetadataTerms = []
        numbers: NumberTerms = []
        session, no = counted.session, self._dataset.no
        if each.ready.scores:
            field, _ = session.field(no, "score", "float")
            numbers = [(field, score) for score in each.ready.scores]
        for key, value in each.ready.metadata.items():
            kind = None if key.startswith("_") else kind_of(value)
            known = session.find_field(no, f"metadata.{key}")
            if known is None and kind is None:
                continue
            field, kept = known or session.field(no, f"metadata.{key}", kind or "keyword")
            try:
                terms = terms_of(kept, value)
            except (MetadataClash, KeyError):
                raise _KindClash(
                    field, "keyword" if kind != "nested" and kept != "keyword" else "nested"
                ) from None
            for term in terms:
                if isinstance(term, str):
                    found.append((field, kept, term))
                else:
                    numbers.append((field, term))
        return found, numbers

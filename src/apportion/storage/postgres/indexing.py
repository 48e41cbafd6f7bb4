"""The database for an indexer and for searches in an index: changes to follow, and how far each index is.

Implements the protocols of ``storage.opensearch.source``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from apportion.storage.sql.cache_delta import decode_changes
from apportion.storage.sql.codec.fragments import decode_vector, unpacked
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.search_index import (
    ContentRow,
    FieldsOfDataset,
    IndexChanges,
    IndexedDataset,
    IndexRow,
    Reach,
)

from .connection import PostgresConnection

__all__ = ["PostgresIndexSource", "reach_of"]

INDEX_LOCK = 7
"""Class of the advisory locks of indexers, by the number of the dataset."""
_ROW = "dataset, generation, state, built, upto, written, problem"
_VALUES_KEPT = 200_000
_CHANGES_AT_ONCE = 2_000


class PostgresIndexSource:
    """The database at ``url`` as one indexer sees it. For one thread; a connection that was lost is replaced."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._link: PostgresConnection | None = None
        self._values: dict[int, tuple[int, str]] = {}
        """By number, the field and the text of a value."""

    def close(self) -> None:
        """Close the connection, and give up the lock that is held."""
        if self._link is not None:
            self._link.close()
            self._link = None

    @property
    def _connection(self) -> PostgresConnection:
        if self._link is None or self._link.lost:
            self._values.clear()
            self._link = PostgresConnection(self._url, readonly=False)
        return self._link

    def _run(self, sql: str, *values: Any) -> list[Any]:
        found = self._connection.raw.execute(sql, values)
        return found.fetchall() if found.is_query else []

    # Which datasets and indexes there are

    def store(self) -> str:
        """Return an id of the database; a copy of it by a dump has another one."""
        rows = self._run(
            "SELECT md5(i.id || ' ' || d.oid) FROM installation i, pg_database d WHERE d.datname = current_database()"
        )
        return str(rows[0][0])[:12]

    def datasets(self) -> Sequence[IndexedDataset]:
        """Return every dataset that is not purged, with what was ever written to it."""
        rows = self._run(
            "SELECT d.no, d.workspace, d.name, d.records, coalesce(f.written, 0), d.deleted_at IS NOT NULL "
            "FROM datasets d LEFT JOIN feed f ON f.dataset = d.no ORDER BY d.no"
        )
        return [IndexedDataset(*row) for row in rows]

    def indexes(self) -> Sequence[IndexRow]:
        """Return the indexes that the database knows of, the older of a dataset first."""
        rows = self._run(f"SELECT {_ROW} FROM indexes ORDER BY dataset, generation")
        return [IndexRow(*row) for row in rows]

    # Changing what is known of them

    @contextlib.contextmanager
    def locked(self, dataset: int) -> Iterator[bool]:
        """Hold the lock of the one indexer of a dataset; yield whether that could be had at once."""
        (held,) = self._run("SELECT pg_try_advisory_lock(?::int, ?::int)", INDEX_LOCK, dataset)[0]
        try:
            yield bool(held)
        finally:
            if held and self._link is not None and not self._link.lost:
                with contextlib.suppress(psycopg.Error):
                    self._run("SELECT pg_advisory_unlock(?::int, ?::int)", INDEX_LOCK, dataset)

    def begin(self, dataset: int, state: str) -> IndexRow:
        """Note a new generation of an index, to be built from what is committed now; return it."""
        rows = self._run(
            "INSERT INTO indexes (dataset, generation, state, built, upto, written) "
            "SELECT ?1, 1 + greatest((SELECT coalesce(max(generation), 0) FROM indexes WHERE dataset = ?1), "
            "(extract(epoch FROM now()) * 1000)::bigint), ?2, 0, coalesce(max(no), 0), coalesce(max(written), 0) "
            f"FROM feed WHERE dataset = ?1 RETURNING {_ROW}",
            dataset, state,
        )  # fmt: skip
        return IndexRow(*rows[0])

    def keep(self, row: IndexRow) -> None:
        """Note how far an index is."""
        self._run(
            "UPDATE indexes SET state = ?3, built = ?4, upto = ?5, written = ?6, problem = ?7, at = now() "
            "WHERE dataset = ?1 AND generation = ?2",
            *row,
        )

    def forget(self, row: IndexRow) -> None:
        """Forget an index."""
        self._run("DELETE FROM indexes WHERE dataset = ? AND generation = ?", row.dataset, row.generation)

    # What goes into them

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read everything inside at one instant."""
        with self._connection.snapshot():
            yield

    def changes(self, row: IndexRow, most: int) -> IndexChanges | None:
        """Return the records that were written after what an index holds, up to some ``most``; None if unknown."""
        found: set[int] = set()
        upto, written = row.upto, row.written
        last = self._run("SELECT no FROM feed WHERE dataset = ?", row.dataset)
        end = last[0][0] if last else 0
        while upto < end and len(found) < most:
            rows = self._run(
                "SELECT no, news FROM changes WHERE dataset = ? AND no > ? ORDER BY no LIMIT ?",
                row.dataset, upto, _CHANGES_AT_ONCE,
            )  # fmt: skip
            if not rows:
                return None
            for no, news in rows:
                if no != upto + 1:
                    return None
                upto = no
                for each in decode_changes(news):
                    found.update(each.content)
                    written += len(each.content)
                if len(found) >= most:
                    break
        return IndexChanges(sorted(found), upto, written, end)

    def fields(self, dataset: int) -> FieldsOfDataset | None:
        """Return the task and the fields of a dataset; None if there is no such dataset."""
        tasks = self._run("SELECT task FROM datasets WHERE no = ?", dataset)
        if not tasks:
            return None
        rows = self._run("SELECT no, name, kind FROM fields WHERE dataset = ?", dataset)
        return FieldsOfDataset(tasks[0][0], {no: (name, kind) for no, name, kind in rows})

    def rows(self, dataset: int, ns: Sequence[int]) -> Sequence[ContentRow]:
        """Return the content of records by number; those that are gone are left out."""
        base = dataset << 32
        sql = self._connection.raw.dialect
        found = self._run(
            f"SELECT rid & 4294967295, id, event, content, prediction, terms FROM records "
            f"WHERE {sql.in_numbers('rid')} ORDER BY rid",
            sql.numbers(base | n for n in ns),
        )
        return self._with_values(dataset, found)

    def rows_after(self, dataset: int, n: int, limit: int) -> Sequence[ContentRow]:
        """Return the content of the next records after a number."""
        base = dataset << 32
        found = self._run(
            "SELECT rid & 4294967295, id, event, content, prediction, terms FROM records "
            "WHERE rid > ? AND rid < ? ORDER BY rid LIMIT ?",
            base | n, base + (1 << 32), limit,
        )  # fmt: skip
        return self._with_values(dataset, found)

    def _with_values(self, dataset: int, rows: Sequence[Any]) -> list[ContentRow]:
        terms = [unpacked(row[5]) for row in rows]
        unknown = {vid for each in terms for vid in each} - self._values.keys()
        if unknown:
            if len(self._values) > _VALUES_KEPT:
                self._values.clear()
                unknown = {vid for each in terms for vid in each}
            sql = self._connection.raw.dialect
            for vid, field, value in self._run(
                f"SELECT vid, field, value FROM vals WHERE {sql.in_numbers('vid')}", sql.numbers(unknown)
            ):
                self._values[vid] = field, value
        vectors = self._vectors(dataset, [row[0] for row in rows])
        found = []
        for (n, id, event, content, prediction, _), each in zip(rows, terms, strict=True):
            values = tuple(self._values[vid] for vid in each if vid in self._values)
            found.append(ContentRow(n, id, event, content, prediction, values, vectors.get(n, {})))
        return found

    def _vectors(self, dataset: int, ns: Sequence[int]) -> dict[int, dict[int, Sequence[float]]]:
        """Return the vectors of records by number and field."""
        sql = self._connection.raw.dialect
        found: dict[int, dict[int, Sequence[float]]] = {}
        for field, n, value in self._run(
            f"SELECT field, n, value FROM vectors WHERE {sql.in_numbers('n')} AND field IN "
            "(SELECT no FROM fields WHERE dataset = ? AND kind LIKE 'vector:%')",
            sql.numbers(ns), dataset,
        ):  # fmt: skip
            found.setdefault(n, {})[field] = decode_vector(value, None).value
        return found


def reach_of(connection: SqlConnection, dataset: int, person: str) -> Reach | None:
    """Return how far the index of a dataset is that searches may use, in a snapshot; None without one."""
    row = connection.raw.execute(
        "SELECT i.generation, i.written, coalesce(f.written, 0), (SELECT coalesce(max(w.written), 0) "
        "FROM content_writes w WHERE w.dataset = ?1 AND w.person IN ('', ?2)) FROM indexes i "
        "LEFT JOIN feed f ON f.dataset = i.dataset WHERE i.dataset = ?1 AND i.state = 'ready' "
        "ORDER BY i.generation DESC LIMIT 1",
        (dataset, person),
    ).fetchone()
    return None if row is None else Reach(*row)

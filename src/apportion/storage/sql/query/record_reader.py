"""Read records of one dataset, as one viewer sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset
from apportion.domain.records import Vector
from apportion.ports.records import Criteria, StoredRecord
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.codec.fragments import decode_vector, encode_name, text_of, with_mirrors
from apportion.storage.sql.codec.states import STATES, STATUS_OF, STATUSES
from apportion.storage.sql.codec.stored_row import StoredRow
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.rows import rows_by_id
from apportion.vocabulary import Status

from .leaf_assignments import assignees_of
from .predicates import RecordDocument

__all__ = ["RecordReader"]

_TEXTS_AT_ONCE = 100
"""Texts that are read as one value, which may have a gigabyte on either database: the longest have four megabytes."""
_ROW = "rid, id, status, updated, content, prediction, answer"


class _Mirrored(NamedTuple):
    """Metadata keys that show the assignees of records, and these by record."""

    keys: list[str]
    names: dict[int, list[str]]


class RecordReader:
    """Reads records of one dataset within one snapshot, as the viewer of the criteria sees them.

    ``mirrors`` returns the metadata fields under which plans show assignees.
    """

    def __init__(
        self,
        connection: SqlConnection,
        dataset: Dataset,
        criteria: Criteria,
        agents: Agents,
        mirrors: Callable[[Dataset], frozenset[str]],
    ) -> None:
        self._raw = connection.raw
        self._sql = connection.raw.dialect
        self._dataset = dataset
        self._criteria = criteria
        self._viewer = criteria.viewer
        self._agents = agents
        self._mirrors_in = mirrors
        self._base = dataset.no << 32

    def rows(self, ns: Sequence[int]) -> list[StoredRecord]:
        """Read records by number, in that order; those that are gone are left out."""
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(ns), 500):
            among, rids = self._sql.in_few("rid", [self._base | n for n in ns[start : start + 500]])
            for row in self._raw.execute(f"SELECT {_ROW} FROM records WHERE {among}", rids):
                found[row[0] & 0xFFFFFFFF] = row
        return self._as_rows([found[n] for n in ns if n in found])

    def rows_by_id(self, ids: Sequence[str]) -> dict[str, StoredRecord]:
        """Read records by id."""
        rows = rows_by_id(self._raw, f"id, {_ROW}", self._dataset.no, ids)
        return {row.id: row for row in self._as_rows([row[1:] for row in rows])}

    def following(self, after: str | None, limit: int) -> list[StoredRecord]:
        """Read the records behind an id, or the first ones, in the order of ids."""
        rows = self._raw.execute(
            f"SELECT {_ROW} FROM records WHERE dataset = ? AND id {'>=' if after is None else '>'} ? "
            "ORDER BY id LIMIT ?",
            (self._dataset.no, after or "", limit),
        ).fetchall()
        return self._as_rows(rows)

    def get(self, id: str) -> StoredRecord | None:
        """Read one record by id."""
        row = self._raw.execute(
            f"SELECT {_ROW} FROM records WHERE dataset = ? AND id = ?", (self._dataset.no, id)
        ).fetchone()
        return None if row is None else self._as_rows([row])[0]

    @cached_property
    def mirrors(self) -> frozenset[str]:
        """Return the metadata fields under which plans show the assignees of records."""
        return self._mirrors_in(self._dataset)

    def _as_rows(self, rows: list[tuple[Any, ...]]) -> list[StoredRecord]:
        if not rows:
            return []
        vectors = self._vectors([row[0] & 0xFFFFFFFF for row in rows])
        mirrored = self._mirrored([row[0] for row in rows])
        own = self._own_answers([row[0] for row in rows]) if self._viewer else None
        found: list[StoredRecord] = []
        for rid, id, status, updated, content, prediction, answer in rows:
            n, seen = rid & 0xFFFFFFFF, STATUSES[status]
            if own is not None:
                # Without an answer of their own a viewer sees none: the row's is the resolved one
                seen, answer = own.get(rid, (Status.DEFAULT, None))
            if mirrored is not None:
                content = with_mirrors(content, mirrored.keys, mirrored.names.get(rid, []))
            found.append(StoredRow(id, seen, updated, content, prediction, answer, vectors.get(n), n))
        return found

    def _mirrored(self, rids: list[int]) -> _Mirrored | None:
        """Return the assignees of these records, if a plan shows them as metadata."""
        keys = self.mirrors
        if not keys:
            return None
        names = assignees_of(self._raw, rids)
        if self._criteria.alone:
            me = self._criteria.me
            # Who annotates blind must not learn who else has the record
            names = {rid: [each for each in those if each == me] for rid, those in names.items()}
        return _Mirrored(sorted(key.removeprefix("metadata.") for key in keys), names)

    def _own_answers(self, rids: list[int]) -> dict[int, tuple[Status, bytes | None]]:
        """Return the viewer's answers: by record, status and annotation as they see it."""
        found: dict[int, tuple[Status, bytes | None]] = {}
        name = b""
        for start in range(0, len(rids), 500):
            among, given = self._sql.in_few("rid", rids[start : start + 500])
            for rid, state, value in self._raw.execute(
                f"SELECT rid, state, value FROM annotations WHERE annotator = ? AND {among}",
                (self._viewer, *given),
            ):
                name = name or encode_name(self._agents.name(self._viewer))
                answer = None if value is None else name + b"\n" + value
                found[rid] = (STATUS_OF[STATES[state]], answer)
        return found

    def _vectors(self, ns: list[int]) -> dict[int, dict[str, Vector]]:
        fields = self._raw.execute(
            "SELECT no, name FROM fields WHERE dataset = ? AND kind LIKE 'vector:%'", (self._dataset.no,)
        ).fetchall()
        found: dict[int, dict[str, Vector]] = {}
        for field, name in fields:
            for start in range(0, len(ns), 500):
                among, given = self._sql.in_few("n", ns[start : start + 500])
                for n, value, more in self._raw.execute(
                    f"SELECT n, value, more FROM vectors WHERE field = ? AND {among}", (field, *given)
                ):
                    found.setdefault(n, {})[name.removeprefix("vectors.")] = decode_vector(value, more)
        return found

    def texts(self, ns: Iterable[int]) -> Iterator[str]:
        """Yield the texts of records, some hundred at a time."""
        remaining = iter(ns)
        while part := [self._base | int(n) for n in islice(remaining, _TEXTS_AT_ONCE)]:
            among, rids = self._sql.in_few("rid", part)
            (found,) = self._raw.packed(
                f"SELECT {self._sql.listed_json('content')} FROM records WHERE {among}", rids
            )
            yield from map(text_of, self._sql.json_list(found))

    def documents(self, ns: Iterable[int]) -> Iterator[RecordDocument]:
        """Yield records to be tested, some hundred at a time."""
        remaining = iter(ns)
        while part := [int(n) for n in islice(remaining, 500)]:
            rids = [self._base | n for n in part]
            among, given = self._sql.in_few("rid", rids)
            rows = self._raw.execute(f"SELECT {_ROW} FROM records WHERE {among}", given).fetchall()
            own = self._own_answers(rids) if self._viewer else None
            for rid, id, status, updated, content, prediction, answer in rows:
                seen = STATUSES[status]
                if own is not None:
                    seen, answer = own.get(rid, (Status.DEFAULT, None))
                yield RecordDocument(
                    self._dataset.task, rid & 0xFFFFFFFF, id, seen, updated, content, prediction, answer
                )

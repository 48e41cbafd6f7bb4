"""Write vectors: names and dimensions are checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable

from apportion.domain.errors import BadRequestError
from apportion.domain.metadata import KEY_LENGTH
from apportion.domain.records import Vector
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.codec.encode_records import EncodedRow
from apportion.storage.sql.codec.fragments import encode_vector
from apportion.storage.sql.connection import RawConnection

from .terms import TermSession

__all__ = ["VectorWriter"]


class VectorWriter:
    """Writer of the vectors of one dataset within one transaction."""

    def __init__(
        self, raw: RawConnection, dataset: int, terms: TermSession, limit: int, changes: CacheDelta
    ) -> None:
        self._raw = raw
        self._dataset = dataset
        self._terms = terms
        self._limit = limit
        self._changes = changes
        rows = raw.execute(
            "SELECT name, no, kind FROM fields WHERE dataset = ? AND kind LIKE 'vector:%'", (dataset,)
        )
        self._fields = {name: (no, int(kind.partition(":")[2])) for name, no, kind in rows}

    def check(self, batch: Iterable[EncodedRow]) -> None:
        """Refuse vectors of another size than the dataset's, and more kinds than it may have."""
        for record in batch:
            for name, vector in (record.vectors or {}).items():
                size = len(vector.value)
                field = f"vectors.{name}"
                if len(name) > KEY_LENGTH or len(vector.model or "") > KEY_LENGTH:
                    raise BadRequestError(
                        f"The names of a vector and of its model may have {KEY_LENGTH} characters; those of vector "
                        f"{name[:40]!r} of record {record.id!r} have more. Nothing of this request was stored."
                    )
                if field not in self._fields:
                    if len(self._fields) >= self._limit:
                        raise BadRequestError(
                            f"Cannot create more than {self._limit} kind of vectors per dataset. "
                            "Nothing of this request was stored."
                        )
                    # Of the size of the first vector; where the request is refused later, it goes with it
                    no, _ = self._terms.field(self._dataset, field, f"vector:{size}")
                    self._fields[field] = (no, size)
                if size != self._fields[field][1]:
                    raise BadRequestError(
                        f"Vector {name!r} of record {record.id!r} has {size} dimensions; this dataset's have "
                        f"{self._fields[field][1]}. Nothing of this request was stored."
                    )

    def insert(self, n: int, vectors: dict[str, Vector]) -> None:
        """Store a record's vectors; the caller has checked them."""
        for name, vector in vectors.items():
            field, _ = self._fields[f"vectors.{name}"]
            self._raw.execute(
                "INSERT INTO vectors VALUES (?, ?, ?, ?) ON CONFLICT (field, n) DO UPDATE SET "
                "value = excluded.value, more = excluded.more",
                (field, n, *encode_vector(vector)),
            )
            self._changes.vectors.add(field)

    def rows(self, n: int) -> list[tuple[int, int, bytes, bytes | None]]:
        """Return a record's vectors as stored."""
        return [
            row
            for field, _ in self._fields.values()
            for row in self._raw.execute("SELECT * FROM vectors WHERE field = ? AND n = ?", (field, n))
        ]

    def delete(self, n: int) -> None:
        """Delete a record's vectors."""
        for field, _ in self._fields.values():
            # Field by field, with which the key of the table begins
            if self._raw.execute("DELETE FROM vectors WHERE field = ? AND n = ?", (field, n)).rowcount:
                self._changes.vectors.add(field)

"""Terms of the metadata of records: decide the kind of new keys, refuse values that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apportion.domain.errors import BadRequestError, BulkDataError, MetadataLimitExceededError
from apportion.domain.metadata import KEY_LENGTH, KINDS_AS_NUMBERS, MetadataClash, kind_of, terms_of
from apportion.storage.sql.codec.encode_records import EncodedRow
from apportion.storage.sql.connection import RawConnection

from .counters import MetadataTerms, NumberTerms
from .terms import TermSession

__all__ = ["MetadataReader"]


class MetadataReader:
    """Reader of the metadata of one dataset's records within one transaction."""

    def __init__(
        self, raw: RawConnection, dataset: int, address: str, terms: TermSession, limit: int
    ) -> None:
        self._raw = raw
        self._dataset = dataset
        self._address = address
        self._terms = terms
        self._limit = limit
        self._score_field: int | None = None

    def read(self, batch: Sequence[EncodedRow]) -> list[tuple[MetadataTerms, NumberTerms]]:
        """Return per record the terms that are counted and those searched as numbers, its scores included.

        Everything is checked before the first record is returned; all bad records are named.
        """
        known = {
            key: self._terms.find_field(self._dataset, f"metadata.{key}")
            for key in {key for record in batch for key in record.metadata}
        }
        self._check_count(known)
        problems: list[dict[str, Any]] = []
        found = []
        for record in batch:
            counted: MetadataTerms = []
            numbers: NumberTerms = self.scores(record.scores)
            for key, value in record.metadata.items():
                field = known[key]
                if field is None:
                    # Kept for the rest of the batch: the first value decides the kind
                    field = known[key] = self._new_field(key, value)
                    if field is None:
                        continue
                no, kind = field
                if kind == "keyword" and type(value) is str:  # by far the most common
                    counted.append((no, kind, value))
                    continue
                if kind == "long" and type(value) is int:  # not isinstance: a bool is an int as well
                    counted.append((no, kind, str(value)))
                    continue
                try:
                    for term in terms_of(kind, value):
                        if isinstance(term, str):
                            counted.append((no, kind, term))
                        else:
                            numbers.append((no, term))
                except MetadataClash as clash:
                    problems.append(_clash(record.id, key, kind, clash))
            found.append((counted, numbers))
        if problems:
            raise BulkDataError(
                f"Cannot log data in dataset {self._address}. Nothing of this request was stored.", problems
            )
        return found

    def _new_field(self, key: str, value: Any) -> tuple[int, str] | None:
        """Create the field of a key, of the kind of its first value; None for keys with a leading underscore."""
        kind = None if key.startswith("_") else kind_of(value)
        return None if kind is None else self._terms.field(self._dataset, f"metadata.{key}", kind)

    def _check_count(self, known: dict[str, tuple[int, str] | None]) -> None:
        if len(known) > self._limit:
            raise MetadataLimitExceededError(len(known), self._limit)
        new = [key for key, field in known.items() if field is None]
        # A dataset that is at its limit still takes the keys that it has
        if new:
            if len(longest := max(new, key=len)) > KEY_LENGTH:
                raise BadRequestError(
                    f"A metadata key may have {KEY_LENGTH} characters, and {longest[:40]!r}… has {len(longest):,}. "
                    "Nothing of this request was stored."
                )
            (there,) = self._raw.execute(
                "SELECT count(*) FROM fields WHERE dataset = ? AND name LIKE 'metadata.%'",
                (self._dataset,),
            ).fetchone()
            if there + len(new) > self._limit:
                raise MetadataLimitExceededError(there + len(new), self._limit)

    def scores(self, scores: tuple[float, ...]) -> NumberTerms:
        """Return a prediction's scores as numbers."""
        if not scores:
            return []
        if self._score_field is None:
            self._score_field, _ = self._terms.field(self._dataset, "score", "float")
        return [(self._score_field, score) for score in scores]

    def numbers_of(self, metadata: dict[str, Any] | None) -> NumberTerms:
        """Return the rows of ``numbers`` that stored metadata has."""
        found: NumberTerms = []
        for key, value in (metadata or {}).items():
            field = self._terms.find_field(self._dataset, f"metadata.{key}")
            if field is not None and field[1] in KINDS_AS_NUMBERS:
                found += [(field[0], term) for term in terms_of(field[1], value) if isinstance(term, float)]
        return found


def _clash(id: str, key: str, kind: str, clash: MetadataClash) -> dict[str, Any]:
    return {
        "id": id,
        "reason": f"failed to parse field [metadata.{key}] of type [{kind}] in record {id!r}",
        "caused_by": {"type": "illegal_argument_exception", "reason": str(clash)},
    }

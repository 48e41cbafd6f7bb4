"""Counts over what a query of an index matches: of content by the index, of answers by bitmaps from the caches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyroaring import BitMap

from apportion.domain.terms import ANSWER_FIELDS
from apportion.storage.sql.index.fields import Numbers
from apportion.storage.sql.query.accelerator import SearchQuestion
from apportion.storage.sql.query.facets import (
    ALL_FACETS,
    MOST_READ_FOR_WORDS,
    MOST_VALUES,
    FacetCounter,
    extended_statistics,
)
from apportion.vocabulary import Task

from .dsl import DslQuery, numbers_query
from .index_query import IndexQuery, terms_count
from .mapping import CONTENT_FIELDS, LONGEST_VALUE, field_name, indexed_value

__all__ = ["IndexFacetCounter", "Matches", "counts_of_content"]

_BITMAPS_AT_ONCE, _BYTES_AT_ONCE = 200, 20_000_000
_SCORES = "score"
_INFINITE = float("inf")
_MENTIONS = 5 * MOST_VALUES


@dataclass(frozen=True, slots=True)
class Matches:
    """Matches of a query: ``numbers`` where there are few, else None; ``everything`` if that is every record."""

    query: DslQuery
    total: int
    numbers: BitMap | None
    everything: bool
    counts: dict[str, Any]
    """Counts of the content, by name of the field."""


def counts_of_content(
    task: Task, kinds: dict[str, str], facets: frozenset[str] | None, *, everything: bool
) -> dict[str, dict[str, Any]]:
    """Return the aggregations that count the content, by name of the field. ``kinds``: those of all fields.

    Of ``everything`` the database has counters, but none of numbers.
    """
    wanted = ALL_FACETS if facets is None else facets
    found: dict[str, dict[str, Any]] = {}
    for name in ("predicted_as", "predicted_by", "predicted_mentions"):
        if name in wanted and name in kinds:
            most = _MENTIONS if name == "predicted_mentions" else MOST_VALUES
            found[name] = terms_count(field_name(name), most)
    if "score" in wanted and _SCORES in kinds:
        found[_SCORES] = {"histogram": {"field": "score_bucket", "interval": 1, "min_doc_count": 1}}
    if "metadata" in wanted:
        for name, kind in kinds.items():
            if name.startswith("metadata.") and kind in ("float", "date"):
                found[name] = {"extended_stats": {"field": field_name(name)}}
            elif name.startswith("metadata.") and kind in ("keyword", "long", "boolean"):
                found[name] = terms_count(field_name(name), MOST_VALUES)
    if task is not Task.TOKEN_CLASSIFICATION:
        found.pop("predicted_mentions", None)
    return {name: each for name, each in found.items() if not (everything and "terms" in each)}


class IndexFacetCounter(FacetCounter):
    """Counter of facets over what a query matches."""

    def __init__(self, question: SearchQuestion, index: IndexQuery, matches: Matches) -> None:
        criteria = question.criteria
        deadline, searcher = question.connection.deadline, question.searcher
        texts: Callable[[Iterable[int]], Iterable[str]] = lambda ns: deadline.each(searcher.records.texts(ns))  # noqa: E731
        super().__init__(
            question.connection, question.cache, question.dataset.task, criteria.viewer, matches.numbers, texts,
            criteria.me if criteria.alone else None,
        )  # fmt: skip
        self._index = index
        self._matches = matches

    @property
    def _total(self) -> int:
        return self._matches.total

    def _of_all(self) -> bool:
        return self._matches.everything and self._total > MOST_READ_FOR_WORDS // 2

    def _numbers(self) -> Numbers:
        if self._ns is None and self._matches.numbers is None:
            self._ns = np.asarray(
                self._index.some_numbers(self._matches.query, MOST_READ_FOR_WORDS), dtype=np.int64
            )
        return super()._numbers()

    def _terms(self, name: str, most: int = MOST_VALUES) -> dict[str, int]:
        field = self._fields.get(name)
        if field is None or self._total == 0:
            return {}
        if self._matches.everything:  # the database has counters
            return super()._terms(name, most)
        if name in CONTENT_FIELDS or name.startswith("metadata."):
            return self._counted_by_index(name, field[0])
        if self._matches.numbers is not None:
            return super()._terms(name, most)
        return self._counted_by_bitmaps(field[0], self._viewer if name in ANSWER_FIELDS else 0, most)

    def _counted_by_index(self, name: str, field: int) -> dict[str, int]:
        buckets = self._matches.counts[name]["buckets"]
        found = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        # the index has a digest in place of the rest of a long value
        if any(len(value) > LONGEST_VALUE for value in found):
            rows = self._connection.raw.execute(
                "SELECT value FROM vals WHERE field = ? AND viewer = 0 AND length(value) > ?",
                (field, LONGEST_VALUE),
            )
            whole = {indexed_value(value): value for (value,) in rows}
            found = {whole.get(value, value): n for value, n in found.items()}
            found = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
        return found

    def _counted_by_bitmaps(self, field: int, viewer: int, most: int) -> dict[str, int]:
        """Count values that the index does not know: the bitmap of each is sent along, of the most frequent ones."""
        rows = self._connection.raw.execute(
            "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0 ORDER BY n DESC, value LIMIT ?",
            (field, viewer, MOST_VALUES),
        ).fetchall()
        found: dict[str, int] = {}
        names = {str(term_id): value for term_id, value in rows}
        for filters in self._filters(field, viewer, [term_id for term_id, _ in rows]):
            asked = {"values": {"filters": {"filters": filters}}}
            for term_id, bucket in (
                self._index.counted(self._matches.query, asked).counts["values"]["buckets"].items()
            ):
                if bucket["doc_count"]:
                    found[names[term_id]] = int(bucket["doc_count"])
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most])

    def _filters(self, field: int, viewer: int, term_ids: list[int]) -> Iterator[dict[str, DslQuery]]:
        some: dict[str, DslQuery] = {}
        size = 0
        for term_id in term_ids:
            ns = BitMap(self._cache.having(field, viewer, [term_id]))
            some[str(term_id)] = numbers_query(ns)
            # a bitmap takes at most two bytes a number, more or less
            size += 2 * len(ns)
            if len(some) == _BITMAPS_AT_ONCE or size > _BYTES_AT_ONCE:
                yield some
                some, size = {}, 0
        if some:
            yield some

    def _buckets(self, field: int) -> dict[int, int]:  # noqa: ARG002 (the index has one field of scores)
        return {int(each["key"]): each["doc_count"] for each in self._matches.counts[_SCORES]["buckets"]}

    def _statistics(self, field: int, divisor: float) -> dict[str, Any]:
        (name,) = (name for name, (no, _) in self._fields.items() if no == field)
        found = self._matches.counts[name]
        if not found["count"]:
            return {}
        return {
            "argilla:stats": extended_statistics(
                found["count"],
                float(found["min"]) / divisor,
                float(found["max"]) / divisor,
                float(found["sum"]) / divisor,
                # of values such as 1e300 it is infinite, which JSON cannot say
                _INFINITE if found["sum_of_squares"] is None else float(found["sum_of_squares"]) / divisor**2,
            )
        }

"""Counts over what a query of an index matches: of content by the index, of answers by bitmaps from the caches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from pyroaring import BitMap

from apportion.domain.parts import parts_of
from apportion.domain.terms import ANSWER_FIELDS
from apportion.storage.sql.query.accelerator import SearchQuestion
from apportion.storage.sql.query.facets import (
    ALL_FACETS,
    MOST_READ_FOR_WORDS,
    MOST_VALUES,
    FacetCounter,
    extended_statistics,
)
from apportion.storage.sql.query.leaf_assignments import mirrors_of
from apportion.vocabulary import Task

from .dsl import DslQuery, numbers_query
from .index_query import IndexQuery, terms_count
from .mapping import CONTENT_FIELDS, LONGEST_VALUE, field_name, indexed_value

__all__ = ["IndexFacetCounter", "Matches", "counts_of_content", "values_count"]

_BITMAPS_AT_ONCE, _BYTES_AT_ONCE = 200, 20_000_000
_SCORES = "score"
_INFINITE = float("inf")
_MENTIONS = 5 * MOST_VALUES
_BESIDE_EACH_OTHER = 16
"""Values whose bitmaps need no groups."""
_OF_ANSWERS = frozenset(
    {"annotated_as", "annotated_by", "predicted", "mentions", "status", "assigned_to", "assignment"}
)
"""Facets that the index does not know."""


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


def values_count(fields: Mapping[str, Mapping[str, BitMap]], records: int) -> dict[str, Any]:
    """Return the aggregations that count, by field and value, the matches among the records that have a value.

    A node looks every match up in all bitmaps that are beside each other. Fields that fewer than half of all
    ``records`` have a value of are counted within the records that have any of these: most others are looked up once.
    """
    counts: dict[str, Any] = {}
    rare: dict[str, Any] = {}
    among = BitMap()
    for name, values in fields.items():
        having = BitMap.union(*values.values())
        if 2 * len(having) < records:
            rare[name] = _values_of_field(values)
            among |= having
        else:
            counts[name] = _values_of_field(values)
    return counts | ({"rare": {"filter": numbers_query(among), "aggs": rare}} if rare else {})


def _values_of_field(values: Mapping[str, BitMap]) -> dict[str, Any]:
    """Return the aggregation that counts values: of many by groups, so that few are looked for in most matches."""
    if len(values) <= _BESIDE_EACH_OTHER:
        return {"filters": {"filters": {name: numbers_query(ns) for name, ns in values.items()}}}
    groups = parts_of(list(values.items()), isqrt(len(values) - 1) + 1)
    return {
        "filter": {"match_all": {}},
        "aggs": {
            str(number): {
                "filter": numbers_query(BitMap.union(*dict(group).values())),
                "aggs": {"values": _values_of_field(dict(group))},
            }
            for number, group in enumerate(groups)
        },
    }


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
        self._records = question.dataset.records
        self._known_values: dict[tuple[int, int], list[tuple[int, str]]] = {}
        self._counts: dict[int, int] = {}
        """Matches that have a value of answers, by its number."""

    @property
    def _total(self) -> int:
        return self._matches.total

    def _of_all(self) -> bool:
        return self._matches.everything and self._total > MOST_READ_FOR_WORDS // 2

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

    def values(self, facets: frozenset[str] | None) -> Iterator[dict[str, Any]]:
        """Yield the aggregations that count the values that the index does not know, some values at a time.

        They have to be counted by the index, and given to ``add``, before ``count`` is called.
        """
        if self._matches.everything or self._matches.numbers is not None or not self._total:
            return
        fields: dict[str, dict[str, BitMap]] = {}
        many = size = 0
        for field, viewer in self._fields_of_answers(ALL_FACETS if facets is None else facets):
            for term_id, _ in self._values(field, viewer):
                with self._cache.held(self._connection, self._connection.deadline):
                    ns = BitMap(self._cache.having(field, viewer, [term_id]))
                fields.setdefault(str(field), {})[str(term_id)] = ns
                many += 1
                # a bitmap takes at most two bytes a number, more or less
                size += 2 * len(ns)
                if many == _BITMAPS_AT_ONCE or size > _BYTES_AT_ONCE:
                    yield values_count(fields, self._records)
                    fields = {}
                    many = size = 0
        if fields:
            yield values_count(fields, self._records)

    def _fields_of_answers(self, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
        mirrored = "metadata" in wanted and mirrors_of(self._connection.raw, self._cache.dataset)
        # answers of Text2Text are texts, which are not counted
        uncounted = {"annotated_as", "predicted"} if self._task is Task.TEXT2TEXT else set()
        for name in sorted((_OF_ANSWERS & self._fields.keys()) - uncounted):
            if name in wanted or (name == "assigned_to" and mirrored):
                yield self._fields[name][0], self._viewer if name in ANSWER_FIELDS else 0

    def _values(self, field: int, viewer: int) -> list[tuple[int, str]]:
        """Return the most frequent values of a field."""
        if (field, viewer) not in self._known_values:
            self._known_values[field, viewer] = self._connection.raw.execute(
                "SELECT vid, value FROM vals WHERE field = ? AND viewer = ? AND n > 0 "
                "ORDER BY n DESC, value LIMIT ?",
                (field, viewer, MOST_VALUES),
            ).fetchall()
        return self._known_values[field, viewer]

    def add(self, counted: Mapping[str, Any]) -> None:
        """Take over what aggregations of ``values`` have counted."""
        for found in counted.values():
            if "buckets" in found:
                for term_id, bucket in found["buckets"].items():
                    self._counts[int(term_id)] = int(bucket["doc_count"])
            else:
                self.add({name: each for name, each in found.items() if name != "doc_count"})

    def ask(self, values: Iterable[dict[str, Any]], facets: frozenset[str] | None) -> None:
        """Have the index count values, and find whatever else ``count`` needs: nobody else waits for it meanwhile."""
        for some in values:
            self.add(self._index.counted(self._matches.query, some).counts)
        if self._ns is None and self._matches.numbers is None and self._counts_words(facets):
            found = self._index.some_numbers(self._matches.query, MOST_READ_FOR_WORDS)
            self._ns = np.asarray(found, dtype=np.int64)

    def _counted_by_bitmaps(self, field: int, viewer: int, most: int) -> dict[str, int]:
        found = {
            value: self._counts[term_id]
            for term_id, value in self._values(field, viewer)
            if self._counts[term_id]
        }
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most])

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

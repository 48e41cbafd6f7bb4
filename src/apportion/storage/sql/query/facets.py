"""Facets: counts of the selected records by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from pyroaring import BitMap

from apportion.domain.metadata import KINDS_AS_NUMBERS
from apportion.domain.stopwords import STOP_WORDS
from apportion.domain.terms import ANSWER_FIELDS, MENTION_SEPARATOR
from apportion.domain.word_counts import common_words
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.index.fields import NumberField, Numbers, places_of
from apportion.vocabulary import Status, Task

from .leaf_assignments import mirrors_of

__all__ = [
    "ALL_FACETS",
    "MOST_READ",
    "MOST_READ_FOR_WORDS",
    "MOST_VALUES",
    "FacetCounter",
    "extended_statistics",
]

ALL_FACETS = frozenset({
    "predicted_as", "annotated_as", "annotated_by", "predicted_by", "status", "predicted", "score", "words",
    "metadata", "predicted_mentions", "mentions", "predicted_text", "annotated_text",
})  # fmt: skip
MOST_VALUES = 1_000
MOST_WORDS = 80
MOST_READ = 10_000
"""The most records that are read one by one for a count; of more a sample is read."""
MOST_READ_FOR_WORDS = 2_000
"""Of more than ``MOST_READ`` records only so many are read for their words: splitting texts takes time."""


class FacetCounter:
    """Counter of facets over one selection of one dataset, as one viewer sees it."""

    def __init__(
        self,
        connection: SqlConnection,
        cache: DatasetCache,
        task: Task,
        viewer: int,
        selection: BitMap | None,
        texts: Callable[[Iterable[int]], Iterable[str]],
        alone: str | None = None,
    ) -> None:
        """``selection`` None stands for every record: then the stored counters are read.

        ``alone`` names a person who must not see assignments of others.
        """
        self._connection = connection
        self._cache = cache
        self._task = task
        self._viewer = viewer
        self._selection = selection
        self._texts = texts
        self._alone = alone
        self._ns: Numbers | None = None
        self._late: list[Callable[[], None]] = []
        """Counts made by reading records, which take long: done once the cache is released."""
        rows = connection.raw.execute("SELECT name, no, kind FROM fields WHERE dataset = ?", (cache.dataset,))
        self._fields: dict[str, tuple[int, str]] = {name: (no, kind) for name, no, kind in rows}

    def count_texts(self, facets: frozenset[str] | None, counts: dict[str, Any]) -> dict[str, Any]:
        """Add the facets that are counted by reading records, for which the cache need not be held."""
        for each in self._late:
            each()
        wanted = ALL_FACETS if facets is None else facets
        if "words" in wanted:
            counts["words"] = self._words()
        return counts

    def count(self, facets: frozenset[str] | None) -> dict[str, Any]:
        """Count the wanted facets (None: all there are) except words, each ``{value: count}``, most first.

        The caller holds the cache. Some are empty until ``count_texts`` is called.
        """
        wanted = ALL_FACETS if facets is None else facets
        if self._counts_words(facets):
            self._numbers()  # ``count_texts`` needs them once the cache is not held any more
        self._read_ahead(wanted)
        text2text = self._task is Task.TEXT2TEXT
        found: dict[str, Any] = {}
        for name in ("predicted_as", "annotated_as", "predicted"):
            if name in wanted:
                found[name] = {} if text2text else self._terms(name)
        for name in ("annotated_by", "predicted_by"):
            if name in wanted:
                found[name] = self._terms(name)
        if "assigned_to" in wanted:
            found["assigned_to"] = self._assigned()
        if "assignment" in wanted:
            found["assignment"] = self._terms("assignment")
        if "status" in wanted:
            found["status"] = self._status()
        if "score" in wanted:
            found["score"] = self._histogram()
        if "metadata" in wanted:
            found["metadata"] = self._metadata()
        if self._task is Task.TOKEN_CLASSIFICATION:
            for name in ("predicted_mentions", "mentions"):
                if name in wanted:
                    found[name] = self._mentions(name)
        if text2text:
            found |= {name: {} for name in ("predicted_text", "annotated_text") if name in wanted}
        return found

    def _read_ahead(self, wanted: frozenset[str]) -> None:
        """Have the cache read all fields that will be counted, which is sooner than one after the other."""
        if self._selection is None or not self._total:
            return
        fields = [
            (name, no, kind)
            for name, (no, kind) in self._fields.items()
            if name in wanted or ("metadata" in wanted and name.startswith("metadata."))
        ]
        by_value = [
            (no, self._viewer if name in ANSWER_FIELDS else 0)
            for name, no, kind in fields
            if kind not in KINDS_AS_NUMBERS and kind != "nested"
        ]
        self._cache.read_ahead(by_value, [no for _, no, kind in fields if kind in KINDS_AS_NUMBERS])

    @property
    def _total(self) -> int:
        return len(self._cache.everything if self._selection is None else self._selection)

    def _numbers(self) -> Numbers:
        if self._ns is None:
            selection = self._cache.everything if self._selection is None else self._selection
            self._ns = np.asarray(selection.to_array(), dtype=np.int64)
        return self._ns

    def _terms(self, name: str, most: int = MOST_VALUES) -> dict[str, int]:
        field = self._fields.get(name)
        if field is None or self._total == 0:
            return {}
        viewer = self._viewer if name in ANSWER_FIELDS else 0
        if self._selection is None:
            return dict(
                self._connection.raw.execute(
                    "SELECT value, n FROM vals WHERE field = ? AND viewer = ? AND n > 0 "
                    "ORDER BY n DESC, value LIMIT ?",
                    (field[0], viewer, most),
                ).fetchall()
            )
        facet = self._cache.facet(field[0], viewer)
        counts = facet.counts(self._selection, self._numbers, most)
        if counts is not None:
            return self._ranked(counts, facet.values, most)
        if name in ("assigned_to", "assignment"):
            # Slots are no part of a record's row, so reading records would not find these values
            return self._ranked(self._counted_by_value(field[0], viewer), facet.values, most)
        found: dict[str, int] = {}
        ns, values = self._sample(), np.asarray(facet.term_ids)  # a copy: the cache may change

        def count() -> None:
            counted = self._counted_by_record(ns, field[0], viewer, values)
            found.update(self._ranked(counted, {}, most))

        self._late.append(count)
        return found

    def _ranked(self, counts: list[tuple[int, int]], known: Mapping[int, str], most: int) -> dict[str, int]:
        """Return the most frequent values by name; ``known``: names that need not be looked up.

        ``counts``: most first, and those that tie in the order of their names.
        """
        # Only so many are looked up: a field may have a hundred thousand values that one record each has
        counts = counts[:most]
        names = self._names(known, [term_id for term_id, _ in counts])
        # Sorted once more: values that are new to the cache come last in it
        return dict(
            sorted(
                ((names[term_id], n) for term_id, n in counts if term_id in names),
                key=lambda p: (-p[1], p[0]),
            )
        )

    def _names(self, known: Mapping[int, str], term_ids: list[int]) -> dict[int, str]:
        unknown = [term_id for term_id in term_ids if term_id not in known]
        found = {term_id: known[term_id] for term_id in term_ids if term_id in known}
        raw, sql = self._connection.raw, self._connection.raw.dialect
        for start in range(0, len(unknown), 500):
            among, given = sql.in_few("vid", unknown[start : start + 500])
            vids, values = raw.packed(
                f"SELECT {sql.packed('vid')}, {sql.listed_json(sql.as_json('value'))} FROM vals WHERE {among}",
                given,
            )
            names = msgspec.json.decode(b"[%b]" % b",".join(sql.json_list(values)), type=list[str])
            found.update(zip(sql.unpacked(vids, np.int64).tolist(), names, strict=True))
        return found

    def _counted_by_record(
        self, ns: Numbers, field: int, viewer: int, values: Numbers
    ) -> list[tuple[int, int]]:
        """Count values by reading some records: for fields with many values, several to a record.

        ``values``: the numbers of the field's values in the order of their names, which is that of those that tie.
        """
        base = self._cache.dataset << 32
        packed: list[bytes] = []
        raw, sql, deadline = self._connection.raw, self._connection.raw.dialect, self._connection.deadline
        column = "answer_terms" if field in self._answer_fields() else "terms"
        for start in range(0, len(ns), 500):
            deadline.check()
            among, given = sql.in_few("rid", (base + ns[start : start + 500]).tolist())
            if viewer:
                (found,) = raw.packed(
                    f"SELECT {sql.concatenated('terms')} FROM annotations WHERE annotator = ? AND {among}",
                    (viewer, *given),
                )
            else:
                (found,) = raw.packed(f"SELECT {sql.concatenated(column)} FROM records WHERE {among}", given)
            packed.append(sql.concatenation(found))
        # A row's terms are those of all fields together
        terms, counts = np.unique(np.frombuffer(b"".join(packed), dtype=np.uint32), return_counts=True)
        places, ours = places_of(values, terms)
        terms, counts = terms[ours], counts[ours]
        order = np.lexsort((places[ours], -counts))
        return list(zip(terms[order].tolist(), counts[order].tolist(), strict=True))

    def _counted_by_value(self, field: int, viewer: int) -> list[tuple[int, int]]:
        """Count by value: there are only as many values as people, and the records of each are cached or one range."""
        selection = self._cache.everything if self._selection is None else self._selection
        term_ids = self._connection.raw.execute(
            "SELECT vid FROM vals WHERE field = ? AND viewer = ? AND n > 0 ORDER BY value", (field, viewer)
        ).fetchall()
        counts = Counter(
            {
                term_id: self._cache.having(field, viewer, [term_id]).intersection_cardinality(selection)
                for (term_id,) in term_ids
            }
        )
        return counts.most_common()

    def _answer_fields(self) -> set[int]:
        return {self._fields[name][0] for name in ANSWER_FIELDS if name in self._fields}

    def _sample(self, instead: int = MOST_READ) -> Numbers:
        """Return the selected records; of more than ``MOST_READ`` some ``instead`` of them, evenly spread."""
        ns = self._numbers()
        # Evenly spread and not the first ones: records that were logged together are alike
        return ns if len(ns) <= MOST_READ else ns[:: -(-len(ns) // instead)]

    def _assigned(self) -> dict[str, int]:
        found = self._terms("assigned_to")
        if self._alone is None:
            return found
        return {name: n for name, n in found.items() if name == self._alone}

    def _status(self) -> dict[str, int]:
        found = self._terms("status")
        rest = self._total - sum(found.values())  # Default is the absence of a status and has no counter
        if rest > 0:
            found[Status.DEFAULT.value] = rest
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def _histogram(self) -> dict[str, int]:
        field = self._fields.get("score")
        if field is None or self._total == 0:
            return {}
        buckets = self._buckets(field[0])
        if not buckets:
            return {}
        return {repr(b / 1000): buckets.get(b, 0) for b in range(min(buckets), max(buckets) + 1)}

    def _buckets(self, field: int) -> dict[int, int]:
        """Count the selected records by the thousandths of their scores."""
        number = self._cache.number(field)
        if self._selection is not None:
            return _score_buckets(number, self._selection)
        if number.histogram is None:
            number.histogram = _score_buckets(number, None)
        return number.histogram

    def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (no, kind) in self._fields.items():
            if not name.startswith("metadata."):
                continue
            key = name.removeprefix("metadata.")
            if kind in ("float", "date"):
                # Dates are kept in microseconds, and shown as milliseconds
                found[key] = self._statistics(no, 1000.0 if kind == "date" else 1.0)
            else:
                found[key] = {} if kind == "nested" else self._terms(name)
        # After the stored ones, in whose place they stand
        for name in mirrors_of(self._connection.raw, self._cache.dataset):
            found[name.removeprefix("metadata.")] = self._assigned()
        return found

    def _statistics(self, field: int, divisor: float) -> dict[str, Any]:
        _, values = self._cache.number(field).of(self._selection)
        return {"argilla:stats": _stats(values / divisor)} if len(values) else {}

    def _mentions(self, name: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        counted = self._terms(name, 5 * MOST_VALUES)

        def group() -> None:
            for value, n in counted.items():
                label, _, mention = value.partition(MENTION_SEPARATOR)
                per_label = found.setdefault(label, {})
                # The most frequent come first, so that what is cut off are the rarest
                if len(per_label) < MOST_VALUES:
                    per_label[mention] = n

        self._late.append(group)
        return found

    def _words(self) -> dict[str, int]:
        if self._of_all():
            return self._words_of_all()
        return common_words(self._texts(self._sample(MOST_READ_FOR_WORDS)), MOST_WORDS)

    def _counts_words(self, facets: frozenset[str] | None) -> bool:
        """Return whether words are counted by reading texts."""
        return (facets is None or "words" in facets) and not self._of_all()

    def _of_all(self) -> bool:
        # Few texts are split faster than the index counts its words
        return self._selection is None and self._ns is None and self._total > MOST_READ // 10

    def _words_of_all(self) -> dict[str, int]:
        """Return the most frequent words of all records, which the text index counts."""
        with self._cache.held(self._connection):
            known: dict[str, int] | None = self._cache.computed_of_texts.get("words")
        if known is None:
            raw = self._connection.raw
            rows = raw.dialect.texts(raw, self._cache.dataset).most_frequent(2_000)
            found = [(word, n) for word, n in rows if word.isalpha() and word not in STOP_WORDS]
            known = dict(found[:MOST_WORDS])
            self._cache.keep_of_texts(self._connection, "words", known)
        return known


def _score_buckets(number: NumberField, selection: BitMap | None) -> dict[int, int]:
    """Count records per bucket of 0.001; a record counts once in each bucket one of its scores falls into."""
    ns, values = number.of(selection)
    if not len(values):
        return {}
    # A product such as 1.001 * 1000 is a little less than 1001: without the addend it would be in the bucket below
    buckets = np.floor(values * 1000 + 1e-9).astype(np.int64)
    if ns is not None:
        buckets = np.unique(np.stack([ns, buckets]), axis=1)[1]
    first = int(buckets.min())
    counts = np.bincount(buckets - first)
    keys = np.flatnonzero(counts)
    return dict(zip((keys + first).tolist(), counts[keys].tolist(), strict=True))


def _stats(values: Numbers) -> dict[str, Any]:
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # the squares of 1e300 are infinite, as in Elasticsearch
        total, squares = float(values.sum()), float((values * values).sum())
    return extended_statistics(len(values), float(values.min()), float(values.max()), total, squares)


def extended_statistics(count: int, low: float, high: float, total: float, squares: float) -> dict[str, Any]:
    """Compute the members of Elasticsearch's extended statistics from the sums of values and of their squares."""
    mean = total / count
    population = max(0.0, squares / count - mean * mean)
    sampling = population * count / (count - 1) if count > 1 else None
    deviation = population**0.5
    return {
        "count": count, "min": low, "max": high, "avg": mean, "sum": total,
        "sum_of_squares": squares, "variance": population, "variance_population": population,
        "variance_sampling": sampling, "std_deviation": deviation, "std_deviation_population": deviation,
        "std_deviation_sampling": None if sampling is None else sampling**0.5,
        "std_deviation_bounds": {"upper": mean + 2 * deviation, "lower": mean - 2 * deviation},
    }  # fmt: skip

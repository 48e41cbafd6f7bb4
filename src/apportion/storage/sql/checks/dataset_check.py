"""Check that rows, counters, text index and caches of a dataset agree, within one snapshot."""

from __future__ import annotations

import functools
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from pyroaring import BitMap

from apportion.domain.datasets import Dataset
from apportion.domain.metadata import kind_of, terms_of
from apportion.domain.terms import MENTION_SEPARATOR
from apportion.domain.text import analysed
from apportion.storage.sql.checks.derived import COUNTS, WAITING, Derivation, Derived
from apportion.storage.sql.codec.fragments import unpacked
from apportion.storage.sql.codec.states import PHASE_STATES, ROW_STATES, STATUSES
from apportion.storage.sql.connection import RawConnection, SqlConnection
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.index.fields import Column, Numbers
from apportion.storage.sql.rows import first_difference
from apportion.storage.sql.texts import TextComparison

__all__ = ["DatasetCheck"]

_LOW = 0xFFFFFFFF
_MOST_NAMED = 5
_PRIME = 2_147_483_647
_KNOWN = range(len(STATUSES))


class _Pairs:
    """Numbers of one field, each with its record, in arrays: as pairs they would take ten times as much."""

    __slots__ = ("_ns", "_values")

    def __init__(self) -> None:
        self._values = array("d")
        self._ns = array("q")

    def add(self, values: Sequence[float], n: int) -> None:
        self._values.extend(values)
        self._ns.extend([n] * len(values))

    def distinct(self) -> tuple[Numbers, Numbers]:
        """Return values and records in ascending order, each pair once: it is the key of the table."""
        values, ns = _ordered(np.asarray(self._values), np.asarray(self._ns))
        first = np.ones(len(values), dtype=np.bool_)
        first[1:] = (np.diff(values) != 0) | (np.diff(ns) != 0)
        return values[first], ns[first]


def _ordered(values: Numbers, ns: Numbers) -> tuple[Numbers, Numbers]:
    order = np.lexsort((ns, values))
    return values[order], ns[order]


def _listed(values: Numbers, ns: Numbers) -> list[tuple[float, int]]:
    return list(zip(values.tolist(), ns.tolist(), strict=True))


def _same(one: tuple[Numbers, Numbers], other: tuple[Numbers, Numbers]) -> bool:
    return np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


@dataclass(slots=True)
class DatasetCheck:
    """Checks of one dataset within one snapshot."""

    connection: SqlConnection
    dataset: Dataset
    last_n: int
    expected: Numbers = None
    """Facet keys as they follow from records, annotations and slots."""
    actual: Numbers = None
    """Facet keys as stored in the facet table."""
    texts: TextComparison = field(init=False)
    numbers: dict[int, _Pairs] = field(default_factory=lambda: defaultdict(_Pairs))
    fields: dict[str, tuple[int, str]] = field(default_factory=dict)
    term_ids: dict[tuple[int, int], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    wrong: list[str] = field(default_factory=list)
    """A sentence for each record whose stored terms are not those that follow from it."""

    MANY = 8
    """The number of checks."""

    def checks(self) -> Iterator[tuple[str, Callable[[], Iterator[str]]]]:
        """Yield each check by name, in this order: the later ones use what reading the records found."""
        with self._raw.dialect.texts(self._raw, self.no).compared() as self.texts:
            yield "records", self._records
            yield "terms", self._terms
            yield "text index", self._text_index
            yield "facets", self._facets
            yield "counters", self._counters
            yield "numbers", self._numbers
            yield "vectors", self._vectors
            yield "assignments", self._assignments

    @property
    def no(self) -> int:
        """The dataset's number."""
        return self.dataset.no

    @property
    def _raw(self) -> RawConnection:
        return self.connection.raw

    @property
    def _span(self) -> tuple[int, int]:
        return self.no << 32, (self.no + 1) << 32

    def _records(self) -> Iterator[str]:
        count, highest, foreign = self._raw.execute(
            "SELECT count(*), coalesce(max(rid) & 4294967295, 0), count(*) FILTER (WHERE dataset <> ?) "
            "FROM records WHERE rid >= ? AND rid < ?",
            (self.no, *self._span),
        ).fetchone()
        if count != self.dataset.records:
            yield f"{self.dataset.records} records are noted, and there are {count}."
        if highest > self.last_n:
            yield f"{self.last_n} is noted as the highest record number, and there is a record {highest}."
        if foreign:
            yield f"{foreign} records are numbered here but say that they belong to another dataset."
        yield from self._read()

    def _read(self) -> Iterator[str]:
        """Compute texts, terms and numbers in one pass over the records, from what people entered."""
        raw = self._raw
        for name, no, kind in raw.execute("SELECT name, no, kind FROM fields WHERE dataset = ?", (self.no,)):
            self.fields[name] = (no, kind)
        for term_id, no, viewer, value in raw.execute(
            "SELECT vid, field, viewer, value FROM vals WHERE field IN (SELECT no FROM fields WHERE dataset = ?)",
            (self.no,),
        ):
            self.term_ids[no, viewer][value] = term_id
        unreadable: list[str] = []
        keys: list[Numbers] = [np.empty(0, dtype=np.int64)]

        def failed(rid: int, failure: Exception) -> None:
            unreadable.append(f"Record {self._id(rid & _LOW)} can't be read: {failure}.")

        for some in Derivation(self.connection, self.dataset).records(failed):
            keys.append(np.asarray(self._look_at(some), dtype=np.int64))
        keys += self._slot_keys()
        self.expected = _distinct(keys)
        yield from unreadable

    def _look_at(self, some: Sequence[Derived]) -> list[int]:
        """Compare the computed terms of records with the stored ones; return the facet keys that follow."""
        raw, span = self._raw, (some[0].rid, some[-1].rid)
        stored = {
            rid: (STATUSES[status] if status in _KNOWN else None, answer, terms, answer_terms)
            for rid, status, answer, terms, answer_terms in raw.execute(
                "SELECT rid, status, answer, terms, answer_terms FROM records WHERE rid >= ? AND rid <= ?",
                span,
            )
        }
        own: dict[tuple[int, int], bytes] = {
            (rid, annotator): terms
            for rid, annotator, terms in raw.execute(
                "SELECT rid, annotator, terms FROM annotations WHERE rid >= ? AND rid <= ?", span
            )
        }
        keys: list[int] = []
        self.texts.add((each.n, analysed(each.ready.text)) for each in some)
        for each in some:
            n = each.n
            status, answer, terms, answer_terms = stored[each.rid]
            if (status, answer) != (each.status, each.answer):
                shown = "nothing known" if status is None else status.value
                self.wrong.append(
                    f"Record {each.ready.id!r} is shown as {shown}, and by everyone's answers it is "
                    f"{each.status.value}, or its value is another."
                )
            found = [
                (self._term_ids_of(self._content_terms(each)), terms),
                (self._term_ids_of((*term, 0) for term in each.terms), answer_terms),
            ]
            found += [
                (
                    self._term_ids_of((*term, annotator) for term in own_terms),
                    own.get((each.rid, annotator), b""),
                )
                for annotator, own_terms in each.own.items()
            ]
            for wanted, packed in found:
                if not _holds(packed, wanted):
                    self.wrong.append(f"Record {each.ready.id!r} is found by other values than it has.")
                    break
            keys += [term_id << 32 | n for wanted, _ in found for term_id in wanted]
        return keys

    def _content_terms(self, each: Derived) -> Iterator[tuple[str, str, int]]:
        """Yield the terms that follow from a record's content; collect its numbers in passing."""
        for name, value in each.ready.content_terms:
            yield name, value, 0
        if each.ready.scores and "score" in self.fields:
            self.numbers[self.fields["score"][0]].add(each.ready.scores, each.n)
        for key, value in each.ready.metadata.items():
            known = self.fields.get(f"metadata.{key}")
            if known is None:  # a key that is searched must have a field
                if not key.startswith("_") and kind_of(value) is not None:
                    yield f"metadata.{key}", "", 0  # which no value has
                continue
            for term in terms_of(known[1], value):
                if isinstance(term, str):
                    yield f"metadata.{key}", term, 0
                else:
                    self.numbers[known[0]].add((term,), each.n)

    def _term_ids_of(self, terms: Iterable[tuple[str, str, int]]) -> set[int]:
        """Return the numbers of values; 0 stands for one that is not in the table."""
        found = set()
        for name, value, viewer in terms:
            no, _ = self.fields.get(name, (0, ""))
            found.add(self.term_ids[no, viewer].get(value, 0))
        return found

    def _terms(self) -> Iterator[str]:
        yield from self.wrong[:_MOST_NAMED]
        if len(self.wrong) > _MOST_NAMED:
            yield f"{len(self.wrong) - _MOST_NAMED} more records have such problems."

    def _text_index(self) -> Iterator[str]:
        found = self.texts.difference()
        if found is not None:
            kind, word, n = found
            yield f"The text index {kind} the word {word!r} of record {self._id(n)}, and maybe more after it."

    def _slot_keys(self) -> Iterator[Numbers]:
        """Yield the facet keys that follow from slots, some more than once."""
        known = {
            (name, value, viewer): term_id
            for term_id, name, value, viewer in self._raw.execute(
                "SELECT v.vid, f.name, v.value, v.viewer FROM fields f JOIN vals v ON v.field = f.no "
                "WHERE f.dataset = ? AND f.name IN ('assigned_to', 'assignment')",
                (self.no,),
            )
        }

        @functools.cache  # there are millions of slots, and few people
        def term_ids(annotator: int, state: int, name: str | None, held_by: str | None) -> list[int]:
            word = PHASE_STATES.get(ROW_STATES[state]) if state in range(len(ROW_STATES)) else None
            if word is None:
                return []
            terms = [("assignment", word, 0)]
            if word != "skipped":
                terms += [("assigned_to", each, 0) for each in (name, held_by) if each is not None]
            if annotator and word != "pending":
                terms.append(("assignment", word, annotator))
            return [known.get(term, 0) << 32 for term in terms]

        for rows in self._raw.stream(
            "SELECT s.rid, s.annotator, s.state, a.name, h.name FROM slots s "
            "LEFT JOIN agents a ON a.no = s.annotator LEFT JOIN agents h ON h.no = s.holder WHERE s.dataset = ?",
            (self.no,),
        ):
            keys = [term_id | (rid & _LOW) for rid, *slot in rows for term_id in term_ids(*slot)]
            yield np.asarray(keys, dtype=np.int64)

    def _facets(self) -> Iterator[str]:
        parts = [np.empty(0, dtype=np.int64)]
        # Each value's range of keys is read after the value, so that other datasets' facets are left alone
        sql = self._raw.dialect
        for some in self._raw.stream(
            f"SELECT f.key FROM fields d {sql.then_join} vals v ON v.field = d.no {sql.then_facets} "
            "WHERE d.dataset = ?",
            (self.no,),
        ):
            parts.append(np.asarray([key for (key,) in some], dtype=np.int64))
        # Sorted by this, too, as ``_cached_facets`` needs it
        self.actual = _distinct(parts)
        for keys, what in (
            (np.setdiff1d(self.expected, self.actual, assume_unique=True), "missing"),
            (np.setdiff1d(self.actual, self.expected, assume_unique=True), "too many"),
        ):
            if len(keys):
                first = int(keys[0])
                yield (
                    f"{len(keys)} facet {'row is' if len(keys) == 1 else 'rows are'} {what}, the first one "
                    f"being {self._value(first >> 32)} of record {self._id(first & _LOW)}."
                )

    def _counters(self) -> Iterator[str]:
        # Counters answer facets of all records without reading a row, so a wrong one would never be noticed in use
        term_ids, counts = np.unique(self.actual >> 32, return_counts=True)
        real = dict(zip(term_ids.tolist(), counts.tolist(), strict=True))
        wrong = [
            (term_id, n)
            for term_id, n in self._raw.execute(
                "SELECT vid, n FROM vals WHERE field IN (SELECT no FROM fields WHERE dataset = ?)", (self.no,)
            )
            if n != real.get(term_id, 0)
        ]
        for term_id, n in wrong[:5]:
            yield f"The counter of {self._value(term_id)} says {n}, and {real.get(term_id, 0)} records have it."
        if len(wrong) > 5:
            yield f"{len(wrong) - 5} more counters are wrong."

    def _numbers(self) -> Iterator[str]:
        for no, name in self._raw.execute(
            "SELECT no, name FROM fields WHERE dataset = ?", (self.no,)
        ).fetchall():
            found = _Pairs()
            for rows in self._raw.stream("SELECT value, n FROM numbers WHERE field = ?", (no,)):
                for value, n in rows:
                    found.add((value,), n)
            wanted = self.numbers.get(no, _Pairs()).distinct()
            there = found.distinct()
            if not _same(wanted, there):
                kind, (value, n) = first_difference(_listed(*wanted), _listed(*there))
                yield f"The numbers of {name} {kind.replace('lacks', 'lack')} {value} of record {self._id(n)}."

    def _vectors(self) -> Iterator[str]:
        (stray,) = self._raw.execute(
            "SELECT count(*) FROM vectors WHERE field IN (SELECT no FROM fields WHERE dataset = ?) "
            "AND NOT EXISTS (SELECT 1 FROM records AS r WHERE r.rid = (? | vectors.n))",
            (self.no, self.no << 32),
        ).fetchone()
        if stray:
            yield f"{stray} vectors are of records that do not exist."
        for name, no, kind in self._raw.execute(
            "SELECT name, no, kind FROM fields WHERE dataset = ? AND kind LIKE 'vector:%'", (self.no,)
        ).fetchall():
            size = 8 * int(kind.partition(":")[2])
            (wrong,) = self._raw.execute(
                "SELECT count(*) FROM vectors WHERE field = ? AND length(value) <> ?", (no, size)
            ).fetchone()
            if wrong:
                yield f"{wrong} vectors of {name} have another number of dimensions than the field."

    def _assignments(self) -> Iterator[str]:
        """Compare the queue and the counters of slots with the slots, except for plans that are being written."""
        if self._raw.execute(
            "SELECT 1 FROM plans WHERE state = 'writing' AND dataset = ?", (self.no,)
        ).fetchone() or self._digest(f"{WAITING} AND dataset = ?") != self._digest(
            "SELECT dataset, annotator, behind, due, priority, slot AS no FROM waiting WHERE dataset = ?"
        ):
            yield from self._waiting()
        whole = "dataset = ? AND plan NOT IN (SELECT no FROM plans WHERE state = 'writing')"
        wanted, found = (
            {tuple(row) for row in self._raw.execute(sql, (self.no,)).fetchall()}
            for sql in (
                COUNTS.format(f"WHERE {whole}"),
                f"SELECT dataset, plan, rule, annotator, state, n FROM slot_counts WHERE n <> 0 AND {whole}",
            )
        )
        for what, more in (("not", wanted - found), ("wrongly", found - wanted)):
            if more:
                yield f"{len(more)} groups of slots are {what} counted."

    def _digest(self, rows: str) -> tuple[int, int]:
        """Count rows of the queue and digest them, whatever their order: sooner than sorting millions of them."""
        place = "CAST(annotator AS bigint)"
        for column in ("behind", "due", "priority", "no"):
            place = f"({place} * 1000003 + {column} % {_PRIME}) % {_PRIME}"
        places = f"SELECT {place} AS place FROM ({rows}) AS given"
        found = self._raw.execute(
            f"SELECT count(*), coalesce(sum(place * place % {_PRIME}), 0) FROM ({places}) AS places",
            (self.no,),
        ).fetchone()
        return found[0], found[1]

    def _waiting(self) -> Iterator[str]:
        """Compare the queue with the slots row by row, without plans that are being written."""
        written = "plan NOT IN (SELECT no FROM plans WHERE state = 'writing')"
        of_plans = f"SELECT no FROM slots WHERE dataset = ?1 AND {written}"
        wanted = f"SELECT * FROM ({WAITING}) AS given WHERE no IN ({of_plans})"
        # Rows without a slot have no plan, and would pass for those of a plan that is being written
        found = (
            "SELECT * FROM waiting WHERE dataset = ?1 AND (NOT EXISTS "
            f"(SELECT 1 FROM slots AS s WHERE s.no = waiting.slot) OR slot IN ({of_plans}))"
        )
        for what, one, other in (("not", wanted, found), ("wrongly", found, wanted)):
            (count,) = self._raw.execute(
                f"SELECT count(*) FROM (SELECT * FROM ({one}) AS a EXCEPT SELECT * FROM ({other}) AS b) AS c",
                (self.no,),
            ).fetchone()
            if count:
                yield f"{count} slots are {what} waiting for their people."

    # What is cached in memory

    def cache(self, cache: DatasetCache) -> Iterator[str]:
        """Compare a cache with the tables, once these are known to agree."""
        with cache.held(self.connection):
            ns, updated, event = (np.concatenate(parts) for parts in zip(*self._rows_by_id(), strict=True))
            everything = BitMap(ns.astype(np.uint32))
            if cache.everything != everything:
                # Everything below would differ as well, and say nothing new
                yield "The cached set of all records differs from the records."
                return
            if not np.array_equal(np.fromiter(cache.in_order(everything), np.int64, len(ns)), ns):
                yield "The cached order of records differs from the order of their ids."
            for name, wanted in (("updated", updated), ("event", event)):
                if (cache.column(name).values[ns] != wanted).any():
                    yield f"The cached column {name} differs from the records."
            yield from self._cached_facets(cache)
            yield from self._cached_numbers(cache)

    def _rows_by_id(self) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Yield arrays of numbers, times of change and events of records, in the order of ids."""
        nothing = np.empty(0, dtype=np.int64)
        yield nothing, nothing, nothing
        for rows in self._raw.stream(
            f"SELECT rid & 4294967295, coalesce(updated, {Column.MISSING}), coalesce(event, {Column.MISSING}) "
            "FROM records WHERE rid >= ? AND rid < ? ORDER BY id",
            self._span,
        ):
            of = np.asarray(rows, dtype=np.int64)
            yield of[:, 0], of[:, 1], of[:, 2]

    def _cached_facets(self, cache: DatasetCache) -> Iterator[str]:
        by_field: dict[tuple[int, int], list[int]] = defaultdict(list)
        for rows in self._raw.stream(
            "SELECT vid, field, viewer FROM vals WHERE field IN (SELECT no FROM fields WHERE dataset = ?)",
            (self.no,),
        ):
            for term_id, no, viewer in rows:
                by_field[no, viewer].append(term_id)
        # Field by field: one may have a value for every few records, and each look at its column would read all
        for (no, viewer), term_ids in by_field.items():
            wrong = cache.facet(no, viewer).first_wrong(
                self._keys_of(np.sort(np.asarray(term_ids, dtype=np.int64)))
            )
            if wrong is not None:
                yield f"The cached records of {self._value(wrong)} differ from its facet rows."

    def _keys_of(self, term_ids: Numbers) -> Numbers:
        """Return the facet keys of values, both ascending."""
        low, high = np.searchsorted(self.actual, [term_ids << 32, term_ids + 1 << 32])
        many = high - low
        return self.actual[np.repeat(low - np.cumsum(many) + many, many) + np.arange(many.sum())]

    def _cached_numbers(self, cache: DatasetCache) -> Iterator[str]:
        for no, pairs in self.numbers.items():
            ns, values = cache.number(no).pairs()
            if not _same(pairs.distinct(), _ordered(values, ns.astype(np.int64))):
                (name,) = self._raw.execute("SELECT name FROM fields WHERE no = ?", (no,)).fetchone()
                yield f"The cached numbers of {name} differ from the table."

    # How things are called

    def _id(self, n: int) -> str:
        row = self._raw.execute("SELECT id FROM records WHERE rid = ?", (self.no << 32 | n,)).fetchone()
        return repr(row[0]) if row is not None else f"number {n}, which does not exist"

    def _value(self, term_id: int) -> str:
        row = self._raw.execute(
            "SELECT f.name, v.value, a.name FROM vals v JOIN fields f ON f.no = v.field "
            "LEFT JOIN agents a ON a.no = v.viewer WHERE v.vid = ?",
            (term_id,),
        ).fetchone()
        if row is None:
            return f"an unknown value ({term_id})"
        name, value, viewer = row
        seen = f" as {viewer} sees it" if viewer is not None else ""
        return f"{name} = {value.replace(MENTION_SEPARATOR, ' ')!r}{seen}"


def _holds(packed: bytes, wanted: set[int]) -> bool:
    try:
        return wanted == set(unpacked(packed))
    except (TypeError, ValueError):  # cut off, or no bytes any more
        return False


def _distinct(parts: Sequence[Numbers]) -> Numbers:
    """Return numbers in ascending order, each once; of millions sooner than ``np.unique``, which hashes them."""
    found = np.sort(np.concatenate(parts))
    return found[np.diff(found, prepend=found[:1] - 1) != 0]

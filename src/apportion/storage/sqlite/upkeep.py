"""Copies of the file, and whether everything in it agrees: rows, counters, text index, caches."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from apportion.domain.errors import BadRequestError, StorageFullError
from apportion.domain.metadata import KINDS_AS_NUMBERS, terms_of
from apportion.domain.records import scores
from apportion.domain.terms import MENTION_SEPARATOR
from apportion.domain.text import analysed
from apportion.ports.upkeep import Problem
from apportion.vocabulary import Status, Task

from .cache import DatasetCache
from .database import DatabaseError, Link, check_file
from .encoding import decode_record
from .fields import Column, Numbers
from .migrate import LATEST, version_of
from .slots import PHASE_STATES, ROW_STATES
from .texts import create_text_index, text_of

__all__ = ["SqliteUpkeep"]

PAGES_AT_ONCE = 1024
ROWS_AT_ONCE = 20_000
_LOW = 0xFFFFFFFF


class SqliteUpkeep:
    """``ports.upkeep.Upkeep`` of the file at ``path``, by connections of its own.

    ``cache_of`` gives the caches to compare with the tables; without it, fresh ones are read and compared.
    Caches that are in use are only compared fairly while nobody writes.
    """

    def __init__(self, path: Path, *, cache_of: Callable[[int], DatasetCache] | None = None) -> None:
        if not path.is_file():
            raise DatabaseError(f"There is no database at {path}. Set APPORTION_HOME, or give --home.")
        self._path = path
        self._cache_of = cache_of
        with self._open() as link:
            check_file(link.raw, path)
            version = version_of(link.raw)
        if version != LATEST:
            raise DatabaseError(
                f"{path} has tables {version}, this version of Apportion knows {LATEST}. Run `apportion db "
                "migrate`, or install the version that wrote it."
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[Link]:
        try:
            link = Link(self._path, readonly=True)
        except sqlite3.DatabaseError as damaged:
            raise DatabaseError(f"{self._path} is not a database, or is damaged: {damaged}.") from damaged
        try:
            yield link
        finally:
            link.close()

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        if target.exists() and target.samefile(self._path):
            raise BadRequestError(f"{target} is the database itself.")
        for suffix in ("-wal", "-journal"):
            beside = target.with_name(target.name + suffix)
            if beside.exists():
                raise BadRequestError(
                    f"{beside} belongs to another database and would be taken for this one's. Move it away."
                )
        part = target.with_name(f"{target.name}.part")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))  # it holds password hashes
            self._copy(part, progress)
            os.replace(part, target)
        except (sqlite3.Error, OSError) as failure:
            raise StorageFullError(
                f"The copy could not be written: {failure}. {part} is removed."
            ) from failure
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, part: Path, progress: Callable[[int, int], None] | None) -> None:
        def told(_: int, left: int, total: int) -> None:
            if progress is not None:
                progress(left, total)

        with self._open() as link, contextlib.closing(sqlite3.connect(part)) as copy:
            # A snapshot held from the first page to the last: without it SQLite would begin anew after
            # every write, and never be done on a busy server. In WAL mode it stops no writer.
            link.raw.execute("BEGIN")
            link.raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
            link.raw.backup(copy, pages=PAGES_AT_ONCE, progress=told)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file; the server that opens it sets WAL again
        with part.open("rb+") as file:
            os.fsync(file.fileno())

    def verify(self) -> Sequence[Problem]:
        problems: list[Problem] = []
        with self._open() as link:
            link.raw.execute("PRAGMA query_only=OFF")  # for temporary tables; the file is not written to
            link.raw.execute("BEGIN")
            problems += _guarded("file", None, partial(_check_file, link.raw))
            datasets = link.raw.execute(
                "SELECT no, workspace || '.' || name, task, records, last_n, deleted_at FROM datasets"
            ).fetchall()
            for no, address, task, records, last_n, deleted_at in datasets:
                name = address if deleted_at is None else f"{address} (deleted)"
                checked = _DatasetCheck(link, no, Task(task), records, last_n)
                found: list[Problem] = []
                for check, work in checked.checks():
                    found += _guarded(check, name, work)
                if not found:  # a cache of tables that disagree would only repeat what was said
                    cache = self._cache_of(no) if self._cache_of else DatasetCache(no, lambda: link)
                    found += _guarded("cache", name, partial(checked.cache, cache))
                problems += found
        return problems


def _guarded(check: str, dataset: str | None, work: Callable[[], Iterator[str]]) -> list[Problem]:
    """What a check finds; that it cannot read the file is a finding too."""
    found: list[Problem] = []
    try:
        found.extend(Problem(check, dataset, message) for message in work())
    except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as failure:
        found.append(Problem(check, dataset, f"This could not be checked to its end: {failure}."))
    return found


def _check_file(raw: sqlite3.Connection) -> Iterator[str]:
    for (message,) in raw.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield f"SQLite finds the file damaged: {message}."
    for table, what, stray in (
        ("records", "records", "(rid >> 32) NOT IN (SELECT no FROM datasets)"),
        ("annotations", "annotations", "rid NOT IN (SELECT rid FROM records)"),
        ("slots", "slots", "dataset NOT IN (SELECT no FROM datasets)"),
        ("fields", "fields", "dataset NOT IN (SELECT no FROM datasets)"),
        ("vals", "values", "field NOT IN (SELECT no FROM fields)"),
        ("facet", "facet rows", "(key >> 32) NOT IN (SELECT vid FROM vals)"),
        ("numbers", "numbers", "field NOT IN (SELECT no FROM fields)"),
        ("vectors", "vectors", "field NOT IN (SELECT no FROM fields)"),
    ):
        (count,) = raw.execute(f"SELECT count(*) FROM {table} WHERE {stray}").fetchone()
        if count:
            yield f"{count} {what} belong to nothing that exists."


@dataclass(slots=True)
class _DatasetCheck:
    """One dataset, looked at from every side within one snapshot."""

    link: Link
    no: int
    task: Task
    records: int
    last_n: int
    expected: Numbers = None
    """Facet keys as the records and annotations have them."""
    actual: Numbers = None
    """Facet keys as the facet table has them."""
    texts: sqlite3.Connection = field(init=False)
    numbers: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def checks(self) -> Iterator[tuple[str, Callable[[], Iterator[str]]]]:
        """Each check by name. In this order: reading the records is what the later ones build on."""
        with contextlib.closing(sqlite3.connect("")) as self.texts:  # a temporary file
            yield "records", self._records
            yield "text index", self._text_index
            yield "facets", self._facets
            yield "counters", self._counters
            yield "numbers", self._numbers
            yield "vectors", self._vectors

    @property
    def _raw(self) -> sqlite3.Connection:
        return self.link.raw

    @property
    def _span(self) -> tuple[int, int]:
        return self.no << 32, (self.no + 1) << 32

    def _records(self) -> Iterator[str]:
        count, highest, strangers = self._raw.execute(
            "SELECT count(*), coalesce(max(rid) & 4294967295, 0), coalesce(sum(dataset <> ?), 0) FROM records "
            "WHERE rid >= ? AND rid < ?",
            (self.no, *self._span),
        ).fetchone()
        if count != self.records:
            yield f"{self.records} records are noted, and there are {count}."
        if highest > self.last_n:
            yield f"{self.last_n} is noted as the highest record number, and there is a record {highest}."
        if strangers:
            yield f"{strangers} records are numbered here but say that they belong to another dataset."
        yield from self._read()

    def _read(self) -> Iterator[str]:
        """One pass over the records: their texts, terms and numbers."""
        raw = self._raw
        create_text_index(self.texts, self.no)
        number_fields = {
            name: (no, kind)
            for name, no, kind in raw.execute(
                "SELECT name, no, kind FROM fields WHERE dataset = ?", (self.no,)
            )
            if kind in KINDS_AS_NUMBERS
        }
        keys: list[Numbers] = [np.empty(0, dtype=np.int64)]
        rows = raw.execute(
            "SELECT rid, content, prediction, terms, answer_terms FROM records WHERE rid >= ? AND rid < ?",
            self._span,
        )
        for rid, content, prediction, terms, answer_terms in rows:
            n = rid & _LOW
            try:
                text = text_of(content)
                self._note_numbers(n, content, prediction, number_fields)
            except (ValueError, KeyError, TypeError) as failure:
                yield f"Record {self._id(n)} cannot be read: {failure}."
                continue
            self.texts.execute(f"INSERT INTO fts_{self.no}(rowid, text) VALUES (?, ?)", (n, analysed(text)))
            keys.append(_keys(terms + answer_terms, n))
        rows = raw.execute("SELECT rid, terms FROM annotations WHERE rid >= ? AND rid < ?", self._span)
        keys.extend(_keys(terms, rid & _LOW) for rid, terms in rows if terms)
        keys.append(self._slot_keys())
        self.expected = np.unique(np.concatenate(keys))

    def _note_numbers(
        self, n: int, content: bytes, prediction: bytes | None, fields: dict[str, tuple[int, str]]
    ) -> None:
        record = decode_record(self.task, "", Status.DEFAULT, content, prediction, None)
        if "score" in fields:
            self.numbers[fields["score"][0]] += [(score, n) for score in set(scores(record))]
        for key, value in (record.metadata or {}).items():
            known = fields.get(f"metadata.{key}")
            if known is not None:
                self.numbers[known[0]] += [(float(each), n) for each in terms_of(known[1], value)]

    def _text_index(self) -> Iterator[str]:
        self.texts.execute(f"CREATE VIRTUAL TABLE should USING fts5vocab(fts_{self.no}, instance)")
        self._raw.execute(
            f"CREATE VIRTUAL TABLE temp.is_{self.no} USING fts5vocab(main, fts_{self.no}, instance)"
        )
        should = self.texts.execute("SELECT term, doc, offset FROM should")
        there = self._raw.execute(f"SELECT term, doc, offset FROM temp.is_{self.no}")
        while True:
            wanted, found = should.fetchmany(ROWS_AT_ONCE), there.fetchmany(ROWS_AT_ONCE)
            if wanted != found:
                break
            if not wanted:
                return
        kind, (word, n, _) = _first_difference(wanted, found)
        yield f"The text index {kind} the word {word!r} of record {self._id(n)}, and maybe more after it."

    def _slot_keys(self) -> Numbers:
        """What records should be found by because of their slots."""
        known = {
            (name, value, viewer): vid
            for vid, name, value, viewer in self._raw.execute(
                "SELECT v.vid, f.name, v.value, v.viewer FROM fields f JOIN vals v ON v.field = f.no "
                "WHERE f.dataset = ? AND f.name IN ('assigned_to', 'assignment')",
                (self.no,),
            )
        }
        found = set()
        for rid, annotator, state, name, held_by in self._raw.execute(
            "SELECT s.rid, s.annotator, s.state, a.name, h.name FROM slots s "
            "LEFT JOIN agents a ON a.no = s.annotator LEFT JOIN agents h ON h.no = s.holder WHERE s.dataset = ?",
            (self.no,),
        ):
            word = PHASE_STATES.get(ROW_STATES[state])
            if word is None:
                continue
            terms = [("assignment", word, 0)]
            if word != "skipped":
                terms += [("assigned_to", each, 0) for each in (name, held_by) if each is not None]
            if annotator and word != "pending":
                terms.append(("assignment", word, annotator))
            found |= {known.get(term, 0) << 32 | (rid & _LOW) for term in terms}
        return np.fromiter(found, dtype=np.int64, count=len(found))

    def _facets(self) -> Iterator[str]:
        parts = [np.empty(0, dtype=np.int64)]
        rows = self._raw.execute(
            "SELECT f.key FROM fields d CROSS JOIN vals v ON v.field = d.no "
            "CROSS JOIN facet f ON f.key >= v.vid << 32 AND f.key < (v.vid + 1) << 32 WHERE d.dataset = ?",
            (self.no,),
        )
        while some := rows.fetchmany(ROWS_AT_ONCE):
            parts.append(np.asarray([key for (key,) in some], dtype=np.int64))
        self.actual = np.unique(np.concatenate(parts))
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
        vids, counts = np.unique(self.actual >> 32, return_counts=True)
        real = dict(zip(vids.tolist(), counts.tolist(), strict=True))
        wrong = [
            (vid, n)
            for vid, n in self._raw.execute(
                "SELECT vid, n FROM vals WHERE field IN (SELECT no FROM fields WHERE dataset = ?)", (self.no,)
            )
            if n != real.get(vid, 0)
        ]
        for vid, n in wrong[:5]:
            yield f"The counter of {self._value(vid)} says {n}, and {real.get(vid, 0)} records have it."
        if len(wrong) > 5:
            yield f"{len(wrong) - 5} more counters are wrong."

    def _numbers(self) -> Iterator[str]:
        for no, name in self._raw.execute(
            "SELECT no, name FROM fields WHERE dataset = ?", (self.no,)
        ).fetchall():
            found = self._raw.execute("SELECT value, n FROM numbers WHERE field = ?", (no,)).fetchall()
            wanted = sorted(set(self.numbers.get(no, ())))
            if found != wanted:
                kind, (value, n) = _first_difference(wanted, found)
                yield f"The numbers of {name} {kind.replace('lacks', 'lack')} {value} of record {self._id(n)}."

    def _vectors(self) -> Iterator[str]:
        (stray,) = self._raw.execute(
            "SELECT count(*) FROM vectors WHERE field IN (SELECT no FROM fields WHERE dataset = ?) "
            "AND (? | n) NOT IN (SELECT rid FROM records)",
            (self.no, self.no << 32),
        ).fetchone()
        if stray:
            yield f"{stray} vectors are of records that do not exist."
        for name, no, kind in self._raw.execute(
            "SELECT name, no, kind FROM fields WHERE dataset = ? AND kind GLOB 'vector:*'", (self.no,)
        ).fetchall():
            size = 8 * int(kind.partition(":")[2])
            (wrong,) = self._raw.execute(
                "SELECT count(*) FROM vectors WHERE field = ? AND length(value) <> ?", (no, size)
            ).fetchone()
            if wrong:
                yield f"{wrong} vectors of {name} have another number of dimensions than the field."

    # What is cached in memory

    def cache(self, cache: DatasetCache) -> Iterator[str]:
        """Compare a cache with the tables, once these are known to agree."""
        with cache.lock:
            rows = self._raw.execute(
                "SELECT rid & 4294967295, updated, event FROM records WHERE rid >= ? AND rid < ? ORDER BY id",
                self._span,
            ).fetchall()
            everything = BitMap(n for n, _, _ in rows)
            if cache.everything != everything:
                yield "The cached set of all records differs from the records."
                return
            if list(cache.in_order(everything)) != [n for n, _, _ in rows]:
                yield "The cached order of records differs from the order of their ids."
            for place, name in ((1, "updated"), (2, "event")):
                column = cache.column(name).values
                if any(
                    column[row[0]] != (Column.MISSING if row[place] is None else row[place]) for row in rows
                ):
                    yield f"The cached column {name} differs from the records."
            yield from self._cached_facets(cache)
            yield from self._cached_numbers(cache)

    def _cached_facets(self, cache: DatasetCache) -> Iterator[str]:
        vals = self._raw.execute(
            "SELECT vid, field, viewer FROM vals WHERE field IN (SELECT no FROM fields WHERE dataset = ?)",
            (self.no,),
        ).fetchall()
        for vid, no, viewer in vals:
            low, high = np.searchsorted(self.actual, [vid << 32, (vid + 1) << 32])
            ns = (self.actual[low:high] & _LOW).astype(np.uint32)
            held = cache.facet(no, viewer).holders(vid)
            if held is not None and held != BitMap(ns):
                yield f"The cached records of {self._value(vid)} differ from its facet rows."

    def _cached_numbers(self, cache: DatasetCache) -> Iterator[str]:
        for no, wanted in self.numbers.items():
            ns, values = cache.number(no).pairs()
            cached = sorted(zip(values.tolist(), ns.tolist(), strict=True))
            if cached != sorted(set(wanted)):
                (name,) = self._raw.execute("SELECT name FROM fields WHERE no = ?", (no,)).fetchone()
                yield f"The cached numbers of {name} differ from the table."

    # How things are called

    def _id(self, n: int) -> str:
        row = self._raw.execute("SELECT id FROM records WHERE rid = ?", (self.no << 32 | n,)).fetchone()
        return repr(row[0]) if row is not None else f"number {n}, which does not exist"

    def _value(self, vid: int) -> str:
        row = self._raw.execute(
            "SELECT f.name, v.value, a.name FROM vals v JOIN fields f ON f.no = v.field "
            "LEFT JOIN agents a ON a.no = v.viewer WHERE v.vid = ?",
            (vid,),
        ).fetchone()
        if row is None:
            return f"an unknown value ({vid})"
        name, value, viewer = row
        seen = f" as {viewer} sees it" if viewer is not None else ""
        return f"{name} = {value.replace(MENTION_SEPARATOR, ' ')!r}{seen}"


def _keys(terms: bytes, n: int) -> Numbers:
    return (np.frombuffer(terms, dtype="<u4").astype(np.int64) << 32) | n


def _first_difference(wanted: Sequence[Any], found: Sequence[Any]) -> tuple[str, Any]:
    """The first row that only one of two sorted lists has, and what that means for the second."""
    for one, other in zip(wanted, found, strict=False):
        if one != other:
            return ("lacks", one) if one < other else ("has, and should not have,", other)
    if len(wanted) > len(found):
        return "lacks", wanted[len(found)]
    return "has, and should not have,", found[len(wanted)]

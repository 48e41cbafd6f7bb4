"""The write path: records, full text, facets, counters, annotations and history in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from apportion.domain.errors import BadRequestError, BulkDataError, MetadataLimitExceededError
from apportion.domain.metadata import KINDS_AS_NUMBERS, MetadataClash, kind_of, terms_of
from apportion.domain.records import (
    Answers,
    Record,
    TextClassificationRecord,
    Value,
    Vector,
    joined_text,
    scores,
)
from apportion.domain.terms import Term, answer_terms, content_terms
from apportion.domain.text import analysed
from apportion.vocabulary import AnnotationState, Status, Task

from .changes import Changes
from .database import Link
from .encoding import (
    decode_content,
    decode_record,
    encode_answers,
    encode_content,
    encode_value,
    encode_vector,
    packed,
    unpacked,
)
from .terms import TermBook, TermSession

__all__ = [
    "STATES",
    "STATUSES",
    "Limits",
    "Prepared",
    "RecordChange",
    "create_text_index",
    "drop_text_index",
    "prepare",
    "text_of",
]

STATUSES = tuple(Status)
STATES = tuple(AnnotationState)
_STATUS_NO = {status: no for no, status in enumerate(STATUSES)}
_STATE_NO = {state: no for no, state in enumerate(STATES)}
_STATUS_OF = {
    AnnotationState.SUBMITTED: Status.VALIDATED,
    AnnotationState.DRAFT: Status.EDITED,
    AnnotationState.DISCARDED: Status.DISCARDED,
    AnnotationState.NONE: Status.DEFAULT,
}
_STATE_OF = {
    Status.VALIDATED: AnnotationState.SUBMITTED,
    Status.EDITED: AnnotationState.DRAFT,
    Status.DISCARDED: AnnotationState.DISCARDED,
    Status.DEFAULT: AnnotationState.DRAFT,
}
_ROWS_AT_ONCE = 100
"""Rows per INSERT: each step of a statement waits for the interpreter lock, so make few steps."""


@dataclass(slots=True)
class Prepared:
    """One record, ready to be written: what needs no transaction is done."""

    id: str
    status: Status
    event: int | None
    text: str
    metadata: dict[str, Any]
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    content_terms: list[Term]
    answer_terms: list[Term]
    annotation: Answers | None
    vectors: dict[str, Vector] | None
    scores: tuple[float, ...]
    inputs: tuple[str, ...]


def prepare(task: Task, records: Iterable[Record]) -> list[Prepared]:
    """Encode records and work out their terms; done outside the writer thread."""
    return [
        Prepared(
            id=record.id,
            status=record.status,
            event=record.event,
            text=record.text,
            metadata=record.metadata or {},
            content=encode_content(record),
            prediction=encode_answers(task, record.prediction),
            answer=encode_answers(task, record.annotation),
            content_terms=content_terms(record),
            answer_terms=answer_terms(record, record.status, record.annotation),
            annotation=record.annotation,
            vectors=record.vectors,
            scores=tuple(dict.fromkeys(scores(record))),
            inputs=tuple(record.inputs) if isinstance(record, TextClassificationRecord) else (),
        )
        for record in records
    ]


@dataclass(slots=True)
class _Stored:
    """What is there already under the id of a record that is logged again."""

    rid: int
    status: int
    event: int | None
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    terms: bytes
    answer_terms: bytes
    version: int


def create_text_index(raw: sqlite3.Connection, dataset: int) -> None:
    """The dataset's full-text table: terms and positions only, the text itself is in the records."""
    raw.execute(
        f"CREATE VIRTUAL TABLE fts_{dataset} USING fts5(text, content='', columnsize=0, "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* Co Pc'\")"
    )
    raw.execute(f"CREATE VIRTUAL TABLE words_{dataset} USING fts5vocab(fts_{dataset}, row)")


def drop_text_index(raw: sqlite3.Connection, dataset: int) -> None:
    """Forget the dataset's full-text table."""
    raw.execute(f"DROP TABLE IF EXISTS words_{dataset}")
    raw.execute(f"DROP TABLE IF EXISTS fts_{dataset}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a dataset may hold."""

    metadata_fields: int = 50
    vectors: int = 5


class RecordChange:
    """Changes to the records of one dataset within one transaction. Writer thread only.

    Call any of the methods, then ``finish`` once: it writes the counters and hands the news to
    ``publish`` as soon as the transaction has committed.
    """

    def __init__(
        self, link: Link, dataset: int, book: TermBook, limits: Limits, publish: Callable[[Changes], None]
    ) -> None:
        self._link = link
        self._raw = link.raw
        self._dataset = dataset
        self._base = dataset << 32
        self._limits = limits
        self._terms: TermSession = book.session(link)
        self._changes = Changes(dataset)
        self._publish = publish
        self._last_n, self._records, task, self._address = self._raw.execute(
            "SELECT last_n, records, task, workspace || '.' || name FROM datasets WHERE no = ?", (dataset,)
        ).fetchone()
        self._task = Task(task)
        self._field_of: dict[int, tuple[int, int]] = {}
        self._new_keys: list[int] = []
        self._old_keys: list[int] = []
        self._new_numbers: list[tuple[int, float, int]] = []
        self._old_numbers: list[tuple[int, float, int]] = []
        self._score_field: int | None = None

    def finish(self) -> None:
        """Write facets and counters, and announce the changes after the commit."""
        if self._old_keys:
            self._raw.execute(
                "DELETE FROM facet WHERE key IN (SELECT value FROM json_each(?))", (_json(self._old_keys),)
            )
        if self._new_keys:
            self._new_keys.sort()
            self._raw.execute(
                "INSERT OR IGNORE INTO facet SELECT value FROM json_each(?)", (_json(self._new_keys),)
            )
        if self._old_numbers:
            self._raw.executemany(
                "DELETE FROM numbers WHERE field = ? AND value = ? AND n = ?", self._old_numbers
            )
        self._new_numbers.sort()
        self._insert("numbers", 3, self._new_numbers)
        self._terms.flush()
        self._raw.execute(
            "UPDATE datasets SET last_n = ?, records = ? WHERE no = ?",
            (self._last_n, self._records, self._dataset),
        )
        changes = self._changes
        self._link.after.append(lambda: self._publish(changes))

    # Logging

    def log(self, batch: Sequence[Prepared], *, at: int) -> None:
        """Store records by id, each replacing whatever its id held; the last of equal ids counts."""
        if not batch:
            return
        wanted = {record.id: record for record in batch}
        metadata = self._metadata_terms(list(wanted.values()))
        vectors = self._vector_fields(wanted.values())
        for name in sorted({name for record in wanted.values() for name in record.inputs}):
            self._terms.field(self._dataset, f"inputs.{name}", "input")
        stored = self._stored(list(wanted)) if self._records else {}
        fresh: list[tuple[Any, ...]] = []
        texts: list[tuple[int, str]] = []
        for record, (strings, numbers) in zip(wanted.values(), metadata, strict=True):
            old = stored.get(record.id)
            if old is None:
                self._last_n += 1
                n = self._last_n
                vids = self._vids(record.content_terms, strings)
                answer_vids = self._vids(record.answer_terms)
                self._add_facets(n, vids)
                self._add_facets(n, answer_vids)
                status_no = _STATUS_NO[record.status]
                fresh.append((
                    self._base | n, self._dataset, record.id, status_no, at, record.event, record.content,
                    record.prediction, record.answer, packed(vids), packed(answer_vids), 1,
                ))  # fmt: skip
                texts.append((n, analysed(record.text)))
                self._changes.added.append(n)
                if record.annotation is not None:
                    self._keep_annotations(self._base | n, record, at, new=True)
            else:
                n = old.rid & 0xFFFFFFFF
                self._replace(old, record, strings, numbers, at)
            if old is None and numbers:
                self._change_numbers(n, set(), numbers)
            if record.vectors:
                self._insert_vectors(n, record.vectors, vectors)
            self._changes.updated.append((n, at))
            self._changes.events.append((n, record.event))
        self._insert("records", 12, fresh)
        self._insert(f"fts_{self._dataset}(rowid, text)", 2, texts)
        self._records += len(fresh)
        if texts:
            self._changes.texts = True

    def _replace(
        self,
        old: _Stored,
        record: Prepared,
        strings: list[tuple[int, str, str]],
        numbers: list[tuple[int, float]],
        at: int,
    ) -> None:
        n = old.rid & 0xFFFFFFFF
        vids = self._vids(record.content_terms, strings)
        answer_vids = self._vids(record.answer_terms)
        self._change_facets(n, unpacked(old.terms), vids)
        self._change_facets(n, unpacked(old.answer_terms), answer_vids)
        if old.content != record.content:
            self._replace_text(n, old.content, record.text)
        if old.content != record.content or old.prediction != record.prediction:
            self._change_numbers(n, self._numbers_of(old.content, old.prediction), numbers)
        self._delete_vectors(n)
        if old.answer != record.answer or old.status != _STATUS_NO[record.status]:
            self._keep_annotations(old.rid, record, at, new=False)
        self._raw.execute(
            "UPDATE records SET status = ?, updated = ?, event = ?, content = ?, prediction = ?, answer = ?, "
            "terms = ?, answer_terms = ?, version = version + 1 WHERE rid = ?",
            (
                _STATUS_NO[record.status], at, record.event, record.content, record.prediction, record.answer,
                packed(vids), packed(answer_vids), old.rid,
            ),
        )  # fmt: skip

    def _replace_text(self, n: int, old_content: bytes, text: str) -> None:
        before = text_of(old_content)
        if before == text:
            return
        fts = f"fts_{self._dataset}"
        self._raw.execute(
            f"INSERT INTO {fts}({fts}, rowid, text) VALUES ('delete', ?, ?)", (n, analysed(before))
        )
        self._raw.execute(f"INSERT INTO {fts}(rowid, text) VALUES (?, ?)", (n, analysed(text)))
        self._changes.texts = True

    def _stored(self, ids: list[str]) -> dict[str, _Stored]:
        rows = self._raw.execute(
            "SELECT r.id, r.rid, r.status, r.event, r.content, r.prediction, r.answer, r.terms, r.answer_terms, "
            "r.version FROM json_each(?) AS wanted CROSS JOIN records AS r ON r.dataset = ? AND r.id = wanted.value",
            (msgspec.json.encode(ids).decode(), self._dataset),
        )
        return {row[0]: _Stored(*row[1:]) for row in rows}

    # Metadata and vectors

    def _metadata_terms(
        self, batch: list[Prepared]
    ) -> list[tuple[list[tuple[int, str, str]], list[tuple[int, float]]]]:
        """Per record: metadata values as (field, kind, value) and as (field, number).

        Decides the kind of keys seen for the first time and checks everything before anything is written.
        """
        keys = {key for record in batch for key in record.metadata}
        known: dict[str, tuple[int, str] | None] = {
            key: self._terms.find_field(self._dataset, f"metadata.{key}") for key in keys
        }
        self._check_metadata_count(keys, known)
        problems: list[dict[str, Any]] = []
        found = []
        for record in batch:
            strings: list[tuple[int, str, str]] = []
            numbers = self._score_numbers(record.scores)
            for key, value in record.metadata.items():
                field = known[key]
                if key[0:1] == "_":
                    continue
                if field is None:
                    kind = kind_of(value)
                    if kind is None:
                        continue
                    field = known[key] = self._terms.field(self._dataset, f"metadata.{key}", kind)
                try:
                    for term in terms_of(field[1], value):
                        if isinstance(term, str):
                            strings.append((field[0], field[1], term))
                        else:
                            numbers.append((field[0], term))
                except MetadataClash as clash:
                    problems.append(_clash(record.id, key, field[1], clash))
            found.append((strings, numbers))
        if problems:
            raise BulkDataError(
                f"Cannot log data in dataset {self._address}. Nothing of this request was stored.", problems
            )
        return found

    def _score_numbers(self, scores: tuple[float, ...]) -> list[tuple[int, float]]:
        if not scores:
            return []
        if self._score_field is None:
            self._score_field, _ = self._terms.field(self._dataset, "score", "float")
        return [(self._score_field, score) for score in scores]

    def _check_metadata_count(self, keys: set[str], known: dict[str, tuple[int, str] | None]) -> None:
        limit = self._limits.metadata_fields
        if len(keys) > limit:
            raise MetadataLimitExceededError(len(keys), limit)
        new = [key for key in keys if known[key] is None]
        if new:
            (there,) = self._raw.execute(
                "SELECT count(*) FROM fields WHERE dataset = ? AND name GLOB 'metadata.*'", (self._dataset,)
            ).fetchone()
            if there + len(new) > limit:
                raise MetadataLimitExceededError(there + len(new), limit)

    def _vector_fields(self, batch: Iterable[Prepared]) -> dict[str, int]:
        """The number of each vector name; checks names and dimensions before anything is written."""
        fields: dict[str, int] = {}
        sizes: dict[str, int] = {}
        for record in batch:
            for name, vector in (record.vectors or {}).items():
                size = len(vector.value)
                if name not in sizes:
                    known = self._terms.find_field(self._dataset, f"vectors.{name}")
                    if known is None:
                        self._check_vector_count()
                        known = self._terms.field(self._dataset, f"vectors.{name}", f"vector:{size}")
                    fields[name], sizes[name] = known[0], int(known[1].partition(":")[2])
                if size != sizes[name]:
                    raise BadRequestError(
                        f"Vector {name!r} of record {record.id!r} has {size} dimensions; this dataset's have "
                        f"{sizes[name]}. Nothing of this request was stored."
                    )
        return fields

    def _check_vector_count(self) -> None:
        (there,) = self._raw.execute(
            "SELECT count(*) FROM fields WHERE dataset = ? AND kind GLOB 'vector:*'", (self._dataset,)
        ).fetchone()
        if there >= self._limits.vectors:
            raise BadRequestError(
                f"Cannot create more than {self._limits.vectors} kind of vectors per dataset. "
                "Nothing of this request was stored."
            )

    def _insert_vectors(self, n: int, found: dict[str, Vector], fields: dict[str, int]) -> None:
        for name, vector in found.items():
            self._raw.execute(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                (fields[name], n, *encode_vector(vector)),
            )
            self._changes.vectors.add(fields[name])

    def _delete_vectors(self, n: int) -> None:
        for field, _ in self._vector_kinds():
            if self._raw.execute("DELETE FROM vectors WHERE field = ? AND n = ?", (field, n)).rowcount:
                self._changes.vectors.add(field)

    def _vector_kinds(self) -> list[tuple[int, str]]:
        return self._raw.execute(
            "SELECT no, name FROM fields WHERE dataset = ? AND kind GLOB 'vector:*'", (self._dataset,)
        ).fetchall()

    def _numbers_of(self, content: bytes, prediction: bytes | None) -> set[tuple[int, float]]:
        """What ``numbers`` holds of a stored record."""
        record = decode_record(self._task, "", Status.DEFAULT, content, prediction, None)
        found = set(self._score_numbers(tuple(scores(record))))
        for key, value in (record.metadata or {}).items():
            field = self._terms.find_field(self._dataset, f"metadata.{key}")
            if field is not None and field[1] in KINDS_AS_NUMBERS:
                found.update((field[0], number) for number in terms_of(field[1], value))  # type: ignore[misc]
        return found

    def _change_numbers(
        self, n: int, before: set[tuple[int, float]], after: Sequence[tuple[int, float]]
    ) -> None:
        now = set(after)
        if before == now:
            return
        self._old_numbers += [(field, value, n) for field, value in before - now]
        self._new_numbers += [(field, value, n) for field, value in now - before]
        for field in {field for field, _ in before | now}:
            values = tuple(value for f, value in now if f == field)
            self._changes.numbers[field].append((n, values))

    # Annotations

    def _keep_annotations(self, rid: int, record: Prepared, at: int, *, new: bool) -> None:
        """Who annotated what, one row per annotator; rows this version does not repeat go to history."""
        annotation = record.annotation
        task = self._task
        wanted = (
            {self._agent(agent): encode_value(task, value) for agent, value in annotation.by_agent.items()}
            if annotation is not None
            else {}
        )
        state = _STATE_NO[_STATE_OF[record.status]]
        there = {} if new else self._annotations(rid)
        for annotator, (old_state, old_value, version) in there.items():
            if wanted.get(annotator) != old_value:
                self._remember(rid, annotator, version, old_state, old_value, at, "replaced")
            if annotator not in wanted:
                self._raw.execute("DELETE FROM annotations WHERE rid = ? AND annotator = ?", (rid, annotator))
        for annotator, value in wanted.items():
            before = there.get(annotator)
            if before is None or before[:2] != (state, value):
                self._raw.execute(
                    "INSERT OR REPLACE INTO annotations VALUES (?, ?, ?, ?, ?, NULL, ?, x'')",
                    (rid, annotator, state, value, before[2] + 1 if before else 1, at),
                )

    def _annotations(self, rid: int) -> dict[int, tuple[int, bytes | None, int]]:
        rows = self._raw.execute(
            "SELECT annotator, state, value, version FROM annotations WHERE rid = ?", (rid,)
        )
        return {annotator: (state, value, version) for annotator, state, value, version in rows}

    def _remember(
        self, rid: int, annotator: int, version: int, state: int, value: bytes | None, at: int, why: str
    ) -> None:
        self._raw.execute(
            "INSERT INTO history (rid, annotator, version, state, value, at, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (rid, annotator, version, state, value, at, why),
        )

    def annotate(
        self, id: str, annotator: str, state: AnnotationState, value: Value | None, *, at: int
    ) -> int | None:
        """Set one annotator's own annotation of a record, seen in their view only; the new version.

        None when there is no such record. The content, its ``last_updated`` and everybody else's view stay
        as they are.
        """
        row = self._raw.execute(
            "SELECT rid, content, prediction FROM records WHERE dataset = ? AND id = ?", (self._dataset, id)
        ).fetchone()
        if row is None:
            return None
        rid, content, prediction = row
        n, task, viewer = rid & 0xFFFFFFFF, self._task, self._agent(annotator)
        before = self._raw.execute(
            "SELECT state, value, version, terms FROM annotations WHERE rid = ? AND annotator = ?",
            (rid, viewer),
        ).fetchone()
        status = _STATUS_OF[state]
        answers = None if value is None else Answers(annotator, {annotator: value})
        record = decode_record(task, id, status, content, prediction, None)
        vids = self._vids(answer_terms(record, status, answers), viewer=viewer)
        self._change_facets(n, unpacked(before[3]) if before else (), vids)
        if before is not None:
            self._remember(rid, viewer, before[2], before[0], before[1], at, "replaced")
        version = before[2] + 1 if before else 1
        self._raw.execute(
            "INSERT OR REPLACE INTO annotations VALUES (?, ?, ?, ?, ?, NULL, ?, ?)",
            (
                rid, viewer, _STATE_NO[state], None if value is None else encode_value(task, value), version, at,
                packed(vids),
            ),
        )  # fmt: skip
        return version

    def _agent(self, name: str) -> int:
        row = self._raw.execute("SELECT no FROM agents WHERE name = ?", (name,)).fetchone()
        if row is None:
            row = self._raw.execute("INSERT INTO agents (name) VALUES (?) RETURNING no", (name,)).fetchone()
        no: int = row[0]
        return no

    # Single records

    def patch(self, id: str, *, metadata: dict[str, Any] | None, status: Status | None, at: int) -> bool:
        """Merge metadata and set the status of one record; False when there is none."""
        old = self._stored([id]).get(id)
        if old is None:
            return False
        task = self._task
        now = STATUSES[old.status] if status is None else status
        record = decode_record(task, id, now, old.content, old.prediction, old.answer)
        if metadata:
            record.metadata = {**(record.metadata or {}), **metadata}
        (prepared,) = prepare(task, [record])
        ((strings, numbers),) = self._metadata_terms([prepared])
        n = old.rid & 0xFFFFFFFF
        vectors = self._raw.execute(
            "SELECT v.field, v.n, v.value, v.more FROM fields f JOIN vectors v ON v.field = f.no AND v.n = ? "
            "WHERE f.dataset = ? AND f.kind GLOB 'vector:*'",
            (n, self._dataset),
        ).fetchall()
        self._replace(old, prepared, strings, numbers, at)
        self._raw.executemany("INSERT INTO vectors VALUES (?, ?, ?, ?)", vectors)
        self._changes.updated.append((n, at))
        return True

    def discard(self, ns: Sequence[int], *, at: int) -> int:
        """Set the status of records to Discarded; how many were not so before."""
        changed = 0
        for n, (status, vids) in self._columns(ns, "status, answer_terms"):
            if STATUSES[status] is Status.DISCARDED:
                continue
            rid = self._base | n
            gone = {self._vid("status", s.value) for s in STATUSES if s is not Status.DEFAULT}
            now = [vid for vid in unpacked(vids) if vid not in gone]
            now.append(self._vid("status", Status.DISCARDED.value))
            self._change_facets(n, unpacked(vids), now)
            self._raw.execute(
                "UPDATE records SET status = ?, answer_terms = ?, version = version + 1 WHERE rid = ?",
                (_STATUS_NO[Status.DISCARDED], packed(now), rid),
            )
            for annotator, (state, value, version) in self._annotations(rid).items():
                self._remember(rid, annotator, version, state, value, at, "discarded by query")
                self._raw.execute(
                    "UPDATE annotations SET state = ?, version = version + 1, updated = ? "
                    "WHERE rid = ? AND annotator = ?",
                    (_STATE_NO[AnnotationState.DISCARDED], at, rid, annotator),
                )
            changed += 1
        return changed

    def delete(self, ns: Sequence[int], *, at: int) -> int:
        """Remove records for good; their annotations go to history. How many there were."""
        fts = f"fts_{self._dataset}"
        kinds = self._vector_kinds()
        removed = 0
        for n, (content, prediction, terms, answer_vids) in self._columns(
            ns, "content, prediction, terms, answer_terms"
        ):
            rid = self._base | n
            self._change_facets(n, unpacked(terms), ())
            self._change_facets(n, unpacked(answer_vids), ())
            self._raw.execute(
                f"INSERT INTO {fts}({fts}, rowid, text) VALUES ('delete', ?, ?)",
                (n, analysed(text_of(content))),
            )
            self._change_numbers(n, self._numbers_of(content, prediction), ())
            if kinds:
                self._delete_vectors(n)
            self._forget_annotations(rid, n, at)
            self._raw.execute("DELETE FROM records WHERE rid = ?", (rid,))
            self._changes.removed.append(n)
            removed += 1
        self._records -= removed
        self._changes.texts = self._changes.texts or removed > 0
        return removed

    def _forget_annotations(self, rid: int, n: int, at: int) -> None:
        rows = self._raw.execute(
            "SELECT annotator, state, value, version, terms FROM annotations WHERE rid = ?", (rid,)
        ).fetchall()
        for annotator, state, value, version, terms in rows:
            self._remember(rid, annotator, version, state, value, at, "record deleted")
            if terms:
                self._change_facets(n, unpacked(terms), ())
        if rows:
            self._raw.execute("DELETE FROM annotations WHERE rid = ?", (rid,))

    def _columns(self, ns: Sequence[int], columns: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """The named columns of records, some hundred at a time; those that are gone are left out."""
        for start in range(0, len(ns), 500):
            rows = self._raw.execute(
                f"SELECT rid, {columns} FROM records WHERE rid IN (SELECT ? | value FROM json_each(?))",
                (self._base, _json(ns[start : start + 500])),
            ).fetchall()
            for row in rows:
                yield row[0] & 0xFFFFFFFF, row[1:]

    # Facets

    def _vids(
        self, terms: Iterable[Term], strings: Iterable[tuple[int, str, str]] = (), *, viewer: int = 0
    ) -> list[int]:
        vids = [self._vid(name, value, viewer) for name, value in terms]
        for field, kind, value in strings:
            vid = self._terms.vid(field, kind, 0, value)
            self._field_of[vid] = (field, 0)
            vids.append(vid)
        return vids

    def _vid(self, name: str, value: str, viewer: int = 0) -> int:
        field, kind = self._terms.field(self._dataset, name)
        vid = self._terms.vid(field, kind, viewer, value)
        self._field_of[vid] = (field, viewer)
        return vid

    def _add_facets(self, n: int, vids: Iterable[int]) -> None:
        for vid in vids:
            self._new_keys.append(vid << 32 | n)
            self._terms.count(vid, 1)
            self._changes.facets[self._field_of[vid]].append((vid, n, True))

    def _change_facets(self, n: int, before: Iterable[int], after: Iterable[int]) -> None:
        was, now = set(before), set(after)
        self._add_facets(n, now - was)
        for vid in was - now:
            self._old_keys.append(vid << 32 | n)
            self._terms.count(vid, -1)
            self._changes.facets[self._field(vid)].append((vid, n, False))

    def _field(self, vid: int) -> tuple[int, int]:
        known = self._field_of.get(vid)
        if known is None:
            known = self._raw.execute("SELECT field, viewer FROM vals WHERE vid = ?", (vid,)).fetchone()
            self._field_of[vid] = known
        return known

    def _insert(self, into: str, columns: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, many in one statement."""
        one = f"({', '.join('?' * columns)})"
        many = ", ".join([one] * _ROWS_AT_ONCE)
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        for start in range(0, whole, _ROWS_AT_ONCE):
            flat = [value for row in rows[start : start + _ROWS_AT_ONCE] for value in row]
            self._raw.execute(f"INSERT INTO {into} VALUES {many}", flat)
        self._raw.executemany(f"INSERT INTO {into} VALUES {one}", rows[whole:])


def text_of(content: bytes) -> str:
    """The searchable text of a stored record."""
    found = decode_content(content)
    inputs = found.get("inputs")
    return joined_text(inputs) if inputs is not None else found["text"]


def _json(numbers: Iterable[int]) -> str:
    return "[" + ",".join(map(str, numbers)) + "]"


def _clash(id: str, key: str, kind: str, clash: MetadataClash) -> dict[str, Any]:
    return {
        "id": id,
        "reason": f"failed to parse field [metadata.{key}] of type [{kind}] in record {id!r}",
        "caused_by": {"type": "illegal_argument_exception", "reason": str(clash)},
    }

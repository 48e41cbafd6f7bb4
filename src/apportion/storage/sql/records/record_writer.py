"""The write path: change all that a record consists of in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from apportion.domain.records import AgentValues, scores
from apportion.domain.text import analysed
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.cases.annotation_rows import AnnotationRows
from apportion.storage.sql.codec.encode_records import EncodedRow, encode_records
from apportion.storage.sql.codec.fragments import decode_content, decode_record, packed, text_of, unpacked
from apportion.storage.sql.codec.states import STATUSES
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.counters import CountedTerms, MetadataTerms, NumberTerms
from apportion.storage.sql.index.metadata_terms import MetadataReader
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.index.vectors import VectorWriter
from apportion.storage.sql.rows import insert_rows, rows_by_id
from apportion.vocabulary import HistoryReason, Status, Task

__all__ = ["MetadataLimits", "RecordChange"]

_STATUS_NO = {status: no for no, status in enumerate(STATUSES)}


@dataclass(frozen=True, slots=True)
class MetadataLimits:
    """Limits on the metadata keys and vectors of a dataset."""

    metadata_fields: int = 50
    vectors: int = 5


@dataclass(slots=True)
class _RowBefore:
    """The stored row under the id of a record that is logged again."""

    rid: int
    status: int
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    terms: bytes
    answer_terms: bytes


class RecordChange:
    """Changes to the records of one dataset within one transaction. Writer thread only.

    Call any of the methods, then ``finish`` once: it writes facets and counters and calls ``publish`` with the changes.
    """

    def __init__(
        self,
        connection: SqlConnection,
        dataset: int,
        registry: TermRegistry,
        agents: Agents,
        limits: MetadataLimits,
        publish: Callable[[CacheDelta], None],
    ) -> None:
        self._raw = raw = connection.raw
        self._dataset = dataset
        self._base = dataset << 32
        self._publish = publish
        self._changes = changes = CacheDelta(dataset)
        self._last_n, self._records, task, address, policies = raw.execute(
            "SELECT last_n, records, task, workspace || '.' || name, policies FROM datasets WHERE no = ?",
            (dataset,),
        ).fetchone()
        # There answers are kept per person: what a record is logged with must not replace them
        self._individual = msgspec.json.decode(policies).get("annotation") == "individual"
        self._task = Task(task)
        self._counted = CountedTerms(connection, dataset, registry, changes)
        terms = self._counted.session
        self._metadata = MetadataReader(raw, dataset, address, terms, limits.metadata_fields)
        self._vectors = VectorWriter(raw, dataset, terms, limits.vectors, changes)
        self._texts = raw.dialect.texts(raw, dataset)
        self._annotations = AnnotationRows(raw, dataset, self._task, self._counted, agents)

    def finish(self, by: str = "") -> None:
        """Write facets and counters, and pass on what changed; ``by`` is the person who logged, where that is known."""
        self._changes.by = by
        self._annotations.flush()
        self._counted.finish()
        # Else the row is left alone: it is one that all transactions on the dataset share
        if self._changes.added or self._changes.removed:
            self._raw.execute(
                "UPDATE datasets SET last_n = ?, records = ? WHERE no = ?",
                (self._last_n, self._records, self._dataset),
            )
        changes = self._changes
        changes.texts = self._texts.changed
        self._publish(changes)

    # Logging

    def log(self, batch: Sequence[EncodedRow], *, at: int, keep_answers: bool = False) -> None:
        """Store records by id, each replacing whatever its id held; the last of equal ids counts.

        With ``keep_answers`` records that are there keep their status and annotation.
        """
        self._raw.locks.alone(self._dataset)
        # One id twice in a request: the last counts, as if they had come one after the other
        wanted = list({record.id: record for record in batch}.values())
        metadata = self._metadata.read(wanted)
        self._vectors.check(wanted)
        self._note_inputs(wanted)
        # One statement for the values of all records instead of one for each record
        self._counted.expect(
            (term for record in wanted for term in (*record.content_terms, *record.answer_terms)),
            (term for counted, _ in metadata for term in counted),
        )
        # A dataset without records needs no look-up
        stored = self._stored([record.id for record in wanted]) if self._records else {}
        fresh: list[tuple[Any, ...]] = []
        texts: list[tuple[int, str]] = []
        for record, (counted, numbers) in zip(wanted, metadata, strict=True):
            old = stored.get(record.id)
            if old is not None:
                n = old.rid & 0xFFFFFFFF
                self._replace(old, record, counted, numbers, at, keep_answers=keep_answers)
            else:
                # Never one that was used: history and time spent go by the numbers of deleted records
                self._last_n = n = self._last_n + 1
                fresh.append(self._new_row(n, record, counted, numbers, at))
                texts.append((n, analysed(record.text)))
            if record.vectors:
                self._vectors.insert(n, record.vectors)
            self._changes.updated.append((n, at))
            self._changes.events.append((n, record.event))
        insert_rows(self._raw, "records", 12, fresh)
        self._texts.add(texts)
        self._records += len(fresh)

    def prepare(self, batch: Sequence[EncodedRow]) -> None:
        """Create the fields that records need, and refuse what would be refused when they are stored later."""
        self._raw.locks.alone(self._dataset)
        self._metadata.read(batch)
        self._vectors.check(batch)
        self._note_inputs(batch)

    def _note_inputs(self, batch: Sequence[EncodedRow]) -> None:
        for name in sorted({name for record in batch for name in record.inputs}):
            self._counted.session.field(self._dataset, f"inputs.{name}", "input")

    def _new_row(
        self, n: int, record: EncodedRow, counted: MetadataTerms, numbers: NumberTerms, at: int
    ) -> tuple[Any, ...]:
        rid = self._base | n
        term_ids = self._counted.term_ids(record.content_terms, counted)
        answer_term_ids = self._counted.term_ids(record.answer_terms) if record.answer_terms else []
        self._counted.add(n, term_ids)
        self._counted.add(n, answer_term_ids)
        if numbers:
            self._counted.add_numbers(n, numbers)
        if record.annotation is not None and not self._individual:
            self._annotations.keep(rid, record.status, record.annotation, at, new=True)
        self._changes.added.append(n)
        self._changes.content.append(n)
        return (
            rid, self._dataset, record.id, _STATUS_NO[record.status], at, record.event, record.content,
            record.prediction, record.answer, packed(term_ids), packed(answer_term_ids), 1,
        )  # fmt: skip

    def _replace(
        self,
        old: _RowBefore,
        record: EncodedRow,
        counted: MetadataTerms,
        numbers: NumberTerms,
        at: int,
        *,
        keep_answers: bool = False,
    ) -> None:
        n, status, answer = old.rid & 0xFFFFFFFF, _STATUS_NO[record.status], record.answer
        term_ids = self._counted.term_ids(record.content_terms, counted)
        if keep_answers:
            status, answer, answer_term_ids = old.status, old.answer, list(unpacked(old.answer_terms))
        else:
            answer_term_ids = self._counted.term_ids(record.answer_terms)
        self._counted.change(n, unpacked(old.terms), term_ids)
        self._counted.change(n, unpacked(old.answer_terms), answer_term_ids)
        if old.content != record.content:
            self._texts.replace(n, text_of(old.content), record.text)
        # Numbers follow from these two only, and to know the old ones the record has to be decoded
        if old.content != record.content or old.prediction != record.prediction:
            self._counted.change_numbers(n, self._numbers_of(old.content, old.prediction), numbers)
        if (old.content, old.prediction, old.terms) != (record.content, record.prediction, packed(term_ids)):
            self._changes.content.append(n)
        self._vectors.delete(n)
        if self._individual:
            if old.content != record.content and _shown_content(old.content) != _shown_content(
                record.content
            ):
                self._annotations.delete(old.rid, at, HistoryReason.OUTDATED)
            elif old.prediction != record.prediction:
                self._annotations.refresh(old.rid, record.content, record.prediction)
        # Logged again as it is there, an annotation keeps its version and who gave it
        elif (old.answer, old.status) != (answer, status):
            self._annotations.keep(old.rid, record.status, record.annotation, at, new=False)
        self._raw.execute(
            "UPDATE records SET status = ?, updated = ?, event = ?, content = ?, prediction = ?, answer = ?, "
            "terms = ?, answer_terms = ?, version = version + 1 WHERE rid = ?",
            (
                status, at, record.event, record.content, record.prediction, answer,
                packed(term_ids), packed(answer_term_ids), old.rid,
            ),
        )  # fmt: skip

    def _stored(self, ids: list[str]) -> dict[str, _RowBefore]:
        columns = "id, rid, status, content, prediction, answer, terms, answer_terms"
        return {row[0]: _RowBefore(*row[1:]) for row in rows_by_id(self._raw, columns, self._dataset, ids)}

    def _numbers_of(self, content: bytes, prediction: bytes | None) -> set[tuple[int, float]]:
        """Return the rows of ``numbers`` that a stored record has."""
        record = decode_record(self._task, "", Status.DEFAULT, content, prediction, None)
        found = self._metadata.scores(tuple(scores(record)))
        return {*found, *self._metadata.numbers_of(record.metadata)}

    # Single records

    def patch(
        self,
        id: str,
        *,
        metadata: dict[str, Any] | None,
        status: Status | None,
        at: int,
        annotation: AgentValues | None = None,
        annotated: bool = False,
        keep_answers: bool = False,
    ) -> bool:
        """Merge metadata, set the status, and if ``annotated`` the annotation; False without such a record."""
        # Before it is read: all of it is written again
        self._raw.locks.records_by_id(self._dataset, [id])
        old = self._stored([id]).get(id)
        if old is None:
            return False
        n = old.rid & 0xFFFFFFFF
        now = STATUSES[old.status] if status is None else status
        record = decode_record(self._task, id, now, old.content, old.prediction, old.answer)
        if metadata:
            record.metadata = {**(record.metadata or {}), **metadata}
        if annotated:
            record.annotation = annotation
        (prepared,) = encode_records(self._task, [record])
        ((counted, numbers),) = self._metadata.read([prepared])
        vectors = self._vectors.rows(n)  # a patch keeps them, and ``_replace`` removes them
        self._replace(old, prepared, counted, numbers, at, keep_answers=keep_answers)
        self._raw.executemany("INSERT INTO vectors VALUES (?, ?, ?, ?)", vectors)
        self._changes.updated.append((n, at))
        return True

    def discard(self, ns: Sequence[int], *, at: int) -> int:
        """Set the status of records to Discarded; return how many had another before."""
        self._raw.locks.alone(self._dataset)
        known = {
            self._counted.term_ids([("status", s.value)])[0] for s in STATUSES if s is not Status.DEFAULT
        }
        (discarded,) = self._counted.term_ids([("status", Status.DISCARDED.value)])
        changed = 0
        for n, (status, term_ids) in self._columns(ns, "status, answer_terms"):
            if STATUSES[status] is Status.DISCARDED:
                continue
            now = [term_id for term_id in unpacked(term_ids) if term_id not in known] + [discarded]
            self._counted.change(n, unpacked(term_ids), now)
            self._changes.rewritten.append(n)
            self._raw.execute(
                "UPDATE records SET status = ?, answer_terms = ?, version = version + 1 WHERE rid = ?",
                (_STATUS_NO[Status.DISCARDED], packed(now), self._base | n),
            )
            if not self._individual:
                self._annotations.discard(self._base | n, at)
            changed += 1
        return changed

    def delete(self, ns: Sequence[int], *, at: int) -> int:
        """Delete records; their annotations go to history. Return how many there were."""
        self._raw.locks.alone(self._dataset)
        removed = 0
        for n, row in self._columns(ns, "content, prediction, terms, answer_terms"):
            content, prediction, terms, answer_term_ids = row
            self._counted.change(n, unpacked(terms), ())
            self._counted.change(n, unpacked(answer_term_ids), ())
            self._counted.change_numbers(n, self._numbers_of(content, prediction), [])
            self._texts.remove(n, text_of(content))
            self._vectors.delete(n)
            self._annotations.delete(self._base | n, at, HistoryReason.RECORD_DELETED)
            # ``time_spent`` and history stay: people are paid by the one, and the other says what became of
            # answers
            for table in ("gold", "comments", "records"):
                self._raw.execute(f"DELETE FROM {table} WHERE rid = ?", (self._base | n,))
            self._changes.removed.append(n)
            self._changes.content.append(n)
            removed += 1
        self._records -= removed
        return removed

    def _columns(self, ns: Sequence[int], columns: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield the named columns of records, some hundred at a time; those that are gone are left out."""
        sql = self._raw.dialect
        for start in range(0, len(ns), 500):
            # All of a part at once: the caller changes the rows while it goes through them
            rows = self._raw.execute(
                f"SELECT rid, {columns} FROM records WHERE {sql.in_numbers('rid')}",
                (sql.numbers(self._base | n for n in ns[start : start + 500]),),
            ).fetchall()
            for row in rows:
                yield row[0] & 0xFFFFFFFF, row[1:]


def _shown_content(content: bytes) -> tuple[Any, ...]:
    """Return the content that annotators are shown: an annotation of another content is outdated."""
    found = decode_content(content)
    return found.get("inputs"), found.get("text"), found.get("tokens")

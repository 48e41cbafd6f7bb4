"""Write what an answer, a decision or a plan changed about single records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, Case, GoldValue
from apportion.domain.records import AgentValues
from apportion.domain.terms import Term, answer_terms, view_terms
from apportion.ports.annotations import CaseChange, SharedAnswer
from apportion.storage.checksums import add_row
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.codec.fragments import (
    decode_value,
    encode_answers,
    encode_value,
    encode_view,
    packed,
    unpacked,
)
from apportion.storage.sql.codec.history_reasons import stored_reason
from apportion.storage.sql.codec.states import STATES, STATUS_OF
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.counters import CountedTerms
from apportion.storage.sql.index.terms import TermRegistry
from apportion.vocabulary import AnnotationState, HistoryReason, Status

from .annotation_rows import AnnotationRow, AnnotationRows
from .slots import SlotWriter

__all__ = ["CaseWriter", "StoredCase", "StoredCases"]

_UPDATE = "UPDATE records SET status = ?, answer = ?, answer_terms = ?, version = version + 1"
_STATUS_NO = {status: no for no, status in enumerate(Status)}


class StoredCase(NamedTuple):
    """Stored form of a case, as far as its ``Case`` does not have it."""

    answer_terms: bytes
    annotations: dict[int, AnnotationRow]
    times: dict[int, dict[int, int]]
    """By annotator, the milliseconds that they spent, by when it was."""


StoredCases = dict[int, StoredCase]
"""Stored form of the records that were read and have not changed since, by number."""


class CaseWriter:
    """Writer of changes to single records of one dataset within one transaction. Call ``finish`` once."""

    def __init__(
        self,
        connection: SqlConnection,
        dataset: Dataset,
        registry: TermRegistry,
        agents: Agents,
        publish: Callable[[CacheDelta], None],
        *,
        half_written: Callable[[], bool],
        stored: StoredCases | None = None,
    ) -> None:
        self._raw = connection.raw
        self._raw.locks.dataset(dataset.no)
        self._task = dataset.task
        self._base = dataset.no << 32
        self._publish = publish
        self._changes = CacheDelta(dataset.no)
        self._counted = CountedTerms(connection, dataset.no, registry, self._changes)
        self._stored = stored or {}
        self._annotations = AnnotationRows(connection.raw, dataset.no, dataset.task, self._counted, agents)
        self.slots = SlotWriter(connection.raw, dataset.no, agents, self._counted, half_written)

    @property
    def counted(self) -> CountedTerms:
        return self._counted

    def finish(self) -> None:
        """Write slots, facets and counters, and pass on what changed."""
        self.slots.flush()
        self._counted.finish()
        self._publish(self._changes)

    def save(self, change: CaseChange, at: int) -> None:
        """Store one record's change."""
        before, after = change.before, change.after
        rid = self._base | after.number
        stored = self._stored.pop(rid, None)  # once only: what is written now makes it outdated
        for name in sorted(before.annotations.keys() | after.annotations.keys()):
            old, new = before.of(name), after.of(name)
            if old != new:
                kept = self._annotations.kept(rid) if stored is None else stored.annotations
                self._annotations.change(rid, after.record, old, new, at, change.why, change.by, kept)
        if before.gold != after.gold:
            self._gold(rid, before.gold, after.gold, at)
        self.slots.change(after.number, before.slots, after.slots, change.note)
        view = change.view
        answer, terms = encode_view(self._task, view), view_terms(after.record, view)
        self._write_answer(after.number, view.status, answer, terms, stored)

    def save_shared(self, answer: SharedAnswer, at: int) -> Annotation | None:
        """Store an answer to a record of a shared dataset; return its annotation as it is now."""
        case, name, status = answer.before, answer.annotator, STATUS_OF[answer.state]
        rid = self._base | case.number
        stored = self._stored.pop(rid, None)
        there = self._annotations.kept(rid) if stored is None else stored.annotations
        row = self._annotations.replace(rid, answer, at, there)
        # Withdrawn slots by themselves: the note is of them only
        ended = {slot.id for slot in answer.slots if slot.state is RowState.WITHDRAWN}
        before = {slot.id: slot for slot in case.slots}
        others = [before[slot.id] if slot.id in ended else slot for slot in answer.slots]
        self.slots.change(case.number, case.slots, others)
        self.slots.change(case.number, others, answer.slots, answer.note)
        values = None if answer.value is None else AgentValues(name, {name: answer.value})
        terms = answer_terms(case.record, status, values)
        self._write_answer(case.number, status, encode_answers(self._task, values), terms, stored, updated=at)
        if row is None or row.value is None:
            return None
        known = case.of(name)
        updated = known.updated if known is not None and known.version == row.version else at
        value = decode_value(self._task, row.value)
        return Annotation(name, answer.state, value, row.version, updated, row.seconds)

    def stage(self, before: Case, after: Case) -> None:
        """Store a record as it will be once its shared dataset is individual; its resolved view stays as it is."""
        rid = self._base | after.number
        for annotation in after.annotations.values():
            # Without a before: it is the same answer, so that history has nothing to keep
            self._annotations.change(rid, after.record, None, annotation, annotation.updated)
        self._gold(rid, None, after.gold, 0)
        self.slots.change(after.number, before.slots, after.slots)

    def _write_answer(
        self,
        n: int,
        status: Status,
        answer: bytes | None,
        terms: Sequence[Term],
        stored: StoredCase | None,
        *,
        updated: int | None = None,
    ) -> None:
        """Write status and value of a record, which everybody sees who may see more than their own answers."""
        rid = self._base | n
        # The stored terms, not those of the case before: facets and counters must lose exactly what was written
        before = None if stored is None else stored.answer_terms
        if before is None:
            (before,) = self._raw.execute("SELECT answer_terms FROM records WHERE rid = ?", (rid,)).fetchone()
        assert before is not None
        term_ids = self._counted.term_ids(terms)
        self._counted.change(n, unpacked(before), term_ids)
        self._changes.rewritten.append(n)
        written = (_STATUS_NO[status], answer, packed(term_ids))
        # In an individual dataset a record's time is that of its content; answers have times of their own
        if updated is None:
            self._raw.send(f"{_UPDATE} WHERE rid = ?", (*written, rid))
        else:
            self._changes.updated.append((n, updated))
            self._raw.send(f"{_UPDATE}, updated = ? WHERE rid = ?", (*written, updated, rid))

    def _gold(self, rid: int, before: GoldValue | None, after: GoldValue | None, at: int) -> None:
        if before is not None:
            state = AnnotationState.DISCARDED if before.value is None else AnnotationState.SUBMITTED
            value = None if before.value is None else encode_value(self._task, before.value)
            why = stored_reason(HistoryReason.GOLD_REPLACED, f"{before.origin}:{before.author}")
            add_row(self._raw, "history", (rid, OPEN, before.version, STATES.index(state), value, at, why))
        if after is None:
            self._raw.send("DELETE FROM gold WHERE rid = ?", (rid,))
            return
        value = None if after.value is None else encode_value(self._task, after.value)
        row = (rid, value, str(after.origin), after.author, after.reason, after.version, after.at)
        add_row(self._raw, "gold", row, replace=True)

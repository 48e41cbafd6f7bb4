"""Write annotations: one row per record and annotator, and the history of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from apportion.domain.individual.case import ANSWERED, Annotation
from apportion.domain.records import AgentValues, Record
from apportion.domain.terms import answer_terms
from apportion.ports.annotations import SharedAnswer
from apportion.storage.checksums import COVERED, add_row, checksum, covered
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.codec.fragments import decode_record, decode_value, encode_value, packed, unpacked
from apportion.storage.sql.codec.history_reasons import stored_reason
from apportion.storage.sql.codec.states import STATES, STATUS_OF
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.index.counters import CountedTerms
from apportion.storage.sql.rows import insert_rows
from apportion.vocabulary import AnnotationState, HistoryReason, Status, Task

__all__ = ["AnnotationRow", "AnnotationRows"]

_STATE_NO = {state: no for no, state in enumerate(STATES)}
_STATE_OF = {
    Status.VALIDATED: AnnotationState.SUBMITTED,
    Status.EDITED: AnnotationState.DRAFT,
    Status.DISCARDED: AnnotationState.DISCARDED,
    Status.DEFAULT: AnnotationState.DRAFT,
}


_COLUMNS = f"{covered('annotations')}, checksum, terms"
_PUT = (
    f"INSERT INTO annotations ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (rid, annotator) DO UPDATE SET state = excluded.state, counted = excluded.counted, "
    "version = excluded.version, seconds = excluded.seconds, updated = excluded.updated, "
    "checksum = excluded.checksum, terms = excluded.terms, value = excluded.value"
)
"""Updates a row in place instead of replacing it: the indexes of its key stay as they are."""
_COVERED = f"SELECT {covered('annotations')} FROM annotations WHERE rid = ? AND annotator = ?"
_SECONDS = COVERED["annotations"].index("seconds")


def _set_seconds(raw: RawConnection, rid: int, annotator: int, seconds: float) -> None:
    """Update the seconds spent on an annotation, and nothing else of it."""
    # The checksum covers the whole row, so all of it is needed to compute it again
    values = list(raw.execute(_COVERED, (rid, annotator)).fetchone())
    values[_SECONDS] = float(seconds)
    raw.execute(
        "UPDATE annotations SET seconds = ?, checksum = ? WHERE rid = ? AND annotator = ?",
        (values[_SECONDS], checksum(values), rid, annotator),
    )


class AnnotationRow(NamedTuple):
    """Stored form of an annotation, beside its record, its annotator and when it was updated."""

    state: int
    value: bytes | None
    version: int
    terms: bytes
    seconds: float | None = None
    counted: bool = False


class AnnotationRows:
    """The annotations of one dataset, changed within one transaction."""

    def __init__(
        self,
        raw: RawConnection,
        dataset: int,
        task: Task,
        counted: CountedTerms,
        agents: Agents,
    ) -> None:
        self._raw = raw
        self._dataset = dataset
        self._task = task
        self._counted = counted
        self._agents = agents
        self.agent = agents.number
        self._new: list[tuple[Any, ...]] = []
        """Annotations of new records, to be written together."""

    def flush(self) -> None:
        """Write the annotations of new records."""
        insert_rows(self._raw, f"annotations ({_COLUMNS})", 10, self._new)
        self._new = []

    def keep(self, rid: int, status: Status, annotation: AgentValues | None, at: int, *, new: bool) -> None:
        """Store the annotation of a record in a shared dataset; values that it does not repeat go to history."""
        by_agent = annotation.by_agent if annotation is not None else {}
        wanted = {self.agent(agent): encode_value(self._task, value) for agent, value in by_agent.items()}
        state = _STATE_NO[_STATE_OF[status]]
        there = {} if new else self.kept(rid)  # saves a query for each record when many are logged
        for annotator, before in there.items():
            if (wanted.get(annotator), state) != (before.value, before.state):
                self._remember(rid, annotator, before, at, HistoryReason.REPLACED)
            if annotator not in wanted:
                self._forget(rid, annotator, before)
        for annotator, value in wanted.items():
            known = there.get(annotator)
            if known is None or (known.state, known.value) != (state, value):
                # No terms: a shared dataset has only the resolved view, whose terms are those of the record
                now = AnnotationRow(state, value, 1, b"")
                if known is not None:  # the time they have spent on it stays
                    now = known._replace(state=state, value=value, version=known.version + 1, counted=False)
                if new:
                    self._new.append(_row(rid, annotator, now, at))
                else:
                    self._put(rid, annotator, now, at)

    def replace(
        self, rid: int, answer: SharedAnswer, at: int, there: Mapping[int, AnnotationRow]
    ) -> AnnotationRow | None:
        """Store an answer as the one annotation of a record in a shared dataset, as ``keep`` does; return its row.

        ``there`` are the stored annotations of the record.
        """
        state, value, mine = _STATE_NO[answer.state], None, None
        if answer.value is not None:
            value, mine = encode_value(self._task, answer.value), self.agent(answer.annotator)
        for annotator, before in there.items():
            if (annotator, state, value) != (mine, before.state, before.value):
                self._remember(rid, annotator, before, at, HistoryReason.REPLACED)
            if annotator != mine:
                self._forget(rid, annotator, before)
        if mine is None:
            return None
        known, seconds = there.get(mine), answer.seconds
        if known is None:
            now = AnnotationRow(state, value, 1, b"", seconds)
        else:
            now = known._replace(seconds=known.seconds if seconds is None else seconds)
            if (state, value) == (known.state, known.value):
                if now.seconds is not None and now.seconds != known.seconds:
                    _set_seconds(self._raw, rid, mine, now.seconds)
                return now
            # What a migration may have prepared as counted was the answer before
            now = now._replace(state=state, value=value, version=known.version + 1, counted=False)
        self._put(rid, mine, now, at)
        return now

    def change(
        self,
        rid: int,
        record: Record,
        before: Annotation | None,
        after: Annotation | None,
        at: int,
        why: HistoryReason = HistoryReason.REPLACED,
        by: str | None = None,
        there: Mapping[int, AnnotationRow] | None = None,
    ) -> None:
        """Replace one annotator's annotation of a record, ``before``, by ``after``; None stands for no annotation.

        ``there`` are the stored annotations of the record, where they have been read already.
        An answer goes to history, if ``before`` is given; a draft is overwritten in place. That an answer begins or
        ceases to count does not make it another answer.
        """
        name = (after or before).annotator  # type: ignore[union-attr]
        viewer = self._agents.number(name)
        kept = (self.kept(rid) if there is None else there).get(viewer)
        # By version: an answer that only begins or ceases to count is the same, and makes no history
        same = after is not None and before is not None and after.version == before.version
        if kept is not None and before is not None and not same and STATES[kept.state] in ANSWERED:
            self._remember(rid, viewer, kept, at, why, by)
        if after is None:
            if kept is not None:
                self._forget(rid, viewer, kept)
            return
        # Terms of the annotator's own view only; those that everybody sees are written by CaseWriter
        status = STATUS_OF[after.state]
        answers = None if after.value is None else AgentValues(name, {name: after.value})
        term_ids = self._counted.term_ids(answer_terms(record, status, answers), viewer=viewer)
        self._counted.change(rid & 0xFFFFFFFF, unpacked(kept.terms) if kept else (), term_ids)
        value = None if after.value is None else encode_value(self._task, after.value)
        state = _STATE_NO[after.state]
        now = AnnotationRow(state, value, after.version, packed(term_ids), after.seconds, after.counted)
        self._put(rid, viewer, now, after.updated)

    def discard(self, rid: int, at: int) -> None:
        """Mark everybody's annotation of a record as discarded."""
        for annotator, before in self.kept(rid).items():
            self._remember(rid, annotator, before, at, HistoryReason.DISCARDED_BY_QUERY)
            discarded = _STATE_NO[AnnotationState.DISCARDED]
            self._put(rid, annotator, before._replace(state=discarded, version=before.version + 1), at)

    def delete(self, rid: int, at: int, why: HistoryReason) -> None:
        """Move everybody's annotation of a record to history."""
        for annotator, before in self.kept(rid).items():
            self._remember(rid, annotator, before, at, why)
            self._forget(rid, annotator, before)

    def refresh(self, rid: int, content: bytes, prediction: bytes | None) -> None:
        """Update every annotator's view after the prediction changed: their answer may agree with it now."""
        for annotator, kept in self.kept(rid).items():
            name = self._agents.name(annotator)
            value = None if kept.value is None else decode_value(self._task, kept.value)
            status = STATUS_OF[STATES[kept.state]]
            answers = None if value is None else AgentValues(name, {name: value})
            record = decode_record(self._task, "", status, content, prediction, None)
            term_ids = self._counted.term_ids(answer_terms(record, status, answers), viewer=annotator)
            self._counted.change(rid & 0xFFFFFFFF, unpacked(kept.terms), term_ids)
            # The checksum stays: it does not cover terms, which are derived
            self._raw.send(
                "UPDATE annotations SET terms = ? WHERE rid = ? AND annotator = ?",
                (packed(term_ids), rid, annotator),
            )

    def kept(self, rid: int) -> dict[int, AnnotationRow]:
        """Return the stored annotations of a record, by annotator."""
        # Those that are not written yet would not be found
        if self._new:
            self.flush()
        rows = self._raw.execute(
            "SELECT annotator, state, value, version, terms, seconds, counted FROM annotations WHERE rid = ?",
            (rid,),
        )
        return {row[0]: AnnotationRow(*row[1:]) for row in rows.fetchall()}

    def _put(self, rid: int, annotator: int, kept: AnnotationRow, at: int) -> None:
        self._raw.send(_PUT, _row(rid, annotator, kept, at))

    def _forget(self, rid: int, annotator: int, kept: AnnotationRow) -> None:
        self._counted.change(rid & 0xFFFFFFFF, unpacked(kept.terms), ())
        self._raw.send("DELETE FROM annotations WHERE rid = ? AND annotator = ?", (rid, annotator))

    def _remember(
        self,
        rid: int,
        annotator: int,
        kept: AnnotationRow,
        at: int,
        why: HistoryReason,
        by: str | None = None,
    ) -> None:
        reason = stored_reason(why, by)
        add_row(self._raw, "history", (rid, annotator, kept.version, kept.state, kept.value, at, reason))


def _row(rid: int, annotator: int, kept: AnnotationRow, at: int) -> tuple[Any, ...]:
    """Return the values of ``_COLUMNS``."""
    # Databases return the column as a float, and the checksums of 3 and 3.0 differ
    seconds = None if kept.seconds is None else float(kept.seconds)
    # SQLite returns 0 and 1 for a truth value, and PostgreSQL takes none of them for one
    values = (rid, annotator, kept.state, bool(kept.counted), kept.version, seconds, at, kept.value)
    return (*values, checksum(values), kept.terms)

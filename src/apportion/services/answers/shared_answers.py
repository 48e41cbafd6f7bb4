"""Answers of a shared dataset: a record has one annotation, the latest, whoever wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.assignment.queue import Slot, submit
from apportion.domain.assignment.states import RowState
from apportion.domain.datasets import Dataset
from apportion.domain.errors import RecordNotFound
from apportion.domain.ids import RESOLVED, Viewer
from apportion.domain.individual.answering import sync_slots
from apportion.domain.individual.case import ANSWERED, Annotation, Case
from apportion.domain.individual.time_spent import so_far
from apportion.domain.permissions import EffectiveRole
from apportion.domain.policies import RIGHTS
from apportion.domain.records import AgentValues, Entities, Record
from apportion.ports.annotations import SharedAnswer
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess
from apportion.vocabulary import CountDecision, EventCode, Status

from .answer_change import AnnotationReceipt, AnswerChange, RecordPatch, log_answer
from .checked_value import STATUS_OF
from .eligibility import eligibility_of
from .log_request import LogRequest

__all__ = ["SharedAnswers"]

_ENDS = frozenset({Status.VALIDATED, Status.DISCARDED})
"""Statuses that complete a record."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SharedAnswers:
    """The answers of one shared dataset."""

    tx: Transaction
    dataset: Dataset

    @property
    def keeps_gold(self) -> bool:
        return False

    @property
    def annotators_log_content(self) -> bool:
        return True

    def viewer(self, annotator: str) -> Viewer:
        return RESOLVED

    def annotation_of(self, case: Case, annotator: str) -> Annotation | None:
        return max(case.annotations.values(), key=lambda each: (each.updated, each.version), default=None)

    def save(self, case: Case, change: AnswerChange) -> AnnotationReceipt:
        """Save an answer as the record's annotation, also where it is an extra for the plans.

        The time spent on it is stored for its author.
        """
        name = change.annotator
        spent = so_far(case.seconds_of(name), change.seconds)
        found, why = self._store(case, replace(change, seconds=spent))
        log_answer(self.tx, self.dataset, case, change, seconds=spent)
        if found is None:  # they have none any more: the receipt shows an empty one
            found = Annotation(name, change.state, None, 0, change.at)
        if why is CountDecision.CAPPED:
            return AnnotationReceipt(self.dataset, found, False, why, seconds=spent)
        reason = why if why is not None and why.counted else None
        return AnnotationReceipt(self.dataset, found, change.state in ANSWERED, reason, seconds=spent)

    def restore(self, case: Case, before: Annotation | None, change: AnswerChange) -> None:
        if before is None:
            self.save(case, replace(change, by=None))
            return
        restored = AnswerChange(before.annotator, before.state, before.value, change.at)
        self._store(case, restored)
        by = change.by or change.annotator
        self.tx.annotations.log_event(self.dataset, by, EventCode.TOOK_BACK, at=change.at, record=case)

    def check(self, access: DatasetAccess, request: LogRequest) -> None:
        if access.is_annotator:
            _check_rights(access, request)

    def log(self, access: DatasetAccess, request: LogRequest, *, now: int) -> int | None:
        prepared = request.prepared
        if not request.checked:
            self.check(access, request)
        if access.role not in (EffectiveRole.ADMIN, EffectiveRole.MANAGER):
            self._sign(access.username, request.records)
            prepared = None
        if prepared is None:
            prepared = request.prepare(request.task, request.records)
        self.tx.records.log(self.dataset, prepared, at=now, by=access.username)
        if self.tx.assignments.plans(self.dataset):
            by_id = {record.id: record for record in request.records}
            for case in self.tx.annotations.cases(self.dataset, list(by_id)):
                if case.slots:
                    record = by_id[case.id]
                    author = None if record.annotation is None else record.annotation.agent
                    self._sync_slots(case, record.status, author, now)
        return None

    def patch(self, access: DatasetAccess, id: str, patch: RecordPatch, *, now: int) -> RecordPatch:
        tx, dataset, status = self.tx, self.dataset, patch.status
        if patch.metadata:
            access.require_right("edit_metadata")
        if not tx.records.patch(dataset, id, metadata=patch.metadata, status=status, at=now):
            raise RecordNotFound(dataset.id, id)
        if status is not None and tx.assignments.plans(dataset):
            case = tx.annotations.case(dataset, id)
            if case is not None and case.slots:
                author = next((each.annotator for each in case.annotations.values()), access.username)
                self._sync_slots(case, status, author, now)
        return patch

    def discard(self, access: DatasetAccess, ids: Sequence[str], *, now: int) -> int:
        return self.tx.records.discard(self.dataset, Criteria(ids=tuple(ids)), at=now)[0]

    def skip(self, case: Case, after: Slot, note: str, *, now: int) -> None:
        before = next(each for each in case.slots if each.id == after.id)
        self.tx.assignments.save(self.dataset, [(before, after)], note)

    def reresolve(self, ids: Sequence[str], *, now: int, fill: bool = True, carried: bool = False) -> None:
        for case in self.tx.annotations.cases(self.dataset, ids):
            author = next(iter(sorted(case.annotations)), None)
            self._sync_slots(case, case.record.status, author, now)

    def forget_slots(self, ids: Sequence[str], *, now: int) -> None:
        return  # the one annotation of a record never depends on slots

    def _store(self, case: Case, change: AnswerChange) -> tuple[Annotation | None, CountDecision | None]:
        """Store an answer and what it changes about slots; return its annotation, and why it counts or does not."""
        name, at = change.annotator, change.at
        changed, why = self._changed_slots(case, STATUS_OF[change.state], name, at)
        after = {slot.id: slot for slot in changed}
        slots = tuple(after.get(slot.id, slot) for slot in case.slots)
        answer = SharedAnswer(
            case, name, change.state, change.value, change.seconds, slots, f"done by {name}"
        )
        saved = self.tx.annotations.save_shared(self.dataset, answer, at=at)
        self.tx.datasets.update(self.dataset, last_updated=at)
        return saved, why

    def _changed_slots(
        self, case: Case, status: Status, author: str | None, now: int
    ) -> tuple[list[Slot], CountDecision | None]:
        """Return the slots that the one annotation of a record changes: an answered record needs no other answer.

        And why its author's answer counts for the plans or does not; None where it is no answer or has no author.
        """
        if not case.slots:
            return [], None
        outcome = None
        if author is not None and status in _ENDS:
            eligibility = eligibility_of(self.tx, self.dataset, author, now)
            outcome = submit(case.slots, eligibility.person, now, loads=eligibility.loads)
        return sync_slots(case.slots, status, outcome), None if outcome is None else outcome.why

    def _sync_slots(self, case: Case, status: Status, author: str | None, now: int) -> None:
        """Update the slots of a record to its one annotation."""
        changed, _ = self._changed_slots(case, status, author, now)
        before = {slot.id: slot for slot in case.slots}
        ended = [slot for slot in changed if slot.state is RowState.WITHDRAWN]
        kept = [slot for slot in changed if slot not in ended]
        self.tx.assignments.save(self.dataset, [(before[slot.id], slot) for slot in kept])
        self.tx.assignments.save(
            self.dataset, [(before[slot.id], slot) for slot in ended], f"done by {author or 'someone'}"
        )

    def _sign(self, author: str, records: Sequence[Record]) -> None:
        """Set the author as agent of every annotation they changed; one left as it was keeps its own."""
        annotated = [record for record in records if record.annotation is not None]
        if not annotated:
            return
        stored = self.tx.records.stored_answers(self.dataset, [record.id for record in annotated])
        for record in annotated:
            assert record.annotation is not None
            before = stored.get(record.id)
            if before is not None and _same(before.value, record.annotation.value):
                record.annotation = before
            else:
                record.annotation = AgentValues(author, {author: record.annotation.value})


def _check_rights(access: DatasetAccess, request: LogRequest) -> None:
    """Refuse an annotator's request to log changes that the dataset does not let them make."""
    if set(RIGHTS) <= set(access.policies.annotators_may):
        return
    dataset, records = access.dataset, request.records
    tags, metadata = {**dataset.tags, **request.tags}, {**dataset.metadata, **request.metadata}
    if tags != dataset.tags or metadata != dataset.metadata:
        access.require_right("edit_tags")
    cases = access.tx.annotations.cases(dataset, [record.id for record in records])
    stored = {case.id: case.record.metadata for case in cases}
    added = [record.id for record in records if record.id not in stored]
    if added:
        access.require_right("add_records", _named(added))
    changed = [
        record.id
        for record in records
        if record.id in stored and (record.metadata or {}) != (stored[record.id] or {})
    ]
    if changed:
        access.require_right("edit_metadata", _named(changed))


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f" ({', '.join(map(repr, ids[:_SHOWN]))}{more})"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Entities) and isinstance(other, Entities):
        return [(s.start, s.end, s.label) for s in one.spans] == [
            (s.start, s.end, s.label) for s in other.spans
        ]
    return bool(one == other)

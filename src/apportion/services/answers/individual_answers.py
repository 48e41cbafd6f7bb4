"""Answers of an individual dataset: everybody keeps their own, and the record's value is resolved from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from apportion.domain.assignment.queue import Slot
from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, ForbiddenOperationError
from apportion.domain.ids import Viewer
from apportion.domain.individual.case import Annotation, Case
from apportion.domain.individual.fill_slots import with_slots_filled
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason, Status

from .answer_change import AnnotationReceipt, AnswerChange, RecordPatch, log_answer, record_case
from .apply_answer import apply_answer
from .bulk_individual import check_individual, log_individual, own_state
from .checked_value import checked_value
from .decision import Decision, decide
from .log_request import LogRequest
from .shown_gold import gold_shown_to

__all__ = ["IndividualAnswers", "user_check"]


@dataclass(frozen=True, slots=True)
class IndividualAnswers:
    """The answers of one individual dataset."""

    tx: Transaction
    dataset: Dataset

    @property
    def keeps_gold(self) -> bool:
        return True

    @property
    def annotators_log_content(self) -> bool:
        return False

    @property
    def policies(self) -> Policies:
        return Policies.of(self.dataset.policies)

    def viewer(self, annotator: str) -> Viewer:
        return self.tx.records.viewer(annotator)

    def annotation_of(self, case: Case, annotator: str) -> Annotation | None:
        return case.of(annotator)

    def save(self, case: Case, change: AnswerChange) -> AnnotationReceipt:
        applied, why = apply_answer(self.tx, self.dataset, case, change)
        self.tx.annotations.save_cases(self.dataset, [applied], at=change.at)
        name, after = change.annotator, applied.after
        found = after.of(name)
        assert found is not None
        log_answer(self.tx, self.dataset, case, change, seconds=found.seconds)
        gold = gold_shown_to(after, name)
        return AnnotationReceipt(self.dataset, found, found.counted, why, gold, found.seconds)

    def restore(self, case: Case, before: Annotation | None, change: AnswerChange) -> None:
        state = AnnotationState.NONE if before is None else before.state
        self.save(case, replace(change, state=state, value=None if before is None else before.value))

    def check(self, access: DatasetAccess, request: LogRequest) -> None:
        check_individual(access, request)

    def log(self, access: DatasetAccess, request: LogRequest, *, now: int) -> int | None:
        return log_individual(access, request, now=now)

    def patch(self, access: DatasetAccess, id: str, patch: RecordPatch, *, now: int) -> RecordPatch:
        """Patch a record: annotators set the state of their own annotation, others metadata, or close the record."""
        case = record_case(access, id, writing=True)
        name, status = self.dataset.name, patch.status
        if patch.metadata:
            if access.is_annotator:
                raise ForbiddenOperationError(
                    f"Operation not allowed: annotators can't change the metadata of dataset {name}, where "
                    "everyone gives their own answers. Nothing was changed."
                )
            self.tx.records.patch(
                self.dataset, id, metadata=patch.metadata, status=None, at=now, keep_answers=True
            )
        logged = RecordPatch(patch.metadata)  # a changed status is logged as an event of its own
        if status is None:
            return logged
        if access.is_annotator:
            mine = case.of(access.username)
            value = None if mine is None or status is Status.DEFAULT else mine.value
            state = AnnotationState.NONE if status is Status.DEFAULT else own_state(status, value is not None)
            checked = checked_value(self.dataset, case.record, value, state)
            self._save_untimed(case, AnswerChange(access.username, state, checked, now))
        elif status is Status.DISCARDED:
            self._close(case, access.username, now)
        elif status is not case.record.status:
            raise BadRequestError(
                f"In dataset {name} everyone gives their own answers, and the status follows from them and from "
                "final values. Resolve the record, or set 'Discarded'. Nothing was changed."
            )
        return logged

    def discard(self, access: DatasetAccess, ids: Sequence[str], *, now: int) -> int:
        for case in self.tx.annotations.cases(self.dataset, ids):
            if access.is_annotator:
                self._discard_own(case, access.username, now)
            else:
                self._close(case, access.username, now)
        return len(ids)

    def skip(self, case: Case, after: Slot, note: str, *, now: int) -> None:
        changed = case.with_slot(after)
        change = CaseChange(case, changed, self.policies.resolve(changed), note=note)
        self.tx.annotations.save_cases(self.dataset, [change], at=now)

    def reresolve(self, ids: Sequence[str], *, now: int, fill: bool = True, carried: bool = False) -> None:
        policies, is_user = self.policies, user_check(self.tx)
        changes = []
        for case in self.tx.annotations.cases(self.dataset, ids):
            after = case
            if carried:
                own = {name: each for name, each in case.annotations.items() if is_user(name)}
                after = replace(case, annotations=own)
            if fill:
                after = with_slots_filled(after, policies.required)
            why = HistoryReason.MADE_INDIVIDUAL if carried else HistoryReason.REPLACED
            changes.append(CaseChange(case, after, policies.resolve(after), why))
        self.tx.annotations.save_cases(self.dataset, changes, at=now)

    def forget_slots(self, ids: Sequence[str], *, now: int) -> None:
        self.reresolve(ids, now=now)

    def _save_untimed(self, case: Case, change: AnswerChange) -> None:
        """Save an answer that came with no time spent on it."""
        applied, _ = apply_answer(self.tx, self.dataset, case, change)
        self.tx.annotations.save_cases(self.dataset, [applied], at=change.at)
        log_answer(self.tx, self.dataset, case, change)

    def _discard_own(self, case: Case, annotator: str, now: int) -> None:
        mine, discarded = case.of(annotator), AnnotationState.DISCARDED
        if mine is None or mine.state is not discarded:
            value = None if mine is None else mine.value
            self._save_untimed(case, AnswerChange(annotator, discarded, value, now))

    def _close(self, case: Case, by: str, now: int) -> None:
        """Mark a record as unusable by a gold value."""
        if case.gold is not None and case.gold.value is None:
            return
        change = decide(self.policies, case, Decision(None, by, "discarded", now))
        self.tx.annotations.save_cases(self.dataset, [change], at=now)
        detail = {"reason": "discarded"}
        self.tx.annotations.log_event(
            self.dataset, by, EventCode.ADJUDICATED, at=now, record=case, detail=detail
        )


def user_check(tx: Transaction) -> Callable[[str], bool]:
    """Return a function that tells whether a name is a user's, deactivated ones included.

    It reads all names at once, when it is first called.
    """
    names: set[str] = set()

    def is_user(name: str) -> bool:
        if not names:
            names.update(actor.username for actor in tx.people.users(inactive=True))
        return name in names

    return is_user

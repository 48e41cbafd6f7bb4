"""Log records into an individual dataset: everybody writes the view that they see.

An annotator's ``annotation`` and ``status`` are their own; they never change content. A reviewer's, manager's
or administrator's ``annotation`` is the resolved value: one that is stored already changes nothing, a new one is their
decision. People's own annotations are written in bulk through the plural ``annotations``, by managers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    ForbiddenOperationError,
    OtherContentError,
    RecordNotFound,
    ValidationError,
)
from apportion.domain.individual.answering import STATE_OF, invalidate
from apportion.domain.individual.case import Case
from apportion.domain.individual.record_view import (
    ADJUDICATED,
    CONSENSUS,
    ResolvedView,
    same_value,
)
from apportion.domain.parts import parts_of
from apportion.domain.permissions import EffectiveRole
from apportion.domain.policies import Policies
from apportion.domain.records import Record, Value, shown_content
from apportion.ports.annotations import CaseChange
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason, Status

from .answer_change import AnswerChange, log_answer
from .apply_answer import apply_answer
from .checked_value import checked_value
from .decision import Decision, decide
from .log_request import LogRequest

__all__ = ["check_individual", "log_individual", "own_state"]

_AT_ONCE = 500
"""Records that are read at once to be checked."""


def check_individual(access: DatasetAccess, request: LogRequest) -> None:
    """Refuse what this person may not log here, and answers that do not fit their records."""
    wanted = _last_of_each(request.records)
    if access.is_annotator:
        for some in parts_of(wanted, _AT_ONCE):
            cases = _cases(access, some)
            _check_own(access, some, cases)
            for record in some:
                _own_answer(access.dataset, cases[record.id], record)
        return
    people = _people(access, wanted)
    for record in wanted:
        sent = list(people.get(record.id, {}).values())
        if _decides(record) and record.status is Status.VALIDATED and record.annotation is not None:
            sent.append(record.annotation.value)
        for value in sent:
            checked_value(access.dataset, record, value, AnnotationState.SUBMITTED)


def log_individual(access: DatasetAccess, request: LogRequest, *, now: int) -> int:
    """Store the records, of which some may be prepared, as this person may.

    Return how many annotations were left as they were.
    """
    tx, dataset = access.tx, access.dataset
    wanted = _last_of_each(request.records)
    cases = _cases(access, wanted)
    if access.is_annotator:
        fitting = [each for each in wanted if _still_fits(cases.get(each.id), each)]
        if not request.checked:
            _check_own(access, wanted, cases)
            fitting = wanted
        return len(wanted) - len(fitting) + _own(access, fitting, cases, now)
    people = _people(access, wanted, checked=request.checked)
    bare = [_content_only(record) for record in wanted]
    ready = _reencode(dataset, wanted, bare, request)
    tx.records.log(dataset, ready, at=now, keep_answers=True, by=access.username)
    kept = 0
    for record, content in zip(wanted, bare, strict=True):
        if record.id in cases:
            _update_case(tx, dataset, cases[record.id], content, now)
        kept += not _store_answers(access, record, people.get(record.id, {}), now)
    return kept


def own_state(status: Status, annotated: bool) -> AnnotationState:
    """Return the state that a 1.x status gives the writer's own annotation."""
    return STATE_OF.get(status, AnnotationState.DRAFT if annotated else AnnotationState.NONE)


def _last_of_each(records: Sequence[Record]) -> list[Record]:
    """Return the last record of each id."""
    return list({record.id: record for record in records}.values())


def _cases(access: DatasetAccess, records: Sequence[Record]) -> dict[str, Case]:
    found = access.tx.annotations.cases(access.dataset, [each.id for each in records])
    return {case.id: case for case in found}


# Annotators


def _check_own(access: DatasetAccess, records: Sequence[Record], cases: Mapping[str, Case]) -> None:
    dataset, name, policies = access.dataset, access.username, access.policies
    for record in records:
        case = cases.get(record.id)
        if str(policies.visibility) == "assigned" and (case is None or not case.ever_had(name)):
            raise RecordNotFound(dataset.id, record.id)
        if case is None:
            raise ForbiddenOperationError(
                f"Operation not allowed: record {record.id} is new, and annotators add no records to dataset "
                f"{dataset.name}. Nothing of this request was stored."
            )
    other = [
        record.id for record in records if shown_content(record) != shown_content(cases[record.id].record)
    ]
    if other:
        raise OtherContentError(other)


def _still_fits(case: Case | None, record: Record) -> bool:
    """Return whether the record is there, with the content that was annotated."""
    return case is not None and shown_content(record) == shown_content(case.record)


def _own_answer(dataset: Dataset, case: Case, record: Record) -> tuple[AnnotationState, Value | None]:
    sent = None if record.annotation is None else record.annotation.value
    state = own_state(record.status, sent is not None)
    return state, checked_value(dataset, case.record, sent, state)


def _own(access: DatasetAccess, records: Sequence[Record], cases: Mapping[str, Case], now: int) -> int:
    tx, dataset, name = access.tx, access.dataset, access.username
    kept = 0
    for record in records:
        case = cases[record.id]
        state, value = _own_answer(dataset, case, record)
        before = case.of(name)
        if before is None and state is AnnotationState.NONE:
            continue
        if (
            before is not None
            and before.state is state
            and (before.value is None) is (value is None)
            and same_value(case.record, before.value, value)
        ):
            kept += 1
            continue
        answer = AnswerChange(name, state, value, now)
        change, _ = apply_answer(tx, dataset, case, answer)
        tx.annotations.save_cases(dataset, [change], at=now)
        log_answer(tx, dataset, case, answer)
    return kept


# Reviewers, managers and administrators, who see the resolved view


def _store_answers(access: DatasetAccess, record: Record, people: Mapping[str, Value], now: int) -> bool:
    """Store the answers that came with a record just logged; return False where an annotation changed nothing."""
    written = False
    for name, value in people.items():
        written = _set_own(access, record.id, name, value, now) or written
    if _store_decision(access, record, now):
        written = True
    return written or record.annotation is None


def _content_only(record: Record) -> Record:
    """Return the record without its status and annotation."""
    if record.annotation is None and record.status is Status.DEFAULT:
        return record
    return replace(record, status=Status.DEFAULT, annotation=None)


def _reencode(
    dataset: Dataset,
    records: Sequence[Record],
    bare: Sequence[Record],
    request: LogRequest,
) -> list[EncodedRecord]:
    """Return the bare records encoded for writing: those that came bare may be encoded already."""
    ready = {each.id: each for each in request.prepared or ()}
    other = [
        each for record, each in zip(records, bare, strict=True) if each is not record or each.id not in ready
    ]
    ready |= {each.id: each for each in request.prepare(dataset.task, other)}
    return [ready[each.id] for each in bare]


def _update_case(tx: Transaction, dataset: Dataset, before: Case, content: Record, now: int) -> None:
    """Update a case to new content: another text outdates its answers, another prediction resolves it again."""
    outdated = shown_content(content) != shown_content(before.record)
    after = replace(invalidate(before) if outdated else before, record=content)
    new_prediction = content.prediction != before.record.prediction
    if after != replace(before, record=content) or (new_prediction and (after.annotations or after.gold)):
        why = HistoryReason.OUTDATED if outdated else HistoryReason.REPLACED
        tx.annotations.save_cases(
            dataset,
            [
                CaseChange(
                    before,
                    after,
                    Policies.of(dataset.policies).resolve(after),
                    why,
                    "outdated" if outdated else None,
                )
            ],
            at=now,
        )


def _people(
    access: DatasetAccess, records: Sequence[Record], *, checked: bool = False
) -> dict[str, dict[str, Value]]:
    """Return people's own annotations that the records carry, by record id and user.

    ``checked``: who is no user any more is left out.
    """
    found: dict[str, dict[str, Value]] = {}
    for place, record in enumerate(records):
        if record.annotation is None:
            continue
        for name, value in record.annotation.by_agent.items():
            singular = record.annotation.singular and name == record.annotation.agent
            if not singular and not name.startswith((CONSENSUS, ADJUDICATED)):
                if access.tx.people.user_by_name(name) is None:
                    if checked:
                        continue
                    raise ValidationError(
                        [
                            {
                                "loc": ["body", "records", place, "annotations", name],
                                "msg": f"there is no user {name}; nothing of this request was stored",
                                "type": "value_error",
                            }
                        ]
                    )
                found.setdefault(record.id, {})[name] = value
    if found and access.role is EffectiveRole.REVIEWER:
        return {}
    return found


def _set_own(access: DatasetAccess, id: str, name: str, value: Value, now: int) -> bool:
    """Set a user's own annotation; return False when it is or was that already: an older copy was logged back."""
    tx, dataset = access.tx, access.dataset
    case = tx.annotations.case(dataset, id)
    assert case is not None
    before = case.of(name)
    stored = [each.value for each in tx.annotations.history(dataset, id, name)]
    if before is not None and before.answered:
        stored.append(before.value)
    if any(each is not None and same_value(case.record, each, value) for each in stored):
        return False
    checked = checked_value(dataset, case.record, value, AnnotationState.SUBMITTED)
    change, _ = apply_answer(tx, dataset, case, AnswerChange(name, AnnotationState.SUBMITTED, checked, now))
    tx.annotations.save_cases(dataset, [change], at=now)
    return True


def _decides(record: Record) -> bool:
    """Return whether the record carries a decision."""
    if record.status is Status.VALIDATED:
        return record.annotation is not None and record.annotation.singular
    return record.status is Status.DISCARDED


def _store_decision(access: DatasetAccess, record: Record, now: int) -> bool:
    """Store the decision that the record carries; return False where it carries none, or one already stored."""
    if not _decides(record):
        return False
    sent = record.annotation
    tx, dataset = access.tx, access.dataset
    case = tx.annotations.case(dataset, record.id)
    assert case is not None
    view = access.policies.resolve(case)
    value = None
    if record.status is Status.DISCARDED:
        if view.status is Status.DISCARDED:
            return False
    else:
        assert sent is not None
        value = checked_value(dataset, case.record, sent.value, AnnotationState.SUBMITTED)
        if _is_known(tx, dataset, case, view, value):
            return False
    change = decide(access.policies, case, Decision(value, access.username, "logged", now))
    tx.annotations.save_cases(dataset, [change], at=now)
    tx.annotations.log_event(
        dataset, access.username, EventCode.ADJUDICATED, at=now, record=case, detail={"reason": "logged"}
    )
    return True


def _is_known(tx: Transaction, dataset: Dataset, case: Case, view: ResolvedView, value: Value | None) -> bool:
    """Return whether the value is or was the resolved one or somebody's: then it is no decision of the writer."""
    stored = [view.value, *view.everyone.values()]
    stored += [each.value for each in tx.annotations.history(dataset, case.id)]
    return any(each is not None and same_value(case.record, each, value) for each in stored)

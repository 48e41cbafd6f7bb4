"""Change, discard and delete stored records."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, DatasetGoneError, ForbiddenOperationError, RecordNotFound
from apportion.domain.individual.case import Case
from apportion.domain.jobs import JobKind, JobState, runs_of, within
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role
from apportion.domain.query import show
from apportion.ports.events import About
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.store import Transaction
from apportion.services.answers.adjudicate import decide
from apportion.services.answers.bulk_individual import own_state
from apportion.services.answers.own_annotations import (
    apply_answer,
    checked_value,
    log_answer,
    record_case,
    sync_shared_slots,
)
from apportion.services.datasets.access import find_dataset, row_for, seen_by
from apportion.services.datasets.rights import require_right
from apportion.vocabulary import AnnotationState, EventCode, Status

__all__ = [
    "AT_ONCE",
    "Removal",
    "go_on_removing",
    "matching_numbers",
    "patch_record",
    "remove_records",
    "remove_some",
    "stop_removing",
]

AT_ONCE = 500
"""Records deleted or discarded in one transaction: few, so that nobody annotating waits long."""

_IDS_KEPT = 20
"""Ids of deleted records that the audit log names."""


def patch_record(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    *,
    metadata: dict[str, Any] | None,
    status: Status | None,
    now: int,
) -> tuple[Dataset, StoredRecord]:
    """Merge metadata into a record and set its status; return the record as it then is."""
    dataset = find_dataset(tx, actor, workspace, name, Action.PATCH_RECORD, open_only=True)
    if dataset.individual:
        _patch_individual(tx, actor, dataset, id, metadata, status, now)
        if metadata:  # a changed status is logged as an event of its own
            _log_patch(tx, actor, dataset, id, metadata, None, now)
        return _as_seen(tx, actor, dataset, id)
    if metadata:
        require_right(actor, dataset, "edit_metadata")
    if not tx.records.patch(dataset, id, metadata=metadata, status=status, at=now):
        raise RecordNotFound(dataset.id, id)
    _log_patch(tx, actor, dataset, id, metadata, status, now)
    if status is not None and tx.assignments.plans(dataset):
        case = tx.annotations.case(dataset, id)
        if case is not None and case.slots:
            author = next((each.annotator for each in case.annotations.values()), actor.username)
            sync_shared_slots(tx, dataset, case, status, author, now)
    return _as_seen(tx, actor, dataset, id)


def _log_patch(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    id: str,
    metadata: dict[str, Any] | None,
    status: Status | None,
    now: int,
) -> None:
    """Log the event of a changed record: the keys of its metadata, but not the values, which the log must not hold."""
    if metadata or status is not None:
        after = {"status": None if status is None else str(status), "metadata_keys": sorted(metadata or ())}
        about = About(dataset, object=id)
        tx.events.add(EventCode.CHANGED_RECORD, about, who=actor.username, at=now, after=after)


def _as_seen(tx: Transaction, actor: Actor, dataset: Dataset, id: str) -> tuple[Dataset, StoredRecord]:
    row = row_for(tx, actor, dataset, id)
    assert row is not None
    return dataset, row


def _patch_individual(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    id: str,
    metadata: dict[str, Any] | None,
    status: Status | None,
    now: int,
) -> None:
    """Patch a record of an individual dataset.

    Annotators set the state of their own annotation; reviewers and managers set metadata, or close the record.
    """
    case = record_case(tx, dataset, actor, id, writing=True)
    annotator = effective_role(actor, dataset.workspace) is EffectiveRole.MEMBER
    if metadata:
        if annotator:
            raise ForbiddenOperationError(
                f"Operation not allowed: annotators do not change the metadata of dataset {dataset.name}, where "
                "everybody has annotations of their own. Nothing was changed."
            )
        tx.records.patch(dataset, id, metadata=metadata, status=None, at=now, keep_answers=True)
    if status is None:
        return
    if annotator:
        mine = case.of(actor.username)
        value = None if mine is None or status is Status.DEFAULT else mine.value
        state = AnnotationState.NONE if status is Status.DEFAULT else own_state(status, value is not None)
        checked = checked_value(dataset, case.record, value, state)
        change, _ = apply_answer(tx, dataset, case, actor.username, state, checked, now=now)
        tx.annotations.save_cases(dataset, [change], at=now)
        log_answer(tx, dataset, case, actor.username, state, now)
    elif status is Status.DISCARDED:
        close_record(tx, dataset, case, actor.username, now)
    elif status is not case.record.status:
        raise BadRequestError(
            f"In dataset {dataset.name} everybody has annotations of their own: the status follows from them and "
            "from gold values. Set a gold value, or 'Discarded'. Nothing was changed."
        )


def close_record(tx: Transaction, dataset: Dataset, case: Case, by: str, now: int) -> None:
    """Mark a record as unusable by a gold value."""
    if case.gold is not None and case.gold.value is None:
        return
    tx.annotations.save_cases(dataset, [decide(dataset, case, None, by, "discarded", now)], at=now)
    tx.annotations.log_event(
        dataset, by, EventCode.ADJUDICATED, at=now, record=case, detail={"reason": "discarded"}
    )


@dataclass(frozen=True, slots=True)
class Removal:
    """Progress of deleting or discarding records: how many matched, how many are processed, and the job, if any."""

    matched: int
    processed: int
    job: str | None = None


def matching_numbers(
    tx: Transaction, actor: Actor, workspace: str, name: str, criteria: Criteria, *, discard: bool
) -> tuple[str, list[int]]:
    """Return the dataset's UUID and the numbers of the records to be removed. Not to be run on the writer thread."""
    dataset = _to_remove_from(tx, actor, workspace, name, discard)
    return dataset.uuid, tx.records.numbers(dataset, seen_by(tx, actor, dataset, criteria))


def _to_remove_from(tx: Transaction, actor: Actor, workspace: str, name: str, discard: bool) -> Dataset:
    action = Action.DISCARD_RECORDS if discard else Action.DELETE_RECORDS
    dataset = find_dataset(tx, actor, workspace, name, action, open_only=True)
    if discard:
        require_right(actor, dataset, "discard_by_query")
    return dataset


def remove_records(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    numbers: Sequence[int],
    criteria: Criteria,
    *,
    of: str,
    discard: bool,
    now: int,
) -> Removal:
    """Delete records by number for good, or mark them as discarded: at once if there are few, else by a job.

    They are those that ``matching_numbers`` found by the criteria at ``now``; what was logged again since stays.

    The job with the numbers of all that matched is stored before the first is removed. The caller goes on calling
    ``remove_some`` until it is done; should the server stop before, it is finished after the next start.
    """
    dataset = _to_remove_from(tx, actor, workspace, name, discard)
    if dataset.uuid != of:
        raise DatasetGoneError(name)
    what = EventCode.DISCARDED_RECORDS if discard else EventCode.DELETED_RECORDS
    detail: dict[str, Any] = {"records": len(numbers), **_which(criteria)}
    if len(numbers) <= AT_ONCE:
        ids = tx.records.ids_of(dataset, numbers, logged_by=now)
        if numbers:
            tx.events.add(what, About(dataset), who=actor.username, at=now, detail=detail)
        return Removal(len(numbers), _remove(tx, actor, dataset, ids, discard=discard, now=now))
    kind = JobKind.DISCARD if discard else JobKind.DELETE
    spec = {"runs": runs_of(numbers), "matched": len(numbers)}
    job = tx.jobs.add(dataset, str(uuid.uuid4()), kind, spec, by=actor.username, at=now)
    detail["job"] = job.id
    tx.events.add(what, About(dataset), who=actor.username, at=now, detail=detail)
    tx.jobs.change(job, at=now, state=JobState.RUNNING, done=0, total=len(numbers), result={"processed": 0})
    return Removal(len(numbers), 0, job.id)


def _which(criteria: Criteria) -> dict[str, Any]:
    """Return the requested records as the audit log shows them: some of their ids, or the query."""
    if criteria.ids is not None:
        return {"ids": list(criteria.ids[:_IDS_KEPT])}
    return {"query": show(criteria.query)}


def go_on_removing(tx: Transaction, actor: Actor, workspace: str, name: str, id: str, *, now: int) -> Removal:
    """Continue a removal that ``actor`` has begun, if they may still do so and the dataset is there."""
    job = tx.jobs.find(id)
    assert job is not None
    discard = job.kind is JobKind.DISCARD
    action = Action.DISCARD_RECORDS if discard else Action.DELETE_RECORDS
    dataset = find_dataset(tx, actor, workspace, name, action)
    if discard:
        require_right(actor, dataset, "discard_by_query")
    return remove_some(tx, dataset, actor, id, now=now)


def stop_removing(tx: Transaction, id: str, why: str, *, now: int) -> None:
    """End a removal that its owner may not continue; what was removed before stays removed."""
    job = tx.jobs.find(id)
    if job is not None:
        tx.jobs.change(job, at=now, state=JobState.FAILED, message=f"{why} What was done before stays.")


def remove_some(tx: Transaction, dataset: Dataset, actor: Actor, id: str, *, now: int) -> Removal:
    """Remove the next records of a job; return the progress, without the job once it is done."""
    job = tx.jobs.find(id)
    assert job is not None
    numbers = within(job.spec["runs"], job.done, AT_ONCE)
    ids = tx.records.ids_of(dataset, numbers, logged_by=job.created_at)
    discard = job.kind is JobKind.DISCARD
    before = 0 if job.result is None else int(job.result["processed"])
    processed = before + _remove(tx, actor, dataset, ids, discard=discard, now=now)
    done = job.done + len(numbers)
    matched = int(job.spec["matched"])
    state = JobState.DONE if done >= matched else None
    tx.jobs.change(job, at=now, state=state, done=done, result={"processed": processed})
    return Removal(matched, processed, None if state is JobState.DONE else id)


def _remove(
    tx: Transaction, actor: Actor, dataset: Dataset, ids: Sequence[str], *, discard: bool, now: int
) -> int:
    if not ids:
        return 0
    if not discard:
        return tx.records.delete(dataset, Criteria(ids=tuple(ids)), at=now)[1]
    if not dataset.individual:
        return tx.records.discard(dataset, Criteria(ids=tuple(ids)), at=now)[0]
    own = effective_role(actor, dataset.workspace) is EffectiveRole.MEMBER
    for case in tx.annotations.cases(dataset, ids):
        if own:
            _discard_mine(tx, actor, dataset, case, now)
        else:
            close_record(tx, dataset, case, actor.username, now)
    return len(ids)


def _discard_mine(tx: Transaction, actor: Actor, dataset: Dataset, case: Case, now: int) -> None:
    mine = case.of(actor.username)
    if mine is not None and mine.state is AnnotationState.DISCARDED:
        return
    value, discarded = None if mine is None else mine.value, AnnotationState.DISCARDED
    change, _ = apply_answer(tx, dataset, case, actor.username, discarded, value, now=now)
    tx.annotations.save_cases(dataset, [change], at=now)
    log_answer(tx, dataset, case, actor.username, discarded, now)

"""Change, discard and delete records that are already there."""

from __future__ import annotations

from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, ForbiddenOperationError, RecordNotFound
from apportion.domain.individual.case import Case
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, Place, place_of
from apportion.ports.records import Criteria, Row
from apportion.ports.store import Work
from apportion.vocabulary import AnnotationState, Status

from .adjudicate import decide
from .annotate import checked_value, follow_shared, note_answer, record_case, set_answer
from .individual import own_state
from .manage_datasets import find_dataset, row_for, seen_by
from .rights import require_right

__all__ = ["delete_records", "discard_records", "patch_record"]


def patch_record(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    id: str,
    *,
    metadata: dict[str, Any] | None,
    status: Status | None,
    now: int,
) -> tuple[Dataset, Row]:
    """Merge metadata into a record and set its status; the record as it then is."""
    dataset = find_dataset(work, actor, workspace, name, Action.PATCH_RECORD, open_only=True)
    if dataset.individual:
        _patch_individual(work, actor, dataset, id, metadata, status, now)
        return _as_seen(work, actor, dataset, id)
    if metadata:
        require_right(actor, dataset, "edit_metadata")
    if not work.records.patch(dataset, id, metadata=metadata, status=status, at=now):
        raise RecordNotFound(dataset.id, id)
    if status is not None and work.assignments.plans(dataset):
        case = work.annotations.case(dataset, id)
        if case is not None and case.slots:
            author = next((each.annotator for each in case.annotations.values()), actor.username)
            follow_shared(work, dataset, case, status, author, now)
    return _as_seen(work, actor, dataset, id)


def _as_seen(work: Work, actor: Actor, dataset: Dataset, id: str) -> tuple[Dataset, Row]:
    row = row_for(work, actor, dataset, id)
    assert row is not None
    return dataset, row


def _patch_individual(
    work: Work,
    actor: Actor,
    dataset: Dataset,
    id: str,
    metadata: dict[str, Any] | None,
    status: Status | None,
    now: int,
) -> None:
    """An annotator sets the state of their own annotation; who leads, metadata and the record's closing."""
    case = record_case(work, dataset, actor, id, writing=True)
    annotator = place_of(actor, dataset.workspace) is Place.MEMBER
    if metadata:
        if annotator:
            raise ForbiddenOperationError(
                f"Operation not allowed: annotators do not change the metadata of dataset {dataset.name}, where "
                "everybody has annotations of their own. Nothing was changed."
            )
        work.records.patch(dataset, id, metadata=metadata, status=None, at=now, keep_answers=True)
    if status is None:
        return
    if annotator:
        mine = case.of(actor.username)
        value = None if mine is None or status is Status.DEFAULT else mine.value
        state = AnnotationState.NONE if status is Status.DEFAULT else own_state(status, value is not None)
        checked = checked_value(dataset, case.record, value, state)
        settled, _ = set_answer(work, dataset, case, actor.username, state, checked, now=now)
        work.annotations.settle(dataset, [settled], at=now)
        note_answer(work, dataset, case, actor.username, state, now)
    elif status is Status.DISCARDED:
        close_record(work, dataset, case, actor.username, now)
    elif status is not case.record.status:
        raise BadRequestError(
            f"In dataset {dataset.name} everybody has annotations of their own: the status follows from them and "
            "from gold values. Set a gold value, or 'Discarded'. Nothing was changed."
        )


def close_record(work: Work, dataset: Dataset, case: Case, by: str, now: int) -> None:
    """Decide that a record is unusable."""
    if case.gold is not None and case.gold.value is None:
        return
    work.annotations.settle(dataset, [decide(dataset, case, None, by, "discarded", now)], at=now)
    work.annotations.note(dataset, by, "adjudicated", at=now, record=case, detail={"reason": "discarded"})


def delete_records(
    work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria, *, now: int
) -> tuple[int, int]:
    """Remove every match for good: how many matched, how many were removed."""
    dataset = find_dataset(work, actor, workspace, name, Action.DELETE_RECORDS, open_only=True)
    return work.records.delete(dataset, seen_by(work, actor, dataset, criteria), at=now)


def discard_records(
    work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria, *, now: int
) -> tuple[int, int]:
    """Mark every match as discarded: how many matched, how many are so now."""
    dataset = find_dataset(work, actor, workspace, name, Action.DISCARD_RECORDS, open_only=True)
    seen = seen_by(work, actor, dataset, criteria)
    require_right(actor, dataset, "discard_by_query")
    if not dataset.individual:
        matched, _ = work.records.discard(dataset, seen, at=now)
        return matched, matched
    own = place_of(actor, dataset.workspace) is Place.MEMBER
    ids = work.records.ids(dataset, seen).ids
    for start in range(0, len(ids), 500):
        for case in work.annotations.cases(dataset, ids[start : start + 500]):
            if not own:
                close_record(work, dataset, case, actor.username, now)
                continue
            mine = case.of(actor.username)
            if mine is not None and mine.state is AnnotationState.DISCARDED:
                continue
            value = None if mine is None else mine.value
            discarded = AnnotationState.DISCARDED
            settled, _ = set_answer(work, dataset, case, actor.username, discarded, value, now=now)
            work.annotations.settle(dataset, [settled], at=now)
            note_answer(work, dataset, case, actor.username, discarded, now)
    return len(ids), len(ids)

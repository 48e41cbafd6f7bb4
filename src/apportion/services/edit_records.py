"""Change, discard and delete records that are already there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.errors import RecordNotFound
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.ports.records import Criteria, Row
from apportion.ports.store import Work
from apportion.vocabulary import Status

from .manage_datasets import find_dataset, viewer_of

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
    if not work.records.patch(dataset, id, metadata=metadata, status=status, at=now):
        raise RecordNotFound(dataset.id, id)
    row = work.records.get(dataset, id, viewer_of(work, actor, dataset))
    assert row is not None
    return dataset, row


def delete_records(
    work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria, *, now: int
) -> tuple[int, int]:
    """Remove every match for good: how many matched, how many were removed."""
    dataset = find_dataset(work, actor, workspace, name, Action.DELETE_RECORDS, open_only=True)
    return work.records.delete(dataset, replace(criteria, viewer=viewer_of(work, actor, dataset)), at=now)


def discard_records(
    work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria, *, now: int
) -> tuple[int, int]:
    """Mark every match as discarded: how many matched, how many are so now."""
    dataset = find_dataset(work, actor, workspace, name, Action.DISCARD_RECORDS, open_only=True)
    seen = replace(criteria, viewer=viewer_of(work, actor, dataset))
    matched, _ = work.records.discard(dataset, seen, at=now)
    return matched, matched

"""Log records into a dataset: the whole request or nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from apportion.domain.datasets import Dataset, check_remarks
from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.records import Entities, Record, TextClassificationRecord
from apportion.ports.plans import PlanPhase
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.log_request import LogRequest
from apportion.services.datasets.access import DatasetAccess, open_if_there
from apportion.services.datasets.manage import NewDataset, new_dataset, note_tags, require_workspace
from apportion.vocabulary import EventCode, Task

if TYPE_CHECKING:
    from apportion.services.assignments.standing_plans import LateExtension

__all__ = [
    "LogRequest",
    "Logged",
    "check_labels",
    "check_multi_label",
    "labels_of",
    "log_into",
    "log_records",
    "note_logged",
    "set_tags",
    "speaks_for_others",
]


class Logged(NamedTuple):
    """The result of a request: ``failed`` is always 0, since a bad record refuses the whole request.

    ``kept`` counts, where people have annotations of their own, those that were left as they were.
    """

    dataset: str
    processed: int
    failed: int = 0
    kept: int | None = None
    late: Sequence[LateExtension] = ()
    """Standing plans that the records may join, to be found out after the transaction."""


def speaks_for_others(actor: Actor, workspace: str) -> bool:
    """Return whether ``actor`` may log annotations in others' names; annotators annotate under their own."""
    return effective_role(actor, workspace) in (EffectiveRole.ADMIN, EffectiveRole.MANAGER)


def log_records(tx: Transaction, actor: Actor, request: LogRequest, *, now: int) -> Logged:
    """Store the records, each replacing what its id held; create the dataset if there is none."""
    access = _open(tx, actor, request, now)
    logged = log_into(access, request, now=now, later=False)
    if request.records:
        note_logged(access, len(request.records), now=now)
    return logged


def note_logged(access: DatasetAccess, records: int, *, now: int) -> None:
    """Log the event of logged records."""
    what, detail = EventCode.LOGGED_RECORDS, {"records": records}
    access.tx.annotations.log_event(access.dataset, access.username, what, at=now, detail=detail)


def log_into(access: DatasetAccess, request: LogRequest, *, now: int, later: bool = True) -> Logged:
    """Store the records in a dataset; that the actor may log into it has been checked before.

    ``later``: standing plans with slow queries are extended by a job, instead of being left to the caller.
    """
    tx = access.tx
    check_labels(access.dataset, request.records)
    dataset = check_multi_label(tx, access.dataset, request.records)
    access, mode = access.on(dataset), answer_mode(tx, dataset)
    request = _without_mirrors(tx, dataset, request)
    kept = mode.log(access, request, now=now)
    if mode.annotators_log_content or not access.is_annotator:
        set_tags(access, request.tags, request.metadata, now=now)
    elif request.tags or request.metadata:
        _with_tags(dataset, request.tags, request.metadata)
    late: Sequence[LateExtension] = ()
    if any(plan.spec.standing for plan in tx.assignments.plans(dataset)):
        # imports numpy, a quarter of the memory of an idle server
        from apportion.services.assignments import standing_plans as standing

        ids = [record.id for record in request.records]
        late = standing.extend_standing_plans(tx, dataset, ids, now=now, later=later)
    return Logged(dataset.name, len(request.records), kept=kept, late=late)


def set_tags(
    access: DatasetAccess, tags: Mapping[str, str], metadata: Mapping[str, Any], *, now: int
) -> None:
    """Add tags and metadata to those of the dataset, which changed just now in any case."""
    dataset = access.dataset
    tags, metadata = _with_tags(dataset, tags, metadata)
    note_tags(access, tags, metadata, now=now)
    access.tx.datasets.update(dataset, tags=tags, metadata=metadata, last_updated=now)


def _with_tags(
    dataset: Dataset, tags: Mapping[str, str], metadata: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the tags and metadata of the dataset together with others, refused where these are too many."""
    all_tags, all_metadata = {**dataset.tags, **tags}, {**dataset.metadata, **metadata}
    if tags or metadata:
        check_remarks(all_tags, all_metadata)
    return all_tags, all_metadata


def _without_mirrors(tx: Transaction, dataset: Dataset, request: LogRequest) -> LogRequest:
    """Return the request without metadata that plans mirror: plans own it, so values logged back are left out."""
    keys = {plan.spec.mirror for plan in tx.assignments.plans(dataset) if plan.phase is PlanPhase.LIVE}
    keys.discard(None)
    if not keys:
        return request
    for record in request.records:
        if record.metadata and not keys.isdisjoint(record.metadata):
            record.metadata = {k: v for k, v in record.metadata.items() if k not in keys}
    return replace(request, prepared=None)


def _open(tx: Transaction, actor: Actor, request: LogRequest, now: int) -> DatasetAccess:
    address = replace(request.address, task=request.task)
    access = open_if_there(tx, actor, address, Action.BULK, open_only=True)
    if access is not None:
        return access
    require_workspace(tx, address.workspace)
    require(actor, Action.CREATE_BY_LOGGING, address.workspace)
    return DatasetAccess(tx, actor, new_dataset(tx, actor, NewDataset(address, request.task), now=now))


def check_labels(dataset: Dataset, records: Sequence[Record]) -> None:
    """Refuse labels that are not in the dataset's schema."""
    if dataset.settings is None or dataset.settings.labels is None or dataset.task is Task.TEXT2TEXT:
        return
    used = (label for record in records for label in labels_of(record))
    unknown = dataset.settings.unknown(used)
    if unknown:
        known = [option.name for option in dataset.settings.labels]
        raise BadRequestError(
            f"Labels {unknown} are not in the label schema of dataset {dataset.name}, which has {known}. "
            "Nothing of this request was stored."
        )


def labels_of(record: Record) -> list[str]:
    """Return every label that is predicted or annotated."""
    found: list[str] = []
    for answers in (record.prediction, record.annotation):
        if answers is not None:
            for value in answers.by_agent.values():
                pairs = [span.label for span in value.spans] if isinstance(value, Entities) else []
                found += pairs or ([label for label, _ in value] if isinstance(value, tuple) else [])
    return found


def check_multi_label(tx: Transaction, dataset: Dataset, records: Sequence[Record]) -> Dataset:
    """Refuse to mix single-label and multi-label records: the first record decides which a dataset holds."""
    first = records[0] if records else None
    if not isinstance(first, TextClassificationRecord):
        return dataset
    if dataset.multi_label is None or not dataset.records:
        return tx.datasets.update(dataset, multi_label=first.multi_label)
    if dataset.multi_label is not first.multi_label:
        here, there = ("multi", "single") if first.multi_label else ("single", "multi")
        raise BadRequestError(
            f"Can't log {here}-label records into dataset {dataset.name}, which holds {there}-label records. "
            "Nothing of this request was stored."
        )
    return dataset

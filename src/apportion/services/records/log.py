"""Log records into a dataset: the whole request or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset, check_remarks
from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.records import AgentValues, Entities, Record, TextClassificationRecord
from apportion.ports.assignments import PlanPhase
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Transaction
from apportion.services.answers.bulk_individual import log_individual
from apportion.services.answers.own_annotations import sync_shared_slots
from apportion.services.datasets.access import allow, new_dataset, note_tags, require_workspace
from apportion.services.datasets.rights import check_logging
from apportion.vocabulary import EventCode, Task

__all__ = ["Logged", "Logging", "labels_of", "log_into", "log_records", "speaks_for_others"]

Prepare = Callable[[Task, Sequence[Record]], Sequence[EncodedRecord]]


class Logged(NamedTuple):
    """The result of a request: ``failed`` is always 0, since a bad record refuses the whole request.

    ``kept`` counts, where people have annotations of their own, those that were left as they were.
    """

    dataset: str
    processed: int
    failed: int = 0
    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Logging:
    """A request to log records. ``prepared`` may hold them already encoded, to spare the writer thread that work."""

    workspace: str
    name: str
    task: Task
    records: Sequence[Record]
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    prepared: Sequence[EncodedRecord] | None = None


def speaks_for_others(actor: Actor, workspace: str) -> bool:
    """Return whether ``actor`` may log annotations in others' names; annotators annotate under their own."""
    return effective_role(actor, workspace) in (EffectiveRole.ADMIN, EffectiveRole.MANAGER)


def log_records(tx: Transaction, actor: Actor, request: Logging, *, now: int, prepare: Prepare) -> Logged:
    """Store the records, each replacing what its id held; create the dataset if there is none."""
    dataset = _dataset_for(tx, actor, request, now)
    logged = log_into(tx, actor, dataset, request, now=now, prepare=prepare)
    if request.records:
        detail = {"records": len(request.records)}
        tx.annotations.log_event(dataset, actor.username, EventCode.LOGGED_RECORDS, at=now, detail=detail)
    return logged


def log_into(
    tx: Transaction, actor: Actor, dataset: Dataset, request: Logging, *, now: int, prepare: Prepare
) -> Logged:
    """Store the records in a dataset; that ``actor`` may log into it has been checked before."""
    _check_labels(dataset, request.records)
    dataset = _check_multi_label(tx, dataset, request.records)
    request = _without_mirrors(tx, dataset, request)
    kept = None
    if dataset.individual:
        ready = request.prepared or ()
        kept = log_individual(tx, actor, dataset, request.records, ready, now=now, prepare=prepare)
    else:
        _log_shared(tx, actor, dataset, request, now, prepare)
    tags, metadata = {**dataset.tags, **request.tags}, {**dataset.metadata, **request.metadata}
    if request.tags or request.metadata:
        check_remarks(tags, metadata)
    if not dataset.individual or effective_role(actor, dataset.workspace) is not EffectiveRole.MEMBER:
        note_tags(tx, actor, dataset, tags, metadata, now=now)
        tx.datasets.update(dataset, tags=tags, metadata=metadata, last_updated=now)
    if any(plan.spec.standing for plan in tx.assignments.plans(dataset)):
        from apportion.services.assignments.apply_plan import (
            extend_standing_plans,  # imports numpy, a quarter of the memory of an idle server
        )

        extend_standing_plans(tx, dataset, [record.id for record in request.records], now=now)
    return Logged(request.name, len(request.records), kept=kept)


def _without_mirrors(tx: Transaction, dataset: Dataset, request: Logging) -> Logging:
    """Return the request without metadata that plans mirror: plans own it, so values logged back are left out."""
    keys = {plan.spec.mirror for plan in tx.assignments.plans(dataset) if plan.phase is PlanPhase.LIVE}
    keys.discard(None)
    if not keys:
        return request
    for record in request.records:
        if record.metadata and not keys.isdisjoint(record.metadata):
            record.metadata = {k: v for k, v in record.metadata.items() if k not in keys}
    return replace(request, prepared=None)


def _log_shared(
    tx: Transaction, actor: Actor, dataset: Dataset, request: Logging, now: int, prepare: Prepare
) -> None:
    prepared = request.prepared
    if effective_role(actor, dataset.workspace) is EffectiveRole.MEMBER:
        check_logging(tx, actor, dataset, request.records, request.tags, request.metadata)
    if not speaks_for_others(actor, dataset.workspace):
        sign(tx, actor, dataset, request.records)
        prepared = None
    if prepared is None:
        prepared = prepare(request.task, request.records)
    tx.records.log(dataset, prepared, at=now)
    if tx.assignments.plans(dataset):
        _sync_slots(tx, dataset, request.records, now)


def _sync_slots(tx: Transaction, dataset: Dataset, records: Sequence[Record], now: int) -> None:
    """Update slots to the status of logged records: in a shared dataset, an answered record needs no other answer."""
    by_id = {record.id: record for record in records}
    for case in tx.annotations.cases(dataset, list(by_id)):
        if case.slots:
            record = by_id[case.id]
            author = None if record.annotation is None else record.annotation.agent
            sync_shared_slots(tx, dataset, case, record.status, author, now)


def _dataset_for(tx: Transaction, actor: Actor, request: Logging, now: int) -> Dataset:
    dataset = tx.datasets.find(request.workspace, request.name)
    if dataset is None:
        require_workspace(tx, request.workspace)
        require(actor, Action.CREATE_BY_LOGGING, request.workspace)
        return new_dataset(
            tx, actor, request.workspace, request.name, request.task, tags={}, metadata={}, now=now
        )
    return allow(dataset, actor, Action.BULK, task=request.task, open_only=True)


def _check_labels(dataset: Dataset, records: Sequence[Record]) -> None:
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


def _check_multi_label(tx: Transaction, dataset: Dataset, records: Sequence[Record]) -> Dataset:
    """Refuse to mix single-label and multi-label records: the first record decides which a dataset holds."""
    first = records[0] if records else None
    if not isinstance(first, TextClassificationRecord):
        return dataset
    if dataset.multi_label is None or not dataset.records:
        return tx.datasets.update(dataset, multi_label=first.multi_label)
    if dataset.multi_label is not first.multi_label:
        here, there = ("multi", "single") if first.multi_label else ("single", "multi")
        raise BadRequestError(
            f"Cannot log {here}-label records into dataset {dataset.name}, which holds {there}-label records. "
            "Nothing of this request was stored."
        )
    return dataset


def sign(tx: Transaction, actor: Actor, dataset: Dataset, records: Sequence[Record]) -> None:
    """Set the writer as agent of every annotation they changed; one left as it was keeps its author."""
    annotated = [record for record in records if record.annotation is not None]
    if not annotated:
        return
    stored = tx.records.stored_answers(dataset, [record.id for record in annotated])
    for record in annotated:
        assert record.annotation is not None
        before = stored.get(record.id)
        if before is not None and _same(before.value, record.annotation.value):
            record.annotation = before
        else:
            record.annotation = AgentValues(actor.username, {actor.username: record.annotation.value})


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Entities) and isinstance(other, Entities):
        return [(s.start, s.end, s.label) for s in one.spans] == [
            (s.start, s.end, s.label) for s in other.spans
        ]
    return bool(one == other)

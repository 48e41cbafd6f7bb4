"""Log records into a dataset: the whole request or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset, check_remarks
from apportion.domain.errors import BadRequestError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, Place, place_of, require
from apportion.domain.records import Answers, Entities, Record, TextClassificationRecord
from apportion.ports.assignments import PlanPhase
from apportion.ports.records import Prepared
from apportion.ports.store import Work
from apportion.vocabulary import EventCode, Task

from .annotate import follow_shared
from .individual import log_individual
from .manage_datasets import allow, new_dataset, note_tags, require_workspace
from .rights import check_logging

__all__ = ["Logged", "Logging", "labels_of", "log_into", "log_records", "speaks_for_others"]

Prepare = Callable[[Task, Sequence[Record]], Sequence[Prepared]]


class Logged(NamedTuple):
    """What became of a request: ``failed`` is always 0, since a bad record refuses the whole request.

    ``kept`` counts, where people have annotations of their own, those that were left as they were.
    """

    dataset: str
    processed: int
    failed: int = 0
    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Logging:
    """A request to log records. ``prepared`` may hold them ready for writing, to spare the writer that work."""

    workspace: str
    name: str
    task: Task
    records: Sequence[Record]
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    prepared: Sequence[Prepared] | None = None


def speaks_for_others(actor: Actor, workspace: str) -> bool:
    """May ``actor`` log annotations in the name of others? Annotators annotate under their own name."""
    return place_of(actor, workspace) in (Place.ADMIN, Place.MANAGER)


def log_records(work: Work, actor: Actor, request: Logging, *, now: int, prepare: Prepare) -> Logged:
    """Store the records, each replacing what its id held; create the dataset if there is none."""
    dataset = _dataset_for(work, actor, request, now)
    logged = log_into(work, actor, dataset, request, now=now, prepare=prepare)
    if request.records:
        detail = {"records": len(request.records)}
        work.annotations.note(dataset, actor.username, EventCode.LOGGED_RECORDS, at=now, detail=detail)
    return logged


def log_into(
    work: Work, actor: Actor, dataset: Dataset, request: Logging, *, now: int, prepare: Prepare
) -> Logged:
    """Store the records in a dataset of which it is known that ``actor`` may log into it."""
    _check_labels(dataset, request.records)
    dataset = _check_multi_label(work, dataset, request.records)
    request = _without_mirrors(work, dataset, request)
    kept = None
    if dataset.individual:
        ready = request.prepared or ()
        kept = log_individual(work, actor, dataset, request.records, ready, now=now, prepare=prepare)
    else:
        _log_shared(work, actor, dataset, request, now, prepare)
    tags, metadata = {**dataset.tags, **request.tags}, {**dataset.metadata, **request.metadata}
    if request.tags or request.metadata:
        check_remarks(tags, metadata)
    if not dataset.individual or place_of(actor, dataset.workspace) is not Place.MEMBER:
        note_tags(work, actor, dataset, tags, metadata, now=now)
        work.datasets.update(dataset, tags=tags, metadata=metadata, last_updated=now)
    if any(plan.spec.standing for plan in work.assignments.plans(dataset)):
        from .make_plan import catch_up  # brings numpy along, a quarter of an idle server

        catch_up(work, dataset, [record.id for record in request.records], now=now)
    return Logged(request.name, len(request.records), kept=kept)


def _without_mirrors(work: Work, dataset: Dataset, request: Logging) -> Logging:
    """What plans show as metadata is theirs: values that come back with a record are left out."""
    keys = {plan.spec.mirror for plan in work.assignments.plans(dataset) if plan.phase is PlanPhase.LIVE}
    keys.discard(None)
    if not keys:
        return request
    for record in request.records:
        if record.metadata and not keys.isdisjoint(record.metadata):
            record.metadata = {k: v for k, v in record.metadata.items() if k not in keys}
    return replace(request, prepared=None)


def _log_shared(
    work: Work, actor: Actor, dataset: Dataset, request: Logging, now: int, prepare: Prepare
) -> None:
    prepared = request.prepared
    if place_of(actor, dataset.workspace) is Place.MEMBER:
        check_logging(work, actor, dataset, request.records, request.tags, request.metadata)
    if not speaks_for_others(actor, dataset.workspace):
        sign(work, actor, dataset, request.records)
        prepared = None
    if prepared is None:
        prepared = prepare(request.task, request.records)
    work.records.log(dataset, prepared, at=now)
    if work.assignments.plans(dataset):
        _follow(work, dataset, request.records, now)


def _follow(work: Work, dataset: Dataset, records: Sequence[Record], now: int) -> None:
    """What was answered needs no other answer: in a shared dataset the slots of a record follow its status."""
    by_id = {record.id: record for record in records}
    for case in work.annotations.cases(dataset, list(by_id)):
        if case.slots:
            record = by_id[case.id]
            author = None if record.annotation is None else record.annotation.agent
            follow_shared(work, dataset, case, record.status, author, now)


def _dataset_for(work: Work, actor: Actor, request: Logging, now: int) -> Dataset:
    dataset = work.datasets.find(request.workspace, request.name)
    if dataset is None:
        require_workspace(work, request.workspace)
        require(actor, Action.CREATE_BY_LOGGING, request.workspace)
        return new_dataset(
            work, actor, request.workspace, request.name, request.task, tags={}, metadata={}, now=now
        )
    return allow(dataset, actor, Action.BULK, task=request.task, open_only=True)


def _check_labels(dataset: Dataset, records: Sequence[Record]) -> None:
    """Every label must be one the dataset's schema has."""
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
    """Every label that is predicted or annotated."""
    found: list[str] = []
    for answers in (record.prediction, record.annotation):
        if answers is not None:
            for value in answers.by_agent.values():
                pairs = [span.label for span in value.spans] if isinstance(value, Entities) else []
                found += pairs or ([label for label, _ in value] if isinstance(value, tuple) else [])
    return found


def _check_multi_label(work: Work, dataset: Dataset, records: Sequence[Record]) -> Dataset:
    """A dataset holds single-label or multi-label records, as its first record was."""
    first = records[0] if records else None
    if not isinstance(first, TextClassificationRecord):
        return dataset
    if dataset.multi_label is None or not dataset.records:
        return work.datasets.update(dataset, multi_label=first.multi_label)
    if dataset.multi_label is not first.multi_label:
        here, there = ("multi", "single") if first.multi_label else ("single", "multi")
        raise BadRequestError(
            f"Cannot log {here}-label records into dataset {dataset.name}, which holds {there}-label records. "
            "Nothing of this request was stored."
        )
    return dataset


def sign(work: Work, actor: Actor, dataset: Dataset, records: Sequence[Record]) -> None:
    """Put the writer's name to every annotation they changed; one left as it was keeps its author."""
    annotated = [record for record in records if record.annotation is not None]
    if not annotated:
        return
    stored = work.records.stored_answers(dataset, [record.id for record in annotated])
    for record in annotated:
        assert record.annotation is not None
        before = stored.get(record.id)
        if before is not None and _same(before.value, record.annotation.value):
            record.annotation = before
        else:
            record.annotation = Answers(actor.username, {actor.username: record.annotation.value})


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Entities) and isinstance(other, Entities):
        return [(s.start, s.end, s.label) for s in one.spans] == [
            (s.start, s.end, s.label) for s in other.spans
        ]
    return bool(one == other)

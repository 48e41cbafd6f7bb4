"""Copy a dataset: from one snapshot, some records to a transaction, visible once it is complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.individual.carry_value import earlier_value, wanted_with
from apportion.domain.individual.case import Case
from apportion.domain.individual.record_view import build_view
from apportion.domain.individual.required_answers import RequiredAnswers
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record
from apportion.ports.annotations import CaseChange
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import blank_dataset, find_dataset, require_workspace
from apportion.services.datasets.staging import check_free, publish, staged_dataset
from apportion.services.steps import parts_of
from apportion.vocabulary import EventCode, Status

__all__ = ["CopyInProgress", "copy_dataset"]

AT_ONCE = 250
"""Records copied in one transaction: few, so that nobody annotating waits long."""


@dataclass(frozen=True, slots=True)
class CopyInProgress:
    """A request to copy a dataset. ``tags`` and ``metadata`` are added to those of the original."""

    actor: Actor
    workspace: str
    name: str
    target_workspace: str
    target_name: str
    tags: Mapping[str, str]
    metadata: Mapping[str, Any]


def copy_dataset(store: Store, asked: CopyInProgress, *, now: int) -> Dataset:
    """Create a dataset with the records, annotations, gold values, settings, policies and rules of another.

    Plans, slots and leases are not copied, nor drafts, history and events. To be called from a thread of its own.
    A copy that a stop cut short is removed by the next start.
    """
    found: list[Dataset] = []

    def begin(tx: Transaction) -> Dataset:
        source, target = _begin(tx, asked, now)
        found[:] = [source]
        return target

    with staged_dataset(store, begin) as target, store.read() as snapshot:
        (source,), count = found, 0
        target = _required_answers(store, snapshot, source, target)
        for records in _parts(snapshot.records.iterate(source)):
            _copy_some(store, snapshot, source, target, records, now)
            count += len(records)
        return replace(
            store.write(lambda tx: _finish(tx, asked, source, target, count, now)).result(), records=count
        )


def _finish(
    tx: Transaction, asked: CopyInProgress, source: Dataset, target: Dataset, records: int, now: int
) -> Dataset:
    """Publish the copy, and log an event in both datasets."""
    made, by = publish(tx, target), asked.actor.username
    tx.annotations.log_event(
        source, by, EventCode.COPIED, at=now, detail={"into": made.id, "records": records}
    )
    detail = {"copied_from": source.id, "records": records}
    tx.annotations.log_event(made, by, EventCode.CREATED, at=now, detail=detail)
    return made


def _begin(tx: Transaction, asked: CopyInProgress, now: int) -> tuple[Dataset, Dataset]:
    """Check the request; return the original and a hidden dataset for its copy."""
    require_workspace(tx, asked.target_workspace)
    if effective_role(asked.actor, asked.target_workspace) is EffectiveRole.OUTSIDER:
        # Asked before anything else, or the refusal would show outsiders which datasets exist.
        require(asked.actor, Action.CREATE_DATASET, asked.target_workspace)
    check_free(tx, asked.target_workspace, asked.target_name)
    source = find_dataset(tx, asked.actor, asked.workspace, asked.name, Action.COPY_DATASET)
    require(asked.actor, Action.CREATE_DATASET, asked.target_workspace)
    copied_from = {"source_workspace": asked.workspace, "copied_from": asked.name}
    blank = blank_dataset(
        asked.actor,
        asked.target_workspace,
        asked.target_name,
        source.task,
        tags={**source.tags, **asked.tags},
        metadata={**source.metadata, **asked.metadata, **copied_from},
        now=now,
    )
    hidden = tx.datasets.add_hidden(blank)
    target = tx.datasets.update(
        hidden,
        settings=source.settings,
        policies=dict(source.policies),
        multi_label=source.multi_label,
        rules=source.rules,
    )
    return source, target


def _required_answers(store: Store, snapshot: Transaction, source: Dataset, target: Dataset) -> Dataset:
    """Set how many answers a record of the copy requires, so that each resolves as in the original, without plans."""
    policies = Policies.of(source.policies)
    if not policies.individual:
        return target
    wanted = RequiredAnswers()
    for ids in parts_of(snapshot.annotations.answered(source), AT_ONCE):
        for case in snapshot.annotations.cases(source, ids):
            view = build_view(case, rule=policies.resolution, required=policies.required)
            wanted = wanted_with(wanted, case, view)
    required = wanted.required(policies.required)
    if required == policies.required:
        return target
    stored = {**target.policies, "required": required}
    return store.write(lambda tx: tx.datasets.update(target, policies=stored)).result()


def _parts(records: Iterator[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    for record in records:
        part.append(record)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _copy_some(
    store: Store, snapshot: Transaction, source: Dataset, target: Dataset, records: Sequence[Record], now: int
) -> None:
    cases: list[Case] = []
    if source.individual:
        # The resolved values follow from people's own annotations, which are copied below.
        for record in records:
            record.status, record.annotation = Status.DEFAULT, None
        cases = snapshot.annotations.cases(source, [record.id for record in records])
    ready = store.encode_records(target.task, records)

    def write(tx: Transaction) -> None:
        tx.records.log(target, ready, at=now)
        if cases:
            _copy_answers(tx, source, target, cases, now)

    store.write(write).result()


def _copy_answers(tx: Transaction, source: Dataset, target: Dataset, cases: Sequence[Case], now: int) -> None:
    """Copy submitted annotations and gold values, and keep the resolved values that depended on a plan."""
    policies = Policies.of(target.policies)
    rule, required, before = policies.resolution, policies.required, Policies.of(source.policies).required
    answered = [case for case in cases if case.annotations or case.gold is not None]
    bare = {case.id: case for case in tx.annotations.cases(target, [case.id for case in answered])}
    changes = []
    for case in answered:
        kept = {name: each for name, each in case.annotations.items() if each.answered}
        copied = replace(bare[case.id], annotations=kept, gold=case.gold)
        view = build_view(copied, rule=rule, required=required)
        stood = build_view(case, rule=rule, required=before)
        copied, view = earlier_value(copied, view, stood, rule=rule, required=required, now=now)
        changes.append(CaseChange(bare[case.id], copied, view))
    tx.annotations.save_cases(target, changes, at=now)

"""Copy a dataset: from one snapshot, some records to a transaction, visible once it is complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.individual.carry_value import earlier_value, wanted_with
from apportion.domain.individual.case import Case
from apportion.domain.individual.required_answers import RequiredAnswers
from apportion.domain.parts import parts_of
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.policies import Policies
from apportion.domain.records import Record
from apportion.ports.annotations import CaseChange
from apportion.ports.records import EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import check_free, open_dataset
from apportion.services.datasets.manage import NewDataset, blank_dataset, require_workspace
from apportion.services.datasets.staging import StagedDataset, publish
from apportion.services.operations import Step
from apportion.vocabulary import EventCode, Status

__all__ = ["CopyDataset", "CopyRequest"]

AT_ONCE = 250
"""Records copied in one transaction: few, so that nobody annotating waits long."""


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """A request to copy a dataset. ``tags`` and ``metadata`` are added to those of the original."""

    actor: Actor
    source: DatasetAddress
    target: DatasetAddress
    tags: Mapping[str, str]
    metadata: Mapping[str, Any]


class CopyDataset(StagedDataset):
    """The steps that copy a dataset: its records, annotations, gold values, settings, policies and rules.

    Plans, slots and leases are not copied, nor drafts, history and events. The records are those of one snapshot of the
    ``store``, which is open from the second step on.
    """

    name = "copy dataset"

    def __init__(self, store: Store, asked: CopyRequest, *, now: int) -> None:
        self._store = store
        self._asked = asked
        self._now = now
        self._source: Dataset | None = None
        self._records = 0

    @property
    def result(self) -> Dataset:
        """Return the copy, with the number of its records."""
        return replace(self.target, records=self._records)

    @property
    def source(self) -> Dataset:
        """Return the original; only there once the first step has run."""
        assert self._source is not None
        return self._source

    def _begin(self, tx: Transaction) -> Dataset:
        asked, target = self._asked, self._asked.target
        require_workspace(tx, target.workspace)
        if effective_role(asked.actor, target.workspace) is EffectiveRole.OUTSIDER:
            # Asked before anything else, or the refusal would show outsiders which datasets exist.
            require(asked.actor, Action.CREATE_DATASET, target.workspace)
        check_free(tx, target)
        source = open_dataset(tx, asked.actor, asked.source, Action.COPY_DATASET).dataset
        require(asked.actor, Action.CREATE_DATASET, target.workspace)
        copied_from = {"source_workspace": asked.source.workspace, "copied_from": asked.source.name}
        tags, metadata = {**source.tags, **asked.tags}, {**source.metadata, **asked.metadata, **copied_from}
        wanted = NewDataset(target, source.task, tags, metadata)
        hidden = tx.datasets.add_hidden(blank_dataset(asked.actor, wanted, now=self._now))
        self._source = source
        return tx.datasets.update(
            hidden,
            settings=source.settings,
            policies=dict(source.policies),
            multi_label=source.multi_label,
            rules=source.rules,
        )

    def _fill(self) -> Iterator[Step]:
        with self._store.read() as snapshot:
            required = self._required_answers(snapshot)
            if required is not None:
                yield lambda tx: self._set_required(tx, required)
            for records in _parts(snapshot.records.iterate(self.source)):
                yield _copy_some(self._store, snapshot, self, records)
                self._records += len(records)
            yield self._finish

    def _required_answers(self, snapshot: Transaction) -> int | None:
        """Return how many answers a record has to have so that each resolves as in the original, without plans.

        None where that is what the original asks for.
        """
        source, policies = self.source, Policies.of(self.source.policies)
        if not source.individual:
            return None
        wanted = RequiredAnswers()
        for ids in parts_of(snapshot.annotations.answered(source), AT_ONCE):
            for case in snapshot.annotations.cases(source, ids):
                wanted = wanted_with(wanted, case, policies.resolve(case))
        required = wanted.required(policies.required)
        return None if required == policies.required else required

    def _set_required(self, tx: Transaction, required: int) -> None:
        stored = {**self.target.policies, "required": required}
        self._target = tx.datasets.update(self.target, policies=stored)

    def _finish(self, tx: Transaction) -> None:
        """Publish the copy, and log an event in both datasets."""
        made, source, by = publish(tx, self.target), self.source, self._asked.actor.username
        tx.annotations.log_event(
            source, by, EventCode.COPIED, at=self._now, detail={"into": made.id, "records": self._records}
        )
        detail = {"copied_from": source.id, "records": self._records}
        tx.annotations.log_event(made, by, EventCode.CREATED, at=self._now, detail=detail)
        self._target = made

    def write_some(self, tx: Transaction, ready: Sequence[EncodedRecord], cases: Sequence[Case]) -> None:
        """Write encoded records, and the answers of those of them that have any."""
        tx.records.log(self.target, ready, at=self._now)
        if cases:
            _copy_answers(tx, self.source, self.target, cases, self._now)


def _parts(records: Iterator[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    for record in records:
        part.append(record)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _copy_some(store: Store, snapshot: Transaction, copy: CopyDataset, records: Sequence[Record]) -> Step:
    """Return the step that writes these records to the copy; they are read and encoded here, outside the writer."""
    source, cases = copy.source, list[Case]()
    if source.individual:
        # The resolved values follow from people's own annotations, which are copied below.
        for record in records:
            record.status, record.annotation = Status.DEFAULT, None
        cases = snapshot.annotations.cases(source, [record.id for record in records])
    ready = store.encode_records(source.task, records)
    return lambda tx: copy.write_some(tx, ready, cases)


def _copy_answers(tx: Transaction, source: Dataset, target: Dataset, cases: Sequence[Case], now: int) -> None:
    """Copy submitted annotations and gold values, and keep the resolved values that depended on a plan."""
    policies = Policies.of(target.policies)
    before = replace(policies, required=Policies.of(source.policies).required)
    answered = [case for case in cases if case.annotations or case.gold is not None]
    bare = {case.id: case for case in tx.annotations.cases(target, [case.id for case in answered])}
    changes = []
    for case in answered:
        kept = {name: each for name, each in case.annotations.items() if each.answered}
        copied = replace(bare[case.id], annotations=kept, gold=case.gold)
        stood = before.resolve(case)
        view = policies.resolve(copied)
        copied = earlier_value(copied, view, stood, rule=policies.resolution, now=now)
        view = policies.resolve(copied)
        changes.append(CaseChange(bare[case.id], copied, view))
    tx.annotations.save_cases(target, changes, at=now)

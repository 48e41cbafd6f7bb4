"""Read and change the policies of a dataset, and migrate its annotations when their mode changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import ConflictError
from apportion.domain.individual.case import Case
from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.jobs import Job
from apportion.domain.parts import parts_of
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies, read_policies
from apportion.domain.records import AgentValues
from apportion.ports.annotations import CaseChange
from apportion.ports.plans import PlanPhase
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.reresolve import (
    ReresolveCause,
    begin_reresolving,
    many_answered,
    requeue_job,
    reresolving_steps,
)
from apportion.services.datasets.access import check_not_importing, open_dataset
from apportion.services.operations import Step
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason, Status

from .migrate_individual import IndividualMigration, Staging, stage_records

__all__ = ["PolicyCause", "PolicyChange", "policies_of", "put_policies", "read_of", "set_policies"]

_PAGE = 500


def read_of(tx: Transaction, actor: Actor, address: DatasetAddress) -> Policies:
    """Return the policies of a dataset."""
    return policies_of(open_dataset(tx, actor, address, Action.SEE_SETTINGS).dataset)


def policies_of(dataset: Dataset) -> Policies:
    """Return the policies of a dataset that has been found."""
    return Policies.of(dataset.policies)


class PolicyChange:
    """The steps that change policies: one where few records have to be resolved again, else some records at a time.

    From individual to shared only with ``keep: latest`` where people differ.
    """

    name = "change policies"

    def __init__(self, actor: Actor, address: DatasetAddress, json: Mapping[str, Any], *, now: int) -> None:
        self._actor = actor
        self._address = address
        self._json = json
        self._now = now
        self._after: Policies | None = None
        self._slow: Dataset | None = None
        self._migration: IndividualMigration | None = None
        self._job: Job | None = None
        self._answered: list[str] = []

    @property
    def policies(self) -> Policies:
        """Return the policies as they are after the change."""
        assert self._after is not None
        return self._after

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        yield self._begin
        if self._slow is None:
            return
        if not self._slow.individual:
            self._migration = IndividualMigration(self._slow, self.policies, self._now)
            yield from self._migration.staging_steps()
        yield self._switch
        assert self._job is not None
        yield from reresolving_steps(self._job, self._answered, now=self._now)

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed: after the switch, a job resolves the records that are left."""
        job = self._job
        if job is not None:
            yield lambda tx: requeue_job(tx, job.id, now=self._now)

    def _found(self, tx: Transaction) -> Dataset:
        return open_dataset(tx, self._actor, self._address, Action.EDIT_POLICIES).dataset

    def _begin(self, tx: Transaction) -> None:
        dataset = self._found(tx)
        before = policies_of(dataset)
        self._after = after = read_policies(before, self._json)
        self._slow = None
        if _needs_job(before, after) and many_answered(tx, dataset):
            _check_free(tx, dataset, before, after, None)
            self._slow = dataset
        else:
            cause = PolicyCause(self._actor.username, self._now, keep=self._json.get("keep"))
            set_policies(tx, dataset, after, cause)

    def _switch(self, tx: Transaction) -> None:
        before, dataset = self._slow, self._found(tx)
        assert before is not None
        if dataset.uuid != before.uuid or dataset.policies != before.policies:
            raise ConflictError(
                f"The policies of dataset {dataset.name} were changed by someone else just now. Nothing was changed."
            )
        if self._migration is not None:
            self._migration.finish(tx)
        by, now = self._actor.username, self._now
        dataset = put_policies(tx, dataset, self.policies, by=by, now=now)
        carried = self._migration is not None
        self._answered = (
            tx.annotations.answered(dataset) if self._migration is None else list(self._migration.ids)
        )
        cause = ReresolveCause(by, now, carried=carried)
        self._job = begin_reresolving(tx, dataset, len(self._answered), cause)


def _needs_job(before: Policies, after: Policies) -> bool:
    """Return whether records with answers may resolve to something else, and can do so record by record."""
    return after.individual and (
        not before.individual or (after.resolution, after.required) != (before.resolution, before.required)
    )


def put_policies(tx: Transaction, dataset: Dataset, after: Policies, *, by: str, now: int) -> Dataset:
    """Store and log the policies of a dataset, and change nothing else."""
    before = policies_of(dataset)
    if before.individual != after.individual:
        check_not_importing(tx, dataset)
    changed = tx.datasets.update(dataset, policies=after.store())
    detail = {name: value for name, value in after.show().items() if value != before.show()[name]}
    tx.annotations.log_event(dataset, by, EventCode.CHANGED_POLICIES, at=now, detail=detail)
    return changed


@dataclass(frozen=True, slots=True)
class PolicyCause:
    """The change of policies: by whom and when.

    ``keep`` says what a dataset that becomes shared keeps where people differ; ``plan`` is the number of the plan that
    requires the change, which is being written just now.
    """

    by: str
    at: int
    keep: str | None = None
    plan: int | None = None


def set_policies(tx: Transaction, dataset: Dataset, after: Policies, cause: PolicyCause) -> Dataset:
    """Set the policies of a dataset in one transaction; people's answers are migrated."""
    now, plan = cause.at, cause.plan
    before = policies_of(dataset)
    if after == before:
        return dataset
    _check_free(tx, dataset, before, after, plan)
    if before.individual and not after.individual:
        _check_single(tx, dataset, cause.keep)
    ids = tx.annotations.answered(dataset) if _needs_job(before, after) else []
    carried = after.individual and not before.individual
    if carried:
        for part in parts_of(ids, _PAGE):
            stage_records(tx, dataset, part, Staging(after, now, plan))
    changed = put_policies(tx, dataset, after, by=cause.by, now=now)
    mode = answer_mode(tx, changed)
    for part in parts_of(ids, _PAGE):
        mode.reresolve(part, now=now, fill=carried, carried=carried)
    if before.individual and not after.individual:
        _to_shared(tx, changed, before, now)
    return changed


def _check_free(
    tx: Transaction, dataset: Dataset, before: Policies, after: Policies, plan: int | None
) -> None:
    """Refuse to change the annotation mode while a plan is being written that relies on it."""
    if before.individual == after.individual:
        return
    if any(each.phase is PlanPhase.WRITING and each.no != plan for each in tx.assignments.plans(dataset)):
        raise ConflictError(
            f"A plan of dataset {dataset.name} is being written just now. Nothing was changed; try again."
        )


def _pages(tx: Transaction, dataset: Dataset) -> Iterator[list[Case]]:
    for part in parts_of(tx.annotations.answered(dataset), _PAGE):
        yield tx.annotations.cases(dataset, part)


# Back to shared


def _check_single(tx: Transaction, dataset: Dataset, keep: str | None) -> None:
    if keep == "latest":
        return
    for cases in _pages(tx, dataset):
        for case in cases:
            if sum(each.answered for each in case.annotations.values()) > 1:
                raise ConflictError(
                    f"Record {case.id} has annotations by several people, of which a shared dataset keeps one. "
                    "Send 'keep': 'latest' to keep the resolved value or else the latest one; the others go to "
                    "history. Nothing was changed."
                )


def _to_shared(tx: Transaction, dataset: Dataset, before: Policies, now: int) -> None:
    """Keep each record's resolved value, or else the latest answer; move all others to history."""
    for cases in _pages(tx, dataset):
        for case in cases:
            status, answers = _one_of(case, before)
            bare = replace(case, annotations={}, gold=None)
            change = CaseChange(case, bare, ResolvedView(Status.DEFAULT), HistoryReason.MADE_SHARED)
            tx.annotations.save_cases(dataset, [change], at=now)
            if answers is not None or status is not Status.DEFAULT:
                tx.records.patch(
                    dataset, case.id, metadata=None, status=status, at=now, annotation=answers, annotated=True
                )


def _one_of(case: Case, policies: Policies) -> tuple[Status, AgentValues | None]:
    view = policies.resolve(case)
    if view.status in (Status.VALIDATED, Status.DISCARDED):
        if view.value is None or view.agent is None:
            return view.status, None
        return view.status, AgentValues(view.agent, {view.agent: view.value})
    answered = [each for each in case.annotations.values() if each.answered]
    if not answered:
        return Status.DEFAULT, None
    latest = max(answered, key=lambda each: (each.updated, each.annotator))
    status = Status.VALIDATED if latest.state is AnnotationState.SUBMITTED else Status.DISCARDED
    answers = (
        None if latest.value is None else AgentValues(latest.annotator, {latest.annotator: latest.value})
    )
    return status, answers

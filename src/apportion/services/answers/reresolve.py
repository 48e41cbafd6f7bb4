"""Resolve records again that people had answered before a plan or a policy changed.

A few are resolved in the transaction of the change; many, some to a transaction, by the request that made it. A job
keeps track of that, so that work cut short by a stop is finished after the next start.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.jobs import Job, JobKind, JobState
from apportion.domain.parts import parts_of
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.datasets.access import dataset_by_number
from apportion.services.operations import Step
from apportion.vocabulary import Status

from .answer_mode import answer_mode

__all__ = [
    "AT_ONCE",
    "FEW",
    "ReresolveCause",
    "begin_reresolving",
    "delete_unfinished_batch",
    "many_answered",
    "requeue_job",
    "reresolve_batch",
    "reresolving_steps",
]

AT_ONCE = 200
"""Records per transaction."""
FEW = 500
"""Records with answers up to which all are resolved in the transaction of the change."""


@dataclass(frozen=True, slots=True)
class ReresolveCause:
    """The change after which records are resolved again: by whom and when, and of which plan.

    Resolved are the records with slots of the ``plan``, or all with answers. ``carried``: the dataset was shared
    before.
    """

    by: str
    at: int
    plan: int | None = None
    carried: bool = False


def many_answered(tx: Transaction, dataset: Dataset) -> bool:
    """Return whether more records have answers than are resolved in one transaction."""
    found = tx.records.search(dataset, Criteria(), limit=0, facets=frozenset({"status"}))
    statuses = found.facets.get("status", {})
    answered: int = sum(n for status, n in statuses.items() if status != Status.DEFAULT.value)
    return answered > FEW


def delete_unfinished_batch(tx: Transaction, dataset: Dataset, plan: StoredPlan, limit: int) -> bool:
    """Delete some of a plan, or of an extension, that was never finished; return True once nothing of it is left.

    Answers given meanwhile are kept, and their records resolve to what they would be without the plan.
    """
    delete = (
        tx.assignments.delete_plan_batch
        if plan.phase is PlanPhase.WRITING
        else tx.assignments.delete_extension_batch
    )
    touched = delete(dataset, plan, limit)
    if touched:
        answer_mode(tx, dataset).forget_slots(touched, now=plan.changed_at)
    return touched is None


def begin_reresolving(
    tx: Transaction,
    dataset: Dataset,
    total: int | None,
    cause: ReresolveCause,
) -> Job:
    """Store a job that keeps track of resolving ``total`` records; ``None``: the number is known later."""
    spec = {"plan": cause.plan, "carried": cause.carried}
    job = tx.jobs.add(dataset, str(uuid.uuid4()), JobKind.RERESOLVE, spec, by=cause.by, at=cause.at)
    state = JobState.DONE if total == 0 else JobState.RUNNING
    return tx.jobs.change(job, at=cause.at, state=state, done=0, total=total)


def reresolving_steps(job: Job, ids: Sequence[str], *, now: int) -> Iterator[Step]:
    """Yield the steps that resolve the records of a job, each to be run in a transaction of its own."""
    for part in parts_of(ids, AT_ONCE):
        yield lambda tx, part=part: reresolve_batch(tx, job.id, part, now=now)  # type: ignore[misc]


def requeue_job(tx: Transaction, id: str, *, now: int) -> None:
    """Put a job that was cut short back in the queue for the worker, unless it is done."""
    job = tx.jobs.find(id)
    if job is not None and job.state is JobState.RUNNING:
        tx.jobs.change(job, at=now, state=JobState.WAITING)


def reresolve_batch(tx: Transaction, id: str, ids: Sequence[str], *, now: int) -> None:
    """Resolve some records of a job, and count them. Do nothing where the dataset was deleted meanwhile."""
    job = tx.jobs.find(id)
    dataset = None if job is None else dataset_by_number(tx, job.dataset)
    if job is None or dataset is None:
        return
    carried = bool(job.spec["carried"])
    fill = carried or job.spec["plan"] is not None
    answer_mode(tx, dataset).reresolve(ids, now=now, fill=fill, carried=carried)
    done = job.done + len(ids)
    ended = JobState.DONE if done >= (job.total or 0) else None
    tx.jobs.change(job, at=now, state=ended, done=done)

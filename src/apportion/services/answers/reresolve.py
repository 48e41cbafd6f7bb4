"""Resolve records again that people had answered before a plan or a policy changed.

A few are resolved in the transaction of the change; many, some to a transaction, by the request that made it. A job
keeps track of that, so that work cut short by a stop is finished after the next start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.individual.fill_slots import with_slots_filled
from apportion.domain.individual.record_view import build_view
from apportion.domain.jobs import Job, JobKind, JobState
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange
from apportion.ports.assignments import PlanPhase, StoredPlan
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.steps import Step, parts_of
from apportion.vocabulary import HistoryReason, Status

from .own_annotations import sync_shared_slots

__all__ = [
    "AT_ONCE",
    "FEW",
    "begin_reresolving",
    "forget_batch",
    "many_answered",
    "requeue_job",
    "reresolve_batch",
    "reresolve_records",
    "reresolving_steps",
    "user_check",
]

AT_ONCE = 200
"""Records per transaction."""
FEW = 500
"""Records with answers up to which all are resolved in the transaction of the change."""


def many_answered(tx: Transaction, dataset: Dataset) -> bool:
    """Return whether more records have answers than are resolved in one transaction."""
    found = tx.records.search(dataset, Criteria(), limit=0, facets=frozenset({"status"}))
    statuses = found.facets.get("status", {})
    answered: int = sum(n for status, n in statuses.items() if status != Status.DEFAULT.value)
    return answered > FEW


def reresolve_records(
    tx: Transaction,
    dataset: Dataset,
    ids: Sequence[str],
    *,
    now: int,
    fill: bool = True,
    carried: bool = False,
) -> None:
    """Fill slots with the answers people have given, and resolve the records. Doing it again changes nothing.

    Without ``fill`` the same answers count as before. ``carried``: the dataset was shared before; what was annotated
    by no user is kept as the earlier value only.
    """
    policies = Policies.of(dataset.policies)
    cases = tx.annotations.cases(dataset, ids)
    if not policies.individual:
        for case in cases:
            author = next(iter(sorted(case.annotations)), None)
            sync_shared_slots(tx, dataset, case, case.record.status, author, now)
        return
    is_user = user_check(tx)
    changes = []
    for case in cases:
        after = case
        if carried:
            own = {name: each for name, each in case.annotations.items() if is_user(name)}
            after = replace(case, annotations=own)
        if fill:
            after = with_slots_filled(after, policies.required)
        view = build_view(after, rule=policies.resolution, required=policies.required)
        why = HistoryReason.MADE_INDIVIDUAL if carried else HistoryReason.REPLACED
        changes.append(CaseChange(case, after, view, why))
    tx.annotations.save_cases(dataset, changes, at=now)


def forget_batch(tx: Transaction, dataset: Dataset, plan: StoredPlan, limit: int) -> bool:
    """Delete some of a plan, or of an extension, that was never finished; return True once nothing of it is left.

    Answers given meanwhile are kept, and their records resolve to what they would be without the plan.
    """
    forget = (
        tx.assignments.delete_plan_batch
        if plan.phase is PlanPhase.WRITING
        else tx.assignments.delete_extension_batch
    )
    touched = forget(dataset, plan, limit)
    if touched and dataset.individual:
        reresolve_records(tx, dataset, touched, now=plan.changed_at)
    return touched is None


def user_check(tx: Transaction) -> Callable[[str], bool]:
    """Return a function that tells whether a name is a user's, deactivated ones included.

    It reads all names at once, when it is first called.
    """
    names: set[str] = set()

    def is_user(name: str) -> bool:
        if not names:
            names.update(actor.username for actor in tx.people.users(inactive=True))
        return name in names

    return is_user


def begin_reresolving(
    tx: Transaction,
    dataset: Dataset,
    total: int | None,
    *,
    by: str,
    now: int,
    plan: int | None = None,
    carried: bool = False,
) -> Job:
    """Store a job that keeps track of resolving ``total`` records: those with slots of a plan, or all with answers.

    ``None``: the number is known later.
    """
    spec = {"plan": plan, "carried": carried}
    job = tx.jobs.add(dataset, str(uuid.uuid4()), JobKind.SETTLE, spec, by=by, at=now)
    state = JobState.DONE if total == 0 else JobState.RUNNING
    return tx.jobs.change(job, at=now, state=state, done=0, total=total)


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
    dataset = None if job is None else tx.datasets.by_number(job.dataset)
    if job is None or dataset is None:
        return
    carried = bool(job.spec["carried"])
    fill = carried or job.spec["plan"] is not None
    reresolve_records(tx, dataset, ids, now=now, fill=fill, carried=carried)
    done = job.done + len(ids)
    ended = JobState.DONE if done >= (job.total or 0) else None
    tx.jobs.change(job, at=now, state=ended, done=done)

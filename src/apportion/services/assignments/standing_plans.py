"""Add records that were just logged to the standing plans of their dataset."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, QueryTooSlowError, ValidationError
from apportion.domain.jobs import Job, JobKind, JobState
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.store import Transaction
from apportion.services.datasets.access import dataset_by_number, find_unchecked
from apportion.vocabulary import EventCode

from .apply_plan import ApplyPlan
from .compute_plan import compute_extension

__all__ = [
    "ATTEMPTS",
    "LateExtension",
    "apply_late",
    "compute_late",
    "extend_standing_plans",
    "late_of",
    "note_not_extended",
    "requeue_late",
]

AT_ONCE_SECONDS = 0.02
"""Seconds of computing for the query of a plan while records are logged: everybody's answers wait for it. A query
that takes longer is answered on a snapshot once they are logged."""
PEOPLE_AT_ONCE = 200
"""People up to which a plan is extended while records are logged: a thousand are half a million pairs who may share
records, which take a quarter of a second."""
ATTEMPTS = 4
"""Times that records are added to a standing plan, where it is changed meanwhile."""


@dataclass(frozen=True, slots=True)
class LateExtension:
    """Records that are logged, and a standing plan that takes too long to add them in the same transaction.

    ``job`` keeps them until they are added, whatever happens meanwhile; None where there is nothing to keep.
    """

    dataset: Dataset
    plan: str
    ids: Sequence[str]
    job: Job | None = None


def extend_standing_plans(
    tx: Transaction, dataset: Dataset, ids: Sequence[str], *, now: int, later: bool = False
) -> list[LateExtension]:
    """Add records that are being logged to standing plans; return what may take too long, for the caller to add.

    ``later``: a job adds it instead, and nothing is returned.

    Logging never fails because of a plan: where its team has become too small for what a rule asks, the records wait
    until a manager rebalances or extends it, and an event says so.
    """
    dataset = find_unchecked(tx, dataset.address) or dataset  # the caller's may be out of date
    late = []
    for stored in tx.assignments.plans(dataset):
        if not stored.spec.standing or stored.phase is not PlanPhase.LIVE:
            continue
        fresh = tx.assignments.without_slots(dataset, stored, ids)
        if not fresh:
            continue
        each = LateExtension(dataset, stored.id, fresh)
        if sum(map(len, stored.teams)) > PEOPLE_AT_ONCE:
            late.append(_kept(tx, each, stored.created_by, now=now, later=later))
            continue
        try:
            with tx.within(AT_ONCE_SECONDS):
                addition = _joining(tx, dataset, stored, fresh, now)
        except QueryTooSlowError:
            late.append(_kept(tx, each, stored.created_by, now=now, later=later))
        except ValidationError as problem:
            note_not_extended(tx, each, problem.errors[0]["msg"], now=now)
        else:
            apply_late(tx, each, addition, now=now)
    return [] if later else late


def _kept(tx: Transaction, late: LateExtension, by: str, *, now: int, later: bool) -> LateExtension:
    """Keep records in a job: the one of the dataset that waits already, or one of their own that runs."""
    dataset, job = late.dataset, tx.jobs.latest(late.dataset, JobKind.JOIN) if later else None
    if job is None or job.state is not JobState.WAITING:
        job = tx.jobs.add(dataset, str(uuid.uuid4()), JobKind.JOIN, {}, by=by, at=now)
    place = job.total or 0
    tx.jobs.keep_input(job, place, [(late.plan, list(late.ids))])
    job = tx.jobs.change(job, at=now, state=None if later else JobState.RUNNING, total=place + 1)
    return replace(late, job=job)


def late_of(tx: Transaction, job: Job) -> LateExtension | None:
    """Return the records that a job adds next; None if there are no more, or their dataset is gone."""
    dataset, found = dataset_by_number(tx, job.dataset), tx.jobs.input(job, job.done, (str, list[str]))
    if dataset is None or not found:
        return None
    ((plan, ids),) = found
    return LateExtension(dataset, plan, ids, job)


def compute_late(tx: Transaction, late: LateExtension, *, now: int) -> ApplyPlan | None:
    """Return the operation that adds the records, None if none of them joins. Not to be run on the writer thread."""
    dataset = find_unchecked(tx, late.dataset.address)
    if dataset is None or dataset.uuid != late.dataset.uuid:
        return None
    stored = tx.assignments.plan(dataset, late.plan)
    if stored is None or stored.phase is not PlanPhase.LIVE:
        return None
    fresh = tx.assignments.without_slots(dataset, stored, late.ids)
    return _joining(tx, dataset, stored, fresh, now) if fresh else None


def apply_late(tx: Transaction, late: LateExtension, addition: ApplyPlan | None, *, now: int) -> None:
    """Add the records in this transaction. Raises ``ConflictError`` if the plan or the dataset changed meanwhile."""
    if addition is not None:
        for step in addition.steps():
            step(tx)
    _end(tx, late, now)


def note_not_extended(tx: Transaction, late: LateExtension, why: str, *, now: int) -> None:
    """Log that records do not join a standing plan."""
    stored = tx.assignments.plan(late.dataset, late.plan)
    if stored is not None:
        what, detail = EventCode.NOT_EXTENDED, {"plan": late.plan, "records": len(late.ids), "why": why}
        tx.annotations.log_event(late.dataset, stored.created_by, what, at=now, detail=detail)
    _end(tx, late, now)


def requeue_late(tx: Transaction, late: LateExtension, *, now: int) -> None:
    """Leave to the worker what a request could not finish."""
    job = None if late.job is None else tx.jobs.find(late.job.id)
    if job is not None and job.state is JobState.RUNNING:
        tx.jobs.change(job, at=now, state=JobState.WAITING)


def _end(tx: Transaction, late: LateExtension, now: int) -> None:
    """Note that a job has dealt with its next records."""
    job = None if late.job is None else tx.jobs.find(late.job.id)
    if job is None:
        return
    done = job.done + 1
    tx.jobs.drop_input(job, job.done)
    tx.jobs.change(job, at=now, done=done, state=JobState.DONE if done == job.total else None)


def _joining(
    tx: Transaction, dataset: Dataset, stored: StoredPlan, ids: Sequence[str], now: int
) -> ApplyPlan | None:
    try:
        planned = compute_extension(tx, dataset, stored, ids)
        return ApplyPlan(planned, by=stored.created_by, at=now, joining=True)
    except QueryTooSlowError:
        raise
    except BadRequestError:  # no rule of the plan is about these records, or nobody can take them
        return None

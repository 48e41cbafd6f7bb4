"""Records that people had answered before a plan or a policy changed: what each stands by now.

A few are settled in the transaction that changed it; many, some to a transaction, by whoever asked. A job keeps account
of that, so that a stop in the middle is made good after the next start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.individual.resolution import resolve
from apportion.domain.individual.standing_slots import with_slots_filled
from apportion.domain.jobs import Job, JobKind, JobState
from apportion.domain.policies import Policies
from apportion.ports.annotations import Settled
from apportion.ports.assignments import PlanPhase, StoredPlan
from apportion.ports.records import Criteria
from apportion.ports.store import Work
from apportion.vocabulary import Status

from .annotate import follow_shared
from .steps import Step, parts_of

__all__ = [
    "AT_ONCE",
    "FEW",
    "begin_settling",
    "forget_some",
    "hand_over",
    "many_answered",
    "settle_part",
    "settle_some",
    "settling_steps",
    "user_check",
]

AT_ONCE = 200
"""Records to a transaction."""
FEW = 500
"""So many records with answers are settled in the transaction that changed what they stand by."""


def many_answered(work: Work, dataset: Dataset) -> bool:
    """Whether more records have answers than can be settled at once."""
    found = work.records.search(dataset, Criteria(), limit=0, facets=frozenset({"status"}))
    statuses = found.facets.get("status", {})
    answered: int = sum(n for status, n in statuses.items() if status != Status.DEFAULT.value)
    return answered > FEW


def settle_some(
    work: Work, dataset: Dataset, ids: Sequence[str], *, now: int, fill: bool = True, carried: bool = False
) -> None:
    """What people said fills their slots, and settles what it can. Doing it again changes nothing.

    Without ``fill`` the same answers count as before. ``carried``: the dataset was shared before; what was annotated
    by no user stays as the earlier value only.
    """
    policies = Policies.of(dataset.policies)
    cases = work.annotations.cases(dataset, ids)
    if not policies.individual:
        for case in cases:
            author = next(iter(sorted(case.annotations)), None)
            follow_shared(work, dataset, case, case.record.status, author, now)
        return
    is_user = user_check(work)
    changes = []
    for case in cases:
        after = case
        if carried:
            own = {name: each for name, each in case.annotations.items() if is_user(name)}
            after = replace(case, annotations=own)
        if fill:
            after = with_slots_filled(after, policies.required)
        view = resolve(after, rule=policies.resolution, required=policies.required)
        changes.append(Settled(case, after, view, "shared before" if carried else "replaced"))
    work.annotations.settle(dataset, changes, at=now)


def forget_some(work: Work, dataset: Dataset, plan: StoredPlan, limit: int) -> bool:
    """Forget some of a plan, or of an extension of one, that was never finished; True once nothing is left of it.

    Who answered meanwhile keeps their answer, and the record stands by what it would have stood by without the plan.
    """
    forget = (
        work.assignments.forget_plan if plan.phase is PlanPhase.WRITING else work.assignments.forget_extension
    )
    touched = forget(dataset, plan, limit)
    if touched and dataset.individual:
        settle_some(work, dataset, touched, now=plan.changed_at)
    return touched is None


def user_check(work: Work) -> Callable[[str], bool]:
    """Whether a name is a user's, deactivated ones included: read at once for all, when it is first asked."""
    names: set[str] = set()

    def is_user(name: str) -> bool:
        if not names:
            names.update(actor.username for actor in work.people.users(inactive=True))
        return name in names

    return is_user


def begin_settling(
    work: Work,
    dataset: Dataset,
    total: int | None,
    *,
    by: str,
    now: int,
    plan: int | None = None,
    carried: bool = False,
) -> Job:
    """Keep account of settling ``total`` records with answers: those with slots of a plan, or all of the dataset.

    ``None``: how many is known later.
    """
    spec = {"plan": plan, "carried": carried}
    job = work.jobs.add(dataset, str(uuid.uuid4()), JobKind.SETTLE, spec, by=by, at=now)
    state = JobState.DONE if total == 0 else JobState.RUNNING
    return work.jobs.change(job, at=now, state=state, done=0, total=total)


def settling_steps(job: Job, ids: Sequence[str], *, now: int) -> Iterator[Step]:
    """Settle the records of a job, transaction by transaction."""
    for part in parts_of(ids, AT_ONCE):
        yield lambda work, part=part: settle_part(work, job.id, part, now=now)  # type: ignore[misc]


def hand_over(work: Work, id: str, *, now: int) -> None:
    """Whoever was settling cannot go on: the job waits for the next who does jobs, unless it is done."""
    job = work.jobs.find(id)
    if job is not None and job.state is JobState.RUNNING:
        work.jobs.change(job, at=now, state=JobState.WAITING)


def settle_part(work: Work, id: str, ids: Sequence[str], *, now: int) -> None:
    """Go on with a job. Nothing is left to do where the dataset was deleted meanwhile."""
    job = work.jobs.find(id)
    dataset = None if job is None else work.datasets.numbered(job.dataset)
    if job is None or dataset is None:
        return
    carried = bool(job.spec["carried"])
    fill = carried or job.spec["plan"] is not None
    settle_some(work, dataset, ids, now=now, fill=fill, carried=carried)
    done = job.done + len(ids)
    ended = JobState.DONE if done >= (job.total or 0) else None
    work.jobs.change(job, at=now, state=ended, done=done)

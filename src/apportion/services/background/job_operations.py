"""Jobs that finish what a request began, and the fit of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from apportion.domain.errors import ConflictError, QueryTooSlowError, ValidationError
from apportion.domain.jobs import Job
from apportion.domain.parts import parts_of
from apportion.ports.deadline import Deadline
from apportion.ports.store import Transaction
from apportion.services.answers.reresolve import AT_ONCE as RESOLVED_AT_ONCE
from apportion.services.answers.reresolve import reresolve_batch
from apportion.services.datasets.access import dataset_by_number
from apportion.services.operations import Step
from apportion.services.records import remove

from .job_context import JobContext, job_access, job_dataset

if TYPE_CHECKING:
    from apportion.services.assignments.apply_plan import ApplyPlan
    from apportion.services.assignments.standing_plans import LateExtension

__all__ = ["FinishRemoval", "FinishReresolving", "FitModelJob", "JoinPlans"]

_QUERY_SECONDS = 30.0
"""Seconds of computing for the query of a standing plan."""


class FinishRemoval:
    """The steps that finish a removal which a request began and a stop cut short."""

    name = "finish removal"

    def __init__(self, context: JobContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._progress: remove.Removal | None = None

    @property
    def result(self) -> Mapping[str, Any]:
        assert self._progress is not None
        return {"processed": self._progress.processed}

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        while self._progress is None or self._progress.job is not None:
            yield self._some

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: what was removed stays removed."""
        return iter(())

    def _some(self, tx: Transaction) -> None:
        access, now = job_access(tx, self._job), self._context.clock.now()
        self._progress = remove.remove_some(access, self._job.id, now=now)


class JoinPlans:
    """The steps that add logged records to standing plans whose queries take too long for the writer."""

    name = "join standing plans"

    def __init__(self, context: JobContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._tries = 0
        self._joined = 0

    @property
    def result(self) -> Mapping[str, Any]:
        return {"joined": self._joined}

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        from apportion.services.assignments.standing_plans import compute_late, late_of  # imports numpy

        while True:
            now = self._context.clock.now()
            deadline = Deadline(query=_QUERY_SECONDS, foreground=self._context.foreground, long=True)
            with self._context.store.read(deadline) as tx:
                job = tx.jobs.find(self._job.id)
                late = None if job is None else late_of(tx, job)
                if late is None:
                    return
                addition, why = None, None
                try:
                    addition = compute_late(tx, late, now=now)
                except QueryTooSlowError as slow:
                    why = str(slow)
                except ValidationError as problem:
                    why = problem.errors[0]["msg"]
            yield partial(self._join, late, addition, why, now)

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: what was added stays, and the rest is kept."""
        return iter(())

    def _join(
        self, late: LateExtension, addition: ApplyPlan | None, why: str | None, now: int, tx: Transaction
    ) -> None:
        from apportion.services.assignments.standing_plans import ATTEMPTS, apply_late, note_not_extended

        try:
            if why is None:
                apply_late(tx, late, addition, now=now)
        except ConflictError as changed:  # before anything was written
            self._tries += 1
            if self._tries < ATTEMPTS:
                return
            why = str(changed)
        if why is None:
            self._joined += len(late.ids)
        else:
            note_not_extended(tx, late, why, now=now)
        self._tries = 0


class FinishReresolving:
    """The steps that finish resolving records after a stop, from the first one on: doing it twice changes nothing.

    The records of a closed dataset are resolved, too.
    """

    name = "finish resolving"

    def __init__(self, context: JobContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._ids: list[str] = []

    @property
    def result(self) -> Mapping[str, Any]:
        return {"settled": len(self._ids)}

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        with self._context.store.read() as tx:
            dataset = dataset_by_number(tx, self._job.dataset)
            self._ids = [] if dataset is None else tx.annotations.answered(dataset, self._job.spec["plan"])
        yield self._begin
        for part in parts_of(self._ids, RESOLVED_AT_ONCE):
            yield partial(reresolve_batch, id=self._job.id, ids=part, now=self._context.clock.now())

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: the job starts again from the first record."""
        return iter(())

    def _begin(self, tx: Transaction) -> None:
        tx.jobs.change(self._job, at=self._context.clock.now(), done=0, total=len(self._ids))


class FitModelJob:
    """The steps that fit the model of a dataset's policy, and tell the progress of the fit."""

    name = "fit model"

    def __init__(self, context: JobContext, job: Job) -> None:
        from apportion.services.insight.model_consensus import FitModel  # imports numpy

        self._context = context
        self._job = job
        find = partial(job_dataset, job=job)
        self._fit = FitModel(context.store, find, context.clock.now, self._tell)

    @property
    def result(self) -> Mapping[str, Any]:
        return self._fit.result

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        return self._fit.steps()

    def give_up(self) -> Iterator[Step]:
        return self._fit.give_up()

    def _tell(self, done: int, total: int, message: str) -> None:
        """Store the progress at once: a fit may take minutes before its first step."""
        self._context.check_running()
        at = self._context.clock.now()
        self._context.store.write(
            lambda tx: tx.jobs.change(self._job, at=at, done=done, total=total, message=message)
        ).result()

"""Run jobs one after the other. Each kind of job is a long operation, which works on some records to a transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from apportion.domain.errors import Refusal, StoreUnavailableError
from apportion.domain.jobs import WHOLE, Job, JobKind, JobState
from apportion.ports.store import Transaction
from apportion.services.datasets.access import dataset_by_number
from apportion.services.operations import OperationStoppedError, Step, run_operation
from apportion.services.records.import_gold import finished_gold
from apportion.services.records.import_into import finished_import
from apportion.services.records.log_in_parts import finished_log

from .job_context import JobContext, JobOperation
from .job_operations import FinishRemoval, FinishReresolving, FitModelJob, JoinPlans
from .jobs import begin_model, model_wanted
from .record_jobs import AcceptConsensus, ApplyValue, UndoJob

__all__ = ["InterruptedJobs", "JobContext", "interrupted_jobs", "queue_models", "run_next"]

log = logging.getLogger("apportion.jobs")

_KINDS: dict[JobKind, Callable[[JobContext, Job], JobOperation]] = {
    JobKind.APPLY: ApplyValue,
    JobKind.ACCEPT: AcceptConsensus,
    JobKind.UNDO: UndoJob,
    JobKind.MODEL: FitModelJob,
    JobKind.DELETE: FinishRemoval,
    JobKind.DISCARD: FinishRemoval,
    JobKind.RERESOLVE: FinishReresolving,
    JobKind.JOIN: JoinPlans,
    JobKind.IMPORT: lambda context, job: (finished_log if "logged" in job.spec else finished_import)(
        context.store, job, now=job.created_at
    ),
    JobKind.GOLD: lambda context, job: finished_gold(context.store, job, now=job.created_at),
}


@dataclass(frozen=True, slots=True)
class InterruptedJobs:
    """The step that marks the running jobs of servers which are not alive; some of them wait to be continued."""

    at: int
    alive: Callable[[int], bool]
    name: str = "interrupted jobs"

    def steps(self) -> Iterator[Step]:
        """Yield the one step."""
        yield lambda tx: tx.jobs.interrupted(self.alive, at=self.at)

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: nothing was marked."""
        return iter(())


def interrupted_jobs(tx: Transaction, at: int, alive: Callable[[int], bool]) -> list[InterruptedJobs]:
    """Return the operation that marks running jobs of servers which are not alive, where there are any."""
    return [] if all(map(alive, tx.jobs.owners())) else [InterruptedJobs(at, alive)]


def queue_models(context: JobContext) -> bool:
    """Queue a model job for every dataset whose policy needs one; return whether there was any."""

    with context.store.read() as tx:  # a read, since most of the time there is nothing to write
        wanted = [each.no for each in tx.datasets.list() if model_wanted(tx, each)]

    def queue(no: int, tx: Transaction) -> bool:
        dataset = dataset_by_number(tx, no)
        return (
            dataset is not None and begin_model(tx, dataset, "apportion", now=context.clock.now()) is not None
        )

    queued = [context.store.write(partial(queue, no)).result() for no in wanted]
    return any(queued)


def run_next(context: JobContext) -> bool:
    """Run the job that has waited longest; return False when none is waiting."""

    with context.store.read() as tx:  # a read, since most of the time there is none
        if not tx.jobs.any_waiting():
            return False
    mine = context.store.server
    job = context.store.write(lambda tx: tx.jobs.take(at=context.clock.now())).result()
    if job is None:
        return False
    try:
        operation = _KINDS[job.kind](context, job)
        pace = context.pace()
        run_operation(context.store, operation, checkpoint=pace.check, count=pace.add)
        _end(context, job, state=JobState.DONE, result=operation.result)
    except (OperationStoppedError, StoreUnavailableError):
        if context.store.server == mine:  # else it is what a dead server left, and others take care of it
            run_operation(context.store, InterruptedJobs(context.clock.now(), lambda no: no != mine))
    except Refusal as refused:
        _end(context, job, state=JobState.FAILED, message=str(refused))
    except Exception as failure:
        log.exception("job %s failed", job.id)
        if job.kind in WHOLE:  # it stays as if it were running: the next start finishes it
            return True
        _end(context, job, state=JobState.FAILED, message=f"it broke off: {type(failure).__name__}")
    return True


def _end(context: JobContext, job: Job, **changes: Any) -> None:
    context.store.write(lambda tx: tx.jobs.change(job, at=context.clock.now(), **changes)).result()

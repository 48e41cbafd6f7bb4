"""Parts that the operations of all kinds of jobs share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.jobs import Job
from apportion.domain.records import Value
from apportion.ports.deadline import Deadline, Foreground
from apportion.ports.security import Clock
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import DatasetAccess, dataset_by_number
from apportion.services.operations import OperationStoppedError, Step
from apportion.vocabulary import Task

from .jobs import check_still_allowed

__all__ = ["JobContext", "JobOperation", "JobPace", "job_access", "job_dataset"]


@dataclass(frozen=True, slots=True)
class JobContext:
    """Dependencies of jobs: the store, the clock, and the parser of a task's values from JSON."""

    store: Store
    clock: Clock
    read_value: Callable[[Task, dict[str, Any] | None], Value | None]
    stopping: Callable[[], bool] = lambda: False
    """A function that tells whether the server is about to stop."""

    foreground: Foreground | None = None
    """The requests at work that jobs let go first."""

    def check_running(self) -> None:
        """Raise ``OperationStoppedError`` once the server is about to stop."""
        if self.stopping():
            raise OperationStoppedError

    def pace(self) -> JobPace:
        """Return the pace of one job, to be run in this thread."""
        return JobPace(self)


class JobPace:
    """The pace of a job: it rests between two steps while the requests of people are at work."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._deadline = Deadline(foreground=context.foreground, long=True)
        self._deadline.start()

    def check(self) -> None:
        """Rest if people's requests have waited long enough. Raises ``OperationStoppedError`` if the server stops."""
        self._context.check_running()
        self._deadline.check()

    def add(self, seconds: float) -> None:
        """Count what a step computed in the thread that writes."""
        self._deadline.add(seconds)


class JobOperation(Protocol):
    """A long operation that a stored job keeps track of; its result is stored with the job."""

    @property
    def name(self) -> str: ...

    @property
    def result(self) -> Mapping[str, Any]:
        """Return the result; only there once all steps have run."""
        ...

    def steps(self) -> Iterator[Step]: ...

    def give_up(self) -> Iterator[Step]: ...


def job_dataset(tx: Transaction, job: Job) -> Dataset:
    """Return the dataset of a job as it is now; refused once it is gone or closed."""
    found = dataset_by_number(tx, job.dataset)
    if found is None or found.closed:
        raise Refusal("the dataset was closed or deleted")
    return found


def job_access(tx: Transaction, job: Job) -> DatasetAccess:
    """Open the dataset of a job for its owner, with the rights they have now."""
    dataset = job_dataset(tx, job)
    return DatasetAccess(tx, check_still_allowed(tx, job, dataset), dataset)

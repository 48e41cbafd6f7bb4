"""The port for jobs and the changes they made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.jobs import Job, JobKind, JobState

__all__ = ["JobChange", "Jobs"]


class JobChange(NamedTuple):
    """A change of a record by a job: the value before it, and the version that the job wrote."""

    record: str
    before: Annotation | GoldValue | None
    version: int


class Jobs(Protocol):
    """Jobs of all datasets, within one transaction."""

    def add(
        self, dataset: Dataset, id: str, kind: JobKind, spec: Mapping[str, Any], *, by: str, at: int
    ) -> Job: ...

    def find(self, id: str) -> Job | None: ...

    def any_waiting(self) -> bool:
        """Return whether a job waits to be taken."""
        ...

    def take(self, *, at: int) -> Job | None:
        """Return the job that has waited longest, from now on run by this server, and by no other; None without one."""
        ...

    def change(
        self,
        job: Job,
        *,
        at: int,
        state: JobState | None = None,
        done: int | None = None,
        total: int | None = None,
        message: str | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> Job:
        """Update a job; what is None stays as it is. One set to running is this server's."""
        ...

    def interrupted(self, alive: Callable[[int], bool], *, at: int) -> int:
        """Mark running jobs as interrupted whose server is not alive any more; return how many.

        Those that were one step to their users wait instead, to be continued.
        """
        ...

    def owners(self) -> set[int]:
        """Return the numbers of the servers that run jobs; 0 where that is not known."""
        ...

    def unfinished(self, dataset: Dataset, kind: JobKind) -> bool:
        """Return whether a job of a kind whose input is stored whole is not done yet."""
        ...

    # The input of a job, in parts, while it is not dealt with

    def keep_input(self, job: Job, part: int, items: Sequence[Sequence[Any]]) -> None:
        """Store a part of what a job was sent: of each item the members, plain values and dataclasses."""
        ...

    def input(self, job: Job, part: int, kinds: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        """Return the items of a part, whose members are of these types; None once it is dropped."""
        ...

    def drop_input(self, job: Job, part: int) -> None:
        """Delete a part that is dealt with."""
        ...

    def latest(self, dataset: Dataset, kind: JobKind) -> Job | None:
        """Return the job of a kind that was started last."""
        ...

    def last_answer(self, dataset: Dataset) -> int:
        """Return the number of the last event that gave or took back an answer; 0 without one."""
        ...

    def record_undo(
        self, job: Job, dataset: Dataset, number: int, before: Annotation | GoldValue | None, version: int
    ) -> None:
        """Store the value a job is about to change, by the record's number, so that it can be undone."""
        ...

    def changes(
        self, job: Job, dataset: Dataset, *, by: str, after: str | None, limit: int
    ) -> list[JobChange]:
        """Return changes by a job after an id, in order of record ids.

        ``by`` names whose annotations they were.
        """
        ...

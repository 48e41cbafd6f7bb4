"""Where jobs are kept, and what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, GoldValue
from apportion.domain.jobs import Job, JobKind, JobState

__all__ = ["JobChange", "Jobs"]


class JobChange(NamedTuple):
    """What a job changed about a record: what was there before, and the version that the job made of it."""

    record: str
    before: Annotation | GoldValue | None
    version: int


class Jobs(Protocol):
    """Jobs of all datasets, within one transaction."""

    def add(
        self, dataset: Dataset, id: str, kind: JobKind, spec: Mapping[str, Any], *, by: str, at: int
    ) -> Job: ...

    def find(self, id: str) -> Job | None: ...

    def waiting(self) -> Job | None:
        """The job that has waited longest."""
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
        """What has happened since; what is None stays."""
        ...

    def interrupted(self, *, at: int) -> int:
        """Mark what was running when the server stopped; how many that were."""
        ...

    def latest(self, dataset: Dataset, kind: JobKind) -> Job | None:
        """The job of a kind that was begun last."""
        ...

    def last_answer(self, dataset: Dataset) -> int:
        """The number of the last event in which somebody answered or took an answer back; 0 without one."""
        ...

    def record_undo(
        self, job: Job, dataset: Dataset, number: int, before: Annotation | GoldValue | None, version: int
    ) -> None:
        """Keep what a job is about to change, by the record's number."""
        ...

    def changes(
        self, job: Job, dataset: Dataset, *, by: str, after: str | None, limit: int
    ) -> list[JobChange]:
        """What a job changed, in order of the records' ids, behind an id. ``by`` is whose annotations they were."""
        ...

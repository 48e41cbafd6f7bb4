"""Long work that goes on after the request that began it: what it is, how far it has come, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["ENDED", "Job", "JobKind", "JobState", "Take"]


class JobKind(str, Enum):
    """What is done."""

    APPLY = "annotations:apply"
    ACCEPT = "consensus:accept"
    MODEL = "consensus:model"
    UNDO = "undo"

    def __str__(self) -> str:
        return str(self.value)

    @property
    def undoable(self) -> bool:
        """Whether it changes what people said or decided, record by record."""
        return self in (JobKind.APPLY, JobKind.ACCEPT)


class JobState(str, Enum):
    """How far it has come. A job that the server's stop cut short is ``interrupted``: what it did stays done."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNDONE = "undone"

    def __str__(self) -> str:
        return str(self.value)


class Take(str, Enum):
    """Where a job that annotates has each record's value from."""

    VALUE = "value"
    """The same for all, as sent."""
    OWN = "own"
    """What whoever began it has said of the record so far, drafts included."""
    PREDICTED = "predicted"
    """What is predicted for the record."""

    def __str__(self) -> str:
        return str(self.value)


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.INTERRUPTED})
"""States in which nothing more will happen by itself, and what was done may be undone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``done`` of ``total`` steps are behind it; times are instants; ``dataset`` is the dataset's number."""

    no: int
    id: str
    dataset: int
    kind: JobKind
    state: JobState
    spec: Mapping[str, Any]
    by: str
    created_at: int
    changed_at: int
    done: int = 0
    total: int | None = None
    message: str | None = None
    result: Mapping[str, Any] | None = None

"""Jobs that continue after the request that began them: their kind, progress and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = [
    "ENDED",
    "FINISHED_LATER",
    "WHOLE",
    "AcceptScope",
    "Job",
    "JobKind",
    "JobState",
    "runs_of",
    "within",
]


class JobKind(str, Enum):
    """The kinds of jobs."""

    APPLY = "annotations:apply"
    ACCEPT = "consensus:accept"
    MODEL = "consensus:model"
    UNDO = "undo"
    DELETE = "records:delete"
    DISCARD = "records:discard"
    RERESOLVE = "records:settle"
    IMPORT = "records:import"
    GOLD = "gold:import"
    JOIN = "plans:join"

    def __str__(self) -> str:
        return str(self.value)

    @property
    def undoable(self) -> bool:
        """Return whether the job changes answers or decisions of people, record by record."""
        return self in (JobKind.APPLY, JobKind.ACCEPT)


class JobState(str, Enum):
    """The states of a job. One cut short by a stop of the server is ``interrupted``: what it did stays done."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNDONE = "undone"

    def __str__(self) -> str:
        return str(self.value)


class AcceptScope(str, Enum):
    """Sources of each record's value in a job that annotates."""

    VALUE = "value"
    """The same value for all, as sent."""
    OWN = "own"
    """The current answer to the record by the person who began the job, drafts included."""
    PREDICTED = "predicted"
    """The prediction for the record."""

    def __str__(self) -> str:
        return str(self.value)


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.INTERRUPTED})
"""States in which a job does nothing more by itself, and its changes may be undone."""


WHOLE = frozenset({JobKind.IMPORT, JobKind.GOLD})
"""Kinds that are begun once all of their input is stored and checked, and then done whole, whatever fails meanwhile."""

FINISHED_LATER = WHOLE | {JobKind.DELETE, JobKind.DISCARD, JobKind.RERESOLVE, JobKind.JOIN}
"""Kinds that look like one step to the user: after a stop of the server, the next start continues them."""


def runs_of(numbers: Iterable[int]) -> list[list[int]]:
    """Return ascending numbers as the first and last of each run of neighbours.

    >>> runs_of([1, 2, 3, 7, 9, 10])
    [[1, 3], [7, 7], [9, 10]]
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def within(runs: Sequence[Sequence[int]], start: int, count: int) -> list[int]:
    """Return some of the numbers behind ``runs``.

    >>> within([[1, 3], [7, 7], [9, 10]], 2, 3)
    [3, 7, 9]
    """
    found: list[int] = []
    for first, last in runs:
        length = last - first + 1
        if start < length:
            found += range(first + start, min(last + 1, first + start + count - len(found)))
        start = max(0, start - length)
        if len(found) == count:
            break
    return found


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``done`` of ``total`` steps are complete; times are instants; ``dataset`` is the dataset's number."""

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

"""Looking after what is kept: copies of it, and whether everything in it agrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = [
    "CannotOpenError",
    "Inconsistency",
    "RebuildReport",
    "RestoreReport",
    "StoreCondition",
    "StoreCounts",
    "Upkeep",
]


class CannotOpenError(Exception):
    """The store cannot be opened as it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """How a store in use fares, as far as can be told without reading what is in it. Sizes are in bytes."""

    writing: bool
    """Is there somebody to take writes?"""
    waiting: int
    """Writes in line, single annotations among them."""
    urgent: int
    """Single annotations in line."""
    busy: float
    """Seconds that the transaction at hand has taken so far; 0 while there is none."""
    tables: int
    tables_wanted: int
    size: int
    log_size: int
    """What is not in the main file yet."""
    free: int
    """Left on the disk."""
    writable: bool = True
    """Whether the disk can be written to."""
    damage: str | None = None
    """What was said when a damaged part of the store was met, since it was opened."""
    lost: str | None = None
    """What has happened to the store's files under the server, if anything."""


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How much a store holds. Datasets that were deleted do not count; their annotations do until they are purged."""

    users: int
    workspaces: int
    sessions: int
    datasets: int
    records: int
    annotations: int
    leases: int
    """Slots somebody has taken and whose time is not over."""
    jobs: int
    """Jobs that wait or run."""


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """Something that does not agree, in a sentence. ``dataset`` is its address, None for the whole store."""

    check: str
    dataset: str | None
    message: str


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """``kept`` is the store as it was; ``left_out`` says how many rows of what belong to nothing that exists."""

    kept: Path
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """``kept`` is what was there before, if anything was; an ``older`` store is upgraded when it is next used."""

    kept: Path | None
    older: bool


class Upkeep(Protocol):
    """Works beside a running server, since it only reads and holds nobody up; all but ``reindex``."""

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        """A consistent copy as of now, there only once it is whole. Refused over the store itself.

        ``progress`` is told how many parts are left and how many there are.
        """
        ...

    def verify(self) -> Sequence[Inconsistency]:
        """Whatever does not agree with the rest; nothing when all is well."""
        ...

    def reindex(self, *, progress: Callable[[str, int, int], None] | None = None) -> RebuildReport:
        """Make everything anew that follows from what people put in. Refused while a server runs.

        ``progress`` is told what is being done, how far that is, and of how much.
        """
        ...

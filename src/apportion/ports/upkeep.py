"""The port for maintenance of the store: backups, consistency checks and rebuilds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = [
    "CannotOpenError",
    "Inconsistency",
    "IndexStatus",
    "RebuildReport",
    "RestoreReport",
    "SearchCondition",
    "StoreCondition",
    "StoreCounts",
    "Upkeep",
]


class CannotOpenError(Exception):
    """The store cannot be opened as it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The state of one search index of a dataset."""

    workspace: str
    dataset: str
    index: str
    state: str
    records: int
    """Records of the dataset."""
    lag: int
    """Records that are not in the index yet."""
    problem: str


@dataclass(frozen=True, slots=True)
class SearchCondition:
    """The state of the search indexes beside a store, as one server sees it."""

    indexed: int
    """Datasets whose searches an index answers."""
    building: int
    lag: int
    """Records that were written and are not in the indexes yet."""
    answered: int
    """Searches that an index has answered since the start."""
    left: int
    """Searches since the start that were left to the database though there is an index."""
    problem: str = ""
    """Reason why searches are left to the database, or indexing does not go on; empty if nothing is wrong."""


@dataclass(frozen=True, slots=True)
class StoreCondition:
    """The condition of a store in use, as far as it is known without reading its contents.

    Sizes are in bytes.
    """

    writing: bool
    """True while the writer is running."""
    waiting: int
    """Queued writes, single annotations among them."""
    urgent: int
    """Queued single annotations."""
    busy: float
    """Seconds that the current transaction has taken so far; 0 while there is none."""
    tables: int
    tables_wanted: int
    size: int
    log_size: int
    """Size of what is not in the main file yet."""
    free: int | None
    """Free space on the disk; None if that is another machine's."""
    writable: bool = True
    """True if the disk can be written to."""
    damage: str | None = None
    """The error message of a damaged part of the store found since it was opened, if any."""
    search: SearchCondition | None = None
    """The search indexes beside the store, if there are any."""
    lost: str | None = None
    """A description of what happened to the store's files while the server runs, if anything."""


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """The contents of a store in numbers.

    Deleted datasets do not count; their annotations do until they are purged.
    """

    users: int
    workspaces: int
    sessions: int
    datasets: int
    records: int
    annotations: int
    leases: int
    """Slots with a lease that has not expired."""
    jobs: int
    """Jobs that wait or run."""


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """An inconsistency as a sentence. ``dataset`` is its workspace and name, None for the whole store."""

    check: str
    dataset: str | None
    message: str


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """The result of a rebuild.

    ``kept`` is the store as it was, None if it was rebuilt in place; ``left_out`` counts, by kind, rows without a
    parent.
    """

    kept: Path | None
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """The result of a restore.

    ``kept`` is the earlier store, if any; an ``older`` one is upgraded on next use.
    """

    kept: Path | None
    older: bool


class Upkeep(Protocol):
    """Maintenance of a store.

    All but ``reindex`` only read and block nobody, so they work beside a running server.
    """

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Write a consistent copy as of now, a file whatever the store is; it appears only once complete. Refused
        over the store itself.

        ``progress`` is called with the number of parts left and of all parts.
        """
        ...

    def verify(self, *, progress: Callable[[str, int, int], None] | None = None) -> Sequence[Inconsistency]:
        """Return all inconsistencies found; empty if there are none.

        ``progress`` is called with what is checked, how many checks are done, and how many there are.
        """
        ...

    def reindex(self, *, progress: Callable[[str, int, int], None] | None = None) -> RebuildReport:
        """Rebuild everything that is derived from what people entered. Refused while a server runs.

        ``progress`` is called with the current step, how much of it is done, and its total.
        """
        ...

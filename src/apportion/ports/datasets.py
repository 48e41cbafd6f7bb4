"""Where datasets are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset, Guidelines

__all__ = ["Datasets", "DeletedDataset"]


class DeletedDataset(NamedTuple):
    """A dataset that was deleted and can still be brought back; when, and by whom if that is known.

    The days for which it is kept begin ``at``: later than it was deleted if for a time no server ran.
    """

    dataset: Dataset
    at: int
    by: str | None
    deleted_at: int


class Datasets(Protocol):
    """Datasets by workspace and name, within one transaction. Deleted ones are not seen."""

    def find(self, workspace: str, name: str) -> Dataset | None:
        """The dataset at that address."""
        ...

    def by_number(self, no: int) -> Dataset | None:
        """The dataset with this number, unless it was deleted."""
        ...

    def list(self, workspaces: Collection[str] | None = None) -> Sequence[Dataset]:
        """Datasets of these workspaces (None: of all), oldest first."""
        ...

    def add(self, dataset: Dataset) -> Dataset:
        """Create a dataset; its number is given out here."""
        ...

    def update(self, dataset: Dataset, **changes: Any) -> Dataset:
        """Change tags, metadata, settings, policies, closed, last_updated, multi_label or rules."""
        ...

    def guidelines(self, dataset: Dataset, version: int | None = None) -> Guidelines | None:
        """The latest guidelines, or those of a version."""
        ...

    def add_guidelines(self, dataset: Dataset, found: Guidelines) -> None:
        """Keep a new version of the guidelines."""
        ...

    def delete(self, dataset: Dataset, *, at: int) -> None:
        """Make a dataset invisible; it is purged later."""
        ...

    def deleted(self, workspaces: Collection[str] | None = None) -> Sequence[DeletedDataset]:
        """Deleted datasets of these workspaces (None: of all), the last one deleted first."""
        ...

    def postpone_purges(self, by: int) -> None:
        """Let the days for which deleted datasets are kept begin that many microseconds later."""
        ...

    def restore(self, dataset: Dataset, *, name: str) -> Dataset:
        """Make a deleted dataset visible again, under a name that must be free."""
        ...

    def mark_for_purge(self, dataset: Dataset) -> None:
        """From here on a dataset cannot be brought back: it is ``doomed``."""
        ...

    def pending_purge(self) -> Sequence[int]:
        """Numbers of datasets that have to go: condemned ones, and what a stop left half made."""
        ...

    def add_hidden(self, dataset: Dataset) -> Dataset:
        """Create a dataset that nobody sees until it is ``restore``d; until then it counts as doomed."""
        ...

    def purge(self, no: int, *, limit: int) -> bool:
        """Remove about so many rows of a doomed dataset; True once nothing of it is left."""
        ...

    def release_disk_space(self) -> bool:
        """Give some unused space back to the disk; whether there is more to give."""
        ...

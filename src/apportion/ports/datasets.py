"""The port for datasets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset, Guidelines

__all__ = ["Datasets", "DeletedDataset"]


class DeletedDataset(NamedTuple):
    """A deleted dataset that can still be restored, with when it was deleted, and by whom if that is known.

    The days for which it is kept begin ``at``: later than ``deleted_at`` if no server ran for some time.
    """

    dataset: Dataset
    at: int
    by: str | None
    deleted_at: int


class Datasets(Protocol):
    """Datasets by workspace and name, within one transaction. Deleted ones are left out."""

    def expect(self, workspace: str, name: str) -> None:
        """Have the dataset that ``find`` is about to look for found together with what is looked up before it."""
        ...

    def find(self, workspace: str, name: str) -> Dataset | None:
        """Return the dataset of that workspace and name."""
        ...

    def by_number(self, no: int) -> Dataset | None:
        """Return the dataset with this number, unless it was deleted."""
        ...

    def list(self, workspaces: Collection[str] | None = None) -> Sequence[Dataset]:
        """Return datasets of these workspaces (None: of all), oldest first."""
        ...

    def add(self, dataset: Dataset) -> Dataset:
        """Create a dataset; the store assigns its number."""
        ...

    def update(self, dataset: Dataset, **changes: Any) -> Dataset:
        """Change tags, metadata, settings, policies, closed, last_updated, multi_label or rules."""
        ...

    def guidelines(self, dataset: Dataset, version: int | None = None) -> Guidelines | None:
        """Return the latest guidelines, or those of a version."""
        ...

    def add_guidelines(self, dataset: Dataset, found: Guidelines) -> None:
        """Store a new version of the guidelines."""
        ...

    def delete(self, dataset: Dataset, *, at: int) -> None:
        """Make a dataset invisible; it is purged later."""
        ...

    def deleted(self, workspaces: Collection[str] | None = None) -> Sequence[DeletedDataset]:
        """Return deleted datasets of these workspaces (None: of all), the last one deleted first."""
        ...

    def postpone_purge(self, dataset: Dataset, by: int) -> None:
        """Postpone the purge of a deleted dataset by that many microseconds; one marked for purge stays marked."""
        ...

    def restore(self, dataset: Dataset, *, name: str) -> Dataset:
        """Make a deleted dataset visible again, under a name that must be free."""
        ...

    def mark_for_purge(self, dataset: Dataset) -> None:
        """Mark a dataset for purge; from here on it cannot be restored."""
        ...

    def pending_purge(self, alive: Callable[[int], bool]) -> Sequence[int]:
        """Return numbers of datasets to purge: marked ones, and hidden ones whose server is not alive any more."""
        ...

    def add_hidden(self, dataset: Dataset) -> Dataset:
        """Create a dataset that is hidden until it is ``restore``d, and this server's for as long."""
        ...

    def purge(self, no: int, *, limit: int) -> bool:
        """Remove about so many rows of a dataset marked for purge; return True once nothing of it is left."""
        ...

    def release_disk_space(self) -> bool:
        """Release some unused disk space; return whether there is more to release."""
        ...

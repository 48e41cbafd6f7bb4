"""Where datasets are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from apportion.domain.datasets import Dataset, Guidelines

__all__ = ["Datasets"]


class Datasets(Protocol):
    """Datasets by workspace and name, within one transaction. Deleted ones are not seen."""

    def find(self, workspace: str, name: str) -> Dataset | None:
        """The dataset at that address."""
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

    def purge(self, *, before: int) -> int:
        """Remove for good what was deleted before an instant; how many datasets."""
        ...

"""Create, list, change, open and close datasets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress, check_remarks
from apportion.domain.errors import EntityNotFoundError
from apportion.domain.events import difference
from apportion.domain.ids import DatasetNo
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, require
from apportion.ports.events import About
from apportion.ports.store import Transaction
from apportion.vocabulary import EventCode, Task

from .access import DatasetAccess, check_free, open_dataset

__all__ = [
    "DatasetEdit",
    "NewDataset",
    "blank_dataset",
    "create_dataset",
    "edit_dataset",
    "list_datasets",
    "new_dataset",
    "note_tags",
    "require_workspace",
    "set_closed",
]


@dataclass(frozen=True, slots=True)
class NewDataset:
    """A dataset that is to be created."""

    address: DatasetAddress
    task: Task
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatasetEdit:
    """Tags and metadata to merge into those of a dataset, and the keys to remove from each."""

    tags: Mapping[str, str]
    metadata: Mapping[str, Any]
    tags_removed: Sequence[str] = ()
    metadata_removed: Sequence[str] = ()

    def merged(self, dataset: Dataset) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the tags and metadata that the dataset has afterwards."""
        tags = {key: each for key, each in dataset.tags.items() if key not in self.tags_removed}
        metadata = {key: each for key, each in dataset.metadata.items() if key not in self.metadata_removed}
        return {**tags, **self.tags}, {**metadata, **self.metadata}


def list_datasets(tx: Transaction, actor: Actor, workspace: str | None) -> Sequence[Dataset]:
    """Return the datasets of one workspace, or of every workspace ``actor`` may see."""
    require(actor, Action.LIST_DATASETS)
    if workspace is not None:
        known = tx.people.workspace_named(workspace) is not None
        if not known or not (actor.is_admin or workspace in actor.workspaces):
            raise EntityNotFoundError(workspace, "Workspace")
        return tx.datasets.list([workspace])
    return tx.datasets.list(None if actor.is_admin else actor.workspaces)


def require_workspace(tx: Transaction, name: str) -> None:
    """Refuse unless the workspace exists."""
    if tx.people.workspace_named(name) is None:
        raise EntityNotFoundError(name, "Workspace")


def create_dataset(tx: Transaction, actor: Actor, wanted: NewDataset, *, now: int) -> Dataset:
    """Create an empty dataset."""
    require_workspace(tx, wanted.address.workspace)
    require(actor, Action.CREATE_DATASET, wanted.address.workspace)
    check_free(tx, wanted.address, "ServiceDataset")
    return new_dataset(tx, actor, wanted, now=now)


def new_dataset(tx: Transaction, actor: Actor, wanted: NewDataset, *, now: int) -> Dataset:
    """Create a dataset whose creator's rights have been checked before; only its name is checked here."""
    made = tx.datasets.add(blank_dataset(actor, wanted, now=now))
    after = {"task": str(wanted.task), "tags": dict(wanted.tags), "metadata": dict(wanted.metadata)}
    tx.events.add(EventCode.CREATED, About(made), who=actor.username, at=now, after=after)
    return made


def blank_dataset(actor: Actor, wanted: NewDataset, *, now: int) -> Dataset:
    """Return a dataset that is yet to be stored; its name, tags and metadata are checked."""
    address = wanted.address
    check_name(address.name, "name", model="CreateDatasetRequest")
    check_remarks(wanted.tags, wanted.metadata)
    return Dataset(
        no=DatasetNo(0),
        uuid=str(uuid.uuid4()),
        workspace=address.workspace,
        name=address.name,
        task=wanted.task,
        tags=dict(wanted.tags),
        metadata=dict(wanted.metadata),
        settings=None,
        created_by=actor.username,
        created_at=now,
        last_updated=now,
    )


def edit_dataset(
    tx: Transaction, actor: Actor, address: DatasetAddress, changes: DatasetEdit, *, now: int
) -> Dataset:
    """Merge tags and metadata into those the dataset has, and remove others."""
    access = open_dataset(tx, actor, address, Action.EDIT_TAGS)
    access.require_right("edit_tags")
    tags, metadata = changes.merged(access.dataset)
    check_remarks(tags, metadata)
    note_tags(access, tags, metadata, now=now)
    return tx.datasets.update(access.dataset, tags=tags, metadata=metadata, last_updated=now)


def note_tags(
    access: DatasetAccess, tags: Mapping[str, str], metadata: Mapping[str, Any], *, now: int
) -> None:
    """Log the event of changed tags or metadata, if these differ from those the dataset has."""
    dataset = access.dataset
    before, after = difference(
        {"tags": dict(dataset.tags), "metadata": dict(dataset.metadata)},
        {"tags": dict(tags), "metadata": dict(metadata)},
    )
    if after:
        what, about = EventCode.CHANGED_TAGS, About(dataset)
        access.tx.events.add(what, about, who=access.actor.username, at=now, before=before, after=after)


def set_closed(tx: Transaction, actor: Actor, address: DatasetAddress, *, closed: bool, now: int) -> None:
    """Open or close a dataset; a closed one can be neither searched nor logged into."""
    dataset = open_dataset(tx, actor, address, Action.OPEN_CLOSE).dataset
    if dataset.closed is not closed:
        what = EventCode.CLOSED if closed else EventCode.OPENED
        tx.events.add(what, About(dataset), who=actor.username, at=now)
    tx.datasets.update(dataset, closed=closed)

"""Find, create, change, open and close datasets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.assignment.states import Visibility
from apportion.domain.datasets import Dataset, check_remarks
from apportion.domain.errors import (
    ClosedDatasetError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    WrongTaskError,
)
from apportion.domain.events import difference
from apportion.domain.ids import RESOLVED, DatasetNo, Viewer
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.policies import Policies
from apportion.ports.events import About
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.store import Transaction
from apportion.vocabulary import EventCode, Task

from .rights import require_right

__all__ = [
    "allow",
    "blank_dataset",
    "create_dataset",
    "edit_dataset",
    "find_dataset",
    "list_datasets",
    "new_dataset",
    "note_tags",
    "require_workspace",
    "row_for",
    "seen_by",
    "set_closed",
    "viewer_of",
]


def find_dataset(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    action: Action,
    *,
    task: Task | None = None,
    open_only: bool = False,
) -> Dataset:
    """Find a dataset; refuse unless it has the task wanted, is open, and ``actor`` may do this with it.

    Outsiders of the workspace get the same refusal whether the dataset exists or not.
    """
    if effective_role(actor, workspace) is EffectiveRole.OUTSIDER:
        require(actor, action, workspace)
    dataset = tx.datasets.find(workspace, name)
    if dataset is None:
        raise EntityNotFoundError(name, "ServiceDataset")
    return allow(dataset, actor, action, task=task, open_only=open_only)


def allow(
    dataset: Dataset, actor: Actor, action: Action, *, task: Task | None = None, open_only: bool = False
) -> Dataset:
    """Return the dataset; refuse unless it has the task wanted, is open, and ``actor`` may do this with it."""
    workspace, name = dataset.workspace, dataset.name
    if effective_role(actor, workspace) is EffectiveRole.OUTSIDER:
        require(actor, action, workspace)  # or the next refusal would show its task
    if task is not None and dataset.task is not task:
        raise WrongTaskError(
            f"Provided task {task} cannot be applied to dataset {name}, which is of task {dataset.task}"
        )
    require(actor, action, workspace, dataset.created_by)
    if open_only and dataset.closed:
        raise ClosedDatasetError(name)
    return dataset


def viewer_of(tx: Transaction, actor: Actor, dataset: Dataset) -> Viewer:
    """Return the view of the dataset's annotations that ``actor`` has: the resolved one, or only their own."""
    if not dataset.individual:
        return RESOLVED
    if effective_role(actor, dataset.workspace) in (
        EffectiveRole.ADMIN,
        EffectiveRole.MANAGER,
        EffectiveRole.REVIEWER,
    ):
        return RESOLVED
    return tx.records.viewer(actor.username)


def seen_by(tx: Transaction, actor: Actor, dataset: Dataset, criteria: Criteria) -> Criteria:
    """Return the criteria limited to the view of ``actor`` and the records they may see."""
    seen = replace(criteria, viewer=viewer_of(tx, actor, dataset), me=actor.username)
    policies = Policies.of(dataset.policies)
    if effective_role(actor, dataset.workspace) is not EffectiveRole.MEMBER:
        return seen
    return replace(
        seen,
        assigned_to=actor.username if policies.visibility is Visibility.ASSIGNED else None,
        alone=policies.blind,
    )


def row_for(tx: Transaction, actor: Actor, dataset: Dataset, id: str) -> StoredRecord | None:
    """Return one record as ``actor`` sees it."""
    seen = seen_by(tx, actor, dataset, Criteria())
    return tx.records.get(dataset, id, seen.viewer, only=actor.username if seen.alone else None)


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


def create_dataset(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    *,
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
    now: int,
) -> Dataset:
    """Create an empty dataset."""
    require_workspace(tx, workspace)
    require(actor, Action.CREATE_DATASET, workspace)
    if tx.datasets.find(workspace, name) is not None:
        raise EntityAlreadyExistsError(name, "ServiceDataset", workspace)
    return new_dataset(tx, actor, workspace, name, task, tags=tags, metadata=metadata, now=now)


def new_dataset(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    *,
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
    now: int,
) -> Dataset:
    """Create a dataset whose creator's rights have been checked before; only its name is checked here."""
    made = tx.datasets.add(blank_dataset(actor, workspace, name, task, tags=tags, metadata=metadata, now=now))
    after = {"task": str(task), "tags": dict(tags), "metadata": dict(metadata)}
    tx.events.add(EventCode.CREATED, About(made), who=actor.username, at=now, after=after)
    return made


def blank_dataset(
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    *,
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
    now: int,
) -> Dataset:
    """Return a dataset that is yet to be stored; its name, tags and metadata are checked."""
    check_name(name, "name", model="CreateDatasetRequest")
    check_remarks(tags, metadata)
    return Dataset(
        no=DatasetNo(0),
        uuid=str(uuid.uuid4()),
        workspace=workspace,
        name=name,
        task=task,
        tags=dict(tags),
        metadata=dict(metadata),
        settings=None,
        created_by=actor.username,
        created_at=now,
        last_updated=now,
    )


def edit_dataset(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    *,
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
    without: tuple[Sequence[str], Sequence[str]] = ((), ()),
    now: int,
) -> Dataset:
    """Merge tags and metadata into those the dataset has; ``without`` are keys to remove from both."""
    dataset = find_dataset(tx, actor, workspace, name, Action.EDIT_TAGS)
    require_right(actor, dataset, "edit_tags")
    merged = (
        {**{key: each for key, each in dataset.tags.items() if key not in without[0]}, **tags},
        {**{key: each for key, each in dataset.metadata.items() if key not in without[1]}, **metadata},
    )
    check_remarks(*merged)
    note_tags(tx, actor, dataset, *merged, now=now)
    return tx.datasets.update(dataset, tags=merged[0], metadata=merged[1], last_updated=now)


def note_tags(
    tx: Transaction,
    actor: Actor,
    dataset: Dataset,
    tags: Mapping[str, str],
    metadata: Mapping[str, Any],
    *,
    now: int,
) -> None:
    """Log the event of changed tags or metadata, if these differ from those the dataset has."""
    before, after = difference(
        {"tags": dict(dataset.tags), "metadata": dict(dataset.metadata)},
        {"tags": dict(tags), "metadata": dict(metadata)},
    )
    if after:
        what, about = EventCode.CHANGED_TAGS, About(dataset)
        tx.events.add(what, about, who=actor.username, at=now, before=before, after=after)


def set_closed(tx: Transaction, actor: Actor, workspace: str, name: str, *, closed: bool, now: int) -> None:
    """Open or close a dataset; a closed one can be neither searched nor logged into."""
    dataset = find_dataset(tx, actor, workspace, name, Action.OPEN_CLOSE)
    if dataset.closed is not closed:
        what = EventCode.CLOSED if closed else EventCode.OPENED
        tx.events.add(what, About(dataset), who=actor.username, at=now)
    tx.datasets.update(dataset, closed=closed)

"""Open a dataset: the one door through which every use case reaches the dataset it works on.

Nobody else looks a dataset up, so that no use case can forget to check the right to what it does
(``tests/walls/test_one_door.py`` reads the code for that).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from apportion.domain.assignment.states import Visibility
from apportion.domain.datasets import Dataset, DatasetAddress, LabelSettings
from apportion.domain.errors import (
    ClosedDatasetError,
    ConflictError,
    DatasetGoneError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    WrongTaskError,
)
from apportion.domain.ids import RESOLVED, Viewer
from apportion.domain.jobs import JobKind
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, allowed, effective_role, require
from apportion.domain.policies import Policies
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.store import Transaction

from .rights import require_right

__all__ = [
    "DatasetAccess",
    "check_free",
    "check_not_importing",
    "dataset_by_number",
    "find_unchecked",
    "open_dataset",
    "open_if_there",
]


@dataclass(frozen=True, slots=True)
class DatasetAccess:
    """A dataset within a transaction, opened for an actor whose right to the action has been checked."""

    tx: Transaction
    actor: Actor
    dataset: Dataset
    policies: Policies = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", Policies.of(self.dataset.policies))

    @property
    def username(self) -> str:
        return self.actor.username

    @property
    def role(self) -> EffectiveRole:
        """Return the role of the actor in the dataset's workspace."""
        return effective_role(self.actor, self.dataset.workspace)

    @property
    def is_annotator(self) -> bool:
        """Return whether the actor is an annotator here and nothing more."""
        return self.role is EffectiveRole.MEMBER

    @property
    def settings(self) -> LabelSettings:
        """Return the label settings; the defaults where none were ever saved."""
        return self.dataset.settings or LabelSettings()

    @property
    def viewer(self) -> Viewer:
        """Return the view of annotations that the actor has: the resolved one, or only their own."""
        if not self.dataset.individual:
            return RESOLVED
        if self.role in (EffectiveRole.ADMIN, EffectiveRole.MANAGER, EffectiveRole.REVIEWER):
            return RESOLVED
        return self.tx.records.viewer(self.username)

    def may(self, action: Action) -> bool:
        """Return whether the actor may also do this with the dataset."""
        return allowed(self.actor, action, self.dataset.workspace, self.dataset.created_by)

    def require_right(self, right: str, detail: str = "") -> None:
        """Refuse an annotator to whom the dataset does not give the right; everybody else has them all."""
        require_right(self.actor, self.dataset, right, detail)

    def seen(self, criteria: Criteria) -> Criteria:
        """Return the criteria limited to the view of the actor and the records they may see."""
        seen = replace(criteria, viewer=self.viewer, me=self.username)
        if not self.is_annotator:
            return seen
        assigned = self.policies.visibility is Visibility.ASSIGNED
        return replace(seen, assigned_to=self.username if assigned else None, alone=self.policies.blind)

    def row(self, id: str) -> StoredRecord | None:
        """Return one record as the actor sees it."""
        seen = self.seen(Criteria())
        return self.tx.records.get(self.dataset, id, seen.viewer, only=self.username if seen.alone else None)

    def on(self, dataset: Dataset) -> DatasetAccess:
        """Return the access to the dataset after a change of it."""
        return replace(self, dataset=dataset)


def open_dataset(
    tx: Transaction, actor: Actor, address: DatasetAddress, action: Action, *, open_only: bool = False
) -> DatasetAccess:
    """Open a dataset; refuse unless it is the one addressed, and ``actor`` may do this with it.

    ``open_only`` refuses closed datasets, too. Outsiders of the workspace get the same refusal whether the dataset
    exists or not.
    """
    if effective_role(actor, address.workspace) is EffectiveRole.OUTSIDER:
        require(actor, action, address.workspace)
    access = open_if_there(tx, actor, address, action, open_only=open_only)
    if access is None and address.uuid is not None:
        raise DatasetGoneError(address.name)
    if access is None:
        raise EntityNotFoundError(address.name, "ServiceDataset")
    if address.uuid is not None and access.dataset.uuid != address.uuid:
        raise DatasetGoneError(address.name)
    return access


def open_if_there(
    tx: Transaction, actor: Actor, address: DatasetAddress, action: Action, *, open_only: bool = False
) -> DatasetAccess | None:
    """Open a dataset like ``open_dataset``; None where there is none of that name, which can then be created."""
    dataset = find_unchecked(tx, address)
    if dataset is None:
        return None
    workspace, name, task = dataset.workspace, dataset.name, address.task
    if effective_role(actor, workspace) is EffectiveRole.OUTSIDER:
        require(actor, action, workspace)  # or the next refusal would show its task
    if task is not None and dataset.task is not task:
        raise WrongTaskError(
            f"Provided task {task} cannot be applied to dataset {name}, which is of task {dataset.task}"
        )
    require(actor, action, workspace, dataset.created_by)
    if open_only and dataset.closed:
        raise ClosedDatasetError(name)
    return DatasetAccess(tx, actor, dataset)


def find_unchecked(tx: Transaction, address: DatasetAddress) -> Dataset | None:
    """Find a dataset again in a later step of an operation whose rights have been checked, or to see if it is there."""
    return tx.datasets.find(address.workspace, address.name)


def dataset_by_number(tx: Transaction, no: int) -> Dataset | None:
    """Find the dataset of a job or a stored plan; None once it has been deleted."""
    return tx.datasets.by_number(no)


def check_not_importing(tx: Transaction, dataset: Dataset) -> None:
    """Refuse a change by which what is being imported, and was checked before, might not fit any more."""
    if tx.jobs.unfinished(dataset, JobKind.IMPORT):
        raise ConflictError(
            f"Records are being imported into dataset {dataset.name} just now. Nothing was changed; try again once the "
            "import is done."
        )


def check_free(tx: Transaction, address: DatasetAddress, type: str = "Dataset") -> None:
    """Refuse a name that another dataset of the workspace has; ``type`` is what clients of 1.x expect it called."""
    if find_unchecked(tx, address) is not None:
        raise EntityAlreadyExistsError(address.name, type, address.workspace)

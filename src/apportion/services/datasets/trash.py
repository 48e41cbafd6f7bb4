"""Delete datasets, list and restore deleted ones, and purge them for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import EntityAlreadyExistsError, EntityNotFoundError
from apportion.domain.people import Actor, check_name
from apportion.domain.permissions import Action, EffectiveRole, allowed, effective_role, require
from apportion.ports.datasets import DeletedDataset
from apportion.ports.store import Transaction
from apportion.services.operations import Step
from apportion.vocabulary import SERVER, EventCode

from .access import find_unchecked, open_dataset

if TYPE_CHECKING:
    from apportion.ports.store import Store

__all__ = [
    "PurgeDataset",
    "delete_dataset",
    "deleted_datasets",
    "mark_old_for_purge",
    "restore_dataset",
    "unfinished_purges",
]

_ROWS = 2_000
"""Rows removed in one transaction: few, so that nobody annotating waits long."""


def delete_dataset(tx: Transaction, actor: Actor, address: DatasetAddress, *, now: int) -> None:
    """Delete a dataset; it can be restored for some days. Do nothing where there is none of that name."""
    if effective_role(actor, address.workspace) is EffectiveRole.OUTSIDER:
        require(
            actor, Action.DELETE_DATASET, address.workspace
        )  # first: outsiders must not learn whether it exists
    if find_unchecked(tx, address) is None:
        return
    dataset = open_dataset(tx, actor, address, Action.DELETE_DATASET).dataset
    tx.annotations.log_event(
        dataset, actor.username, EventCode.DELETED, at=now, detail={"records": dataset.records}
    )
    tx.datasets.delete(dataset, at=now)


def deleted_datasets(tx: Transaction, actor: Actor, workspace: str | None) -> Sequence[DeletedDataset]:
    """Return the deleted datasets that ``actor`` may restore, of one workspace or of all; the last deleted first."""
    if workspace is not None:
        known = tx.people.workspace_named(workspace) is not None
        if not known or not (actor.is_admin or workspace in actor.workspaces):
            raise EntityNotFoundError(workspace, "Workspace")
    found = tx.datasets.deleted(None if workspace is None else [workspace])
    return [each for each in found if _may(actor, each.dataset)]


def _may(actor: Actor, dataset: Dataset) -> bool:
    return allowed(actor, Action.RESTORE_DATASET, dataset.workspace, dataset.created_by)


def restore_dataset(
    tx: Transaction, actor: Actor, address: DatasetAddress, *, into: str | None, now: int
) -> Dataset:
    """Restore the dataset deleted under an address, the one with its UUID if it has one, with everything in it.

    Refused while another dataset has the name; ``into`` is then a name to restore it under instead.
    """
    gone = [each for each in tx.datasets.deleted([address.workspace]) if each.dataset.name == address.name]
    found = next((each.dataset for each in gone if address.uuid in (None, each.dataset.uuid)), None)
    if found is None:
        require(actor, Action.RESTORE_DATASET, address.workspace)
        raise EntityNotFoundError(address.uuid or address.name, "DeletedDataset")
    require(actor, Action.RESTORE_DATASET, address.workspace, found.created_by)
    called = address.name if into is None else check_name(into, "into")
    if find_unchecked(tx, replace(address, name=called)) is not None:
        raise EntityAlreadyExistsError(
            called,
            "ServiceDataset",
            address.workspace,
            message=f"There is another dataset named {called} now. Nothing was restored: choose another name for "
            "the restored one.",
        )
    restored = tx.datasets.restore(found, name=called)
    detail = None if called == address.name else {"from": address.name}
    tx.annotations.log_event(restored, actor.username, EventCode.RESTORED, at=now, detail=detail)
    return restored


def mark_old_for_purge(store: Store, *, before: int, now: int) -> Sequence[int]:
    """Mark datasets deleted before an instant to be purged: nobody can restore them now. Return their numbers.

    Each is marked in a transaction of its own.
    """

    def old(tx: Transaction) -> dict[int, Dataset]:
        return {each.dataset.no: each.dataset for each in tx.datasets.deleted() if each.at < before}

    def mark(no: int, tx: Transaction) -> bool:
        dataset = old(tx).get(no)
        if dataset is None:  # somebody restored it just now
            return False
        detail = {"records": dataset.records}
        tx.annotations.log_event(dataset, SERVER, EventCode.PURGED, at=now, detail=detail)
        tx.datasets.mark_for_purge(dataset)
        return True

    with store.read() as tx:
        found = list(old(tx))
    return [no for no in found if store.write(partial(mark, no)).result()]


class PurgeDataset:
    """The steps that remove a dataset marked to be purged, some rows at a time; they can be begun again at any time."""

    name = "purge dataset"

    def __init__(self, no: int) -> None:
        self._no = no
        self._gone = False

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        while not self._gone:
            yield self._some

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: the next start goes on."""
        return iter(())

    def _some(self, tx: Transaction) -> None:
        self._gone = purge_some(tx, self._no)


def unfinished_purges(tx: Transaction, alive: Callable[[int], bool]) -> list[PurgeDataset]:
    """Return the purges of datasets that a server which stopped left half made, or anybody half removed."""
    return [PurgeDataset(no) for no in tx.datasets.pending_purge(alive)]


def purge_some(tx: Transaction, no: int) -> bool:
    """Remove some rows of a dataset marked to be purged; return True once nothing of it is left."""
    return tx.datasets.purge(no, limit=_ROWS)

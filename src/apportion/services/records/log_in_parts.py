"""Log very many records at once: all of them or none, but a part at a time, so that nobody waits for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ConflictError
from apportion.domain.jobs import Job
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_if_there
from apportion.services.datasets.manage import NewDataset, blank_dataset, require_workspace

from .import_into import RowsInto, owner_of
from .import_rows import EncodedRows, ImportedRows, ImportNew, ImportRequest, size_of
from .input_parts import PartedInput, in_parts
from .log import LogRequest, check_labels, check_multi_label, note_logged, set_tags

__all__ = ["find_for_parts", "log_into_parts", "log_new", "takes_parts"]


def find_for_parts(tx: Transaction, actor: Actor, request: LogRequest, *, now: int) -> Dataset | None:
    """Return the dataset that the records go to, None if there is none yet; refuses who may not log into it."""
    address = replace(request.address, task=request.task)
    access = open_if_there(tx, actor, address, Action.BULK, open_only=True)
    if access is not None:
        return access.dataset
    require_workspace(tx, address.workspace)
    require(actor, Action.CREATE_BY_LOGGING, address.workspace)
    blank_dataset(actor, NewDataset(address, request.task, request.tags, request.metadata), now=now)
    return None


def takes_parts(dataset: Dataset) -> bool:
    """Return whether no record is refused as it is stored, as may be where people have answers of their own."""
    return not dataset.individual


def log_new(store: Store, actor: Actor, request: LogRequest, *, now: int) -> ImportNew:
    """Return the operation that logs the records into a new dataset."""
    return _LogNew(store, actor, _as_import(request), now=now)


def log_into_parts(
    store: Store, look_up: Callable[[Transaction], Actor], request: LogRequest, there: Dataset, *, now: int
) -> PartedInput[ImportedRows]:
    """Return the operation that logs the records into the dataset that is there, which takes them in parts.

    ``look_up`` returns the caller with the rights they have.
    """
    asked = replace(_as_import(request), checked=there)
    with store.read() as tx:
        by = look_up(tx).username
    into, spec = _LogInto(store, look_up, asked, now=now), {"task": str(request.task)}
    return PartedInput(into, in_parts(asked.found, size_of), by=by, spec=spec)


def _as_import(request: LogRequest) -> ImportRequest:
    rows = [ImportedRows(record) for record in request.records]
    return ImportRequest(request.address, request.task, rows, tags=request.tags, metadata=request.metadata)


class _LogNew(ImportNew):
    """The steps that create a dataset of the records, which is seen once it is whole."""

    def _note(self, access: DatasetAccess) -> None:
        note_logged(access, len(self._asked.found), now=self._now)


class _LogInto(RowsInto):
    """Records to log into a dataset that is there: they are refused before any of them is stored, or not at all."""

    def accept(self, tx: Transaction, dataset: Dataset, parts: Sequence[EncodedRows]) -> None:
        """Refuse what the dataset has no place for."""
        asked, access = self.asked, DatasetAccess(tx, self.actor(), dataset)
        if not takes_parts(dataset) or asked.checked is None or asked.checked.uuid != dataset.uuid:
            raise ConflictError("Others were in the way. Nothing was changed; send it again.")
        records = [each.record for each in asked.found]
        check_labels(dataset, records)
        check_multi_label(tx, dataset, records[:1])
        tx.records.prepare(dataset, [each for part in parts for each in part.ready])
        set_tags(access, asked.tags, asked.metadata, now=self.now)

    def finish(self, tx: Transaction, job: Job, counts: Mapping[str, int]) -> None:
        """Log the event."""
        if (dataset := dataset_by_number(tx, job.dataset)) is not None:
            note_logged(
                DatasetAccess(tx, self._actor or owner_of(job), dataset), counts["records"], now=self.now
            )

"""Import records into a dataset that is there: all of them or none, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import ConflictError
from apportion.domain.ids import UserId
from apportion.domain.individual.case import GoldValue
from apportion.domain.jobs import Job, JobKind
from apportion.domain.people import Actor, User
from apportion.domain.permissions import Action
from apportion.domain.records import Value, record_type
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_dataset
from apportion.services.operations import Step
from apportion.vocabulary import Role, Status, Task

from .import_rows import (
    EncodedRows,
    ImportedAnswer,
    ImportedRows,
    ImportRequest,
    add_rows,
    check_kind,
    counts_of,
    log_import,
    members_of,
    size_of,
)
from .input_parts import PartedInput, StoredInput, in_parts
from .log import check_multi_label

__all__ = ["ImportInto", "RowsInto", "finished_import", "import_into", "kinds_of", "nobody", "owner_of"]


class ImportInto:
    """The step that adds few records to a dataset that is there, in one transaction."""

    name = "import into dataset"

    def __init__(self, rows: RowsInto, *, now: int) -> None:
        self._rows = rows
        self._now = now

    def steps(self) -> Iterator[Step]:
        """Yield the one step."""
        rows = self._rows
        ready = rows.ready(rows.asked.found)
        yield lambda tx: self._add(tx, ready)

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: nothing was stored."""
        return iter(())

    def _add(self, tx: Transaction, ready: EncodedRows) -> None:
        dataset = self._rows.find(tx)
        check_kind(dataset, ready.found)
        access = DatasetAccess(tx, self._rows.actor(), dataset)
        add_rows(access, ready, self._now)
        log_import(access, counts_of(ready.found), self._now)


class RowsInto:
    """Records to add to a dataset that is there. ``look_up`` returns the caller with the rights they have."""

    kind = JobKind.IMPORT

    def __init__(
        self, store: Store, look_up: Callable[[Transaction], Actor], asked: ImportRequest, *, now: int
    ) -> None:
        self.asked = asked
        self.now = now
        self._store = store
        self._look_up = look_up
        self._actor: Actor | None = None

    def actor(self) -> Actor:
        """Return the caller as they were when the dataset was last found."""
        assert self._actor is not None
        return self._actor

    def members(self, item: ImportedRows) -> tuple[Any, ...]:
        """Return the members of a row, which are stored."""
        return members_of(item)

    def find(self, tx: Transaction) -> Dataset:
        """Return the dataset, if the caller may import into it."""
        self._actor = self._look_up(tx)
        address = replace(self.asked.address, task=self.asked.task)
        return open_dataset(tx, self._actor, address, Action.CREATE_BY_LOGGING, open_only=True).dataset

    def accept(self, tx: Transaction, dataset: Dataset, parts: Sequence[EncodedRows]) -> None:
        """Refuse what the dataset has no room for, or where it is not what the rows were checked against."""
        asked, checked = self.asked, self.asked.checked
        check_kind(dataset, asked.found)
        if checked is None or checked.uuid != dataset.uuid or checked.settings != dataset.settings:
            raise ConflictError(
                f"The labels of dataset {dataset.name} were changed while the file was read. Nothing was stored; send "
                "it again."
            )
        check_multi_label(tx, dataset, [each.record for each in asked.found[:1]])
        tx.records.prepare(dataset, [each for part in parts for each in part.ready])

    def ready(self, part: Sequence[ImportedRows]) -> EncodedRows:
        """Return rows encoded for the store."""
        encode = self._store.encode_records
        return EncodedRows(part, encode(self.asked.task, [each.record for each in part]), encode)

    def add(self, tx: Transaction, job: Job, part: EncodedRows) -> Mapping[str, int]:
        """Store some of the rows, also where the dataset was closed meanwhile."""
        if (dataset := dataset_by_number(tx, job.dataset)) is not None:
            add_rows(DatasetAccess(tx, self._actor or owner_of(job), dataset), part, self.now)
        return counts_of(part.found)

    def finish(self, tx: Transaction, job: Job, counts: Mapping[str, int]) -> None:
        """Log the event."""
        if (dataset := dataset_by_number(tx, job.dataset)) is not None:
            log_import(DatasetAccess(tx, self._actor or owner_of(job), dataset), counts, self.now)


def owner_of(job: Job) -> Actor:
    """Return somebody with the name of a job's owner and the rights they had when the import was accepted."""
    return Actor(User(UserId(""), job.by, job.by, None, Role.ADMIN, False, 0, 0))


def import_into(
    store: Store, look_up: Callable[[Transaction], Actor], asked: ImportRequest, *, by: str, now: int
) -> ImportInto | PartedInput[ImportedRows]:
    """Return the operation that adds all of the records to the dataset that they were checked against, or none.

    They are seen some at a time, and all of them in the end even if the server is stopped meanwhile.
    """
    rows, parts = RowsInto(store, look_up, asked, now=now), in_parts(asked.found, size_of)
    if len(parts) < 2:
        return ImportInto(rows, now=now)
    return PartedInput(rows, parts, by=by, spec={"task": str(asked.task)})


def finished_import(store: Store, job: Job, *, now: int) -> StoredInput:
    """Return the operation that finishes an import which a stop or a failure cut short."""
    task = Task(job.spec["task"])
    rows = RowsInto(store, nobody, ImportRequest(DatasetAddress("", ""), task, ()), now=now)
    return StoredInput(store, job, rows, ImportedRows, kinds_of(task))


def kinds_of(task: Task) -> tuple[Any, ...]:
    """Return the types of the members of a stored row."""
    return (record_type(task), list[ImportedAnswer], GoldValue | None, Status, str | None, Value | None)


def nobody(_: Transaction) -> Actor:
    """Look nobody up."""
    raise AssertionError("the rights were checked when the import was accepted")

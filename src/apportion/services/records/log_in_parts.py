"""Log very many records at once: all of them or none, but a part at a time, so that nobody waits for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import ConflictError
from apportion.domain.jobs import Job
from apportion.domain.people import Actor, Membership
from apportion.domain.permissions import Action, EffectiveRole, membership_of, require
from apportion.ports.store import Store, Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_if_there
from apportion.services.datasets.manage import NewDataset, blank_dataset, require_workspace
from apportion.vocabulary import Role, Task

from .import_into import RowsInto, kinds_of, nobody, owner_of
from .import_rows import EncodedRows, ImportedRows, ImportNew, ImportRequest, size_of
from .input_parts import PartedInput, StoredInput, in_parts
from .log import LogRequest, check_labels, check_multi_label, log_into, note_logged, set_tags

__all__ = ["CheckedLog", "check_log", "find_for_parts", "finished_log", "log_into_parts", "log_new"]

AN_ANSWER = 10_000
"""Bytes of text that take about as long to store as somebody's own answer."""


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


def log_new(store: Store, actor: Actor, request: LogRequest, *, now: int) -> ImportNew:
    """Return the operation that logs the records into a new dataset."""
    return _LogNew(store, actor, _as_import(request), now=now)


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A request to log records that was checked, for the dataset and by the person as they were then."""

    request: LogRequest
    dataset: Dataset
    by: str
    role: EffectiveRole


def check_log(tx: Transaction, actor: Actor, request: LogRequest) -> CheckedLog:
    """Refuse what is refused of the records as they are now. Not to be run on the writer thread."""
    access = _opened(tx, actor, request.address, request.task)
    check_labels(access.dataset, request.records)
    answer_mode(tx, access.dataset).check(access, request)
    return CheckedLog(request, access.dataset, access.username, access.role)


def log_into_parts(
    store: Store, look_up: Callable[[Transaction], Actor], checked: CheckedLog, *, now: int
) -> PartedInput[ImportedRows]:
    """Return the operation that logs the records into the dataset that is there, which takes them in parts.

    ``look_up`` returns the caller with the rights they have.
    """
    asked, role = replace(_as_import(checked.request), checked=checked.dataset), checked.role
    found = list({each.record.id: each for each in asked.found}.values())  # the last one of each id counts
    asked = replace(asked, found=found)
    into = _LogInto(store, look_up, asked, role, now=now)
    spec = {"task": str(asked.task), "logged": role.value}
    return PartedInput(into, in_parts(found, _work_of), by=checked.by, spec=spec)


def finished_log(store: Store, job: Job, *, now: int) -> StoredInput:
    """Return the operation that finishes what a stop or a failure cut short."""
    task = Task(job.spec["task"])
    asked = ImportRequest(DatasetAddress("", ""), task, ())
    into = _LogInto(store, nobody, asked, EffectiveRole(job.spec["logged"]), now=now)
    return StoredInput(store, job, into, ImportedRows, kinds_of(task))


def _work_of(each: ImportedRows) -> int:
    """Return about how much work it is to store a record, as the size of a text that is as much."""
    answers = 0 if each.record.annotation is None else len(each.record.annotation.by_agent)
    return size_of(each) + AN_ANSWER * answers


def _as_import(request: LogRequest) -> ImportRequest:
    rows = [ImportedRows(record) for record in request.records]
    return ImportRequest(request.address, request.task, rows, tags=request.tags, metadata=request.metadata)


class _LogNew(ImportNew):
    """The steps that create a dataset of the records, which is seen once it is whole."""

    def _note(self, access: DatasetAccess) -> None:
        note_logged(access, len(self._asked.found), now=self._now)


class _LogInto(RowsInto):
    """Records to log into a dataset that is there: they are refused before any of them is stored, or not at all.

    What does not fit any more as it is stored, since others changed it meanwhile, is left as it is.
    """

    def __init__(
        self,
        store: Store,
        look_up: Callable[[Transaction], Actor],
        asked: ImportRequest,
        role: EffectiveRole,
        *,
        now: int,
    ) -> None:
        """``role`` is the one that the caller had in the workspace when the records were checked."""
        super().__init__(store, look_up, asked, now=now)
        self._role = role

    def find(self, tx: Transaction) -> Dataset:
        """Return the dataset, if the caller may log into it as when the records were checked."""
        self._actor = self._look_up(tx)
        access, checked = _opened(tx, self._actor, self.asked.address, self.asked.task), self.asked.checked
        assert checked is not None
        same = checked.uuid == access.dataset.uuid and checked.individual is access.dataset.individual
        if access.role is not self._role or not same:
            raise ConflictError(_IN_THE_WAY)
        return access.dataset

    def accept(self, tx: Transaction, dataset: Dataset, parts: Sequence[EncodedRows]) -> None:
        """Refuse what the dataset has no place for."""
        asked, access = self.asked, DatasetAccess(tx, self.actor(), dataset)
        records = [each.record for each in asked.found]
        check_labels(dataset, records)
        check_multi_label(tx, dataset, records[:1])
        if access.is_annotator and not answer_mode(tx, dataset).annotators_log_content:
            return
        tx.records.prepare(dataset, [each for part in parts for each in part.ready])
        set_tags(access, asked.tags, asked.metadata, now=self.now)

    def add(self, tx: Transaction, job: Job, part: EncodedRows) -> Mapping[str, int]:
        """Store some of the records, also where the dataset was closed meanwhile."""
        counts = {"records": len(part.found)}
        if (access := self._access_of(tx, job)) is None:
            return counts
        dataset, records = access.dataset, [each.record for each in part.found]
        request = LogRequest(
            dataset.address, dataset.task, records, part.encode, prepared=part.ready, checked=True
        )
        kept = log_into(access, request, now=self.now).kept
        return counts if kept is None else {**counts, "kept": kept}

    def finish(self, tx: Transaction, job: Job, counts: Mapping[str, int]) -> None:
        """Log the event."""
        if (access := self._access_of(tx, job)) is not None:
            note_logged(access, counts["records"], now=self.now)

    def _access_of(self, tx: Transaction, job: Job) -> DatasetAccess | None:
        """Return the dataset, for somebody with the rights that the caller had when their records were accepted."""
        dataset = dataset_by_number(tx, job.dataset)
        if dataset is None:
            return None
        actor = self._actor or _actor_of(job, self._role, dataset.workspace)
        return DatasetAccess(tx, actor, dataset)


def _opened(tx: Transaction, actor: Actor, address: DatasetAddress, task: Task) -> DatasetAccess:
    access = open_if_there(tx, actor, replace(address, task=task), Action.BULK, open_only=True)
    if access is None:
        raise ConflictError(_IN_THE_WAY)
    return access


_IN_THE_WAY = "Others were in the way. Nothing was changed; send it again."


def _actor_of(job: Job, role: EffectiveRole, workspace: str) -> Actor:
    """Return somebody with the name of a job's owner and this role in the workspace."""
    if role is EffectiveRole.ADMIN:
        return owner_of(job)
    user = replace(owner_of(job).user, role=Role.ANNOTATOR)
    return Actor(user, (Membership(workspace, membership_of(role)),))

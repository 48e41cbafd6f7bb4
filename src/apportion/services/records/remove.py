"""Delete records, or discard them: at once if they are few, else some to a transaction, kept track of by a job."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import DatasetGoneError, ForbiddenOperationError, UnauthorizedError
from apportion.domain.jobs import JobKind, JobState, runs_of, within
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import show
from apportion.ports.events import About
from apportion.ports.records import Criteria
from apportion.ports.security import Clock
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.datasets.access import DatasetAccess, open_dataset
from apportion.services.operations import Step
from apportion.vocabulary import EventCode

__all__ = ["AT_ONCE", "RecordsToRemove", "Removal", "RemoveRecords", "matching_numbers", "remove_some"]

AT_ONCE = 500
"""Records deleted or discarded in one transaction: few, so that nobody annotating waits long."""

_IDS_KEPT = 20
"""Ids of deleted records that the audit log names."""


@dataclass(frozen=True, slots=True)
class RecordsToRemove:
    """The records that a request found to delete, or to discard: their numbers in the dataset it found them in."""

    address: DatasetAddress
    uuid: str
    criteria: Criteria
    numbers: Sequence[int]
    discard: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """Progress of deleting or discarding records: how many matched, how many are processed, and the job, if any."""

    matched: int
    processed: int
    job: str | None = None


def matching_numbers(
    tx: Transaction, actor: Actor, address: DatasetAddress, criteria: Criteria, *, discard: bool
) -> RecordsToRemove:
    """Return the records to be removed. Not to be run on the writer thread."""
    access = _open(tx, actor, address, discard, open_only=True)
    numbers = tx.records.numbers(access.dataset, access.seen(criteria))
    return RecordsToRemove(address, access.dataset.uuid, criteria, numbers, discard)


class RemoveRecords:
    """The steps that delete records for good, or mark them as discarded.

    The job with the numbers of all that matched is stored before the first is removed; should the server stop before
    the end, it is finished after the next start. What was logged again since they were found stays. ``look_up`` returns
    the caller with the rights they have in a transaction: the removal ends with these.
    """

    name = "remove records"

    def __init__(
        self, wanted: RecordsToRemove, look_up: Callable[[Transaction], Actor], clock: Clock, *, now: int
    ) -> None:
        self._wanted = wanted
        self._look_up = look_up
        self._clock = clock
        self._now = now
        self._refusal: str | None = None
        self.progress = Removal(len(wanted.numbers), 0)

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        yield self._begin
        while self.progress.job is not None:
            yield self._some

    def give_up(self) -> Iterator[Step]:
        """Yield the step to run after one has failed: a removal that its owner may not continue ends."""
        id, refusal = self.progress.job, self._refusal
        if id is None or refusal is None:
            return

        def end(tx: Transaction) -> None:
            job = tx.jobs.find(id)
            if job is not None:
                message = f"{refusal} What was done before stays."
                tx.jobs.change(job, at=self._now, state=JobState.FAILED, message=message)

        yield end

    def _begin(self, tx: Transaction) -> None:
        wanted, now, actor = self._wanted, self._now, self._look_up(tx)
        access = _open(tx, actor, wanted.address, wanted.discard, open_only=True)
        dataset, total = access.dataset, len(wanted.numbers)
        if dataset.uuid != wanted.uuid:
            raise DatasetGoneError(dataset.name)
        what = EventCode.DISCARDED_RECORDS if wanted.discard else EventCode.DELETED_RECORDS
        detail: dict[str, Any] = {"records": total, **_which(wanted.criteria)}
        if total <= AT_ONCE:
            ids = tx.records.ids_of(dataset, wanted.numbers, logged_by=now)
            if wanted.numbers:
                tx.events.add(what, About(dataset), who=actor.username, at=now, detail=detail)
            self.progress = Removal(total, _remove(access, ids, discard=wanted.discard, now=now))
            return
        kind = JobKind.DISCARD if wanted.discard else JobKind.DELETE
        spec = {"runs": runs_of(wanted.numbers), "matched": total}
        job = tx.jobs.add(dataset, str(uuid.uuid4()), kind, spec, by=actor.username, at=now)
        detail["job"] = job.id
        tx.events.add(what, About(dataset), who=actor.username, at=now, detail=detail)
        tx.jobs.change(job, at=now, state=JobState.RUNNING, done=0, total=total, result={"processed": 0})
        self.progress = Removal(total, 0, job.id)

    def _some(self, tx: Transaction) -> None:
        """Continue, if the caller may still do so and the dataset is there."""
        assert self.progress.job is not None
        wanted = self._wanted
        try:
            access = _open(tx, self._look_up(tx), wanted.address, wanted.discard)
        except (ForbiddenOperationError, UnauthorizedError) as refused:  # the caller's rights ended meanwhile
            self._refusal = str(refused)
            raise
        self.progress = remove_some(access, self.progress.job, now=self._clock.now())


def _open(
    tx: Transaction, actor: Actor, address: DatasetAddress, discard: bool, *, open_only: bool = False
) -> DatasetAccess:
    action = Action.DISCARD_RECORDS if discard else Action.DELETE_RECORDS
    access = open_dataset(tx, actor, address, action, open_only=open_only)
    if discard:
        access.require_right("discard_by_query")
    return access


def _which(criteria: Criteria) -> dict[str, Any]:
    """Return the requested records as the audit log shows them: some of their ids, or the query."""
    if criteria.ids is not None:
        return {"ids": list(criteria.ids[:_IDS_KEPT])}
    return {"query": show(criteria.query)}


def remove_some(access: DatasetAccess, id: str, *, now: int) -> Removal:
    """Remove the next records of a job; return the progress, without the job once it is done."""
    tx = access.tx
    job = tx.jobs.find(id)
    assert job is not None
    numbers = within(job.spec["runs"], job.done, AT_ONCE)
    ids = tx.records.ids_of(access.dataset, numbers, logged_by=job.created_at)
    before = 0 if job.result is None else int(job.result["processed"])
    processed = before + _remove(access, ids, discard=job.kind is JobKind.DISCARD, now=now)
    done = job.done + len(numbers)
    matched = int(job.spec["matched"])
    state = JobState.DONE if done >= matched else None
    tx.jobs.change(job, at=now, state=state, done=done, result={"processed": processed})
    return Removal(matched, processed, None if state is JobState.DONE else id)


def _remove(access: DatasetAccess, ids: Sequence[str], *, discard: bool, now: int) -> int:
    if not ids:
        return 0
    if discard:
        return answer_mode(access.tx, access.dataset).discard(access, ids, now=now)
    return access.tx.records.delete(access.dataset, Criteria(ids=tuple(ids)), at=now)[1]

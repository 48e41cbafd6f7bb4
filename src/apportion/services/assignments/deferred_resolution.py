"""Resolve the records with answers that a long change of a plan touches: at its end, even if it fails before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from apportion.domain.datasets import Dataset
from apportion.domain.jobs import Job, JobState
from apportion.ports.store import Transaction
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.reresolve import (
    FEW,
    ReresolveCause,
    begin_reresolving,
    requeue_job,
    reresolving_steps,
)
from apportion.services.operations import Step

__all__ = ["DeferredResolution"]

WHOLE = 2_500
"""Slots up to which a plan is changed in one transaction."""


class DeferredResolution:
    """The records that a long change of a plan touches; they are resolved again at its end.

    A job for this is stored from the beginning, so that a stop or a failure in the middle forgets none of them.
    """

    def __init__(self, dataset: Dataset, plan: int, *, by: str, at: int) -> None:
        self._dataset = dataset
        self._cause = ReresolveCause(by, at, plan)
        self._at = at
        self._touched: dict[str, None] = {}
        self._job: Job | None = None

    def touch(self, ids: Sequence[str]) -> None:
        """Add records with answers, which are to be resolved again."""
        self._touched.update(dict.fromkeys(ids))

    def around(
        self, begin: Step, parts: Sequence[Step], finish: Callable[[Transaction], Dataset | None], size: int
    ) -> Iterator[Step]:
        """Yield the steps of the whole change: a single one where at most ``WHOLE`` slots are to be changed.

        ``finish`` returns the dataset as it is then, if it is still there.
        """

        def first(tx: Transaction) -> None:
            begin(tx)
            self._job = begin_reresolving(tx, self._dataset, None, self._cause)

        def last(tx: Transaction) -> None:
            self._reresolve(tx, finish(tx))

        def whole(tx: Transaction) -> None:
            self._touched.clear()  # a transaction that was lost is run again
            self._job = None
            for step in (begin, *parts, last):
                step(tx)

        if size <= WHOLE:
            yield whole
        else:
            yield from (first, *parts, last)
        if self._job is not None:
            yield from reresolving_steps(self._job, list(self._touched), now=self._at)

    def give_up(self, *steps: Step) -> Iterator[Step]:
        """Yield the steps to run after one has failed: ``steps``, then one that leaves touched records to a job."""
        yield from steps
        job = self._job
        if job is not None:
            yield lambda tx: requeue_job(tx, job.id, now=self._at)

    def _reresolve(self, tx: Transaction, dataset: Dataset | None) -> None:
        many = len(self._touched)
        if dataset is not None and many > FEW:
            if self._job is None:
                self._job = begin_reresolving(tx, dataset, many, self._cause)
            else:
                self._job = tx.jobs.change(self._job, at=self._at, total=many)
            return
        if dataset is not None:
            answer_mode(tx, dataset).reresolve(list(self._touched), now=self._at)
        if self._job is not None:
            tx.jobs.change(self._job, at=self._at, state=JobState.DONE, done=many, total=many)
            self._job = None

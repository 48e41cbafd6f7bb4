"""Jobs that change answers or decisions record by record, and the undo of such a job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from apportion.domain.consensus.resolution import ResolutionRule, ResolutionStatus
from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin
from apportion.domain.individual.record_view import build_view
from apportion.domain.jobs import AcceptScope, Job, JobState
from apportion.domain.query import parse
from apportion.domain.records import Value, predicted_answer
from apportion.ports.annotations import CaseChange
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria
from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import AnswerChange, record_case
from apportion.services.answers.answer_mode import answer_mode
from apportion.services.answers.checked_value import checked_value
from apportion.services.answers.decision import Decision, decide
from apportion.services.datasets.access import DatasetAccess
from apportion.services.operations import Step
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

from .job_context import JobContext, job_access, job_dataset

__all__ = ["AT_ONCE", "AcceptConsensus", "ApplyValue", "RecordJob", "UndoJob"]

AT_ONCE = 100
"""Records per transaction: few, so that nobody annotating waits for them."""
BYTES_AT_ONCE = 2_000_000
"""Size of the records and answers that are read and written in a transaction with more than one record."""
QUERY_SECONDS = 30.0
"""Seconds of computing for the query of a job: nobody waits for its answer, but other jobs do."""
_SHOWN = 20


class RecordJob:
    """The steps of a job that changes records one by one; a record that refuses does not keep it from the others.

    The owner of the job is read again for each part: the job ends where they may not do this any more.
    """

    name = "change records"

    def __init__(self, context: JobContext, job: Job) -> None:
        self._context = context
        self._job = job
        self._sent = len(json.dumps(job.spec.get("value")))
        self._found: dict[int, list[tuple[str, str | None]]] = {}
        """By the place of a part: its records, and why each was left as it was."""

    @property
    def result(self) -> Mapping[str, Any]:
        """Return how many records were changed and left, and some of the reasons why."""
        every = [each for part in self._found.values() for each in part]
        left = [(id, why) for id, why in every if why is not None]
        return {
            "changed": len(every) - len(left),
            "left": len(left),
            "why": [{"record": id, "why": why} for id, why in left[:_SHOWN]],
        }

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        ids = self._records()
        yield lambda tx: tx.jobs.change(self._job, at=self._context.clock.now(), total=len(ids))
        start = 0
        while start < len(ids):
            yield partial(self._some, start, ids)
            start += len(self._found[start])

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: what was changed before stays changed."""
        return iter(())

    def _records(self) -> Sequence[str]:
        """Return the ids of the records that the job is about: those that match its query."""
        deadline = Deadline(QUERY_SECONDS, foreground=self._context.foreground, long=True)
        with self._context.store.read(deadline) as tx:
            access = job_access(tx, self._job)
            seen = access.seen(Criteria(parse(self._job.spec["query"])))
            return sorted(tx.records.ids(access.dataset, seen).ids)

    def _some(self, start: int, ids: Sequence[str], tx: Transaction) -> None:
        access, now = job_access(tx, self._job), self._context.clock.now()
        found: list[tuple[str, str | None]] = []
        for id in self._part(access, ids[start : start + AT_ONCE]):
            try:
                found.append((id, self._change(access, id, now)))
            except Refusal as refused:
                found.append((id, str(refused)))
        self._found[start] = found
        tx.jobs.change(self._job, at=now, done=start + len(found))

    def _part(self, access: DatasetAccess, ids: Sequence[str]) -> Sequence[str]:
        """Return the first of the records, as many as one transaction may change: fewer where they are large."""
        sizes, total = access.tx.annotations.sizes(access.dataset, ids), 0
        for place, id in enumerate(ids):
            total += sizes.get(id, 0) + self._sent
            if place and total > BYTES_AT_ONCE:
                return ids[:place]
        return ids

    def _change(self, access: DatasetAccess, id: str, now: int) -> str | None:
        """Change one record; return why it was left as it was, None where it was changed."""
        raise NotImplementedError

    def _decide(self, access: DatasetAccess, case: Case, change: CaseChange, now: int) -> None:
        tx, dataset, job = access.tx, access.dataset, self._job
        tx.annotations.save_cases(dataset, [change], at=now)
        assert change.after.gold is not None
        detail = {"reason": change.after.gold.reason, "job": job.id}
        tx.annotations.log_event(dataset, job.by, EventCode.ADJUDICATED, at=now, record=case, detail=detail)
        tx.jobs.record_undo(job, dataset, case.number, case.gold, change.after.gold.version)


class ApplyValue(RecordJob):
    """Set a value on many records: as one's own annotation, or as a reviewer's decision."""

    name = "apply value"

    def _change(self, access: DatasetAccess, id: str, now: int) -> str | None:
        job, dataset, state = self._job, access.dataset, AnnotationState(self._job.spec["state"])
        case = record_case(access, id, writing=True)
        taken = self._value(dataset, access, case)
        if taken is None and state is not AnnotationState.DISCARDED:
            predicted = job.spec.get("take") == AcceptScope.PREDICTED
            return "nothing is predicted for it" if predicted else "you have not answered it"
        value = checked_value(dataset, case.record, taken, state)
        if job.spec["gold"]:
            value = None if state is AnnotationState.DISCARDED else value
            change = decide(access.policies, case, Decision(value, job.by, "applied in bulk", now))
            self._decide(access, case, change, now)
            return None
        mode = answer_mode(access.tx, dataset)
        before = mode.annotation_of(case, job.by)
        mine = mode.save(case, AnswerChange(job.by, state, value, now))
        assert mine.annotation is not None
        access.tx.jobs.record_undo(job, dataset, case.number, before, mine.annotation.version)
        return None

    def _value(self, dataset: Dataset, access: DatasetAccess, case: Case) -> Value | None:
        """Return the value that the job sets on a record: the one it was started with, or what the record has."""
        take = AcceptScope(self._job.spec.get("take", AcceptScope.VALUE))
        if take is AcceptScope.PREDICTED:
            return predicted_answer(case.record, allow_overlap=access.settings.allow_overlapping_spans)
        if take is AcceptScope.OWN:
            mine = answer_mode(access.tx, dataset).annotation_of(case, self._job.by)
            return None if mine is None else mine.value
        return self._context.read_value(dataset.task, self._job.spec["value"])


class AcceptConsensus(RecordJob):
    """Make what people agree on the gold value of many records."""

    name = "accept consensus"

    def _change(self, access: DatasetAccess, id: str, now: int) -> str | None:
        job, policies, rule = self._job, access.policies, ResolutionRule(self._job.spec["rule"])
        case = record_case(access, id)
        if case.gold is not None and case.gold.origin is not Origin.EARLIER:
            return "it has a gold value already"
        view = build_view(replace(case, gold=None), rule=rule, required=policies.required)
        found = view.resolution
        if found is None or found.outcome is not ResolutionStatus.RESOLVED or len(found.answers) < 2:
            return "people do not agree on it, or not enough of them have answered"
        why = f"{len(found.agreeing)} of {len(found.answers)} agree ({rule})"
        version = 1 if case.gold is None else case.gold.version + 1
        value = None if found.discarded else view.value
        after = set_gold(case, GoldValue(value, Origin.CONSENSUS, job.by, why, version, now))
        shown, reason = policies.resolve(after), HistoryReason.CONSENSUS_ACCEPTED
        self._decide(access, case, CaseChange(case, after, shown, reason, by=job.by), now)
        return None


class UndoJob(RecordJob):
    """Undo what another job changed, where nobody has changed it since."""

    name = "undo job"

    def __init__(self, context: JobContext, job: Job) -> None:
        super().__init__(context, job)
        self._by = job.spec.get("asked_by", job.by)
        self._undone: Job | None = None
        self._changes: dict[str, Any] = {}

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        yield from super().steps()
        undone = self._undone
        assert undone is not None
        yield lambda tx: tx.jobs.change(undone, at=self._context.clock.now(), state=JobState.UNDONE)

    def _records(self) -> Sequence[str]:
        with self._context.store.read() as tx:
            dataset = job_dataset(tx, self._job)
            self._undone = tx.jobs.find(self._job.spec["job"])
            assert self._undone is not None
            changes = tx.jobs.changes(self._undone, dataset, by=self._job.by, after=None, limit=1 << 31)
            self._changes = {each.record: each for each in changes}
        return list(self._changes)

    def _change(self, access: DatasetAccess, id: str, now: int) -> str | None:
        job, change = self._job, self._changes[id]
        case = record_case(access, id, writing=True)
        now_there = case.gold if job.spec["gold"] else case.of(job.by)
        if now_there is None or now_there.version != change.version:
            return "it has been changed since"
        if job.spec["gold"]:
            self._restore_gold(access, case, change, now)
            return None
        before = change.before if isinstance(change.before, Annotation) else None
        restored = AnswerChange(job.by, AnnotationState.NONE, None, now, by=self._by)
        answer_mode(access.tx, access.dataset).restore(case, before, restored)
        return None

    def _restore_gold(self, access: DatasetAccess, case: Case, change: Any, now: int) -> None:
        tx, dataset, before = access.tx, access.dataset, change.before
        gold = replace(before, version=change.version + 1) if isinstance(before, GoldValue) else None
        after = replace(case, gold=gold)
        undone = CaseChange(case, after, access.policies.resolve(after), HistoryReason.UNDONE)
        tx.annotations.save_cases(dataset, [undone], at=now)
        tx.annotations.log_event(dataset, self._by, EventCode.REMOVED_GOLD, at=now, record=case)

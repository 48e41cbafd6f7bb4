"""Run queued jobs, one after the other, some records to a transaction. Runs in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.consensus.resolution import ResolutionRule, ResolutionStatus
from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin
from apportion.domain.individual.record_view import build_view
from apportion.domain.jobs import AcceptScope, Job, JobKind, JobState
from apportion.domain.people import Actor
from apportion.domain.policies import Policies
from apportion.domain.query import parse
from apportion.domain.records import Value, predicted_answer
from apportion.ports.annotations import CaseChange
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria
from apportion.ports.security import Clock
from apportion.ports.store import Store, Transaction
from apportion.services.answers.adjudicate import decide
from apportion.services.answers.own_annotations import (
    checked_value,
    record_case,
    restore_shared,
    save_own_annotation,
    shared_value,
)
from apportion.services.answers.reresolve import AT_ONCE as SETTLED_AT_ONCE
from apportion.services.answers.reresolve import reresolve_batch
from apportion.services.datasets.access import seen_by
from apportion.services.records.edit import Removal, remove_some
from apportion.services.steps import parts_of
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason, Task

from .jobs import begin_model, check_still_allowed, model_wanted

__all__ = ["JobContext", "mark_interrupted", "queue_models", "run_next"]

log = logging.getLogger("apportion.jobs")
AT_ONCE = 100
"""Records per transaction: few, so that nobody annotating waits for them."""
QUERY_SECONDS = 30.0
"""Seconds of computing for the query of a job: nobody waits for its answer, but other jobs do."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class JobContext:
    """Dependencies of jobs: the store, the clock, and the parser of a task's values from JSON."""

    store: Store
    clock: Clock
    read_value: Callable[[Task, dict[str, Any] | None], Value | None]
    stopping: Callable[[], bool] = lambda: False
    """A function that tells whether the server is about to stop."""


class JobStoppedError(Exception):
    """The server is about to stop, and the job with it."""


def mark_interrupted(context: JobContext) -> None:
    """Mark the jobs that were running when the server stopped as interrupted; to be called after a start."""
    context.store.write(lambda tx: tx.jobs.interrupted(at=context.clock.now())).result()


def queue_models(context: JobContext) -> bool:
    """Queue a model job for every dataset whose policy needs one; return whether there was any."""

    with context.store.read() as tx:  # a read, since most of the time there is nothing to write
        if not any(model_wanted(tx, each) for each in tx.datasets.list()):
            return False

    def queue(tx: Transaction) -> bool:
        now = context.clock.now()
        begun = [begin_model(tx, each, "apportion", now=now) for each in tx.datasets.list()]
        return any(job is not None for job in begun)

    return context.store.write(queue).result()


def run_next(context: JobContext) -> bool:
    """Run the job that has waited longest; return False when none is waiting."""

    def take(tx: Transaction) -> Job | None:
        job = tx.jobs.waiting()
        return None if job is None else tx.jobs.change(job, at=context.clock.now(), state=JobState.RUNNING)

    job = context.store.write(take).result()
    if job is None:
        return False
    try:
        result = _KINDS[job.kind](context, job)
        _change(context, job, state=JobState.DONE, result=result)
    except JobStoppedError:
        context.store.write(lambda tx: tx.jobs.interrupted(at=context.clock.now())).result()
    except Refusal as refused:
        _change(context, job, state=JobState.FAILED, message=str(refused))
    except Exception as failure:
        log.exception("job %s failed", job.id)
        _change(context, job, state=JobState.FAILED, message=f"it broke off: {type(failure).__name__}")
    return True


def _change(context: JobContext, job: Job, **changes: Any) -> None:
    if "state" not in changes and context.stopping():
        raise JobStoppedError
    context.store.write(lambda tx: tx.jobs.change(job, at=context.clock.now(), **changes)).result()


def _dataset(tx: Transaction, job: Job) -> Dataset:
    """Return the dataset as it is now; refused once it is gone or closed."""
    found = tx.datasets.by_number(job.dataset)
    if found is None or found.closed:
        raise Refusal("the dataset was closed or deleted")
    return found


def _matching(context: JobContext, job: Job, query: str) -> list[str]:
    with context.store.read(Deadline(QUERY_SECONDS)) as tx:
        dataset = _dataset(tx, job)
        criteria = seen_by(tx, check_still_allowed(tx, job, dataset), dataset, Criteria(parse(query)))
        ids = sorted(tx.records.ids(dataset, criteria).ids)
    _change(context, job, total=len(ids))
    return ids


def _in_parts(
    context: JobContext,
    job: Job,
    ids: Sequence[str],
    do: Callable[[Transaction, Dataset, Actor, str, int], str | None],
) -> dict[str, Any]:
    """Call ``do`` for each record; return how many were changed and left, and some of the reasons why.

    The owner of the job is read again for each part: the job ends where they may not do this any more.
    """
    changed, left = 0, 0
    why: list[dict[str, str]] = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        if context.stopping():
            raise JobStoppedError

        def some(
            tx: Transaction, part: Sequence[str] = part, done: int = start
        ) -> list[tuple[str, str | None]]:
            dataset, now = _dataset(tx, job), context.clock.now()
            actor = check_still_allowed(tx, job, dataset)
            found = []
            for id in part:
                try:
                    found.append((id, do(tx, dataset, actor, id, now)))
                except Refusal as refused:
                    found.append((id, str(refused)))
            tx.jobs.change(job, at=now, done=done + len(part))
            return found

        for id, reason in context.store.write(some).result():
            changed += reason is None
            left += reason is not None
            if reason is not None and len(why) < _SHOWN:
                why.append({"record": id, "why": reason})
    return {"changed": changed, "left": left, "why": why}


# Setting a value on many records


def _apply(context: JobContext, job: Job) -> Mapping[str, Any]:
    spec = job.spec
    state = AnnotationState(spec["state"])

    def one(tx: Transaction, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        case = record_case(tx, dataset, actor, id, writing=True)
        taken = _applies_to(context, job, dataset, case)
        if taken is None and state is not AnnotationState.DISCARDED:
            return (
                "nothing is predicted for it"
                if spec.get("take") == AcceptScope.PREDICTED
                else "you have not answered it"
            )
        value = checked_value(dataset, case.record, taken, state)
        if spec["gold"]:
            value = None if state is AnnotationState.DISCARDED else value
            _decide(tx, job, dataset, case, decide(dataset, case, value, job.by, "applied in bulk", now), now)
            return None
        individual = Policies.of(dataset.policies).individual
        before = case.of(job.by) if individual else shared_value(case)
        mine = save_own_annotation(tx, dataset, case, job.by, state, value, now)
        assert mine.annotation is not None
        tx.jobs.record_undo(job, dataset, case.number, before, mine.annotation.version)
        return None

    return _in_parts(context, job, _matching(context, job, spec["query"]), one)


def _applies_to(context: JobContext, job: Job, dataset: Dataset, case: Case) -> Value | None:
    """Return the value that the job sets on a record: the one it was started with, or what the record has."""
    take = AcceptScope(job.spec.get("take", AcceptScope.VALUE))
    if take is AcceptScope.PREDICTED:
        settings = dataset.settings
        return predicted_answer(
            case.record, allow_overlap=settings is not None and settings.allow_overlapping_spans
        )
    if take is AcceptScope.OWN:
        shared = not Policies.of(dataset.policies).individual
        mine = shared_value(case) if shared else case.of(job.by)
        return None if mine is None else mine.value
    return context.read_value(dataset.task, job.spec["value"])


def _decide(tx: Transaction, job: Job, dataset: Dataset, case: Case, change: CaseChange, now: int) -> None:
    tx.annotations.save_cases(dataset, [change], at=now)
    assert change.after.gold is not None
    detail = {"reason": change.after.gold.reason, "job": job.id}
    tx.annotations.log_event(dataset, job.by, EventCode.ADJUDICATED, at=now, record=case, detail=detail)
    tx.jobs.record_undo(job, dataset, case.number, case.gold, change.after.gold.version)


# Accepting the consensus


def _accept(context: JobContext, job: Job) -> Mapping[str, Any]:
    rule = ResolutionRule(job.spec["rule"])

    def one(tx: Transaction, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        case = record_case(tx, dataset, actor, id)
        if case.gold is not None and case.gold.origin is not Origin.EARLIER:
            return "it has a gold value already"
        policies = Policies.of(dataset.policies)
        view = build_view(replace(case, gold=None), rule=rule, required=policies.required)
        found = view.resolution
        if found is None or found.outcome is not ResolutionStatus.RESOLVED or len(found.answers) < 2:
            return "people do not agree on it, or not enough of them have answered"
        why = f"{len(found.agreeing)} of {len(found.answers)} agree ({rule})"
        version = 1 if case.gold is None else case.gold.version + 1
        value = None if found.discarded else view.value
        after = set_gold(case, GoldValue(value, Origin.CONSENSUS, job.by, why, version, now))
        shown = build_view(after, rule=policies.resolution, required=policies.required)
        change = CaseChange(case, after, shown, HistoryReason.CONSENSUS_ACCEPTED, by=job.by)
        _decide(tx, job, dataset, case, change, now)
        return None

    return _in_parts(context, job, _matching(context, job, job.spec["query"]), one)


# Undoing a job


def _undo(context: JobContext, job: Job) -> Mapping[str, Any]:
    asked_by = job.spec.get("asked_by", job.by)
    with context.store.read() as tx:
        dataset = _dataset(tx, job)
        undone = tx.jobs.find(job.spec["job"])
        assert undone is not None
        changes = {
            each.record: each
            for each in tx.jobs.changes(undone, dataset, by=job.by, after=None, limit=1 << 31)
        }
    _change(context, job, total=len(changes))

    def one(tx: Transaction, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        change = changes[id]
        case = record_case(tx, dataset, actor, id, writing=True)
        now_there = case.gold if job.spec["gold"] else case.of(job.by)
        if now_there is None or now_there.version != change.version:
            return "it has been changed since"
        before = change.before
        if job.spec["gold"]:
            policies = Policies.of(dataset.policies)
            gold = replace(before, version=change.version + 1) if isinstance(before, GoldValue) else None
            after = replace(case, gold=gold)
            view = build_view(after, rule=policies.resolution, required=policies.required)
            tx.annotations.save_cases(dataset, [CaseChange(case, after, view, HistoryReason.UNDONE)], at=now)
            tx.annotations.log_event(dataset, asked_by, EventCode.REMOVED_GOLD, at=now, record=case)
            return None
        if isinstance(before, Annotation) and not Policies.of(dataset.policies).individual:
            restore_shared(tx, dataset, case, before, asked_by, now)
            return None
        state = before.state if isinstance(before, Annotation) else AnnotationState.NONE
        value = None if before is None else before.value
        save_own_annotation(tx, dataset, case, job.by, state, value, now, by=asked_by)
        return None

    result = _in_parts(context, job, list(changes), one)
    _change(context, undone, state=JobState.UNDONE)
    return result


# Deleting and discarding matching records


def _remove(context: JobContext, job: Job) -> Mapping[str, Any]:
    """Finish a removal that a request began and a stop cut short."""

    def some(tx: Transaction) -> Removal:
        dataset = _dataset(tx, job)
        return remove_some(
            tx, dataset, check_still_allowed(tx, job, dataset), job.id, now=context.clock.now()
        )

    done = context.store.write(some).result()
    while done.job is not None:
        if context.stopping():
            raise JobStoppedError
        done = context.store.write(some).result()
    return {"processed": done.processed}


# Resolving records answered before a change of plan or policy


def _reresolve(context: JobContext, job: Job) -> Mapping[str, Any]:
    """Finish resolving records after a stop, from the first one on: doing it twice changes nothing.

    The records of a closed dataset are resolved, too.
    """
    with context.store.read() as tx:
        dataset = tx.datasets.by_number(job.dataset)
        ids = [] if dataset is None else tx.annotations.answered(dataset, job.spec["plan"])
    _change(context, job, done=0, total=len(ids))
    for part in parts_of(ids, SETTLED_AT_ONCE):
        if context.stopping():
            raise JobStoppedError
        context.store.write(
            lambda tx, part=part: reresolve_batch(tx, job.id, part, now=context.clock.now())  # type: ignore[misc]
        ).result()
    return {"settled": len(ids)}


# Models


def _model(context: JobContext, job: Job) -> Mapping[str, Any]:
    from apportion.services.insight.model_consensus import run_model  # imports numpy

    def tell(done: int, total: int, message: str) -> None:
        _change(context, job, done=done, total=total, message=message)

    return run_model(context.store, lambda tx: _dataset(tx, job), context.clock.now, tell)


_KINDS: dict[JobKind, Callable[[JobContext, Job], Mapping[str, Any]]] = {
    JobKind.APPLY: _apply,
    JobKind.ACCEPT: _accept,
    JobKind.UNDO: _undo,
    JobKind.MODEL: _model,
    JobKind.DELETE: _remove,
    JobKind.DISCARD: _remove,
    JobKind.SETTLE: _reresolve,
}

"""Do the jobs that wait, one after the other, some records to a transaction. Runs in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apportion.domain.consensus.resolution import Outcome, Policy
from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Annotation, Case, Gold, Origin
from apportion.domain.individual.resolution import resolve
from apportion.domain.jobs import Job, JobKind, JobState, Take
from apportion.domain.people import Actor
from apportion.domain.policies import Policies
from apportion.domain.query import parse
from apportion.domain.records import Value, predicted_answer
from apportion.ports.annotations import Settled
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria
from apportion.ports.security import Clock
from apportion.ports.store import Store, Work
from apportion.vocabulary import AnnotationState, EventCode, Task

from .adjudicate import decide
from .annotate import checked_value, put_back_shared, record_case, set_mine, standing_shared
from .edit_records import Removal, remove_some
from .jobs import begin_model, check_still_allowed, model_wanted
from .manage_datasets import seen_by
from .settle_again import AT_ONCE as SETTLED_AT_ONCE
from .settle_again import settle_part
from .steps import parts_of

__all__ = ["Room", "mark_interrupted", "queue_models", "run_next"]

log = logging.getLogger("apportion.jobs")
AT_ONCE = 100
QUERY_SECONDS = 30.0
"""Computing time for the query of a job: nobody waits for its answer, but other jobs do."""
"""Records to a transaction: few, so that nobody annotating waits for them."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Room:
    """What jobs need: the store, the time, and how values of a task are read from JSON."""

    store: Store
    clock: Clock
    read_value: Callable[[Task, dict[str, Any] | None], Value | None]
    stopping: Callable[[], bool] = lambda: False
    """Whether the server is about to stop."""


class Stopped(Exception):
    """The server is about to stop, and the job with it."""


def mark_interrupted(room: Room) -> None:
    """After a start: what was running when the server stopped was interrupted."""
    room.store.write(lambda work: work.jobs.interrupted(at=room.clock.now())).result()


def queue_models(room: Room) -> bool:
    """Queue a look at all answers for every dataset whose policy wants one; whether there was any."""

    with room.store.read() as work:  # a look costs no transaction of the writer
        if not any(model_wanted(work, each) for each in work.datasets.list()):
            return False

    def queue(work: Work) -> bool:
        now = room.clock.now()
        begun = [begin_model(work, each, "apportion", now=now) for each in work.datasets.list()]
        return any(job is not None for job in begun)

    return room.store.write(queue).result()


def run_next(room: Room) -> bool:
    """Do the job that has waited longest; False when none is waiting."""

    def take(work: Work) -> Job | None:
        job = work.jobs.waiting()
        return None if job is None else work.jobs.change(job, at=room.clock.now(), state=JobState.RUNNING)

    job = room.store.write(take).result()
    if job is None:
        return False
    try:
        result = _KINDS[job.kind](room, job)
        _change(room, job, state=JobState.DONE, result=result)
    except Stopped:
        room.store.write(lambda work: work.jobs.interrupted(at=room.clock.now())).result()
    except Refusal as refused:
        _change(room, job, state=JobState.FAILED, message=str(refused))
    except Exception as failure:
        log.exception("job %s failed", job.id)
        _change(room, job, state=JobState.FAILED, message=f"it broke off: {type(failure).__name__}")
    return True


def _change(room: Room, job: Job, **changes: Any) -> None:
    if "state" not in changes and room.stopping():
        raise Stopped
    room.store.write(lambda work: work.jobs.change(job, at=room.clock.now(), **changes)).result()


def _dataset(work: Work, job: Job) -> Dataset:
    """The dataset as it is now; refused once it is gone or closed."""
    found = work.datasets.numbered(job.dataset)
    if found is None or found.closed:
        raise Refusal("the dataset was closed or deleted")
    return found


def _matching(room: Room, job: Job, query: str) -> list[str]:
    with room.store.read(Deadline(QUERY_SECONDS)) as work:
        dataset = _dataset(work, job)
        criteria = seen_by(work, check_still_allowed(work, job, dataset), dataset, Criteria(parse(query)))
        ids = sorted(work.records.ids(dataset, criteria).ids)
    _change(room, job, total=len(ids))
    return ids


def _in_parts(
    room: Room, job: Job, ids: Sequence[str], do: Callable[[Work, Dataset, Actor, str, int], str | None]
) -> dict[str, Any]:
    """Do something to each record; how many were changed, and which were left, with the reason.

    Whoever wanted the job is looked up for each part: the job ends where they may not do this any more.
    """
    changed, left = 0, 0
    why: list[dict[str, str]] = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        if room.stopping():
            raise Stopped

        def some(work: Work, part: Sequence[str] = part, done: int = start) -> list[tuple[str, str | None]]:
            dataset, now = _dataset(work, job), room.clock.now()
            actor = check_still_allowed(work, job, dataset)
            found = []
            for id in part:
                try:
                    found.append((id, do(work, dataset, actor, id, now)))
                except Refusal as refused:
                    found.append((id, str(refused)))
            work.jobs.change(job, at=now, done=done + len(part))
            return found

        for id, reason in room.store.write(some).result():
            changed += reason is None
            left += reason is not None
            if reason is not None and len(why) < _SHOWN:
                why.append({"record": id, "why": reason})
    return {"changed": changed, "left": left, "why": why}


# Setting a value on many records


def _apply(room: Room, job: Job) -> Mapping[str, Any]:
    spec = job.spec
    state = AnnotationState(spec["state"])

    def one(work: Work, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        case = record_case(work, dataset, actor, id, writing=True)
        taken = _taken(room, job, dataset, case)
        if taken is None and state is not AnnotationState.DISCARDED:
            return (
                "nothing is predicted for it"
                if spec.get("take") == Take.PREDICTED
                else "you have not answered it"
            )
        value = checked_value(dataset, case.record, taken, state)
        if spec["gold"]:
            value = None if state is AnnotationState.DISCARDED else value
            _decide(
                work, job, dataset, case, decide(dataset, case, value, job.by, "applied in bulk", now), now
            )
            return None
        individual = Policies.of(dataset.policies).individual
        before = case.of(job.by) if individual else standing_shared(case)
        mine = set_mine(work, dataset, case, job.by, state, value, now)
        assert mine.annotation is not None
        work.jobs.note(job, dataset, case.number, before, mine.annotation.version)
        return None

    return _in_parts(room, job, _matching(room, job, spec["query"]), one)


def _taken(room: Room, job: Job, dataset: Dataset, case: Case) -> Value | None:
    """What the job sets on a record: the value it was sent with, or what the record has."""
    take = Take(job.spec.get("take", Take.VALUE))
    if take is Take.PREDICTED:
        settings = dataset.settings
        return predicted_answer(
            case.record, allow_overlap=settings is not None and settings.allow_overlapping_spans
        )
    if take is Take.OWN:
        shared = not Policies.of(dataset.policies).individual
        mine = standing_shared(case) if shared else case.of(job.by)
        return None if mine is None else mine.value
    return room.read_value(dataset.task, job.spec["value"])


def _decide(work: Work, job: Job, dataset: Dataset, case: Case, settled: Settled, now: int) -> None:
    work.annotations.settle(dataset, [settled], at=now)
    assert settled.after.gold is not None
    detail = {"reason": settled.after.gold.reason, "job": job.id}
    work.annotations.note(dataset, job.by, EventCode.ADJUDICATED, at=now, record=case, detail=detail)
    work.jobs.note(job, dataset, case.number, case.gold, settled.after.gold.version)


# Accepting what people agree on


def _accept(room: Room, job: Job) -> Mapping[str, Any]:
    rule = Policy(job.spec["rule"])

    def one(work: Work, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        case = record_case(work, dataset, actor, id)
        if case.gold is not None and case.gold.origin is not Origin.EARLIER:
            return "it has a gold value already"
        policies = Policies.of(dataset.policies)
        view = resolve(replace(case, gold=None), rule=rule, required=policies.required)
        found = view.resolution
        if found is None or found.outcome is not Outcome.RESOLVED or len(found.answers) < 2:
            return "people do not agree on it, or not enough of them have answered"
        why = f"{len(found.agreeing)} of {len(found.answers)} agree ({rule})"
        version = 1 if case.gold is None else case.gold.version + 1
        value = None if found.discarded else view.value
        after = set_gold(case, Gold(value, Origin.CONSENSUS, job.by, why, version, now))
        shown = resolve(after, rule=policies.resolution, required=policies.required)
        _decide(work, job, dataset, case, Settled(case, after, shown, f"accepted by {job.by}"), now)
        return None

    return _in_parts(room, job, _matching(room, job, job.spec["query"]), one)


# Putting back


def _undo(room: Room, job: Job) -> Mapping[str, Any]:
    asked_by = job.spec.get("asked_by", job.by)
    with room.store.read() as work:
        dataset = _dataset(work, job)
        undone = work.jobs.find(job.spec["job"])
        assert undone is not None
        changes = {
            each.record: each
            for each in work.jobs.changes(undone, dataset, by=job.by, after=None, limit=1 << 31)
        }
    _change(room, job, total=len(changes))

    def one(work: Work, dataset: Dataset, actor: Actor, id: str, now: int) -> str | None:
        change = changes[id]
        case = record_case(work, dataset, actor, id, writing=True)
        now_there = case.gold if job.spec["gold"] else case.of(job.by)
        if now_there is None or now_there.version != change.version:
            return "it has been changed since"
        before = change.before
        if job.spec["gold"]:
            policies = Policies.of(dataset.policies)
            gold = replace(before, version=change.version + 1) if isinstance(before, Gold) else None
            after = replace(case, gold=gold)
            view = resolve(after, rule=policies.resolution, required=policies.required)
            work.annotations.settle(dataset, [Settled(case, after, view, "undone")], at=now)
            work.annotations.note(dataset, asked_by, EventCode.REMOVED_GOLD, at=now, record=case)
            return None
        if isinstance(before, Annotation) and not Policies.of(dataset.policies).individual:
            put_back_shared(work, dataset, case, before, asked_by, now)
            return None
        state = before.state if isinstance(before, Annotation) else AnnotationState.NONE
        value = None if before is None else before.value
        set_mine(work, dataset, case, job.by, state, value, now, by=asked_by)
        return None

    result = _in_parts(room, job, list(changes), one)
    _change(room, undone, state=JobState.UNDONE)
    return result


# Deleting and discarding what matched


def _remove(room: Room, job: Job) -> Mapping[str, Any]:
    """Finish what a request began and a stop cut short."""

    def some(work: Work) -> Removal:
        dataset = _dataset(work, job)
        return remove_some(
            work, dataset, check_still_allowed(work, job, dataset), job.id, now=room.clock.now()
        )

    done = room.store.write(some).result()
    while done.job is not None:
        if room.stopping():
            raise Stopped
        done = room.store.write(some).result()
    return {"processed": done.processed}


# Settling what was answered before a plan or a policy


def _settle(room: Room, job: Job) -> Mapping[str, Any]:
    """Finish what was cut short; what was settled already is looked at once more. A closed dataset is settled, too."""
    with room.store.read() as work:
        dataset = work.datasets.numbered(job.dataset)
        ids = [] if dataset is None else work.annotations.answered(dataset, job.spec["plan"])
    _change(room, job, done=0, total=len(ids))
    for part in parts_of(ids, SETTLED_AT_ONCE):
        if room.stopping():
            raise Stopped
        room.store.write(
            lambda work, part=part: settle_part(work, job.id, part, now=room.clock.now())  # type: ignore[misc]
        ).result()
    return {"settled": len(ids)}


# Models


def _model(room: Room, job: Job) -> Mapping[str, Any]:
    from .model_consensus import run_model  # brings numpy along

    def tell(done: int, total: int, message: str) -> None:
        _change(room, job, done=done, total=total, message=message)

    return run_model(room.store, lambda work: _dataset(work, job), room.clock.now, tell)


_KINDS: dict[JobKind, Callable[[Room, Job], Mapping[str, Any]]] = {
    JobKind.APPLY: _apply,
    JobKind.ACCEPT: _accept,
    JobKind.UNDO: _undo,
    JobKind.MODEL: _model,
    JobKind.DELETE: _remove,
    JobKind.DISCARD: _remove,
    JobKind.SETTLE: _settle,
}

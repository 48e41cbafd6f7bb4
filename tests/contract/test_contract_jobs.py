"""Jobs: a queue of long work with its progress, and what it changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from apportion.domain.individual.case import Annotation, GoldValue, Origin
from apportion.domain.jobs import FINISHED_LATER, Job, JobKind, JobState
from apportion.domain.records import (
    AgentValues,
    Entities,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    Vector,
)
from apportion.ports.events import About
from apportion.ports.jobs import JobChange
from apportion.ports.store import Store, Transaction
from apportion.spans import Entity
from apportion.vocabulary import AnnotationState, EventCode, Status
from owners import nobody
from patience import patience
from stored_dataset import INDIVIDUAL, StoredDataset, read, text, write

A = (("A", 1.0),)


def add(stored: StoredDataset, id: str, kind: JobKind = JobKind.APPLY, at: int = 1) -> Job:
    return stored.write(lambda tx: tx.jobs.add(stored.dataset, id, kind, {"n": [1, None]}, by="ana", at=at))


def find(store: Store, id: str) -> Job | None:
    return read(store, lambda tx: tx.jobs.find(id))


def test_a_job_comes_back_as_it_was_added_and_waits(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    job = add(stored, "j1", at=7)

    wanted = Job(
        job.no, "j1", stored.dataset.no, JobKind.APPLY, JobState.WAITING, {"n": [1, None]}, "ana", 7, 7
    )
    assert job == wanted
    assert find(empty_store, "j1") == wanted
    assert find(empty_store, "j2") is None


def test_the_one_that_has_waited_longest_is_next(empty_store: Store) -> None:
    one, two = StoredDataset(empty_store), StoredDataset(empty_store)
    first, second = add(one, "j1"), add(two, "j2")

    for each in (first, second):
        assert read(empty_store, lambda tx: tx.jobs.any_waiting())
        taken = write(empty_store, lambda tx: tx.jobs.take(at=2))
        assert taken == replace(each, state=JobState.RUNNING, changed_at=2)
    assert not read(empty_store, lambda tx: tx.jobs.any_waiting())
    assert write(empty_store, lambda tx: tx.jobs.take(at=2)) is None


def test_no_job_is_taken_twice_however_many_ask_for_one(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    wanted = [add(stored, f"j{n}").id for n in range(6)]

    asked = [empty_store.write(lambda tx: tx.jobs.take(at=2)) for _ in range(8)]

    taken = [job.id for each in asked if (job := each.result(patience(60))) is not None]
    assert taken == wanted


def test_what_is_not_given_stays_as_it_is(empty_store: Store) -> None:
    job = add(StoredDataset(empty_store), "j1")
    steps = (
        {"state": JobState.RUNNING, "total": 9},
        {"done": 4, "message": "half"},
        {"state": JobState.DONE, "done": 9, "result": {"changed": 3}},
    )
    for at, given in enumerate(steps, 2):
        job = replace(job, changed_at=at, **given)  # type: ignore[arg-type]
        assert write(empty_store, lambda tx: tx.jobs.change(job, at=at, **given)) == job  # type: ignore[arg-type]
        assert find(empty_store, "j1") == job


@pytest.mark.parametrize("kind", JobKind)
def test_after_a_stop_running_jobs_are_interrupted_or_run_again(empty_store: Store, kind: JobKind) -> None:
    stored = StoredDataset(empty_store)
    running, waiting, done = (add(stored, id, kind) for id in ("running", "waiting", "done"))
    write(empty_store, lambda tx: tx.jobs.change(running, at=2, state=JobState.RUNNING))
    write(empty_store, lambda tx: tx.jobs.change(done, at=2, state=JobState.DONE))

    again = kind in FINISHED_LATER
    mine = empty_store.server
    assert read(empty_store, lambda tx: tx.jobs.owners()) == {mine}
    assert write(empty_store, lambda tx: tx.jobs.interrupted(lambda no: no == mine, at=8)) == 0
    assert find(empty_store, "running") == replace(running, state=JobState.RUNNING, changed_at=2)
    assert write(empty_store, lambda tx: tx.jobs.interrupted(nobody, at=9)) == (not again)

    found = find(empty_store, "running")
    assert found is not None
    assert (found.state, found.changed_at) == (JobState.WAITING if again else JobState.INTERRUPTED, 9)
    assert bool(found.message) == (not again)
    assert read(empty_store, lambda tx: tx.jobs.owners()) == set()
    assert find(empty_store, "waiting") == waiting
    assert find(empty_store, "done") == replace(done, state=JobState.DONE, changed_at=2)


def test_the_latest_job_of_a_kind_is_found_by_dataset(empty_store: Store) -> None:
    one, two = StoredDataset(empty_store), StoredDataset(empty_store)
    add(one, "j1", JobKind.MODEL)
    latest = add(one, "j2", JobKind.MODEL)
    add(one, "j3", JobKind.APPLY)
    add(two, "j4", JobKind.MODEL)

    assert one.read(lambda tx: tx.jobs.latest(one.dataset, JobKind.MODEL)) == latest
    assert one.read(lambda tx: tx.jobs.latest(one.dataset, JobKind.UNDO)) is None


def test_the_last_answer_of_a_dataset_is_known_by_its_event(empty_store: Store) -> None:
    one, two = StoredDataset(empty_store), StoredDataset(empty_store)
    assert one.read(lambda tx: tx.jobs.last_answer(one.dataset)) == 0
    numbers = []
    for stored, what in (
        (one, EventCode.SUBMITTED),
        (one, EventCode.DISCARDED),
        (one, EventCode.TOOK_BACK),
        (one, EventCode.COMMENTED),
        (two, EventCode.SUBMITTED),
    ):
        about = About(stored.dataset)
        stored.write(lambda tx: tx.events.add(what, about, who="ana", at=1))
        numbers.append(one.read(lambda tx: tx.jobs.last_answer(one.dataset)))
    last = read(empty_store, lambda tx: tx.events.last())
    assert numbers == [last - 4, last - 3, last - 2, last - 2, last - 2]


def test_what_a_job_changed_is_kept_by_record_in_order_of_ids(store: Store) -> None:
    stored = StoredDataset(store, policies=INDIVIDUAL)
    stored.log(*(text(id) for id in ("c", "a", "b", "d")))
    numbers = {id: stored.number(id) for id in "abcd"}
    mine = Annotation("ana", AnnotationState.DISCARDED, None, 3, 5, 1.5, True)
    gold = GoldValue(A, Origin.ADJUDICATED, "rita", "because", 2, 6)
    job, other = add(stored, f"j {stored.dataset.name}"), add(stored, f"k {stored.dataset.name}")

    def record(tx: Transaction) -> None:
        for each, id, before, version in (
            (job, "c", None, 1),
            (job, "a", mine, 4),
            (job, "b", gold, 3),
            (other, "d", None, 1),
        ):
            tx.jobs.record_undo(each, stored.dataset, numbers[id], before, version)

    stored.write(record)

    def changes(after: str | None, limit: int = 10) -> list[JobChange]:
        return stored.read(
            lambda tx: tx.jobs.changes(job, stored.dataset, by="ana", after=after, limit=limit)
        )

    wanted = [JobChange("a", mine, 4), JobChange("b", gold, 3), JobChange("c", None, 1)]
    assert changes(None) == wanted
    assert changes("a") == wanted[1:]
    assert changes(None, 2) == wanted[:2]
    assert changes("c") == []


def test_a_job_is_gone_with_the_transaction_that_added_it(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    kept = add(stored, "kept")

    def work(tx: Transaction) -> None:
        job = tx.jobs.add(stored.dataset, "new", JobKind.APPLY, {}, by="ana", at=1)
        tx.jobs.change(kept, at=2, state=JobState.RUNNING)
        assert tx.jobs.find(job.id) == job
        assert tx.jobs.any_waiting()
        assert tx.jobs.latest(stored.dataset, JobKind.APPLY) == job
        raise LookupError

    with pytest.raises(LookupError):
        write(empty_store, work)
    assert find(empty_store, "new") is None
    assert find(empty_store, "kept") == kept


def test_what_a_job_was_sent_comes_back_in_parts_until_it_is_dropped(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    job, other = add(stored, "j1", JobKind.IMPORT), add(stored, "j2", JobKind.IMPORT)
    spans = Entities([Entity(0, 3, "P"), Entity(1, 2, "Ü", 0.25)], 0.5)
    gold = GoldValue(spans, Origin.IMPORTED, "ana", None, 2, 9)
    record = TokenClassificationRecord(
        "r", Status.VALIDATED, {"a": [1, "b"], "c": 1.5, "d": True}, None, 7, AgentValues("m", {"m": spans}),
        None, {"v": Vector([1.0, 2.5], None, "m")}, "abc def", ["abc", "def"],
    )  # fmt: skip
    labels = TextClassificationRecord(
        "l", prediction=AgentValues("m", {"m": A, "n": ()}), inputs={"t": ["x", "y"]}, multi_label=True
    )
    items = [(record, A, gold, Status.EDITED, "m"), (record, None, None, Status.DEFAULT, None)]
    kinds = (TokenClassificationRecord, Value | None, GoldValue | None, Status, str | None)

    write(empty_store, lambda tx: tx.jobs.keep_input(job, 0, items))
    write(empty_store, lambda tx: tx.jobs.keep_input(job, 1, items[:1]))
    write(
        empty_store, lambda tx: tx.jobs.keep_input(job, 1, [(labels,)])
    )  # again, as after a lost transaction
    write(empty_store, lambda tx: tx.jobs.keep_input(other, 0, []))

    assert read(empty_store, lambda tx: tx.jobs.input(job, 0, kinds)) == items
    assert read(empty_store, lambda tx: tx.jobs.input(job, 1, (TextClassificationRecord,))) == [(labels,)]
    assert read(empty_store, lambda tx: tx.jobs.input(job, 2, kinds)) is None
    write(empty_store, lambda tx: tx.jobs.drop_input(job, 0))
    assert read(empty_store, lambda tx: tx.jobs.input(job, 0, kinds)) is None
    assert read(empty_store, lambda tx: tx.jobs.input(other, 0, kinds)) == []


def test_a_job_is_unfinished_from_when_its_input_is_whole_until_it_ends(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    job = add(stored, "j1", JobKind.IMPORT)

    def unfinished() -> bool:
        return read(empty_store, lambda tx: tx.jobs.unfinished(stored.dataset, JobKind.IMPORT))

    seen = [unfinished()]
    for state, total in (
        (JobState.RUNNING, None),
        (None, 3),
        (JobState.WAITING, None),
        (JobState.DONE, None),
    ):
        write(empty_store, partial(_change, job, state, total))
        seen.append(unfinished())
    assert seen == [False, False, True, True, False]
    assert not read(empty_store, lambda tx: tx.jobs.unfinished(stored.dataset, JobKind.GOLD))


def _change(job: Job, state: JobState | None, total: int | None, tx: Transaction) -> None:
    tx.jobs.change(job, at=2, state=state, total=total)

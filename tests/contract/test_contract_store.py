"""The store: snapshots, a queue of writes that count whole or not at all, its condition, and its life."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from apportion.domain.errors import QueryTooSlowError
from apportion.domain.ids import UserId, WorkspaceId
from apportion.domain.jobs import JobKind
from apportion.domain.people import User, Workspace
from apportion.domain.query import parse
from apportion.ports.deadline import CallerGone, Deadline
from apportion.ports.records import Criteria
from apportion.ports.store import Store, Transaction
from apportion.ports.upkeep import StoreCounts
from apportion.vocabulary import Role
from patience import patience, until
from planned import Planned
from stored_dataset import StoredDataset, full, new_dataset, read, text, write
from stores import opened

SLOW = "/.*w.*o.*r.*d.*x/"


@contextmanager
def writer_held_up(store: Store) -> Iterator[None]:
    """Hold the writer up, so that writes pile up behind it, and let it go on at the end."""
    go_on, entered = threading.Event(), threading.Event()

    def wait(tx: Transaction) -> None:
        entered.set()
        assert go_on.wait(patience(20))

    waiting = store.write(wait)
    try:
        assert entered.wait(patience(20))
        yield
    finally:
        go_on.set()
    waiting.result(patience(20))


# Snapshots


def test_a_snapshot_stays_as_it_was_when_it_was_first_used(stored: StoredDataset) -> None:
    stored.log(text("a"))
    with stored.store.read() as tx:
        before = tx.datasets.by_number(stored.dataset.no)
        stored.log(text("b"))
        stored.write(lambda tx: tx.datasets.update(stored.dataset, closed=True))
        assert [record.id for record in tx.records.iterate(stored.dataset)] == ["a"]
        assert tx.annotations.case(stored.dataset, "b") is None
        assert tx.records.get(stored.dataset, "b") is None
        assert list(tx.assignments.record_numbers(stored.dataset)) == ["a"]
        assert tx.datasets.by_number(stored.dataset.no) == before
    assert stored.ids() == ["a", "b"]


def test_a_search_in_an_old_snapshot_finds_what_was_there_then(stored: StoredDataset) -> None:
    stored.log(full("a"))
    fox = Criteria(parse("fox"))
    with stored.store.read() as tx:
        assert tx.records.count(stored.dataset, Criteria()) == 1
        assert tx.records.count(stored.dataset, fox) == 1
        stored.log(full("b"))
        stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(parse("id:a")), at=2))
        with ThreadPoolExecutor(1) as others:  # a thread has one snapshot at a time
            assert others.submit(stored.ids, "fox").result() == ["b"]
        time.sleep(1.1)  # a search in a snapshot of a moment ago may find what was committed since
        assert tx.records.count(stored.dataset, Criteria()) == 1
        found = tx.records.search(stored.dataset, fox, facets=None)
        assert [row.id for row in found.rows] == ["a"]
        assert found.facets["metadata"]["k"] == {"x": 1}
    assert stored.ids() == ["b"]


def test_what_is_written_is_in_every_snapshot_opened_afterwards(stored: StoredDataset) -> None:
    for n in range(30):
        stored.log(text(f"{n:02}", metadata={"n": n}))
        assert stored.search(f"metadata.n:{n}").total == 1
        assert stored.search().total == n + 1


def test_a_snapshot_cannot_write(stored: StoredDataset) -> None:
    ready = stored.store.encode_records(stored.dataset.task, [text("a")])
    writes: tuple[Callable[[Transaction], object], ...] = (
        lambda tx: tx.datasets.add(new_dataset()),
        lambda tx: tx.records.log(stored.dataset, ready, at=1),
        lambda tx: tx.people.add_workspace(Workspace(WorkspaceId("w"), "w", 1, 1)),
    )
    for work in writes:
        with stored.store.read() as tx, pytest.raises(Exception, match=r"(?i)read.?only"):
            work(tx)
    assert stored.ids() == []


def test_snapshots_of_many_threads_are_independent(stored: StoredDataset) -> None:
    stored.log(*(text(f"{n}") for n in range(20)))
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(stored.ids())) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(patience(20))
    assert found == [stored.ids()] * 8


# Deadlines


def many(stored: StoredDataset) -> None:
    stored.log(*(text(f"{n}", " ".join(f"word{n}{m}" for m in range(40))) for n in range(300)))


def test_work_past_its_deadline_is_ended_and_so_is_work_nobody_waits_for(stored: StoredDataset) -> None:
    many(stored)
    gone = Deadline()
    gone.cancel()
    for deadline, failure in ((Deadline(0.0), QueryTooSlowError), (gone, CallerGone)):
        with pytest.raises(failure):  # noqa: PT012, SIM117 - it may be raised where the snapshot ends
            with stored.store.read(deadline) as tx:
                assert tx.deadline is deadline
                tx.records.search(stored.dataset, Criteria(parse(SLOW)))
    assert stored.search(SLOW).total == 0


def test_queries_within_a_write_may_be_limited_and_what_follows_is_not(stored: StoredDataset) -> None:
    many(stored)

    def work(tx: Transaction) -> int:
        with pytest.raises(QueryTooSlowError), tx.within(0.0):
            tx.records.count(stored.dataset, Criteria(parse(SLOW)))
        tx.datasets.update(stored.dataset, closed=True)
        with tx.within(1_000.0):
            return tx.records.count(stored.dataset, Criteria(parse("word*")))

    assert stored.write(work) == 300
    assert stored.read(lambda tx: tx.datasets.find("ws", stored.dataset.name).closed)  # type: ignore[union-attr]


# Writing


def test_an_exception_undoes_all_of_its_own_transaction_and_nothing_of_the_neighbours(store: Store) -> None:
    one, two, three = (StoredDataset(store) for _ in range(3))

    def fill(stored: StoredDataset, fails: bool) -> None:
        ready = store.encode_records(stored.dataset.task, [full("a")])

        def work(tx: Transaction) -> str:
            tx.records.log(stored.dataset, ready, at=1)
            tx.datasets.update(stored.dataset, closed=True)
            if fails:
                raise LookupError("no")
            return "done"

        futures.append(store.write(work))

    futures: list[object] = []
    with writer_held_up(store):
        for stored, fails in ((one, False), (two, True), (three, False)):
            fill(stored, fails)

    first, second, third = futures
    assert first.result(patience(20)) == third.result(patience(20)) == "done"  # type: ignore[attr-defined]
    assert isinstance(second.exception(patience(20)), LookupError)  # type: ignore[attr-defined]
    for stored, ids in ((one, ["a"]), (two, []), (three, ["a"])):
        assert stored.ids("fox") == ids
        found = stored.read(lambda tx: tx.datasets.by_number(stored.dataset.no))
        assert found is not None
        assert (found.closed, found.records) == (bool(ids), len(ids))


def test_writes_happen_in_order_but_urgent_ones_go_first(store: Store) -> None:
    happened: list[str] = []
    with writer_held_up(store):
        writes = [
            store.write(lambda tx, name=name: happened.append(name), urgent=name == "urgent")  # type: ignore[misc]
            for name in ("first", "second", "urgent")
        ]
        condition = store.condition()
    assert (condition.waiting, condition.urgent) == (3, 1)
    for each in writes:
        each.result(patience(20))
    assert happened == ["urgent", "first", "second"]


def test_a_write_that_still_waits_may_be_cancelled(stored: StoredDataset) -> None:
    with writer_held_up(stored.store):
        waiting = stored.store.write(lambda tx: tx.datasets.update(stored.dataset, closed=True))
        assert waiting.cancel()

    with pytest.raises(CancelledError):
        waiting.result(patience(20))
    found = stored.read(lambda tx: tx.datasets.by_number(stored.dataset.no))
    assert found is not None
    assert not found.closed


def test_records_are_encoded_outside_of_any_transaction_in_their_order(stored: StoredDataset) -> None:
    ready = stored.store.encode_records(stored.dataset.task, iter([text("b"), full("a")]))

    assert [each.id for each in ready] == ["b", "a"]
    assert stored.ids() == []
    stored.write(lambda tx: tx.records.log(stored.dataset, ready, at=1))
    assert stored.records() == [text("b"), full("a")] or stored.records() == [full("a"), text("b")]


# Condition and counts


def test_the_condition_of_a_store_in_use_is_sound(empty_store: Store) -> None:
    before = empty_store.condition()
    StoredDataset(empty_store).log(*(text(f"{n}", "some words " * 200) for n in range(500)))
    condition = empty_store.condition()

    assert condition.writing
    assert condition.writable
    assert (condition.waiting, condition.urgent, condition.busy) == (0, 0, 0)
    assert condition.tables == condition.tables_wanted
    assert condition.size + condition.log_size > before.size + before.log_size
    assert condition.free is None or condition.free > 0
    assert (condition.damage, condition.lost, empty_store.check_files()) == (None, None, None)


def test_what_is_in_a_store_is_counted(empty_store: Store) -> None:
    assert empty_store.counts(0) == StoreCounts(0, 0, 0, 0, 0, 0, 0, 0)
    planned, gone = Planned(empty_store), StoredDataset(empty_store)
    gone.log(text("a"))
    planned.plan([("a", "ana"), ("b", "ana")])
    planned.answer("ana", "a")
    planned.answer("ben", "c")
    planned.lease("b", "ana", 100)

    def more(tx: Transaction) -> None:
        for name, active in (("ana", True), ("ben", False)):
            id = UserId(name)
            tx.people.add_user(User(id, name, name, None, Role.ANNOTATOR, active, 1, 1))
        tx.people.add_workspace(Workspace(WorkspaceId("w"), "w", 1, 1))
        tx.people.open_session("s", UserId("ana"), now=1, expires_at=100)
        tx.jobs.add(planned.dataset, "j", JobKind.APPLY, {}, by="ana", at=1)
        tx.datasets.delete(gone.dataset, at=5)

    write(empty_store, more)
    wanted = StoreCounts(
        users=1, workspaces=1, sessions=1, datasets=1, records=6, annotations=2, leases=1, jobs=1
    )
    assert empty_store.counts(99) == wanted
    later = empty_store.counts(100)
    assert (later.sessions, later.leases) == (0, 0)


def test_reading_ahead_changes_no_answer(empty_store: Store) -> None:
    stored = StoredDataset(empty_store)
    stored.log(full("a"), text("b"))

    assert all(step is None for step in empty_store.warm())
    assert stored.ids("fox") == ["a"]


# Life


def test_what_was_written_is_there_when_the_store_is_opened_again(store_kind: str, folder: Path) -> None:
    with opened(store_kind, folder) as store:
        assert store.last_heartbeat() is None
        stored = StoredDataset(store)
        stored.log(full("a"))
        store.record_heartbeat(12_345)
        store.record_heartbeat(23_456)
    with opened(store_kind, folder) as store:
        assert store.last_heartbeat() == 23_456
        assert read(store, lambda tx: list(tx.records.iterate(stored.dataset))) == [full("a")]
        stored.store = store
        assert stored.ids("fox AND metadata.k:x") == ["a"]


def test_closing_finishes_what_waits_and_then_nothing_more_is_accepted(store_kind: str, folder: Path) -> None:
    with opened(store_kind, folder) as store:
        dataset = write(store, lambda tx: tx.datasets.add(new_dataset("talk")))
        waiting = [
            store.write(lambda tx, n=n: tx.datasets.update(dataset, last_updated=n))  # type: ignore[misc]
            for n in range(3)
        ]
        store.close()
        assert [each.result(0).last_updated for each in waiting] == [0, 1, 2]
        with pytest.raises(Exception, match=r"(?i)clos|shut"):
            store.write(lambda tx: None).result(patience(5))
    with opened(store_kind, folder) as store:
        found = read(store, lambda tx: tx.datasets.find("ws", "talk"))
        assert found is not None
        assert found.last_updated == 2


def test_a_store_knows_the_number_of_its_server_as_of_one_that_is_alive(empty_store: Store) -> None:
    mine = empty_store.server

    assert mine > 0
    assert mine in empty_store.living()
    until(lambda: mine + 1_000 not in empty_store.living())  # it may be in doubt at first
    assert mine in empty_store.living()

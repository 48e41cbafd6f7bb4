"""The audit log: what is appended is found by every filter, newest first, and only retention takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apportion.ports.events import REQUEST, About, AuditFilter, RequestMark
from apportion.ports.store import Store
from apportion.vocabulary import EventCode
from stored_dataset import StoredDataset, read, text, write

ANY = AuditFilter()


def add(store: Store, what: EventCode, about: About, *, who: str = "ana", at: int = 1, **values: Any) -> None:
    write(store, lambda tx: tx.events.add(what, about, who=who, at=at, **values))


def found(store: Store, **wanted: Any) -> list[int]:
    """Return when the events happened that match, newest first."""
    with store.read() as tx:
        events = tx.events.search(AuditFilter(**wanted))
        assert tx.events.count(AuditFilter(**wanted)) == len(events)
    return [each.at for each in events]


@contextmanager
def asked_by(address: str, id: str) -> Iterator[None]:
    token = REQUEST.set(RequestMark(address, id))
    try:
        yield
    finally:
        REQUEST.reset(token)


def test_an_event_comes_back_with_everything_that_is_known_about_it(empty_store: Store) -> None:
    stored = StoredDataset(empty_store, name="talk")
    stored.log(text("r"))
    number = stored.read(lambda tx: tx.records.numbers(stored.dataset, stored.criteria()))[0]
    with asked_by("1.2.3.4", "request 7"):
        add(
            empty_store,
            EventCode.CHANGED_RECORD,
            About(stored.dataset, object="x", record=number),
            at=5,
            before={"a": 1},
            after={"a": [2, "ü"]},
            detail={"n": None},
        )

    (event,) = read(empty_store, lambda tx: tx.events.search(ANY))
    assert event[1:] == (
        5, "ana", EventCode.CHANGED_RECORD, "ws", "talk", stored.dataset.uuid, "r", "x", {"a": 1}, {"a": [2, "ü"]},
        {"n": None}, "1.2.3.4", "request 7",
    )  # fmt: skip
    assert read(empty_store, lambda tx: tx.events.last()) == event.no


@pytest.fixture
def audited(empty_store: Store) -> Store:
    """Seven events at the instants 1 to 7."""
    one, two = (
        StoredDataset(empty_store, name="one"),
        StoredDataset(empty_store, name="two", workspace="other"),
    )
    add(empty_store, EventCode.SIGNED_IN, About(), at=1)
    add(empty_store, EventCode.SUBMITTED, About(one.dataset), at=2)
    add(empty_store, EventCode.SUBMITTED, About(two.dataset), at=3, who="ben")
    add(empty_store, EventCode.ADDED_MEMBER, About(workspace="ws", object="cy"), at=4)
    add(empty_store, EventCode.CHANGED_TAGS, About(one.dataset), at=5, after={"lang": "Deutsch"})
    with asked_by("9.9.9.9", "deadbeef"):
        add(empty_store, EventCode.SIGNED_OUT, About(), at=6, who="ben")
    add(empty_store, EventCode.EXPORTED, About(two.dataset), at=7, detail={"format": "csv"})
    return empty_store


def test_every_filter_narrows(audited: Store) -> None:
    assert found(audited) == [7, 6, 5, 4, 3, 2, 1]
    assert found(audited, codes=[EventCode.SUBMITTED, EventCode.EXPORTED]) == [7, 3, 2]
    assert found(audited, codes=[]) == []
    assert found(audited, workspaces=["ws"]) == found(audited, workspace="ws") == [5, 4, 2]
    assert found(audited, workspaces=["ws", "other"], workspace="other") == [7, 3]
    assert found(audited, dataset="one") == [5, 2]
    assert found(audited, who="ben") == [6, 3]
    assert found(audited, since=3, until=6) == [5, 4, 3]
    assert found(audited, text="deutsch") == [5]
    assert found(audited, text="CSV") == [7]
    assert found(audited, text="cy") == [4]
    assert found(audited, text="deadbeef") == [6]
    assert found(audited, text="deadbeef", with_requests=False) == []
    assert found(audited, who="ana", dataset="one", codes=[EventCode.SUBMITTED], since=2) == [2]


def test_the_log_is_read_in_pages(audited: Store) -> None:
    with audited.read() as tx:
        first = tx.events.search(ANY, limit=3)
        rest = tx.events.search(ANY, below=first[-1].no, limit=10)
        assert [each.at for each in (*first, *rest)] == [7, 6, 5, 4, 3, 2, 1]
        assert tx.events.count(ANY, below=first[-1].no) == 4
        assert first[0].no == tx.events.last() > first[1].no > first[2].no


def test_retention_takes_only_what_is_old_enough_and_as_many_as_are_asked_for(audited: Store) -> None:
    last = read(audited, lambda tx: tx.events.last())

    assert write(audited, lambda tx: tx.events.prune(before=5, limit=2)) == 2
    assert found(audited) == [7, 6, 5, 4, 3]
    assert write(audited, lambda tx: tx.events.prune(before=5, limit=10)) == 2
    assert found(audited) == [7, 6, 5]
    assert write(audited, lambda tx: tx.events.prune(before=100, limit=10)) == 3
    assert found(audited) == []
    add(audited, EventCode.SIGNED_IN, About(), at=8)
    assert read(audited, lambda tx: tx.events.last()) > last  # no number is given twice


def test_the_newest_event_of_each_dataset_is_known(audited: Store) -> None:
    one, two, three = StoredDataset(audited), StoredDataset(audited), StoredDataset(audited)
    numbers = []
    for each in (one, two, one):
        add(audited, EventCode.SUBMITTED, About(each.dataset))
        numbers.append(read(audited, lambda tx: tx.events.last()))

    wanted = {one.dataset.no: numbers[2], two.dataset.no: numbers[1], three.dataset.no: 0}
    assert read(audited, lambda tx: tx.events.latest(wanted)) == wanted
    assert read(audited, lambda tx: tx.events.latest([])) == {}


def test_an_empty_log_has_no_last_event(empty_store: Store) -> None:
    assert read(empty_store, lambda tx: (tx.events.last(), tx.events.count(ANY))) == (0, 0)


def test_events_outlive_their_dataset_and_their_record(empty_store: Store) -> None:
    stored = StoredDataset(empty_store, name="talk")
    stored.log(text("r"))
    number = stored.read(lambda tx: tx.records.numbers(stored.dataset, stored.criteria()))[0]
    add(empty_store, EventCode.SUBMITTED, About(stored.dataset, record=number))
    stored.write(lambda tx: tx.records.delete(stored.dataset, stored.criteria(), at=2))
    stored.write(lambda tx: tx.datasets.mark_for_purge(stored.dataset))
    while not stored.write(lambda tx: tx.datasets.purge(stored.dataset.no, limit=100)):
        pass

    (event,) = read(empty_store, lambda tx: tx.events.search(AuditFilter(dataset="talk")))
    assert (event.workspace, event.dataset, event.dataset_uuid) == ("ws", "talk", stored.dataset.uuid)
    assert event.record is None


def test_whoever_may_see_no_workspace_sees_no_event(audited: Store) -> None:
    assert found(audited, workspaces=()) == []

"""Webhooks, the events they are to receive, and their deliveries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.webhooks import EVERY_EVENT, PING, Delivery, DeliveryState, Webhook
from apportion.ports.events import About
from apportion.ports.store import Store, Transaction
from apportion.vocabulary import EventCode
from stored_dataset import StoredDataset, read, write

WAITING, DELIVERED, FAILED, SKIPPED = DeliveryState


def webhook(id: str = "w", workspace: str | None = "ws", **options: Any) -> Webhook:
    given: dict[str, Any] = {
        "dataset": None, "dataset_name": None, "url": "https://x.test/in?a=1", "events": (EVERY_EVENT,),
        "description": "for ü", "enabled": True, "disabled_why": None, "owner": "ana", "salt": b"\x00\xff",
        "fingerprint": "abcd", "created_by": "ana", "created_at": 3, "changed_at": 4, "cursor": 0, **options,
    }  # fmt: skip
    return Webhook(id, workspace, **given)


def delivery(id: str, webhook: str = "w", at: int = 1, **options: Any) -> Delivery:
    given: dict[str, Any] = {
        "event": 1, "code": "submitted", "body": '{"a": "ü"}', "state": WAITING, "attempts": 0, **options,
    }  # fmt: skip
    return Delivery(id, webhook, **given, created_at=at, changed_at=at)


def add(store: Store, *webhooks: Webhook) -> None:
    for each in webhooks:
        write(store, lambda tx: tx.webhooks.add(each))


def deliver(store: Store, *deliveries: Delivery) -> None:
    write(store, lambda tx: tx.webhooks.add_deliveries(deliveries))


def change(store: Store, *deliveries: Delivery) -> None:
    for each in deliveries:
        write(store, lambda tx: tx.webhooks.change_delivery(each))


def test_webhooks_come_back_whole_by_id_and_by_workspace_oldest_first(empty_store: Store) -> None:
    one = webhook("z", dataset=7, dataset_name="talk", events=("submitted", "assigned"), enabled=False,
                  disabled_why="x", failures=2, failing_since=5, next_at=6)  # fmt: skip
    two, other, server = webhook("a"), webhook("b", "other"), webhook("c", None)
    add(empty_store, one, two, other, server)

    with empty_store.read() as tx:
        assert [tx.webhooks.find(each.id) for each in (one, two)] == [one, two]
        assert tx.webhooks.find("unknown") is None
        assert tx.webhooks.of("ws") == [one, two]
        assert tx.webhooks.of(None) == [server]
        assert tx.webhooks.of("nowhere") == []
        assert tx.webhooks.all() == [one, two, other, server]


def test_what_can_change_of_a_webhook_is_stored_and_the_rest_stays(empty_store: Store) -> None:
    add(empty_store, webhook(), webhook("other"))
    changed = webhook(
        url="https://y.test", events=("submitted",), description="", enabled=False, disabled_why="why", owner="ben",
        salt=b"new", fingerprint="efgh", changed_at=9, cursor=8, failures=1, failing_since=2, next_at=3,
    )  # fmt: skip

    write(empty_store, lambda tx: tx.webhooks.change(replace(changed, workspace=None, created_by="ben")))

    assert read(empty_store, lambda tx: tx.webhooks.all()) == [changed, webhook("other")]


def test_a_deleted_webhook_takes_its_deliveries_along(empty_store: Store) -> None:
    add(empty_store, webhook(), webhook("other"))
    deliver(empty_store, delivery("1"), delivery("2", "other"))

    write(empty_store, lambda tx: tx.webhooks.delete("w"))

    with empty_store.read() as tx:
        assert (tx.webhooks.find("w"), tx.webhooks.delivery("w", "1")) == (None, None)
        assert tx.webhooks.delivery("other", "2") == delivery("2", "other")


def test_events_are_taken_from_the_log_after_the_cursor_and_only_those_wanted(empty_store: Store) -> None:
    one, two = (
        StoredDataset(empty_store, name="one"),
        StoredDataset(empty_store, name="two", workspace="other"),
    )
    assert read(empty_store, lambda tx: (tx.webhooks.first_event(), tx.webhooks.last_event())) == (0, 0)
    kinds = (EventCode.SUBMITTED, EventCode.ASSIGNED, EventCode.SIGNED_IN, EventCode.SUBMITTED)
    abouts = (About(one.dataset), About(one.dataset), About(), About(two.dataset))
    for at, (what, about) in enumerate(zip(kinds, abouts, strict=True), 1):
        write(empty_store, lambda tx: tx.events.add(what, about, who="ana", at=at))
    first, last = read(empty_store, lambda tx: (tx.webhooks.first_event(), tx.webhooks.last_event()))
    assert last - first == 3

    def taken(hook: Webhook, look: int = 100, limit: int = 100) -> tuple[list[int], int]:
        with empty_store.read() as tx:
            found = tx.webhooks.events_after(hook, look=look, limit=limit)
        return [each.at for each in found.events], found.upto

    server = webhook(workspace=None)
    assert taken(server) == ([1, 2, 3, 4], last)
    assert taken(webhook()) == ([1, 2], last)
    assert taken(webhook(workspace="other", dataset=two.dataset.no)) == ([4], last)
    assert taken(webhook(events=("submitted",))) == ([1], last)
    assert taken(replace(server, cursor=first)) == ([2, 3, 4], last)
    assert taken(server, limit=2) == ([1, 2], first + 1)
    assert taken(webhook(workspace="other"), look=2) == ([], first + 1)
    assert taken(replace(server, cursor=last)) == ([], last)


def test_deliveries_come_back_whole_and_in_pages_newest_first(empty_store: Store) -> None:
    add(empty_store, webhook(), webhook("other"))
    found = [delivery(f"{n}", at=n) for n in range(5)]
    deliver(empty_store, *found, delivery("x", "other"))
    tried = replace(
        found[1], state=FAILED, attempts=3, changed_at=9, first_tried_at=5, next_at=6, status=500, problem="p",
        response="r",
    )  # fmt: skip
    change(empty_store, tried)

    with empty_store.read() as tx:
        assert tx.webhooks.delivery("w", "1") == tried
        assert tx.webhooks.delivery("w", "x") is None
        page = tx.webhooks.deliveries("w", state=None, before=None, limit=2)
        assert [each for _, each in page] == [found[4], found[3]]
        rest = tx.webhooks.deliveries("w", state=None, before=page[-1][0], limit=9)
        assert [each for _, each in rest] == [found[2], tried, found[0]]
        assert [each for _, each in tx.webhooks.deliveries("w", state=FAILED, before=None, limit=9)] == [
            tried
        ]
        assert tx.webhooks.waiting("w") == 4


def test_pings_go_first_then_the_line_then_what_failed_often(empty_store: Store) -> None:
    hook = webhook()
    add(empty_store, hook)
    line = [delivery("often"), delivery("old"), delivery("new"), delivery("ping", code=PING)]
    deliver(empty_store, *line)
    change(empty_store, replace(line[0], attempts=4, next_at=50))

    def following(hook: Webhook, now: int = 100) -> str | None:
        with empty_store.read() as tx:
            found = tx.webhooks.next_delivery(hook, now=now, in_line=4)
        return None if found is None else found.id

    assert following(hook) == following(replace(hook, enabled=False)) == "ping"
    change(empty_store, replace(line[3], state=DELIVERED))
    assert following(hook) == "old"
    assert following(replace(hook, enabled=False)) is None
    assert following(replace(hook, next_at=101)) is None
    change(empty_store, replace(line[1], state=DELIVERED), replace(line[2], attempts=3))
    assert following(hook) == "new"
    change(empty_store, replace(line[2], state=FAILED))
    assert following(hook, now=49) is None
    assert following(hook, now=50) == "often"


def test_only_webhooks_with_something_to_send_are_due(empty_store: Store) -> None:
    paused = webhook("paused", next_at=50)
    add(
        empty_store, webhook("idle"), webhook("busy"), paused, webhook("off", enabled=False), webhook("tried")
    )
    deliver(
        empty_store,
        *(delivery(each.id, each.id) for each in (webhook("busy"), paused, webhook("off"))),
        delivery("p", "tried", code=PING),
    )
    write(empty_store, lambda tx: tx.webhooks.change(webhook("tried", enabled=False)))

    assert read(empty_store, lambda tx: tx.webhooks.due(49)) == ["busy", "tried"]
    assert read(empty_store, lambda tx: tx.webhooks.due(50)) == ["busy", "paused", "tried"]


def test_what_waits_may_be_skipped(empty_store: Store) -> None:
    add(empty_store, webhook(), webhook("other"))
    deliver(empty_store, delivery("1"), delivery("2", state=DELIVERED), delivery("3"), delivery("4", "other"))

    assert write(empty_store, lambda tx: tx.webhooks.skip_waiting("w", now=9)) == 2

    with empty_store.read() as tx:
        assert tx.webhooks.delivery("w", "1") == replace(delivery("1"), state=SKIPPED, changed_at=9)
        assert tx.webhooks.delivery("w", "2") == delivery("2", state=DELIVERED)
        assert (tx.webhooks.waiting("w"), tx.webhooks.waiting("other")) == (0, 1)


def test_old_deliveries_go_but_never_those_that_wait(empty_store: Store) -> None:
    add(empty_store, webhook())
    deliver(
        empty_store,
        delivery("waits", at=1),
        delivery("failed long ago", at=1, state=FAILED),
        *(delivery(f"{n}", at=10 + n, state=DELIVERED) for n in range(5)),
        delivery("failed", at=20, state=FAILED),
    )

    def left() -> list[str]:
        with empty_store.read() as tx:
            return [
                each.id for _, each in tx.webhooks.deliveries("w", state=None, before=None, limit=99)[::-1]
            ]

    assert write(empty_store, lambda tx: tx.webhooks.prune(keep=9, before=5, limit=9)) == 1
    assert left() == ["waits", "0", "1", "2", "3", "4", "failed"]
    assert write(empty_store, lambda tx: tx.webhooks.prune(keep=2, before=5, limit=2)) == 2
    assert left() == ["waits", "2", "3", "4", "failed"]
    assert write(empty_store, lambda tx: tx.webhooks.prune(keep=2, before=5, limit=9)) == 1
    assert left() == ["waits", "3", "4", "failed"]


def test_nothing_of_a_failed_transaction_is_sent(empty_store: Store) -> None:
    add(empty_store, webhook())

    def work(tx: Transaction) -> None:
        tx.webhooks.add_deliveries([delivery("1")])
        assert tx.webhooks.waiting("w") == 1
        tx.webhooks.delete("w")
        assert tx.webhooks.all() == []
        raise LookupError

    with pytest.raises(LookupError):
        write(empty_store, work)
    assert read(empty_store, lambda tx: (tx.webhooks.all(), tx.webhooks.waiting("w"))) == ([webhook()], 0)

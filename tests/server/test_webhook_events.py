"""Webhooks and the audit log: they are told what whoever manages them reads there, and are in it themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.addresses import CallPolicy
from apportion.server.housekeeping import purge
from apportion.server.webhook_call import WebhookCaller
from apportion.server.webhook_dispatcher import WebhookDispatcher
from apportion.services.insight.audit import prune_some
from apportion.services.notifications.deliveries import collect, store_collected
from apportion.settings import Settings
from dataset_client import DatasetClient
from patience import until
from receiver import Receiver, receiving

SHARED = {"workspace": "shared"}
ANYWHERE = CallPolicy(everything=True)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, webhook_allow_private=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def serve(app: FastAPI, store: Any, clock: Any) -> Iterator[Callable[[], None]]:
    """Begins to send, until the end of the test."""
    made: list[WebhookDispatcher] = []
    secrets = app.state.app_state.webhook_secrets

    def begin() -> None:
        made.append(WebhookDispatcher(store, clock, secrets, ANYWHERE, WebhookCaller(ANYWHERE)))
        made[-1].start()

    yield begin
    for each in made:
        each.close()


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, "abc")


def create(client_as: Any, url: str, who: str = "max", **wanted: Any) -> str:
    answer = client_as(who).post("/api/webhooks", params=SHARED, json={"url": url, **wanted})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def change(client_as: Any, id: str, who: str = "max", **wanted: Any) -> None:
    client_as(who).patch(f"/api/webhooks/{id}", json=wanted).raise_for_status()


def audit(client_as: Any, who: str = "max", **wanted: Any) -> list[dict[str, Any]]:
    found = client_as(who).get("/api/audit", params={"limit": 1000, **wanted}).json()["events"]
    return list(reversed(found))


def happen(client_as: Any) -> None:
    """Something of each kind: of datasets there and gone, of members, of another workspace, of no workspace."""
    eva, max_ = client_as("eva"), client_as("max")
    eva.post("/api/workspaces", json={"name": "elsewhere"}).raise_for_status()
    record = {"id": "x", "inputs": {"text": "x"}}
    for workspace in ("shared", "elsewhere"):
        eva.post(
            "/api/datasets/more/TextClassification:bulk",
            params={"workspace": workspace},
            json={"records": [record]},
        ).raise_for_status()
    max_.patch("/api/workspaces/shared/members/ben", json={"role": "reviewer"}).raise_for_status()
    max_.delete("/api/datasets/more", params=SHARED).raise_for_status()
    eva.post(
        "/api/users", json={"first_name": "Cy", "username": "cy", "password": "long enough"}
    ).raise_for_status()
    client_as("stranger").get("/api/me")  # a refused sign-in
    max_.put("/api/datasets/talk/guidelines", params=SHARED, json={"text": "Read twice."}).raise_for_status()


SENT = ("who", "workspace", "dataset", "record", "object", "before", "after", "detail", "at")


@pytest.mark.parametrize(("reader", "scope"), [("max", "workspace"), ("eva", "server")])
def test_a_webhook_is_told_what_whoever_manages_it_reads_in_the_audit_log_and_nothing_else(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, reader: str, scope: str
) -> None:
    create(client_as, receiver.url, who=reader, scope=scope)
    start = audit(client_as, "eva")[-1]["no"]
    happen(client_as)
    expected = [each for each in audit(client_as, reader) if each["no"] > start]
    serve()
    until(lambda: len(receiver.handled) >= len(expected))

    sent = [each.json for each in receiver.handled.values()]
    assert [(each["number"], each["event"]) for each in sent] == [
        (each["no"], each["what"]) for each in expected
    ]
    for shown, read in zip(sent, expected, strict=True):
        assert {name: shown[name] for name in SENT} == {name: read[name] for name in SENT}
        assert not {"address", "request"} & shown.keys()
    codes = {each["event"] for each in sent}
    assert codes >= {"created", "changed_member_role", "deleted", "changed_guidelines"}
    of_server = {"created_user", "created_workspace", "sign_in_refused"}
    assert codes & of_server == (of_server if scope == "server" else set())


def test_what_happened_to_a_dataset_is_told_when_it_is_gone_for_good(
    serve: Any, talk: DatasetClient, app: FastAPI, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    id = create(client_as, receiver.url, events=["deleted", "purged"])
    change(client_as, id, enabled=False)
    client_as("max").delete("/api/datasets/talk", params=SHARED).raise_for_status()
    clock.pass_minutes(30 * 24 * 60)
    asyncio.run(purge(app.state.app_state))
    serve()
    change(client_as, id, enabled=True)
    until(lambda: len(receiver.handled) == 2)

    sent = [each.json for each in receiver.handled.values()]
    assert [(each["event"], each["workspace"], each["dataset"]) for each in sent] == [
        ("deleted", "shared", "talk"),
        ("purged", "shared", "talk"),
    ]


def test_events_that_a_webhook_is_not_told_of_are_looked_at_once(
    talk: DatasetClient, client_as: Any, store: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.services.notifications.deliveries.LOOK", 2)
    id = create(client_as, "https://example.org", events=["skipped"])
    talk.answer(ana="good bad good", ben="good bad good")

    def look() -> int:
        with store.read() as tx:
            collected = collect(tx, now=clock.now())
        store.write(lambda tx: store_collected(tx, collected)).result()
        with store.read() as tx:
            return int(tx.webhooks.find(id).cursor)

    with store.read() as tx:
        last, cursor = tx.events.last(), tx.webhooks.find(id).cursor
    seen = [look() for _ in range(3)]
    assert seen == [cursor + 2, cursor + 4, cursor + 6]
    assert seen[-1] == last
    with store.read() as tx:
        assert collect(tx, now=clock.now()) == []


def test_many_foreign_events_do_not_keep_a_webhook_waiting(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is more to look at there is no pause, however little of it is to be told."""
    monkeypatch.setattr("apportion.services.notifications.deliveries.LOOK", 1)
    monkeypatch.setattr("apportion.server.webhook_dispatcher.LOOK", 3600.0)
    create(client_as, receiver.url, events=["changed_guidelines"])
    talk.answer(ana="good bad good")
    client_as("max").put("/api/datasets/talk/guidelines", params=SHARED, json={"text": "Twice."})
    serve()
    until(lambda: receiver.handled)

    assert receiver.events() == ["changed_guidelines"]


def test_a_change_of_a_webhook_is_in_the_log_with_its_host_and_without_address_and_secret(
    client_as: Any,
) -> None:
    url = "https://example.org/key-of-the-hook"
    made = client_as("max").post("/api/webhooks", params=SHARED, json={"url": url}).json()
    id = made["id"]
    change(client_as, id, events=["submitted"], url=url + "?other-key")
    secret = client_as("max").post(f"/api/webhooks/{id}:rotate_secret").json()["secret"]
    change(client_as, id, who="eva", enabled=True)
    change(client_as, id, who="eva", enabled=True)  # nothing of it is different
    change(client_as, id, enabled=False, skip_missed=True)
    client_as("max").delete(f"/api/webhooks/{id}").raise_for_status()

    events = audit(client_as, "max", area="webhooks")
    assert [(each["what"], each["who"]) for each in events] == [
        ("created_webhook", "max"),
        ("changed_webhook", "max"),
        ("rotated_webhook_secret", "max"),
        ("changed_webhook", "eva"),
        ("disabled_webhook", "max"),
        ("deleted_webhook", "max"),
    ]
    assert {(each["object"], each["workspace"], each["detail"]["host"]) for each in events} == {
        (id, "shared", "example.org")
    }
    created, changed, _, owned, disabled, deleted = events
    assert (created["after"]["events"], deleted["before"]["events"]) == (["*"], ["submitted"])
    assert (changed["before"], changed["after"]) == ({"events": ["*"]}, {"events": ["submitted"]})
    assert changed["detail"]["new_address"] is True
    assert (owned["before"], owned["after"]) == ({"owner": "max"}, {"owner": "eva"})
    assert disabled["detail"]["skipped"] == 0
    for hidden in (made["secret"], secret, "key-of-the-hook", "other-key"):
        assert hidden not in str(events)


def test_a_webhook_that_the_server_disables_is_in_the_log_with_the_reason(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    id = create(client_as, receiver.url)
    client_as("eva").patch(
        "/api/workspaces/shared/members/max", json={"role": "annotator"}
    ).raise_for_status()
    serve()
    talk.answer(ana="good")
    (event,) = until(lambda: audit(client_as, "eva", what="disabled_webhook"))

    assert (event["who"], event["object"], event["workspace"]) == ("the server", id, "shared")
    assert event["detail"]["why"].startswith("max, who answers for it")


def test_one_that_fails_for_days_is_in_the_log_and_others_are_told_once(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    with receiving() as other:
        failing = create(client_as, receiver.url, events=["submitted"])
        create(client_as, other.url, events=["disabled_webhook", "submitted"])
        receiver.status = 503
        serve()
        talk.answer(ana="good")
        until(lambda: client_as("max").get(f"/api/webhooks/{failing}").json()["failures"] == 1)
        clock.pass_minutes(3 * 24 * 60 + 90)
        until(lambda: len(other.handled) == 2)

        assert other.events() == ["submitted", "disabled_webhook"]
        (event,) = audit(client_as, "max", what="disabled_webhook")
        assert event["detail"]["why"] == "Every attempt of the last 3 days failed."


def test_what_is_sent_leaves_no_event(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, store: Any
) -> None:
    """Nothing goes round in circles, and nobody is told of a ping by that ping."""
    id = create(client_as, receiver.url)
    create(client_as, receiver.url, who="eva", scope="server")
    serve()
    client_as("max").post(f"/api/webhooks/{id}:ping").raise_for_status()
    until(lambda: len(receiver.handled) == 2)
    with store.read() as tx:
        last = tx.events.last()
    until(
        lambda: (
            {each.cursor for each in _hooks(store)} == {last}
            and not any(
                client_as("eva").get(f"/api/webhooks/{each.id}").json()["waiting"] for each in _hooks(store)
            )
        )
    )

    assert sorted(receiver.events()) == ["ping", "pinged_webhook"]
    with store.read() as tx:
        assert tx.events.last() == last


def _hooks(store: Any) -> list[Any]:
    with store.read() as tx:
        return list(tx.webhooks.all())


def test_events_removed_before_a_disabled_webhook_looked_are_passed_over_and_that_is_told(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, store: Any, clock: Any, caplog: Any
) -> None:
    id = create(client_as, receiver.url, events=["submitted"])
    change(client_as, id, enabled=False)
    talk.answer(ana="good")
    clock.pass_minutes(60 * 24 * 60)
    now = clock.now()
    store.write(lambda tx: prune_some(tx, before=now, now=now)).result()
    talk.answer(ben="good")
    change(client_as, id, enabled=True)
    caplog.set_level(logging.WARNING)
    serve()
    until(lambda: receiver.handled)

    assert [each.json["who"] for each in receiver.handled.values()] == ["ben"]
    (enabled,) = audit(client_as, "max", what="enabled_webhook")
    assert enabled["detail"]["removed_before_sent"] is True
    assert "were removed from the audit log" in caplog.text


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_event_that_can_never_be_told_is_refused_with_those_that_can(client_as: Any, method: str) -> None:
    id = create(client_as, "https://example.org", events=["skipped"])
    path, extra = (
        ("/api/webhooks", {"url": "https://example.org"})
        if method == "POST"
        else (
            f"/api/webhooks/{id}",
            {},
        )
    )
    refused = client_as("max").request(
        method, path, params=SHARED, json={**extra, "events": ["submitted", "signed_in"]}
    )

    assert (refused.status_code, "'signed_in' is not an event of" in refused.text) == (422, True), (
        refused.text
    )
    assert "submitted, took_back" in refused.text
    (hook,) = client_as("max").get("/api/webhooks", params=SHARED).json()["webhooks"]
    assert hook["events"] == ["skipped"]
    create(client_as, "https://example.org", who="eva", scope="server", events=["signed_in"])

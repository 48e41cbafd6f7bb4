"""Webhooks over HTTP, with a receiver that fails, hangs and comes back."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.addresses import CallPolicy
from apportion.server.webhook_call import WebhookCaller
from apportion.server.webhook_dispatcher import WebhookDispatcher
from apportion.settings import Settings
from dataset_client import DatasetClient
from patience import until
from receiver import Receiver, receiving
from upkeep import tables_of

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
def serve(app: FastAPI, store: Any, clock: Any) -> Iterator[Callable[..., WebhookDispatcher]]:
    """Begins to send, until the end of the test."""
    made: list[WebhookDispatcher] = []
    state = app.state.app_state

    def begin(policy: CallPolicy = ANYWHERE, **options: Any) -> WebhookDispatcher:
        caller = WebhookCaller(policy, **options)
        made.append(WebhookDispatcher(store, clock, state.webhook_secrets, policy, caller))
        object.__setattr__(state, "webhooks", made[-1])
        made[-1].start()
        return made[-1]

    yield begin
    for each in made:
        each.close()


class Hook:
    """One webhook, asked about as the manager max."""

    def __init__(self, client_as: Any, url: str, who: str = "max", **wanted: Any) -> None:
        self.client = client_as(who)
        body = {"url": url, **wanted}
        answer = self.client.post("/api/webhooks", params=SHARED, json=body)
        assert answer.status_code == 200, answer.text
        self.made = answer.json()
        self.path = f"/api/webhooks/{self.made['id']}"

    def ask(self, method: str, tail: str = "", **options: Any) -> Any:
        answer = self.client.request(method, self.path + tail, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def deliveries(self, state: str | None = None) -> list[Any]:
        found: list[Any] = self.ask("GET", "/deliveries")["deliveries"]
        return [each for each in found if state in (None, each["state"])]


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, "abcdefghij")


def test_a_receiver_is_told_what_happens_in_order_and_signed(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    hook = Hook(client_as, receiver.url, events=["submitted", "took_back"])
    serve()
    talk.answer(ana="good bad good bad good")
    talk.put("ana", "a", "bad", version=1)
    until(lambda: len(receiver.handled) == 6)

    assert receiver.numbers() == sorted(receiver.numbers())
    first = receiver.requests[0]
    assert {
        "event": "submitted",
        "workspace": "shared",
        "dataset": "talk",
        "who": "ana",
        "record": "a",
    }.items() <= (first.json.items())
    assert first.json["id"] == first.id
    stamp, given = first.headers["x-apportion-signature"].split(",")
    signed = f"{stamp[2:]}.".encode() + first.body
    assert given == "v1=" + hmac.new(hook.made["secret"].encode(), signed, hashlib.sha256).hexdigest()
    until(lambda: len(hook.deliveries("delivered")) == 6)
    shown = hook.deliveries()[0]
    assert (shown["attempts"], shown["status"], shown["response"]) == (1, 200, "thank you")
    assert hook.ask("GET")["waiting"] == 0


def test_only_events_that_were_asked_for_and_of_that_dataset_are_sent(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    Hook(client_as, receiver.url, events=["skipped"])
    record = {"id": "x", "inputs": {"text": "x"}}
    client_as("max").post(
        "/api/datasets/more/TextClassification:bulk", params=SHARED, json={"records": [record]}
    )
    elsewhere = Hook(client_as, receiver.url, dataset="more")
    here = Hook(client_as, receiver.url, dataset="talk", events=["submitted"])
    serve()
    talk.answer(ana="good")
    until(lambda: here.deliveries("delivered"))
    client_as("max").patch("/api/datasets/more/policies", params=SHARED, json={"required": 2})
    until(lambda: elsewhere.deliveries("delivered"))

    assert receiver.events() == ["submitted", "changed_policies"]


def test_what_fails_is_tried_again_under_the_same_id_and_holds_up_those_behind_it(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    hook = Hook(client_as, receiver.url)
    receiver.status, receiver.answer = 500, b"out of order\x00\x1b[31m"
    serve()
    talk.answer(ana="good bad good")
    until(lambda: hook.ask("GET")["failures"] == 1)
    (last,) = hook.deliveries()[-1:]
    assert (last["state"], last["attempts"], last["status"]) == ("waiting", 1, 500)
    assert last["response"] == "out of order[31m"
    assert len(receiver.requests) == 1
    clock.pass_minutes(1)
    until(lambda: hook.ask("GET")["failures"] == 2)
    receiver.status = 200
    clock.pass_minutes(5)
    until(lambda: len(receiver.handled) == 3)

    assert len({each.id for each in receiver.requests}) == 3
    assert [each.json["record"] for each in receiver.handled.values()] == ["a", "b", "c"]
    until(lambda: len(hook.deliveries("delivered")) == 3)
    assert hook.deliveries()[-1]["attempts"] == 3
    assert hook.ask("GET")["failures"] == 0


def test_a_receiver_that_hangs_costs_others_nothing_and_gets_it_when_it_is_back(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    with receiving() as other:
        slow = Hook(client_as, receiver.url, events=["submitted"])
        quick = Hook(client_as, other.url)
        receiver.hanging.set()
        serve(seconds=1.5)
        talk.answer(ana="good bad")
        until(lambda: len(quick.deliveries("delivered")) == 2)
        until(lambda: slow.ask("GET")["failures"] == 1)
        assert slow.deliveries()[-1]["problem"] == "no answer within 1.5 seconds"
        receiver.hanging.clear()
        receiver.go_on.set()
        clock.pass_minutes(1)
        until(lambda: len(slow.deliveries("delivered")) == 2)

    assert len(receiver.requests) == 3
    assert [each.json["record"] for each in receiver.handled.values()] == ["a", "b"]


def test_one_event_that_is_never_taken_does_not_hold_up_the_others_for_long(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    hook = Hook(client_as, receiver.url, events=["submitted"])
    receiver.refused = {"ana"}
    serve()
    talk.answer(ana="good")
    talk.answer(ben="good bad")
    for failures in range(1, 5):
        until(lambda: len(receiver.requests) == failures)  # noqa: B023
        until(lambda: hook.ask("GET")["failures"] == failures)  # noqa: B023
        assert receiver.handled == {}
        clock.pass_minutes(10)
    until(lambda: len(hook.deliveries("delivered")) == 2)
    clock.pass_minutes(10)
    until(lambda: len(receiver.requests) > 6)

    assert [each.json["who"] for each in receiver.handled.values()] == ["ben", "ben"]
    until(lambda: [each["attempts"] for each in hook.deliveries("waiting")] >= [5])


def test_what_is_not_taken_for_a_day_has_failed_and_can_be_sent_again(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    hook = Hook(client_as, receiver.url, events=["submitted"])
    receiver.status = 503
    serve()
    talk.answer(ana="good")
    until(lambda: hook.ask("GET")["failures"] == 1)
    clock.pass_minutes(25 * 60)
    (failed,) = until(lambda: hook.deliveries("failed"))
    assert failed["next_try"] is None
    receiver.status = 200
    hook.ask("POST", f"/deliveries/{failed['id']}:send_again")
    until(lambda: hook.deliveries("delivered"))

    assert {each.id for each in receiver.requests} == {failed["id"]}
    hook.ask("POST", f"/deliveries/{failed['id']}:send_again")
    until(lambda: len(receiver.requests) == 4)
    assert len(receiver.handled) == 1


def test_a_webhook_that_fails_for_days_is_disabled_says_why_and_misses_nothing(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, clock: Any
) -> None:
    hook = Hook(client_as, receiver.url, events=["submitted"])
    receiver.status = 503
    serve()
    talk.answer(ana="good")
    until(lambda: hook.ask("GET")["failures"] == 1)
    clock.pass_minutes(3 * 24 * 60 + 90)
    until(lambda: not hook.ask("GET")["enabled"])
    assert "last 3 days" in hook.ask("GET")["disabled_why"]
    talk.answer(ben="good bad")
    refused = hook.client.post(f"{hook.path}/deliveries/{hook.deliveries()[0]['id']}:send_again")
    assert (refused.status_code, "Enable it first" in refused.text) == (409, True)
    receiver.status = 200
    hook.ask("PATCH", json={"enabled": True})
    until(lambda: len(receiver.handled) == 2)

    assert [each.json["who"] for each in receiver.handled.values()] == ["ben", "ben"]


def test_what_was_missed_is_skipped_when_that_is_asked(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    hook = Hook(client_as, receiver.url)
    hook.ask("PATCH", json={"enabled": False})
    talk.answer(ana="good bad")
    serve()
    hook.ask("PATCH", json={"enabled": True, "skip_missed": True})
    talk.answer(ben="good")
    until(lambda: receiver.handled)

    assert [each.json["who"] for each in receiver.handled.values()] == ["ben"]


def test_a_ping_is_sent_once_also_by_a_disabled_webhook(
    serve: Any, client_as: Any, receiver: Receiver
) -> None:
    hook = Hook(client_as, receiver.url)
    hook.ask("PATCH", json={"enabled": False})
    serve()
    receiver.status = 418
    ping = hook.ask("POST", ":ping")
    until(lambda: hook.deliveries("failed"))

    (sent,) = receiver.requests
    assert (sent.id, sent.json["event"], sent.json["who"]) == (ping["id"], "ping", "max")
    assert hook.ask("GET")["failures"] == 0


def test_a_webhook_stops_when_whoever_answers_for_it_may_not_manage_it_any_more(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    hook = Hook(client_as, receiver.url)
    client_as("eva").patch(
        "/api/workspaces/shared/members/max", json={"role": "annotator"}
    ).raise_for_status()
    serve()
    talk.answer(ana="good")
    eva = client_as("eva")
    until(lambda: not eva.get(hook.path).json()["enabled"])
    assert "max, who answers for it" in eva.get(hook.path).json()["disabled_why"]
    assert receiver.requests == []
    eva.patch(hook.path, json={"enabled": True}).raise_for_status()
    until(lambda: receiver.handled)


def test_a_webhook_whose_secret_would_be_another_sends_nothing(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, app: FastAPI
) -> None:
    from apportion.server.webhook_secrets import DerivedSecrets

    hook = Hook(client_as, receiver.url, events=["submitted"])
    object.__setattr__(
        app.state.app_state, "webhook_secrets", DerivedSecrets("another key of the server, as after a move")
    )
    serve()
    talk.answer(ana="good")
    until(lambda: not hook.ask("GET")["enabled"])
    assert "Rotate it" in hook.ask("GET")["disabled_why"]
    assert hook.client.post(hook.path + ":ping").status_code == 409
    rotated = hook.ask("POST", ":rotate_secret")
    hook.ask("PATCH", json={"enabled": True})
    until(lambda: receiver.handled)
    (sent,) = receiver.requests
    stamp = sent.headers["x-apportion-signature"].partition(",")[0][2:]
    signed = hmac.new(rotated["secret"].encode(), f"{stamp}.".encode() + sent.body, hashlib.sha256)
    assert sent.headers["x-apportion-signature"].endswith(signed.hexdigest())


def test_redirects_are_not_followed(serve: Any, client_as: Any, receiver: Receiver) -> None:
    with receiving() as other:
        receiver.status, receiver.headers = 307, {"Location": other.url}
        hook = Hook(client_as, receiver.url)
        serve()
        hook.ask("POST", ":ping")
        (failed,) = until(lambda: hook.deliveries("failed"))

        assert (failed["status"], other.requests) == (307, [])


def test_a_huge_answer_is_cut(serve: Any, client_as: Any, receiver: Receiver) -> None:
    receiver.answer = b"x" * 20_000_000
    hook = Hook(client_as, receiver.url)
    serve()
    hook.ask("POST", ":ping")
    (sent,) = until(lambda: hook.deliveries("delivered"))

    assert sent["response"] == "x" * 1000


REBINDING = [
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["::1"],
    ["fd00:ec2::254"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["0.0.0.0"],
    ["100.64.0.1", "192.168.0.1"],
]


@pytest.mark.parametrize("addresses", REBINDING, ids=" ".join)
def test_a_name_that_leads_to_a_private_address_when_it_is_called_is_refused(
    serve: Any, client_as: Any, receiver: Receiver, addresses: list[str]
) -> None:
    """As by DNS rebinding: it may have led elsewhere when the webhook was set up."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return addresses

    port = receiver.url.rpartition(":")[2].removesuffix("/hook")
    hook = Hook(client_as, f"https://rebound.example.org:{port}/hook")
    serve(CallPolicy(), resolve=resolve)
    hook.ask("POST", ":ping")
    (failed,) = until(lambda: hook.deliveries("failed"))

    assert "not public" in failed["problem"]
    assert (asked, receiver.requests) == (["rebound.example.org"], [])


def test_the_address_that_was_checked_is_the_one_that_is_called(
    serve: Any, client_as: Any, receiver: Receiver
) -> None:
    """A name is asked once for a call: a second answer would not have been looked at."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    port = receiver.url.rpartition(":")[2].removesuffix("/hook")
    hook = Hook(client_as, f"http://moving.example.org:{port}/hook?key=1")
    serve(resolve=resolve)
    hook.ask("POST", ":ping")
    until(lambda: hook.deliveries("delivered"))

    assert (receiver.requests[0].headers["host"], receiver.requests[0].path) == (
        f"moving.example.org:{port}",
        "/hook?key=1",
    )


WRONG = [
    ("http://example.org/hook", "https"),
    ("https://localhost.example.org:99999/", "URL"),
    ("https://127.0.0.1/hook", "not public"),
    ("https://[::ffff:10.0.0.1]/hook", "not public"),
    ("https://169.254.169.254/latest/meta-data", "not public"),
    ("https://ana:secret@example.org/hook", "password"),
    ("ftp://example.org/hook", "URL"),
    ("https://example.org/#x", "fragment"),
    ("https:///hook", "URL"),
    ("nothing", "URL"),
]


@pytest.mark.parametrize(("url", "why"), WRONG)
def test_a_url_that_may_never_be_called_is_refused_at_once(
    client_as: Any, make_app: Any, app: FastAPI, settings: Settings, url: str, why: str
) -> None:
    from support import Client

    strict = make_app(replace(settings, webhook_allow_private=False))
    with Client(strict, headers={"X-Argilla-Api-Key": "max.apikey"}) as client:
        refused = client.post("/api/webhooks", params=SHARED, json={"url": url})
        assert (refused.status_code, why in refused.text) == (422, True), refused.text
        assert client.get("/api/webhooks", params=SHARED).json()["webhooks"] == []


def test_secrets_and_urls_are_in_no_log_and_no_later_answer(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    hook = Hook(client_as, receiver.url + "?token=hush-hush")
    serve()
    talk.answer(ana="good")
    until(lambda: receiver.handled)
    receiver.status = 500
    talk.answer(ben="good")
    until(lambda: hook.ask("GET")["failures"])
    rotated = hook.ask("POST", ":rotate_secret")["secret"]
    seen = str([hook.ask("GET"), hook.deliveries(), hook.client.get("/api/webhooks", params=SHARED).json()])
    events = hook.client.get("/api/datasets/talk/events", params=SHARED).text

    for secret in (hook.made["secret"], rotated):
        assert secret not in seen + events + caplog.text
        assert secret.encode() not in b"".join(each.body for each in receiver.requests)
    assert "hush-hush" not in caplog.text
    assert rotated != hook.made["secret"]


def test_no_secret_is_in_the_store(client_as: Any, app: FastAPI, store: Any) -> None:
    hook = Hook(client_as, "https://example.org/hook")
    stored = str(tables_of(store))

    assert "https://example.org/hook" in stored
    assert hook.made["secret"].removeprefix("whsec_") not in stored


MATRIX = [
    ("GET", "/api/webhooks", None, "max"),
    ("POST", "/api/webhooks", {"url": "https://example.org"}, "max"),
    ("GET", "/api/webhooks/{id}", None, "max"),
    ("PATCH", "/api/webhooks/{id}", {"description": "x"}, "max"),
    ("POST", "/api/webhooks/{id}:ping", None, "max"),
    ("POST", "/api/webhooks/{id}:rotate_secret", None, "max"),
    ("GET", "/api/webhooks/{id}/deliveries", None, "max"),
    ("POST", "/api/webhooks/{id}/deliveries/{delivery}:send_again", None, "max"),
    ("GET", "/api/webhooks?workspace=shared&scope=server", None, "eva"),
    ("POST", "/api/webhooks", {"url": "https://example.org", "scope": "server"}, "eva"),
    ("GET", "/api/webhooks/{everywhere}", None, "eva"),
    ("DELETE", "/api/webhooks/{id}", None, "max"),
]
ROLES = ("olga", "ana", "rita", "max", "eva")


@pytest.mark.parametrize(("method", "path", "body", "least"), MATRIX)
def test_managers_manage_webhooks_of_their_workspace_and_administrators_all(
    client_as: Any, method: str, path: str, body: Any, least: str
) -> None:
    def request(client: Any, method: str, url: str, body: Any) -> int:
        params = None if "?" in url else SHARED
        return int(client.request(method, url, params=params, json=body).status_code)

    def names() -> dict[str, str]:
        hook = Hook(client_as, "https://example.org/hook")
        everywhere = Hook(client_as, "https://example.org/hook", who="eva", scope="server")
        delivery = hook.ask("POST", ":ping")
        return {"id": hook.made["id"], "everywhere": everywhere.made["id"], "delivery": delivery["id"]}

    for who in ROLES:
        made = names()
        status = request(client_as(who), method, path.format(**made), body)
        hidden = ("{id}" in path and who == "olga") or "{everywhere}" in path
        refused = 404 if hidden else 403
        assert status == (200 if ROLES.index(who) >= ROLES.index(least) else refused), who
    assert request(client_as(None), method, path.format(**names()), body) == 401


def test_a_webhook_of_the_server_is_told_of_every_workspace(
    serve: Any, talk: DatasetClient, client_as: Any, receiver: Receiver
) -> None:
    Hook(client_as, receiver.url, who="eva", scope="server", events=["submitted"])
    serve()
    talk.answer(ana="good")
    until(lambda: receiver.handled)

    assert next(iter(receiver.handled.values())).json["workspace"] == "shared"

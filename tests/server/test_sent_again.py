"""A request that is sent again after a broken connection is done once, and its reply is the first one's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.ports.replies import RequestKey
from apportion.server.sent_again import KEY_HEADER
from dataset_client import DatasetClient
from owners import start_again

GOOD = {"labels": [{"class": "good"}]}
KEY = {KEY_HEADER: "made by the client"}
PLAN = {"rules": [{"users": ["ana", "ben"]}]}


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, "abcd")


def comments(talk: DatasetClient) -> int:
    return len(talk.get("ana", "records/a/comments")["comments"])


Send = Callable[..., Any]
SENT: dict[str, tuple[Send, Callable[[DatasetClient], Any]]] = {
    "a comment": (
        lambda talk, headers: talk.ask(
            "ana", "POST", "records/a/comments", json={"text": "odd"}, headers=headers
        ),
        comments,
    ),
    "a plan": (
        lambda talk, headers: talk.ask("max", "POST", "assignments", json=PLAN, headers=headers),
        lambda talk: len(talk.get("max", "assignments")["assignments"]),
    ),
    "gold": (
        lambda talk, headers: talk.ask(
            "rita", "POST", "gold:import", json={"gold": [{"id": "a", "value": GOOD}]}, headers=headers
        ),
        lambda talk: talk.found("rita", "status:Validated"),
    ),
    "an import": (
        lambda talk, headers: talk.client_as("max").post(
            "/api/datasets/brought/import",
            params={"workspace": "shared", "task": "TextClassification"},
            content=b'{"id": "x", "inputs": {"text": "one"}}\n',
            headers=headers,
        ),
        lambda talk: talk.client_as("max").get("/api/datasets", params={"workspace": "shared"}).json(),
    ),
    "a copy": (
        lambda talk, headers: talk.client_as("max").put(
            "/api/datasets/talk:copy",
            params={"workspace": "shared"},
            json={"name": "again"},
            headers=headers,
        ),
        lambda talk: talk.client_as("max").get("/api/datasets", params={"workspace": "shared"}).json(),
    ),
}


@pytest.mark.parametrize("what", SENT)
def test_with_the_same_key_it_is_done_once_and_answered_the_same(talk: DatasetClient, what: str) -> None:
    send, count = SENT[what]
    first = send(talk, KEY)
    assert first.status_code == 200, first.text
    done = count(talk)

    again = send(talk, KEY)

    assert (again.status_code, again.content) == (200, first.content)
    assert count(talk) == done


def test_a_job_begun_twice_with_a_key_is_one_job(talk: DatasetClient) -> None:
    asked = {"query": "*", "value": GOOD}
    first, again = (
        talk.ask("ana", "POST", "annotations:apply", json=asked, headers=KEY).json() for _ in range(2)
    )
    other = talk.ask("ana", "POST", "annotations:apply", json=asked).json()

    assert again == first
    assert other["id"] != first["id"]


def test_a_key_is_of_one_request_of_one_person(talk: DatasetClient) -> None:
    assert SENT["a comment"][0](talk, KEY).status_code == 200

    other = talk.ask("ana", "POST", "records/a/comments", json={"text": "another"}, headers=KEY)
    of_ben = talk.ask("ben", "POST", "records/a/comments", json={"text": "odd"}, headers=KEY)

    assert other.status_code == 422
    assert "another request" in other.text
    assert of_ben.status_code == 200


def test_what_was_refused_may_be_sent_again_with_its_key(talk: DatasetClient) -> None:
    wrong = {"rules": [{"users": ["nobody"]}]}
    assert talk.ask("max", "POST", "assignments", json=wrong, headers=KEY).status_code == 422
    refused = talk.ask("ana", "POST", "records/zzz/comments", json={"text": "odd"}, headers=KEY)
    assert refused.status_code == 404
    assert SENT["a comment"][0](talk, KEY).status_code == 200
    assert SENT["a plan"][0](talk, KEY).status_code == 200


def test_while_it_is_carried_out_it_says_so_and_after_a_stop_that_nobody_knows(
    talk: DatasetClient, app: FastAPI, store: Any
) -> None:
    first = SENT["a plan"][0](talk, KEY)
    with store.read() as tx:
        kept = tx.replies.find(RequestKey("max", KEY[KEY_HEADER], ""))
    key = RequestKey("max", KEY[KEY_HEADER], kept.digest)

    def unanswered(tx: Any) -> None:
        tx.replies.prune(before=1 << 62, limit=9)
        tx.replies.claim(key, at=app.state.app_state.clock.now())

    store.write(unanswered).result()
    busy = SENT["a plan"][0](talk, KEY)
    assert (busy.status_code, busy.headers["Retry-After"]) == (409, "1")
    start_again(store)
    unknown = SENT["a plan"][0](talk, KEY)
    assert (unknown.status_code, "Retry-After" in unknown.headers) == (409, False)
    assert "server stopped" in unknown.json()["detail"]["params"]["message"]
    plans = talk.get("max", "assignments")["assignments"]
    assert [each["id"] for each in plans] == [first.json()["id"]]


def test_an_answer_sent_again_is_done_and_another_one_is_refused(talk: DatasetClient) -> None:
    first = talk.put("ana", "a", "good")
    again = talk.put("ana", "a", "good")

    assert again.status_code == 200
    for name in ("value", "state", "version", "updated_at", "counted"):
        assert again.json()[name] == first.json()[name]
    assert talk.put("ana", "a", "bad").status_code == 409
    assert talk.put("ana", "a", "good", state="draft").status_code == 409
    assert talk.put("ana", "a", "bad", version=1).json()["version"] == 2
    assert talk.put("ana", "a", "good").status_code == 409

"""A server that is killed between an event and its delivery loses none, and sends none as two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from patience import until
from receiver import receiving
from servers import SHARED, TEXT, furnish, local_server, running_on

ROUNDS = 5


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with local_server(tmp_path) as local:
        furnish(local.client())
    return tmp_path


def answer(client: Any, n: int) -> None:
    record = {"id": n, "inputs": {"text": f"text {n}"}}
    client.post(
        f"/api/datasets/talk/{TEXT}:bulk", params=SHARED, json={"records": [record]}
    ).raise_for_status()
    sent = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}
    path = f"/api/datasets/talk/records/{n}/annotations/me"
    client.put(path, params=SHARED, json=sent).raise_for_status()


def test_a_killed_server_loses_no_event_and_makes_no_event_two_deliveries(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servers.environment", lambda: {**os.environ, "APPORTION_WEBHOOK_ALLOW_PRIVATE": "1"})
    with receiving() as receiver:
        for round in range(ROUNDS):
            with running_on(home) as server:
                client = server.client("max")
                if round == 0:
                    wanted = {"url": receiver.url, "events": ["submitted"]}
                    client.post("/api/webhooks", params=SHARED, json=wanted).raise_for_status()
                    record = {"id": "first", "inputs": {"text": "x"}}
                    url = f"/api/datasets/talk/{TEXT}:bulk"
                    client.post(url, params=SHARED, json={"records": [record]}).raise_for_status()
                    client.patch(
                        "/api/datasets/talk/policies", params=SHARED, json={"required": 1}
                    ).raise_for_status()
                if round % 2:  # killed in the middle of what it sends
                    until(lambda: len(receiver.handled) == 3 * round)  # noqa: B023
                    receiver.go_on.clear()
                    receiver.hanging.set()
                for n in range(3):
                    answer(client, 10 * round + n)
                if round % 2:
                    until(lambda: receiver.requests[-1].json["record"] == str(10 * round))  # noqa: B023
            receiver.hanging.clear()
            receiver.go_on.set()
        with running_on(home) as server:
            until(lambda: len(receiver.handled) == 3 * ROUNDS)
            client = server.client("max")
            (hook,) = client.get("/api/webhooks", params=SHARED).json()["webhooks"]
            until(lambda: client.get(f"/api/webhooks/{hook['id']}").json()["waiting"] == 0)

    sent = [each.json["record"] for each in receiver.handled.values()]
    assert sent == [str(10 * round + n) for round in range(ROUNDS) for n in range(3)]

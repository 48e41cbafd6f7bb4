"""A standing plan with a slow query takes logged records nevertheless, and the writer does not wait for its query."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from apportion.domain.errors import ConflictError
from apportion.server.routers import bulk
from apportion.services.assignments import standing_plans
from apportion.services.assignments.compute_plan import compute_extension
from dataset_client import DatasetClient

WHERE = "id:a OR text.exact:*late*"


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    talk = DatasetClient(client_as, annotation="individual", required=1)
    rule = {"users": ["ana", "ben"], "overlap": 2, "where": WHERE}
    made = talk.ask("max", "POST", "assignments", json={"rules": [rule], "seed": 7, "standing": True})
    assert made.status_code == 200, made.text
    return talk


@pytest.fixture(autouse=True)
def slow(talk: DatasetClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """No query is quick enough for the transaction that logs."""
    monkeypatch.setattr(standing_plans, "AT_ONCE_SECONDS", -1)


def log(talk: DatasetClient) -> Any:
    records = [{"id": f"late{n}", "inputs": {"text": f"late number {n}"}} for n in range(3)]
    return talk.post("max", "TextClassification:bulk", {"records": records})


def assigned(talk: DatasetClient) -> list[str]:
    (plan,) = talk.ask("max", "GET", "assignments").json()["assignments"]
    rows = talk.ask("max", "GET", f"assignments/{plan['id']}/rows", params={"limit": 1000}).json()["rows"]
    return sorted(row["record"] for row in rows if row["record"].startswith("late"))


def test_its_query_is_answered_on_a_reader_before_the_reply(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[str] = []

    def computed(*given: Any) -> Any:
        found = compute_extension(*given)
        answered.append(threading.current_thread().name)
        return found

    monkeypatch.setattr(standing_plans, "compute_extension", computed)
    log(talk)
    assert assigned(talk) == ["late0", "late0", "late1", "late1", "late2", "late2"]
    assert len(answered) == 1
    assert "reader" in answered[0]


def test_it_is_answered_again_when_the_plan_changed_meanwhile(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    apply_late = standing_plans.apply_late

    def changed(*given: Any) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConflictError("changed")
        apply_late(*given)

    monkeypatch.setattr(standing_plans, "apply_late", changed)
    log(talk)
    assert len(assigned(talk)) == 6


def test_records_that_cannot_join_are_logged_and_an_event_says_why(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*_: Any) -> None:
        raise ConflictError("changed too often")

    monkeypatch.setattr(bulk, "_ATTEMPTS", 2)
    monkeypatch.setattr(standing_plans, "apply_late", changed)
    assert log(talk)["processed"] == 3
    assert assigned(talk) == []
    event = talk.ask("max", "GET", "events").json()["events"][0]
    assert (event["what"], event["detail"]["records"]) == ("not_extended", 3)
    assert event["detail"]["why"] == "changed too often"

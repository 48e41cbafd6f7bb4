"""A standing plan with a slow query takes logged records nevertheless, and the writer does not wait for its query."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.errors import ConflictError, QueryTooSlowError
from apportion.server.routers import bulk
from apportion.services.assignments import standing_plans
from apportion.services.assignments.compute_plan import compute_extension
from apportion.services.background.recovery import JOBS, recover, unfinished_operations
from apportion.services.records import input_parts
from dataset_client import DatasetClient
from owners import nobody
from patience import until

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


@pytest.mark.parametrize(("seconds", "people"), [(-1, 200), (60, 1)])
def test_with_a_slow_query_or_many_people_it_is_extended_on_a_reader_before_the_reply(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch, seconds: float, people: int
) -> None:
    monkeypatch.setattr(standing_plans, "AT_ONCE_SECONDS", seconds)
    monkeypatch.setattr(standing_plans, "PEOPLE_AT_ONCE", people)
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

    def changed(*given: Any, **how: Any) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConflictError("changed")
        apply_late(*given, **how)

    monkeypatch.setattr(standing_plans, "apply_late", changed)
    log(talk)
    assert len(assigned(talk)) == 6


def test_records_that_cannot_join_are_logged_and_an_event_says_why(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*_: Any, **__: Any) -> None:
        raise ConflictError("changed too often")

    monkeypatch.setattr(standing_plans, "ATTEMPTS", 2)
    monkeypatch.setattr(standing_plans, "apply_late", changed)
    assert log(talk)["processed"] == 3
    assert assigned(talk) == []
    event = talk.ask("max", "GET", "events").json()["events"][0]
    assert (event["what"], event["detail"]["records"]) == ("not_extended", 3)
    assert event["detail"]["why"] == "changed too often"


def killed_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request end as if its server had been killed once the records were logged."""

    async def nothing(*_: Any) -> None:
        return

    monkeypatch.setattr(bulk, "_extend", nothing)


def test_records_of_a_server_that_was_killed_join_at_the_next_start(
    talk: DatasetClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = app.state.app_state
    killed_between(monkeypatch)
    log(talk)
    state.jobs.wake()
    assert assigned(talk) == []
    recover(state.store, unfinished_operations(state.store, state.clock, nobody, JOBS))
    state.jobs.wake()
    until(lambda: len(assigned(talk)) == 6)
    recover(state.store, unfinished_operations(state.store, state.clock, nobody, JOBS))
    state.jobs.wake()
    assert len(assigned(talk)) == 6


def test_what_a_request_cannot_finish_is_left_to_a_job(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, tries = standing_plans.compute_late, 0

    def broken(*given: Any, **how: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("broken off")
        return compute(*given, **how)

    monkeypatch.setattr(standing_plans, "compute_late", broken)
    records = [{"id": "late0", "inputs": {"text": "late number 0"}}]
    failed = talk.ask("max", "POST", "TextClassification:bulk", json={"records": records})
    assert failed.status_code == 500
    until(lambda: assigned(talk) == ["late0", "late0"])


def test_the_parts_of_an_import_leave_it_to_one_job(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_parts, "AT_ONCE", 2)
    answered: list[str] = []

    def computed(*given: Any) -> Any:
        found = compute_extension(*given)
        answered.append(threading.current_thread().name)
        return found

    monkeypatch.setattr(standing_plans, "compute_extension", computed)
    rows = [f'{{"id": "late{n}", "text": "late number {n}"}}' for n in range(6)]
    params = {"task": "TextClassification", "format": "jsonl"}
    reply = talk.ask("max", "POST", "import", params=params, content="\n".join(rows))
    assert reply.status_code == 200, reply.text
    until(lambda: len(assigned(talk)) == 12)
    assert len(answered) == 3
    assert not [name for name in answered if "writer" in name]


@pytest.mark.parametrize("failure", [ConflictError("changed too often"), QueryTooSlowError(30.0)])
def test_a_job_that_cannot_add_records_says_why(
    talk: DatasetClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise failure

    state = app.state.app_state
    killed_between(monkeypatch)
    log(talk)
    at = "apply_late" if isinstance(failure, ConflictError) else "compute_late"
    monkeypatch.setattr(standing_plans, at, fails)
    recover(state.store, unfinished_operations(state.store, state.clock, nobody, JOBS))
    state.jobs.wake()

    def events() -> list[Any]:
        found = talk.ask("max", "GET", "events").json()["events"]
        return [each["detail"] for each in found if each["what"] == "not_extended"]

    (detail,) = until(events)
    assert (detail["records"], detail["why"]) == (3, str(failure))
    assert assigned(talk) == []

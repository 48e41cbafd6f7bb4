"""What a model says of records: it is told as that model's, and hangs on the answers alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from rooms import Room

from apportion.domain.jobs import JobKind, JobState
from apportion.services.insight import model_consensus

Json = Any
SAID = {"ana": "x x y y x", "ben": "x x y y y", "max": "x y y x x"}


def settle(app: FastAPI) -> None:
    """Wait until the jobs of all models have ended; no others begin until this is called again."""
    jobs = app.state.app_state.jobs
    jobs._rest_until = 0.0
    jobs.look()
    jobs._thread.submit(lambda: None).result()  # behind everything else
    jobs._rest_until = float("inf")


@pytest.fixture
def room(client_as: Any, app: FastAPI) -> Room:
    room = Room(client_as, "abcde", required=3, resolution="dawid_skene")
    room.answer(**SAID)
    settle(app)
    return room


def exported(room: Room) -> dict[str, Json]:
    lines = room.ask("max", "POST", "export", json={}).text.splitlines()
    return {each["id"]: each for each in map(json.loads, lines) if "id" in each}


def agents(room: Room) -> set[str | None]:
    shown = [room.see("max", id)["annotation"] for id in "abcde"]
    lines = exported(room).values()
    return {each and each["agent"] for each in shown} | {each["provenance"].get("agent") for each in lines}


def test_a_record_is_open_until_the_model_of_its_policy_has_looked_at_it(room: Room, app: FastAPI) -> None:
    assert agents(room) == {"consensus:dawid_skene"}
    before = exported(room)

    room.ask("max", "PATCH", "policies", json={"resolution": "one_coin"}).raise_for_status()
    assert agents(room) == {None}
    assert room.found("max", "status:Validated") == []
    shares = exported(room)["e"]["soft_labels"]
    assert shares == pytest.approx({"x": 2 / 3, "y": 1 / 3})

    settle(app)
    assert agents(room) == {"consensus:one_coin"}
    room.ask("max", "PATCH", "policies", json={"resolution": "dawid_skene"}).raise_for_status()
    assert agents(room) == {None}
    settle(app)
    assert {id: each["soft_labels"] for id, each in exported(room).items()} == {
        id: each["soft_labels"] for id, each in before.items()
    }


def test_a_model_that_fails_leaves_records_open(room: Room, app: FastAPI, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no convergence")

    monkeypatch.setattr(model_consensus, "one_coin", fail)
    room.ask("max", "PATCH", "policies", json={"resolution": "one_coin"}).raise_for_status()
    settle(app)
    assert agents(room) == {None}
    assert {
        each["why"] for each in (line["provenance"] for line in exported(room).values()) if "why" in each
    } <= {"the model has not looked at these answers yet"}


def test_soft_labels_of_answers_that_changed_are_not_those_of_the_model(room: Room) -> None:
    room.put("ana", "a", "y", version=1)
    assert exported(room)["a"]["soft_labels"] == pytest.approx({"x": 2 / 3, "y": 1 / 3})


@pytest.mark.parametrize("policy", ["dawid_skene", "one_coin"])
def test_labels_of_the_schema_that_nobody_gave_change_no_figure(
    room: Room, app: FastAPI, policy: str
) -> None:
    room.ask("max", "PATCH", "policies", json={"resolution": policy}).raise_for_status()

    def figures(*labels: str) -> Json:
        schema = {"label_schema": {"labels": [{"id": n, "name": each} for n, each in enumerate(labels)]}}
        room.ask("eva", "PUT", "TextClassification/settings", json=schema).raise_for_status()
        room.put("ana", "a", "x", version=room.get("ana", "records/a/annotations/me")["version"])
        settle(app)
        soft = {id: each["soft_labels"] for id, each in exported(room).items()}
        people = room.get("max", "annotators")
        cells = [each.pop("cells") for each in people.pop("pairs")]
        return soft, agents(room), people, cells

    found = figures("x", "y")
    assert found[1] == {f"consensus:{policy}"}
    assert found == figures("x", *(f"unused {n}" for n in range(40)), "y")


def test_what_an_earlier_version_of_a_model_found_is_worked_out_again(room: Room, app: FastAPI) -> None:
    def earlier(tx: Any) -> int:
        dataset = tx.datasets.find("shared", "talk")
        last = tx.jobs.latest(dataset, JobKind.MODEL)
        spec = {key: last.spec[key] for key in ("upto", "policy")}
        tx.jobs.add(dataset, "earlier", JobKind.MODEL, spec, by="max", at=1)
        tx.jobs.change(tx.jobs.find("earlier"), at=2, state=JobState.DONE)
        return int(last.no)

    house = app.state.app_state
    before = house.store.write(earlier).result()
    settle(app)
    settle(app)
    with house.store.read() as tx:
        last = tx.jobs.latest(tx.datasets.find("shared", "talk"), JobKind.MODEL)
    assert last.state is JobState.DONE
    assert last.no == before + 2  # once

"""Predictions of the consensus model: they are shown as the model's, and depend on the answers alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.jobs import JobKind, JobState
from apportion.services.insight import model_consensus
from dataset_client import DatasetClient

Json = Any
ANSWERS = {"ana": "x x y y x", "ben": "x x y y y", "max": "x y y x x"}


def set_up(app: FastAPI) -> None:
    """Wait until the jobs of all models have ended; no others begin until this is called again."""
    jobs = app.state.app_state.jobs
    jobs._rest_until = 0.0
    jobs.look()
    jobs._thread.submit(lambda: None).result()  # behind everything else
    jobs._rest_until = float("inf")


@pytest.fixture
def talk(client_as: Any, app: FastAPI) -> DatasetClient:
    talk = DatasetClient(client_as, "abcde", required=3, resolution="dawid_skene")
    talk.answer(**ANSWERS)
    set_up(app)
    return talk


def exported(talk: DatasetClient) -> dict[str, Json]:
    lines = talk.ask("max", "POST", "export", json={}).text.splitlines()
    return {each["id"]: each for each in map(json.loads, lines) if "id" in each}


def agents(talk: DatasetClient) -> set[str | None]:
    shown = [talk.see("max", id)["annotation"] for id in "abcde"]
    lines = exported(talk).values()
    return {each and each["agent"] for each in shown} | {each["provenance"].get("agent") for each in lines}


def test_a_record_is_open_until_the_model_of_its_policy_has_looked_at_it(
    talk: DatasetClient, app: FastAPI
) -> None:
    assert agents(talk) == {"consensus:dawid_skene"}
    before = exported(talk)

    talk.ask("max", "PATCH", "policies", json={"resolution": "one_coin"}).raise_for_status()
    assert agents(talk) == {None}
    assert talk.found("max", "status:Validated") == []
    shares = exported(talk)["e"]["soft_labels"]
    assert shares == pytest.approx({"x": 2 / 3, "y": 1 / 3})

    set_up(app)
    assert agents(talk) == {"consensus:one_coin"}
    talk.ask("max", "PATCH", "policies", json={"resolution": "dawid_skene"}).raise_for_status()
    assert agents(talk) == {None}
    set_up(app)
    assert {id: each["soft_labels"] for id, each in exported(talk).items()} == {
        id: each["soft_labels"] for id, each in before.items()
    }


def test_a_model_that_fails_leaves_records_open(talk: DatasetClient, app: FastAPI, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no convergence")

    monkeypatch.setattr(model_consensus, "one_coin", fail)
    talk.ask("max", "PATCH", "policies", json={"resolution": "one_coin"}).raise_for_status()
    set_up(app)
    assert agents(talk) == {None}
    assert {
        each["why"] for each in (line["provenance"] for line in exported(talk).values()) if "why" in each
    } <= {"the model has not looked at these answers yet"}


def test_soft_labels_of_answers_that_changed_are_not_those_of_the_model(talk: DatasetClient) -> None:
    talk.put("ana", "a", "y", version=1)
    assert exported(talk)["a"]["soft_labels"] == pytest.approx({"x": 2 / 3, "y": 1 / 3})


@pytest.mark.parametrize("policy", ["dawid_skene", "one_coin"])
def test_labels_of_the_schema_that_nobody_gave_change_no_figure(
    talk: DatasetClient, app: FastAPI, policy: str
) -> None:
    talk.ask("max", "PATCH", "policies", json={"resolution": policy}).raise_for_status()

    def figures(*labels: str) -> Json:
        schema = {"label_schema": {"labels": [{"id": n, "name": each} for n, each in enumerate(labels)]}}
        talk.ask("eva", "PUT", "TextClassification/settings", json=schema).raise_for_status()
        talk.put("ana", "a", "x", version=talk.get("ana", "records/a/annotations/me")["version"])
        set_up(app)
        soft = {id: each["soft_labels"] for id, each in exported(talk).items()}
        people = talk.get("max", "annotators")
        cells = [each.pop("cells") for each in people.pop("pairs")]
        return soft, agents(talk), people, cells

    found = figures("x", "y")
    assert found[1] == {f"consensus:{policy}"}
    assert found == figures("x", *(f"unused {n}" for n in range(40)), "y")


def test_what_an_earlier_version_of_a_model_found_is_worked_out_again(
    talk: DatasetClient, app: FastAPI
) -> None:
    def earlier(tx: Any) -> int:
        dataset = tx.datasets.find("shared", "talk")
        last = tx.jobs.latest(dataset, JobKind.MODEL)
        spec = {key: last.spec[key] for key in ("upto", "policy")}
        tx.jobs.add(dataset, "earlier", JobKind.MODEL, spec, by="max", at=1)
        tx.jobs.change(tx.jobs.find("earlier"), at=2, state=JobState.DONE)
        return int(last.no)

    state = app.state.app_state
    before = state.store.write(earlier).result()
    set_up(app)
    set_up(app)
    with state.store.read() as tx:
        last = tx.jobs.latest(tx.datasets.find("shared", "talk"), JobKind.MODEL)
    assert last.state is JobState.DONE
    assert last.no == before + 2  # once

"""Work on many records at once: it is done in the background, told about, and can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.domain.jobs import JobKind, JobState
from apportion.ports.deadline import LONGEST_REST, Deadline, Foreground
from apportion.services.background import record_jobs
from apportion.services.background.job_context import JobPace
from apportion.services.background.recovery import recover, unfinished_operations
from dataset_client import DatasetClient
from dataset_jobs import GOOD, applied, ended, undone
from owners import nobody
from patience import patience


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, "abcd")


def test_an_annotator_labels_all_that_match_and_undoes_it(talk: DatasetClient) -> None:
    talk.put("ana", "a", "bad")
    job = applied(talk, "ana", query="text AND NOT id:d", value=GOOD)
    assert (job["state"], job["done"], job["total"], job["result"]["changed"]) == ("done", 3, 3, 3)
    assert talk.found("ana", "status:Validated AND annotated_as:good") == ["a", "b", "c"]
    assert talk.found("ben", "status:Validated") == []
    talk.put("ana", "c", "bad", version=1)  # since then
    result = undone(talk, "ana", job)["result"]
    assert (result["changed"], result["left"], result["why"][0]["record"]) == (2, 1, "c")
    assert talk.found("ana", "annotated_as:bad") == ["a", "c"]
    assert talk.found("ana", "status:Default") == ["b", "d"]
    assert talk.client_as("ana").get(f"/api/jobs/{job['id']}").json()["state"] == "undone"


def test_a_job_rests_between_two_steps_while_people_are_at_work(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[float] = []
    add = JobPace.add
    monkeypatch.setattr(record_jobs, "BYTES_AT_ONCE", 1)
    monkeypatch.setattr(JobPace, "add", lambda pace, seconds: add(pace, seconds + 1))
    monkeypatch.setattr(Foreground, "wait_until_idle", lambda _, seconds: rested.append(seconds))
    assert applied(talk, "ana", query="text", value=GOOD)["result"]["changed"] == 4
    assert rested.count(LONGEST_REST) >= 3


@pytest.mark.parametrize(("length", "labels"), [(3_000, 1), (10, 100)], ids=["text", "value"])
def test_a_job_changes_fewer_records_at_once_where_they_are_large(
    client_as: Any, app: FastAPI, monkeypatch: pytest.MonkeyPatch, length: int, labels: int
) -> None:
    monkeypatch.setattr(record_jobs, "BYTES_AT_ONCE", 10_000)
    jobs, asked = app.state.app_state.jobs, list[bool]()

    def stopping() -> bool:
        """Asked before each step."""
        asked.append(True)
        return False

    monkeypatch.setattr(jobs, "_context", replace(jobs._context, stopping=stopping))
    jobs._thread.submit(int).result(
        patience(20)
    )  # a round that has begun would take the job with the old one
    content = {"inputs": {"text": "x" * length}, "multi_label": True}
    talk = DatasetClient(client_as, [f"r{n:02}" for n in range(20)], content=content)

    value = {"labels": [{"class": f"label {n}"} for n in range(labels)]}
    job = applied(talk, "ana", query="id:r*", value=value)
    assert (job["state"], job["done"], job["result"]["changed"]) == ("done", 20, 20)
    assert len(asked) > 5
    assert undone(talk, "ana", job)["result"]["changed"] == 20


def test_the_query_of_a_job_lets_requests_go_first(
    talk: DatasetClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    def deadline(*args: Any, **options: Any) -> Deadline:
        made.append(options)
        return Deadline(*args, **options)

    monkeypatch.setattr(record_jobs, "Deadline", deadline)
    assert applied(talk, "ana", query="text", value=GOOD)["state"] == "done"
    assert made == [{"foreground": app.state.app_state.foreground, "long": True}]


def test_a_reviewer_sets_gold_in_bulk_and_undoes_it(talk: DatasetClient) -> None:
    talk.answer(ana="good bad", ben="bad bad")
    job = applied(talk, "rita", query="conflict:true", value=GOOD)
    assert job["result"]["changed"] == 1
    assert talk.see("rita", "a")["annotation"]["agent"] == "adjudicated:rita"
    undone(talk, "rita", job)
    assert talk.see("rita", "a")["status"] == "Edited"
    assert talk.client_as("rita").post(f"/api/jobs/{job['id']}:undo").status_code == 409


def test_what_does_not_fit_is_left_and_said_so(talk: DatasetClient) -> None:
    refused = talk.ask("ana", "POST", "annotations:apply", json={"query": "id:[", "value": GOOD})
    assert refused.status_code == 400
    assert talk.ask("ana", "POST", "annotations:apply", json={"query": "a"}).status_code == 400
    two = {"labels": [{"class": "a"}, {"class": "b"}]}
    job = applied(talk, "ana", query="id:a", value=two)
    assert (job["result"]["changed"], job["result"]["left"]) == (0, 1)
    assert talk.found("ana", "status:Validated") == []


def test_predictions_and_drafts_are_taken_over_in_bulk(client_as: Any) -> None:
    guess = {"agent": "model", "labels": [{"class": "good", "score": 0.9}, {"class": "bad", "score": 0.1}]}
    talk = DatasetClient(client_as, "abc", content={"inputs": {"text": "text"}, "prediction": guess})
    talk.put("ana", "b", "bad", state="draft")
    job = applied(talk, "ana", take="own")
    assert (job["result"]["changed"], job["result"]["left"]) == (1, 2)
    assert talk.found("ana", "annotated_as:bad AND status:Validated") == ["b"]
    job = applied(talk, "ana", query="status:Default", take="predicted")
    assert job["result"]["changed"] == 2
    assert talk.found("ana", "annotated_as:good") == ["a", "c"]
    refused = talk.ask("ana", "POST", "annotations:apply", json={"take": "own", "value": GOOD})
    assert refused.status_code == 400
    assert talk.ask("rita", "POST", "annotations:apply", json={"take": "own"}).status_code == 400


def test_in_a_shared_dataset_undoing_puts_back_what_others_said(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab", annotation="shared", blind=False)
    talk.put("ben", "a", "bad")
    job = applied(talk, "ana", value=GOOD)
    assert talk.see("ben", "a")["annotation"] == {"agent": "ana", "labels": [{"class": "good", "score": 1.0}]}
    undone(talk, "ana", job)
    assert talk.see("ben", "a")["annotation"]["agent"] == "ben"
    assert talk.see("ben", "b")["status"] == "Default"


def test_what_people_agree_on_becomes_gold_in_bulk(talk: DatasetClient) -> None:
    talk.answer(ana="x x y", ben="x y y")
    job = ended(talk, "rita", talk.post("rita", "consensus:accept", {}))
    assert job["result"]["changed"] == 2
    gold = talk.get("rita", "records/a/annotations")["gold"]
    assert (gold["origin"], gold["author"], gold["reason"]) == (
        "consensus",
        "rita",
        "2 of 2 agree (unanimous)",
    )
    assert talk.see("rita", "b")["status"] == "Edited"
    undone(talk, "rita", job)
    assert talk.get("rita", "records/a/annotations")["gold"] is None
    assert talk.see("rita", "a")["annotation"]["agent"] == "consensus:majority"


def test_gold_is_imported_whole_or_not_at_all(talk: DatasetClient) -> None:
    talk.ask("rita", "PUT", "records/b/gold", json={"value": GOOD})
    bad = {"gold": [{"id": "a", "value": GOOD}, {"id": "nowhere", "value": GOOD}, {"id": "c", "value": {}}]}
    refused = talk.ask("rita", "POST", "gold:import", json=bad)
    assert refused.status_code == 422
    assert talk.get("rita", "records/a/annotations")["gold"] is None
    rows = [{"id": id, "value": {"labels": [{"class": 'x, "y"'}]}} for id in "ab"]
    rows.append({"id": "c", "state": "discarded"})
    assert talk.post("rita", "gold:import", {"gold": rows}) == {"imported": 2, "kept": 1}
    assert talk.found("rita", "status:Discarded") == ["c"]
    assert talk.see("rita", "a")["annotation"]["labels"][0]["class"] == 'x, "y"'
    assert talk.post("rita", "gold:import", {"gold": rows, "overwrite": True})["imported"] == 1


def test_nobody_sees_the_jobs_of_others_but_those_who_lead(talk: DatasetClient) -> None:
    job = applied(talk, "ana", query="id:a", value=GOOD)
    path = f"/api/jobs/{job['id']}"
    assert [talk.client_as(who).get(path).status_code for who in ("ben", "olga", "rita")] == [404, 404, 200]
    assert talk.client_as("rita").post(path + ":undo").status_code == 404
    assert talk.client_as("max").post(path + ":undo").status_code == 200


def test_who_undid_the_job_of_somebody_else_stands_in_the_record_of_what_happened(
    talk: DatasetClient,
) -> None:
    job = applied(talk, "ana", query="id:a", value=GOOD)
    undone(talk, "max", job)
    events = talk.get("max", "events", limit=10)["events"]
    found = [(each["who"], each["detail"]) for each in events if each["what"] == "took_back"]
    assert found == [("max", {"of": "ana"})]
    assert talk.see("ana", "a")["status"] == "Default"


def test_a_model_resolves_records_and_looks_again_when_somebody_answers(
    talk: DatasetClient, app: FastAPI
) -> None:
    talk.ask("max", "PATCH", "policies", json={"required": 3, "resolution": "dawid_skene"})
    talk.answer(ana="x x y y", ben="x x y y", max="x y y x")
    assert talk.see("rita", "a")["status"] == "Edited"  # nobody has looked yet

    def set_up() -> None:
        app.state.app_state.jobs._rest_until = 0.0
        app.state.app_state.jobs.look()
        app.state.app_state.jobs._thread.submit(lambda: None).result()  # behind everything else

    set_up()
    assert talk.see("rita", "b")["annotation"]["agent"] == "consensus:dawid_skene"
    assert talk.found("rita", "status:Validated") == ["a", "b", "c", "d"]
    talk.put("ana", "b", "y", version=1)
    assert talk.see("rita", "b")["status"] == "Edited"
    set_up()
    assert talk.see("rita", "b")["annotation"]["labels"][0]["class"] in ("x", "y")


def test_a_job_that_a_stop_cut_short_says_so(talk: DatasetClient, app: FastAPI) -> None:
    state = app.state.app_state

    def half(tx: Any) -> str:
        dataset = tx.datasets.find("shared", "talk")
        job = tx.jobs.add(dataset, "some-id", JobKind.APPLY, {}, by="ana", at=1)
        return str(tx.jobs.change(job, at=2, state=JobState.RUNNING, done=7).id)

    state.store.write(half).result()
    recover(state.store, unfinished_operations(state.store, state.clock, nobody))
    found = talk.client_as("ana").get("/api/jobs/some-id").json()
    assert (found["state"], found["done"], found["undoable"]) == ("interrupted", 7, True)
    assert "stopped" in found["message"]

"""Work on many records at once: it is done in the background, told about, and can be undone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi import FastAPI
from rooms import Room

from apportion.domain.jobs import JobKind, JobState
from apportion.services.background.recovery import recover, unfinished_operations
from patience import patience


@pytest.fixture
def room(client_as: Any) -> Room:
    return Room(client_as, "abcd")


def ended(room: Room, who: str, job: dict[str, Any]) -> dict[str, Any]:
    """The job once it has ended."""
    end = time.monotonic() + patience(20)
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.01)
        job = room.client_as(who).get(f"/api/jobs/{job['id']}").json()
    return job


def applied(room: Room, who: str, **asked: Any) -> dict[str, Any]:
    return ended(room, who, room.post(who, "annotations:apply", asked))


def undone(room: Room, who: str, job: dict[str, Any]) -> dict[str, Any]:
    return ended(room, who, room.client_as(who).post(f"/api/jobs/{job['id']}:undo").json())


GOOD = {"labels": [{"class": "good"}]}


def test_an_annotator_labels_all_that_match_and_undoes_it(room: Room) -> None:
    room.put("ana", "a", "bad")
    job = applied(room, "ana", query="text AND NOT id:d", value=GOOD)
    assert (job["state"], job["done"], job["total"], job["result"]["changed"]) == ("done", 3, 3, 3)
    assert room.found("ana", "status:Validated AND annotated_as:good") == ["a", "b", "c"]
    assert room.found("ben", "status:Validated") == []
    room.put("ana", "c", "bad", version=1)  # since then
    result = undone(room, "ana", job)["result"]
    assert (result["changed"], result["left"], result["why"][0]["record"]) == (2, 1, "c")
    assert room.found("ana", "annotated_as:bad") == ["a", "c"]
    assert room.found("ana", "status:Default") == ["b", "d"]
    assert room.client_as("ana").get(f"/api/jobs/{job['id']}").json()["state"] == "undone"


def test_a_reviewer_sets_gold_in_bulk_and_undoes_it(room: Room) -> None:
    room.answer(ana="good bad", ben="bad bad")
    job = applied(room, "rita", query="conflict:true", value=GOOD)
    assert job["result"]["changed"] == 1
    assert room.see("rita", "a")["annotation"]["agent"] == "adjudicated:rita"
    undone(room, "rita", job)
    assert room.see("rita", "a")["status"] == "Edited"
    assert room.client_as("rita").post(f"/api/jobs/{job['id']}:undo").status_code == 409


def test_what_does_not_fit_is_left_and_said_so(room: Room) -> None:
    refused = room.ask("ana", "POST", "annotations:apply", json={"query": "id:[", "value": GOOD})
    assert refused.status_code == 400
    assert room.ask("ana", "POST", "annotations:apply", json={"query": "a"}).status_code == 400
    two = {"labels": [{"class": "a"}, {"class": "b"}]}
    job = applied(room, "ana", query="id:a", value=two)
    assert (job["result"]["changed"], job["result"]["left"]) == (0, 1)
    assert room.found("ana", "status:Validated") == []


def test_predictions_and_drafts_are_taken_over_in_bulk(client_as: Any) -> None:
    guess = {"agent": "model", "labels": [{"class": "good", "score": 0.9}, {"class": "bad", "score": 0.1}]}
    room = Room(client_as, "abc", content={"inputs": {"text": "text"}, "prediction": guess})
    room.put("ana", "b", "bad", state="draft")
    job = applied(room, "ana", take="own")
    assert (job["result"]["changed"], job["result"]["left"]) == (1, 2)
    assert room.found("ana", "annotated_as:bad AND status:Validated") == ["b"]
    job = applied(room, "ana", query="status:Default", take="predicted")
    assert job["result"]["changed"] == 2
    assert room.found("ana", "annotated_as:good") == ["a", "c"]
    refused = room.ask("ana", "POST", "annotations:apply", json={"take": "own", "value": GOOD})
    assert refused.status_code == 400
    assert room.ask("rita", "POST", "annotations:apply", json={"take": "own"}).status_code == 400


def test_in_a_shared_dataset_undoing_puts_back_what_others_said(client_as: Any) -> None:
    room = Room(client_as, "ab", annotation="shared", blind=False)
    room.put("ben", "a", "bad")
    job = applied(room, "ana", value=GOOD)
    assert room.see("ben", "a")["annotation"] == {"agent": "ana", "labels": [{"class": "good", "score": 1.0}]}
    undone(room, "ana", job)
    assert room.see("ben", "a")["annotation"]["agent"] == "ben"
    assert room.see("ben", "b")["status"] == "Default"


def test_what_people_agree_on_becomes_gold_in_bulk(room: Room) -> None:
    room.answer(ana="x x y", ben="x y y")
    job = ended(room, "rita", room.post("rita", "consensus:accept", {}))
    assert job["result"]["changed"] == 2
    gold = room.get("rita", "records/a/annotations")["gold"]
    assert (gold["origin"], gold["author"], gold["reason"]) == (
        "consensus",
        "rita",
        "2 of 2 agree (unanimous)",
    )
    assert room.see("rita", "b")["status"] == "Edited"
    undone(room, "rita", job)
    assert room.get("rita", "records/a/annotations")["gold"] is None
    assert room.see("rita", "a")["annotation"]["agent"] == "consensus:majority"


def test_gold_is_imported_whole_or_not_at_all(room: Room) -> None:
    room.ask("rita", "PUT", "records/b/gold", json={"value": GOOD})
    bad = {"gold": [{"id": "a", "value": GOOD}, {"id": "nowhere", "value": GOOD}, {"id": "c", "value": {}}]}
    refused = room.ask("rita", "POST", "gold:import", json=bad)
    assert refused.status_code == 422
    assert room.get("rita", "records/a/annotations")["gold"] is None
    rows = [{"id": id, "value": {"labels": [{"class": 'x, "y"'}]}} for id in "ab"]
    rows.append({"id": "c", "state": "discarded"})
    assert room.post("rita", "gold:import", {"gold": rows}) == {"imported": 2, "kept": 1}
    assert room.found("rita", "status:Discarded") == ["c"]
    assert room.see("rita", "a")["annotation"]["labels"][0]["class"] == 'x, "y"'
    assert room.post("rita", "gold:import", {"gold": rows, "overwrite": True})["imported"] == 1


def test_nobody_sees_the_jobs_of_others_but_those_who_lead(room: Room) -> None:
    job = applied(room, "ana", query="id:a", value=GOOD)
    path = f"/api/jobs/{job['id']}"
    assert [room.client_as(who).get(path).status_code for who in ("ben", "olga", "rita")] == [404, 404, 200]
    assert room.client_as("rita").post(path + ":undo").status_code == 404
    assert room.client_as("max").post(path + ":undo").status_code == 200


def test_who_undid_the_job_of_somebody_else_stands_in_the_record_of_what_happened(room: Room) -> None:
    job = applied(room, "ana", query="id:a", value=GOOD)
    undone(room, "max", job)
    events = room.get("max", "events", limit=10)["events"]
    found = [(each["who"], each["detail"]) for each in events if each["what"] == "took_back"]
    assert found == [("max", {"of": "ana"})]
    assert room.see("ana", "a")["status"] == "Default"


def test_a_model_resolves_records_and_looks_again_when_somebody_answers(room: Room, app: FastAPI) -> None:
    room.ask("max", "PATCH", "policies", json={"required": 3, "resolution": "dawid_skene"})
    room.answer(ana="x x y y", ben="x x y y", max="x y y x")
    assert room.see("rita", "a")["status"] == "Edited"  # nobody has looked yet

    def settle() -> None:
        app.state.app_state.jobs._rest_until = 0.0
        app.state.app_state.jobs.look()
        app.state.app_state.jobs._thread.submit(lambda: None).result()  # behind everything else

    settle()
    assert room.see("rita", "b")["annotation"]["agent"] == "consensus:dawid_skene"
    assert room.found("rita", "status:Validated") == ["a", "b", "c", "d"]
    room.put("ana", "b", "y", version=1)
    assert room.see("rita", "b")["status"] == "Edited"
    settle()
    assert room.see("rita", "b")["annotation"]["labels"][0]["class"] in ("x", "y")


def test_a_job_that_a_stop_cut_short_says_so(room: Room, app: FastAPI) -> None:
    house = app.state.app_state

    def half(tx: Any) -> str:
        dataset = tx.datasets.find("shared", "talk")
        job = tx.jobs.add(dataset, "some-id", JobKind.APPLY, {}, by="ana", at=1)
        return str(tx.jobs.change(job, at=2, state=JobState.RUNNING, done=7).id)

    house.store.write(half).result()
    recover(house.store, unfinished_operations(house.store, house.clock))
    found = room.client_as("ana").get("/api/jobs/some-id").json()
    assert (found["state"], found["done"], found["undoable"]) == ("interrupted", 7, True)
    assert "stopped" in found["message"]

"""A cap is kept whatever people do: nobody has more answers that count than was agreed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dataset_client import DatasetClient

CAPPED = "cap_reached"
HERS = [{"user": "ana", "cap": 2}, "ben", "rita"]


@pytest.fixture(params=["individual", "shared"])
def talk(request: Any, client_as: Any) -> DatasetClient:
    return DatasetClient(
        client_as, "abcdefgh", annotation=request.param, blind=request.param == "individual", required=1
    )


def plan(talk: DatasetClient, **rule: Any) -> Any:
    return talk.post("max", "assignments", {"rules": [{"mode": "pull", "users": HERS, **rule}], "seed": 7})


def claim(talk: DatasetClient, who: str = "ana", limit: int = 5) -> dict[str, str]:
    found = talk.post(who, "queue:claim", {"limit": limit})
    return {each["id"]: each["assignment"]["token"] for each in found["records"]}


def release(talk: DatasetClient, leases: dict[str, str], who: str = "ana") -> None:
    talk.post(who, "queue:release", {"leases": [{"id": id, "token": token} for id, token in leases.items()]})


def answers(talk: DatasetClient, ids: Any, who: str = "ana") -> list[tuple[bool, str | None]]:
    reply = [talk.put(who, id, "good").json() for id in ids]
    return [(each["counted"], each["why"]) for each in reply]


def done(talk: DatasetClient, made: Any, who: str = "ana") -> int:
    rows = talk.get("max", f"assignments/{made['id']}/rows", limit=100)["rows"]
    return sum(row["annotator"] == who and row["state"] == "done" for row in rows)


def test_answers_to_records_given_back_do_not_count_on_top_of_those_claimed_since(
    talk: DatasetClient,
) -> None:
    made = plan(talk)
    first = claim(talk)
    release(talk, first)
    talk.post("ben", "queue:claim", {"limit": 2})  # so that others come next
    second = claim(talk)
    assert len(first) == len(second) == 2
    assert not first.keys() & second.keys()
    release(talk, claim(talk, "ben"), "ben")

    assert answers(talk, first) == [(False, CAPPED)] * 2
    assert [counted for counted, _ in answers(talk, second)] == [True, True]
    assert done(talk, made) == 2
    kept = [talk.get("ana", f"records/{id}/annotations/me")["value"] for id in first]
    assert kept == [{"labels": [{"class": "good", "score": 1.0}]}] * 2


def test_whoever_answers_without_claiming_is_told_when_they_have_reached_their_cap(
    talk: DatasetClient,
) -> None:
    made = plan(talk)
    shown = answers(talk, "abcde")
    assert [counted for counted, _ in shown] == [True, True, False, False, False]
    assert {why for _, why in shown[2:]} == {CAPPED}
    assert done(talk, made) == 2


def test_asking_again_brings_no_more_than_the_cap(talk: DatasetClient) -> None:
    plan(talk)
    first = claim(talk)
    assert len(first) == 2
    assert claim(talk) == first  # the same, from another tab
    assert answers(talk, first)[1][0]
    assert talk.post("ana", "queue:claim", {"limit": 5})["why_empty"] == CAPPED


def test_answers_that_are_written_in_bulk_keep_the_cap_as_well(talk: DatasetClient) -> None:
    made = plan(talk)
    records = [
        {
            "id": id,
            "inputs": {"text": f"text {id}"},
            "annotation": {"agent": "ana", "labels": [{"class": "good"}]},
            "status": "Validated",
        }
        for id in "abcd"
    ]
    talk.post("ana", "TextClassification:bulk", {"records": records})
    assert done(talk, made) == 2


def test_what_is_planned_for_somebody_has_its_room_kept(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcdefgh", required=1)
    made = talk.post(
        "max",
        "assignments",
        {"rules": [{"users": HERS, "skip": "next_person"}], "seed": 7},
    )
    rows = talk.get("max", f"assignments/{made['id']}/rows", limit=100)["rows"]
    hers = [row["record"] for row in rows if row["annotator"] == "ana"]
    his = next(row["record"] for row in rows if row["annotator"] == "ben")
    assert len(hers) == 2
    talk.post("ben", "queue:skip", {"id": his})  # now open to all

    assert answers(talk, [his]) == [(False, CAPPED)]
    assert [counted for counted, _ in answers(talk, hers)] == [True, True]


def test_nobody_is_asked_for_one_more_answer_while_a_lease_fills_their_cap(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd", required=1)
    sent = {
        "rules": [{"users": [{"user": "ana", "cap": 1}, "ben", "rita", "max"], "overlap": 2}],
        "adaptive": {"max": 3},
        "blind": True,
        "seed": 7,
    }
    made = talk.post("max", "assignments", sent)["id"]
    talk.post("max", f"assignments/{made}:withdraw", {"annotator": "ana"})

    def people(id: str) -> list[str]:
        rows = talk.get("max", f"assignments/{made}/rows", limit=50)["rows"]
        return [row["annotator"] for row in rows if row["record"] == id and row["state"] != "withdrawn"]

    both = [id for id in "abcd" if len(people(id)) == 2]
    skipped, *others = both
    talk.post(people(skipped)[0], "queue:skip", {"id": skipped})
    assert list(claim(talk)) == [skipped]
    for id in others:
        for who, label in zip(people(id), "xy", strict=True):
            assert talk.put(who, id, label).json()["counted"]
        assert len(people(id)) == 3
        assert "ana" not in people(id)


def test_answers_from_a_file_keep_the_cap_as_well(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcdefgh", required=1)
    made = plan(talk)
    answer = {"state": "submitted", "value": {"labels": [{"class": "good"}]}}
    lines = [{"id": id, "inputs": {"text": f"text {id}"}, "answers": {"ana": answer}} for id in "abcd"]
    file = "\n".join(map(json.dumps, lines)).encode()
    params = {"format": "jsonl", "task": "TextClassification"}
    sent = talk.ask("max", "POST", "import", params=params, content=file)
    assert sent.status_code == 200, sent.text
    assert done(talk, made) == 2
    shown = [talk.get("max", f"records/{id}/annotations")["annotations"] for id in "abcd"]
    assert [[each["counted"] for each in one] for one in shown] == [[True], [True], [False], [False]]


def test_answers_to_all_that_match_keep_the_cap_as_well(talk: DatasetClient) -> None:
    made = plan(talk)
    value = {"labels": [{"class": "good"}]}
    job = talk.post("ana", "annotations:apply", {"query": "text", "value": value})
    while job["state"] in ("waiting", "running"):
        job = talk.client_as("ana").get(f"/api/jobs/{job['id']}").json()
    assert job["result"]["changed"] >= 2
    assert done(talk, made) == 2

"""A cap is kept whatever people do: nobody has more answers that count than was agreed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rooms import Room

CAPPED = "cap_reached"
HERS = [{"user": "ana", "cap": 2}, "ben", "rita"]


@pytest.fixture(params=["individual", "shared"])
def room(request: Any, client_as: Any) -> Room:
    return Room(
        client_as, "abcdefgh", annotation=request.param, blind=request.param == "individual", required=1
    )


def plan(room: Room, **rule: Any) -> Any:
    return room.post("max", "assignments", {"rules": [{"mode": "pull", "users": HERS, **rule}], "seed": 7})


def claim(room: Room, who: str = "ana", limit: int = 5) -> dict[str, str]:
    found = room.post(who, "queue:claim", {"limit": limit})
    return {each["id"]: each["assignment"]["token"] for each in found["records"]}


def release(room: Room, leases: dict[str, str], who: str = "ana") -> None:
    room.post(who, "queue:release", {"leases": [{"id": id, "token": token} for id, token in leases.items()]})


def answers(room: Room, ids: Any, who: str = "ana") -> list[tuple[bool, str | None]]:
    told = [room.put(who, id, "good").json() for id in ids]
    return [(each["counted"], each["why"]) for each in told]


def done(room: Room, made: Any, who: str = "ana") -> int:
    rows = room.get("max", f"assignments/{made['id']}/rows", limit=100)["rows"]
    return sum(row["annotator"] == who and row["state"] == "done" for row in rows)


def test_answers_to_records_given_back_do_not_count_on_top_of_those_claimed_since(room: Room) -> None:
    made = plan(room)
    first = claim(room)
    release(room, first)
    room.post("ben", "queue:claim", {"limit": 2})  # so that others come next
    second = claim(room)
    assert len(first) == len(second) == 2
    assert not first.keys() & second.keys()
    release(room, claim(room, "ben"), "ben")

    assert answers(room, first) == [(False, CAPPED)] * 2
    assert [counted for counted, _ in answers(room, second)] == [True, True]
    assert done(room, made) == 2
    kept = [room.get("ana", f"records/{id}/annotations/me")["value"] for id in first]
    assert kept == [{"labels": [{"class": "good", "score": 1.0}]}] * 2


def test_whoever_answers_without_claiming_is_told_when_they_have_reached_their_cap(room: Room) -> None:
    made = plan(room)
    told = answers(room, "abcde")
    assert [counted for counted, _ in told] == [True, True, False, False, False]
    assert {why for _, why in told[2:]} == {CAPPED}
    assert done(room, made) == 2


def test_asking_again_brings_no_more_than_the_cap(room: Room) -> None:
    plan(room)
    first = claim(room)
    assert len(first) == 2
    assert claim(room) == first  # the same, from another tab
    assert answers(room, first)[1][0]
    assert room.post("ana", "queue:claim", {"limit": 5})["why_empty"] == CAPPED


def test_answers_that_are_written_in_bulk_keep_the_cap_as_well(room: Room) -> None:
    made = plan(room)
    records = [
        {
            "id": id,
            "inputs": {"text": f"text {id}"},
            "annotation": {"agent": "ana", "labels": [{"class": "good"}]},
            "status": "Validated",
        }
        for id in "abcd"
    ]
    room.post("ana", "TextClassification:bulk", {"records": records})
    assert done(room, made) == 2


def test_what_is_planned_for_somebody_has_its_room_kept(client_as: Any) -> None:
    room = Room(client_as, "abcdefgh", required=1)
    made = room.post(
        "max",
        "assignments",
        {"rules": [{"users": HERS, "skip": "next_person"}], "seed": 7},
    )
    rows = room.get("max", f"assignments/{made['id']}/rows", limit=100)["rows"]
    hers = [row["record"] for row in rows if row["annotator"] == "ana"]
    his = next(row["record"] for row in rows if row["annotator"] == "ben")
    assert len(hers) == 2
    room.post("ben", "queue:skip", {"id": his})  # now open to all

    assert answers(room, [his]) == [(False, CAPPED)]
    assert [counted for counted, _ in answers(room, hers)] == [True, True]


def test_nobody_is_asked_for_one_more_answer_while_a_lease_fills_their_cap(client_as: Any) -> None:
    room = Room(client_as, "abcd", required=1)
    sent = {
        "rules": [{"users": [{"user": "ana", "cap": 1}, "ben", "rita", "max"], "overlap": 2}],
        "adaptive": {"max": 3},
        "blind": True,
        "seed": 7,
    }
    made = room.post("max", "assignments", sent)["id"]
    room.post("max", f"assignments/{made}:withdraw", {"annotator": "ana"})

    def people(id: str) -> list[str]:
        rows = room.get("max", f"assignments/{made}/rows", limit=50)["rows"]
        return [row["annotator"] for row in rows if row["record"] == id and row["state"] != "withdrawn"]

    both = [id for id in "abcd" if len(people(id)) == 2]
    skipped, *others = both
    room.post(people(skipped)[0], "queue:skip", {"id": skipped})
    assert list(claim(room)) == [skipped]
    for id in others:
        for who, label in zip(people(id), "xy", strict=True):
            assert room.put(who, id, label).json()["counted"]
        assert len(people(id)) == 3
        assert "ana" not in people(id)


def test_answers_from_a_file_keep_the_cap_as_well(client_as: Any) -> None:
    room = Room(client_as, "abcdefgh", required=1)
    made = plan(room)
    answer = {"state": "submitted", "value": {"labels": [{"class": "good"}]}}
    lines = [{"id": id, "inputs": {"text": f"text {id}"}, "answers": {"ana": answer}} for id in "abcd"]
    file = "\n".join(map(json.dumps, lines)).encode()
    params = {"format": "jsonl", "task": "TextClassification"}
    sent = room.ask("max", "POST", "import", params=params, content=file)
    assert sent.status_code == 200, sent.text
    assert done(room, made) == 2
    told = [room.get("max", f"records/{id}/annotations")["annotations"] for id in "abcd"]
    assert [[each["counted"] for each in one] for one in told] == [[True], [True], [False], [False]]


def test_answers_to_all_that_match_keep_the_cap_as_well(room: Room) -> None:
    made = plan(room)
    value = {"labels": [{"class": "good"}]}
    job = room.post("ana", "annotations:apply", {"query": "text", "value": value})
    while job["state"] in ("waiting", "running"):
        job = room.client_as("ana").get(f"/api/jobs/{job['id']}").json()
    assert job["result"]["changed"] >= 2
    assert done(room, made) == 2

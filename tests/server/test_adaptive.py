"""More people only where they disagree, one at a time, without anybody being told."""

from __future__ import annotations

from typing import Any

import pytest

from dataset_client import DatasetClient


def planned(client_as: Any, most: int = 3, **rule: Any) -> DatasetClient:
    talk = DatasetClient(client_as, "ab")
    plan = {
        "rules": [{"users": ["ana", "ben", "rita", "max"], "overlap": 2, **rule}],
        "adaptive": {"max": most},
        "blind": True,
        "seed": 1,
    }
    talk.plan = talk.post("max", "assignments", plan)["id"]  # type: ignore[attr-defined]
    return talk


def people(talk: DatasetClient, id: str) -> list[str]:
    found = talk.get("max", f"assignments/{talk.plan}/rows", limit=50)["rows"]  # type: ignore[attr-defined]
    return [row["annotator"] for row in found if row["record"] == id and row["state"] != "withdrawn"]


def test_one_more_person_is_asked_where_two_differ_and_nobody_where_they_agree(client_as: Any) -> None:
    talk = planned(client_as)
    for who, label in zip(people(talk, "a"), "xy", strict=True):
        talk.put(who, "a", label)
    for who in people(talk, "b"):
        talk.put(who, "b", "x")
    assert (len(people(talk, "a")), len(people(talk, "b"))) == (3, 2)
    assert talk.see("max", "a")["status"] == "Edited"
    third = people(talk, "a")[-1]
    assert talk.put(third, "a", "x").json()["counted"]
    resolved = talk.see("max", "a")
    assert resolved["annotation"]["labels"][0]["class"] == "x"
    assert len(people(talk, "a")) == 3  # the cap


def test_answers_asked_for_because_of_others_do_not_count_in_agreement(client_as: Any) -> None:
    talk = planned(client_as)
    for id in "ab":
        for who, label in zip(people(talk, id), "xy", strict=True):
            talk.put(who, id, label)
        talk.put(people(talk, id)[-1], id, "x")
    found = talk.get("max", "agreement")
    assert (found["answers"], found["left_out"], found["records"]) == (4, 2, 2)
    narrowed = talk.get("max", "agreement", query="id:(a OR b)")
    assert {**narrowed, "query": found["query"]} == found
    third = people(talk, "a")[-1]
    assert "a" not in talk.found("max", f"compared:{third}")
    reply = talk.get("max", "explain", record="a", annotator=third)["why"][0]
    assert "so one more person is asked" in reply


def test_nobody_learns_that_they_were_asked_because_others_differ(client_as: Any) -> None:
    talk = planned(client_as)
    first, second = people(talk, "a")
    talk.put(first, "a", "x"), talk.put(second, "a", "y")
    third = people(talk, "a")[-1]
    mine = talk.get(third, "explain", record="a", annotator=third)["rows"] if third in ("ana", "ben") else []
    assert all(row["phase"] == "fixed" for row in mine)
    offered = talk.post(third, "queue:claim", {"limit": 5})["records"]
    (reason,) = {each["assignment"]["reason"] for each in offered if each["id"] == "a"}
    assert "differ" not in reason
    assert "settle" not in reason


def test_in_a_pull_plan_the_slot_is_open_to_whoever_has_not_answered(client_as: Any) -> None:
    talk = planned(client_as, mode="pull")
    for who, label in (("ana", "x"), ("ben", "y")):
        talk.post(who, "queue:claim", {"limit": 5})
        assert talk.put(who, "a", label).json()["counted"]
    assert [each["id"] for each in talk.post("ana", "queue:claim", {"limit": 5})["records"]] == ["b"]
    assert "a" in [each["id"] for each in talk.post("rita", "queue:claim", {"limit": 5})["records"]]


@pytest.mark.parametrize("adaptive", [{"max": 1}, {"until": 7}, {"most": 2}, 3])
def test_a_malformed_adaptive_rule_is_refused(client_as: Any, adaptive: Any) -> None:
    talk = DatasetClient(client_as)
    refused = talk.ask("max", "POST", "assignments", json={"rules": [{}], "adaptive": adaptive})
    assert refused.status_code == 422

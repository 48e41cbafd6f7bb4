"""Checks: records with a known gold value mixed into everybody's work, told or not, and never given away before."""

from __future__ import annotations

from typing import Any

import pytest

from dataset_client import DatasetClient

Json = Any
IDS = [f"r{n:02}" for n in range(30)]
KNOWN = IDS[:6]


def value(label: str) -> Json:
    return {"labels": [{"class": label}]}


def planned(client_as: Any, checks: Json, **more: Any) -> DatasetClient:
    """Thirty records, six of them settled by rita as `gold`; shared out to ana and ben with checks."""
    talk = DatasetClient(client_as, IDS, required=1)
    for id in KNOWN:
        sent = {"value": value("gold"), "reason": f"because of {id}"}
        assert talk.ask("rita", "PUT", f"records/{id}/gold", json=sent).status_code == 200
    spec = {"rules": [{"users": ["ana", "ben"]}], "blind": True, "checks": checks, "seed": 3, **more}
    talk.plan = talk.post("max", "assignments", spec)  # type: ignore[attr-defined]
    return talk


def rows(talk: DatasetClient, who: str | None = None, **params: Any) -> list[Json]:
    params |= {"annotator": who} if who else {}
    found = talk.get("max", f"assignments/{talk.plan['id']}/rows", limit=100, **params)  # type: ignore[attr-defined]
    return found["rows"]  # type: ignore[no-any-return]


def checks_of(talk: DatasetClient, who: str) -> list[str]:
    return [row["record"] for row in rows(talk, who) if row["phase"] == "check"]


def test_a_share_of_what_everybody_gets_has_a_known_gold_value(client_as: Any) -> None:
    talk = planned(client_as, 0.2)
    assert talk.plan["loads"] == {"ana": 15, "ben": 15}  # type: ignore[attr-defined]
    assert talk.plan["mixed_in"] == 6  # type: ignore[attr-defined]
    for who in ("ana", "ben"):
        assert len(checks_of(talk, who)) == 3
        assert set(checks_of(talk, who)) <= set(KNOWN)
        assert not {row["record"] for row in rows(talk, who) if row["phase"] != "check"} & set(KNOWN)
    assert checks_of(talk, "ana") == checks_of(talk, "ben")


def test_nothing_tells_a_check_from_other_records_before_it_is_answered(client_as: Any) -> None:
    talk = planned(client_as, {"share": 0.2, "feedback": True})
    check = checks_of(talk, "ana")[0]
    reply = talk.get("ana", "explain", record=check)
    other = next(row["record"] for row in rows(talk, "ana") if row["phase"] == "fixed")
    plain = talk.get("ana", "explain", record=other)
    hide = {"record": None}
    assert [{**row, **hide} for row in reply["rows"]] == [{**row, **hide} for row in plain["rows"]]
    claimed = talk.post("ana", "queue:claim", {"limit": 20})["records"]
    assert {check, other} <= {each["id"] for each in claimed}
    assert {(each["status"], each["assignment"]["reason"]) for each in claimed} == {
        ("Default", plain["rows"][0]["reason"])
    }
    assert talk.get("ana", f"records/{check}/annotations/me")["gold"] is None
    assert "a record with a gold value" in talk.get("max", "explain", record=check, annotator="ana")["why"][0]


@pytest.mark.parametrize("feedback", [True, False])
def test_who_has_answered_is_told_only_where_that_was_asked_for(client_as: Any, feedback: bool) -> None:
    talk = planned(client_as, {"share": 0.2, "feedback": feedback})
    check = checks_of(talk, "ana")[0]
    reply = talk.put("ana", check, "wrong").json()
    assert reply["counted"]
    gold = reply["gold"]
    assert (gold is not None) is feedback
    if feedback:
        assert (gold["value"]["labels"][0]["class"], gold["reason"]) == ("gold", f"because of {check}")
    assert (
        talk.see("max", check)["annotation"]["labels"][0]["class"] == "gold"
    )  # stands whatever people answer


def test_managers_see_how_many_of_the_first_answers_were_right(client_as: Any) -> None:
    talk = planned(client_as, {"share": 0.2, "feedback": True})
    first, second, _ = checks_of(talk, "ana")
    talk.put("ana", first, "gold")
    talk.put("ana", second, "wrong")
    talk.put("ana", second, "gold", version=1)  # told by now: what was known is what was said first
    people = {each["annotator"]: each for each in talk.get("max", "annotators")["annotators"]}
    assert people["ana"]["checks"] == {"answered": 2, "right": 1}
    assert talk.ask("ana", "GET", "annotators").status_code == 403


def test_answers_to_checks_do_not_count_in_agreement(client_as: Any) -> None:
    talk = planned(client_as, 0.2)
    for who in ("ana", "ben"):
        for id in checks_of(talk, who):
            talk.put(who, id, "gold")
    found = talk.get("max", "agreement")
    assert (found["estimate"], found["left_out"]) == (None, 6)
    assert talk.found("max", "_exists_:compared") == []


def test_who_knows_the_gold_value_is_not_checked_by_it(client_as: Any) -> None:
    talk = DatasetClient(client_as, IDS, required=1)
    for id in KNOWN:
        talk.put("ana", id, "gold")
        talk.ask("rita", "PUT", f"records/{id}/gold", json={"value": value("gold")}).raise_for_status()
    spec = {"rules": [{"users": ["ana", "ben", "rita"]}], "blind": True, "checks": 0.2, "seed": 3}
    talk.plan = talk.post("max", "assignments", spec)  # type: ignore[attr-defined]
    assert [len(checks_of(talk, who)) for who in ("ana", "ben", "rita")] == [0, 2, 0]


def test_checks_stay_with_whom_they_are_about(client_as: Any) -> None:
    talk = planned(client_as, 0.2)
    mine = checks_of(talk, "ana")
    id = talk.plan["id"]  # type: ignore[attr-defined]
    moved = talk.post("max", f"assignments/{id}:move", {"to": "ben", "annotator": "ana"})
    assert (moved["moved"], checks_of(talk, "ana")) == (12, mine)
    talk.post("max", f"assignments/{id}:rebalance", {"users": ["ben"]})
    assert {row["state"] for row in rows(talk, "ana")} == {"withdrawn"}
    assert len(checks_of(talk, "ben")) == 3


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"checks": 0.7}, "0.001 to 0.5 is possible here"),
        ({"checks": "some"}, "a number is expected here"),
        ({"checks": 0.1, "rules": [{"mode": "pull"}]}, "open slots are no one's yet"),
        ({"checks": 0.1, "blind": False}, "make the plan blind"),
    ],
)
def test_checks_that_make_no_sense_are_refused(client_as: Any, more: Json, says: str) -> None:
    talk = DatasetClient(client_as, blind=False)
    refused = talk.ask("max", "POST", "assignments", json={"blind": True, **more})
    assert refused.status_code in (400, 422)
    assert says in refused.text


def test_too_few_known_records_are_said_and_caps_hold_the_checks_too(client_as: Any) -> None:
    talk = DatasetClient(client_as, IDS, required=1)
    spec = {"rules": [{"users": ["ana", {"user": "ben", "cap": 5}]}], "blind": True, "checks": 0.2, "seed": 3}
    assert "No record here has a gold value" in talk.post("max", "assignments:preview", spec)["warnings"][0]
    for id in KNOWN[:2]:
        talk.ask("rita", "PUT", f"records/{id}/gold", json={"value": value("gold")}).raise_for_status()
    shown = talk.post("max", "assignments:preview", spec)
    assert shown["loads"]["ben"] == 5
    assert "Only 2 records here have a gold value" in shown["warnings"][0]

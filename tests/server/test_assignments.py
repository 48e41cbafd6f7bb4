"""Sharing out over HTTP: plans are looked at, made, changed and taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from annotating_team import Json, N, Team
from support import Client
from upkeep import problems_in


@pytest.fixture
def team(client_as: Any) -> Team:
    return Team(client_as)


def test_looking_writes_nothing_and_making_is_what_was_looked_at(team: Team) -> None:
    spec = {"seed": 7, "rules": [{"overlap": {"annotators": 2, "share": 0.2}}], "blind": True}
    looked = team.ask("max", "POST", "assignments:preview", json=spec).json()
    assert looked["loads"] == {"ana": 18, "ben": 18}
    assert team.ask("max", "GET", "assignments").json()["assignments"] == []
    made = team.plan(**spec, digest=looked["digest"])
    assert made["loads"] == looked["loads"]
    assert made["progress"]["pending"] == 36
    assert len(team.found("max", "assigned_to:ana")) == 18


def test_a_plan_is_refused_when_the_data_moved_since_it_was_looked_at(team: Team) -> None:
    looked = team.ask("max", "POST", "assignments:preview", json={"seed": 7}).json()
    team.log("eva", {"id": "new", "inputs": {"text": "one more"}})
    moved = team.ask("max", "POST", "assignments", json={"seed": 7, "digest": looked["digest"]})
    assert moved.status_code == 409
    assert moved.json()["detail"]["code"].endswith("PlanMovedError")
    assert team.progress() == {}


def test_annotators_neither_look_nor_make(team: Team) -> None:
    for path in ("assignments:preview", "assignments"):
        assert team.ask("ana", "POST", path, json={}).status_code == 403
        assert team.ask("rita", "POST", path, json={}).status_code == 403


def test_the_precision_of_agreement_is_predicted_for_the_labels_of_the_dataset(team: Team) -> None:
    spec = {"seed": 7, "rules": [{"overlap": 2}]}
    unlabelled = team.ask("max", "POST", "assignments:preview", json=spec).json()
    assert unlabelled["agreement_case"] == {"classes": 3, "accuracy": 0.85, "alpha": 0.6}

    labels = {"label_schema": {"labels": [{"id": each, "name": each} for each in "ABCDEFG"]}}
    changed = team.ask("max", "PUT", "TextClassification/settings", json=labels)
    assert changed.status_code == 200, changed.text
    looked = team.ask("max", "POST", "assignments:preview", json=spec).json()
    assert looked["agreement_case"]["classes"] == 7
    assert looked["agreement_assumes"].startswith("7 equally frequent classes")
    assert looked["agreement_half_width"] < unlabelled["agreement_half_width"]
    assert looked["digest"] == unlabelled["digest"]


def test_in_a_blind_plan_everybody_sees_their_own_records_only(team: Team) -> None:
    team.plan(rules=[{"overlap": 1}], blind=True)
    mine = team.found("ana", "*")
    assert len(mine) == 15
    assert set(mine).isdisjoint(team.found("ben", "*"))
    assert team.found("ana", "assigned_to:ben") == []
    assert sorted(team.found("ana", "assigned_to:me")) == sorted(mine)
    others = next(id for id in team.found("max", "*") if id not in mine)
    assert team.ask("ana", "GET", f"records/{others}").status_code == 404
    sent = {"value": {"labels": [{"class": "x"}]}, "state": "submitted", "version": 0}
    assert team.ask("ana", "PUT", f"records/{others}/annotations/me", json=sent).status_code == 404


def test_when_somebody_leaves_only_their_pending_records_move(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana", "ben", "rita"]}], blind=True)
    done = [each["id"] for each in team.claim("ana", 3)["records"]]
    for id in done:
        team.answer("ana", id)
    before = {row["record"]: row["annotator"] for row in team.rows(made)}
    diff = team.change(made, "rebalance", users=["ben", "rita"], dry_run=True)
    assert diff["moved"] == 7
    assert {row["record"]: row["annotator"] for row in team.rows(made)} == before
    team.change(made, "rebalance", users=["ben", "rita"])
    after = {row["record"]: row["annotator"] for row in team.rows(made)}
    assert {id for id in before if before[id] != after[id]} == {
        id for id, who in before.items() if who == "ana" and id not in done
    }
    assert [after[id] for id in done] == ["ana"] * 3


def test_rows_move_by_hand_and_come_back(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 1}], blind=True)
    mine = [row["record"] for row in team.rows(made, annotator="ana")][:4]
    assert team.change(made, "move", to="ben", records=mine)["moved"] == 4
    assert len(team.found("ana", "*")) == 11
    assert len(team.rows(made, annotator="ben")) == 19
    assert team.change(made, "withdraw", records=mine[:1])["removed"] == 1
    assert team.progress()["ben"]["assigned"] == 18


def test_undo_takes_back_everything_but_work_done(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 2}], blind=True)
    id = team.claim("ana", 1)["records"][0]["id"]
    team.answer("ana", id)
    assert team.change(made, "undo", dry_run=True)["removed"] == 2 * N - 1
    team.change(made, "undo")
    assert team.claim("ben")["records"] == []
    assert [row["record"] for row in team.rows(made, state="done")] == [id]
    assert team.ask("max", "GET", f"assignments/{made['id']}").json()["state"] == "undone"
    assert team.ask("max", "POST", f"assignments/{made['id']}:undo", json={}).status_code == 409
    # what was wanted from two is wanted from one now, and that one has answered
    assert team.ask("max", "GET", f"records/{id}").json()["status"] == "Validated"


def test_new_records_join_a_plan_when_told_or_by_themselves(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 1}], blind=True)
    before = {row["record"]: row["annotator"] for row in team.rows(made)}
    team.log("eva", *({"id": f"s{n}", "inputs": {"text": f"more {n}"}} for n in range(4)))
    assert team.change(made, "extend", dry_run=True)["records"] == 4
    team.change(made, "extend")
    after = {row["record"]: row["annotator"] for row in team.rows(made)}
    assert {id: after[id] for id in before} == before
    assert sorted(list(after.values()).count(who) for who in ("ana", "ben")) == [17, 17]


def test_records_logged_later_join_a_standing_plan_at_once(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 2}], blind=True, standing=True)
    team.log("eva", {"id": "late", "inputs": {"text": "late"}})
    assert sorted(row["annotator"] for row in team.rows(made) if row["record"] == "late") == ["ana", "ben"]
    (shown,) = team.ask("max", "GET", "assignments").json()["assignments"]
    assert (shown["records"], shown["slots"], shown["pairs"]["max"]) == (N + 1, 2 * N + 2, N + 1)


def test_nobody_gets_a_record_by_two_plans_when_records_join_later(team: Team) -> None:
    plans = [team.plan(rules=[{"users": ["ana", "ben"]}], standing=True) for _ in range(2)]
    third = team.plan(rules=[{"users": ["ben", "rita"]}], standing=False)
    team.log("eva", *({"id": f"s{n}", "inputs": {"text": "late"}} for n in range(9)))
    team.change(third, "extend")
    got = [
        (row["record"], row["annotator"]) for plan in (*plans, third) for row in team.rows(plan, limit=200)
    ]
    assert len(got) == len(set(got)) == 3 * (N + 9)


def test_logging_goes_on_when_a_standing_plan_has_lost_its_people(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana", "ben"], "overlap": 2}], standing=True)
    users = team.client_as("eva").get("/api/users").json()
    ben = next(each["id"] for each in users if each["username"] == "ben")
    team.client_as("eva").delete(f"/api/users/{ben}").raise_for_status()
    for id in ("one", "two"):
        assert team.log("eva", {"id": id, "inputs": {"text": id}}).status_code == 200
    assert not {row["record"] for row in team.rows(made)} & {"one", "two"}
    event = team.ask("max", "GET", "events").json()["events"][0]
    assert (event["what"], event["detail"]["records"]) == ("not_extended", 1)
    single = team.plan(rules=[{"users": ["ana"]}], standing=True)
    assert {"one", "two"} <= {row["record"] for row in team.rows(single)}


def test_a_standing_plan_gives_nothing_to_who_has_left(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana", "ben"]}], standing=True)
    spaces = team.client_as("eva").get("/api/workspaces").json()
    users = team.client_as("eva").get("/api/users").json()
    shared = next(each["id"] for each in spaces if each["name"] == "shared")
    ben = next(each["id"] for each in users if each["username"] == "ben")
    team.client_as("eva").delete(f"/api/workspaces/{shared}/users/{ben}").raise_for_status()
    team.log("eva", *({"id": f"n{n}", "inputs": {"text": f"new {n}"}} for n in range(4)))
    assert {row["annotator"] for row in team.rows(made) if row["record"].startswith("n")} == {"ana"}


def test_a_preview_says_when_people_would_be_done_at_their_pace(team: Team, clock: Any) -> None:
    team.plan(rules=[{"where": "id:(r00 OR r01 OR r02 OR r03 OR r04)", "users": ["ana"]}])
    for n in range(5):
        team.answer("ana", f"r0{n}")
        clock.pass_minutes(1)
    shown = team.ask(
        "max", "POST", "assignments:preview", json={"rules": [{"where": "id:r1*", "overlap": 1}]}
    )
    dates = shown.json()["finish_at"]
    assert dates["ben"] is None
    assert dates["ana"] > "20"


def test_a_plan_from_which_nobody_gets_anything_is_not_made(team: Team) -> None:
    team.plan(rules=[{"overlap": "all"}])
    refused = team.ask("max", "POST", "assignments", json={"rules": [{"overlap": 1}]})
    assert refused.status_code == 400
    assert "with ana and ben already: no one is eligible" in refused.text
    assert len(team.ask("max", "GET", "assignments").json()["assignments"]) == 1


def test_moving_names_what_cannot_move(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana", {"user": "ben", "cap": 15}]}])
    moved = team.change(made, "move", to="ben", records=["r00", "r01", "nowhere"])
    why = {each["record"]: each["why"] for each in moved["refused"]}
    assert "cap" in "".join(why.values())
    assert why["nowhere"] == "this rule has not allocated this record"
    refused = team.ask(
        "max", "POST", f"assignments/{made['id']}:move", json={"to": "zoe", "annotator": "ana"}
    )
    assert refused.json()["detail"]["params"]["errors"][0]["loc"] == ["body", "to"]


def test_a_date_ends_in_the_time_zone_of_the_server(team: Team, make_app: Any, settings: Any) -> None:
    app = make_app(replace(settings, timezone="Pacific/Auckland"))
    with Client(app, headers={"X-Argilla-API-Key": "max.apikey"}) as there:
        sent = {"rules": [{"due": "2030-06-30"}]}
        where = {"workspace": "shared"}
        there.post("/api/datasets/talk/assignments", params=where, json=sent).raise_for_status()
    assert team.claim("ana", 1)["records"][0]["assignment"]["due"] == "2030-06-30T11:59:59.999999Z"


def test_a_split_made_by_hand_is_adopted(team: Team) -> None:
    team.log(
        "eva",
        *(
            {
                "id": f"r{n:02}",
                "inputs": {"text": f"text {n}"},
                "metadata": {"user": "ana" if n < 20 else "ben"},
            }
            for n in range(N)
        ),
    )
    made = team.plan(rules=[{"users": {"metadata": "user"}}])
    assert made["loads"] == {"ana": 20, "ben": 10}


def test_what_people_answered_before_a_plan_fills_their_slots(team: Team) -> None:
    team.answer("ana", "r00")
    made = team.plan(rules=[{"overlap": 2}], blind=True)
    states = {row["annotator"]: row["state"] for row in team.rows(made) if row["record"] == "r00"}
    assert states == {"ana": "done", "ben": "pending"}
    assert team.progress()["ana"]["done"] == 1


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"rules": [{"users": ["nobody-here"]}]}, 422),
        ({"rules": [{"users": ["olga"]}]}, 422),
        ({"rules": [{"users": [{"user": "ana", "weight": 0}]}]}, 422),
        ({"rules": [{"users": ["ana", "ben"], "overlap": 3}]}, 422),
        ({"rules": [{"overlap": 3}]}, 422),
        ({"rules": [{"where": "id:nowhere"}]}, 400),
        ({"rules": [{"where": "(((("}]}, 400),
        ({"seed": "7"}, 422),
        ({"seed": -1}, 422),
        ({"rules": [{"users": [f"u{n}" for n in range(10_000)]}]}, 422),
        ({"rules": []}, 422),
        ({"colour": "red"}, 422),
    ],
)
def test_a_bad_plan_is_refused_and_nothing_is_changed(team: Team, spec: Json, status: int) -> None:
    for path in ("assignments:preview", "assignments"):
        answer = team.ask("max", "POST", path, json=spec)
        assert answer.status_code == status, answer.text
    assert team.ask("max", "GET", "assignments").json()["assignments"] == []
    assert team.ask("max", "GET", "policies").json()["annotation"] == "shared"


def test_a_file_with_plans_is_sound(team: Team, store: Any) -> None:

    made = team.plan(rules=[{"overlap": 2, "mode": "pull"}], blind=True)
    for each in team.claim("ana", 4)["records"][:2]:
        team.answer("ana", each["id"])
    team.claim("ben", 3)
    team.log("eva", {"id": "r00", "inputs": {"text": "new text"}})
    team.client_as("eva").request("DELETE", "/api/datasets/talk/data?workspace=shared", json={"ids": ["r05"]})
    assert team.change(made, "withdraw", records=["r20"])["removed"] == 2
    assert list(problems_in(store)) == []

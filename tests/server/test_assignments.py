"""Sharing out over HTTP: look, make, work, change, explain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support import Client
from upkeep import problems_in

Json = Any
N = 30


class Team:
    """A dataset of thirty texts in `shared`, with one client a person; ana and ben annotate there."""

    def __init__(self, client_as: Any) -> None:
        self.client_as = client_as
        self.log("eva", *({"id": f"r{n:02}", "inputs": {"text": f"text {n}"}} for n in range(N)))

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        options.setdefault("params", {})["workspace"] = "shared"
        return self.client_as(who).request(method, f"/api/datasets/talk/{path}", **options)

    def log(self, who: str, *records: Json) -> Any:
        return self.ask(who, "POST", "TextClassification:bulk", json={"records": list(records)})

    def plan(self, **spec: Any) -> Json:
        answer = self.ask("max", "POST", "assignments", json={"seed": 7, **spec})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, plan: Json, verb: str, **sent: Any) -> Json:
        answer = self.ask("max", "POST", f"assignments/{plan['id']}:{verb}", json=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def claim(self, who: str, limit: int = 5, **more: Any) -> Json:
        answer = self.ask(who, "POST", "queue:claim", json={"limit": limit, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answer(self, who: str, id: str, label: str = "good", version: int = 0) -> Json:
        sent = {"value": {"labels": [{"class": label}]}, "state": "submitted", "version": version}
        answer = self.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, who: str, query: str) -> list[str]:
        answer = self.ask(who, "POST", "TextClassification:search", json={"query": {"query_text": query}})
        assert answer.status_code == 200, answer.text
        return [record["id"] for record in answer.json()["records"]]

    def rows(self, plan: Json, **params: Any) -> list[Json]:
        found: list[Json] = self.ask(
            "max", "GET", f"assignments/{plan['id']}/rows", params={"limit": 1000, **params}
        ).json()["rows"]
        return found

    def progress(self, who: str = "max") -> dict[str, Json]:
        return {each["annotator"]: each for each in self.ask(who, "GET", "progress").json()["annotators"]}


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


def test_claiming_leases_in_order_and_again_renews_without_taking_more(team: Team) -> None:
    team.plan(rules=[{"overlap": 1}], blind=True)
    first, again = team.claim("ana"), team.claim("ana")
    ids = [each["id"] for each in first["records"]]
    assert len(ids) == 5
    assert first["left"] == 10
    assert [each["id"] for each in again["records"]] == ids
    tokens = [[each["assignment"]["token"] for each in page["records"]] for page in (first, again)]
    assert tokens[0] == tokens[1]
    assert (
        "had the least to do" in first["records"][0]["assignment"]["reason"]
        or first["records"][0]["assignment"]["reason"]
    )


def test_an_answer_fills_the_slot_and_the_queue_goes_on(team: Team) -> None:
    team.plan(rules=[{"overlap": 1}], blind=True)
    for _ in range(3):
        for each in team.claim("ana")["records"]:
            assert team.answer("ana", each["id"])["counted"]
    empty = team.claim("ana")
    assert (empty["records"], empty["left"]) == ([], 0)
    assert (empty["why_empty"], empty["why_empty_text"]) == ("all_done", "everything assigned to you is done")
    assert team.progress()["ana"]["done"] == 15
    assert len(team.found("ana", "assignment:done")) == 15
    assert len(team.found("ben", "assignment:pending")) == 15


def test_open_slots_go_to_whoever_comes_and_never_twice_to_one(team: Team) -> None:
    team.plan(rules=[{"overlap": 2, "mode": "pull"}])
    seen: dict[str, list[str]] = {"ana": [], "ben": []}
    for who in ("ana", "ben", "ana", "ben"):
        for each in team.claim(who, 20)["records"]:
            seen[who].append(each["id"])
            assert team.answer(who, each["id"])["counted"]
    assert sorted(seen["ana"]) == sorted(seen["ben"]) == sorted(set(seen["ana"]))
    assert len(seen["ana"]) == N


def test_an_expired_lease_goes_back_and_the_late_answer_is_kept_as_an_extra(team: Team, clock: Any) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull", "lease": 30}], blind=True)
    first = team.claim("ana", 1)["records"][0]
    clock.pass_minutes(31)
    assert team.claim("ben", 1)["records"][0]["id"] == first["id"]
    late = team.answer("ana", first["id"], "late")
    assert not late["counted"]
    assert team.answer("ben", first["id"], "right")["counted"]
    assert (
        team.ask("max", "GET", f"records/{first['id']}").json()["annotation"]["labels"][0]["class"] == "right"
    )


@pytest.mark.parametrize("leased", [False, True])
def test_open_slots_of_others_are_not_filled_by_whoever_answers(team: Team, clock: Any, leased: bool) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull", "users": ["ana"]}], blind=True, visibility="dataset")
    first = team.ask("ana", "GET", "queue").json()["records"][0]["id"]
    if leased:
        assert team.claim("ana", 1)["records"][0]["id"] == first
    clock.pass_minutes(31)
    passer_by = team.answer("ben", first)
    assert (passer_by["counted"], passer_by["why"]) == (
        False,
        "for_others",
    )
    assert team.answer("ana", first)["counted"]
    assert team.claim("ben", 1)["records"] == []


def test_a_heartbeat_keeps_a_lease_and_a_release_gives_it_back(team: Team, clock: Any) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull"}])
    item = team.claim("ana", 1)["records"][0]
    lease = {"id": item["id"], "token": item["assignment"]["token"]}
    clock.pass_minutes(20)
    team.ask("ana", "POST", "queue:heartbeat", json={"leases": [lease]})
    clock.pass_minutes(20)
    assert team.claim("ben", 1)["records"][0]["id"] != item["id"]
    freed = team.ask("ana", "POST", "queue:release", json={"leases": [lease]}).json()
    assert freed["released"] == [item["id"]]
    gone = team.ask("ana", "POST", "queue:heartbeat", json={"leases": [lease]}).json()
    assert gone["leases"][0]["lease_until"] is None


@pytest.mark.parametrize(("skip", "left"), [("next_person", "ben"), ("back_to_me", "ana"), ("drop", None)])
def test_a_skipped_record_goes_on_as_the_rule_says(team: Team, skip: str, left: str | None) -> None:
    team.plan(rules=[{"where": "id:r00", "users": ["ana", "ben"], "mode": "pull", "skip": skip}])
    item = team.claim("ana", 1)["records"][0]
    sent = {"id": item["id"], "token": item["assignment"]["token"], "reason": "not my language"}
    assert team.ask("ana", "POST", "queue:skip", json=sent).status_code == 200
    for who in ("ana", "ben"):
        assert bool(team.claim(who)["records"]) is (who == left), who
        team.ask(who, "POST", "queue:release", json={})


def test_looking_at_the_queue_leases_nothing(team: Team) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull"}])
    looked = team.ask("ana", "GET", "queue").json()
    assert len(looked["records"]) == 5
    assert looked["records"][0]["assignment"]["token"] is None
    assert team.claim("ben", 1)["records"][0]["id"] == looked["records"][0]["id"]


def test_only_some_records_may_be_claimed(team: Team) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull"}])
    assert [each["id"] for each in team.claim("ana", where="id:r07")["records"]] == ["r07"]


def test_in_a_shared_dataset_one_answer_is_enough_for_a_record(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 1}])
    (row,) = [row for row in team.rows(made) if row["record"] == "r00"]
    other = "ben" if row["annotator"] == "ana" else "ana"
    team.answer(other, "r00")
    (row,) = [row for row in team.rows(made) if row["record"] == "r00"]
    assert row["state"] == "withdrawn"


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


def test_who_skipped_a_record_for_good_does_not_get_it_by_another_plan(team: Team) -> None:
    team.plan(rules=[{"overlap": 1, "mode": "pull", "skip": "drop"}])
    dropped = [each["id"] for each in team.claim("ana", 9)["records"]]
    for id in dropped:
        assert team.ask("ana", "POST", "queue:skip", json={"id": id}).status_code == 200
    rows = team.rows(team.plan(rules=[{"overlap": 1, "users": ["ana", "ben"]}]))
    assert {row["annotator"] for row in rows if row["record"] in dropped} == {"ben"}
    assert {row["annotator"] for row in rows} == {"ana", "ben"}


def test_a_record_that_two_plans_leave_open_is_before_somebody_once(team: Team, clock: Any) -> None:
    plans = [team.plan(rules=[{"overlap": 1, "mode": "pull"}], seed=seed) for seed in (3, 7)]
    assert team.claim("ana", 2)["left"] == N - 2
    for who in ("ben", "ana"):
        team.claim(who, 20)
    clock.pass_minutes(31)
    team.claim("ana", 20)  # ben's slots come first now
    rows = [row for plan in plans for row in team.rows(plan, state="leased") if row["annotator"] == "ana"]
    records = [row["record"] for row in rows]
    assert len(records) == len(set(records)) > 10


def test_what_somebody_was_at_when_a_plan_was_undone_is_still_before_them(team: Team) -> None:
    undone, other = (team.plan(rules=[{"overlap": 1, "mode": "pull"}], seed=seed) for seed in (3, 7))
    both = {each["id"] for each in team.claim("ben", 20)["records"]}
    assert {row["plan"] for row in team.rows(undone, state="leased")} == {undone["id"]}
    team.change(undone, "undo")
    assert both <= {each["id"] for each in team.claim("ben", 20)["records"]}
    begun = {row["record"] for row in team.rows(undone, state="leased")}
    foreign = {row["record"] for row in team.rows(other, state="leased")}
    assert min(len(begun), len(foreign)) > 0
    assert not begun & foreign
    assert begun & {each["id"] for each in team.claim("ana", 20)["records"]}  # for the other plan


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


def test_what_was_skipped_to_come_back_to_waits_for_open_slots_as_well(team: Team) -> None:
    team.plan(rules=[{"where": "id:(r00 OR r01)", "users": ["ana"], "mode": "pull", "skip": "back_to_me"}])
    item = team.claim("ana", 1)["records"][0]
    token = item["assignment"]["token"]
    team.ask("ana", "POST", "queue:skip", json={"id": item["id"], "token": token}).raise_for_status()
    assert [each["id"] for each in team.claim("ana")["records"]][-1] == item["id"]


def test_a_slot_that_somebody_elses_answer_ended_says_whose(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana"]}])
    team.answer("ben", "r03")
    (row,) = (row for row in team.rows(made) if row["record"] == "r03")
    assert (row["state"], row["note"]) == ("withdrawn", "done by ben")


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


def test_why_not_names_the_first_thing_in_the_way(team: Team) -> None:
    team.plan(rules=[{"users": ["ana", {"user": "ben", "cap": 3}]}])
    left = next(row for row in team.found("eva", "assigned_to:ana"))
    reply = team.ask("max", "GET", "explain", params={"record": left, "annotator": "ben"}).json()["why"]
    assert reply == [
        "ben has the 3 records that were agreed for rule 1.",
        "Its one answer is wanted from ana.",
    ]


def test_why_has_an_answer_for_those_who_have_a_record_and_those_who_have_not(team: Team) -> None:
    made = team.plan(rules=[{"overlap": 1}], blind=True)
    row = team.rows(made, annotator="ana")[0]
    reply = team.ask("ana", "GET", "explain", params={"record": row["record"]}).json()
    assert reply["assigned"]
    assert row["reason"] in reply["why"][0]
    unassigned = team.ask(
        "max", "GET", "explain", params={"record": row["record"], "annotator": "ben"}
    ).json()
    assert not unassigned["assigned"]
    assert "wanted from ana" in unassigned["why"][0]
    assert (
        team.ask("ana", "GET", "explain", params={"record": row["record"], "annotator": "ben"}).status_code
        == 403
    )


def test_the_mirror_shows_assignees_as_metadata_and_finds_them(team: Team) -> None:
    team.plan(rules=[{"overlap": 1}], mirror="user")
    mine = team.found("eva", "metadata.user:ana")
    assert len(mine) == 15
    assert team.ask("eva", "GET", f"records/{mine[0]}").json()["metadata"]["user"] == "ana"
    counts = team.ask("eva", "POST", "TextClassification:search", json={}).json()["aggregations"]
    assert counts["metadata"]["user"] == {"ana": 15, "ben": 15}


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


def test_my_work_names_what_is_left_everywhere(team: Team) -> None:
    team.plan(rules=[{"overlap": 1}], blind=True)
    team.answer("ana", team.claim("ana", 1)["records"][0]["id"])
    (item,) = team.client_as("ana").get("/api/me/work").json()["work"]
    assert (item["name"], item["left"], item["done"], item["assigned"]) == ("talk", 14, 1, 15)
    assert team.client_as("olga").get("/api/me/work").json()["work"] == []


def test_progress_tells_the_median_time_of_answers_when_asked(team: Team) -> None:
    team.plan(rules=[{"overlap": 2}], blind=True)
    for number, seconds in enumerate([2.0, 4.0, 90.0]):
        sent = {
            "value": {"labels": [{"class": "good"}]},
            "state": "submitted",
            "version": 0,
            "seconds": seconds,
        }
        team.ask("ana", "PUT", f"records/r0{number}/annotations/me", json=sent)
    draft = {**sent, "state": "draft", "seconds": 500.0}
    team.ask("ana", "PUT", "records/r03/annotations/me", json=draft)
    team.answer("ben", "r00")  # says nothing of how long it took
    assert team.progress()["ana"]["median_seconds"] is None
    for who, people in (("rita", {"ana": 4.0, "ben": None}), ("ben", {"ben": None}), ("ana", {"ana": 4.0})):
        asked = team.ask(who, "GET", "progress", params={"median": "true"}).json()["annotators"]
        assert {each["annotator"]: each["median_seconds"] for each in asked} == people


def test_annotators_see_their_own_progress_and_events(team: Team) -> None:
    team.plan(rules=[{"overlap": 2}], blind=True)
    team.answer("ana", "r00"), team.answer("ben", "r00", "bad")
    assert list(team.progress("ana")) == ["ana"]
    assert list(team.progress("rita")) == ["ana", "ben"]
    assert team.ask("rita", "GET", "progress").json()["in_conflict"] == 1
    assert team.ask("ana", "GET", "progress").json()["in_conflict"] == 0
    own = team.ask("ana", "GET", "events").json()["events"]
    assert {(each["who"], each["what"]) for each in own} == {("ana", "submitted")}
    everybodys = [each["what"] for each in team.ask("max", "GET", "events").json()["events"]]
    assert everybodys == ["submitted", "submitted", "assigned", "changed_policies"]


def test_the_activity_of_one_person_is_read_page_by_page_by_those_who_lead(team: Team) -> None:
    team.plan(rules=[{"overlap": 2}], blind=True)
    for n in range(3):
        team.answer("ana", f"r{n:02}"), team.answer("ben", f"r{n:02}")

    def events(who: str, **params: Any) -> Any:
        return team.ask(who, "GET", "events", params=params)

    first = events("rita", annotator="ana", limit=2).json()
    rest = events("rita", annotator="ana", limit=2, cursor=first["next"]).json()
    found = [(each["who"], each["record"]) for each in first["events"] + rest["events"]]
    assert found == [("ana", "r02"), ("ana", "r01"), ("ana", "r00")]
    assert rest["next"] is None
    assert [each["what"] for each in events("rita", annotator="max").json()["events"]] == [
        "assigned",
        "changed_policies",
    ]
    assert events("rita", annotator="no such person").json()["events"] == []
    assert len(events("ana", annotator="ana").json()["events"]) == 3
    refused = events("ana", annotator="ben")
    assert refused.status_code == 403
    assert "only their own activity" in refused.text


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


@pytest.mark.parametrize("mode", ["pull", "push"])
@pytest.mark.parametrize("skip", ["next_person", "back_to_me", "drop"])
@pytest.mark.parametrize("annotation", ["shared", "individual"])
def test_a_skip_is_taken_back(team: Team, mode: str, skip: str, annotation: str) -> None:
    team.ask("max", "PATCH", "policies", json={"annotation": annotation}).raise_for_status()
    rules = [{"where": "id:(r00 OR r01)", "users": ["ana", "ben"], "mode": mode, "skip": skip}]
    made = team.plan(rules=rules)
    before = team.rows(made)
    (item,) = team.claim("ana", 1)["records"]
    sent = {"id": item["id"], "token": item["assignment"]["token"]}
    team.ask("ana", "POST", "queue:skip", json=sent).raise_for_status()
    back = team.ask("ana", "POST", "queue:undo_skip", json={"id": item["id"]})
    assert back.status_code == 200, back.text
    assert team.claim("ana", 1)["records"][0]["assignment"]["token"] == back.json()["token"]
    team.ask("ana", "POST", "queue:release", json={}).raise_for_status()
    assert [(row["annotator"], row["state"]) for row in team.rows(made)] == [
        (row["annotator"], row["state"]) for row in before
    ]
    assert all(each["skipped"] == 0 for each in team.progress().values())


def test_a_skip_is_not_taken_back_once_somebody_else_has_the_record(team: Team) -> None:
    team.plan(rules=[{"where": "id:r00", "users": ["ana", "ben"], "mode": "pull", "skip": "next_person"}])
    (item,) = team.claim("ana", 1)["records"]
    team.ask("ana", "POST", "queue:skip", json={"id": "r00", "token": item["assignment"]["token"]})
    assert [each["id"] for each in team.claim("ben")["records"]] == ["r00"]
    refused = team.ask("ana", "POST", "queue:undo_skip", json={"id": "r00"})
    assert (refused.status_code, "Nothing was changed" in refused.text) == (409, True)
    assert team.ask("ben", "POST", "queue:undo_skip", json={"id": "r00"}).status_code == 409
    assert team.ask("rita", "POST", "queue:undo_skip", json={"id": "r00"}).status_code == 404


def test_a_skip_counts_for_who_skipped_whoever_gets_the_record(team: Team) -> None:
    made = team.plan(rules=[{"users": ["ana", "ben"], "skip": "next_person"}])
    mine = [row["record"] for row in team.rows(made) if row["annotator"] == "ana"]
    team.ask("ana", "POST", "queue:skip", json={"id": mine[0]}).raise_for_status()
    for seen_by in ("max", "ana"):
        ana = team.progress(seen_by)["ana"]
        assert (ana["assigned"], ana["skipped"]) == (len(mine), 1)
    (place,) = team.client_as("max").get("/api/team").json()["datasets"]
    assert [each["skipped"] for each in place["people"]] == [1, 0]
    team.change(made, "undo")
    assert all(each["skipped"] == 0 for each in team.progress().values())

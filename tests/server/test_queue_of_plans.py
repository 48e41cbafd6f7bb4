"""The queue over HTTP: claims, leases, answers and skips."""

from __future__ import annotations

from typing import Any

import pytest

from annotating_team import N, Team


@pytest.fixture
def team(client_as: Any) -> Team:
    return Team(client_as)


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

"""Progress, activity and reasons of plans over HTTP, as managers and annotators see them."""

from __future__ import annotations

from typing import Any

import pytest

from annotating_team import Team


@pytest.fixture
def team(client_as: Any) -> Team:
    return Team(client_as)


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

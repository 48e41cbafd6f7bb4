"""Time on task: everybody's is kept, whatever becomes of what they answered, and adds up to hours."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.individual.time_spent import hours_of, so_far
from dataset_client import DatasetClient
from support import FakeClock
from upkeep import problems_in

Json = Any
DAY = 24 * 3600 * 1_000_000


@pytest.fixture(params=["shared", "individual"])
def talk(request: Any, client_as: Any) -> DatasetClient:
    talk = DatasetClient(client_as, annotation=request.param, blind=False, required=1)
    assert talk.get("max", "policies")["annotation"] == request.param
    return talk


def send(
    talk: DatasetClient,
    who: str,
    id: str,
    seconds: float | None,
    state: str = "submitted",
    label: str | None = "good",
) -> Json:
    """Somebody's answer, on top of what they have."""
    version = talk.get(who, f"records/{id}/annotations/me")["version"]
    value = None if label is None else {"labels": [{"class": label}]}
    sent = {"value": value, "state": state, "version": version, "seconds": seconds}
    found = talk.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)
    assert found.status_code == 200, found.text
    return found.json()


def seconds_of(talk: DatasetClient, who: str) -> float:
    people = talk.get("max", "progress", median=True)["annotators"]
    return sum(float(each["seconds"]) for each in people if each["annotator"] == who)


def hours(talk: DatasetClient, who: str = "max", **params: Any) -> Json:
    return talk.get(who, "hours", **params)["rows"]


def test_time_is_shown_wherever_an_answer_is(talk: DatasetClient) -> None:
    assert send(talk, "ana", "a", 12.5)["seconds"] == 12.5
    assert talk.get("ana", "records/a/annotations/me")["seconds"] == 12.5
    (one,) = talk.get("max", "records/a/annotations")["annotations"]
    assert (one["annotator"], one["seconds"]) == ("ana", 12.5)
    (person,) = [
        each for each in talk.get("max", "progress", median=True)["annotators"] if each["annotator"] == "ana"
    ]
    assert (person["seconds"], person["median_seconds"]) == (12.5, 12.5)
    for format in ("jsonl", "csv"):
        file = talk.ask("max", "POST", "export", json={"format": format}).text
        assert "12.5" in file


def test_verify_finds_nothing_wrong_with_answers_and_their_time(talk: DatasetClient, store: Any) -> None:
    for id, seconds in (("a", 12.5), ("a", 20.0), ("b", None), ("b", 3.0), ("c", 0.1 + 0.2)):
        send(talk, "ana", id, seconds)
    send(talk, "ben", "a", 4)
    talk.ask("ana", "DELETE", "records/b/annotations/me").raise_for_status()
    assert problems_in(store) == []


def test_whoever_answered_before_keeps_their_time(talk: DatasetClient) -> None:
    send(talk, "ana", "a", 60)
    send(talk, "ben", "a", 20, label="bad")
    assert (seconds_of(talk, "ana"), seconds_of(talk, "ben")) == (60, 20)
    assert talk.get("ana", "records/a/annotations/me")["seconds"] == 60


def test_no_time_is_lost_by_answering_again_discarding_taking_back_or_undoing(talk: DatasetClient) -> None:
    send(talk, "ana", "a", 60)
    assert send(talk, "ana", "a", 5, label="bad")["seconds"] == 60, (
        "so far, in all: a smaller number changes nothing"
    )
    assert send(talk, "ana", "a", 75, "discarded")["seconds"] == 75
    assert talk.post("ana", "records/a/annotations/me:undo", {})["seconds"] == 75
    talk.ask("ana", "DELETE", "records/a/annotations/me").raise_for_status()
    assert seconds_of(talk, "ana") == 75
    assert send(talk, "ana", "a", 80)["seconds"] == 80
    assert seconds_of(talk, "ana") == 80


def test_a_draft_counts_once_it_is_answered(talk: DatasetClient) -> None:
    send(talk, "ana", "a", 30, "draft")
    assert (seconds_of(talk, "ana"), hours(talk)) == (0, [])
    send(talk, "ana", "a", 45)
    assert seconds_of(talk, "ana") == 45
    assert [(each["answers"], each["seconds"]) for each in hours(talk)] == [(1, 45)]


def test_a_new_text_or_a_removed_record_takes_no_time_away(talk: DatasetClient) -> None:
    send(talk, "ana", "a", 60)
    send(talk, "ana", "b", 30)
    record = {"id": "a", "inputs": {"text": "another"}}
    talk.post("eva", "TextClassification:bulk", {"records": [record]})
    talk.ask("max", "DELETE", "data", json={"ids": ["b"]}).raise_for_status()
    assert seconds_of(talk, "ana") == 90
    assert send(talk, "ana", "a", 70)["seconds"] == 70
    assert seconds_of(talk, "ana") == 100


def test_hours_lie_on_the_day_they_were_worked_and_add_up_to_progress(
    talk: DatasetClient, clock: FakeClock
) -> None:
    send(talk, "ana", "a", 3600)
    send(talk, "ben", "b", 90, "discarded", None)
    clock.time += DAY
    send(talk, "ana", "a", 3700)
    send(talk, "ana", "c", 800.25)
    rows = hours(talk)
    assert [(each["annotator"], each["answers"], each["seconds"], each["hours"]) for each in rows] == [
        ("ana", 1, 3600, 1.0), ("ana", 1, 900.25, 0.25), ("ben", 1, 90, 0.03),
    ]  # fmt: skip
    first, second, _ = [each["from"] for each in rows]
    assert [each["from"] for each in hours(talk, to=first)] == [first, first]
    assert [each["from"] for each in hours(talk, **{"from": second})] == [second]
    assert sum(each["seconds"] for each in rows if each["annotator"] == "ana") == seconds_of(talk, "ana")
    assert sum(each["seconds"] for each in hours(talk, by="month")) == 4590.25


def test_an_annotator_sees_their_own_hours_and_those_who_lead_see_everybodys(
    talk: DatasetClient, client_as: Any
) -> None:
    send(talk, "ana", "a", 10)
    send(talk, "ben", "b", 20)
    assert {each["annotator"] for each in hours(talk, "ana")} == {"ana"}
    assert {each["annotator"] for each in hours(talk, "rita")} == {"ana", "ben"}
    assert talk.ask("olga", "GET", "hours").status_code == 403
    whole = client_as("max").get("/api/workspaces/shared/hours").json()["rows"]
    assert [(each["dataset"], each["annotator"]) for each in whole] == [("talk", "ana"), ("talk", "ben")]
    assert {
        each["annotator"] for each in client_as("ben").get("/api/workspaces/shared/hours").json()["rows"]
    } == {"ben"}
    assert client_as("olga").get("/api/workspaces/shared/hours").status_code == 403


def test_hours_come_as_a_file_for_a_spreadsheet(talk: DatasetClient) -> None:
    send(talk, "ana", "a", 7200)
    answer = talk.ask("max", "GET", "hours", params={"format": "csv", "by": "week"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = csv.DictReader(StringIO(answer.text))
    assert (row["annotator"], row["answers"], row["hours"]) == ("ana", "1", "2.00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "yesterday"},
        {"from": "2026-02-30"},
        {"timezone": "Mars/Olympus"},
        {"from": "2026-02-02", "to": "2026-02-01"},
    ],
)
def test_dates_and_zones_that_are_none_are_refused_in_words(client_as: Any, wrong: Json) -> None:
    talk = DatasetClient(client_as)
    answer = talk.ask("max", "GET", "hours", params=wrong)
    assert answer.status_code == 400
    assert next(iter(wrong.values())) in answer.text


def test_a_copy_of_a_dataset_is_not_paid_twice(talk: DatasetClient, client_as: Any) -> None:
    send(talk, "ana", "a", 60)
    where = {"workspace": "shared"}
    client_as("max").put("/api/datasets/talk:copy", params=where, json={"name": "twin"}).raise_for_status()
    rows = client_as("max").get("/api/workspaces/shared/hours").json()["rows"]
    assert [(each["dataset"], each["seconds"]) for each in rows] == [("talk", 60)]


@given(st.lists(st.none() | st.floats(0, 1e7)))
def test_time_so_far_never_shrinks_and_is_the_most_that_was_said(sent: list[float | None]) -> None:
    found = None
    for each in sent:
        found = so_far(found, each)
    answer = [each for each in sent if each is not None]
    assert found == (max(answer) if answer else None)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 4000), st.integers(0, 1), st.integers(0, 10**9))
    ),
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_whatever_the_period_and_zone_the_rows_add_up(tx: list[Any], by: Any, zone: str) -> None:
    quarters = [(who, quarter * 900_000_000, n, ms) for who, quarter, n, ms in tx]
    rows = hours_of("talk", quarters, by, zone)
    for who in "ab":
        mine = [each for each in rows if each.annotator == who]
        assert sum(round(each.seconds * 1000) for each in mine) == sum(
            ms for w, _, _, ms in quarters if w == who
        )
        assert sum(each.answers for each in mine) == sum(n for w, _, n, _ in quarters if w == who)
        assert len({each.begins for each in mine}) == len(mine)

"""Reasons why somebody has a record: they hold of who has it now, whatever was changed since."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.domain.assignment import engines
from dataset_client import DatasetClient
from row_reasons import check_reasons, named

Json = Any
PEOPLE = ["ana", "ben", "rita", "max", "eva"]
IDS = [f"r{n:02}" for n in range(24)]


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, IDS, required=1)


def rows(talk: DatasetClient, plan: str) -> list[Json]:
    found: list[Json] = talk.get("max", f"assignments/{plan}/rows", limit=1000)["rows"]
    return found


def check(talk: DatasetClient, plan: str) -> int:
    """Check the reason of every row against the rows; return how many name somebody."""
    return check_reasons(rows(talk, plan))


def check_explained(talk: DatasetClient, plan: str) -> None:
    for row in rows(talk, plan):
        who, record = row["annotator"], row["record"]
        if who is None or row["state"] == "withdrawn":
            continue
        reply = talk.get("max", "explain", record=record, annotator=who)
        assert reply["assigned"]
        assert row["reason"] in " ".join(reply["why"])
        if who in ("ana", "ben"):  # who annotates is told of nobody else
            assert not any(named(each) for each in talk.get(who, "explain", record=record)["why"])


def test_reasons_name_only_people_who_have_the_record_now(talk: DatasetClient) -> None:
    rule = {"users": PEOPLE, "overlap": 3, "anchors": 2, "skip": "next_person"}
    made = talk.post("max", "assignments", {"rules": [{**rule, "where": "id:r0*"}, rule], "seed": 7})["id"]
    assert check(talk, made)

    first = next(row for row in rows(talk, made) if row["annotator"] == "ana" and row["phase"] == "fixed")
    talk.post("ana", "queue:skip", {"id": first["record"]})
    check(talk, made)
    talk.post("max", f"assignments/{made}:rebalance", {"users": PEOPLE[:-1]})
    check(talk, made)
    given = talk.post("max", f"assignments/{made}:move", {"to": "ben", "annotator": "rita"})
    assert given["moved"]
    check(talk, made)
    talk.post("max", f"assignments/{made}:withdraw", {"annotator": "max"})
    check(talk, made)
    more = [{"id": f"s{n}", "inputs": {"text": f"new {n}"}} for n in range(9)]
    talk.ask("eva", "POST", "TextClassification:bulk", json={"records": more}).raise_for_status()
    talk.post("max", f"assignments/{made}:extend", {})
    check(talk, made)
    check_explained(talk, made)


@pytest.mark.parametrize("overlap", [2, 3, "all"])
@pytest.mark.parametrize("skip", ["next_person", "drop", "back_to_me"])
def test_no_reason_says_that_people_have_a_record_together_once_one_of_them_has_not(
    talk: DatasetClient, overlap: Any, skip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "GREEDY_ROWS", 40)  # above, as for many records: groups of 3 in turn
    rule = {"users": PEOPLE[:3] if overlap == "all" else PEOPLE, "overlap": overlap, "skip": skip}
    made = talk.post("max", "assignments", {"rules": [rule], "seed": 7})["id"]
    first = rows(talk, made)
    check(talk, made)
    mine = [row["record"] for row in first if row["annotator"] == "ana"]
    talk.post("ana", "queue:skip", {"id": mine[0]})
    check(talk, made)
    talk.post("max", f"assignments/{made}:withdraw", {"records": mine[1:2], "annotator": "ana"})
    check(talk, made)
    if overlap != "all":
        others = {row["annotator"] for row in first if row["record"] == mine[2]}
        (to, *_) = (name for name in PEOPLE if name not in others)
        talk.post("max", f"assignments/{made}:move", {"records": mine[2:3], "annotator": "ana", "to": to})
        check(talk, made)
    now = {(row["record"], row["annotator"]): row["reason"] for row in rows(talk, made)}
    changed = [
        now[row["record"], row["annotator"]]
        for row in first
        if row["record"] == mine[1] and row["annotator"] != "ana"
    ]
    together = [row["reason"] for row in first if "next" in row["reason"] or "everyone" in row["reason"]]
    assert together
    assert not set(changed) & set(together)
    if skip == "next_person":
        check_explained(talk, made)


def test_whoever_took_an_open_slot_is_not_told_that_it_was_dealt_to_them(talk: DatasetClient) -> None:
    rule = {"users": ["ana", "ben", "rita"], "overlap": 2, "skip": "next_person"}
    made = talk.post("max", "assignments", {"rules": [rule], "seed": 7})["id"]
    skipped = next(row["record"] for row in rows(talk, made) if row["annotator"] == "ana")
    talk.post("ana", "queue:skip", {"id": skipped})
    on = {row["annotator"] for row in rows(talk, made) if row["record"] == skipped}
    (other,) = {"ben", "rita"} - on
    assert talk.put(other, skipped, "good").json()["counted"]
    (row,) = (each for each in rows(talk, made) if (each["record"], each["annotator"]) == (skipped, other))
    assert row["reason"] == "an open slot: whoever is free and eligible takes it"


def test_the_digest_is_the_same_whoever_is_listed_first(talk: DatasetClient) -> None:
    def digest(*users: Json) -> str:
        looked = talk.post("max", "assignments:preview", {"rules": [{"users": list(users)}], "seed": 7})
        return str(looked["digest"])

    capped = {"user": "ben", "cap": 9}
    assert digest("ana", capped, "rita") == digest("rita", "ana", capped)
    assert digest("ana", capped, "rita") != digest("rita", "ana", "ben")

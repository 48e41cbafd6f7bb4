"""Reasons why somebody has a record: they hold of who has it now, whatever was changed since."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from dataset_client import DatasetClient

Json = Any
PEOPLE = ["ana", "ben", "rita", "max", "eva"]
IDS = [f"r{n:02}" for n in range(24)]
NAMED = re.compile(r"(?:fewest records|nothing in common yet) with ([a-z, …]+?)(?: \(\d+\)|$)")


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, IDS, required=1)


def rows(talk: DatasetClient, plan: str) -> list[Json]:
    found: list[Json] = talk.get("max", f"assignments/{plan}/rows", limit=1000)["rows"]
    return found


def named(sentence: str) -> set[str]:
    found = NAMED.search(sentence)
    return set() if found is None else set(found[1].removesuffix(", …").split(", "))


def check(talk: DatasetClient, plan: str) -> int:
    """Check the reason of every row against the rows; return how many name somebody."""
    found, on = rows(talk, plan), defaultdict(set)
    for row in found:
        if row["state"] != "withdrawn" and row["annotator"] is not None:
            on[row["record"]].add(row["annotator"])
    for row in found:
        others = on[row["record"]] - {row["annotator"]}
        assert named(row["reason"]) <= others, row
    return sum(bool(named(row["reason"])) for row in found)


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

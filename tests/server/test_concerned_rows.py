"""Changes of a plan read only the records of the people concerned, and come to what reading all of them would."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from apportion.services.assignments import compute_change
from dataset_client import DatasetClient

IDS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def talk(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, ids=IDS, annotation="individual", required=1)


def loads(talk: DatasetClient, plan: str) -> Counter[str]:
    rows = talk.get("max", f"assignments/{plan}/rows", limit=200)["rows"]
    return Counter(row["annotator"] for row in rows if row["state"] != "withdrawn")


@pytest.mark.parametrize("all_rows", [False, True])
@pytest.mark.parametrize(
    ("users", "left"),
    [
        ([{"user": "ana", "cap": 5}, "ben"], {"ana": 5, "ben": 21}),
        (["ben"], {"ben": 26}),
        (["ana", {"user": "ben", "cap": 20}], {"ana": 13, "ben": 13}),
    ],
)
def test_a_rebalance_moves_what_is_above_a_cap_or_of_who_left(
    talk: DatasetClient, monkeypatch: pytest.MonkeyPatch, all_rows: bool, users: Any, left: dict[str, int]
) -> None:
    if all_rows:
        monkeypatch.setattr(compute_change, "_gives_up_rows_alone", lambda *_: False)
    spec = {"rules": [{"users": ["ana", "ben"], "overlap": 1}], "seed": 7}
    plan = talk.post("max", "assignments", spec)["id"]

    changed = talk.post("max", f"assignments/{plan}:rebalance", {"users": users})

    assert (loads(talk, plan), changed["moved"]) == (left, 13 - left.get("ana", 0))


def test_what_a_person_has_by_another_plan_is_refused_by_name(talk: DatasetClient) -> None:
    first, second = (
        talk.post(
            "max",
            "assignments",
            {"rules": [{"users": [name], "overlap": 1, "where": "id:(a OR b)"}], "seed": 7},
        )["id"]
        for name in ("ana", "ben")
    )

    changed = talk.post("max", f"assignments/{first}:move", {"to": "ben", "annotator": "ana"})

    assert changed["moved"] == 0
    assert [each["why"] for each in changed["refused"]] == ["ben is on this record already"] * 2
    assert loads(talk, second) == {"ben": 2}

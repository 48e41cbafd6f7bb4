"""A 1.x notebook and a dataset in which everybody has an annotation of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import apportion as rg

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

NAME = "everybodys"


def test_loading_and_logging_back_changes_nobodys_answer(
    official: Callable[..., Any], live_server: str
) -> None:
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        records = [rg.TextClassificationRecord(text=f"text {n}", id=f"r{n}") for n in range(4)]
        admin.log(records, NAME, verbose=False)
        admin.assign(NAME, users=["ana", "ben"], overlap=2, blind=True)
        for who, label in (("ana", "good"), ("ben", "bad")):
            with rg.Client(live_server, f"{who}.apikey", "recognai") as person:
                person.submit(NAME, "r0", label)
                person.submit(NAME, "r1", "same")

        seen = official("individual", name=NAME, new="r2")

        assert seen["admin"] == {
            "r0": ["Edited", None, None],
            "r1": ["Validated", "same", "consensus:majority"],
            "r2": ["Default", None, None],
            "r3": ["Default", None, None],
        }
        assert seen["ana"]["r0"] == ["Validated", "good", "ana"]
        after = admin.load(NAME, annotations="individual")
        assert [record.annotations for record in after] == [
            {"ana": "good", "ben": "bad"},
            {"ana": "same", "ben": "same"},
            {"ana": "from a notebook"},
            {},
        ]
        assert [record.status for record in after] == ["Edited", "Validated", "Edited", "Default"]
        assert {record.metadata["seen"] for record in after} == {"by a notebook"}

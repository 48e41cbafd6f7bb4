"""``annotators_may``: what a shared dataset lets annotators do besides annotating, and what it refuses whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SHARED = {"X-Argilla-Workspace": "shared"}
BULK = "TextClassification:bulk"
RECORD = {"id": "a", "inputs": {"text": "good soup"}, "metadata": {"n": 1}}

Ask = Callable[..., Any]


@pytest.fixture
def ask(client_as: Any) -> Ask:
    """Asks about a dataset of one record."""

    def asked(who: str, method: str, path: str, body: Any = None) -> Any:
        return client_as(who).request(method, f"/api/datasets/reviews{path}", headers=SHARED, json=body)

    asked("eva", "POST", f"/{BULK}", {"records": [RECORD], "tags": {"kind": "demo"}}).raise_for_status()
    return asked


WRITES: dict[str, tuple[str, str, Any]] = {
    "add_records": ("POST", f"/{BULK}", {"records": [RECORD, {**RECORD, "id": "new"}]}),
    "edit_metadata": ("POST", f"/{BULK}", {"records": [{**RECORD, "metadata": {"n": 2}}]}),
    "edit_metadata by patch": ("PATCH", "/records/a", {"metadata": {"n": 2}}),
    "edit_tags": ("POST", f"/{BULK}", {"records": [RECORD], "tags": {"kind": "other"}}),
    "edit_tags by patch": ("PATCH", "", {"tags": {"kind": "other"}}),
    "discard_by_query": ("DELETE", "/data?mark_as_discarded=true", {"ids": ["a"]}),
}


def state(ask: Ask) -> Any:
    found = ask("eva", "POST", "/records/:search", {}).json()["records"]
    return [(each["id"], each["metadata"], each["status"]) for each in found], ask("eva", "GET", "").json()


@pytest.mark.parametrize("what", WRITES)
def test_annotators_may_by_default_and_not_where_it_is_taken_away(ask: Ask, what: str) -> None:
    right, (method, path, body) = what.split()[0], WRITES[what]
    rest = [
        each for each in ("add_records", "edit_metadata", "edit_tags", "discard_by_query") if each != right
    ]
    ask("max", "PATCH", "/policies", {"annotators_may": rest}).raise_for_status()
    before = state(ask)

    refused = ask("ana", method, path, body)

    assert refused.status_code == 403
    assert "annotators of dataset reviews may not" in refused.json()["detail"]["params"]["detail"]
    assert state(ask) == before
    assert ask("rita", method, path, body).status_code == 200  # a reviewer is more than an annotator
    ask("max", "PATCH", "/policies", {"annotators_may": [*rest, right]}).raise_for_status()
    assert ask("ana", method, path, body).status_code == 200


def test_annotating_needs_no_such_right(ask: Ask) -> None:
    ask("max", "PATCH", "/policies", {"annotators_may": []}).raise_for_status()
    given = {"agent": "ana", "labels": [{"class": "good"}]}

    answer = ask(
        "ana", "POST", f"/{BULK}", {"records": [{**RECORD, "annotation": given, "status": "Validated"}]}
    )

    assert answer.status_code == 200
    assert state(ask)[0] == [("a", {"n": 1}, "Validated")]


def test_a_refusal_names_the_records(ask: Ask) -> None:
    ask("max", "PATCH", "/policies", {"annotators_may": ["edit_metadata"]}).raise_for_status()
    new = [{**RECORD, "id": f"new-{n}"} for n in range(7)]

    result = ask("ana", "POST", f"/{BULK}", {"records": new}).json()["detail"]["params"]["detail"]

    assert "may not add records ('new-0', 'new-1', 'new-2', 'new-3', 'new-4' and 2 more)" in result

"""Very many records in one request are stored in parts: all of them in the end, or none."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.server.routers import bulk
from apportion.services.records import input_parts
from apportion.services.records.log_in_parts import find_for_parts
from apportion.storage.sql.writer import Writer

PARTS = 4


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten records are many, and three a part."""
    monkeypatch.setattr(bulk, "_MANY", 9)
    monkeypatch.setattr(input_parts, "AT_ONCE", 3)


def records(many: int = 10, **more: Any) -> list[Any]:
    return [{"id": n, "inputs": {"text": f"number {n}"}, **more} for n in range(many)]


def logged(client: Any, sent: Any, name: str = "big", **more: Any) -> Any:
    url = f"/api/datasets/{name}/TextClassification:bulk?workspace=shared"
    return client.post(url, json={"records": sent, **more})


def found(client: Any, name: str = "big") -> Any:
    url = f"/api/datasets/{name}/TextClassification:search?workspace=shared"
    return client.post(url, json={}).json()


def test_they_are_all_there_in_a_new_dataset_and_in_one_that_is_there(client_as: Any) -> None:
    max_ = client_as("max")
    first = logged(max_, records(), tags={"from": "one"})
    again = logged(max_, records(12, metadata={"round": 2}), tags={"to": "two"}, metadata={"m": 1})
    assert [each.json() for each in (first, again)] == [
        {"dataset": "big", "processed": 10, "failed": 0},
        {"dataset": "big", "processed": 12, "failed": 0},
    ]
    page = found(max_)
    assert page["total"] == 12
    assert all(each["metadata"] == {"round": 2} for each in page["records"])
    dataset = max_.get("/api/datasets/big?workspace=shared").json()
    assert (dataset["tags"], dataset["metadata"]) == ({"from": "one", "to": "two"}, {"m": 1})


def test_others_write_between_the_parts(client_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    max_ = client_as("max")
    logged(max_, records())
    writes = 0
    write = Writer.write

    def counted(self: Any, fn: Any, **how: Any) -> Any:
        nonlocal writes
        writes += 1
        return write(self, fn, **how)

    monkeypatch.setattr(Writer, "write", counted)
    assert logged(max_, records()).status_code == 200
    assert writes >= 2 * PARTS + 2  # each is kept first, then stored


def test_one_bad_record_refuses_all_and_nothing_is_stored(client_as: Any) -> None:
    max_ = client_as("max")
    bad = [*records(), {"id": "bad", "inputs": {"text": "b"}, "metadata": {f"k{n}": n for n in range(60)}}]
    assert logged(max_, bad).status_code == 400
    assert max_.get("/api/datasets/big?workspace=shared").status_code == 404

    logged(max_, records(1))
    unlike = records(multi_label=True)
    assert logged(max_, unlike).status_code == 400
    assert logged(max_, bad, tags={"from": "bad"}).status_code == 400
    assert found(max_)["total"] == 1
    assert max_.get("/api/datasets/big?workspace=shared").json()["tags"] == {}


def test_who_may_not_log_is_refused_before_anything_is_stored(client_as: Any) -> None:
    assert logged(client_as("ana"), records(), "new").status_code == 403
    logged(client_as("max"), records(1))
    client_as("max").put("/api/datasets/big:close?workspace=shared")
    assert logged(client_as("max"), records()).status_code == 400


def test_the_audit_log_says_the_same_as_of_few_records(client_as: Any) -> None:
    max_ = client_as("max")
    logged(max_, records(2))
    logged(max_, records())
    events = client_as("eva").get("/api/audit").json()["events"]
    many, few = (each for each in events if each["what"] == "logged_records")
    assert (many["detail"], few["detail"]) == ({"records": 10}, {"records": 2})
    assert (many["who"], many["dataset"]) == (few["who"], few["dataset"])


def test_a_dataset_that_somebody_made_meanwhile_gets_them_too(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_ = client_as("max")
    logged(max_, records(1))
    looks = 0

    def as_if_new(*given: Any, **how: Any) -> Any:
        nonlocal looks
        looks += 1
        return None if looks == 1 else find_for_parts(*given, **how)

    monkeypatch.setattr(bulk, "find_for_parts", as_if_new)
    assert logged(max_, records()).status_code == 200
    assert found(max_)["total"] == 10


def test_where_people_have_answers_of_their_own_it_stays_one_transaction(client_as: Any) -> None:
    max_ = client_as("max")
    logged(max_, records(2))
    policies = "/api/datasets/big/policies?workspace=shared"
    assert max_.patch(policies, json={"annotation": "individual"}).status_code == 200
    assert logged(max_, records()).json()["kept"] == 0
    unknown = records(annotations={"nobody": {"labels": [{"class": "x"}]}})
    assert logged(max_, unknown).status_code == 422
    assert found(max_)["total"] == 10

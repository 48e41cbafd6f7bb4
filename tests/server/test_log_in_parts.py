"""Very many records in one request are stored in parts: all of them in the end, or none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from apportion.server.routers import bulk
from apportion.services.records import input_parts, log_in_parts
from apportion.services.records.log_in_parts import find_for_parts
from apportion.storage.sql.writer import Writer
from patience import until

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


def shown(client: Any) -> dict[str, Any]:
    """Return each record by its id: its agent, whose answers it has, and its metadata."""
    return {
        str(each["id"]): (
            (each.get("annotation") or {}).get("agent"),
            sorted(each.get("annotations") or {}),
            each.get("metadata") or {},
        )
        for each in found(client)["records"]
    }


TEN = [str(n) for n in range(10)]


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


GOOD = {"labels": [{"class": "good"}]}
DATASET = "/api/datasets/big"
SHARED = {"workspace": "shared"}


def individual(client_as: Any, **policies: Any) -> Any:
    """Log records into a dataset in which everybody has answers of their own; return a manager's client."""
    max_ = client_as("max")
    logged(max_, records())
    policies = {"annotation": "individual", **policies}
    assert max_.patch(f"{DATASET}/policies", params=SHARED, json=policies).status_code == 200
    return max_


def writes_of(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that grows with each write."""
    found: list[Any] = []
    write = Writer.write

    def noted(self: Any, fn: Any, **how: Any) -> Any:
        found.append(fn)
        return write(self, fn, **how)

    monkeypatch.setattr(Writer, "write", noted)
    return found


def annotated(agent: str = "whoever", **more: Any) -> list[Any]:
    return records(annotation={"agent": agent, **GOOD}, status="Validated", **more)


def test_a_manager_s_decisions_and_people_s_answers_go_in_parts(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_ = individual(client_as)
    writes = writes_of(monkeypatch)
    sent = records(annotations={"ana": GOOD}, metadata={"round": 2})
    assert logged(max_, sent).json() == {"dataset": "big", "processed": 10, "failed": 0, "kept": 0}
    assert len(writes) >= 2 * PARTS + 2
    assert logged(max_, sent).json()["kept"] == 10  # they are there already
    bad = {"labels": [{"class": "bad"}]}
    decided = [{**each, "annotation": {"agent": "x", **bad}, "status": "Validated"} for each in records()]
    assert logged(max_, decided).json()["kept"] == 0
    assert shown(max_) == dict.fromkeys(TEN, ("adjudicated:max", ["ana"], {}))


def test_the_last_of_two_records_with_one_id_counts_alone(client_as: Any) -> None:
    max_ = individual(client_as)
    twice = [*records(1, annotation={"agent": "x", **GOOD}, status="Validated"), *records()]
    assert logged(max_, twice).json()["processed"] == 11
    assert shown(max_) == dict.fromkeys(TEN, (None, [], {}))


def test_an_unknown_person_or_label_refuses_all_of_them(client_as: Any) -> None:
    max_ = individual(client_as)
    late = [*records(11, metadata={"new": 1}), *records(12, annotations={"nobody": GOOD})[-1:]]
    assert logged(max_, late).status_code == 422
    settings = {"label_schema": {"labels": [{"name": "bad"}]}}
    saved = max_.put(f"{DATASET}/TextClassification/settings", params=SHARED, json=settings)
    assert saved.status_code == 200
    assert logged(max_, annotated()).status_code == 400
    assert shown(max_) == dict.fromkeys(TEN, (None, [], {}))


def test_an_annotator_s_own_answers_go_in_parts(client_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    max_, ana = individual(client_as), client_as("ana")
    writes = writes_of(monkeypatch)
    sent = annotated(metadata={"not": "theirs"})
    assert logged(ana, sent, tags={"not": "theirs"}).json()["kept"] == 0
    assert len(writes) >= 2 * PARTS + 2
    assert logged(ana, sent).json()["kept"] == 10
    assert shown(max_) == dict.fromkeys(TEN, ("ana", ["ana"], {}))
    assert max_.get(DATASET, params=SHARED).json()["tags"] == {}


def test_what_an_annotator_may_not_log_is_refused_whole(client_as: Any) -> None:
    max_, ana = individual(client_as), client_as("ana")
    others = annotated()
    others[8]["inputs"] = others[9]["inputs"] = {"text": "not what it says"}
    refused = logged(ana, others)
    assert (refused.status_code, refused.json()["detail"]["params"]["ids"]) == (409, ["8", "9"])
    new = logged(ana, [*annotated(), *records(11, annotation={"agent": "x", **GOOD})[-1:]])
    assert new.status_code == 403
    assert shown(max_) == dict.fromkeys(TEN, (None, [], {}))
    assert (
        max_.patch(f"{DATASET}/policies", params=SHARED, json={"visibility": "assigned"}).status_code == 200
    )
    assert logged(ana, annotated()).status_code == 404


def test_an_annotator_signs_what_they_log_in_a_shared_dataset(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_, ana = client_as("max"), client_as("ana")
    logged(max_, records())
    writes = writes_of(monkeypatch)
    assert logged(ana, annotated("ben")).json()["processed"] == 10
    assert len(writes) >= 2 * PARTS + 2
    assert shown(max_) == dict.fromkeys(TEN, ("ana", ["ana"], {}))
    may = {"annotators_may": ["add_records"]}
    assert max_.patch(f"{DATASET}/policies", params=SHARED, json=may).status_code == 200
    refused = logged(ana, records(metadata={"a": 1}))
    assert refused.status_code == 403
    assert shown(max_) == dict.fromkeys(TEN, ("ana", ["ana"], {}))


@pytest.mark.parametrize("mode", ["shared", "individual"])
def test_what_breaks_off_is_finished_by_a_job_with_the_same_rights(
    client_as: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    max_ = individual(client_as) if mode == "individual" else client_as("max")
    logged(max_, records())
    ana, add, calls = client_as("ana"), input_parts._add_part, 0

    def broken(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("broken off")
        return add(*given)

    monkeypatch.setattr(input_parts, "_add_part", broken)
    goes_on = logged(ana, annotated("ben"))
    id = re.search(r"job ([\w-]+)", goes_on.text)
    assert (goes_on.status_code, id is not None) == (500, True), goes_on.text
    assert id is not None
    job = until(lambda: (found_job := ana.get(f"/api/jobs/{id[1]}").json())["state"] == "done" and found_job)
    assert job["done"] == PARTS
    assert shown(max_) == dict.fromkeys(TEN, ("ana", ["ana"], {}))


def test_what_others_changed_meanwhile_is_left_as_it_is(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_, ana, check = individual(client_as), client_as("ana"), log_in_parts.check_log

    def then_changed(*given: Any) -> Any:
        checked = check(*given)
        changed = {"id": 0, "inputs": {"text": "another text"}}
        assert logged(max_, [changed]).status_code == 200
        assert (
            max_.request("DELETE", f"{DATASET}/data", params=SHARED, json={"ids": ["1"]}).status_code == 200
        )
        return checked

    monkeypatch.setattr(bulk, "check_log", then_changed)
    assert logged(ana, annotated()).json()["kept"] == 2
    wanted: dict[str, Any] = {"0": (None, [], {}), **dict.fromkeys(TEN[2:], ("ana", ["ana"], {}))}
    assert shown(max_) == wanted

"""Logging, searching, scanning, changing and deleting records over HTTP, as 1.x clients do."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from support import Client

SHARED = {"workspace": "shared"}
TEXT = "TextClassification"
TOKEN = "TokenClassification"


def text_record(id: str | int, text: str = "good soup", **more: Any) -> dict[str, Any]:
    return {"id": id, "inputs": {"text": text}, **more}


def label(name: str, agent: str = "eva", score: float = 1.0) -> dict[str, Any]:
    return {"agent": agent, "labels": [{"class": name, "score": score}]}


def log(
    client: Client, *records: dict[str, Any], name: str = "reviews", task: str = TEXT, **more: Any
) -> Any:
    body = {"records": list(records), **more}
    return client.post(f"/api/datasets/{name}/{task}:bulk", params=SHARED, json=body)


def search(
    client: Client, query: str | None = None, name: str = "reviews", task: str = TEXT, **more: Any
) -> Any:
    params: dict[str, Any] = {
        **SHARED,
        **{key: more.pop(key) for key in ("limit", "from", "facets", "include_metrics") if key in more},
    }
    body = {"query": {"query_text": query, **more.pop("filters", {})}, **more}
    answer = client.post(f"/api/datasets/{name}/{task}:search", params=params, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def scan(client: Client, name: str = "reviews", **body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.post(
            f"/api/datasets/{name}/records/:search", params={**SHARED, "limit": 2}, json=body
        ).json()
        if not page["records"]:
            return found
        found += page["records"]
        body["next_page_cfg"] = page["next_page_cfg"]


def ids(answer: Any) -> list[Any]:
    return [record["id"] for record in answer["records"]]


def test_what_was_logged_is_found_at_once(client: Client) -> None:
    answer = log(
        client, text_record(1), text_record("b", "bad tea"), tags={"kind": "demo", "with assignments": True}
    )
    assert answer.json() == {"dataset": "reviews", "processed": 2, "failed": 0}

    found = search(client, "soup")
    assert found["total"] == 1
    (record,) = found["records"]
    assert record.pop("last_updated")
    assert record == {
        "id": 1, "status": "Default", "inputs": {"text": "good soup"}, "multi_label": False, "metrics": {},
        "search_keywords": ["soup"],
    }  # fmt: skip
    dataset = client.get("/api/datasets/reviews", params=SHARED).json()
    assert dataset["tags"] == {"kind": "demo", "with assignments": "True"}


def test_logging_again_replaces_the_whole_record(client: Client) -> None:
    log(client, text_record(1, metadata={"user": "ana", "n": 3}, prediction=label("A")))
    log(client, text_record(1, "new text", metadata={"user": "ben"}))

    assert search(client, "soup")["total"] == 0
    assert search(client, "metadata.user:ben AND text:new")["total"] == 1
    (record,) = search(client)["records"]
    assert record["metadata"] == {"user": "ben"}
    assert "prediction" not in record


def test_the_facets_count_the_matches(client: Client) -> None:
    log(
        client,
        text_record(
            1,
            prediction=label("A", "model", 0.9),
            annotation=label("A"),
            status="Validated",
            metadata={"user": "ana"},
        ),
        text_record(
            2,
            prediction=label("B", "model", 0.8),
            annotation=label("A"),
            status="Validated",
            metadata={"user": "ben"},
        ),
        text_record(3, metadata={"user": "ben"}),
    )
    counts = search(client)["aggregations"]
    assert counts["status"] == {"Validated": 2, "Default": 1}
    assert counts["annotated_as"] == {"A": 2}
    assert counts["predicted_as"] == {"A": 1, "B": 1}
    assert counts["predicted"] == {"ko": 1, "ok": 1}
    assert counts["metadata"] == {"user": {"ben": 2, "ana": 1}}
    assert counts["words"] == {"good": 3, "soup": 3}
    assert counts["annotated_by"] == {"eva": 2}
    assert counts["predicted_by"] == {"model": 2}
    assert next(iter(counts["score"].items())) == ("0.8", 1)
    assert len(counts["score"]) == 101

    narrowed = search(client, filters={"metadata": {"user": ["ben"]}})
    assert narrowed["total"] == 2
    assert narrowed["aggregations"]["status"] == {"Default": 1, "Validated": 1}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": ["Validated"]}, [1]),
        ({"annotated_by": ["eva"]}, [1]),
        ({"predicted_as": ["B"]}, [2]),
        ({"predicted": "ok"}, [1]),
        ({"score": {"from": 0.85}}, [1]),
        ({"has_annotation": True}, [1]),
        ({"ids": [2, "nobody"], "status": ["Validated"]}, [2]),
        ({"metadata": {"user": []}}, []),
        ({"metadata": {"user": "ana"}, "has_prediction": True}, [1]),
        ({"uncovered_by_rules": ["metadata.user:ana"]}, [2, 3]),
    ],
)
def test_the_filters_of_1x(client: Client, filters: dict[str, Any], expected: list[int]) -> None:
    log(
        client,
        text_record(
            1,
            prediction=label("A", "m", 0.9),
            annotation=label("A"),
            status="Validated",
            metadata={"user": "ana"},
        ),
        text_record(2, prediction=label("B", "m", 0.8), metadata={"user": "ben"}),
        text_record(3),
    )
    assert ids(search(client, filters=filters)) == expected


def test_ids_are_kept_as_sent_and_sorted_as_text(client: Client) -> None:
    log(client, *[text_record(id) for id in (2, 11, "1str", "11str", 1, "007", 12345678901234567890)])
    assert ids(search(client)) == ["007", 1, 11, "11str", 12345678901234567890, "1str", 2]
    assert [record["id"] for record in scan(client)] == [
        "007", "1", "11", "11str", "12345678901234567890", "1str", "2",
    ]  # fmt: skip


def test_a_scan_pages_through_everything_in_any_order(client: Client) -> None:
    log(client, *[text_record(n, metadata={"rank": n % 3}) for n in range(7)])
    assert [r["id"] for r in scan(client)] == [str(n) for n in range(7)]
    down = scan(client, sort_by=[{"id": "metadata.rank", "order": "desc"}])
    assert [r["id"] for r in down] == ["2", "5", "1", "4", "0", "3", "6"]
    assert [r["id"] for r in scan(client, query={"query_text": "metadata.rank:1"}, fields=["id"])] == [
        "1",
        "4",
    ]
    assert [r["id"] for r in scan(client, next_idx="4")] == ["5", "6"]


def test_a_scanned_record_keeps_its_nulls(client: Client) -> None:
    log(client, text_record(1, prediction=label("A", "m", 0.7)))
    (record,) = scan(client)
    assert record.pop("last_updated")
    assert record == {
        "id": "1", "metadata": None, "event_timestamp": None, "status": "Default",
        "prediction": {"agent": "m", "labels": [{"class_label": "A", "score": 0.7}]}, "annotation": None,
        "vectors": None, "predictions": {"m": {"agent": None, "labels": [{"class_label": "A", "score": 0.7}]}},
        "annotations": None, "metrics": {"text_length": 9}, "inputs": {"text": "good soup"}, "multi_label": False,
        "explanation": None, "text": "good soup",
    }  # fmt: skip


@pytest.mark.parametrize("id", ["a/b", "..", "a?b", "%2F", "1234567890123456789", "日本 🍜", "a#b"])
def test_any_id_can_be_addressed(client: Client, id: str) -> None:
    log(client, text_record(id))
    path = f"/api/datasets/reviews/records/{quote(id, safe='')}"
    if id == "..":
        path = "/api/datasets/reviews/records/%2E%2E"
    answer = client.get(path, params=SHARED)
    assert answer.status_code == 200
    assert str(answer.json()["id"]) == id
    patched = client.patch(path, params=SHARED, json={"status": "Discarded", "metadata": {"k": {"l": 1}}})
    assert patched.json()["status"] == "Discarded"
    assert patched.json()["metadata"] == {"k.l": 1}
    assert search(client, "status:Discarded AND metadata.k.l:1")["total"] == 1


def test_a_missing_record_is_named(client: Client) -> None:
    log(client, text_record(1))
    answer = client.get("/api/datasets/reviews/records/x", params=SHARED)
    assert answer.status_code == 404
    assert answer.json()["detail"] == {
        "code": "argilla.api.errors::RecordNotFound",
        "params": {"dataset": "shared.reviews", "id": "x", "name": "shared.reviews.x", "type": "Record"},
    }


def test_a_bad_query_is_refused_with_its_position(client: Client) -> None:
    log(client, text_record(1))
    for path in (f"{TEXT}:search", "records/:search"):
        answer = client.post(
            f"/api/datasets/reviews/{path}", params=SHARED, json={"query": {"query_text": "!"}}
        )
        assert answer.status_code == 400
        detail = answer.json()["detail"]
        assert detail["code"] == "argilla.api.errors::InvalidTextSearchError"
        assert detail["params"]["message"] == "Failed to parse query [!]"


def test_delete_and_discard_by_query(client: Client) -> None:
    log(client, *[text_record(n, metadata={"n": n}) for n in range(5)])
    path = "/api/datasets/reviews/data"

    def delete(body: Any, **params: Any) -> Any:
        return client.request("DELETE", path, params={**SHARED, **params}, json=body).json()

    assert delete({"query_text": "metadata.n:[3 TO 4]"}, mark_as_discarded="True") == {
        "matched": 2,
        "processed": 2,
    }
    assert search(client)["aggregations"]["status"] == {"Default": 3, "Discarded": 2}
    assert delete({"query": {"ids": [0]}}) == {"matched": 1, "processed": 1}
    assert ids(search(client)) == [1, 2, 3, 4]
    answer = client.request("DELETE", path, params=SHARED, json={"nonsense": 1})
    assert answer.status_code == 422
    assert search(client)["total"] == 4
    assert delete({"query_text": "*"}) == {"matched": 4, "processed": 4}
    assert delete({"query_text": "*"}) == {"matched": 0, "processed": 0}


def test_vectors_find_the_nearest(client: Client) -> None:
    log(
        client,
        *[
            text_record(n, vectors={"v": {"value": [n, 0.5]}}, metadata={"even": n % 2 == 0})
            for n in range(6)
        ],
    )
    near = {"vector": {"name": "v", "value": [3.2, 0.5], "k": 3}}
    found = search(client, filters=near)
    assert ids(found) == [3, 4, 2]
    assert found["total"] == 3
    assert found["records"][0]["vectors"] == {"v": {"value": [3.0, 0.5]}}
    assert ids(search(client, "metadata.even:true", filters=near)) == [4, 2, 0]
    wrong = log(client, text_record(9, vectors={"v": {"value": [1]}}))
    assert wrong.status_code == 400
    assert "2" in wrong.text
    assert search(client)["total"] == 6


def test_one_bad_record_refuses_the_whole_request(client: Client) -> None:
    log(client, text_record(1))
    bad = text_record(3, annotation={"agent": "eva", "labels": []}, status="Validated")
    answer = log(client, text_record(2), bad, tags={"no": "way"})
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]["params"]["errors"]
    assert error["loc"][:2] == ["records", 1]
    assert search(client)["total"] == 1
    assert client.get("/api/datasets/reviews", params=SHARED).json()["tags"] == {}


def test_a_failed_first_request_leaves_no_dataset(client: Client) -> None:
    answer = log(client, {"id": 1}, name="fresh")
    assert answer.status_code == 422
    assert client.get("/api/datasets/fresh", params=SHARED).status_code == 404


def test_clashing_metadata_names_each_bad_record(client: Client) -> None:
    log(client, text_record(1, metadata={"n": 1}))
    answer = log(client, text_record(2, metadata={"n": 2}), text_record(3, metadata={"n": "three"}))
    detail = answer.json()["detail"]
    assert answer.status_code == 400
    assert detail["code"].endswith("BulkDataError")
    assert "'3'" in detail["params"]["errors"][0]["reason"]
    assert ids(search(client)) == [1]


def test_more_than_fifty_metadata_keys_are_refused(client: Client) -> None:
    answer = log(client, text_record(1, metadata={f"k{n}": n for n in range(51)}))
    assert answer.json()["detail"] == {
        "code": "argilla.api.errors::MetadataLimitExceededError",
        "params": {"len": 51, "limit": 50},
    }


def test_an_annotator_signs_what_they_change_and_nothing_else(client: Client, client_as: Any) -> None:
    log(client, text_record(1, annotation=label("A", "ben"), status="Validated"), text_record(2))
    ana = client_as("ana")
    found = search(ana)["records"]
    found[1]["annotation"] = label("B", "somebody else")
    found[1]["status"] = "Validated"
    assert log(ana, *found).status_code == 200
    assert [r["annotation"]["agent"] for r in search(client)["records"]] == ["ben", "ana"]


def test_settings_that_were_never_saved_are_missing_or_empty_as_one_asks(client: Client) -> None:
    log(client, text_record(1))
    path = f"/api/datasets/reviews/{TEXT}/settings"
    assert client.get(path, params=SHARED).status_code == 404
    assert client.get(path, params={**SHARED, "or_none": True}).json() == {}
    assert client.get(path.replace("reviews", "none"), params={**SHARED, "or_none": True}).status_code == 404


def test_only_labels_of_the_schema_are_accepted(client: Client) -> None:
    log(client, text_record(1, prediction=label("good", "m", 0.5)))
    path = f"/api/datasets/reviews/{TEXT}/settings"
    missing = client.put(path, params=SHARED, json={"label_schema": {"labels": ["bad"]}})
    assert missing.status_code == 400
    assert "good" in missing.text
    saved = client.put(path, params=SHARED, json={"label_schema": {"labels": ["bad", "good"]}})
    assert saved.json() == {
        "label_schema": {"labels": [{"id": "bad", "name": "bad"}, {"id": "good", "name": "good"}]}
    }
    assert (
        client.get("/api/datasets/TaskType.text_classification/reviews/settings", params=SHARED).json()
        == saved.json()
    )
    refused = log(client, text_record(2, annotation=label("ugly")))
    assert refused.status_code == 400
    assert "ugly" in refused.text
    assert client.delete(path, params=SHARED).json() is None
    assert client.get(path, params=SHARED).status_code == 404


def test_token_records_keep_spans_in_code_points(client: Client) -> None:
    text = "🍜 in Bilbao 🇪🇺"
    record = {
        "id": 1, "text": text, "tokens": ["🍜", "in", "Bilbao", "🇪🇺"],
        "annotation": {"agent": "eva", "entities": [{"start": 5, "end": 11, "label": "LOC"}]}, "status": "Validated",
    }  # fmt: skip
    assert log(client, record, name="places", task=TOKEN).status_code == 200
    found = search(client, name="places", task="TaskType.token_classification", include_metrics=True)
    assert found["aggregations"]["mentions"] == {"LOC": {"Bilbao": 1}}
    metrics = found["records"][0]["metrics"]
    assert metrics["annotated"]["mentions"][0]["value"] == "Bilbao"
    assert [t["tag"] for t in metrics["annotated"]["tags"]] == ["O", "O", "B-LOC", "O"]
    record["annotation"]["entities"][0]["start"] = 6  # type: ignore[index]
    refused = log(client, record, name="places", task=TOKEN)
    assert refused.status_code == 422
    assert "ilbao" in refused.text


def test_closing_a_dataset_stops_searching_and_logging(client: Client) -> None:
    log(client, text_record(1))
    assert client.put("/api/datasets/reviews:close", params=SHARED).json() is None
    answer = client.post(f"/api/datasets/reviews/{TEXT}:search", params=SHARED, json={})
    assert answer.json()["detail"] == {
        "code": "argilla.api.errors::ClosedDatasetError",
        "params": {"name": "reviews"},
    }
    assert log(client, text_record(2)).status_code == 400
    assert client.put("/api/datasets/reviews:open", params=SHARED).status_code == 200
    assert search(client)["total"] == 1


def test_a_copy_has_records_annotations_vectors_and_settings(client: Client) -> None:
    log(
        client,
        text_record(1, annotation=label("A", "ana"), status="Validated", vectors={"v": {"value": [1, 2]}}),
    )
    client.put(
        f"/api/datasets/reviews/{TEXT}/settings", params=SHARED, json={"label_schema": {"labels": ["A"]}}
    )
    made = client.put(
        "/api/datasets/reviews:copy", params=SHARED, json={"name": "twin", "target_workspace": "other"}
    )
    assert made.json()["metadata"] == {"source_workspace": "shared", "copied_from": "reviews"}
    other = {"workspace": "other"}
    (record,) = client.post(f"/api/datasets/twin/{TEXT}:search", params=other, json={}).json()["records"]
    assert record["annotation"]["agent"] == "ana"
    assert record["vectors"] == {"v": {"value": [1.0, 2.0]}}
    assert client.get(f"/api/datasets/twin/{TEXT}/settings", params=other).status_code == 200
    again = client.put(
        "/api/datasets/reviews:copy", params=SHARED, json={"name": "twin", "target_workspace": "other"}
    )
    assert again.status_code == 409


def test_a_deleted_dataset_is_gone_and_its_name_free(client: Client) -> None:
    log(client, text_record(1))
    assert client.delete("/api/datasets/reviews", params=SHARED).json() is None
    assert client.delete("/api/datasets/reviews", params=SHARED).status_code == 200
    assert client.get("/api/datasets/reviews", params=SHARED).status_code == 404
    log(client, text_record(2))
    assert ids(search(client)) == [2]


def test_the_wrong_task_is_refused(client: Client) -> None:
    log(client, text_record(1))
    answer = log(client, {"text": "x", "tokens": ["x"]}, task=TOKEN)
    assert answer.status_code == 400
    assert answer.json()["detail"]["code"].endswith("WrongTaskError")


def test_bodies_need_no_content_type_and_may_be_broken(client: Client) -> None:
    path = f"/api/datasets/reviews/{TEXT}:bulk"
    body = json.dumps({"records": [text_record(1)]})
    assert client.post(path, params=SHARED, content=body).status_code == 200
    broken = client.post(path, params=SHARED, content=body[:-2])
    assert broken.status_code == 422
    assert broken.json()["detail"]["params"]["errors"][0]["loc"][0] == "body"

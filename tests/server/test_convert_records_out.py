"""Stored records as the three kinds of replies show them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apportion.server.convert.records_in import BulkLimits, read_bulk
from apportion.server.convert.records_out import Projection, full_record, scan_record, search_record
from apportion.storage.sql.codec.fragments import encode_answers, encode_content
from apportion.storage.sql.codec.stored_row import StoredRow
from apportion.vocabulary import Task

UPDATED = 1_700_000_000_000_000
TEXT, TOKEN = Task.TEXT_CLASSIFICATION, Task.TOKEN_CLASSIFICATION
PREDICTION = {"agent": "m", "labels": [{"class": "A", "score": 0.7}]}
RECORD: dict[str, Any] = {"id": 1, "inputs": {"text": "x"}, "prediction": PREDICTION}
ENTITY = {"start": 0, "end": 3, "label": "PER", "score": 1.0}
TOKENS: dict[str, Any] = {
    "id": "t",
    "text": "Ana left",
    "tokens": ["Ana", "left"],
    "annotation": {"agent": "ben", "entities": [ENTITY]},
}


def row(record: dict[str, Any], task: Task = TEXT) -> Any:
    body = json.dumps({"records": [record]}).encode()
    (found,) = read_bulk(body, task, BulkLimits()).records
    prediction, answer = encode_answers(task, found.prediction), encode_answers(task, found.annotation)
    return StoredRow(
        found.id, found.status, UPDATED, encode_content(found), prediction, answer, found.vectors, 1
    )


def test_a_search_shows_records_as_1x_did() -> None:
    assert json.loads(search_record(row(RECORD), TEXT, metrics=False)) == {
        "id": 1,
        "status": "Default",
        "prediction": PREDICTION,
        "predictions": {"m": {"labels": [{"class": "A", "score": 0.7}]}},
        "metrics": {},
        "last_updated": "2023-11-14T22:13:20.000000",
        "inputs": {"text": "x"},
        "multi_label": False,
    }


def test_a_scan_shows_records_as_1x_did() -> None:
    labels = [{"class_label": "A", "score": 0.7}]
    assert json.loads(scan_record(row(RECORD), TEXT, metrics=True)) == {
        "id": "1",
        "metadata": None,
        "event_timestamp": None,
        "status": "Default",
        "prediction": {"agent": "m", "labels": labels},
        "annotation": None,
        "vectors": None,
        "predictions": {"m": {"agent": None, "labels": labels}},
        "annotations": None,
        "metrics": {"text_length": 1},
        "last_updated": "2023-11-14T22:13:20.000000",
        "inputs": {"text": "x"},
        "multi_label": False,
        "explanation": None,
        "text": "x",
    }


def test_one_record_is_shown_in_full() -> None:
    shown = json.loads(full_record(row(TOKENS, TOKEN), TOKEN))

    assert shown["search_keywords"] is None
    assert shown["annotations"] == {"ben": {"agent": None, "entities": [ENTITY], "score": None}}
    assert shown["metrics"]["annotated"]["mentions"][0]["value"] == "Ana"


@pytest.mark.parametrize(
    ("id", "shown"),
    [("7", 7), ("-7", -7), ("0", 0), ("007", "007"), ("-0", "-0"), ("1_0", "1_0"), (" 5", " 5"), ("5\n", "5\n"),
     ("٣", "٣"), ("2.0", "2.0"), ("9" * 25, int("9" * 25))],
)  # fmt: skip
def test_ids_are_numbers_only_where_nothing_gets_lost(id: str, shown: Any) -> None:
    kept = row(RECORD | {"id": id})

    assert json.loads(search_record(kept, TEXT, metrics=False))["id"] == shown
    assert json.loads(full_record(kept, TEXT))["id"] == shown
    assert json.loads(scan_record(kept, TEXT, metrics=False))["id"] == id


def test_texts_that_look_like_our_members_stay() -> None:
    odd = '{"class_label":1,"event_timestamp":null,:null'
    kept = row(
        RECORD | {"inputs": {odd: odd}, "metadata": {"k": odd}, "prediction": {"agent": odd, "labels": []}}
    )
    shown = json.loads(search_record(kept, TEXT, metrics=False))

    assert (shown["inputs"], shown["metadata"], shown["prediction"]["agent"]) == ({odd: odd}, {"k": odd}, odd)


def test_keywords_are_shown_where_there_are_some() -> None:
    for shown in (
        search_record(row(RECORD), TEXT, metrics=False, search_keywords=["x"]),
        scan_record(row(RECORD), TEXT, metrics=False, search_keywords=["x"]),
        scan_record(
            row(RECORD), TEXT, metrics=False, search_keywords=["x"], fields=Projection(["search_keywords"])
        ),
    ):
        assert json.loads(shown)["search_keywords"] == ["x"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (["id"], {"id"}),
        (["text"], {"id", "text"}),
        (["prediction", "annotation"], {"id", "prediction", "annotation"}),
        (["metadata.a"], {"id", "metadata"}),
        (["inputs.*"], {"id", "inputs"}),
        (["annot*"], {"id", "annotation", "annotations"}),
        (["metrics"], {"id", "metrics"}),
        (["nothing", "metadata.*.*"], {"id", "metadata"}),
        (["predictions.m.labels.score"], {"id", "predictions"}),
    ],
)
def test_a_projection_leaves_what_was_asked_for(fields: list[str], names: set[str]) -> None:
    kept = row(RECORD | {"metadata": {"a": 1, "b.c": 2}})
    shown = json.loads(scan_record(kept, TEXT, metrics=True, fields=Projection.of(fields)))

    assert set(shown) == names
    assert shown.get("metrics", {"text_length": 1}) == {"text_length": 1}
    assert shown.get("metadata") in (None, {"a": 1}, {"b.c": 2})


@pytest.mark.parametrize("fields", [None, [], ["*"], ["text", "*"]])
def test_some_projections_leave_everything(fields: Any) -> None:
    assert Projection.of(fields) is None

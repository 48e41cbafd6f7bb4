"""Files with bad rows: what is named, what is left out, what is stored."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from apportion.services.records import import_rows as importing

Json = Any


def load(
    client: Any, file: bytes, task: str = "TextClassification", name: str = "mail", **params: Any
) -> Any:
    params = {"workspace": "shared", "task": task, **params}
    return client.post(f"/api/datasets/{name}/import", params=params, content=file)


def records(client: Any, task: str = "TextClassification") -> Json:
    found = client.post(f"/api/datasets/mail/{task}:search?workspace=shared", json={})
    return {each["id"]: each for each in found.json()["records"]}


def lines(*rows: Json) -> bytes:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in rows).encode()


BAD = lines(
    {"id": "a", "text": "one"},
    "{not json",
    {"id": "c"},
    {"id": "a", "text": "again"},
    {"id": "e", "text": "five", "status": "odd"},
    {"id": "f", "text": "six", "answers": "none"},
    {"id": "g", "text": "seven", "metadata": "flat"},
)


def test_every_bad_row_is_named_and_the_file_refused(client_as: Any) -> None:
    refused = load(client_as("max"), BAD)
    assert refused.status_code == 422
    errors = refused.json()["detail"]["params"]["errors"]
    assert [each["loc"][2] for each in errors] == [1, 2, 3, 4, 5, 6]
    assert all("othing was stored" in each["msg"] for each in errors)
    assert client_as("max").get("/api/datasets/mail?workspace=shared").status_code == 404


def test_bad_rows_can_be_left_out_and_are_told(client_as: Any) -> None:
    looked = load(client_as("max"), BAD, leave_out=True, dry_run=True).json()
    assert (looked["records"], looked["left_out"], looked["stored"]) == (1, 6, False)
    assert [each["row"] for each in looked["errors"]] == [2, 3, 4, 5, 6, 7]
    assert "same id" in looked["errors"][2]["message"]

    assert load(client_as("max"), BAD, leave_out=True).json()["stored"] is True
    assert set(records(client_as("max"))) == {"a"}


SPANS = [{"start": 0, "end": 9, "label": "ORG"}, {"start": 4, "end": 6, "label": "LOC"}]
CROSSED = lines(
    {"id": "a", "text": "New Yorkers", "tokens": ["New", "Yorkers"], "prediction": {"agent": "m", "entities": SPANS}},
    {"id": "b", "text": "New Yorkers", "tokens": ["New", "Yorkers"],
     "answers": {"ana": {"value": {"entities": SPANS}, "state": "submitted"}}},
)  # fmt: skip


def test_rows_are_added_to_a_dataset_that_somebody_else_made_meanwhile(
    client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    max = client_as("max")
    assert load(max, lines({"id": "a", "text": "one"})).status_code == 200
    really = importing.begin_import
    looks: list[Any] = [(None, [])]  # as it was before that
    monkeypatch.setattr(importing, "begin_import", lambda *given: looks.pop() if looks else really(*given))
    assert load(max, lines({"id": "b", "text": "two"})).json()["stored"] is True
    assert set(records(max)) == {"a", "b"}


def test_a_csv_in_another_encoding_is_refused_with_what_to_do(client_as: Any) -> None:
    file = "id,inputs.text\na,Größe und Übung\n".encode("cp1252")
    refused = load(client_as("max"), file, format="csv")
    assert refused.status_code == 422
    message = refused.json()["detail"]["params"]["errors"][0]["msg"]
    assert "not UTF-8" in message
    assert "save it as UTF-8" in message
    assert "othing was stored" in message


def test_a_file_may_make_a_dataset_whose_spans_overlap_or_cut_tokens(client_as: Any) -> None:
    max, task = client_as("max"), "TokenClassification"
    refused = load(max, CROSSED, task)
    assert refused.status_code == 422
    assert {each["loc"][2] for each in refused.json()["detail"]["params"]["errors"]} == {0, 1}
    assert max.get("/api/datasets/mail?workspace=shared").status_code == 404

    both: dict[str, Any] = {"allow_overlapping_spans": True, "allow_character_spans": True}
    assert load(max, CROSSED, task, **both).json()["stored"] is True
    settings = max.get(f"/api/datasets/mail/{task}/settings?workspace=shared").json()
    assert {name: settings[name] for name in both} == both
    assert len(records(max, task)["a"]["prediction"]["entities"]) == 2
    assert load(max, CROSSED, task).json()["stored"] is True  # the dataset's own settings hold from now on


def test_records_that_do_not_fit_the_dataset_are_seen_before_anything_is_stored(client_as: Any) -> None:
    client = client_as("max")
    load(client, lines({"id": "a", "text": "one"})).raise_for_status()
    client.patch(
        "/api/datasets/mail/TextClassification/settings?workspace=shared",
        json={"label_schema": {"labels": ["x"]}},
    )
    file = lines(
        {"id": "b", "text": "t", "annotation": "x"},
        {"id": "c", "text": "t", "annotation": "y"},
        {"id": "d", "text": "t", "multi_label": True},
    )
    assert load(client, file, dry_run=True).status_code == 422
    kept = load(client, file, leave_out=True).json()
    assert (kept["records"], [each["row"] for each in kept["errors"]]) == (1, [2, 3])
    assert set(records(client)) == {"a", "b"}


def test_plain_labels_and_predictions_with_scores_are_understood(client_as: Any) -> None:
    file = b"review,guess,sure\nfine,good,0.75\n"
    mapping = json.dumps({"text": "review", "prediction": "guess", "prediction_score": "sure"})
    load(client_as("max"), file, format="csv", mapping=mapping).raise_for_status()
    (record,) = records(client_as("max")).values()
    assert record["prediction"] == {"agent": "file", "labels": [{"class": "good", "score": 0.75}]}


def test_texts_without_tokens_are_cut_at_words_and_signs(client_as: Any) -> None:
    task = "TokenClassification"
    load(client_as("max"), lines({"id": "a", "text": "Ana, 🙂 don’t!"}), task).raise_for_status()
    assert records(client_as("max"), task)["a"]["tokens"] == ["Ana", ",", "🙂", "don", "’", "t", "!"]


def test_a_mapped_column_that_no_row_has_is_named(client_as: Any) -> None:
    file = lines({"body": "one", "src": "web"}, {"body": "two"})
    good = json.dumps({"text": "body", "metadata.source": "src"})
    bad = json.dumps({"text": "body", "metadata.source": "sauce"})
    assert load(client_as("max"), file, mapping=bad).status_code == 422
    assert load(client_as("max"), file, mapping=good).json()["records"] == 2


def test_parquet_is_read_where_its_library_is(
    client_as: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sink = io.BytesIO()
    parquet.write_table(pa.table({"id": ["a", "b"], "text": ["one", "two"], "label": ["x", None]}), sink)
    mapping = json.dumps({"id": "id", "text": "text", "annotation": "label"})
    load(client_as("max"), sink.getvalue(), format="parquet", mapping=mapping).raise_for_status()
    assert {id: each["status"] for id, each in records(client_as("max")).items()} == {
        "a": "Validated",
        "b": "Default",
    }

    assert load(client_as("max"), b"none", format="parquet").status_code == 400
    (tmp_path / "pyarrow.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    refused = load(client_as("max"), sink.getvalue(), format="parquet")
    assert "apportion[parquet]" in refused.text

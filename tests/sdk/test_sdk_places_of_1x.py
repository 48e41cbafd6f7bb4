"""Imports from inside the 1.x package, and calls that 1.x had on its client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import apportion as rg
from apportion._constants import ES_INDEX_REGEX_PATTERN
from apportion.client.api import ArgillaSingleton, active_api
from apportion.client.client import Argilla
from apportion.client.datasets import Dataset, WrongRecordTypeError
from apportion.client.models import Framework, Record, ValidationError
from apportion.client.sdk.commons.errors import AlreadyExistsApiError, BadRequestApiError, NotFoundApiError
from apportion.client.sdk.datasets.models import TaskType
from apportion.sdk import session
from apportion.sdk.results import LabelingRule
from apportion.utils import setup_loop_in_thread
from apportion.utils.span_utils import SpanUtils
from apportion.vocabulary import Task
from patience import patience
from sdk_support import ClientAs, texts


def labelled(count: int) -> list[rg.TextClassificationRecord]:
    return [
        rg.TextClassificationRecord(text=f"text {n}", id=n, prediction=[("good", 0.5)]) for n in range(count)
    ]


def test_old_places_hold_what_is_new() -> None:
    assert isinstance(texts(1)[0], Record)
    assert isinstance(rg.DatasetForText2Text(), Dataset)
    assert Framework("spacy") is Framework.SPACY
    assert SpanUtils("a b", ["a", "b"]).from_tags(["O", "B-X"]) == [("X", 2, 3)]
    assert rg.datasets.configure_dataset is rg.configure_dataset
    assert ES_INDEX_REGEX_PATTERN.startswith("^")
    with pytest.raises(WrongRecordTypeError):
        rg.DatasetForText2Text(texts(1))  # type: ignore[arg-type]


def test_tasks_by_their_old_names_equal_ours() -> None:
    old: object = TaskType.text2text
    assert old == Task.TEXT2TEXT
    assert old == "Text2Text"
    assert f"{TaskType.text_classification}" == "TextClassification"
    with pytest.raises(ValueError, match="the tasks are"):
        TaskType("Nonsense")


def test_the_singleton_is_the_active_client(active: rg.Client) -> None:
    assert ArgillaSingleton.get() is active_api() is active

    ArgillaSingleton.clear()
    assert session._active is None


def test_a_client_of_old_asks_who_it_is_at_once(client_as: ClientAs, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = client_as("ana", workspace=None)
    monkeypatch.setattr("apportion.sdk.client.HttpClient", lambda *_: ready.http_client)

    assert Argilla("http://testserver", "ana.apikey", "shared").workspace == "shared"
    with pytest.raises(ValueError, match="does not belong"):
        Argilla("http://testserver", "ana.apikey", "other")


def test_a_loop_in_a_thread_runs_what_it_is_given() -> None:
    loop, thread = setup_loop_in_thread()
    try:
        assert asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "done"), loop).result(patience(10)) == "done"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(patience(10))
        loop.close()


def test_the_clients_search_finds_records_and_how_many_there_are(client: rg.Client) -> None:
    client.log(labelled(3), "reviews", verbose=False)

    found = client.search.search_records("reviews", TaskType.text_classification, size=2, query_text="text")
    assert (found.total, [each.id for each in found.records]) == (3, [0, 1])
    assert client.search("reviews", "id:2").total == 1
    with pytest.raises(BadRequestApiError):
        client.search.search_records("reviews", "Text2Text")


def test_metrics_are_listed_and_computed(client: rg.Client) -> None:
    client.log(labelled(2), "reviews", verbose=False)

    info = client.get_metric("reviews", "dataset_labels")
    assert info in client.dataset_metrics("reviews")
    assert client.get_metric("reviews", "entity_labels") is None
    assert client.compute_metric("reviews", "dataset_labels").results == {"labels": ["good"]}
    assert client.compute_metric("reviews", "predicted_as", query="text", size=1).results == {"good": 2}
    assert client.metrics.metric_summary("reviews", "TextClassification", "dataset_labels", size=5) == {
        "labels": ["good"]
    }
    with pytest.raises(AssertionError, match=r"no metric 'entity_labels' .* there are: text_length, "):
        client.compute_metric("reviews", "entity_labels")


def test_rules_are_stored_judged_and_forgotten(client: rg.Client) -> None:
    client.log(labelled(2), "reviews", verbose=False)
    rule = LabelingRule("text", ["good"])

    assert client.fetch_dataset_labeling_rules("reviews") == []
    client.add_dataset_labeling_rules("reviews", [rule])
    with pytest.raises(AlreadyExistsApiError, match="labeling rule 'text'"):
        client.add_dataset_labeling_rules("reviews", [rule])
    client.update_dataset_labeling_rules("reviews", [LabelingRule("text", ["good", "new"])])
    [stored] = client.fetch_dataset_labeling_rules("reviews")
    assert (stored.query, stored.labels, stored.author) == ("text", ["good", "new"], "eva")
    assert client.rule_metrics_for_dataset("reviews", rule).coverage == 1.0
    client.delete_dataset_labeling_rules("reviews", [rule, rule])
    assert client.fetch_dataset_labeling_rules("reviews") == []
    with pytest.raises(NotFoundApiError, match="labeling rule 'text'"):
        client.update_dataset_labeling_rules("reviews", [rule])


def test_the_raw_client_posts_from_any_loop_and_keeps_cookies(client: rg.Client) -> None:
    client.log(labelled(1), "reviews", verbose=False)
    http = client.http_client
    http.cookies.set("one", "two")
    query: Any = {"query": {"query_text": "text"}}

    path = "api/datasets/reviews/TextClassification:search"
    assert asyncio.run(http.post_async(path, json=query)).json()["total"] == 1
    assert http.post(path, json=query)["total"] == 1


def test_records_have_what_pydantic_gave_them(tmp_path: Path) -> None:
    record = rg.TextClassificationRecord(text="a", id=7, metadata={"n": 1})
    file = tmp_path / "record.json"
    file.write_text(record.json(), encoding="utf-8")

    assert rg.TextClassificationRecord.parse_file(file) == record
    assert rg.TextClassificationRecord.validate(record) == record
    assert rg.TextClassificationRecord.validate(record) is not record
    assert rg.TextClassificationRecord.validate({"text": "a"}).text == "a"
    with pytest.raises(ValidationError, match="not a dictionary"):
        rg.TextClassificationRecord.validate(7)
    assert rg.Text2TextRecord.construct(text="a", id=3).id == 3
    schema = rg.Text2TextRecord.schema()
    assert (schema["title"], schema["required"]) == ("Text2TextRecord", ["text"])
    assert list(schema["properties"]) == list(rg.Text2TextRecord.__fields__)
    assert rg.TextClassificationRecord.schema()["properties"]["multi_label"]["default"] is False
    assert json.loads(rg.Text2TextRecord.schema_json(indent=2)) == schema


def test_predictions_of_texts_become_pairs_by_the_old_name() -> None:
    assert rg.Text2TextRecord.prediction_as_tuples(["a", ("b", 0.5)]) == [("a", 1.0), ("b", 0.5)]
    assert rg.Text2TextRecord.prediction_as_tuples(None) is None


def test_a_metric_that_did_nothing_does_nothing_and_says_so() -> None:
    from apportion.metrics.models import MetricSummary
    from apportion.metrics.token_classification import entity_consistency

    with pytest.warns(DeprecationWarning, match="top_k_mentions"):
        found = entity_consistency("reviews", compute_for="Annotations")
    assert isinstance(found, MetricSummary)
    assert found.data == {}


def test_the_package_runs_as_a_module() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "apportion", "--version"], capture_output=True, text=True, timeout=patience(60)
    )

    assert rg.__version__ in ran.stdout

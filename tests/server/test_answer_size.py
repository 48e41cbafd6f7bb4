"""An answer has a size, by whatever route it comes, and one that is too large changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from apportion.settings import Settings
from dataset_client import SPEECH, DatasetClient

Json = Any
LABELS, TEXTS = 30, 4


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings, max_answer_labels=LABELS, max_answer_texts=TEXTS, max_answer_size=2_000, max_text=900
    )


def labels(count: int) -> Json:
    return {"labels": [{"class": f"L{number}"} for number in range(count)]}


def several(client_as: Any) -> DatasetClient:
    return DatasetClient(client_as, content={"inputs": {"text": "x"}, "multi_label": True})


def refused(answer: Any, *words: str) -> None:
    """Refused with the limit, what was sent, and that nothing was changed."""
    assert answer.status_code == 422, answer.text
    for word in (*words, "nothing was"):
        assert word in answer.text.lower().replace("apportion", "APPORTION"), (word, answer.text)


def too_many(limit: int, sent: int) -> tuple[str, str]:
    return f"at most {limit:,} ", f"{sent:,} were sent"


def test_an_answer_of_too_many_labels_is_refused_and_the_largest_is_kept(client_as: Any) -> None:
    talk = several(client_as)
    refused(talk.put("ana", "a", labels(LABELS + 1)), *too_many(LABELS, LABELS + 1))
    assert talk.get("ana", "records/a/annotations/me")["version"] == 0
    assert talk.put("ana", "a", labels(LABELS)).status_code == 200


def test_spans_and_texts_are_counted_too(client_as: Any) -> None:
    talk = DatasetClient(client_as, task="TokenClassification", content=SPEECH)
    spans = [{"start": 0, "end": 3, "label": "PER"}] * (LABELS + 1)
    refused(talk.put("ana", "a", {"entities": spans}), "spans", *too_many(LABELS, LABELS + 1))


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["x"] * (TEXTS + 1), too_many(TEXTS, TEXTS + 1)),
        (["x" * 901], too_many(900, 901)),
        (["x" * 700] * 3, ("at most 2,000 bytes",)),
        (['"' * 899, "\n" * 300], ("at most 2,000 bytes",)),
    ],
)
def test_texts_are_bounded_in_number_length_and_bytes(client_as: Any, texts: list[str], words: Any) -> None:
    talk = DatasetClient(client_as, task="Text2Text", content={"text": "x"})
    value = {"sentences": [{"text": text} for text in texts]}
    refused(talk.put("ana", "a", value), *words)
    assert talk.put("ana", "a", {"sentences": [{"text": "é" * 850}]}).status_code == 200


@pytest.mark.parametrize("who", ["max", "ana"])
@pytest.mark.parametrize("member", ["annotation", "annotations", "prediction", "predictions"])
def test_bulk_refuses_large_answers_and_predictions(client_as: Any, member: str, who: str) -> None:
    talk = several(client_as)
    value = labels(LABELS + 1)
    given = {"agent": who, **value} if member in ("annotation", "prediction") else {who: value}
    record = {"id": "a", "inputs": {"text": "x"}, "multi_label": True, member: given}
    answer = talk.ask(who, "POST", "TextClassification:bulk", json={"records": [record]})
    refused(answer, *too_many(LABELS, LABELS + 1))
    assert talk.see("max")["prediction"] is None


def test_many_agents_together_are_bounded(client_as: Any) -> None:
    talk = several(client_as)
    predictions = {f"m{number}": labels(LABELS) for number in range(11)}
    record = {"id": "a", "inputs": {"text": "x"}, "multi_label": True, "predictions": predictions}
    answer = talk.ask("max", "POST", "TextClassification:bulk", json={"records": [record]})
    refused(answer, "together", *too_many(LABELS * 10, LABELS * 11))


def test_every_other_route_that_takes_an_answer_refuses_a_large_one(client_as: Any) -> None:
    talk, value = several(client_as), labels(LABELS + 1)
    wanted = too_many(LABELS, LABELS + 1)
    refused(talk.ask("rita", "PUT", "records/a/gold", json={"value": value}), *wanted)
    refused(talk.ask("rita", "POST", "gold:import", json={"gold": [{"id": "a", "value": value}]}), *wanted)
    refused(talk.ask("ana", "POST", "annotations:apply", json={"value": value}), *wanted)
    for row in (
        {"answers": {"ana": {"value": value, "state": "submitted"}}},
        {"gold": {"value": value}},
        {"annotation": value},
        {"prediction": {"agent": "m", **value}},
    ):
        file = json.dumps({"id": "a", "inputs": {"text": "x"}, "multi_label": True, **row})
        answer = talk.ask("max", "POST", "import", params={"task": "TextClassification"}, content=file)
        refused(answer, *wanted)
    assert talk.get("rita", "records/a/annotations") == {"annotations": [], "gold": None}


@pytest.mark.parametrize("seconds", [-1, 1e300, "long", [1], True])
def test_imported_seconds_are_a_number_that_somebody_may_have_spent(client_as: Any, seconds: Json) -> None:
    talk = several(client_as)
    given = {"value": labels(1), "state": "submitted", "seconds": seconds}
    file = json.dumps({"id": "a", "inputs": {"text": "x"}, "multi_label": True, "answers": {"ana": given}})
    answer = talk.ask("max", "POST", "import", params={"task": "TextClassification"}, content=file)
    assert answer.status_code == 422
    assert "seconds must be a number" in answer.text


@pytest.mark.parametrize(
    "gold", [{"author": "x" * 100}, {"author": {"a": 1}}, {"reason": 5}, {"reason": "x" * 10_001}]
)
def test_imported_gold_has_a_short_author_and_reason(client_as: Any, gold: Json) -> None:
    talk = several(client_as)
    row = {"id": "a", "inputs": {"text": "x"}, "multi_label": True, "gold": {"value": labels(1), **gold}}
    answer = talk.ask("max", "POST", "import", params={"task": "TextClassification"}, content=json.dumps(row))
    assert answer.status_code == 422
    assert "characters" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "PUT",
            "records/a/annotations/me",
            {"value": {"labels": ["x" * 5_000_000]}, "state": "draft", "version": 0},
        ),
        ("PUT", "records/a/gold", {"reason": "x" * 5_000_000}),
        ("POST", "records/a/comments", {"text": "x" * 5_000_000}),
        ("POST", "annotations:apply", {"query": "x" * 5_000_000}),
        ("POST", "queue:release", {"leases": [{"id": "x" * 5_000_000, "token": "t"}]}),
        ("PATCH", "records/a", {"metadata": {"x": "x" * 5_000_000}}),
        ("PUT", "guidelines", {"text": "x" * 5_000_000}),
    ],
)
def test_requests_about_one_record_are_refused_before_megabytes_of_them_are_read(
    client_as: Any, method: str, path: str, body: Json
) -> None:
    answer = several(client_as).ask("max", method, path, json=body)
    assert answer.status_code == 413
    assert "4,000,000 bytes" in answer.text
    assert "Nothing was changed" in answer.text


def test_many_records_may_take_more(client_as: Any) -> None:
    talk = several(client_as)
    records = [{"inputs": {"text": "x" * 900}, "multi_label": True} for _ in range(5_000)]
    assert talk.ask("max", "POST", "TextClassification:bulk", json={"records": records}).status_code == 200

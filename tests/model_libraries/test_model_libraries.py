"""Monitors and trainers with the libraries they are for, and models made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import apportion as rg
from train_snippets import SNIPPETS as ALL_SNIPPETS
from train_snippets import filled

pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def admin(live_server: str) -> Iterator[rg.Client]:
    with rg.Client(live_server, "admin.apikey", "admin") as client:
        yield client


@pytest.fixture(scope="module")
def pipelines(in_models: Callable[..., Any]) -> Any:
    return in_models("pipelines", one="live-text", zero="live-zero")


@pytest.fixture(scope="module")
def training(in_models: Callable[..., Any], admin: rg.Client) -> Any:
    words = [("good", "good soup"), ("bad", "awful soup")] * 10
    texts = [rg.TextClassificationRecord(text=text, annotation=label) for label, text in words]
    many = [
        rg.TextClassificationRecord(
            text=text, annotation=["soup", label] if label == "good" else [label], multi_label=True
        )
        for label, text in words
    ]
    tokens = [
        rg.TokenClassificationRecord(
            "Ada left London .", ["Ada", "left", "London", "."], annotation=[("PER", 0, 3), ("LOC", 9, 15)]
        )
        for _ in range(10)
    ]
    pairs = [rg.Text2TextRecord(text="a", annotation="b")]
    names = {"texts": "train-texts", "many": "train-many", "tokens": "train-tokens", "pairs": "train-pairs"}
    records: dict[str, Any] = {"texts": texts, "many": many, "tokens": tokens, "pairs": pairs}
    for kind, name in names.items():
        admin.log(records[kind], name, verbose=False)
    return in_models("training", **names)


SNIPPETS = {
    "text-transformers": "learn-texts",
    "text-several-transformers": "learn-many",
    "tokens-transformers": "learn-tokens",
    "text2text-transformers": "learn-pairs",
    "text-setfit": "learn-texts",
    "text-several-setfit": "learn-many",
}


@pytest.fixture(scope="module")
def snippets(in_models: Callable[..., Any], live_server: str) -> Any:
    words = [("good", "good soup"), ("bad", "awful soup")] * 10
    records: dict[str, Any] = {
        "texts": [rg.TextClassificationRecord(text=text, annotation=label) for label, text in words],
        "many": [
            rg.TextClassificationRecord(text=text, annotation=labels, multi_label=True)
            for label, text in words
            for labels in ([label, "warm"], [label])
        ],
        "tokens": [
            rg.TokenClassificationRecord(
                "Ada left London .", ["Ada", "left", "London", "."], annotation=[("PER", 0, 3)]
            )
            for _ in range(10)
        ],
        "pairs": [rg.Text2TextRecord(text=text, annotation=label) for label, text in words],
    }
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        for kind, some in records.items():
            admin.log(some, f"learn-{kind}", verbose=False)
    return in_models(
        "snippets", **{name: filled(name, live_server, dataset) for name, dataset in SNIPPETS.items()}
    )


def flat(result: Any) -> Iterator[tuple[str, float]]:
    if isinstance(result, dict):
        yield result["label"], result["score"]
    else:
        for each in result:
            yield from flat(each)


def test_a_monitored_pipeline_returns_what_the_pipeline_returns(pipelines: Any) -> None:
    assert pipelines["found"] == pipelines["plain"]
    assert pipelines["same_class"]


def test_every_form_of_result_becomes_records_of_its_inputs(pipelines: Any, admin: rg.Client) -> None:
    records: Any = sorted(admin.load("live-text"), key=lambda each: (each.metadata["n"], each.text or ""))
    single, several, all_of_one, pair, streamed, with_all, several_with_all = pipelines["found"]

    expected = [
        ({"text": "good soup"}, single),
        ({"text": "good"}, several[0]),
        ({"text": "bad soup"}, several[1]),
        ({"text": "this text"}, all_of_one),
        ({"text": "good", "text_pair": "bad"}, pair),
        ({"text": "a"}, streamed[0]),
        ({"text": "b"}, streamed[1]),
        ({"text": "this is about Ada"}, with_all),
        ({"text": "awful"}, several_with_all[0]),
        ({"text": "fine"}, several_with_all[1]),
    ]
    assert [each.inputs for each in records] == [inputs for inputs, _ in expected]
    assert [each.prediction for each in records] == [
        sorted(flat(result), key=lambda each: -each[1]) for _, result in expected
    ]
    assert {each.prediction_agent for each in records} == {"BertForSequenceClassification", "everything"}
    assert not any(each.multi_label for each in records)
    assert pipelines["dropped"] == [0, 0, 0]


def test_the_dataset_is_described_by_the_models_configuration(pipelines: Any, admin: rg.Client) -> None:
    found = admin.find_dataset("live-text")

    assert found.tags == pipelines["tags"]
    assert (found.tags["model_type"], found.tags["task"]) == ("bert", "text-classification")
    assert found.metadata["hidden_size"] == 16


def test_zero_shot_labels_and_template_are_metadata(pipelines: Any, admin: rg.Client) -> None:
    records: Any = sorted(admin.load("live-zero"), key=lambda each: each.text)
    one, (good, bad), _ = pipelines["zero"]

    assert [each.text for each in records] == ["bad", "good", "good soup"]
    assert [dict(each.prediction) for each in records] == [
        dict(zip(each["labels"], each["scores"], strict=True)) for each in (bad, good, one)
    ]
    assert records[0].metadata == {"labels": "a, b", "hypothesis_template": "about {}"}
    assert records[2].metadata == {"labels": ["a", "b"], "hypothesis_template": "@default", "n": 0}


def test_zero_shot_with_several_labels_has_a_dataset_of_its_own(pipelines: Any, admin: rg.Client) -> None:
    record: Any = admin.load("live-zero_multi")[0]

    assert record.multi_label
    assert {label for label, _ in record.prediction} == {"a", "b", "c"}


def test_transformers_trains_on_texts(training: Any) -> None:
    assert training["texts"]["labels"] == ["bad", "good"]
    assert training["texts"]["sum"] == pytest.approx(1)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(training["files"])


def test_transformers_trains_on_texts_of_several_labels(training: Any) -> None:
    assert training["many"]["labels"] == ["bad", "good", "soup"]
    assert training["many"]["multi_label"]


def test_transformers_trains_on_tokens(training: Any) -> None:
    assert training["tokens"] == ["Ada left London.", ["Ada", "left", "London", "."], True]


def test_setfit_trains_on_texts(training: Any) -> None:
    assert training["few"]["labels"] == ["bad", "good"]
    assert training["few"]["sum"] == pytest.approx(1)
    assert training["numbers"] == {"bad": 0, "good": 1}
    assert training["both"]["labels"] == ["bad", "good", "soup"]


def test_what_cannot_be_trained_says_what_to_use_instead(training: Any) -> None:
    assert training["refused"] == {
        "setfit train-tokens": "SetFit classifies texts, not tokens; use spaCy or transformers.",
        "transformers train-pairs": (
            "There is no trainer for Text2Text; rg.load(…).prepare_for_training('transformers') gives rows of text "
            "and target, which transformers.Seq2SeqTrainer takes."
        ),
        "no folder": "transformers writes checkpoints while it trains: name a folder, train(output_dir=…).",
    }


@pytest.mark.parametrize("name", SNIPPETS)
def test_what_the_web_app_shows_for_training_trains(snippets: Any, name: str) -> None:
    assert {"config.json", "model.safetensors"} <= set(snippets[name])


def test_every_snippet_of_the_web_app_is_run_somewhere() -> None:
    assert {name for name in ALL_SNIPPETS if name.endswith(("transformers", "setfit"))} == set(SNIPPETS)

"""The metrics of 1.x over HTTP: what each tells of a handful of records."""

from __future__ import annotations

from typing import Any

import pytest

from dataset_client import DatasetClient
from support import Client

SHARED = {"workspace": "shared"}
TEXT, TOKEN, TEXT2TEXT = "TextClassification", "TokenClassification", "Text2Text"


def answered(*labels: str, agent: str = "m", score: float = 1.0) -> dict[str, Any]:
    return {"agent": agent, "labels": [{"class": each, "score": score} for each in labels]}


def spans(*found: tuple[int, int, str], agent: str = "m") -> dict[str, Any]:
    return {
        "agent": agent,
        "entities": [{"start": start, "end": end, "label": label} for start, end, label in found],
    }


TEXTS = [
    {
        "id": 1,
        "inputs": {"text": "good soup"},
        "prediction": answered("a"),
        "annotation": answered("a", agent="eva"),
    },
    {
        "id": 2,
        "inputs": {"text": "bad soup"},
        "prediction": answered("a"),
        "annotation": answered("b", agent="eva"),
    },
    {
        "id": 3,
        "inputs": {"text": "tea"},
        "prediction": answered("b", score=0.25),
        "metadata": {"n": 1, "f.x": 0.5},
    },
]
SPEECH = {"text": "Ana met Ben in May", "tokens": ["Ana", "met", "Ben", "in", "May"]}
TALKS = [
    {
        **SPEECH,
        "id": 1,
        "prediction": spans((0, 3, "PER"), (8, 11, "LOC"), (15, 18, "PER")),
        "annotation": spans((0, 3, "PER"), (8, 11, "PER"), (15, 18, "DATE"), agent="eva"),
    },
    {
        "id": 2,
        "text": "May is near",
        "tokens": ["May", "is", "near"],
        "prediction": spans((0, 3, "DATE")),
        "annotation": spans((0, 3, "DATE"), agent="eva"),
    },
]


def log(client: Client, task: str, records: Any) -> None:
    answer = client.post(f"/api/datasets/d/{task}:bulk", params=SHARED, json={"records": records})
    assert answer.status_code == 200, answer.text


def ask(client: Client, metric: str, task: str, query: str | None = None, **params: Any) -> Any:
    route = f"/api/datasets/{task}/d/metrics/{metric}:summary"
    answer = client.post(route, params={**SHARED, **params}, json={"query_text": query})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("metric", "params", "found"),
    [
        ("text_length", {}, {"3.0": 1, "4.0": 0, "5.0": 0, "6.0": 0, "7.0": 0, "8.0": 1, "9.0": 1}),
        ("error_distribution", {}, {"ko": 1, "ok": 1, "unknown": 1}),
        ("status_distribution", {}, {"Default": 3}),
        ("words_cloud", {"size": 1}, {"soup": 2}),
        ("metadata", {}, {"n": {"1": 1}}),
        ("predicted_by", {}, {"m": 3}),
        ("annotated_by", {}, {"eva": 2}),
        ("predicted_as", {"size": 1}, {"a": 2}),
        ("annotated_as", {}, {"a": 1, "b": 1}),
        ("dataset_labels", {}, {"labels": ["a", "b"]}),
        (
            "F1",
            {},
            {
                "precision_macro": 0.25, "recall_macro": 0.5, "f1_macro": pytest.approx(1 / 3),
                "precision_micro": 0.5, "recall_micro": 0.5, "f1_micro": 0.5,
                "a_precision": 0.5, "a_recall": 1.0, "a_f1": pytest.approx(2 / 3), "a_support": 1,
                "b_precision": 0.0, "b_recall": 0.0, "b_f1": 0.0, "b_support": 1,
            },
        ),
    ],
)  # fmt: skip
def test_of_text_classification(client: Client, metric: str, params: Any, found: Any) -> None:
    log(client, TEXT, TEXTS)

    result = ask(client, metric, TEXT, **params)

    if metric == "metadata":
        assert result.pop("f.x")["argilla:stats"]["avg"] == 0.5
    assert result == found


@pytest.mark.parametrize(
    ("metric", "params", "found"),
    [
        ("tokens_length", {"interval": 1}, {"3.0": 1, "4.0": 0, "5.0": 1}),
        ("token_frequency", {"size": 2}, {"May": 2, "Ana": 1}),
        ("token_length", {}, {"2.0": 2, "3.0": 5, "4.0": 1}),
        ("token_capitalness", {}, {"FIRST": 4, "LOWER": 4}),
        ("predicted_entity_labels", {}, {"PER": 2, "DATE": 1, "LOC": 1}),
        ("annotated_entity_labels", {"size": 1}, {"DATE": 2}),
        ("annotated_entity_capitalness", {}, {"FIRST": 4}),
        ("annotated_entity_density", {"interval": 0.1}, {"0.2": 3, "0.3": 1}),
        ("annotated_mention_token_length", {"interval": 1}, {"1.0": 4}),
        ("predicted_mention_char_length", {}, {"3.0": 4}),
        ("annotated_mentions_distribution", {}, {"DATE": {"May": 2}, "PER": {"Ana": 1, "Ben": 1}}),
        (
            "predicted_top_k_mentions_consistency",
            {"size": 9, "interval": 2},
            {
                "mentions": [
                    {"mention": "May", "entities": [{"label": "DATE", "count": 1}, {"label": "PER", "count": 1}]}
                ]
            },
        ),
        (
            "annotated_tag_consistency",
            {"size": 1},
            {"mentions": [{"mention": "May", "entities": [{"label": "B-DATE", "count": 2}]}]},
        ),
        ("dataset_labels", {}, {"labels": ["DATE", "LOC", "PER"]}),
        (
            "F1",
            {},
            {
                "precision_macro": 0.75, "recall_macro": 0.5, "f1_macro": pytest.approx(0.6),
                "precision_micro": pytest.approx(2 / 3), "recall_micro": 0.5, "f1_micro": pytest.approx(4 / 7),
                "DATE_precision": 1.0, "DATE_recall": 0.5, "DATE_f1": pytest.approx(2 / 3),
                "PER_precision": 0.5, "PER_recall": 0.5, "PER_f1": 0.5,
            },
        ),
    ],
)  # fmt: skip
def test_of_token_classification(client: Client, metric: str, params: Any, found: Any) -> None:
    log(client, TOKEN, TALKS)

    assert ask(client, metric, TOKEN, **params) == found


def test_several_labels_all_count_in_an_f1_of_their_own(client: Client) -> None:
    record = {"inputs": {"text": "x"}, "multi_label": True}
    log(
        client,
        TEXT,
        [{**record, "prediction": answered("a", "b"), "annotation": answered("b", "c", agent="eva")}],
    )

    found = ask(client, "MultiLabelF1", TEXT)

    assert (found["precision_micro"], found["recall_micro"], found["b_f1"]) == (0.5, 0.5, 1.0)
    assert found["f1_macro"] == pytest.approx(1 / 3)


def test_an_empty_prediction_is_a_miss_and_no_fault(client: Client) -> None:
    log(client, TEXT, [{**TEXTS[0], "prediction": answered()}])

    assert ask(client, "F1", TEXT)["a_recall"] == 0


def test_without_anything_to_tell_it_is_empty_or_zero(client: Client) -> None:
    log(client, TOKEN, [{**SPEECH, "id": 1}])

    assert ask(client, "F1", TOKEN) == dict.fromkeys(
        [f"{each}_{how}" for how in ("macro", "micro") for each in ("precision", "recall", "f1")], 0.0
    )
    for metric in ("predicted_entity_labels", "annotated_entity_density", "score", "predicted_by"):
        assert ask(client, metric, TOKEN) == {}
    assert ask(client, "predicted_tag_consistency", TOKEN) == {"mentions": []}


def test_a_query_says_which_records_it_is_about(client: Client) -> None:
    log(client, TEXT, TEXTS)

    assert ask(client, "text_length", TEXT, query="tea") == {"3.0": 1}
    assert ask(client, "error_distribution", TEXT, query="soup") == {"ko": 1, "ok": 1}
    assert ask(client, "dataset_labels", TEXT, query="tea") == {"labels": ["b"]}
    bad = client.post(f"/api/datasets/d/{TEXT}/metrics/F1:summary", params=SHARED, json={"query_text": "("})
    assert bad.json()["detail"]["code"].endswith("InvalidTextSearchError")


@pytest.mark.parametrize("params", [{"interval": 0}, {"interval": "inf"}, {"size": 0}, {"size": "x"}])
def test_widths_and_sizes_are_positive(client: Client, params: Any) -> None:
    log(client, TEXT, TEXTS)

    answer = client.post(
        f"/api/datasets/d/{TEXT}/metrics/text_length:summary", params={**SHARED, **params}, json={}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"]["params"]["errors"][0]["loc"] == ["query", *params]


@pytest.mark.parametrize(("task", "count"), [(TEXT, 15), (TOKEN, 32), (TEXT2TEXT, 8)])
def test_a_task_lists_what_it_has_and_each_is_answered(client: Client, task: str, count: int) -> None:
    log(client, task, {TEXT: TEXTS, TOKEN: TALKS, TEXT2TEXT: [{"text": "a"}]}[task])

    listed = client.get(f"/api/datasets/d/{task}/metrics", params=SHARED).json()

    assert len(listed) == count
    assert all(each["name"] and each["description"] for each in listed)
    for each in listed:
        ask(client, each["id"], task)
    missing = client.post(f"/api/datasets/d/{task}/metrics/none:summary", params=SHARED, json={})
    assert missing.json()["detail"]["params"] == {"name": "none", "type": "ServiceBaseMetric"}


def test_a_very_long_text_has_a_histogram_without_the_empty_buckets(client: Client) -> None:
    log(client, TEXT2TEXT, [{"text": "a"}, {"text": "a" * 50_000}])

    assert ask(client, "text_length", TEXT2TEXT) == {"1.0": 1, "50000.0": 1}


def test_everybody_has_figures_of_their_own_annotations(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab")
    talk.answer(ana="x x", ben="x y")

    def annotated(who: str) -> Any:
        return talk.post(who, f"{TEXT}/metrics/annotated_as:summary", {})

    assert (annotated("ana"), annotated("ben")) == ({"x": 2}, {"x": 1, "y": 1})
    assert annotated("eva") == {"x": 1}  # both agree on one record; the other is not resolved
    assert talk.post("ana", f"{TEXT}/metrics/annotated_by:summary", {}) == {"ana": 2}

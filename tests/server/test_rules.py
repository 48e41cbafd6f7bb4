"""Labeling rules of 1.x over HTTP: kept with the dataset, and judged by what is annotated."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from dataset_client import DatasetClient
from support import Client

TEXT = "TextClassification"
HERE = {"X-Argilla-Workspace": "shared"}
ORDERS = (f"/api/datasets/reviews/{TEXT}/labeling/rules", f"/api/datasets/{TEXT}/reviews/labeling/rules")
RULES = ORDERS[0]


def answered(label: str) -> dict[str, Any]:
    return {"agent": "eva", "labels": [{"class": label}]}


@pytest.fixture
def reviews(client: Client) -> Client:
    """Four records about soup or tea, three of them annotated."""
    records = [
        {"id": 1, "inputs": {"text": "good soup"}, "annotation": answered("food")},
        {"id": 2, "inputs": {"text": "bad soup"}, "annotation": answered("drink")},
        {"id": 3, "inputs": {"text": "green tea"}, "annotation": answered("drink")},
        {"id": 4, "inputs": {"text": "cold soup"}},
    ]
    client.post(f"/api/datasets/reviews/{TEXT}:bulk", headers=HERE, json={"records": records})
    return client


def ask(client: Client, method: str, path: str, **more: Any) -> Any:
    answer = client.request(method, path, headers=HERE, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("rules", ORDERS)
def test_a_rule_is_stored_changed_and_forgotten(reviews: Client, rules: str) -> None:
    made = ask(reviews, "POST", rules, json={"query": " soup ", "label": "food", "description": "bowls"})

    assert made.pop("created_at")
    assert made == {
        "query": "soup", "label": "food", "labels": ["food"], "description": "bowls", "author": "eva",
    }  # fmt: skip
    changed = ask(reviews, "PATCH", f"{rules}/soup", json={"labels": ["food", "warm"]})
    assert (changed["labels"], changed["description"], "label" in changed) == (
        ["food", "warm"],
        "bowls",
        False,
    )
    assert ask(reviews, "GET", f"{rules}/ soup") == changed
    assert ask(reviews, "GET", rules) == [changed]
    assert ask(reviews, "DELETE", f"{rules}/soup") is None
    assert ask(reviews, "DELETE", f"{rules}/soup") is None
    assert ask(reviews, "GET", rules) == []


@pytest.mark.parametrize("query", ["a/b", "/sou.*/", "text:(soup OR tea)", "x?y", "a#b", "metrics", "ä b"])
def test_any_query_can_stand_in_the_path(reviews: Client, query: str) -> None:
    ask(reviews, "POST", RULES, json={"query": query, "labels": ["food"]})

    path = f"{RULES}/{quote(query, safe='')}"

    if query != "metrics":  # there, 1.x has the figures of all rules
        assert ask(reviews, "GET", path)["query"] == query
    assert ask(reviews, "PATCH", path, json={"label": "x"})["labels"] == ["x"]
    assert ask(reviews, "GET", f"{path}/metrics")["total_records"] == 4


def test_the_figures_of_a_rule(reviews: Client) -> None:
    ask(reviews, "POST", RULES, json={"query": "soup", "label": "food"})

    stored = ask(reviews, "GET", f"{RULES}/soup/metrics")
    given = ask(reviews, "GET", f"{RULES}/soup/metrics", params={"label": ["food", "drink"]})
    unknown = ask(reviews, "GET", f"{RULES}/tea/metrics")
    nothing = ask(reviews, "GET", f"{RULES}/zebra/metrics", params={"label": "food"})

    assert stored == {
        "coverage": 0.75, "coverage_annotated": pytest.approx(2 / 3), "correct": 1.0, "incorrect": 1.0,
        "precision": 0.5, "total_records": 4, "annotated_records": 3,
    }  # fmt: skip
    assert (given["correct"], given["incorrect"], given["precision"]) == (2.0, 2.0, 0.5)
    assert (unknown["coverage"], unknown["correct"], "precision" in unknown) == (0.25, 0.0, False)
    assert (nothing["coverage"], nothing["correct"], "precision" in nothing) == (0.0, 0.0, False)


def test_what_all_rules_cover_together(reviews: Client) -> None:
    whole = {"total_records": 4, "annotated_records": 3}
    assert ask(reviews, "GET", f"{RULES}/metrics") == {"coverage": 0.0, "coverage_annotated": 0.0, **whole}
    for query in ("good", "soup", "bad"):
        ask(reviews, "POST", RULES, json={"query": query, "label": "food"})

    assert ask(reviews, "GET", f"{RULES}/metrics") == {
        "coverage": 0.75, "coverage_annotated": pytest.approx(2 / 3), **whole,
    }  # fmt: skip


def test_rules_stay_with_the_dataset_and_go_with_a_copy(reviews: Client) -> None:
    ask(reviews, "POST", RULES, json={"query": "soup", "label": "food"})
    ask(reviews, "POST", f"/api/datasets/reviews/{TEXT}:bulk", json={"records": [{"inputs": {"text": "x"}}]})
    ask(reviews, "PATCH", "/api/datasets/reviews", json={"tags": {"a": "b"}})
    ask(reviews, "PUT", "/api/datasets/reviews:copy", json={"name": "again"})

    again = ask(reviews, "GET", f"/api/datasets/again/{TEXT}/labeling/rules")
    assert again == ask(reviews, "GET", RULES)
    assert [each["query"] for each in again] == ["soup"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "", {"query": "soup", "label": "x"}, 409, "EntityAlreadyExistsError"),
        ("POST", "", {"query": "tea"}, 422, "at least one label"),
        ("POST", "", {"query": " ", "label": "x"}, 422, "min_length"),
        ("POST", "", {"query": "(", "label": "x"}, 400, "InvalidTextSearchError"),
        ("PATCH", "/soup", {"labels": []}, 422, "__root__"),
        ("PATCH", "/tea", {"label": "x"}, 404, "ServiceLabelingRule"),
        ("GET", "/tea", None, 404, "ServiceLabelingRule"),
        ("GET", "/(/metrics", None, 400, "InvalidTextSearchError"),
    ],
)
def test_what_is_refused_changes_nothing(
    reviews: Client, method: str, path: str, body: Any, status: int, message: str
) -> None:
    ask(reviews, "POST", RULES, json={"query": "soup", "label": "food"})
    before = ask(reviews, "GET", RULES)

    answer = reviews.request(method, f"{RULES}{path}", headers=HERE, json=body)

    assert (answer.status_code, message in answer.text) == (status, True), answer.text
    assert ask(reviews, "GET", RULES) == before


def test_annotators_write_rules_unless_the_dataset_takes_that_from_them(
    reviews: Client, client_as: Any
) -> None:
    ana = client_as("ana")
    ask(ana, "POST", RULES, json={"query": "soup", "label": "food"})
    ask(client_as("max"), "PATCH", "/api/datasets/reviews/policies", json={"annotators_may": []})

    for method, path, body in (
        ("POST", "", {"query": "tea", "label": "x"}),
        ("PATCH", "/soup", {"label": "x"}),
        ("DELETE", "/soup", None),
    ):
        assert ana.request(method, f"{RULES}{path}", headers=HERE, json=body).status_code == 403
    assert [each["label"] for each in ask(ana, "GET", RULES)] == ["food"]


def test_the_figures_are_of_what_one_may_see(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab")
    talk.answer(ana="x x", ben="y y")

    def figures(who: str, label: str) -> Any:
        return talk.get(who, f"{TEXT}/labeling/rules/text/metrics", label=label)

    assert (figures("ana", "x")["precision"], figures("ana", "y")["precision"]) == (1.0, 0.0)
    assert figures("ben", "y")["precision"] == 1.0

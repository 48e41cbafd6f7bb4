"""Other uses by 1.x notebooks: each check of ``scripts/surface.py``, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

EXPECTED: dict[str, Any] = {
    "logging_twice_replaces_by_id": {
        "processed": [4, 2],
        "failed": [0, 0],
        "count": 4,
        "prediction": [["a", 0.9], ["b", 0.1]],
        "untouched": None,
        "status": ["Default"],
    },
    "annotations_come_back_with_agent_and_status": [
        ["sunny", "ana", "Validated"],
        ["sunny", "ana", "Validated"],
    ],
    "copy_then_delete": {
        "copied": [4, 4],
        "taken": ["AlreadyExistsApiError", 409, "EntityAlreadyExistsError"],
        "gone": True,
        "original": 4,
    },
    "delete_records_for_good_or_only_discard": {
        "by_id": [2, 2],
        "by_query": [2, 2],
        "discarded": [2, 2],
        "nothing": [0, 0],
        "left": [3, 4, 5, 7],
        "status": {"3": "Discarded", "4": "Default", "5": "Default", "7": "Discarded"},
    },
    "settings_guard_the_labels": {
        "refused": ["BadRequestApiError", 400, "BadRequestError"],
        "accepted": 1,
        "labels": ["cold", "tepid", "warm"],
    },
    "vectors_find_the_nearest": {
        "near": ["b", "a"],
        "wrong_size": ["BadRequestApiError", 400, "BadRequestError"],
        "kept": {"place": [5.0, 5.0]},
    },
    "order_and_paging": {
        "default": [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9],
        "sorted": [11, 10, 9],
        "small_pages": 12,
        "ids": [3, 7],
        "after": [8, 9],
        "bad_sort": ["BadRequestApiError", 400, "BadRequestError"],
        "bad_query": ["BadRequestApiError", 400, "InvalidTextSearchError"],
    },
    "queries_select": {
        "sun": 2,
        "sun OR rain": 4,
        "NOT sun": 6,
        "metadata.n:[2 TO 4]": 3,
        "su*": 2,
        '"rain number"': 2,
        "/s.*/": 4,
        "id:3": 1,
    },
    "text2text_round_trip": ["hello", [["hey", 1.0], ["hi", 0.8]], "hi", "Validated"],
    "logging_in_the_background_and_async": [3, 6, 3],
    "metrics_know_the_labels": {"listed": True, "labels": ["rainy", "sunny"]},
    "metrics_of_a_notebook": {
        "f1": 1.0,
        "support": 2,
        "length": {"12.0": 1, "13.0": 3},
        "status": {"Validated": 4},
        "keywords": ["number", "rain", "snow", "sun", "wind"],
        "span f1": 0.5,
        "labels": {"DATE": 2, "PER": 2},
        "mentions": {"3.0": 4},
        "ambiguous": {
            "mentions": [
                {"mention": "May", "entities": [{"label": "DATE", "count": 1}, {"label": "PER", "count": 1}]}
            ]
        },
    },
    "token_records_keep_spans_and_offsets": {
        "annotation": [["PER", 0, 3], ["LOC", 15, 20]],
        "tokens": ["Zoë", "🙂", "lives", "in", "Bilbo"],
        "mentions": [["LOC", "Bilbo"], ["PER", "Zoë"]],
    },
    "a_record_can_be_patched": [{"kind": "sun", "n": 0, "seen": True}, "Discarded"],
    "rules_are_kept_and_vote": {
        "none": [],
        "loaded": [["rain", "rainy"], ["sun", "sunny"]],
        "metrics": {
            "coverage": 0.5,
            "annotated_coverage": 0.5,
            "correct": 1,
            "incorrect": 1,
            "precision": 0.5,
        },
        "left": ["rain"],
    },
    "wrong_things_are_refused_by_name": {
        "other_task": ["BadRequestApiError", 400, "WrongTaskError"],
        "unknown": ["NotFoundApiError", 404, "EntityNotFoundError"],
        "two_labels": ["ValidationApiError", 422, "ValidationError"],
        "too_many_keys": ["BadRequestApiError", 400, "MetadataLimitExceededError"],
    },
}


@pytest.fixture(scope="module")
def surface(official: Callable[..., Any]) -> dict[str, Any]:
    return dict(official("surface"))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_notebook_finds_that(name: str, surface: dict[str, Any]) -> None:
    found = surface[name]

    assert "traceback" not in found, found["traceback"]
    assert found == EXPECTED[name]


def test_every_check_has_an_expectation(surface: dict[str, Any]) -> None:
    assert set(surface) == set(EXPECTED)

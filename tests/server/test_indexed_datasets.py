"""Datasets that are searched in OpenSearch, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support import Client

TEXT = "TextClassification"
SHARED = {"workspace": "shared"}


def records(*ids: str) -> dict[str, Any]:
    return {
        "records": [{"id": id, "inputs": {"text": f"a text of {id}"}, "metadata": {"k": id}} for id in ids]
    }


def test_replies_say_how_many_records_of_others_are_not_searchable_yet(
    client_as: Callable[..., Client], store: Any
) -> None:
    eva, max_ = client_as("eva"), client_as("max")
    log, search = f"/api/datasets/reviews/{TEXT}:bulk", f"/api/datasets/reviews/{TEXT}:search"
    eva.post(log, params=SHARED, json=records("a", "b")).raise_for_status()
    found = max_.post(search, params=SHARED, json={"query": {"query_text": "text"}})
    assert (found.json()["total"], found.headers.get("X-Apportion-Lag")) == (2, None)
    assert found.json()["aggregations"]["metadata"]["k"] == {"a": 1, "b": 1}

    store.catches_up = False
    store.search.thread.close()  # nothing is indexed any more
    eva.post(log, params=SHARED, json=records("c")).raise_for_status()
    behind = max_.post(search, params=SHARED, json={"query": {"query_text": "text"}})
    assert (behind.json()["total"], behind.headers["X-Apportion-Lag"]) == (2, "1")
    own = eva.post(search, params=SHARED, json={"query": {"query_text": "text"}})
    assert (own.json()["total"], own.headers.get("X-Apportion-Lag")) == (3, None)  # by the database


def test_administrators_see_how_the_indexes_are(client_as: Callable[..., Client], store: Any) -> None:
    eva = client_as("eva")
    eva.post(f"/api/datasets/reviews/{TEXT}:bulk", params=SHARED, json=records("a")).raise_for_status()
    eva.post(f"/api/datasets/reviews/{TEXT}:search", params=SHARED, json={}).raise_for_status()
    search = eva.get("/api/server").json()["search"]
    assert search == {"indexed": 1, "building": 0, "lag": 0, "answered": 1, "left": 0, "problem": ""}
    metrics = eva.get("/metrics").text
    assert "apportion_search_up" in metrics
    assert "apportion_search_lag_records" in metrics

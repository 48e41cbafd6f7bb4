"""The short way to the hot routes answers as the documented way does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from apportion.server.fast_routes import FastRoute
from support import Client

TEXT = "TextClassification"
BULK, SEARCH = f"/api/datasets/reviews/{TEXT}:bulk", f"/api/datasets/reviews/{TEXT}:search"
SCAN = "/api/datasets/reviews/records/:search"
RECORDS = [{"id": str(n), "inputs": {"text": f"number {n}"}} for n in range(4)]
SHARED = {"workspace": "shared"}

REQUESTS: list[tuple[str, str, dict[str, Any], Any]] = [
    # who, path, query and headers ("x-…"), body
    *(
        (who, path, {**SHARED, **query}, {})
        for who in ("max", "ana", "olga", "")
        for path in (SEARCH, SCAN)
        for query in (
            {},
            {"limit": 2},
            {"include_metrics": "true"},
            {"include_metrics": "yes"},
            {"more": "1"},
        )
    ),
    *(
        ("max", path, {**SHARED, **query}, {"query": {"query_text": "number"}})
        for path in (SEARCH, SCAN, SEARCH.replace(TEXT, "TaskType.text_classification"))
        for query in (
            {"limit": limit}
            for limit in ("0", "1000", "1001", "-1", "1.5", "", "+3", " 3", "3_0", "x", "٣", 10**9)
        )
    ),
    *(
        ("max", SEARCH, {**SHARED, "from": start, "limit": 1}, {})
        for start in (1, 9_999, 10_000, 10_001, "x")
    ),
    *(
        ("max", SEARCH, {**SHARED, "facets": facets}, {})
        for facets in ("", "status", "status,words", "nothing")
    ),
    ("max", SEARCH, {}, {}),
    ("max", SEARCH, {"x-argilla-workspace": "shared"}, {}),
    ("max", SEARCH, {"workspace": "", "x-argilla-workspace": "shared"}, {}),
    ("max", SEARCH, {"workspace": "other", "x-argilla-workspace": "shared"}, {}),
    ("max", SEARCH, SHARED, b"[1"),
    ("max", SEARCH, {**SHARED, "limit": "x"}, b"[1"),
    ("max", SEARCH.replace(TEXT, "Text2Text"), SHARED, {}),
    ("max", SEARCH.replace(TEXT, "Nothing"), SHARED, {}),
    ("max", SEARCH.replace("reviews", "elsewhere"), SHARED, {}),
    ("max", SEARCH.replace("reviews", "re%2Fviews"), SHARED, {}),
    ("max", BULK, {**SHARED, "limit": "x"}, {"records": RECORDS[:1]}),
    ("olga", BULK, SHARED, {"records": RECORDS}),
    ("max", BULK, SHARED, {"records": [{"id": "x"}]}),
    ("max", BULK, SHARED, {}),
]


@pytest.fixture
def hot(app: FastAPI) -> list[FastRoute]:
    return [route for route in app.router.routes if isinstance(route, FastRoute)]


@contextmanager
def without(hot: list[FastRoute], app: FastAPI) -> Iterator[None]:
    kept = list(app.router.routes)
    app.router.routes[:] = [route for route in kept if route not in hot]
    yield
    app.router.routes[:] = kept


def test_both_ways_answer_the_same(
    app: FastAPI, hot: list[FastRoute], client_as: Callable[..., Client]
) -> None:
    assert len(hot) == 3
    client_as("max").post(BULK, params=SHARED, json={"records": RECORDS}).raise_for_status()

    for who, path, more, body in REQUESTS:
        client = client_as(who or None)
        query = {name: value for name, value in more.items() if not name.startswith("x-")}
        headers = {name: value for name, value in more.items() if name.startswith("x-")}
        headers["x-request-id"] = "the-same"
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}

        def ask(client: Client = client, **request: Any) -> tuple[int, Any, dict[str, str]]:
            answer = client.post(**request)
            return answer.status_code, answer.json(), dict(answer.headers)

        request = {"url": path, "params": query, "headers": headers, **sent}
        short = ask(**request)
        with without(hot, app):
            assert short == ask(**request), (who, path, more, body)


def test_doubtful_requests_are_left_to_the_documented_way(hot: list[FastRoute]) -> None:
    def taken(path: str, query: str = "", method: str = "POST") -> list[FastRoute]:
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        return [route for route in hot if route.matches(scope)[0].value]

    assert [len(taken(path, "limit=5&workspace=a")) for path in (BULK, SEARCH, SCAN)] == [1, 1, 1]
    assert taken(SEARCH, "limit=1001") == taken(SEARCH, "include_metrics=1") == taken(SEARCH, "from=-1") == []
    assert taken(SEARCH, method="GET") == taken(SEARCH.replace(TEXT, "Nothing")) == []

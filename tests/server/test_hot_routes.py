"""The short way to the hot routes answers as the documented way does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from apportion.server.fast_routes import FastRoute, plainly_read
from apportion.server.wire_routes import read_body
from apportion.wire.annotations import AnnotationIn
from apportion.wire.queue import ClaimIn
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
    assert len(hot) == 5
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


LABEL = {"labels": [{"class": "good"}]}
PLAIN = {"value": LABEL, "state": "submitted", "version": 0, "seconds": 3, "token": "t"}
ANSWERS: list[Any] = [
    PLAIN,
    {**PLAIN, "value": {"labels": [{"class": "gut \u00e4\U0001f600"}]}},
    {**PLAIN, "seconds": 2.5, "more": [1]},
    {**PLAIN, "version": "0"},
    {**PLAIN, "version": 0.0},
    {**PLAIN, "version": 0.5},
    {**PLAIN, "version": -1},
    {**PLAIN, "version": 7},
    {**PLAIN, "version": True},
    {**PLAIN, "state": "done"},
    {**PLAIN, "seconds": -1},
    {**PLAIN, "seconds": 1e12},
    {**PLAIN, "dataset": "another"},
    {**PLAIN, "value": None},
    {**PLAIN, "value": {"labels": [{"class": "good", "score": 2**70}]}},
    {**PLAIN, "value": {"labels": [], "deep": [[[[]]]] * 3}},
    {"state": "submitted", "version": 0},
    {"version": 0},
    [],
    None,
    b"",
    b"[1",
    b'{"state": "submitted", "version": 0, "token": "\\ud800"}',
    b'{"state": "submitted", "version": 0, "seconds": NaN}',
    b'{"state": "submitted", "version": 0, "seconds": 1e999}',
    b'{"state": "submitted", "version": 1' + b"0" * 30 + b"}",
    b'{"state": "submitted", "version": 0, "value": ' + b"[" * 80 + b"]" * 80 + b"}",
    b'\xef\xbb\xbf{"state": "draft", "version": 0}',
    '{"state": "draft", "version": 0}'.encode("utf-16"),
    b'{"state": "draft", "version": 0, "token": "' + b"x" * 20_000 + b'"}',
]


def test_answers_are_read_the_same_on_both_ways(
    app: FastAPI, hot: list[FastRoute], client_as: Callable[..., Client]
) -> None:
    kinds = ("application/json", "application/json; charset=utf-8", "text/plain", None)
    cases = [(body, kinds[0]) for body in ANSWERS] + list(product((PLAIN, b"[1", []), kinds[1:]))
    records = [{"id": f"{n}{way}", "inputs": {"text": f"number {n}"}} for n in range(99) for way in "ab"]
    client_as("max").post(BULK, params=SHARED, json={"records": records}).raise_for_status()

    def answer(record: str, who: str | None, body: Any, kind: str | None) -> tuple[int, Any]:
        path = f"/api/datasets/reviews/records/{record}/annotations/me"
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {} if kind is None else {"content-type": kind}
        found = client_as(who).put(path, params=SHARED, content=sent, headers=headers)
        return found.status_code, _without_time(found.json())

    for n, (body, kind) in enumerate(cases):
        for who in ("ana", "olga", None):
            short = answer(f"{n}a", who, body, kind)
            with without(hot, app):
                assert short == answer(f"{n}b", who, body, kind), (who, body, kind)


def _without_time(shown: Any) -> Any:
    return {**shown, "updated_at": "", "detail": shown.get("detail")}


def test_claims_are_refused_the_same_on_both_ways(
    app: FastAPI, hot: list[FastRoute], client_as: Callable[..., Client]
) -> None:
    client_as("max").post(BULK, params=SHARED, json={"records": RECORDS}).raise_for_status()
    bodies: tuple[Any, ...] = (
        {},
        {"limit": 0},
        {"limit": 21},
        {"limit": "2"},
        {"where": 1},
        {"where": "status:"},
        {"dataset": "no"},
        [],
    )

    def claim(who: str | None, name: str, body: Any) -> tuple[int, Any]:
        path = f"/api/datasets/{name}/queue:claim"
        found = client_as(who).post(path, params=SHARED, json=body)
        return found.status_code, found.json()

    for who, name, body in product(("ana", "olga", None), ("reviews", "elsewhere"), bodies):
        short = claim(who, name, body)
        with without(hot, app):
            assert short == claim(who, name, body), (who, name, body)


_NUMBERS = st.one_of(
    st.integers(-1, 25), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=2)
)
_TEXTS = st.one_of(st.text(max_size=3), st.none(), st.integers())
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
_BODIES: dict[Any, st.SearchStrategy[dict[str, Any]]] = {
    ClaimIn: st.fixed_dictionaries({}, optional={"limit": _NUMBERS, "where": _TEXTS, "dataset": _TEXTS}),
    AnnotationIn: st.fixed_dictionaries(
        {"state": st.sampled_from(["draft", "submitted", "discarded", "none", None]), "version": _NUMBERS},
        optional={"value": _VALUES, "seconds": _NUMBERS, "token": _TEXTS, "dataset": _TEXTS, "more": _VALUES},
    ),
}


@pytest.mark.parametrize("shape", list(_BODIES))
@given(data=st.data())
def test_what_is_plainly_a_body_is_what_the_documented_way_reads(shape: Any, data: st.DataObject) -> None:
    sent = data.draw(_BODIES[shape])
    plain = plainly_read("application/json", msgspec.json.encode(sent), shape)
    try:
        read = read_body(shape, sent)
    except ValidationError:
        read = None
    assert plain is None or (plain == read and repr(plain) == repr(read))

"""Every operation declares what it answers, and what is answered is compared with that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apportion.server.request_log import RequestInfo
from declared import check, declared

FILES = {
    "get /api/datasets/{name}/hours": {"application/json", "text/csv"},
    "get /api/events": {"text/event-stream"},
    "get /api/workspaces/{name}/hours": {"application/json", "text/csv"},
    "get /metrics": {"application/openmetrics-text", "text/plain"},
    "post /api/audit:export": {"application/x-ndjson", "text/csv; charset=utf-8"},
    "post /api/datasets/{name}/export": {
        "application/vnd.apache.parquet",
        "application/x-ndjson",
        "text/csv; charset=utf-8",
    },
}
"""Operations that answer with a file or a stream, and its kinds."""
ANY_OBJECT = {
    "get /api/me/preferences",  # what a browser wants to keep
    "post /api/datasets/{name}/{task}/metrics/{metric}:summary",  # each metric of 1.x has a form of its own
    "put /api/me/preferences",
}


def _replies() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in declared()["paths"].items():
        for method, operation in methods.items():
            content: dict[str, Any] = {}
            for status, reply in operation["responses"].items():
                if status.startswith("2"):
                    content |= reply.get("content", {})
            yield f"{method} {path}", content


def _is_shape(schema: dict[str, Any]) -> bool:
    """Return True if a schema is a shape of ``wire``, a list of one, one of several, or null."""
    if schema.get("type") == "array":
        return _is_shape(schema["items"])
    if "anyOf" in schema:
        return all(map(_is_shape, schema["anyOf"]))
    return "$ref" in schema or schema == {"type": "null"}


def test_every_operation_that_answers_json_declares_its_shape() -> None:
    without = [
        name
        for name, content in _replies()
        if "application/json" in content and not _is_shape(content["application/json"].get("schema", {}))
    ]

    assert set(without) == ANY_OBJECT


def test_every_other_operation_declares_the_kind_of_its_file() -> None:
    assert {
        name: set(content) for name, content in _replies() if set(content) != {"application/json"}
    } == FILES


@pytest.mark.parametrize(
    "body", [b'{"status":"ok","more":1}', b'{"status":"no"}', b"{}", b"null"], ids=lambda body: body.decode()
)
def test_a_reply_of_another_shape_than_declared_fails_the_test_that_sees_it(body: bytes) -> None:
    scope = {"method": "GET", "apportion.seen": RequestInfo("1", "", route="/api/health")}
    json = {"content-type": "application/json"}

    check(scope, 200, json, b'{"status":"ok"}')
    with pytest.raises(AssertionError, match="/api/health"):
        check(scope, 200, json, body)

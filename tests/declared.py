"""Replies compared with what the OpenAPI document declares: every reply a test sees has the shape it should."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from apportion.server.request_log import request_info
from apportion.wire.schemas import STRUCTS

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import reference

__all__ = ["check", "declared"]

DOCUMENT, DIALECT = "urn:apportion", "https://json-schema.org/draft/2020-12/schema"
LARGEST = 2_000_000
"""Larger bodies are of tests about size; decoding them once more would be slow."""


@functools.cache
def declared() -> dict[str, Any]:
    """The document, stricter than what clients get: no member that it does not name."""
    document = reference.openapi()
    for name in STRUCTS:
        schema = document["components"]["schemas"][name]
        if schema["type"] == "object":
            schema["additionalProperties"] = False
    return document


@functools.cache
def _registry() -> jsonschema_rs.Registry:
    """Return the document as what schemas refer to: given to each validator anew, it would be read by each."""
    return jsonschema_rs.Registry([(DOCUMENT, {"$schema": DIALECT, **declared()})])


@functools.cache
def _validator(path: str, method: str, status: str) -> Any:
    """Return the validator of the JSON of a reply; None where nothing is declared."""
    replies = declared()["paths"][path][method]["responses"]
    content = replies.get(status, {}).get("content", {})
    if "application/json" not in content:
        return None
    steps = ("paths", path, method, "responses", status, "content", "application/json", "schema")
    pointer = "/".join(quote(step.replace("~", "~0").replace("/", "~1"), safe="~") for step in steps)
    return jsonschema_rs.validator_for(
        {"$schema": DIALECT, "$ref": f"{DOCUMENT}#/{pointer}"}, registry=_registry()
    )


def check(scope: Mapping[str, Any], status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Compare a reply with its declaration. Raises ``AssertionError``."""
    seen = request_info(dict(scope))
    route: str = seen.route if seen and seen.route else getattr(scope.get("route"), "path_format", "")
    path, method = route[route.find("/api/") :] if "/api/" in route else route, scope["method"].lower()
    if method not in declared()["paths"].get(path, {}):
        return
    kind = headers.get("content-type", "")
    if kind != "application/json":
        content = declared()["paths"][path][method]["responses"].get(str(status), {}).get("content", {})
        known = [each.partition(";")[0] for each in content]
        assert status >= 300 or kind.partition(";")[0] in known, f"{method} {path}: {kind} is not declared"
        return
    validator = _validator(path, method, str(status))
    assert validator is not None or status >= 300, f"{method} {path}: {status} is not declared"
    if validator is not None and len(body) < LARGEST:
        problems = [
            f"{each.instance_path}: {each.message[:500]}" for each in validator.iter_errors(json.loads(body))
        ]
        assert not problems, f"{method} {path} {status}: {problems[:5]}"

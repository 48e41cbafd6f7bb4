"""The OpenAPI document, and a page that shows it without loading anything from another host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Set
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from apportion.domain.errors import UnauthorizedError, ValidationError
from apportion.version import __version__
from apportion.wire.schemas import component_schemas

from .auth import API_KEY_HEADER, COOKIE
from .deps import get_context
from .errors import responses
from .paths import TASKS
from .plain_page import page
from .wire_routes import fill_schemas

__all__ = ["docs_page", "document", "private_operations"]

ABOUT = """Share text records out among annotators, see how far they agree, bring one clean dataset back.

Send your API key in the header `X-Argilla-Api-Key`, and say which workspace you mean with `?workspace=`.
Every error has the form `{"detail": {"code", "params"}}`."""

_ERROR = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": ["object", "string"],
            "description": "Text only where there is no such path, or none for that method.",
            "required": ["code", "params"],
            "properties": {
                "code": {"type": "string", "examples": ["argilla.api.errors::EntityNotFoundError"]},
                "params": {"type": ["object", "null"], "additionalProperties": True},
            },
        }
    },
}


def document(app: FastAPI, private: Set[tuple[str, str]]) -> dict[str, Any]:
    """Return the OpenAPI document, built once; ``private`` are the operations that need a signed-in caller."""
    if app.openapi_schema is None:
        fill_schemas()
        found = get_openapi(
            title="Apportion",
            version=__version__,
            description=ABOUT,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        parts = found.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        schemas.update(component_schemas())
        schemas["Error"] = _ERROR
        parts["securitySchemes"] = {
            "apiKey": {"type": "apiKey", "in": "header", "name": API_KEY_HEADER},
            "bearer": {"type": "http", "scheme": "bearer", "description": "A token, or an API key."},
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        }
        for path, method, operation in _operations(found):
            _finish(operation, private=(method, path) in private)
            if "{task}" in path:
                _name_tasks(method, operation)
        app.openapi_schema = found
    return app.openapi_schema


def private_operations(routers: Iterable[APIRouter], prefix: str) -> set[tuple[str, str]]:
    """Return method and path of every route that asks for a ``Ctx``."""
    return {
        (method.lower(), prefix + route.path_format)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and _needs_somebody(route.dependant)
        for method in route.methods or ()
    }


def _needs_somebody(dependant: Dependant) -> bool:
    return any(each.call is get_context or _needs_somebody(each) for each in dependant.dependencies)


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _finish(operation: dict[str, Any], *, private: bool) -> None:
    """Set the summary from the docstring's first line, and the errors in our form."""
    summary, _, rest = str(operation.get("description", "")).partition("\n")
    if summary:
        operation["summary"] = summary.strip().rstrip(".")
        operation["description"] = " ".join((summary + rest).split())
    answers: dict[str, Any] = operation["responses"]
    if "422" in answers or "requestBody" in operation or "parameters" in operation:
        answers["422"] = responses(ValidationError)[422]
    if private:
        operation["security"] = [{"apiKey": []}, {"bearer": []}, {"session": []}]
        answers.setdefault("401", responses(UnauthorizedError)[401])
    operation["responses"] = dict(sorted(answers.items()))


def _name_tasks(method: str, operation: dict[str, Any]) -> None:
    """List the tasks a path may name, and 405 as the answer to any other word in their place."""
    for each in operation["parameters"]:
        if each["name"] == "task":
            each["schema"] = {"type": "string", "enum": list(TASKS)}
    if method != "get":
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        operation["responses"]["405"] = {"description": "No such task", "content": content}


# The page


def docs_page(found: dict[str, Any], spec_url: str) -> str:
    """Return the page: every route, by topic, with its parameters and responses."""
    topics: dict[str, list[str]] = {}
    for path, method, operation in _operations(found):
        topic = (operation.get("tags") or ["Other"])[0]
        topics.setdefault(topic, []).append(_operation(found, path, method, operation))
    about = "".join(f"<p>{escape(each)}</p>" for each in ABOUT.split("\n\n"))
    body = f"<h1>Apportion {escape(__version__)}: HTTP API</h1>{about}"
    body += f'<p>For programs: <a href="{escape(spec_url)}">the OpenAPI document</a>.</p>'
    for topic, operations in topics.items():
        body += f"<h2>{escape(topic)}</h2>{''.join(operations)}"
    return page("Apportion: HTTP API", body)


def _operation(found: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    head = f'<span class="m">{method.upper()}</span> <code>{escape(path)}</code>'
    body = f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>"
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{escape(each.get('description', ''))}</td></tr>"
        for each in operation.get("parameters", ())
    ]
    if rows:
        body += f"<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>{''.join(rows)}</table>"
    if content := operation.get("requestBody", {}).get("content"):
        body += f"<p>Body</p>{_shown(found, next(iter(content.values())))}"
    for status, answer in operation["responses"].items():
        body += f"<p>{escape(status)}: {escape(answer.get('description', ''))}</p>"
        if status.startswith("2") and answer.get("content"):
            body += _shown(found, next(iter(answer["content"].values())))
    summary = escape(operation.get("summary", ""))
    return f"<details><summary>{head} — {summary}</summary>{body}</details>"


def _shown(found: dict[str, Any], media: dict[str, Any]) -> str:
    shown = media["example"] if "example" in media else _example(found, media.get("schema", {}))
    return f"<pre>{escape(json.dumps(shown, indent=2, ensure_ascii=False))}</pre>"


def _example(found: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """Return an example that fits a schema: its own if it has one."""
    if depth > 8:
        return "…"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _example(found, found["components"]["schemas"].get(name, {}), depth + 1)
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _example(found, schema[key][0], depth + 1)
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _example(found, each, depth + 1) for name, each in properties.items()}
        case "array":
            return [_example(found, schema.get("items", {}), depth + 1)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return "…"

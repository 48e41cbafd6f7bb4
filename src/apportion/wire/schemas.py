"""The component schemas of the OpenAPI document, made from the structs, with examples."""

from __future__ import annotations

from typing import Any

import msgspec

from apportion.vocabulary import Task

from . import (
    agreement,
    assignments,
    audit,
    bodies,
    datasets,
    imports,
    inbox,
    jobs,
    labeling_rules,
    people,
    policies,
    progress,
    queries,
    queue,
    records,
    server_state,
    webhooks,
    workspaces,
)
from . import annotations as annotation_module
from .examples import EXAMPLES, RECORDS

__all__ = ["BULK_SCHEMAS", "STRUCTS", "component_schemas"]

_MODULES = (
    agreement, annotation_module, assignments, audit, bodies, datasets, imports, inbox, jobs, labeling_rules, people,
    policies, progress, queries, queue, records, server_state, webhooks, workspaces,
)  # fmt: skip

STRUCTS: dict[str, type[msgspec.Struct]] = {
    name: each
    for module in _MODULES
    for name in module.__all__
    if isinstance(each := getattr(module, name), type) and issubclass(each, msgspec.Struct)
}
"""Every shape on the wire, by the name of its component."""

BULK_SCHEMAS: dict[Task, str] = {
    Task.TEXT_CLASSIFICATION: "TextClassificationBulk",
    Task.TOKEN_CLASSIFICATION: "TokenClassificationBulk",
    Task.TEXT2TEXT: "Text2TextBulk",
}
"""The component that describes the body of each task's ``:bulk``."""


def _tidy(schema: Any) -> None:
    """Lay docstrings out as text, leave defaults of null out, and allow any members where none are named."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    elif isinstance(schema, dict):
        if isinstance(text := schema.get("description"), str):
            schema["description"] = " ".join(text.split())
        if schema.get("default", ...) is None:
            del schema["default"]
        if schema.get("type") == "object" and not {"properties", "additionalProperties"} & schema.keys():
            schema["additionalProperties"] = True
        for each in schema.values():
            _tidy(each)


def component_schemas(ref_template: str = "#/components/schemas/{name}") -> dict[str, Any]:
    """Return the schema of every shape on the wire, by name."""
    _, components = msgspec.json.schema_components(STRUCTS.values(), ref_template=ref_template)
    for each in components.values():
        _tidy(each)
    for name, examples in EXAMPLES.items():
        components[name]["examples"] = examples
    for task, name in BULK_SCHEMAS.items():
        components[name]["examples"] = [{"records": [RECORDS[task]]}]
        components[f"{task.value}Record"]["examples"] = [RECORDS[task]]
        stamp = components[f"{task.value}Record"]["properties"]["event_timestamp"]
        for each in stamp.get("anyOf", ()):
            if each == {"type": "string"}:
                each["format"] = "date-time"
    return components

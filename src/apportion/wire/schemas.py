"""The record types as component schemas of the OpenAPI document, with examples."""

from __future__ import annotations

from typing import Any

import msgspec

from apportion.vocabulary import Task

from .records import Text2TextBulk, TextClassificationBulk, TokenClassificationBulk

__all__ = ["BULK_SCHEMAS", "EXAMPLES", "record_schemas"]

BULK_SCHEMAS: dict[Task, str] = {
    Task.TEXT_CLASSIFICATION: "TextClassificationBulk",
    Task.TOKEN_CLASSIFICATION: "TokenClassificationBulk",
    Task.TEXT2TEXT: "Text2TextBulk",
}
"""The component that describes the body of each task's ``:bulk``."""

EXAMPLES: dict[Task, dict[str, Any]] = {
    Task.TEXT_CLASSIFICATION: {
        "id": "a-1",
        "inputs": {"text": "The soup was cold."},
        "prediction": {"agent": "a model", "labels": [{"class": "complaint", "score": 0.9}]},
        "metadata": {"source": "survey"},
        "event_timestamp": "2026-01-31T12:00:00",
    },
    Task.TOKEN_CLASSIFICATION: {
        "id": "b-1",
        "text": "Ana lives in Bilbao.",
        "tokens": ["Ana", "lives", "in", "Bilbao", "."],
        "annotation": {"agent": "ben", "entities": [{"start": 13, "end": 19, "label": "LOC"}]},
        "status": "Validated",
    },
    Task.TEXT2TEXT: {
        "id": "c-1",
        "text": "A long report.",
        "prediction": {"agent": "a model", "sentences": [{"text": "A report.", "score": 0.7}]},
    },
}
"""One record of each task, as it may be logged."""


def record_schemas(ref_template: str = "#/components/schemas/{name}") -> dict[str, Any]:
    """Return every component needed to describe the bodies of ``BULK_SCHEMAS``, by name."""
    kinds = (TextClassificationBulk, TokenClassificationBulk, Text2TextBulk)
    _, components = msgspec.json.schema_components(kinds, ref_template=ref_template)
    for task, name in BULK_SCHEMAS.items():
        components[name]["examples"] = [{"records": [EXAMPLES[task]]}]
        components[f"{task.value}Record"]["examples"] = [EXAMPLES[task]]
        stamp = components[f"{task.value}Record"]["properties"]["event_timestamp"]
        for each in stamp.get("anyOf", ()):
            if each == {"type": "string"}:
                each["format"] = "date-time"
    return components

"""The bodies of searches, scans and deletions as schemas of the OpenAPI document."""

from __future__ import annotations

from typing import Any

__all__ = ["DELETION_BODY", "QUERY_SCHEMAS", "SCAN_BODY", "SEARCH_BODY"]

_NAMES = {"type": "array", "items": {"type": "string"}}
_SORT = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "order": {"type": "string", "enum": ["asc", "desc"]}},
        "examples": [{"id": "last_updated", "order": "desc"}],
    },
}

QUERY_SCHEMAS: dict[str, Any] = {
    "Query": {
        "type": "object",
        "description": "Which records are meant; members are combined with AND, values within one with OR.",
        "properties": {
            "query_text": {
                "type": ["string", "null"],
                "description": "The search language: words, phrases, fields, AND OR NOT, wildcards, ranges.",
                "examples": ["status:Default AND metadata.source:survey"],
            },
            "advanced_query_dsl": {"type": "boolean"},
            "ids": {"type": ["array", "null"], "items": {"type": ["string", "integer"]}},
            "annotated_by": _NAMES,
            "predicted_by": _NAMES,
            "annotated_as": _NAMES,
            "predicted_as": _NAMES,
            "status": {
                "type": "array",
                "items": {"type": "string", "enum": ["Default", "Edited", "Discarded", "Validated"]},
            },
            "predicted": {"type": ["string", "null"], "enum": ["ok", "ko", None]},
            "score": {
                "type": ["object", "null"],
                "properties": {"from": {"type": "number"}, "to": {"type": ["number", "null"]}},
            },
            "metadata": {
                "type": ["object", "null"],
                "additionalProperties": {"anyOf": [{"type": "string"}, _NAMES]},
            },
            "has_annotation": {"type": ["boolean", "null"]},
            "has_prediction": {"type": ["boolean", "null"]},
            "uncovered_by_rules": _NAMES,
            "vector": {
                "anyOf": [
                    {"type": "null"},
                    {
                        "type": "object",
                        "required": ["name", "value"],
                        "properties": {
                            "name": {"type": "string"},
                            "value": {"type": "array", "items": {"type": "number"}},
                            "k": {"type": ["integer", "null"], "minimum": 1},
                        },
                    },
                ]
            },
        },
    },
    "Search": {
        "type": "object",
        "properties": {"query": {"$ref": "#/components/schemas/Query"}, "sort": _SORT},
        "examples": [{"query": {"query_text": "soup", "status": ["Default"]}, "sort": []}],
    },
    "Scan": {
        "type": "object",
        "properties": {
            "query": {"anyOf": [{"$ref": "#/components/schemas/Query"}, {"type": "null"}]},
            "fields": {"type": ["array", "null"], "items": {"type": "string"}},
            "sort_by": _SORT,
            "next_idx": {"type": ["string", "null"]},
            "next_page_cfg": {"type": ["string", "null"]},
        },
        "examples": [{"query": {"query_text": "status:Default"}, "fields": ["*"]}],
    },
}


def _body(name: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}


SEARCH_BODY = _body("Search")
SCAN_BODY = _body("Scan")
DELETION_BODY = _body("Query")

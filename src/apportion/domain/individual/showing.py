"""Annotations and gold values as JSON for replies: values as on the 1.x wire, ids and times as text."""

from __future__ import annotations

from typing import Any

from apportion.domain.records import Entities, Value
from apportion.domain.times import utc_iso
from apportion.vocabulary import Task

from .case import Annotation, GoldValue

__all__ = ["show_annotation", "show_gold", "show_value"]


def show_value(value: Value | None, task: Task | None = None) -> dict[str, Any] | None:
    """Return a value without its agent as JSON: ``labels``, ``entities`` or ``sentences``."""
    if value is None:
        return None
    if isinstance(value, Entities):
        return {
            "entities": [
                {"start": each.start, "end": each.end, "label": each.label, "score": each.score}
                for each in value.spans
            ]
        }
    if task is Task.TEXT2TEXT:
        return {"sentences": [{"text": text, "score": score} for text, score in value]}
    return {"labels": [{"class": label, "score": score} for label, score in value]}


def show_annotation(found: Annotation | None, task: Task | None = None) -> dict[str, Any]:
    """Return an annotation as JSON for its author; ``none`` and version 0 where there is none."""
    if found is None:
        return {"state": "none", "version": 0, "value": None}
    return {
        "value": show_value(found.value, task),
        "state": str(found.state),
        "version": found.version,
        "seconds": found.seconds,
        "updated_at": utc_iso(found.updated),
    }


def show_gold(gold: GoldValue | None, task: Task | None = None) -> dict[str, Any] | None:
    """Return a gold value as JSON with its origin."""
    if gold is None:
        return None
    return {
        "value": show_value(gold.value, task),
        "state": "discarded" if gold.value is None else "submitted",
        "origin": str(gold.origin),
        "author": gold.author,
        "reason": gold.reason,
        "version": gold.version,
        "at": utc_iso(gold.at),
    }

"""Conversion of records into ``datasets``, column by column as Arrow arrays."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from apportion.vocabulary import Task

from ._optional import library
from .records import Record

__all__ = ["to_datasets"]

_log = logging.getLogger(__name__)


def to_datasets(kind: type[Record], records: Sequence[Record]) -> Any:
    """Return a ``datasets.Dataset`` with a column per field except ``search_keywords``."""
    datasets, arrow = library("datasets"), library("pyarrow")
    columns = {}
    for name in kind._names:
        if name == "search_keywords":
            continue
        values = [getattr(record, name) for record in records]
        if all(value is None or value == {} for value in values):
            columns[name] = arrow.nulls(len(values))
        else:
            columns[name] = _array(arrow, kind.task, name, values)
    table = datasets.table.InMemoryTable(arrow.table(columns))
    return datasets.Dataset(table)


def _array(arrow: Any, task: Task, name: str, values: list[Any]) -> Any:
    if name == "event_timestamp":
        return arrow.array([_naive(value) for value in values], arrow.timestamp("us"))
    if name == "id":
        return arrow.array([str(value) for value in values])
    if name in ("metadata", "metrics"):
        return _structure(arrow, values, lambda key, found: _column_of_texts(arrow, f"{name}.{key}", found))
    if name == "inputs":
        return _structure(arrow, values, lambda _, found: arrow.array(_all_lists(found)))
    if name == "vectors":
        return _structure(arrow, values, None, arrow.list_(arrow.float64()))
    if name == "explanation":
        return arrow.array([value and _explained(value) for value in values])
    if name in ("text", "annotation") and task is Task.TEXT_CLASSIFICATION:
        return arrow.array(_all_lists(values))
    if name in ("prediction", "annotation") and (members := _members(arrow, task, name)):
        rows = [value and [dict(zip(members, each, strict=True)) for each in value] for value in values]
        return arrow.array(rows, arrow.list_(arrow.struct(members)))
    return arrow.array(values)


def _members(arrow: Any, task: Task, name: str) -> dict[str, Any] | None:
    """Return the Arrow types of the members of a field's tuples; None where its values are plain texts."""
    text, place, score = arrow.string(), arrow.int64(), arrow.float64()
    if task is Task.TOKEN_CLASSIFICATION:
        span = {"label": text, "start": place, "end": place}
        return span if name == "annotation" else {**span, "score": score}
    if name == "annotation":
        return None
    return {"label" if task is Task.TEXT_CLASSIFICATION else "text": text, "score": score}


def _structure(
    arrow: Any, values: Sequence[Any], otherwise: Callable[[str, list[Any]], Any] | None, type: Any = None
) -> Any:
    """Return dictionaries as one structure with the keys of all; empty ones are null."""
    keys = dict.fromkeys(key for value in values if value for key in value)
    parts = []
    for key in keys:
        found = [value.get(key) if value else None for value in values]
        try:
            parts.append(arrow.array(found, type))
        except (arrow.ArrowException, OverflowError, TypeError, ValueError):
            if otherwise is None:
                raise
            parts.append(otherwise(key, found))
    mask = arrow.array([not value for value in values])
    return arrow.StructArray.from_arrays(parts, names=list(keys), mask=mask)


def _column_of_texts(arrow: Any, name: str, values: list[Any]) -> Any:
    _log.warning("The values of %s have no type in common, so they become texts (JSON)", name)
    return arrow.array(
        [value if value is None or isinstance(value, str) else _json(value) for value in values]
    )


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _all_lists(values: list[Any]) -> list[Any]:
    """Return the values; where some are lists, all become lists."""
    if not any(isinstance(value, list) for value in values):
        return values
    return [[value] if isinstance(value, str) else value for value in values]


def _explained(explanation: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [each.dict() for each in tokens] for name, tokens in explanation.items()}


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone().replace(tzinfo=None)

"""Records to and from ``pandas`` data frames, a column per field."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any, TypeVar

from apportion.vocabulary import Task

from ._gc import gc_paused
from ._optional import library
from .records import Record, ValidationError

__all__ = ["built", "by_annotator", "columns_of", "from_pandas", "report_unused", "to_pandas"]

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

_INFERRED = ("id", "multi_label", "event_timestamp")


def columns_of(kind: type[Record]) -> tuple[str, ...]:
    """Return the columns that a record can be made from."""
    return (*kind._names, "tags") if kind.task is Task.TOKEN_CLASSIFICATION else kind._names


def to_pandas(kind: type[Record], records: Sequence[Record]) -> Any:
    """Return a frame with a column per field, holding the values of the records, None included."""
    pandas = library("pandas")
    if not len(records):
        return pandas.DataFrame()
    columns = {}
    for name in kind._names:
        values = [getattr(record, name) for record in records]
        columns[name] = values if name in _INFERRED else pandas.Series(values, dtype=object)
    return pandas.DataFrame(columns)


def by_annotator(records: Iterable[R]) -> list[R]:
    """Return each record once per annotator, with their annotation; unanswered ones once, without any."""
    found = []
    for record in records:
        answers = record.annotations
        for who, annotation in answers.items() if answers else [(None, None)]:
            row = copy(record)
            row._know_annotations({})
            row.annotation = annotation
            row.annotation_agent = who
            found.append(row)
    return found


def from_pandas(kind: type[R], frame: Any) -> list[R]:
    """Read the rows as records; NaN, NaT and NA count as not given.

    Raises ``ValidationError`` with the row.
    """
    known = [name for name in frame.columns if name in columns_of(kind)]
    report_unused(kind, [str(name) for name in frame.columns if name not in known])
    with gc_paused():
        columns = {name: _values(frame[name]) for name in known}
        return built(kind, columns, range(len(frame)))


def report_unused(kind: type[Record], unused: Sequence[str]) -> None:
    """Log a warning that names the columns left out."""
    if unused:
        _log.warning("These columns are no field of a %s and are left out: %s", kind.__name__, list(unused))


def built(kind: type[R], columns: dict[str, list[Any]], rows: Sequence[int]) -> list[R]:
    """Build a record per row from the columns there are; ``rows`` are their numbers, for error messages."""
    if "inputs" in columns and "text" in columns:
        both = zip(columns["text"], columns["inputs"], strict=True)
        columns["text"] = [text if inputs is None else None for text, inputs in both]
    if "multi_label" in columns:
        columns["multi_label"] = [value is not None and value for value in columns["multi_label"]]
    names = list(columns)
    found: list[R] = []
    values: Iterable[tuple[Any, ...]] = zip(*columns.values(), strict=True)
    try:
        for row in values:
            found.append(kind(**dict(zip(names, row, strict=True))))
    except ValidationError as wrong:
        raise type(wrong)(f"row {rows[len(found)]}, {wrong.field}", wrong.reason) from wrong
    return found


def _values(column: Any) -> list[Any]:
    missing = column.isna()
    values = column.astype(object).where(~missing, None).tolist() if missing.any() else column.tolist()
    return [_listed(each) for each in values]


def _listed(value: Any) -> Any:
    """Convert arrays, as columns read from Parquet hold them, to lists; records accept only lists."""
    if hasattr(value, "tolist") and getattr(value, "shape", False):
        return [_listed(each) for each in value.tolist()]
    return value

"""Conversion of rows of ``datasets`` into records, read column by column from Arrow."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, compress
from typing import Any, TypeVar

from apportion.vocabulary import Task

from ._encode import user_id
from ._gc import gc_paused
from ._optional import library
from ._tag_columns import spans_of
from .frames import built, columns_of, report_unused
from .records import Record, TokenClassificationRecord
from .records.token_classification import of_row

__all__ = ["from_datasets"]

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

_ROWS_AT_A_TIME = 10_000
_QUICK = {"text", "tokens", "tags", "id"}
"""Fields of token records that are read quickly if there are no others."""

_MEMBERS = {
    (Task.TEXT_CLASSIFICATION, "prediction"): ("label", "score"),
    (Task.TOKEN_CLASSIFICATION, "prediction"): ("label", "start", "end", "score"),
    (Task.TOKEN_CLASSIFICATION, "annotation"): ("label", "start", "end"),
    (Task.TEXT2TEXT, "prediction"): ("text", "score"),
}
"""Lists of dictionaries that records hold as lists of tuples, and the order of their members."""


def from_datasets(
    kind: type[R],
    dataset: Any,
    renamed: Mapping[str, str | None],
    gathered: Mapping[str, str | Sequence[str] | None],
) -> list[R]:
    """Read the rows as records.

    ``renamed`` says which column to read for a field, ``gathered`` which columns to put into one dictionary.
    """
    if isinstance(dataset, Mapping):
        raise ValueError(f"this is a dictionary of datasets; choose one of {sorted(map(str, dataset))}")
    if dataset.column_names is None:
        raise ValueError("the columns of this stream are not known; load it with streaming=False")
    sources = _sources(kind, dataset.column_names, renamed)
    groups = _groups(dataset.column_names, gathered)
    for name in groups:
        sources.pop(name, None)
    used = _used(sources, groups)
    report_unused(kind, [name for name in dataset.column_names if name not in used])
    if kind.task is Task.TOKEN_CLASSIFICATION and "tokens" not in sources:
        raise KeyError("there is no column of tokens; say which one it is, with tokens=…")
    if not used:
        return []
    with gc_paused():
        found, skipped = _read(kind, dataset, sources, groups)
    if skipped:
        _log.warning("%d rows without tokens are left out", skipped)
    return found


def _read(
    kind: type[R], dataset: Any, sources: Mapping[str, str], groups: Mapping[str, Sequence[str]]
) -> tuple[list[R], int]:
    """Return the records, and how many rows had no tokens."""
    features = dataset.features or {}
    names = {field: _class_names(features.get(column)) for field, column in sources.items()}
    quick = kind is TokenClassificationRecord and {"tags"} <= {*sources, *groups} <= _QUICK
    found: list[R] = []
    first = skipped = 0
    for table in dataset.select_columns(_used(sources, groups)).with_format("arrow").iter(_ROWS_AT_A_TIME):
        arrays = {field: _whole(table.column(column)) for field, column in sources.items()}
        spans = None
        if quick:
            spans = spans_of(arrays["tokens"], arrays["tags"], names["tags"])
        columns = {
            field: _column(kind.task, field, array, names[field])
            for field, array in arrays.items()
            if field != "tags" or spans is None
        }
        if spans is not None:
            columns["spans"] = spans
        for field, group in groups.items():
            lists = [table.column(column).to_pylist() for column in group]
            values = [dict(zip(group, row, strict=True)) for row in zip(*lists, strict=True)]
            columns[field] = [_given(each) for each in values] if field == "inputs" else values
        start = first
        rows: Sequence[int] = range(start, start + table.num_rows)
        first += len(rows)
        if kind.task is Task.TOKEN_CLASSIFICATION and not all(columns["tokens"]):
            kept = [bool(tokens) for tokens in columns["tokens"]]
            rows = list(compress(rows, kept))
            skipped += kept.count(False)
            columns = {field: list(compress(values, kept)) for field, values in columns.items()}
        found += built(kind, columns, rows) if spans is None else _built(columns, rows, arrays, names, start)
    return found, skipped


def _built(
    columns: dict[str, list[Any]],
    rows: Sequence[int],
    arrays: Mapping[str, Any],
    names: Mapping[str, Any],
    start: int,
) -> list[Any]:
    """Build records of tokens and tags whose spans are known, if their text is the expected one."""
    nothing = [None] * len(rows)
    parts = [columns.get(name, nothing) for name in ("text", "tokens", "spans", "id")]
    found: list[Any] = []
    tags: list[Any] = []
    for place, (text, tokens, spans, id) in enumerate(zip(*parts, strict=True)):
        record: Any = of_row(text, tokens, spans, id)
        if record is None:
            tags = tags or _named(arrays["tags"], names["tags"])
            row = {"text": [text], "tokens": [tokens], "tags": [tags[rows[place] - start]], "id": [id]}
            [record] = built(TokenClassificationRecord, row, [rows[place]])
        found.append(record)
    return found


def _sources(kind: type[Record], columns: Sequence[str], renamed: Mapping[str, str | None]) -> dict[str, str]:
    found = {name: name for name in columns_of(kind) if name in columns}
    for field, column in renamed.items():
        if column is None:
            continue
        if column not in columns:
            raise ValueError(f"there is no column {column!r} to read {field} from; there are {list(columns)}")
        if column != field:
            found = {name: source for name, source in found.items() if source != column}
        found[field] = column
    return found


def _used(sources: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that are read, once each."""
    return list(dict.fromkeys([*sources.values(), *chain.from_iterable(groups.values())]))


def _groups(
    columns: Sequence[str], gathered: Mapping[str, str | Sequence[str] | None]
) -> dict[str, list[str]]:
    found = {}
    for field, wanted in gathered.items():
        if wanted is None:
            continue
        found[field] = [wanted] if isinstance(wanted, str) else list(wanted)
        for column in found[field]:
            if column not in columns:
                raise KeyError(
                    f"there is no column {column!r} to gather in {field}; there are {list(columns)}"
                )
    return found


def _class_names(feature: Any) -> Sequence[str] | None:
    """Return the names of the classes, where the column or what its lists hold is a ``ClassLabel``."""
    while feature is not None and not hasattr(feature, "names"):
        feature = feature[0] if isinstance(feature, list) and feature else getattr(feature, "feature", None)
    return None if feature is None else list(feature.names)


def _column(task: Task, field: str, array: Any, names: Sequence[str] | None) -> list[Any]:
    if members := _MEMBERS.get((task, field)):
        return _tuples(array, members)
    if names is not None:
        return _named(array, names)
    values = _values(array)
    if field == "id":
        return [user_id(value) if isinstance(value, str) else value for value in values]
    if field in ("inputs", "vectors"):
        return [_given(value) for value in values]
    if field == "explanation":
        return [
            value and {name: _explained(each) for name, each in _given(value).items()} for value in values
        ]
    return values


def _values(array: Any) -> list[Any]:
    """Return ``array.to_pylist()``, through numpy where that gives the same: one value at a time is slow."""
    types, kind = library("pyarrow").types, array.type
    if types.is_list(kind) or types.is_large_list(kind):
        return _cut(_values(array.flatten()), array)
    texts = types.is_string(kind) or types.is_large_string(kind)
    if texts or (types.is_primitive(kind) and not types.is_temporal(kind) and not array.null_count):
        return array.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]
    return array.to_pylist()  # type: ignore[no-any-return]


def _cut(flat: list[Any], array: Any) -> list[Any]:
    """Return the values of all lists as a list per row."""
    lengths = array.value_lengths().to_pylist()
    ends = accumulate(length or 0 for length in lengths)
    return [
        None if length is None else flat[end - length : end]
        for end, length in zip(ends, lengths, strict=True)
    ]


def _named(array: Any, names: Sequence[str]) -> list[Any]:
    """Return class numbers as their names; a value with a number that has none becomes None."""
    types = library("pyarrow").types
    is_list = types.is_list(array.type) or types.is_large_list(array.type)
    flat = array.flatten() if is_list else array
    if len(flat) and not flat.null_count:
        numbers = flat.to_numpy(zero_copy_only=False)
        if numbers.min() >= 0 and numbers.max() < len(names):
            found = library("numpy").array(names, dtype=object)[numbers].tolist()
            return _cut(found, array) if is_list else found
    name_of = dict(enumerate(names)).__getitem__
    values: list[Any] = []
    for value in array.to_pylist():
        try:
            values.append(list(map(name_of, value)) if isinstance(value, list) else name_of(value))
        except KeyError:  # a number without a name
            values.append(None)
    return values


def _given(value: Any) -> Any:
    """Return the value without keys that are there only because another row has them."""
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if each is not None}


def _explained(tokens: Any) -> Any:
    return [{**each, "attributions": _given(each.get("attributions") or {})} for each in tokens]


def _tuples(array: Any, members: Sequence[str]) -> list[Any]:
    """Return a list of tuples per row, from lists of structures or (older ``Sequence``) a structure of lists."""
    types = library("pyarrow").types
    if types.is_struct(array.type):
        rows = array.to_pylist()
        return [
            row and list(zip(*(row[name] for name in members if name in row), strict=True)) for row in rows
        ]
    is_list = types.is_list(array.type) or types.is_large_list(array.type)
    if not is_list or not types.is_struct(array.type.value_type):
        return array.to_pylist()  # type: ignore[no-any-return]
    flat = array.flatten()
    places = [flat.type.get_field_index(name) for name in members]
    parts = [_values(part) for part in flat.flatten()]
    if members[0] == "text" and places[1] >= 0:
        parts[places[1]] = [1.0 if score is None else score for score in parts[places[1]]]
    tuples = list(zip(*(parts[place] for place in places if place >= 0), strict=True))
    return _cut(tuples, array)


def _whole(column: Any) -> Any:
    """Return one array, whatever the chunks."""
    found = column.combine_chunks()
    return found.chunk(0) if hasattr(found, "chunks") and found.num_chunks == 1 else found

"""Coercion of ``:bulk`` bodies that are not clean, as pydantic 1 did it, with all errors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apportion.domain.errors import ValidationError
from apportion.vocabulary import Status, Task
from apportion.wire.records import AGENT_LENGTH, LABEL_LENGTH

from .coerce import (
    Field,
    Reader,
    agent,
    anything,
    boolean,
    datetime_value,
    enum_value,
    integer,
    items,
    mapping,
    number,
    optional,
    record_id,
    shape,
    text,
    text_or_texts,
)
from .json_in import MAX_ERRORS, Item, JsonReader, Path, decode_json, item
from .sliced_json import SlicedBody

__all__ = ["clean_bulk"]

_AT_ONCE = 50
"""Records that are read between two rests."""
_AGENT = agent(AGENT_LENGTH)
_LABEL = text(least=1, most=LABEL_LENGTH)
_SCORE = Field(number(low=0, high=1))

_VALUES: dict[Task, dict[str, Field]] = {
    Task.TEXT_CLASSIFICATION: {
        "labels": Field(
            items(shape({"class": Field(_LABEL, required=True, also=("class_label",)), "score": _SCORE})),
            required=True,
        )
    },
    Task.TOKEN_CLASSIFICATION: {
        "entities": Field(
            items(
                shape(
                    {
                        "start": Field(integer, required=True),
                        "end": Field(integer, required=True),
                        "label": Field(_LABEL, required=True),
                        "score": _SCORE,
                    }
                )
            )
        ),
        "score": Field(optional(number())),
    },
    Task.TEXT2TEXT: {
        "sentences": Field(
            items(shape({"text": Field(text(), required=True), "score": _SCORE})), required=True
        )
    },
}

_EXPLANATION = mapping(
    items(shape({"token": Field(text(), required=True), "attributions": Field(mapping(number()))}))
)
_VECTOR = shape(
    {
        "value": Field(items(number(), least=1), required=True),
        "record_properties": Field(optional(items(anything))),
        "model": Field(optional(text())),
    }
)

_OWN: dict[Task, dict[str, Field]] = {
    Task.TEXT_CLASSIFICATION: {
        "inputs": Field(mapping(text_or_texts, empty="No inputs provided"), required=True),
        "multi_label": Field(boolean),
        "explanation": Field(optional(_EXPLANATION)),
    },
    Task.TOKEN_CLASSIFICATION: {
        "text": Field(optional(text())),
        "raw_text": Field(optional(text())),
        "tokens": Field(items(text(), least=1), required=True),
    },
    Task.TEXT2TEXT: {"text": Field(text(), required=True)},
}


def _record(task: Task) -> Reader:
    one = Field(optional(shape({"agent": Field(_AGENT, required=True), **_VALUES[task]})))
    several = Field(optional(mapping(shape(_VALUES[task]), key=_AGENT)))
    return shape(
        {
            "id": Field(optional(record_id)),
            "metadata": Field(optional(mapping(anything))),
            "event_timestamp": Field(optional(datetime_value)),
            "status": Field(optional(enum_value([each.value for each in Status]))),
            "vectors": Field(optional(mapping(_VECTOR))),
            "prediction": one,
            "annotation": one,
            "predictions": several,
            "annotations": several,
            **_OWN[task],
        }
    )


_RECORDS: dict[Task, Reader] = {task: _record(task) for task in Task}


def clean_bulk(
    body: bytes | SlicedBody, task: Task, *, most_records: int, rest: Callable[[], None]
) -> dict[str, Any]:
    """Return the request in the form of ``wire.records``. Raises ``ValidationError`` with all errors.

    ``rest`` is called every few milliseconds.
    """
    sent: Any = None
    if isinstance(body, SlicedBody):
        sent = _read_slices(body, rest)
    elif body.strip():
        sent = decode_json(body)
    if sent is None:
        raise ValidationError([item(("body",), "field required", "value_error.missing")])
    record = _resting(_RECORDS[task], rest)
    read = shape(
        {
            "records": Field(items(record, most=most_records), required=True),
            "tags": Field(optional(mapping(text()))),
            "metadata": Field(optional(mapping(anything))),
        }
    )
    errors: list[Item] = []
    found: dict[str, Any] = read(sent, ("body",), errors)
    if errors:
        raise ValidationError(errors[:MAX_ERRORS])
    return found


def _read_slices(body: SlicedBody, rest: Callable[[], None]) -> dict[str, Any]:
    reader, records = JsonReader(), []
    for place in body.places:
        rest()
        records += reader.read(body.slice(place), place[0] - 1)
    found = {**body.head, "records": records}
    reader.check(found)
    return found


def _resting(read: Reader, rest: Callable[[], None]) -> Reader:
    """Return a reader of records that rests between some of them."""

    def read_record(value: Any, path: Path, errors: list[Item]) -> Any:
        if path and isinstance(path[-1], int) and path[-1] % _AT_ONCE == 0:
            rest()
        return read(value, path, errors)

    return read_record

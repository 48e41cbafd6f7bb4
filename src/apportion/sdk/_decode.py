"""Decoding of scan and search responses into records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET

from apportion.vocabulary import Status, Task
from apportion.wire import queries
from apportion.wire import records as wire

from ._clock import from_wire
from ._gc import gc_paused
from .records import (
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenAttributions,
    TokenClassificationRecord,
)

__all__ = ["DecodedSearch", "Page", "read_page", "read_search", "user_id"]

_DIGITS = 100
"""Longer numbers stay texts."""

_now = datetime.now  # naive local times are what 1.x promised
_DEFAULT = Status.DEFAULT.value
_VALIDATED = Status.VALIDATED.value


class Page(NamedTuple):
    """A page of a scan, with the cursor for the next one."""

    records: list[Any]
    next_idx: str | None
    next_page_cfg: str | None


class DecodedSearch(NamedTuple):
    """A page of a search: the best matches, the total, and counts by value."""

    records: list[Any]
    total: int
    aggregations: dict[str, Any]


def read_page(body: bytes, task: Task, *, everybodys: bool = False) -> Page:
    """Decode the response of a scan. Ids that look like an integer become one, times become naive and local.

    With ``everybodys``, records also know everybody's annotations.

    Raises ``msgspec.MsgspecError`` for anything but such an answer.
    """
    page, records = _read(_scan, body, task)
    if everybodys:
        shown = _EACH[task]
        for each, record in zip(page.records, records, strict=True):
            annotations = None if each.annotations is UNSET else _by_agent(each.annotations)
            record._know_annotations(
                {who: shown(each, answer) for who, answer in (annotations or {}).items()}
            )
    return Page(records, page.next_idx, page.next_page_cfg)


def read_search(body: bytes, task: Task) -> DecodedSearch:
    """Decode the response of a search. Raises as ``read_page`` does."""
    page, records = _read(_search, body, task)
    counts = {} if page.aggregations is UNSET else _counts(page.aggregations)
    return DecodedSearch(records, page.total, counts or {})


T = TypeVar("T")
P = TypeVar("P", queries.SearchPage, queries.ScanPage)


def _read(decode: Callable[[bytes], P], body: bytes, task: Task) -> tuple[P, list[Any]]:
    convert = _RECORD[task]
    with gc_paused():
        page = decode(body)
        return page, [convert(each) for each in page.records]


def user_id(id: str | int) -> str | int:
    """Return the id as 1.x has it: an integer where it is written in the usual form of integers.

    >>> user_id("12"), user_id("012")
    (12, '012')
    """
    if isinstance(id, int):
        return id
    digits = id.removeprefix("-")
    if not digits.isdigit() or not digits.isascii() or len(digits) > _DIGITS:
        return id
    return id if digits[0] == "0" and id != "0" else int(id)


def _rest(each: wire.Record, answer: object) -> tuple[Any, ...]:
    """Return the members from ``id`` on."""
    return (
        user_id(each.id),
        {} if each.metadata is None else each.metadata,
        each.status or (_DEFAULT if answer is None else _VALIDATED),
        _now() if each.event_timestamp is None else from_wire(each.event_timestamp),
        each.metrics or None,
        each.search_keywords,
    )


def _there(value: T | None, name: str) -> T:
    """Return a member that records of the task always have. Raises ``msgspec.ValidationError`` if it is missing."""
    if value is None:
        raise msgspec.ValidationError(f"Object missing required field `{name}`")
    return value


def _vectors_in(vectors: dict[str, wire.Vector] | None) -> dict[str, list[float]] | None:
    return {name: each.value for name, each in vectors.items()} if vectors else None


def _text_in(each: wire.Record) -> TextClassificationRecord:
    prediction, answer, annotation = each.prediction, each.annotation, None
    inputs = _there(each.inputs, "inputs")
    if answer is not None:
        annotation = _labels(each, answer)
    record = _new(TextClassificationRecord)
    record._fill(
        inputs.get("text") if len(inputs) == 1 else None,
        inputs,
        prediction
        and [
            (one.name or "" if one.class_label is None else one.class_label, one.score)
            for one in prediction.labels or ()
        ],
        prediction and prediction.agent,
        annotation,
        answer and answer.agent,
        _vectors_in(each.vectors),
        each.multi_label,
        _explanation(each.explanation),
        *_rest(each, annotation),
    )
    return record


def _labels(each: wire.Record, answer: wire.ShownValue) -> str | list[str]:
    labels = [one.name or "" if one.class_label is None else one.class_label for one in answer.labels or ()]
    return labels if each.multi_label or not labels else labels[0]


def _explanation(
    given: dict[str, list[wire.TokenAttributions]] | None,
) -> dict[str, list[TokenAttributions]] | None:
    if given is None:
        return None
    return {
        name: [TokenAttributions(token=one.token, attributions=one.attributions) for one in each]
        for name, each in given.items()
    }


def _token_in(each: wire.Record) -> TokenClassificationRecord:
    prediction, answer = each.prediction, each.annotation
    annotation = answer and _entities(each, answer)
    record = _new(TokenClassificationRecord)
    record._fill(
        _there(each.text, "text"),
        _there(each.tokens, "tokens"),
        prediction
        and [(one.label, one.start, one.end, one.score or 0.0) for one in prediction.entities or ()],
        prediction and prediction.agent,
        annotation,
        answer and answer.agent,
        _vectors_in(each.vectors),
        *_rest(each, annotation),
    )
    return record


def _entities(_: wire.Record, answer: wire.ShownValue) -> list[tuple[str, int, int]]:
    return [(one.label, one.start, one.end) for one in answer.entities or ()]


def _pair_in(each: wire.Record) -> Text2TextRecord:
    prediction, answer = each.prediction, each.annotation
    annotation = None if answer is None else _sentence(each, answer)
    record = _new(Text2TextRecord)
    record._fill(
        _there(each.text, "text"),
        prediction and [(one.text, one.score) for one in prediction.sentences or ()],
        prediction and prediction.agent,
        annotation,
        answer and answer.agent,
        _vectors_in(each.vectors),
        *_rest(each, annotation),
    )
    return record


def _sentence(_: wire.Record, answer: wire.ShownValue) -> str | None:
    return answer.sentences[0].text if answer.sentences else None


_new = object.__new__


class _Found(queries.SearchPage, kw_only=True):
    """A page of a search, or a queue: its records are those of a search, and it has no total."""

    total: int = 0


_search = msgspec.json.Decoder(_Found).decode
_scan = msgspec.json.Decoder(queries.ScanPage).decode
_counts = msgspec.json.Decoder(dict[str, Any] | None).decode
_by_agent = msgspec.json.Decoder(dict[str, wire.ShownValue] | None).decode
_RECORD: dict[Task, Callable[[wire.Record], Record]] = {
    Task.TEXT_CLASSIFICATION: _text_in,
    Task.TOKEN_CLASSIFICATION: _token_in,
    Task.TEXT2TEXT: _pair_in,
}
_EACH: dict[Task, Callable[[wire.Record, wire.ShownValue], Any]] = {
    Task.TEXT_CLASSIFICATION: _labels,
    Task.TOKEN_CLASSIFICATION: _entities,
    Task.TEXT2TEXT: _sentence,
}

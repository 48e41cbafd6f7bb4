"""Decoding of scan and search responses into records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field

from apportion.vocabulary import Status, Task

from ._clock import from_wire
from ._gc import making_many
from .records import (
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenAttributions,
    TokenClassificationRecord,
)

__all__ = ["Page", "SearchPage", "read_page", "read_search", "user_id"]

_DIGITS = 100
"""Longer numbers stay texts."""

_now = datetime.now  # naive local times are what 1.x promised
_DEFAULT = Status.DEFAULT.value
_VALIDATED = Status.VALIDATED.value

# What comes is not checked again: what the server holds should always be readable


class _LabelIn(Struct, gc=False):
    class_label: str | None = None
    class_: str = field(name="class", default="")
    score: float = 1.0


class _LabelsIn(Struct):
    labels: list[_LabelIn] = []
    agent: str | None = None


class _EntityIn(Struct, gc=False):
    label: str
    start: int
    end: int
    score: float | None = 1.0


class _EntitiesIn(Struct):
    entities: list[_EntityIn] = []
    agent: str | None = None


class _SentenceIn(Struct, gc=False):
    text: str
    score: float = 1.0


class _SentencesIn(Struct):
    sentences: list[_SentenceIn] = []
    agent: str | None = None


class _VectorIn(Struct):
    value: list[float]


class _AttributionsIn(Struct):
    token: str
    attributions: dict[str, float] = {}


class _In(Struct, kw_only=True):
    id: str | int
    metadata: dict[str, Any] | None = None
    status: str | None = None
    event_timestamp: datetime | None = None
    vectors: dict[str, _VectorIn] | None = None
    metrics: dict[str, Any] | None = None
    search_keywords: list[str] | None = None
    annotations: msgspec.Raw = msgspec.Raw()  # looked into only where somebody asks


class _TextIn(_In, kw_only=True):
    inputs: dict[str, str | list[str]]
    prediction: _LabelsIn | None = None
    annotation: _LabelsIn | None = None
    multi_label: bool = False
    explanation: dict[str, list[_AttributionsIn]] | None = None


class _TokenIn(_In, kw_only=True):
    text: str
    tokens: list[str]
    prediction: _EntitiesIn | None = None
    annotation: _EntitiesIn | None = None


class _PairIn(_In, kw_only=True):
    text: str
    prediction: _SentencesIn | None = None
    annotation: _SentencesIn | None = None


class _PageIn(Struct):
    records: list[Any] = []
    next_idx: str | None = None
    next_page_cfg: str | None = None
    total: int = 0
    aggregations: dict[str, Any] | None = None


class _TextPage(_PageIn):
    records: list[_TextIn] = []


class _TokenPage(_PageIn):
    records: list[_TokenIn] = []


class _PairPage(_PageIn):
    records: list[_PairIn] = []


class Page(NamedTuple):
    """A page of a scan, with the cursor for the next one."""

    records: list[Any]
    next_idx: str | None
    next_page_cfg: str | None


class SearchPage(NamedTuple):
    """A page of a search: the best matches, the total, and counts by value."""

    records: list[Any]
    total: int
    aggregations: dict[str, Any]


def read_page(body: bytes, task: Task, *, everybodys: bool = False) -> Page:
    """Decode the response of a scan. Ids that look like an integer become one, times become naive and local.

    With ``everybodys``, records also know everybody's annotations.

    Raises ``msgspec.MsgspecError`` for anything but such an answer.
    """
    page, records = _read(body, task)
    if everybodys:
        read, shown = _EACH[task]
        for each, record in zip(page.records, records, strict=True):
            annotations = read(each.annotations) if bytes(each.annotations) else None
            record._know_annotations(
                {who: shown(each, answer) for who, answer in (annotations or {}).items()}
            )
    return Page(records, page.next_idx, page.next_page_cfg)


def read_search(body: bytes, task: Task) -> SearchPage:
    """Decode the response of a search. Raises as ``read_page`` does."""
    page, records = _read(body, task)
    return SearchPage(records, page.total, page.aggregations or {})


def _read(body: bytes, task: Task) -> tuple[_PageIn, list[Any]]:
    decode, convert = _IN[task]
    with making_many():
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


def _rest(each: _In, answer: object) -> tuple[Any, ...]:
    """Return the members from ``id`` on."""
    return (
        user_id(each.id),
        {} if each.metadata is None else each.metadata,
        each.status or (_DEFAULT if answer is None else _VALIDATED),
        _now() if each.event_timestamp is None else from_wire(each.event_timestamp),
        each.metrics or None,
        each.search_keywords,
    )


def _vectors_in(vectors: dict[str, _VectorIn] | None) -> dict[str, list[float]] | None:
    return {name: each.value for name, each in vectors.items()} if vectors else None


def _text_in(each: _TextIn) -> TextClassificationRecord:
    prediction, answer, inputs, annotation = each.prediction, each.annotation, each.inputs, None
    if answer is not None:
        annotation = _labels(each, answer)
    record = _new(TextClassificationRecord)
    record._fill(
        inputs.get("text") if len(inputs) == 1 else None,
        inputs,
        prediction
        and [
            (one.class_ if one.class_label is None else one.class_label, one.score)
            for one in prediction.labels
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


def _labels(each: _TextIn, answer: _LabelsIn) -> str | list[str]:
    labels = [one.class_ if one.class_label is None else one.class_label for one in answer.labels]
    return labels if each.multi_label or not labels else labels[0]


def _explanation(given: dict[str, list[_AttributionsIn]] | None) -> dict[str, list[TokenAttributions]] | None:
    if given is None:
        return None
    return {
        name: [TokenAttributions(token=one.token, attributions=one.attributions) for one in each]
        for name, each in given.items()
    }


def _token_in(each: _TokenIn) -> TokenClassificationRecord:
    prediction, answer = each.prediction, each.annotation
    annotation = answer and _entities(each, answer)
    record = _new(TokenClassificationRecord)
    record._fill(
        each.text,
        each.tokens,
        prediction and [(one.label, one.start, one.end, one.score or 0.0) for one in prediction.entities],
        prediction and prediction.agent,
        annotation,
        answer and answer.agent,
        _vectors_in(each.vectors),
        *_rest(each, annotation),
    )
    return record


def _entities(_: _TokenIn, answer: _EntitiesIn) -> list[tuple[str, int, int]]:
    return [(one.label, one.start, one.end) for one in answer.entities]


def _pair_in(each: _PairIn) -> Text2TextRecord:
    prediction, answer = each.prediction, each.annotation
    annotation = None if answer is None else _sentence(each, answer)
    record = _new(Text2TextRecord)
    record._fill(
        each.text,
        prediction and [(one.text, one.score) for one in prediction.sentences],
        prediction and prediction.agent,
        annotation,
        answer and answer.agent,
        _vectors_in(each.vectors),
        *_rest(each, annotation),
    )
    return record


def _sentence(_: _PairIn, answer: _SentencesIn) -> str | None:
    return answer.sentences[0].text if answer.sentences else None


_new = object.__new__

_Reader = tuple[Callable[[bytes], _PageIn], Callable[[Any], Record]]
_IN: dict[Task, _Reader] = {
    Task.TEXT_CLASSIFICATION: (msgspec.json.Decoder(_TextPage).decode, _text_in),
    Task.TOKEN_CLASSIFICATION: (msgspec.json.Decoder(_TokenPage).decode, _token_in),
    Task.TEXT2TEXT: (msgspec.json.Decoder(_PairPage).decode, _pair_in),
}
_EACH: dict[Task, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    Task.TEXT_CLASSIFICATION: (msgspec.json.Decoder(dict[str, _LabelsIn] | None).decode, _labels),
    Task.TOKEN_CLASSIFICATION: (msgspec.json.Decoder(dict[str, _EntitiesIn] | None).decode, _entities),
    Task.TEXT2TEXT: (msgspec.json.Decoder(dict[str, _SentencesIn] | None).decode, _sentence),
}

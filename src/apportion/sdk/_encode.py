"""Encoding of records into the body of ``:bulk``; the decoders are re-exported from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from apportion.vocabulary import Status
from apportion.wire.records import (
    AGENT_LENGTH,
    LABEL_LENGTH,
    Entity,
    Label,
    LabelAnswer,
    Sentence,
    SentenceAnswer,
    Vector,
)
from apportion.wire.records import TokenAttributions as WireAttributions

from ._clock import to_wire
from ._decode import Page, SearchPage, read_page, read_search, user_id
from .records import (
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    ValidationError,
)

__all__ = ["Page", "SearchPage", "as_tags", "read_page", "read_search", "to_bulk", "user_id"]

_STATUSES = frozenset(each.value for each in Status)


class _Entities(Struct):
    agent: str
    entities: list[Entity]


class _Vector(Vector, omit_defaults=True):
    pass


class _Out(Struct, omit_defaults=True):
    id: str
    status: str
    event_timestamp: datetime
    metadata: dict[str, Any]
    vectors: dict[str, _Vector] | None = None


class _TextOut(_Out, omit_defaults=True, kw_only=True):
    inputs: dict[str, str | list[str]]
    multi_label: bool
    prediction: LabelAnswer | None
    annotation: LabelAnswer | None
    explanation: dict[str, list[WireAttributions]] | None = None


class _TokenOut(_Out, omit_defaults=True):
    text: str = ""
    tokens: list[str] = []
    prediction: _Entities | None = None
    annotation: _Entities | None = None


class _PairOut(_Out, omit_defaults=True):
    text: str | None = None
    prediction: SentenceAnswer | None = None
    annotation: SentenceAnswer | None = None


class _Bulk(Struct):
    tags: dict[str, str]
    metadata: Mapping[str, Any]
    records: list[_Out]


def to_bulk(
    records: Sequence[Record],
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    agent: str = "apportion",
) -> bytes:
    """Encode records of one task as the body that logs them; ``agent`` is used where a record names none.

    Naive times are taken as local and get their offset, ids become text, NaN becomes null, and members that
    are None are left out. Arrays and numbers of numpy in metadata become lists and numbers.

    Raises ``ValidationError`` that says which record cannot be sent and why.
    """
    converted: list[_Out] = []
    if records:
        convert = _converter(records)
        try:
            for record in records:
                converted.append(convert(record, agent))
        except (ValueError, TypeError, AttributeError) as wrong:
            index = len(converted)
            raise _unsendable(index, records[index], wrong) from wrong
    found = _Bulk(as_tags(tags), metadata or {}, converted)
    try:
        return _encode(found)
    except _ENCODING_ERRORS as wrong:
        for index, out in enumerate(converted):
            try:
                _encode(out)
            except _ENCODING_ERRORS as its_own:
                raise _unsendable(index, records[index], its_own) from its_own
        raise ValidationError("metadata", f"the dataset's cannot be sent as JSON: {wrong}") from wrong


def as_tags(tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the tags of a dataset as texts; booleans and numbers are converted.

    Raises ``ValidationError``.
    """
    found = {}
    for name, value in (tags or {}).items():
        if not isinstance(value, (str, bool, int, float)):
            raise ValidationError("tags", f"the value of {name!r} is {value!r}, not a text")
        found[str(name)] = str(value)
    return found


def _converter(records: Sequence[Record]) -> Callable[[Any, str], _Out]:
    kind = type(records[0])
    if kind not in _OUT:
        raise ValidationError("records", f"a {kind.__name__} cannot be logged")
    if len(set(map(type, records))) > 1:
        index = next(index for index, record in enumerate(records) if type(record) is not kind)
        other = type(records[index]).__name__
        raise ValidationError(f"records[{index}]", f"this is a {other}, among those of type {kind.__name__}")
    return _OUT[kind]


def _unsendable(index: int, record: Record, why: Exception) -> ValidationError:
    return ValidationError(f"records[{index}]", f"{why} (id {record.id!r})")


def _plain(value: Any) -> Any:
    """Convert a value that JSON does not know."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{value!r} of type {type(value).__name__} has no form in JSON")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
_ENCODING_ERRORS = (TypeError, ValueError, OverflowError, RecursionError)


def _common(record: Record) -> tuple[str, str, datetime, dict[str, Any], dict[str, _Vector] | None]:
    status = record.status
    if status not in _STATUSES:
        raise ValidationError("status", f"{status!r} is none of {', '.join(sorted(_STATUSES))}")
    vectors = record.vectors
    return (
        str(record.id),
        status,
        to_wire(record.event_timestamp),
        record.metadata,
        None if vectors is None else {name: _Vector(value) for name, value in vectors.items()},
    )


def _named(agent: str | None, default: str) -> str:
    found = agent or default
    if len(found) > AGENT_LENGTH:
        raise ValidationError("agent", f"{found!r} has more than {AGENT_LENGTH} characters")
    return found


def _score(score: float) -> float:
    if not 0 <= score <= 1:
        raise ValidationError("prediction", f"a score is {score}, not between 0 and 1")
    return score


def _entities(spans: Sequence[tuple[str, int, int, float]]) -> list[Entity]:
    found = []
    for label, start, end, score in spans:
        if not 0 < len(label) <= LABEL_LENGTH:
            raise ValidationError("label", f"{label!r} has not between 1 and {LABEL_LENGTH} characters")
        if not 0 <= score <= 1:
            _score(score)
        found.append(Entity(start, end, label, score))
    return found


def _text_out(record: TextClassificationRecord, agent: str) -> _TextOut:
    prediction, answer, why = record.prediction, record.annotation, record.explanation
    if isinstance(answer, str):
        answer = [answer]
    return _TextOut(
        *_common(record),
        inputs=record.inputs,
        multi_label=record.multi_label,
        prediction=None
        if prediction is None
        else LabelAnswer(
            [Label(label, _score(score)) for label, score in prediction],
            _named(record.prediction_agent, agent),
        ),
        annotation=None
        if answer is None
        else LabelAnswer([Label(label) for label in answer], _named(record.annotation_agent, agent)),
        explanation=None
        if why is None
        else {
            name: [WireAttributions(each.token, each.attributions) for each in all_]
            for name, all_ in why.items()
        },
    )


def _token_out(record: TokenClassificationRecord, agent: str) -> _TokenOut:
    prediction, answer = record.prediction, record.annotation
    return _TokenOut(
        *_common(record),
        record.text,
        record.tokens,
        None
        if prediction is None
        else _Entities(_named(record.prediction_agent, agent), _entities(prediction)),
        None
        if answer is None
        else _Entities(
            _named(record.annotation_agent, agent),
            _entities([(label, start, end, 1.0) for label, start, end in answer]),
        ),
    )


def _pair_out(record: Text2TextRecord, agent: str) -> _PairOut:
    prediction, answer = record.prediction, record.annotation
    return _PairOut(
        *_common(record),
        record.text,
        None
        if prediction is None
        else SentenceAnswer(
            [Sentence(text, _score(score)) for text, score in prediction],
            _named(record.prediction_agent, agent),
        ),
        None
        if answer is None
        else SentenceAnswer([Sentence(answer)], _named(record.annotation_agent, agent)),
    )


_OUT: dict[type, Callable[[Any, str], _Out]] = {
    TextClassificationRecord: _text_out,
    TokenClassificationRecord: _token_out,
    Text2TextRecord: _pair_out,
}

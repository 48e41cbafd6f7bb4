"""Encoding of records into the body of ``:bulk``; the decoders are re-exported from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from apportion.vocabulary import Status
from apportion.wire import records as wire
from apportion.wire.records import (
    AGENT_LENGTH,
    LABEL_LENGTH,
    Entity,
    EntityAnswer,
    Label,
    LabelAnswer,
    Sentence,
    SentenceAnswer,
)

from ._clock import to_wire
from ._decode import DecodedSearch, Page, read_page, read_search, user_id
from .records import (
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    ValidationError,
)

__all__ = ["DecodedSearch", "Page", "as_tags", "read_page", "read_search", "to_bulk", "user_id"]

_STATUSES = frozenset(each.value for each in Status)


_Sent = wire.TextClassificationRecord | wire.TokenClassificationRecord | wire.Text2TextRecord
_Bulk = wire.TextClassificationBulk | wire.TokenClassificationBulk | wire.Text2TextBulk


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
    converted: list[_Sent] = []
    if records:
        convert = _converter(records)
        try:
            for record in records:
                converted.append(convert(record, agent))
        except (ValueError, TypeError, AttributeError) as wrong:
            index = len(converted)
            raise _unsendable(index, records[index], wrong) from wrong
    kind = _BULK[type(records[0])] if records else wire.TextClassificationBulk
    found = kind(
        tags=as_tags(tags), metadata=cast("dict[str, Any]", metadata or {}), records=cast(Any, converted)
    )
    try:
        return _encode(found)
    except _ENCODING_ERRORS as wrong:
        for index, out in enumerate(converted):
            try:
                _encode(out)
            except _ENCODING_ERRORS as its_own:
                raise _unsendable(index, records[index], its_own) from its_own
        raise ValidationError("metadata", f"the dataset's can't be sent as JSON: {wrong}") from wrong


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


def _converter(records: Sequence[Record]) -> Callable[[Any, str], _Sent]:
    kind = type(records[0])
    if kind not in _OUT:
        raise ValidationError("records", f"a {kind.__name__} can't be logged")
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


def _status(record: Record) -> Any:
    if record.status not in _STATUSES:
        raise ValidationError("status", f"{record.status!r} is none of {', '.join(sorted(_STATUSES))}")
    return record.status


def _vectors(vectors: Mapping[str, list[float]] | None) -> dict[str, wire.Vector] | None:
    return None if vectors is None else {name: wire.Vector(value) for name, value in vectors.items()}


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


def _text_out(record: TextClassificationRecord, agent: str) -> wire.TextClassificationRecord:
    prediction, answer, why = record.prediction, record.annotation, record.explanation
    if isinstance(answer, str):
        answer = [answer]
    return wire.TextClassificationRecord(
        id=str(record.id),
        status=_status(record),
        event_timestamp=to_wire(record.event_timestamp),
        metadata=record.metadata,
        vectors=_vectors(record.vectors),
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
            name: [wire.TokenAttributions(each.token, each.attributions) for each in all_]
            for name, all_ in why.items()
        },
    )


def _token_out(record: TokenClassificationRecord, agent: str) -> wire.TokenClassificationRecord:
    prediction, answer = record.prediction, record.annotation
    return wire.TokenClassificationRecord(
        id=str(record.id),
        status=_status(record),
        event_timestamp=to_wire(record.event_timestamp),
        metadata=record.metadata,
        vectors=_vectors(record.vectors),
        text=record.text,
        tokens=record.tokens,
        prediction=None
        if prediction is None
        else EntityAnswer(_entities(prediction), agent=_named(record.prediction_agent, agent)),
        annotation=None
        if answer is None
        else EntityAnswer(
            _entities([(label, start, end, 1.0) for label, start, end in answer]),
            agent=_named(record.annotation_agent, agent),
        ),
    )


def _pair_out(record: Text2TextRecord, agent: str) -> wire.Text2TextRecord:
    prediction, answer = record.prediction, record.annotation
    return wire.Text2TextRecord(
        id=str(record.id),
        status=_status(record),
        event_timestamp=to_wire(record.event_timestamp),
        metadata=record.metadata,
        vectors=_vectors(record.vectors),
        text=record.text,
        prediction=None
        if prediction is None
        else SentenceAnswer(
            [Sentence(text, _score(score)) for text, score in prediction],
            _named(record.prediction_agent, agent),
        ),
        annotation=None
        if answer is None
        else SentenceAnswer([Sentence(answer)], _named(record.annotation_agent, agent)),
    )


_OUT: dict[type, Callable[[Any, str], _Sent]] = {
    TextClassificationRecord: _text_out,
    TokenClassificationRecord: _token_out,
    Text2TextRecord: _pair_out,
}
_BULK: dict[type, type[_Bulk]] = {
    TextClassificationRecord: wire.TextClassificationBulk,
    TokenClassificationRecord: wire.TokenClassificationBulk,
    Text2TextRecord: wire.Text2TextBulk,
}

"""Conversion of ``:bulk`` bodies to records: clean ones are decoded directly, others coerced or refused.

Clean bodies run no Python code per member: ``msgspec`` checks and decodes them. Others are made clean by
``records_coerce`` and then decoded the same way, so that both mean the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, TypeVar, cast
from uuid import uuid4

import msgspec

from apportion.domain.answer_limits import AnswerLimits, Part
from apportion.domain.errors import ValidationError
from apportion.domain.metadata import KEY_LENGTH, flatten
from apportion.domain.records import (
    AgentValues,
    Entities,
    InvalidRecordError,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    Vector,
    best_first,
    check,
)
from apportion.domain.times import instant_of
from apportion.spans import Entity
from apportion.vocabulary import Status, Task
from apportion.wire import records as wire

from .json_in import MAX_ERRORS, Item, Path, item, plain_problem
from .records_coerce import clean_bulk
from .sliced_json import SlicedBody, has_more_containers, slice_records

__all__ = ["ID_LENGTH", "Bulk", "BulkLimits", "new_id", "read_bulk"]

ID_LENGTH = 512
_AT_ONCE = 200
"""Records that are converted between two rests."""

T = TypeVar("T")
_BIG = 2**63
_LONGEST_LABEL = 8 * wire.LABEL_LENGTH
"""Most bytes of a label as JSON, with the members around it."""
_new = tuple.__new__
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST_SECOND = 20_000_000_000  # larger epoch numbers are milliseconds, or smaller parts still
_NEVER: tuple[str | None, int | None] = (None, None)
_DEPTH_OF_METADATA = 4  # body, records, record, metadata


@dataclass(frozen=True, slots=True)
class BulkLimits:
    """Limits on one request."""

    max_records: int = 10_000
    max_text: int = 1_000_000
    metadata_length: int = 128
    answers: AnswerLimits = field(default_factory=AnswerLimits)
    max_containers: int = 2_000_000
    """Lists and objects of the whole body."""


@dataclass(slots=True)
class Bulk:
    """Records to log, and the tags and metadata to add to their dataset."""

    records: list[Record]
    tags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


def new_id() -> str:
    """Return an id for a record that was sent without one."""
    return str(uuid4())


def _never() -> None:
    """Rest never."""


def read_bulk(  # noqa: PLR0913 - limits and rules of one body
    body: bytes,
    task: Task,
    limits: BulkLimits,
    *,
    allow_overlap: bool = False,
    allow_parts: bool = False,
    make_id: Callable[[], str] = new_id,
    rest: Callable[[], None] = _never,
) -> Bulk:
    """Read the body of ``:bulk``: metadata flattened, labels best first, spans fitted to the tokens.

    ``rest`` is called every few milliseconds while a large body is read.

    Raises ``ValidationError``: of model ``Request`` for a body of the wrong shape, of model
    ``Service<task>Record`` for records that contradict themselves. It names every bad record, up to a hundred
    errors, with paths into the body.
    """
    if has_more_containers(body, limits.max_containers, rest):
        msg = (
            f"ensure this value has at most {limits.max_containers} lists and objects, all records together: "
            "log fewer records at once"
        )
        raise ValidationError([item(("body",), msg, "value_error.list.max_items")])
    kind = _KINDS[task]
    sliced = slice_records(body)
    try:
        sent = kind.decode(body) if sliced is None else _decoded(kind, sliced, rest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        clean = clean_bulk(sliced or body, task, most_records=limits.max_records, rest=rest)
        sent = _converted(kind, clean, rest)
    errors: list[Item] = []
    if len(sent.records) > limits.max_records:
        msg = f"ensure this value has at most {limits.max_records} items"
        path = ("body", "records")
        errors.append(item(path, msg, "value_error.list.max_items", limit_value=limits.max_records))
        raise ValidationError(errors)
    if sent.metadata and (problem := plain_problem(sent.metadata, ("body", "metadata"), depth=1)):
        errors.append(problem)
    reading = _RecordReader(limits, make_id, errors)
    found: list[Record] = []
    for start in range(0, len(sent.records), _AT_ONCE):
        rest()
        reading.first = start
        found += kind.convert(reading, sent.records[start : start + _AT_ONCE])
        if reading.mixed:
            break
    if errors:
        raise ValidationError(errors[:MAX_ERRORS])
    _check_all(found, task, allow_overlap, allow_parts, rest)
    return Bulk(found, sent.tags or {}, sent.metadata or {})


def _decoded(kind: _TaskReader, sliced: SlicedBody, rest: Callable[[], None]) -> Any:
    """Return a body in slices as the whole would be decoded."""
    records: list[Any] = []
    for place in sliced.places:
        rest()
        records += kind.decode_some(sliced.slice(place))
    sent = msgspec.convert({**sliced.head, "records": []}, kind.type)
    sent.records = records
    return sent


def _converted(kind: _TaskReader, clean: dict[str, Any], rest: Callable[[], None]) -> Any:
    """Return a clean body as it would be decoded."""
    records: list[Any] = []
    for start in range(0, len(clean["records"]), _AT_ONCE):
        rest()
        records += msgspec.convert(clean["records"][start : start + _AT_ONCE], kind.some)
    sent = msgspec.convert({**clean, "records": []}, kind.type)
    sent.records = records
    return sent


def _check_all(
    records: Sequence[Record], task: Task, allow_overlap: bool, allow_parts: bool, rest: Callable[[], None]
) -> None:
    errors: list[Item] = []
    for index, record in enumerate(records):
        if index % _AT_ONCE == 0:
            rest()
        try:
            check(record, allow_overlap=allow_overlap, allow_parts=allow_parts)
        except InvalidRecordError as problem:
            errors.append(item(("records", index, *problem.loc), str(problem), problem.type))
            if len(errors) >= MAX_ERRORS:
                break
    if errors:
        raise ValidationError(errors, model=f"Service{task.value}Record")


class _RecordReader:
    """Convert wire records to domain records, and note the errors that the wire types cannot express."""

    def __init__(self, limits: BulkLimits, make_id: Callable[[], str], errors: list[Item]) -> None:
        self._max_text = limits.max_text
        self._longest = limits.metadata_length
        self._answers = limits.answers
        self._few = min(limits.answers.labels, limits.answers.size // _LONGEST_LABEL)
        self._make_id = make_id
        self._errors = errors
        self._multi_label: bool | None = None
        """``multi_label`` of the first record, which all others must share."""
        self.first = 0
        """The index of the first of the records that are converted next."""
        self.mixed = False
        """True once there was a record of another kind than the first."""

    # Per task

    def texts(self, sent: Sequence[wire.TextClassificationRecord]) -> list[Record]:
        found: list[Record] = []
        if self._multi_label is None and sent:
            self._multi_label = sent[0].multi_label
        multi_label = bool(self._multi_label)
        for index, each in enumerate(sent, self.first):
            if each.multi_label is not multi_label:
                self.mixed = True
                path = ("body", "records")
                msg = "All records must be single/multi labelled"
                self._note(path, f"{msg}: record {index} differs from record 0", "assertion_error")
                break
            self._measure(index, "inputs", _length(each.inputs))
            if len(max(each.inputs, key=len)) > KEY_LENGTH:
                msg = f"ensure the name of an input has at most {KEY_LENGTH} characters"
                where = ("body", "records", index, "inputs")
                self._note(where, msg, "value_error.any_str.max_length", limit_value=KEY_LENGTH)
            prediction = _answers(each.prediction, each.predictions, _labels)
            annotation = _answers(each.annotation, each.annotations, _labels)
            self._measure_both(index, Part.LABELS, prediction, annotation)
            found.append(
                TextClassificationRecord(
                    self._id(index, each.id),
                    each.status or Status.DEFAULT,
                    self._metadata(index, each.metadata) if each.metadata else each.metadata,
                    *(_NEVER if each.event_timestamp is None else self._event(each.event_timestamp)),
                    prediction,
                    annotation,
                    self._vectors(index, each.vectors) if each.vectors else None,
                    each.inputs,
                    multi_label,
                    msgspec.to_builtins(each.explanation) if each.explanation is not None else None,
                )
            )
        return found

    def tokens(self, sent: Sequence[wire.TokenClassificationRecord]) -> list[Record]:
        found: list[Record] = []
        for index, each in enumerate(sent, self.first):
            text = each.text or each.raw_text or ""
            if not text or text.isspace():
                msg = "No text or empty text provided"
                self._note(("body", "records", index, "__root__"), msg, "assertion_error")
            self._measure(index, "text", len(text))
            prediction = annotation = None
            if each.prediction is not None or each.predictions:
                prediction = _answers(each.prediction, each.predictions, _entities)
                self._check_spans(index, "prediction", each.prediction, prediction)
            if each.annotation is not None or each.annotations:
                annotation = _answers(each.annotation, each.annotations, _entities)
                self._check_spans(index, "annotation", each.annotation, annotation)
            self._measure_both(index, Part.SPANS, prediction, annotation)
            found.append(
                TokenClassificationRecord(
                    self._id(index, each.id),
                    each.status or Status.DEFAULT,
                    self._metadata(index, each.metadata) if each.metadata else each.metadata,
                    *(_NEVER if each.event_timestamp is None else self._event(each.event_timestamp)),
                    prediction,
                    annotation,
                    self._vectors(index, each.vectors) if each.vectors else None,
                    text,
                    each.tokens,
                )
            )
        return found

    def pairs(self, sent: Sequence[wire.Text2TextRecord]) -> list[Record]:
        found: list[Record] = []
        for index, each in enumerate(sent, self.first):
            self._measure(index, "text", len(each.text))
            prediction = _answers(each.prediction, each.predictions, _sentences)
            annotation = _answers(each.annotation, each.annotations, _sentences)
            for name, answers in (("prediction", prediction), ("annotation", annotation)):
                if answers is not None:
                    self._measure(index, name, _longest_sentence(answers))
            self._measure_both(index, Part.TEXTS, prediction, annotation)
            found.append(
                Text2TextRecord(
                    self._id(index, each.id),
                    each.status or Status.DEFAULT,
                    self._metadata(index, each.metadata) if each.metadata else each.metadata,
                    *(_NEVER if each.event_timestamp is None else self._event(each.event_timestamp)),
                    prediction,
                    annotation,
                    self._vectors(index, each.vectors) if each.vectors else None,
                    each.text,
                )
            )
        return found

    # Per member

    def _note(self, path: Path, msg: str, type: str, **ctx: Any) -> None:
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(item(path, msg, type, **ctx))

    def _measure(self, index: int, name: str, length: int) -> None:
        if length > self._max_text:
            msg = f"ensure this value has at most {self._max_text} characters"
            kind = "value_error.any_str.max_length"
            self._note(("body", "records", index, name), msg, kind, limit_value=self._max_text)

    def _measure_both(
        self, index: int, part: Part, prediction: AgentValues | None, annotation: AgentValues | None
    ) -> None:
        if prediction is not None:
            self._measure_answers(index, part, "prediction", prediction)
        if annotation is not None:
            self._measure_answers(index, part, "annotation", annotation)

    def _measure_answers(self, index: int, part: Part, name: str, answers: AgentValues) -> None:
        by_agent = answers.by_agent
        if len(by_agent) == 1 and part is not Part.TEXTS:
            (value,) = by_agent.values()
            # Labels are short: so few cannot take more bytes than an answer may, and nearly all answers end here
            if len(value if type(value) is tuple else cast(Entities, value).spans) <= self._few:
                return
        found = None
        path: Path = (f"{name}s",)
        for agent, value in by_agent.items():
            if found := self._answers.check(part, value):
                path = (name,) if agent == answers.agent else (f"{name}s", agent)
                break
        else:
            if len(by_agent) > 1:
                found = self._answers.check_together(part, by_agent.values())
        if found is not None:
            msg = f"{found.message}; nothing was stored"
            self._note(("body", "records", index, *path), msg, "value_error.size", limit_value=found.limit)

    def _id(self, index: int, given: str | int | None) -> str:
        if given is None:
            return self._make_id()
        found = given if isinstance(given, str) else str(given)
        if not found or len(found) > ID_LENGTH or "\0" in found:
            path = ("body", "records", index, "id")
            if not found:
                self._note(path, "an id must not be empty", "value_error.any_str.min_length", limit_value=1)
            elif len(found) > ID_LENGTH:
                msg = f"ensure this value has at most {ID_LENGTH} characters"
                self._note(path, msg, "value_error.any_str.max_length", limit_value=ID_LENGTH)
            else:
                self._note(path, "an id must not hold the character NUL", "value_error.str.nul")
        return found

    def _metadata(self, index: int, given: dict[str, Any]) -> dict[str, Any]:
        flat = True
        for key, value in given.items():
            kind = type(value)
            if kind is str:
                flat = flat and len(value) <= self._longest
                continue
            if kind is bool or (kind is int and -_BIG <= value < _BIG):
                continue
            flat = False
            if value is None:
                continue
            path = ("body", "records", index, "metadata", key)
            problem = plain_problem(value, path, depth=_DEPTH_OF_METADATA)
            if problem:
                self._note(path, problem["msg"], problem["type"])
                return {}
        return given if flat else flatten(given, longest=self._longest, hidden=self._max_text)

    @staticmethod
    def _event(given: datetime | float) -> tuple[str | None, int | None]:
        """Return an event time as 1.x prints it, and as an instant."""
        if not isinstance(given, datetime):
            while abs(given) > _LATEST_SECOND:
                given /= 1000
            given = _EPOCH + timedelta(seconds=given)
        return given.isoformat(), instant_of(given)

    def _vectors(self, index: int, given: Mapping[str, wire.Vector]) -> dict[str, Vector]:
        found = {}
        for name, each in given.items():
            if each.record_properties:
                path = ("body", "records", index, "vectors", name, "record_properties")
                if problem := plain_problem(each.record_properties, path, depth=_DEPTH_OF_METADATA + 2):
                    self._note(path, problem["msg"], problem["type"])
            properties = cast("list[str] | None", each.record_properties)
            found[name] = Vector(each.value, properties, each.model)
        return found

    def _check_spans(
        self, index: int, name: str, singular: object | None, answers: AgentValues | None
    ) -> None:
        """Note an error for each span that does not end after its start."""
        if answers is None:
            return
        for agent, value in answers.by_agent.items():
            for place, (start, end, _, _) in enumerate(cast(Entities, value).spans):
                if end <= start:
                    where: Path = (name,) if singular and agent == answers.agent else (f"{name}s", agent)
                    path = ("body", "records", index, *where, "entities", place, "end")
                    self._note(path, "a span must end after its start", "assertion_error")


def _length(inputs: Mapping[str, str | list[str]]) -> int:
    length = 0
    for value in inputs.values():
        length += len(value) if isinstance(value, str) else sum(map(len, value))
    return length


# Answers


def _labels(given: wire.LabelValue) -> Value:
    return best_first([(each.name, each.score) for each in given.labels])


def _entities(given: wire.EntityValue) -> Value:
    # What Entity(…) does, in half the time
    spans = [_new(Entity, (each.start, each.end, each.label, each.score)) for each in given.entities]
    return Entities(spans, given.score)


def _longest_sentence(answers: AgentValues) -> int:
    sentences = (
        each for value in answers.by_agent.values() for each in cast(Sequence[tuple[str, float]], value)
    )
    return max((len(text) for text, _ in sentences), default=0)


def _sentences(given: wire.SentenceValue) -> Value:
    return best_first([(each.text, each.score) for each in given.sentences])


def _answers(one: Any, several: Mapping[str, T] | None, convert: Callable[[T], Value]) -> AgentValues | None:
    """Return answers by agent, the singular form included; the singular counts, else the first of the plural."""
    if not several:
        return None if one is None else AgentValues(one.agent, {one.agent: convert(one)})
    by_agent = {agent: convert(value) for agent, value in several.items()}
    if one is None:
        return AgentValues(next(iter(by_agent)), by_agent, singular=False)
    by_agent[one.agent] = convert(one)
    return AgentValues(one.agent, by_agent)


class _TaskReader(NamedTuple):
    """Decoders and converters for the requests of one task; ``some`` is a list of its records."""

    type: Any
    some: Any
    decode: Callable[[bytes], Any]
    decode_some: Callable[[bytes], list[Any]]
    convert: Callable[[_RecordReader, Any], list[Record]]


def _reader(type: Any, record: Any, convert: Callable[[_RecordReader, Any], list[Record]]) -> _TaskReader:
    decode, some = msgspec.json.Decoder, list[record]
    return _TaskReader(type, some, decode(type).decode, decode(some).decode, convert)


_KINDS: dict[Task, _TaskReader] = {
    Task.TEXT_CLASSIFICATION: _reader(
        wire.TextClassificationBulk, wire.TextClassificationRecord, _RecordReader.texts
    ),
    Task.TOKEN_CLASSIFICATION: _reader(
        wire.TokenClassificationBulk, wire.TokenClassificationRecord, _RecordReader.tokens
    ),
    Task.TEXT2TEXT: _reader(wire.Text2TextBulk, wire.Text2TextRecord, _RecordReader.pairs),
}

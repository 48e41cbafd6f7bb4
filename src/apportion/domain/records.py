"""Records of the three tasks: their content, their checks, and the values derived from them.

A value (of a prediction or an annotation) is a tuple per task:

* text classification: ``(label, score)`` pairs, best score first,
* token classification: ``Entity`` spans,
* text2text: ``(sentence, score)`` pairs, best score first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from apportion.spans import Entity, SpanError, align, fits_words, spaced, token_offsets
from apportion.vocabulary import Status, Task

__all__ = [
    "AgentValues",
    "Entities",
    "InvalidRecordError",
    "Record",
    "Scored",
    "Text2TextRecord",
    "TextClassificationRecord",
    "TokenClassificationRecord",
    "Value",
    "Vector",
    "best_first",
    "check",
    "chosen_labels",
    "joined_text",
    "predicted_answer",
    "prediction_outcome",
    "record_type",
    "scores",
    "shown_as",
    "shown_content",
    "shown_text",
]

Scored: TypeAlias = tuple[tuple[str, float], ...]


@dataclass(slots=True)
class Entities:
    """The spans of one token classification answer, with an optional score of the whole."""

    spans: Sequence[Entity]
    score: float | None = None


Value: TypeAlias = Scored | Entities


@dataclass(slots=True)
class AgentValues:
    """Values of one or several agents for a record; ``agent`` is the one whose value counts.

    ``singular`` is False where only the plural was sent and ``agent`` is merely the first of them.
    """

    agent: str
    by_agent: dict[str, Value]
    singular: bool = field(default=True, compare=False)

    @property
    def value(self) -> Value:
        """The value of ``agent``, which is the one that counts."""
        return self.by_agent[self.agent]


@dataclass(slots=True)
class Vector:
    """An embedding as logged."""

    value: Sequence[float]
    record_properties: list[str] | None = None
    model: str | None = None


@dataclass(slots=True)
class Record:
    """The members common to records of every task. ``metadata`` is flattened: dotted keys, no nulls."""

    id: str
    status: Status = Status.DEFAULT
    metadata: dict[str, Any] | None = None
    event_timestamp: str | None = None
    event: int | None = None
    prediction: AgentValues | None = None
    annotation: AgentValues | None = None
    vectors: dict[str, Vector] | None = None

    @property
    def text(self) -> str:
        """The text that full-text search covers."""
        raise NotImplementedError


@dataclass(slots=True)
class TextClassificationRecord(Record):
    """Named texts that get one label, or any number of labels."""

    inputs: dict[str, str | list[str]] = field(default_factory=dict)
    multi_label: bool = False
    explanation: Any = None

    @property
    def text(self) -> str:
        return joined_text(self.inputs)


@dataclass(slots=True)
class TokenClassificationRecord(Record):
    """A text cut into tokens, whose spans get labels."""

    raw: str = ""
    tokens: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.raw


@dataclass(slots=True)
class Text2TextRecord(Record):
    """A text that gets another text."""

    raw: str = ""

    @property
    def text(self) -> str:
        return self.raw


_TYPES: dict[Task, type[Record]] = {
    Task.TEXT_CLASSIFICATION: TextClassificationRecord,
    Task.TOKEN_CLASSIFICATION: TokenClassificationRecord,
    Task.TEXT2TEXT: Text2TextRecord,
}


def record_type(task: Task) -> type[Record]:
    """Return the class of records of a task."""
    return _TYPES[task]


def joined_text(inputs: Mapping[str, str | list[str]]) -> str:
    """Join all input texts in order, one per line."""
    if len(inputs) == 1:
        (only,) = inputs.values()
        return only if isinstance(only, str) else "\n".join(only)
    parts: list[str] = []
    for value in inputs.values():
        if isinstance(value, str):
            parts.append(value)
        else:
            parts.extend(value)
    return "\n".join(parts)


def best_first(pairs: Sequence[tuple[str, float]]) -> Scored:
    """Sort pairs by score, best first; equal scores keep their order."""
    if len(pairs) < 2:
        return tuple(pairs)
    return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def shown_content(record: Record) -> tuple[Any, ...]:
    """Return the content that annotators are shown: an annotation of other content is outdated."""
    if isinstance(record, TextClassificationRecord):
        return (record.inputs,)
    if isinstance(record, TokenClassificationRecord):
        return record.raw, record.tokens
    return (record.text,)


def shown_text(record: Record) -> str | None:
    """Return the one text that annotators are shown; None for a record with several."""
    if isinstance(record, TextClassificationRecord):
        texts = list(record.inputs.values())
        return texts[0] if len(texts) == 1 and isinstance(texts[0], str) else None
    return record.raw if isinstance(record, TokenClassificationRecord) else record.text


class InvalidRecordError(ValueError):
    """A record that cannot be stored: ``loc`` is a path inside the record."""

    def __init__(self, loc: Sequence[str | int], message: str, type: str = "value_error") -> None:
        super().__init__(message)
        self.loc = tuple(loc)
        self.type = type


def check(record: Record, *, allow_overlap: bool = False, allow_parts: bool = False) -> None:
    """Refuse a record that contradicts itself (``InvalidRecordError``); correct spans that only need trimming."""
    if isinstance(record, TextClassificationRecord):
        _check_labels(record)
    elif isinstance(record, TokenClassificationRecord):
        _check_spans(record, allow_overlap, allow_parts)


def _check_labels(record: TextClassificationRecord) -> None:
    if record.multi_label:
        return
    if record.prediction is not None:
        value = record.prediction.value
        assert isinstance(value, tuple)
        total = sum(score for _, score in value)
        if total > 1.001:
            raise InvalidRecordError(
                ("prediction",),
                f"Wrong score distributions: the scores of a single-label prediction sum up to {total:.3f}, "
                "which is more than 1",
            )
    if record.annotation is not None:
        value = record.annotation.value
        assert isinstance(value, tuple)
        if not value and record.status is Status.VALIDATED:
            raise InvalidRecordError(
                ("annotation",), "Annotation must include some label for validated records"
            )
        if len(value) != 1:
            raise InvalidRecordError(
                ("annotation",),
                f"Single label record must include only one annotation label, got {len(value)}",
            )
    elif record.status is Status.VALIDATED:
        raise InvalidRecordError(("annotation",), "Annotation must include some label for validated records")


def _check_spans(record: TokenClassificationRecord, allow_overlap: bool, allow_parts: bool) -> None:
    plain = spaced(record.raw, record.tokens)
    try:
        offsets = [] if plain else token_offsets(record.raw, record.tokens)
    except SpanError as lost:
        raise InvalidRecordError(("tokens",), str(lost)) from lost
    for name, answers in (("prediction", record.prediction), ("annotation", record.annotation)):
        if answers is None:
            continue
        for agent, value in answers.by_agent.items():
            assert isinstance(value, Entities)
            if not value.spans or (plain and fits_words(record.raw, value.spans)):
                continue
            offsets = offsets or token_offsets(record.raw, record.tokens)
            try:
                value.spans = align(
                    record.raw, offsets, value.spans, allow_overlap=allow_overlap, allow_parts=allow_parts
                )
            except SpanError as misplaced:
                where = (name, "entities") if agent == answers.agent else (name + "s", agent, "entities")
                raise InvalidRecordError(where, str(misplaced)) from misplaced


def chosen_labels(value: Value | None, *, multi_label: bool) -> list[str]:
    """Return the labels (or sentences) a value stands for: the best one, or with several labels all above 0.5."""
    if value is None:
        return []
    if isinstance(value, Entities):
        return [span.label for span in value.spans]
    if multi_label:
        return [label for label, score in value if score > 0.5]
    return [value[0][0]] if value else []


def shown_as(record: Record, answers: AgentValues | None) -> list[str]:
    """Return the values of ``predicted_as`` or ``annotated_as`` for the record."""
    if answers is None:
        return []
    value = answers.value
    if isinstance(record, Text2TextRecord):
        assert isinstance(value, tuple)
        return [sentence for sentence, _ in value]
    multi = isinstance(record, TextClassificationRecord) and record.multi_label
    return chosen_labels(value, multi_label=multi)


def predicted_answer(record: Record, *, allow_overlap: bool = False) -> Value | None:
    """Return the answer that accepts the prediction as it is; None where nothing is predicted.

    Of spans that overlap where they may not, the first one counts. Scores belong to the prediction.
    """
    if record.prediction is None:
        return None
    value = record.prediction.value
    if isinstance(value, Entities):
        spans: list[Entity] = []
        for each in sorted(value.spans, key=lambda span: (span.start, -span.end)):
            if allow_overlap or not spans or spans[-1].end <= each.start:
                spans.append(Entity(each.start, each.end, each.label))
        return Entities(spans) if spans else None
    if isinstance(record, Text2TextRecord):
        return ((value[0][0], 1.0),) if value else None
    multi = isinstance(record, TextClassificationRecord) and record.multi_label
    return tuple((label, 1.0) for label in chosen_labels(value, multi_label=multi)) or None


def scores(record: Record) -> list[float]:
    """Return the values of ``score``: the prediction's scores that count."""
    if record.prediction is None:
        return []
    value = record.prediction.value
    if isinstance(value, Entities):
        return [value.score] if value.score is not None else [span.score for span in value.spans]
    if isinstance(record, TextClassificationRecord) and not record.multi_label:
        return [value[0][1]] if value else []
    return [score for _, score in value]


def prediction_outcome(record: Record, annotation: AgentValues | None) -> str | None:
    """Return ``ok`` when the annotation confirms the prediction, ``ko`` when not, None without either."""
    if record.prediction is None or annotation is None or isinstance(record, Text2TextRecord):
        return None
    predicted, annotated = record.prediction.value, annotation.value
    if isinstance(predicted, Entities) and isinstance(annotated, Entities):
        same = len(predicted.spans) == len(annotated.spans) and all(
            p.start == a.start and p.end == a.end and p.label == a.label
            for p, a in zip(predicted.spans, annotated.spans, strict=True)
        )
    else:
        same = set(shown_as(record, record.prediction)) == set(shown_as(record, annotation))
    return "ok" if same else "ko"

"""Fields of one record as the oracle reads them: its text, labels, scores, and whether a prediction was right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
)
from apportion.spans import Entity

__all__ = ["once", "right", "scores_of", "shown", "spans_of", "text_of"]


def once(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def spans_of(answers: AgentValues | None) -> list[Entity] | None:
    return None if answers is None else list(answers.value.spans)  # type: ignore[union-attr]


def text_of(record: Record) -> str:
    if isinstance(record, TextClassificationRecord):
        parts: list[str] = []
        for value in record.inputs.values():
            parts += [value] if isinstance(value, str) else value
        return "\n".join(parts)
    assert isinstance(record, (TokenClassificationRecord, Text2TextRecord))
    return record.raw


def shown(record: Record, answers: AgentValues | None) -> list[str]:
    """§3.2 to §3.4, predicted_as and annotated_as."""
    if answers is None:
        return []
    value = answers.value
    if isinstance(value, Entities):
        return [span.label for span in value.spans]
    if isinstance(record, TextClassificationRecord):
        if record.multi_label:
            return [label for label, score in value if score > 0.5]
        return [label for label, _ in value[:1]]
    return [text for text, _ in value]


def scores_of(record: Record) -> list[float]:
    if record.prediction is None:
        return []
    value = record.prediction.value
    if isinstance(value, Entities):
        found = [value.score] if value.score is not None else [span.score for span in value.spans]
    else:
        found = [score for _, score in value]
        if isinstance(record, TextClassificationRecord) and not record.multi_label:
            found = found[:1]
    return once(found)


def right(record: Record, annotation: AgentValues | None) -> str | None:
    if record.prediction is None or annotation is None or isinstance(record, Text2TextRecord):
        return None
    if isinstance(record, TokenClassificationRecord):
        one = [(s.start, s.end, s.label) for s in spans_of(record.prediction) or []]
        other = [(s.start, s.end, s.label) for s in spans_of(annotation) or []]
        return "ok" if one == other else "ko"
    return "ok" if set(shown(record, record.prediction)) == set(shown(record, annotation)) else "ko"

"""Values of annotations as clients send and see them: labels, entities or sentences, without an agent."""

from __future__ import annotations

from typing import Any

import msgspec

from apportion.domain.answer_limits import AnswerLimits, Oversize, Part
from apportion.domain.errors import ValidationError
from apportion.domain.individual.case import GoldValue
from apportion.domain.individual.showing import show_gold, show_value
from apportion.domain.records import Entities, Value, best_first
from apportion.spans import Entity
from apportion.vocabulary import Task
from apportion.wire import records as wire
from apportion.wire.annotations import Gold
from apportion.wire.bodies import AnswerValue

from .json_in import item

__all__ = ["gold_out", "read_value", "value_out"]

_FORMS = {
    Task.TEXT_CLASSIFICATION: ("labels", '{"labels": [{"class": name}]}'),
    Task.TOKEN_CLASSIFICATION: ("entities", '{"entities": [{"start", "end", "label"}]}'),
    Task.TEXT2TEXT: ("sentences", '{"sentences": [{"text": text}]}'),
}


def read_value(task: Task, sent: dict[str, Any] | None, limits: AnswerLimits | None) -> Value | None:
    """Return the value that JSON stands for; without ``limits`` for one that was accepted before.

    Raises ``ValidationError`` for another form, for a value that is too large or a span that ends before it starts.
    """
    if sent is None:
        return None
    member, form = _FORMS[task]
    if member not in sent:
        raise _wrong([], f"a value of this dataset has the form {form}", "value_error.missing")
    parts = sent[member]
    if limits is not None and isinstance(parts, list):
        # counted before a million labels are converted
        _refuse(member, limits.count(Part.of(task), len(parts)))
    value = _converted(task, sent, member)
    if limits is not None:
        _refuse(member, limits.check(Part.of(task), value))
    return value


def value_out(value: Value | None, task: Task) -> AnswerValue | None:
    """Return a value as replies show it."""
    shown = show_value(value, task)
    return None if shown is None else AnswerValue(**shown)


def gold_out(gold: GoldValue | None, task: Task) -> Gold | None:
    """Return a gold value as replies show it."""
    shown = show_gold(gold, task)
    return None if shown is None else Gold(**shown)


def _refuse(member: str, found: Oversize | None) -> None:
    if found is not None:
        raise _wrong(
            [member], f"{found.message}; nothing was changed", "value_error.size", limit_value=found.limit
        )


def _converted(task: Task, sent: dict[str, Any], member: str) -> Value:
    try:
        if task is Task.TEXT_CLASSIFICATION:
            labels = (
                [_named(each) for each in sent["labels"]]
                if isinstance(sent["labels"], list)
                else sent["labels"]
            )
            found = msgspec.convert({"labels": labels}, wire.LabelValue)
            return best_first([(each.name, each.score) for each in found.labels])
        if task is Task.TEXT2TEXT:
            texts = msgspec.convert({"sentences": sent["sentences"]}, wire.SentenceValue)
            return best_first([(each.text, each.score) for each in texts.sentences])
        spans = msgspec.convert({"entities": sent["entities"]}, wire.EntityValue)
    except msgspec.ValidationError as wrong:
        raise _wrong([member], str(wrong), "value_error") from None
    for place, span in enumerate(spans.entities):
        if span.end <= span.start:
            raise _wrong(["entities", place, "end"], "a span must end after its start", "value_error")
    return Entities([Entity(each.start, each.end, each.label, each.score) for each in spans.entities])


def _named(label: Any) -> Any:
    """Return a label as an object with ``class``; it is sent under either of its 1.x names, or as a plain text."""
    if isinstance(label, str):
        return {"class": label}
    if isinstance(label, dict) and "class" not in label and "class_label" in label:
        return {**label, "class": label["class_label"]}
    return label


def _wrong(path: list[str | int], message: str, kind: str, **ctx: Any) -> ValidationError:
    return ValidationError([item(("body", "value", *path), message, kind, **ctx)], model="Annotation")

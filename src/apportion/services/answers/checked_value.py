"""Check the value of an answer against the record and the label settings of its dataset."""

from __future__ import annotations

from dataclasses import replace

from apportion.domain.datasets import Dataset
from apportion.domain.errors import BadRequestError, ValidationError
from apportion.domain.records import (
    AgentValues,
    Entities,
    InvalidRecordError,
    Record,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    check,
)
from apportion.vocabulary import AnnotationState, Status, Task

__all__ = ["STATUS_OF", "checked_value", "no_annotation"]

STATUS_OF = {
    AnnotationState.SUBMITTED: Status.VALIDATED,
    AnnotationState.DRAFT: Status.EDITED,
    AnnotationState.DISCARDED: Status.DISCARDED,
    AnnotationState.NONE: Status.DEFAULT,
}
"""The status that an annotation in this state gives the record of a shared dataset."""


def checked_value(
    dataset: Dataset, record: Record, value: Value | None, state: AnnotationState
) -> Value | None:
    """Return the value if it fits the record: labels of the schema, spans on tokens; refuse it otherwise.

    An empty value is an answer when it is submitted; otherwise, unless the record is multi-label, it becomes None.
    """
    if state is AnnotationState.NONE:
        return None
    if value is None and state is AnnotationState.SUBMITTED:
        value = no_annotation(record)
    if value is None or (state is not AnnotationState.SUBMITTED and _empty(value) and not _multi(record)):
        return None
    settings = dataset.settings
    trial = replace(record, status=STATUS_OF[state], annotation=AgentValues("me", {"me": value}))
    try:
        check(
            trial,
            allow_overlap=settings is not None and settings.allow_overlapping_spans,
            allow_parts=settings is not None and settings.allow_character_spans,
        )
    except InvalidRecordError as problem:
        loc = ["body", "value", *problem.loc[1:]]
        raise ValidationError(
            [{"loc": loc, "msg": str(problem), "type": problem.type}], model="Annotation"
        ) from None
    assert trial.annotation is not None
    value = trial.annotation.value
    unknown = [] if settings is None else settings.unknown(_labels(dataset.task, value))
    if unknown:
        assert settings is not None
        assert settings.labels is not None
        known = [option.name for option in settings.labels]
        raise BadRequestError(
            f"Labels {unknown} are not in the label schema of dataset {dataset.name}, which has {known}. "
            "Nothing was stored."
        )
    return value


def no_annotation(record: Record) -> Value:
    """Return the empty answer: no span, no label, no sentence."""
    return Entities([]) if isinstance(record, TokenClassificationRecord) else ()


def _multi(record: Record) -> bool:
    return isinstance(record, TextClassificationRecord) and record.multi_label


def _empty(value: Value) -> bool:
    return isinstance(value, tuple) and not value


def _labels(task: Task, value: Value) -> list[str]:
    if isinstance(value, Entities):
        return [span.label for span in value.spans]
    return [] if task is Task.TEXT2TEXT else [label for label, _ in value]

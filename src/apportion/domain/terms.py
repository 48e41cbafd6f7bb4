"""Terms: the (field, value) pairs by which a record is found and counted, besides its text.

Terms of the content are the same for everybody. Terms of the answer (status, annotation, whether the
prediction was right) belong to a viewer: the resolved view, or one annotator's own. The status
``Default`` has no term: it is the absence of the others, which saves a row for most records.
"""

from __future__ import annotations

from typing import TypeAlias

from apportion.vocabulary import Status

from .individual.record_view import ResolvedView
from .records import AgentValues, Entities, Record, prediction_outcome, shown_as

__all__ = ["ANSWER_FIELDS", "MENTION_SEPARATOR", "Term", "answer_terms", "content_terms", "view_terms"]

Term: TypeAlias = "tuple[str, str]"

MENTION_SEPARATOR = "\x1f"
"""Between the label and the text in the value of a mention term."""

ANSWER_FIELDS = frozenset(
    {
        "status",
        "annotated_as",
        "annotated_by",
        "annotations",
        "predicted",
        "mentions",
        "assignment",
        "conflict",
        "agreement",
    }
)
"""Fields whose values depend on the viewer."""


def content_terms(record: Record) -> list[Term]:
    """Return the terms of the record's prediction, without scores. For terms of metadata see ``domain.metadata``."""
    prediction = record.prediction
    if prediction is None:
        return []
    terms = [("predicted_by", prediction.agent)]
    if len(prediction.by_agent) > 1:
        terms += [("predictions", agent) for agent in prediction.by_agent]
    terms += [("predicted_as", label) for label in dict.fromkeys(shown_as(record, prediction))]
    if isinstance(prediction.value, Entities):
        terms += _mentions("predicted_mentions", record, prediction)
    return terms


def answer_terms(record: Record, status: Status, annotation: AgentValues | None) -> list[Term]:
    """Return the terms of one view of the record's annotation."""
    terms: list[Term] = [] if status is Status.DEFAULT else [("status", status.value)]
    if annotation is None:
        return terms
    terms.append(("annotated_by", annotation.agent))
    if len(annotation.by_agent) > 1:
        terms += [("annotations", agent) for agent in annotation.by_agent]
    terms += [("annotated_as", label) for label in dict.fromkeys(shown_as(record, annotation))]
    right = prediction_outcome(record, annotation)
    if right is not None:
        terms.append(("predicted", right))
    if isinstance(annotation.value, Entities):
        terms += _mentions("mentions", record, annotation)
    return terms


def view_terms(record: Record, view: ResolvedView) -> list[Term]:
    """Return the terms of a record in the resolved view, which is for those who see more than their own answers."""
    if view.agent is not None and view.value is not None:
        by_agent = {view.agent: view.value, **view.everyone}
        terms = answer_terms(record, view.status, AgentValues(view.agent, by_agent))
    else:
        terms = answer_terms(record, view.status, None)
        terms += [("annotations", name) for name in view.everyone]
    if view.conflict:
        terms.append(("conflict", "true"))
    if view.agreement is not None:
        terms.append(("agreement", f"{view.agreement:.3f}"))
    return terms


def _mentions(field: str, record: Record, answers: AgentValues) -> list[Term]:
    text, value = record.text, answers.value
    assert isinstance(value, Entities)
    label_of = {text[span.start : span.end]: span.label for span in value.spans}
    return [(field, f"{label}{MENTION_SEPARATOR}{mention}") for mention, label in label_of.items()]

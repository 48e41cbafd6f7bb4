"""The resolved view of a record's answers, for everybody who sees more than their own.

``domain.consensus`` decides; here the decision becomes a 1.x status: ``Default`` nobody has answered and
there is no gold value, ``Edited`` somebody has but nothing is resolved, ``Validated`` resolved with a value,
``Discarded`` resolved as unusable.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from apportion.domain.agreement.measures import AnswerKind, kind_of
from apportion.domain.consensus import resolution as consensus
from apportion.domain.consensus.answers import UNUSABLE, ConsensusAnswer, Given, given
from apportion.domain.consensus.deciding import RecordToResolve, decide
from apportion.domain.consensus.dispute import dispute
from apportion.domain.consensus.resolution import Resolution, ResolutionStatus
from apportion.domain.consensus.resolution import ResolutionRule as Rule
from apportion.domain.records import (
    Entities,
    Record,
    TextClassificationRecord,
    TokenClassificationRecord,
    Value,
    chosen_labels,
)
from apportion.spans import Entity, SpanError, token_offsets
from apportion.vocabulary import AnnotationState, Status, Task

from .case import Annotation, Case, GoldValue, Origin

__all__ = [
    "ADJUDICATED",
    "CONSENSUS",
    "ResolvedView",
    "Rule",
    "answers_of",
    "build_view",
    "canonical_value",
    "kind_of_record",
    "places_of_tokens",
    "same_value",
    "value_of",
]

CONSENSUS = "consensus:"
ADJUDICATED = "adjudicated:"
"""The prefix of the agents of resolved values; no username can start with it."""


@dataclass(frozen=True, slots=True)
class ResolvedView:
    """The resolved view: status, the agent and value that count, and everybody's submitted values by name."""

    status: Status
    agent: str | None = None
    value: Value | None = None
    everyone: Mapping[str, Value] = field(default_factory=dict)
    conflict: bool = False
    """True if all answers wanted are there, and they do not resolve the record."""
    agreement: float | None = None
    """Agreement of the answers that count, 1 if all are the same; None with fewer than two."""
    resolution: Resolution | None = None
    """The decision behind the value; None where the value was there before anybody answered."""


def build_view(case: Case, *, rule: Rule, required: int) -> ResolvedView:
    """Build the view of a record: from a human's decision, else by the rule once all answers are there."""
    record, gold = case.record, case.gold
    kind = kind_of_record(record)
    counted = sorted(case.counted(), key=lambda each: (each.updated, each.annotator))
    answers = [_answer(each, kind) for each in counted]
    decided = None
    if gold is not None and gold.origin is not Origin.EARLIER:
        decided = consensus.GoldDecision(
            UNUSABLE if gold.value is None else _given(gold.value, kind), _agent_of_gold(gold)
        )
    found = decide(
        answers,
        rule,
        RecordToResolve(
            kind,
            case.want(required),
            gold=decided,
            tokens=_tokens(record, answers),
            posterior=case.posterior_for(answers, rule),
        ),
    )
    apart = dispute(answers, kind)
    everyone = {
        name: each.value
        for name, each in sorted(case.annotations.items())
        if each.state is AnnotationState.SUBMITTED and each.value is not None
    }
    view = ResolvedView(
        Status.DEFAULT,
        everyone=everyone,
        conflict=found.outcome is ResolutionStatus.CONFLICT,
        agreement=None if apart is None else 1 - apart,
        resolution=found,
    )
    return _seen(view, case, counted, found)


def _seen(view: ResolvedView, case: Case, counted: list[Annotation], found: Resolution) -> ResolvedView:
    gold = case.gold
    if found.outcome is ResolutionStatus.RESOLVED and gold is not None and gold.origin is not Origin.EARLIER:
        status = Status.DISCARDED if gold.value is None else Status.VALIDATED
        agent = None if gold.value is None else _agent_of_gold(gold)
        return replace(view, status=status, agent=agent, value=gold.value)
    if found.outcome is ResolutionStatus.RESOLVED:
        if found.discarded:
            single = counted[-1] if found.agent == counted[-1].annotator else None
            value = None if single is None else single.value
            agent = None if single is None or value is None else single.annotator
            return replace(view, status=Status.DISCARDED, agent=agent, value=value)
        agreeing = [each.value for each in counted if each.annotator in found.agreeing]
        assert found.value is not None
        value = agreeing[-1] if agreeing else value_of(found.value, kind_of_record(case.record))
        return replace(view, status=Status.VALIDATED, agent=found.agent, value=value)
    if gold is not None:  # it was there before anybody answered, and nothing has replaced it yet
        status = Status.DISCARDED if gold.value is None else Status.VALIDATED
        agent = None if gold.value is None else gold.author
        return replace(view, status=status, agent=agent, value=gold.value, conflict=False, resolution=None)
    answered = any(each.answered for each in case.annotations.values())
    return replace(view, status=Status.EDITED if answered else Status.DEFAULT)


def _agent_of_gold(gold: GoldValue) -> str:
    return f"{ADJUDICATED}{gold.author}"


def kind_of_record(record: Record) -> AnswerKind:
    """Return the kind of one answer to the record."""
    if isinstance(record, TextClassificationRecord):
        return kind_of(Task.TEXT_CLASSIFICATION, multi_label=record.multi_label)
    return AnswerKind.SPANS if isinstance(record, TokenClassificationRecord) else AnswerKind.TEXT


def answers_of(case: Case) -> list[ConsensusAnswer]:
    """Return the answers that count, as consensus compares them, in order of submission."""
    kind = kind_of_record(case.record)
    ordered = sorted(case.counted(), key=lambda each: (each.updated, each.annotator))
    return [_answer(each, kind) for each in ordered]


def _answer(each: Annotation, kind: AnswerKind) -> ConsensusAnswer:
    return ConsensusAnswer(
        each.annotator, UNUSABLE if each.state is AnnotationState.DISCARDED else _given(each.value, kind)
    )


def _given(value: Value | None, kind: AnswerKind) -> Given:
    """Return a value as consensus compares it; a missing single label (1.x may have one) is a discard."""
    return UNUSABLE if kind is AnswerKind.LABEL and not value else given(value, kind)


def _tokens(record: Record, answers: list[ConsensusAnswer]) -> list[tuple[int, int]] | None:
    """Return the offsets of tokens, if votes on them may be needed."""
    if not isinstance(record, TokenClassificationRecord) or len({each.given for each in answers}) < 2:
        return None
    return places_of_tokens(record)


def places_of_tokens(record: TokenClassificationRecord) -> list[tuple[int, int]] | None:
    """Return start and end of each token; None where they are not found in the text."""
    try:
        return token_offsets(record.raw, record.tokens)
    except SpanError:
        return None


def value_of(found: Given, kind: AnswerKind) -> Value:
    """Return a value that was voted on part by part in the form of annotations, every part with score 1."""
    if isinstance(found, str):
        return ((found, 1.0),)
    assert isinstance(found, frozenset)
    if kind is AnswerKind.SPANS:
        return Entities([Entity(*span) for span in sorted(found)])  # type: ignore[misc]
    return tuple((str(label), 1.0) for label in sorted(found))


def canonical_value(record: Record, value: Value | None) -> Hashable:
    """Return a value without its scores, equal for values that mean the same."""
    if value is None:
        return None
    if isinstance(value, Entities):
        return frozenset((span.start, span.end, span.label) for span in value.spans)
    if isinstance(record, TextClassificationRecord):
        return frozenset(chosen_labels(value, multi_label=record.multi_label))
    return tuple(text for text, _ in value[:1])


def same_value(record: Record, one: Value | None, other: Value | None) -> bool:
    """Return True if two values of a record mean the same."""
    return canonical_value(record, one) == canonical_value(record, other)

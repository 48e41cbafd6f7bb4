"""Resolve a record from its answers and the dataset's policy. Runs in the transaction of each submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apportion.domain.agreement.measures import AnswerKind

from .answers import UNUSABLE, ConsensusAnswer, Given
from .resolution import ConflictKind, GoldDecision, Resolution, ResolutionRule, ResolutionStatus
from .voting import VoteResult, vote_label, vote_parts, vote_spans

__all__ = ["SURE_ENOUGH", "RecordToResolve", "decide"]

SURE_ENOUGH = 0.5
"""Below this probability a model's value is a conflict."""


@dataclass(frozen=True, slots=True)
class RecordToResolve:
    """Facts about a record besides its answers: what kind they are of, how many are wanted, what a model says."""

    kind: AnswerKind
    want: int = 1
    gold: GoldDecision | None = None
    tokens: Sequence[tuple[int, int]] | None = None
    posterior: Mapping[str, float] | None = None


def decide(
    answers: Sequence[ConsensusAnswer],
    policy: ResolutionRule,
    about: RecordToResolve,
    *,
    sure_enough: float = SURE_ENOUGH,
) -> Resolution:
    """Return the resolution that follows from the answers that count: one per person, in order of submission.

    A person's decision (``gold``) wins over everything. Otherwise a record is open until ``want`` answers are there.
    Discards count as answers: all of them resolve the record as discarded, some of them are a conflict, whatever the
    policy. ``posterior`` is a model's probability of each label of this record, for the policies that rest on one; with
    several answers the record is open until it comes, even if they agree. Models are about single labels; for other
    answers their policies vote by majority.
    The result depends on its arguments only, so it can always be computed again from the same answers.

    >>> answers = [ConsensusAnswer(who, given) for who, given in (("ana", "good"), ("ben", "bad"), ("cy", "good"))]
    >>> decide(answers, ResolutionRule.MAJORITY, RecordToResolve(AnswerKind.LABEL, 3)).value
    'good'
    """
    kind, want, gold = about.kind, about.want, about.gold
    people = [answer.annotator for answer in answers]
    if gold is not None:
        agreeing = [answer.annotator for answer in answers if answer.given == gold.value]
        return Resolution(ResolutionStatus.RESOLVED, gold.value, gold.agent, people, agreeing)
    if policy is ResolutionRule.LATEST:
        return _latest(answers, people)
    if len(answers) < max(want, 1):
        return Resolution(ResolutionStatus.OPEN, answers=people, missing=max(want, 1) - len(answers))
    usable = [answer.given for answer in answers if answer.given is not UNUSABLE]
    if policy is ResolutionRule.ADJUDICATED:
        return _conflict(ConflictKind.AWAITS_A_PERSON, people)
    if usable and len(usable) < len(answers):
        return _conflict(ConflictKind.USABLE_OR_NOT, people)
    if (
        len(usable) > 1
        and kind is AnswerKind.LABEL
        and policy in (ResolutionRule.DAWID_SKENE, ResolutionRule.ONE_COIN)
    ):
        return _from_model(answers, policy, people, about.posterior, sure_enough)
    if not usable or all(each == usable[0] for each in usable[1:]):
        rule = ResolutionRule.UNANIMOUS if policy is ResolutionRule.UNANIMOUS else ResolutionRule.MAJORITY
        return _resolved(answers, rule, answers[0].given, 1.0)
    if policy is ResolutionRule.UNANIMOUS:
        return _conflict(ConflictKind.NOT_UNANIMOUS, people)
    if kind is AnswerKind.TEXT:
        return _conflict(ConflictKind.TEXTS_DIFFER, people)
    won = _vote(usable, kind, about.tokens)
    if won is None:
        return _conflict(ConflictKind.TIE, people)
    return _resolved(answers, ResolutionRule.MAJORITY, won.value, won.support, by_token=won.by_token)


def _vote(
    values: Sequence[Any], kind: AnswerKind, tokens: Sequence[tuple[int, int]] | None
) -> VoteResult[Any] | None:
    if kind is AnswerKind.LABEL:
        return vote_label(values)
    return vote_spans(values, tokens) if kind is AnswerKind.SPANS else vote_parts(values)


def _latest(answers: Sequence[ConsensusAnswer], people: list[str]) -> Resolution:
    if not answers:
        return Resolution(ResolutionStatus.OPEN, missing=1)
    last = answers[-1]
    agreeing = [answer.annotator for answer in answers if answer.given == last.given]
    return Resolution(ResolutionStatus.RESOLVED, last.given, last.annotator, people, agreeing)


def _from_model(
    answers: Sequence[ConsensusAnswer],
    policy: ResolutionRule,
    people: list[str],
    posterior: Mapping[str, float] | None,
    sure_enough: float,
) -> Resolution:
    if posterior is None:
        return Resolution(ResolutionStatus.OPEN, answers=people)
    best = max(posterior.values())
    values = [label for label, probability in posterior.items() if probability == best]
    if best < sure_enough or len(values) > 1:
        return _conflict(ConflictKind.UNSURE, people)
    return _resolved(answers, policy, values[0], best)


def _resolved(
    answers: Sequence[ConsensusAnswer],
    policy: ResolutionRule,
    value: Given,
    support: float,
    *,
    by_token: bool = False,
) -> Resolution:
    people = [answer.annotator for answer in answers]
    agreeing = [answer.annotator for answer in answers if answer.given == value]
    agent = people[0] if len(people) == 1 else f"consensus:{policy}"
    return Resolution(ResolutionStatus.RESOLVED, value, agent, people, agreeing, support, by_token)


def _conflict(reason: ConflictKind, people: list[str]) -> Resolution:
    return Resolution(ResolutionStatus.CONFLICT, answers=people, conflict=reason)

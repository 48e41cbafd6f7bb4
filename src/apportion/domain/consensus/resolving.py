"""A record's answers and the dataset's policy make its resolution. Runs in the transaction of each submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apportion.domain.agreement.measures import Kind

from .answers import UNUSABLE, Answer, Given
from .resolution import Conflict, Gold, Outcome, Policy, Resolution
from .voting import Won, vote_label, vote_parts, vote_spans

__all__ = ["SURE_ENOUGH", "resolve"]

SURE_ENOUGH = 0.5
"""Below this probability a model's value is a conflict."""


def resolve(
    answers: Sequence[Answer],
    policy: Policy,
    *,
    kind: Kind,
    want: int = 1,
    gold: Gold | None = None,
    tokens: Sequence[tuple[int, int]] | None = None,
    posterior: Mapping[str, float] | None = None,
    sure_enough: float = SURE_ENOUGH,
) -> Resolution:
    """What the answers that count come to: one per person, in order of submission.

    A person's decision (``gold``) wins over everything. Otherwise a record is open until ``want`` answers are there.
    Discards count as answers: all of them resolve the record as discarded, some of them are a conflict, whatever the
    policy. ``posterior`` is what a model says about the labels of this record, for the policies that rest on one; with
    several answers the record is open until it comes, even if they agree. Models are about single labels; for other
    answers their policies vote by majority.
    The result depends on its arguments only, so it can always be computed again from the same answers.

    >>> answers = [Answer("ana", "good"), Answer("ben", "bad"), Answer("cy", "good")]
    >>> resolve(answers, Policy.MAJORITY, kind=Kind.LABEL, want=3).value
    'good'
    """
    people = [answer.annotator for answer in answers]
    if gold is not None:
        agreeing = [answer.annotator for answer in answers if answer.given == gold.value]
        return Resolution(Outcome.RESOLVED, gold.value, gold.agent, people, agreeing)
    if policy is Policy.LATEST:
        return _latest(answers, people)
    if len(answers) < max(want, 1):
        return Resolution(Outcome.OPEN, answers=people, missing=max(want, 1) - len(answers))
    usable = [answer.given for answer in answers if answer.given is not UNUSABLE]
    if policy is Policy.ADJUDICATED:
        return _conflict(Conflict.AWAITS_A_PERSON, people)
    if usable and len(usable) < len(answers):
        return _conflict(Conflict.USABLE_OR_NOT, people)
    if len(usable) > 1 and kind is Kind.LABEL and policy in (Policy.DAWID_SKENE, Policy.ONE_COIN):
        return _from_model(answers, policy, people, posterior, sure_enough)
    if not usable or all(each == usable[0] for each in usable[1:]):
        rule = Policy.UNANIMOUS if policy is Policy.UNANIMOUS else Policy.MAJORITY
        return _resolved(answers, rule, answers[0].given, 1.0)
    if policy is Policy.UNANIMOUS:
        return _conflict(Conflict.NOT_UNANIMOUS, people)
    if kind is Kind.TEXT:
        return _conflict(Conflict.TEXTS_DIFFER, people)
    won = _vote(usable, kind, tokens)
    if won is None:
        return _conflict(Conflict.TIE, people)
    return _resolved(answers, Policy.MAJORITY, won.value, won.support, by_token=won.by_token)


def _vote(values: Sequence[Any], kind: Kind, tokens: Sequence[tuple[int, int]] | None) -> Won[Any] | None:
    if kind is Kind.LABEL:
        return vote_label(values)
    return vote_spans(values, tokens) if kind is Kind.SPANS else vote_parts(values)


def _latest(answers: Sequence[Answer], people: list[str]) -> Resolution:
    if not answers:
        return Resolution(Outcome.OPEN, missing=1)
    last = answers[-1]
    agreeing = [answer.annotator for answer in answers if answer.given == last.given]
    return Resolution(Outcome.RESOLVED, last.given, last.annotator, people, agreeing)


def _from_model(
    answers: Sequence[Answer],
    policy: Policy,
    people: list[str],
    posterior: Mapping[str, float] | None,
    sure_enough: float,
) -> Resolution:
    if posterior is None:
        return Resolution(Outcome.OPEN, answers=people)
    best = max(posterior.values())
    values = [label for label, probability in posterior.items() if probability == best]
    if best < sure_enough or len(values) > 1:
        return _conflict(Conflict.UNSURE, people)
    return _resolved(answers, policy, values[0], best)


def _resolved(
    answers: Sequence[Answer], policy: Policy, value: Given, support: float, *, by_token: bool = False
) -> Resolution:
    people = [answer.annotator for answer in answers]
    agreeing = [answer.annotator for answer in answers if answer.given == value]
    agent = people[0] if len(people) == 1 else f"consensus:{policy}"
    return Resolution(Outcome.RESOLVED, value, agent, people, agreeing, support, by_token)


def _conflict(reason: Conflict, people: list[str]) -> Resolution:
    return Resolution(Outcome.CONFLICT, answers=people, conflict=reason)

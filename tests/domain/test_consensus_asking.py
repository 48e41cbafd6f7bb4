"""One more person is asked only where people disagree, one at a time, up to a cap."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.consensus.answers import UNUSABLE, ConsensusAnswer
from apportion.domain.consensus.asking import (
    AdaptiveDecision,
    AdaptiveReason,
    decide_one_more,
    vote_posterior,
)
from apportion.domain.consensus.deciding import RecordToResolve

YES, NO = True, False


def asked(
    *values: Any, want: int | None = None, most: int = 5, kind: AnswerKind = AnswerKind.LABEL, **more: Any
) -> AdaptiveDecision:
    answers = [ConsensusAnswer(f"p{number}", value) for number, value in enumerate(values)]
    about = RecordToResolve(
        kind,
        len(values) if want is None else want,
        tokens=more.pop("tokens", None),
        posterior=more.pop("posterior", None),
    )
    return decide_one_more(answers, about, most=most, **more)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("aa", AdaptiveDecision(NO, AdaptiveReason.AGREED)),
        ("a", AdaptiveDecision(NO, AdaptiveReason.AGREED)),
        ("ab", AdaptiveDecision(YES, AdaptiveReason.DISAGREE)),
        ("aba", AdaptiveDecision(YES, AdaptiveReason.DISAGREE)),
        ("abaa", AdaptiveDecision(NO, AdaptiveReason.SURE)),
        ("abab", AdaptiveDecision(YES, AdaptiveReason.DISAGREE)),
        ("ababa", AdaptiveDecision(NO, AdaptiveReason.CAP)),
    ],
)
def test_people_are_asked_until_one_label_leads_by_two(values: str, expected: AdaptiveDecision) -> None:
    assert asked(*values) == expected


def test_nobody_is_asked_while_wanted_answers_are_out() -> None:
    assert asked("a", "b", want=3) == AdaptiveDecision(NO, AdaptiveReason.WAITING)


@pytest.mark.parametrize(("best", "expected"), [(0.96, NO), (0.95, NO), (0.9, YES)])
def test_a_posterior_below_the_threshold_asks_even_where_all_agree(best: float, expected: bool) -> None:
    assert asked("a", "a", until=0.95, posterior={"a": best, "b": 1 - best}).ask is expected


def test_without_a_model_the_threshold_is_about_the_votes_alone() -> None:
    assert asked("a", "b", "a", until=0.75).ask is NO
    assert asked("a", "b", "a", until=0.95).ask is YES


def test_finding_a_record_unusable_is_a_vote_like_any_other() -> None:
    assert asked(UNUSABLE, "a") == AdaptiveDecision(YES, AdaptiveReason.DISAGREE)
    assert asked(UNUSABLE, UNUSABLE) == AdaptiveDecision(NO, AdaptiveReason.AGREED)
    assert asked(UNUSABLE, "a", UNUSABLE, UNUSABLE) == AdaptiveDecision(NO, AdaptiveReason.SURE)
    assert asked(UNUSABLE, frozenset(), kind=AnswerKind.SPANS).ask is YES


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (AnswerKind.LABELS, [frozenset("a"), frozenset("ab")], YES),
        (AnswerKind.LABELS, [frozenset("a"), frozenset("ab"), frozenset("a")], NO),
        (AnswerKind.SPANS, [frozenset({(0, 3, "x")}), frozenset()], YES),
        (AnswerKind.SPANS, [frozenset(), frozenset()], NO),
        (AnswerKind.TEXT, ["one", "two"], YES),
        (AnswerKind.TEXT, ["one", "one"], NO),
    ],
)
def test_answers_with_parts_ask_for_more_where_votes_settle_nothing(
    kind: AnswerKind, values: list[Any], expected: bool
) -> None:
    assert asked(*values, kind=kind).ask is expected


@given(
    values=st.lists(st.sampled_from(["a", "b", "c", UNUSABLE]), min_size=1, max_size=9),
    most=st.integers(1, 6),
    until=st.none() | st.floats(0.5, 0.999),
)
@settings(max_examples=50, deadline=None)
def test_the_cap_holds_and_agreement_asks_nobody(values: list[Any], most: int, until: float | None) -> None:
    found = asked(*values, most=most, until=until)

    assert not (found.ask and len(values) >= most)
    assert not (found.ask and len(set(values)) == 1)


def test_the_posterior_of_votes_is_bayes_rule() -> None:
    right, wrong = 0.8, 0.1  # three labels
    likelihoods = [right**2 * wrong, wrong**2 * right, wrong**3]

    assert vote_posterior([2, 1, 0]) == pytest.approx(likelihoods[0] / sum(likelihoods))

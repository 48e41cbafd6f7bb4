"""A record's answers come to a value, stay open, or are in conflict, and it is known how."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.consensus.answers import UNUSABLE, ConsensusAnswer
from apportion.domain.consensus.answers import given as given_by
from apportion.domain.consensus.deciding import RecordToResolve, decide
from apportion.domain.consensus.resolution import (
    ConflictKind,
    GoldDecision,
    Resolution,
    ResolutionRule,
    ResolutionStatus,
)
from apportion.domain.consensus.voting import vote_spans
from apportion.domain.records import Entities
from apportion.spans import Entity

PEOPLE = ("ana", "ben", "cy", "dan", "eve")
TOKENS = [(0, 3), (4, 8), (9, 12), (13, 20)]
RULES = (ResolutionRule.MAJORITY, ResolutionRule.UNANIMOUS, ResolutionRule.ADJUDICATED, ResolutionRule.LATEST)


def answered(*values: Any) -> list[ConsensusAnswer]:
    return [ConsensusAnswer(who, value) for who, value in zip(PEOPLE, values, strict=False)]


def resolved(
    *values: Any,
    kind: AnswerKind = AnswerKind.LABEL,
    policy: ResolutionRule = ResolutionRule.MAJORITY,
    **more: Any,
) -> Resolution:
    sure = {"sure_enough": more.pop("sure_enough")} if "sure_enough" in more else {}
    about = RecordToResolve(kind, more.pop("want", len(values)), **more)
    return decide(answered(*values), policy, about, **sure)


def spans(*each: tuple[int, int, str]) -> frozenset[tuple[int, int, str]]:
    return frozenset(each)


# Labels.


def test_most_votes_win_and_it_is_known_whose() -> None:
    found = resolved("good", "bad", "good")

    assert found.value == "good"
    assert found.provenance() == {
        "outcome": "resolved",
        "answers": ["ana", "ben", "cy"],
        "agent": "consensus:majority",
        "agreeing": ["ana", "cy"],
        "support": pytest.approx(2 / 3),
    }


def test_a_tie_is_a_conflict() -> None:
    found = resolved("good", "bad")

    assert (found.outcome, found.conflict, found.value) == (ResolutionStatus.CONFLICT, ConflictKind.TIE, None)
    assert found.why == "the votes are tied"
    assert resolved("a", "b", "c").conflict is ConflictKind.TIE
    assert resolved("a", "a", "b", "c").value == "a"


def test_a_record_is_open_until_all_wanted_answers_are_there() -> None:
    found = resolved("good", "good", want=3)

    assert (found.outcome, found.missing, found.why) == (ResolutionStatus.OPEN, 1, "1 more answer is wanted")
    assert resolved(want=2).why == "2 more answers are wanted"


def test_one_wanted_answer_is_its_authors_own() -> None:
    assert resolved("good").agent == "ana"


@pytest.mark.parametrize("want", [0, 1])
def test_nobody_has_answered(want: int) -> None:
    assert [resolved(policy=policy, want=want).outcome for policy in ResolutionRule] == [
        ResolutionStatus.OPEN
    ] * len(ResolutionRule)


def test_unanimous_means_everybody() -> None:
    assert resolved("a", "a", policy=ResolutionRule.UNANIMOUS).agent == "consensus:unanimous"
    assert resolved("a", "a", "b", policy=ResolutionRule.UNANIMOUS).conflict is ConflictKind.NOT_UNANIMOUS


def test_a_person_decides_where_the_dataset_says_so() -> None:
    found = resolved("a", "a", policy=ResolutionRule.ADJUDICATED)

    assert (found.outcome, found.conflict) == (ResolutionStatus.CONFLICT, ConflictKind.AWAITS_A_PERSON)


def test_the_latest_answer_wins_in_shared_datasets() -> None:
    found = resolved("a", "b", policy=ResolutionRule.LATEST)

    assert (found.value, found.agent, found.answers) == ("b", "ben", ["ana", "ben"])


# Discards.


@pytest.mark.parametrize(
    "policy", [ResolutionRule.MAJORITY, ResolutionRule.UNANIMOUS, ResolutionRule.DAWID_SKENE]
)
def test_discards_by_everybody_discard_the_record(policy: ResolutionRule) -> None:
    found = resolved(UNUSABLE, UNUSABLE, policy=policy)

    assert (found.outcome, found.discarded) == (ResolutionStatus.RESOLVED, True)


@pytest.mark.parametrize(
    "policy", [ResolutionRule.MAJORITY, ResolutionRule.UNANIMOUS, ResolutionRule.DAWID_SKENE]
)
def test_a_discard_among_answers_is_a_conflict_even_if_outvoted(policy: ResolutionRule) -> None:
    assert resolved("a", "a", UNUSABLE, policy=policy).conflict is ConflictKind.USABLE_OR_NOT
    assert resolved(UNUSABLE, UNUSABLE, "a", policy=policy).conflict is ConflictKind.USABLE_OR_NOT


# Gold.


@pytest.mark.parametrize("policy", ResolutionRule)
def test_a_persons_decision_wins_over_every_rule(policy: ResolutionRule) -> None:
    found = resolved("a", "a", "b", policy=policy, want=9, gold=GoldDecision("b", "adjudicated:zoe"))

    assert (found.value, found.agent, found.agreeing, found.support) == ("b", "adjudicated:zoe", ["cy"], None)


def test_gold_may_say_that_a_record_is_unusable() -> None:
    assert resolved("a", gold=GoldDecision(UNUSABLE, "adjudicated:zoe")).discarded


# Models.


@pytest.mark.parametrize("policy", [ResolutionRule.DAWID_SKENE, ResolutionRule.ONE_COIN])
def test_a_model_may_overrule_the_votes(policy: ResolutionRule) -> None:
    found = resolved("a", "a", "b", policy=policy, posterior={"a": 0.1, "b": 0.9})

    assert (found.value, found.agent, found.support) == ("b", f"consensus:{policy}", 0.9)
    assert found.agreeing == ["cy"]


def test_a_record_is_open_until_the_model_has_seen_it() -> None:
    found = resolved("a", "a", policy=ResolutionRule.DAWID_SKENE)

    assert (found.outcome, found.missing) == (ResolutionStatus.OPEN, 0)
    assert found.why == "the model has not looked at these answers yet"


def test_a_model_that_is_not_sure_leaves_a_conflict() -> None:
    unsure = {"a": 0.4, "b": 0.35, "c": 0.25}

    assert (
        resolved("a", "b", policy=ResolutionRule.DAWID_SKENE, posterior=unsure).conflict
        is ConflictKind.UNSURE
    )
    assert resolved("a", "b", policy=ResolutionRule.DAWID_SKENE, posterior={"a": 0.5, "b": 0.5}).conflict


# Several labels, texts.


def test_each_label_of_a_set_is_voted_on_for_itself() -> None:
    found = resolved(frozenset("ab"), frozenset("a"), frozenset("bc"), kind=AnswerKind.LABELS)

    assert found.value == frozenset("ab")
    assert found.support == pytest.approx(2 / 3)
    assert found.agreeing == ["ana"]


def test_half_of_the_votes_for_one_label_is_a_conflict() -> None:
    assert resolved(frozenset("a"), frozenset("ab"), kind=AnswerKind.LABELS).conflict is ConflictKind.TIE


def test_no_label_at_all_may_win() -> None:
    assert resolved(frozenset(), frozenset(), frozenset("a"), kind=AnswerKind.LABELS).value == frozenset()


def test_texts_have_to_be_the_same() -> None:
    assert resolved("one", "one", kind=AnswerKind.TEXT).value == "one"
    assert resolved("one", "one", "two", kind=AnswerKind.TEXT).conflict is ConflictKind.TEXTS_DIFFER


# Spans.


def test_spans_that_most_marked_exactly_are_in_and_lone_ones_are_out() -> None:
    person, place = (0, 3, "PER"), (9, 12, "LOC")

    found = resolved(spans(person), spans(person, place), spans(person), kind=AnswerKind.SPANS, tokens=TOKENS)

    assert (found.value, found.by_token) == (spans(person), False)


def test_spans_with_different_borders_are_settled_token_by_token() -> None:
    answers = [spans((0, 8, "PER")), spans((4, 8, "PER")), spans((4, 12, "PER"))]

    found = resolved(*answers, kind=AnswerKind.SPANS, tokens=TOKENS)

    assert (found.value, found.by_token) == (spans((4, 8, "PER")), True)
    assert resolved(*answers, kind=AnswerKind.SPANS).value == frozenset()


def test_neighbouring_spans_stay_apart_where_people_began_a_new_one() -> None:
    two = spans((0, 3, "PER"), (4, 8, "PER"))

    won = vote_spans(
        [two, spans((0, 3, "PER"), (4, 12, "PER")), spans((0, 8, "PER"), (9, 12, "PER"))], TOKENS
    )

    assert won is not None
    assert won.value == spans((0, 3, "PER"), (4, 8, "PER"), (9, 12, "PER"))


def test_half_of_the_votes_for_a_token_is_a_conflict() -> None:
    found = resolved(spans((0, 3, "PER")), spans((0, 8, "PER")), kind=AnswerKind.SPANS, tokens=TOKENS)

    assert found.conflict is ConflictKind.TIE


def test_nobody_marked_anything_is_an_answer() -> None:
    assert resolved(spans(), spans(), kind=AnswerKind.SPANS, tokens=TOKENS).value == frozenset()


ANSWERS = st.lists(
    st.frozensets(
        st.tuples(st.sampled_from(TOKENS), st.sampled_from(TOKENS), st.sampled_from(["x", "y"]))
        .filter(lambda drawn: drawn[0] <= drawn[1])
        .map(lambda drawn: (drawn[0][0], drawn[1][1], drawn[2])),
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


@given(answers=ANSWERS, order=st.randoms())
@settings(max_examples=50, deadline=None)
def test_the_order_of_answers_never_matters_to_votes(answers: list[Any], order: Any) -> None:
    shuffled = answers[:]
    order.shuffle(shuffled)

    one, other = vote_spans(answers, TOKENS), vote_spans(shuffled, TOKENS)

    assert one == other


@given(answers=ANSWERS)
@settings(max_examples=50, deadline=None)
def test_an_odd_number_of_people_always_settles_spans(answers: list[Any]) -> None:
    won = vote_spans(answers, TOKENS)

    assert won is not None or len(answers) % 2 == 0
    if won is not None:
        assert 0.5 < won.support <= 1
        assert all(
            2 * sum(each in a for a in answers) <= len(answers) or each in won.value
            for a in answers
            for each in a
        )


@given(
    values=st.lists(st.sampled_from(["a", "b", UNUSABLE]), max_size=5),
    policy=st.sampled_from(RULES),
    want=st.integers(0, 5),
)
@settings(max_examples=50, deadline=None)
def test_a_resolution_can_be_computed_again_and_always_explains_itself(
    values: list[Any], policy: ResolutionRule, want: int
) -> None:
    found = resolved(*values, policy=policy, want=want)

    assert found == resolved(*values, policy=policy, want=want)
    assert (found.value is not None) == (found.outcome is ResolutionStatus.RESOLVED)
    assert (found.why is None) == (found.outcome is ResolutionStatus.RESOLVED)
    assert (
        found.outcome is ResolutionStatus.OPEN
        or len(values) >= max(want, 1)
        or policy is ResolutionRule.LATEST
    )


def test_taking_an_answer_back_opens_the_record_again() -> None:
    assert resolved("a", "a", want=2).outcome is ResolutionStatus.RESOLVED
    assert resolved("a", want=2).outcome is ResolutionStatus.OPEN


# From stored values.


def test_stored_values_are_compared_without_scores() -> None:
    assert given_by((("a", 0.9),), AnswerKind.LABEL) == "a"
    assert given_by((("a", 1.0), ("b", 1.0), ("c", 0.1)), AnswerKind.LABELS) == frozenset("ab")
    assert given_by(Entities([Entity(0, 3, "PER", 0.5)]), AnswerKind.SPANS) == spans((0, 3, "PER"))
    assert given_by((("one", 1.0),), AnswerKind.TEXT) == "one"


def test_empty_stored_values_are_answers_except_a_missing_label() -> None:
    assert [given_by(None, kind) for kind in (AnswerKind.LABELS, AnswerKind.SPANS, AnswerKind.TEXT)] == [
        frozenset(),
        frozenset(),
        "",
    ]
    with pytest.raises(ValueError, match="missing"):
        given_by((), AnswerKind.LABEL)

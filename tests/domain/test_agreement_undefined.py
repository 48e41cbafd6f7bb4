"""Agreement gives a reason in words for what cannot be computed; bad columns are refused."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.domain.agreement.compute import agreement, agreement_by
from apportion.domain.agreement.figures import Undefined
from apportion.domain.agreement.measures import (
    AnswerKind,
    By,
    Interval,
    Measure,
    default_measure,
    kind_of,
    measures_of,
)
from apportion.domain.agreement.ratings import from_answers, ratings
from apportion.vocabulary import Task

SPAN = frozenset({(0, 4, "PER")})


def reason(
    kind: AnswerKind, answers: list[tuple[str, str, Any]], measure: Measure | None = None, **more: Any
) -> Any:
    found = agreement(from_answers(kind, answers, **more)[0], measure)
    assert found.estimate is None
    assert found.why
    return found.undefined


def both(*values: Any) -> list[tuple[str, str, Any]]:
    """Ana and ben give the same answers."""
    return [(f"r{number}", who, value) for number, value in enumerate(values) for who in ("ana", "ben")]


@pytest.mark.parametrize("kind", AnswerKind)
def test_no_answers_at_all(kind: AnswerKind) -> None:
    assert {reason(kind, [], measure) for measure in measures_of(kind)} == {Undefined.NO_ANSWERS}


@pytest.mark.parametrize("by", By)
def test_parts_of_nothing_are_no_figures(by: By) -> None:
    assert agreement_by(from_answers(AnswerKind.LABEL, [], instants=[])[0], by) == []


def test_one_person_only() -> None:
    assert reason(AnswerKind.LABEL, [("r1", "ana", "x"), ("r2", "ana", "y")]) is Undefined.ONE_ANNOTATOR


def test_two_people_who_never_met() -> None:
    assert reason(AnswerKind.LABEL, [("r1", "ana", "x"), ("r2", "ben", "y")]) is Undefined.FEW_SHARED_RECORDS


def test_a_single_shared_record_is_not_enough() -> None:
    answers = [("r1", "ana", "x"), ("r1", "ben", "y"), ("r2", "ana", "x")]

    found = agreement(from_answers(AnswerKind.LABEL, answers)[0])

    assert found.why == (
        "not enough shared records: 1 with answers by two or more people, at least 2 are needed"
    )
    assert (found.records, found.annotators, found.answers) == (1, 2, 2)


@pytest.mark.parametrize("measure", [m for m in measures_of(AnswerKind.LABEL) if m is not Measure.PERCENT])
def test_one_category_only(measure: Measure) -> None:
    assert reason(AnswerKind.LABEL, both("1", "1", "1"), measure) is Undefined.ONE_CATEGORY


def test_where_everybody_agrees_percent_has_an_exact_lower_bound_and_other_measures_say_why_not() -> None:
    data, _ = from_answers(AnswerKind.LABEL, both(*"12" * 15))

    percent, alpha = (agreement(data, each) for each in (Measure.PERCENT, Measure.ALPHA))

    # Clopper and Pearson's two-sided interval of 30 in 30, as in statsmodels and R's binom.test
    assert (percent.low, percent.high) == pytest.approx((0.884297, 1.0), abs=1e-6)
    assert (percent.interval, percent.no_interval, percent.why) == (Interval.EXACT, None, None)
    assert (alpha.estimate, alpha.low, alpha.no_interval) == (1.0, None, Undefined.NO_SPREAD)


def test_where_nobody_ever_agrees_percent_has_an_exact_upper_bound() -> None:
    answers = [(f"r{n}", who, who) for n in range(30) for who in ("ana", "ben", "cy")]

    found = agreement(
        from_answers(AnswerKind.LABEL, answers)[0], Measure.PERCENT, interval=Interval.BOOTSTRAP
    )

    assert (found.estimate, found.low, found.high) == pytest.approx((0.0, 0.0, 0.115703), abs=1e-6)


def test_the_exact_bound_of_one_person_against_others_is_the_same() -> None:
    data, _ = from_answers(AnswerKind.LABEL, both(*"12" * 15))

    assert [each.low for each in agreement_by(data, By.PERSON)] == pytest.approx([0.884297] * 2, abs=1e-6)


def test_a_share_that_is_the_same_on_every_record_without_being_all_has_no_interval() -> None:
    answers = [
        (f"r{n}", who, labels) for n in range(9) for who, labels in (("ana", "x"), ("ben", "x"), ("cy", "y"))
    ]

    found = agreement(from_answers(AnswerKind.LABEL, answers)[0], Measure.PERCENT)

    assert found.estimate == pytest.approx(1 / 3)
    assert found.no_interval == Undefined.NO_SPREAD


@pytest.mark.parametrize("interval", [Interval.JACKKNIFE, Interval.BOOTSTRAP])
def test_no_interval_where_one_record_carries_the_figure(interval: Interval) -> None:
    data, _ = from_answers(AnswerKind.LABEL, both("1", "1", "2"))

    found = agreement(data, interval=interval)

    assert found.estimate == 1
    assert found.no_interval is Undefined.RESTS_ON_ONE_RECORD


def test_cohen_is_for_two_people() -> None:
    answers = [(f"r{n}", who, value) for n, value in enumerate("xyx") for who in ("ana", "ben", "cy")]

    assert reason(AnswerKind.LABEL, answers, Measure.COHEN) is Undefined.TWO_ANNOTATORS_ONLY


def test_labels_that_are_not_numbers_have_no_intervals_between_them() -> None:
    assert reason(AnswerKind.LABEL, both("good", "bad"), Measure.ALPHA_INTERVAL) is Undefined.NOT_NUMBERS
    assert reason(AnswerKind.LABEL, both("nan", "1"), Measure.ALPHA_INTERVAL) is Undefined.NOT_NUMBERS
    assert reason(AnswerKind.LABEL, both("-1", "1"), Measure.ALPHA_RATIO) is Undefined.NEGATIVE_NUMBERS


@pytest.mark.parametrize(
    ("kind", "other"), [(k, m) for k in AnswerKind for m in Measure if m not in measures_of(k)]
)
def test_a_measure_of_something_else(kind: AnswerKind, other: Measure) -> None:
    assert reason(kind, [("r1", "ana", "x")], other) is Undefined.OTHER_ANSWERS


@pytest.mark.parametrize("measure", [m for m in measures_of(AnswerKind.SPANS) if m is not Measure.PERCENT])
def test_nobody_marked_anything(measure: Measure) -> None:
    found = reason(AnswerKind.SPANS, both(frozenset(), frozenset()), measure, extents=[9, 9], tokens=[[], []])

    assert found is Undefined.NO_SPANS


def test_spans_without_what_their_measure_needs() -> None:
    answers = both(SPAN, SPAN | {(2, 7, "PER")})

    assert reason(AnswerKind.SPANS, answers, Measure.TOKEN_ALPHA) is Undefined.NO_TOKENS
    assert reason(AnswerKind.SPANS, answers, Measure.ALPHA_U) is Undefined.NO_EXTENTS
    assert reason(AnswerKind.SPANS, answers, Measure.ALPHA_U, extents=[9, 9]) is Undefined.CROSSING_SPANS
    assert (
        reason(AnswerKind.SPANS, both(SPAN, SPAN), Measure.ALPHA_U, extents=[9, 3]) is Undefined.OUTSIDE_TEXT
    )


def test_figures_read_as_json() -> None:
    data, _ = from_answers(AnswerKind.LABEL, [*both("1"), ("r2", "ana", "1")])

    assert agreement_by(data, By.PAIR)[0].show() == {
        "measure": "alpha",
        "estimate": None,
        "low": None,
        "high": None,
        "level": 0.95,
        "records": 1,
        "annotators": 2,
        "answers": 2,
        "undefined": "few_shared_records",
        "why": "not enough shared records: 1 with answers by two or more people, at least 2 are needed",
        "pair": ["ana", "ben"],
    }


def test_pairs_without_shared_records_are_listed_too() -> None:
    answers = [*both("1", "2", "1"), ("r9", "cy", "1")]

    found = agreement_by(from_answers(AnswerKind.LABEL, answers)[0], By.PAIR)

    assert [(figure.pair, figure.records) for figure in found] == [
        (("ana", "ben"), 3),
        (("ana", "cy"), 0),
        (("ben", "cy"), 0),
    ]
    assert found[1].undefined is Undefined.FEW_SHARED_RECORDS


def test_only_so_many_pairs_are_listed() -> None:
    answers = [(f"r{n}", f"p{who}", str(n % 2)) for n in range(4) for who in range(6)]

    assert len(agreement_by(from_answers(AnswerKind.LABEL, answers)[0], By.PAIR, pairs=4)) == 4


def test_labels_may_hold_commas_and_quotes() -> None:
    data, _ = from_answers(AnswerKind.LABEL, both('a, "b"', "c") * 1)

    assert [figure.label for figure in agreement_by(data, By.LABEL)] == ['a, "b"', "c"]


def test_answers_that_were_asked_for_because_of_others_are_left_out() -> None:
    answers = [*both("1", "2", "1", "2"), ("r0", "cy", "2")]
    independent = [True] * 8 + [False]

    found = agreement(from_answers(AnswerKind.LABEL, answers, independent=independent)[0])

    assert (found.estimate, found.annotators, found.left_out) == (1.0, 2, 1)


def test_weeks_are_iso_weeks_in_utc() -> None:
    sunday_night = 1_795_391_999_000_000  # 22 November 2026, 23:59:59 UTC
    answers = both("1", "2", "1", "2")
    when = [sunday_night] * 4 + [sunday_night, sunday_night + 1_000_000] * 2

    found = agreement_by(from_answers(AnswerKind.LABEL, answers, instants=when)[0], By.WEEK)

    assert [(figure.week, figure.records) for figure in found] == [("2026-W47", 2), ("2026-W48", 2)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"unit": [0, 0]}, "equally long"),
        ({"instants": [1, 2]}, "equally long"),
        ({"extents": [5, 5]}, "one entry in extents for each of 1 units, not 2"),
        ({"value": [7]}, "codes of value must lie from 0 to 1"),
        ({"annotator": [-1]}, "codes of annotator"),
        ({"unit": [0, 0], "annotator": [0, 0], "value": [0, 1]}, "two answers on one unit"),
    ],
)
def test_columns_that_make_no_sense_are_refused(wrong: dict[str, list[int]], message: str) -> None:
    columns: dict[str, Any] = {"unit": [0], "annotator": [0], "value": [0], **wrong}

    with pytest.raises(ValueError, match=message):
        ratings(AnswerKind.LABEL, annotators=["ana"], values=["x", "y"], units=1, **columns)


def test_what_cannot_be_asked_is_refused() -> None:
    data, _ = from_answers(AnswerKind.TEXT, both("one", "two"))

    with pytest.raises(ValueError, match="exact interval"):
        agreement(data, interval=Interval.EXACT)
    with pytest.raises(ValueError, match="level"):
        agreement(data, level=95)
    with pytest.raises(ValueError, match="texts have no labels"):
        agreement_by(data, By.LABEL)
    with pytest.raises(ValueError, match="when the answers were given"):
        agreement_by(data, By.WEEK)


def test_each_task_has_a_measure_of_its_own() -> None:
    kinds = [kind_of(task) for task in Task] + [kind_of(Task.TEXT_CLASSIFICATION, multi_label=True)]

    assert [str(default_measure(kind)) for kind in kinds] == ["alpha", "span_f1", "alpha_edit", "alpha_masi"]
    assert {measures_of(kind)[0] for kind in kinds} == {default_measure(kind) for kind in kinds}

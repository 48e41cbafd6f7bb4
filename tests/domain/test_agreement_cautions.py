"""Figures say where their intervals are known to fail."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.domain.agreement.compute import agreement, agreement_by
from apportion.domain.agreement.figures import Caution, Figure, Undefined
from apportion.domain.agreement.measures import AnswerKind, By, Measure, measures_of
from apportion.domain.agreement.ratings import from_answers

SPAN = frozenset({(0, 4, "PER")})
NONE: frozenset[Any] = frozenset()


def measured(
    kind: AnswerKind, pairs: list[tuple[Any, Any]], measure: Measure | None = None, **more: Any
) -> Figure:
    """Ana and ben give these answers."""
    rows = [
        (n, who, labels)
        for n, pair in enumerate(pairs)
        for who, labels in zip(("ana", "ben"), pair, strict=True)
    ]
    return agreement(from_answers(kind, rows, **more)[0], measure)


@pytest.mark.parametrize(("others", "caution"), [(14, Caution.FEW_OTHER_LABELS), (15, None)])
def test_few_records_with_another_label_than_most_are_warned_about(
    others: int, caution: Caution | None
) -> None:
    pairs = [("good", "good")] * 100 + [("bad", "bad")] * (others - 1) + [("good", "bad")]

    found = measured(AnswerKind.LABEL, pairs)

    assert found.caution is caution
    assert (found.caution_why or "").startswith(
        "only 14 of the shared records have another" if caution else ""
    )
    assert found.low is not None


def test_only_measures_that_hang_on_rare_labels_are_warned_about() -> None:
    pairs = [("1", "1")] * 30 + [("2", "1")] * 2

    warned = {
        each for each in measures_of(AnswerKind.LABEL) if measured(AnswerKind.LABEL, pairs, each).caution
    }

    assert warned == set(measures_of(AnswerKind.LABEL)) - {
        Measure.PERCENT, Measure.AC1, Measure.AC2_LINEAR, Measure.AC2_QUADRATIC,
    }  # fmt: skip


def test_records_with_one_answer_count_for_nothing_in_a_caution() -> None:
    rows = [(n, who, "xy"[n % 2]) for n in range(10) for who in ("ana", "ben")]
    rows += [(n, "ana", "y") for n in range(10, 60)]

    assert agreement(from_answers(AnswerKind.LABEL, rows)[0]).caution is Caution.FEW_OTHER_LABELS


@pytest.mark.parametrize("measure", [Measure.SPAN_F1, Measure.ALPHA_U, Measure.GAMMA])
def test_few_records_with_spans_are_warned_about(measure: Measure) -> None:
    pairs = [(SPAN, SPAN)] * 13 + [(SPAN, NONE)] + [(NONE, NONE)] * 30

    few = measured(AnswerKind.SPANS, pairs, measure, extents=[30] * 44)
    enough = measured(AnswerKind.SPANS, [*pairs, (SPAN, SPAN)], measure, extents=[30] * 45)

    assert (few.caution, enough.caution) == (Caution.FEW_SPANS, None)
    assert "14 of the shared records have a span" in (few.caution_why or "")


def test_each_label_is_warned_about_by_its_own_spans() -> None:
    both = SPAN | {(10, 14, "LOC")}
    rows = [(n, who, both if n < 5 else SPAN) for n in range(20) for who in ("ana", "ben")]

    found = agreement_by(from_answers(AnswerKind.SPANS, rows)[0], By.LABEL)

    assert {each.label: each.caution for each in found} == {"LOC": Caution.FEW_SPANS, "PER": None}


def test_a_figure_of_one_text_says_so_instead() -> None:
    found = measured(AnswerKind.SPANS, [(SPAN, SPAN)], Measure.SPAN_F1)

    assert (found.estimate, found.caution, found.no_interval) == (1.0, None, Undefined.ONE_TEXT)

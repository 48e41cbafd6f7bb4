"""Figures of a plan before anybody has answered: the precision of agreement to expect, and the records it takes."""

from __future__ import annotations

import pytest

from apportion.domain.assignment.figures import PlanningCase, alpha_half_width, units_needed


@pytest.mark.parametrize(
    ("classes", "needed"), [(4, [81, 139, 283]), (2, [60, 103, 211]), (10, [172, 293, 595])]
)
def test_the_records_needed_for_a_trustworthy_alpha_match_the_published_table(
    classes: int, needed: list[int]
) -> None:
    assert [units_needed(alpha, classes) for alpha in (0.667, 0.8, 0.9)] == needed


@pytest.mark.parametrize(
    ("size", "count", "accuracy", "simulated"),
    [
        (2, 100, 0.85, 0.129),
        (3, 100, 0.85, 0.095),
        (5, 100, 0.85, 0.076),
        (2, 400, 0.95, 0.039),
        (3, 400, 0.75, 0.052),
    ],
)
def test_the_half_width_of_alpha_is_what_simulations_gave(
    size: int, count: int, accuracy: float, simulated: float
) -> None:
    case = PlanningCase(accuracy=accuracy)
    assert alpha_half_width({1: 999, size: count}, case) == pytest.approx(simulated, rel=0.15)
    assert alpha_half_width({1: 999}) is None


def test_more_labels_make_agreement_by_chance_rarer_and_alpha_surer() -> None:
    cases = [PlanningCase.of(labels) for labels in (2, 3, 10, 50)]

    widths = [alpha_half_width({2: 100}, case) or 0.0 for case in cases]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0
    assert [case.alpha for case in cases] == sorted(case.alpha for case in cases)


def test_the_planning_case_of_one_label_or_any_can_be_computed() -> None:
    assert PlanningCase.of(1) == PlanningCase.of(2)
    assert PlanningCase.of(None).text == "3 equally frequent classes, answers 85% right (alpha about 0.60)"

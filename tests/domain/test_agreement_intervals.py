"""Intervals contain the truth about as often as they say. The long form is in benchmarks/agreement.py."""

from __future__ import annotations

import numpy as np
import pytest

from apportion.domain.agreement.compute import agreement
from apportion.domain.agreement.intervals import student_t
from apportion.domain.agreement.measures import AnswerKind, Interval, Measure
from apportion.domain.agreement.ratings import Ratings, from_answers, ratings

RUNS = 250


def draw(rng: np.random.Generator, records: int, people: int) -> Ratings:
    """Three labels, not equally frequent; answers right in 80 of 100 cases, otherwise any label."""
    truth = rng.choice(3, records, p=[0.5, 0.3, 0.2])
    right = rng.random((records, people)) < 0.8
    value = np.where(right, truth[:, None], rng.integers(0, 3, (records, people)))
    unit, who = np.divmod(np.arange(value.size), people)
    names = [f"p{number}" for number in range(people)]
    return ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=who,
        value=value.ravel(),
        annotators=names,
        values=["1", "2", "3"],
    )


@pytest.mark.parametrize("people", [2, 3, 4, 5])
def test_a_95_percent_interval_of_alpha_contains_the_truth_in_95_of_100_cases(people: int) -> None:
    rng = np.random.default_rng(people)
    truth = agreement(draw(rng, 200_000, people), interval=None).estimate or 0

    hits = 0
    for _ in range(RUNS):
        found = agreement(draw(rng, 60, people))
        hits += (found.low or 0) <= truth <= (found.high or 0)

    assert 0.93 <= hits / RUNS <= 0.995


def test_a_wider_level_gives_a_wider_interval() -> None:
    data = draw(np.random.default_rng(0), 50, 3)

    narrow, wide = (agreement(data, Measure.ALPHA, level=level) for level in (0.8, 0.99))

    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low < (narrow.high or 0) < (wide.high or 0) <= 1


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (30, 2.0423), (1000, 1.9623)],
)
def test_students_t_is_that_of_the_tables(freedom: int, expected: float) -> None:
    assert student_t(0.95, freedom) == pytest.approx(expected, abs=2e-4)


def test_the_bootstrap_is_the_percentiles_of_a_thousand_draws_of_all_records() -> None:
    rows = [(n, who, "x" if who == "ana" or n % 4 else "y") for n in range(200) for who in ("ana", "ben")]
    data, _ = from_answers(AnswerKind.LABEL, rows)

    found = [agreement(data, Measure.PERCENT, interval=Interval.BOOTSTRAP, seed=seed) for seed in (0, 0, 1)]

    # percentiles 2.5 and 97.5 of the binomial distribution of 200 with .75, over 200
    for each in found:
        assert (each.low, each.high) == pytest.approx((0.69, 0.81), abs=0.0126)
    assert found[0] == found[1]
    drawn = np.random.default_rng(0).multinomial(200, [0.25, 0.75], size=1_000)[:, 1] / 200
    assert (found[0].low, found[0].high) == pytest.approx(
        np.quantile(drawn, [0.025, 0.975]).tolist(), abs=0.0076
    )

"""Gamma is what the paper defines, on spans that nest and cross, on one text and on many."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.agreement import aligning
from apportion.domain.agreement import gamma as counting
from apportion.domain.agreement.aligning import align, can_align
from apportion.domain.agreement.compute import agreement, agreement_by
from apportion.domain.agreement.figures import Undefined
from apportion.domain.agreement.gamma import gamma
from apportion.domain.agreement.measures import AnswerKind, By, Measure
from apportion.domain.agreement.ratings import Ratings, from_answers

FROZEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "gamma-frozen.json").read_text(encoding="utf-8")
)
Span = tuple[int, int, str]


def texts(*answers: Sequence[Sequence[Span]], extent: int = 100) -> Ratings:
    """One text for each list of everybody's spans."""
    rows = [
        (f"text {number}", f"p{who}", frozenset(map(tuple, spans)))
        for number, people in enumerate(answers)
        for who, spans in enumerate(people)
    ]
    return from_answers(AnswerKind.SPANS, rows, extents=[extent] * len(answers))[0]


@pytest.mark.parametrize("frozen", FROZEN)
def test_gamma_is_that_of_pygamma_agreement(frozen: dict[str, Any]) -> None:
    data = texts(frozen["answers"], extent=frozen["extent"])

    found = gamma(data)

    assert found.cost[0] / found.spans[0] == pytest.approx(frozen["disorder"], abs=2e-6)
    assert found.value(found.weight) == pytest.approx(
        frozen["gamma"], abs=0.025
    )  # chance differs on both sides


span = st.builds(
    lambda start, long, label: (start, start + long, label),
    st.integers(0, 12),
    st.integers(1, 6),
    st.integers(0, 1),
)


@given(st.lists(st.lists(span, max_size=2), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_grouping_of_spans_is_cheaper_than_the_best_alignment(
    people: list[list[tuple[int, int, int]]],
) -> None:
    marked = [np.array(spans, dtype=np.int64).reshape(-1, 3) for spans in people]

    assert align([marked])[0] == pytest.approx(min(map(sum, _costs(people))))


def _costs(people: list[list[tuple[int, int, int]]]) -> list[list[float]]:
    """Every way of grouping the spans, by hand: what each of its groups costs."""
    pairs = len(people) * (len(people) - 1) / 2

    def apart(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
        ends = abs(one[0] - other[0]) + abs(one[1] - other[1])
        return float((ends / (one[1] - one[0] + other[1] - other[0])) ** 2 + (one[2] != other[2]))

    def cost(group: list[tuple[int, tuple[int, int, int]]]) -> float:
        known = [apart(one, other) for (_, one), (_, other) in combinations(group, 2)]
        return (sum(known) + pairs - len(known)) / pairs

    groupings: list[list[list[tuple[int, tuple[int, int, int]]]]] = [[]]
    for who, spans in enumerate(people):
        for each in spans:
            new = []
            for groups in groupings:
                new.append([*groups, [(who, each)]])
                for place, group in enumerate(groups):
                    if all(other != who for other, _ in group):
                        new.append([*groups[:place], [*group, (who, each)], *groups[place + 1 :]])
            groupings = new
    return [[cost(group) for group in groups] for groups in groupings]


def test_spans_that_nest_and_cross_have_a_gamma_where_unitizing_alpha_has_none() -> None:
    nested = [(0, 20, "S"), (5, 12, "S"), (10, 30, "S"), (40, 60, "T")]
    data = texts([nested, [*nested[:3], (41, 60, "T")]])

    assert agreement(data, Measure.ALPHA_U).undefined is Undefined.CROSSING_SPANS
    found = agreement(data, Measure.GAMMA)
    assert found.estimate is not None
    assert 0.9 < found.estimate < 1
    assert found.no_interval is Undefined.ONE_TEXT


def test_people_who_mark_at_random_have_a_gamma_near_zero() -> None:
    rng = np.random.default_rng(5)

    def anywhere() -> list[Span]:
        return [(int(at), int(at) + 8, "xy"[int(rng.integers(2))]) for at in rng.choice(92, 4, replace=False)]

    found = agreement(texts(*([anywhere(), anywhere()] for _ in range(150))), Measure.GAMMA)

    assert found.estimate == pytest.approx(0, abs=0.06)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.03
    assert found.high > -0.03


def test_the_seed_alone_decides_what_chance_is() -> None:
    data = texts(*([[(0, 9, "x"), (20, 25, "y")], [(1, 9, "x"), (22, 25, "x")]] for _ in range(3)))

    first, again, other = (agreement(data, Measure.GAMMA, seed=seed).estimate for seed in (1, 1, 2))

    assert first == again != other
    assert other == pytest.approx(first, abs=0.1)


def test_gamma_comes_by_pair_and_by_label() -> None:
    answers = [[[(0, 9, "x"), (20, 25, "y")], [(0, 9, "x"), (22, 25, "y")], [(0, 9, "x")]] for _ in range(4)]

    pairs = {each.pair: each.estimate for each in agreement_by(texts(*answers), By.PAIR, Measure.GAMMA)}
    labels = {each.label: each.estimate for each in agreement_by(texts(*answers), By.LABEL, Measure.GAMMA)}

    assert (pairs["p0", "p1"] or 0) > (pairs["p0", "p2"] or 0)
    assert labels["x"] == 1 > (labels["y"] or 0)


def test_too_much_to_align_is_said_instead_of_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    data = texts(*([[(0, 9, "x")], [(1, 9, "x")], [(2, 9, "x")]] for _ in range(3)))

    monkeypatch.setattr(aligning, "GROUPS_AT_MOST", 4)
    assert agreement(data, Measure.GAMMA).undefined is Undefined.TOO_MUCH
    monkeypatch.undo()
    monkeypatch.setattr("apportion.domain.agreement.compute.ALIGNMENTS_AT_MOST", 3 * 31 * 12 - 1)
    assert "gamma would take too long" in (agreement(data, Measure.GAMMA).why or "")
    assert counting.alignments_of(data) == 3 * 31 * 12


def test_a_missing_solver_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_align()
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert not can_align()

"""Published worked examples, and the numbers of libraries we do not use, to four digits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apportion.domain.agreement.compute import agreement, agreement_by
from apportion.domain.agreement.measures import AnswerKind, By, Interval, Measure
from apportion.domain.agreement.ratings import Ratings, from_answers
from apportion.domain.agreement.unitizing import unitizing_alpha

DATA = Path(__file__).parent / "data"
ORACLES: dict[str, Any] = json.loads((DATA / "agreement-oracles.json").read_text(encoding="utf-8"))
FROZEN: dict[str, dict[str, float]] = json.loads((DATA / "agreement-frozen.json").read_text(encoding="utf-8"))

LEVELS = {
    "nominal": Measure.ALPHA,
    "ordinal": Measure.ALPHA_ORDINAL,
    "interval": Measure.ALPHA_INTERVAL,
    "ratio": Measure.ALPHA_RATIO,
}
TABLES = ["cohen_1960", "two_by_two_50", "artstein_poesio_1", "artstein_poesio_2"]


def by_observer(rows: Iterable[Sequence[int | None]]) -> Ratings:
    answers = [
        (unit, f"observer {who}", value)
        for who, row in enumerate(rows)
        for unit, value in enumerate(row)
        if value is not None
    ]
    return from_answers(AnswerKind.LABEL, answers)[0]


def from_table(table: Sequence[Sequence[int]]) -> Ratings:
    cells = [(i, j) for i, row in enumerate(table) for j, often in enumerate(row) for _ in range(often)]
    return by_observer(zip(*cells, strict=True))


def example(name: str) -> Ratings:
    found = ORACLES[name]
    if name in TABLES:
        return from_table(found["data"])
    if name == "fleiss_1971":
        return by_observer(zip(*found["data"], strict=True))
    if name == "fleiss_textbook_10x14":
        units = [[k for k, often in enumerate(row) for _ in range(often)] for row in found["data"]]
        return by_observer(zip(*units, strict=True))
    return by_observer(found["data"])


def estimate(name: str, measure: Measure) -> float:
    found = agreement(example(name), measure, interval=None).estimate
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "level"), [(name, level) for name, each in ORACLES.items() for level in each.get("alpha", ())]
)
def test_alpha_is_as_published(name: str, level: str) -> None:
    assert estimate(name, LEVELS[level]) == pytest.approx(ORACLES[name]["alpha"][level], abs=5e-5)


@pytest.mark.parametrize("name", [name for name, each in ORACLES.items() if "fleiss_kappa" in each])
def test_fleiss_kappa_is_as_published(name: str) -> None:
    assert estimate(name, Measure.FLEISS) == pytest.approx(ORACLES[name]["fleiss_kappa"], abs=5e-5)


@pytest.mark.parametrize("name", [name for name, each in ORACLES.items() if "cohen_kappa" in each])
def test_cohens_kappa_is_as_published(name: str) -> None:
    assert estimate(name, Measure.COHEN) == pytest.approx(ORACLES[name]["cohen_kappa"], abs=5e-5)


@pytest.mark.parametrize("name", [name for name, each in ORACLES.items() if "alpha_nominal" in each])
def test_nominal_alpha_of_tables_is_as_published(name: str) -> None:
    assert estimate(name, Measure.ALPHA) == pytest.approx(ORACLES[name]["alpha_nominal"], abs=5e-5)


@pytest.mark.parametrize("name", [name for name, each in ORACLES.items() if "scott_pi" in each])
def test_for_two_people_without_gaps_fleiss_is_scotts_pi(name: str) -> None:
    assert estimate(name, Measure.FLEISS) == pytest.approx(ORACLES[name]["scott_pi"], abs=5e-5)


@pytest.mark.parametrize("label", ["c", "k", "overall"])
def test_unitizing_alpha_is_as_published(label: str) -> None:
    found = ORACLES["krippendorff_2004_p254_unitizing"]
    first, end = found["continuum"]
    answers = [
        (
            "text",
            who,
            frozenset(
                (start - first, start - first + length, name)
                for name, people in found["data"].items()
                for start, length in people[who]
            ),
        )
        for who in "ij"
    ]
    data, _ = from_answers(AnswerKind.SPANS, answers, extents=[end - first])

    alpha = unitizing_alpha(data, ["c", "k"] if label == "overall" else [label])

    assert alpha.value(np.ones(1)) == pytest.approx(found["alpha_u"][label], abs=5e-4)
    figures = [agreement(data, Measure.ALPHA_U), *agreement_by(data, By.LABEL, Measure.ALPHA_U)]
    figure = next(each for each in figures if each.label == (None if label == "overall" else label))
    assert figure.estimate == pytest.approx(found["alpha_u"][label], abs=5e-4)
    assert (figure.records, figure.low) == (1, None)


@pytest.mark.parametrize(
    ("name", "measure"), [(name, measure) for name, each in FROZEN.items() for measure in each]
)
def test_figures_are_those_of_krippendorff_and_irrcac(name: str, measure: str) -> None:
    assert estimate(name, Measure(measure)) == pytest.approx(FROZEN[name][measure], abs=5e-5)


def test_the_interval_of_fleiss_1971_is_close_to_the_analytic_one() -> None:
    found = agreement(example("fleiss_1971"), Measure.FLEISS)

    assert (found.low, found.high) == pytest.approx((0.319, 0.541), abs=0.02)


def test_the_bootstrap_of_hayes_and_krippendorff_over_units_is_reproducible() -> None:
    data = example("hayes_krippendorff_2007")

    first = agreement(data, Measure.ALPHA_ORDINAL, interval=Interval.BOOTSTRAP, seed=1)

    assert (first.low, first.high) == pytest.approx((0.63, 0.84), abs=0.025)
    assert first == agreement(data, Measure.ALPHA_ORDINAL, interval=Interval.BOOTSTRAP, seed=1)

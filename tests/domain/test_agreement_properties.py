"""Properties of every measure of agreement, whatever people answered."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apportion.domain.agreement import compute, texts
from apportion.domain.agreement.compute import IntervalSpec, agreement, agreement_by
from apportion.domain.agreement.edits import edits
from apportion.domain.agreement.figures import Figure, Undefined
from apportion.domain.agreement.intervals import Statistic
from apportion.domain.agreement.measures import AnswerKind, By, Interval, Measure, measures_of
from apportion.domain.agreement.ratings import Ratings, from_answers, ratings

Table = list[list[Any]]
"""One row per record, one column per person; None is a gap."""

LABELS = ("a", "b", "c")
PEOPLE = ("ana", "ben", "cy", "dan")


def tables(value: st.SearchStrategy[Any], *, gaps: bool = True, people: int = 4) -> st.SearchStrategy[Table]:
    cell = st.one_of(st.none(), value) if gaps else value
    return st.lists(st.lists(cell, min_size=people, max_size=people), max_size=12)


def spans() -> st.SearchStrategy[frozenset[tuple[int, int, str]]]:
    """Spans that do not cross, in a text of 30 characters."""

    def build(cuts: list[int], labels: list[str | None]) -> frozenset[tuple[int, int, str]]:
        pieces = zip(cuts, cuts[1:], labels, strict=False)
        return frozenset((start, end, label) for start, end, label in pieces if label)

    cuts = st.lists(st.integers(0, 30), max_size=7, unique=True).map(sorted)
    return st.builds(build, cuts, st.lists(st.sampled_from(["x", "y", None]), min_size=6, max_size=6))


SETS = st.frozensets(st.sampled_from(LABELS))
OF_KIND: dict[AnswerKind, st.SearchStrategy[Any]] = {
    AnswerKind.LABEL: st.sampled_from(["1", "2", "5"]),
    AnswerKind.LABELS: SETS,
    AnswerKind.SPANS: spans(),
    AnswerKind.TEXT: st.text("ab ", max_size=5),
}
EVERY = [(kind, measure) for kind in AnswerKind for measure in measures_of(kind)]


def answers(table: Table, people: tuple[str, ...] = PEOPLE) -> list[tuple[int, str, Any]]:
    return [
        (number, who, value)
        for number, row in enumerate(table)
        for who, value in zip(people, row, strict=False)
        if value is not None
    ]


def data_of(kind: AnswerKind, table: Table, **more: Any) -> Ratings:
    rows = answers(table)
    if kind is AnswerKind.SPANS:
        records = len({row[0] for row in rows})
        more["extents"] = [30] * records
        more["tokens"] = [[(at, at + 3) for at in range(0, 30, 3)]] * records
    return from_answers(kind, rows, **more)[0]


def labels(table: Table) -> Ratings:
    return data_of(AnswerKind.LABEL, table, values=["1", "2", "5"])


def same(one: Figure, other: Figure) -> bool:
    """Equal but for rounding."""
    pairs = [(one.estimate, other.estimate), (one.low, other.low), (one.high, other.high)]
    return (one.undefined, one.no_interval, one.records, one.annotators) == (
        other.undefined,
        other.no_interval,
        other.records,
        other.annotators,
    ) and all(a == b or (a is not None and b is not None and abs(a - b) < 1e-6) for a, b in pairs)


# Every figure.


@pytest.mark.parametrize(("kind", "measure"), EVERY)
@given(data=st.data(), interval=st.sampled_from([Interval.JACKKNIFE, Interval.BOOTSTRAP]))
@settings(max_examples=12, deadline=None)
def test_a_figure_is_finite_or_says_why_not(
    kind: AnswerKind, measure: Measure, data: st.DataObject, interval: Interval
) -> None:
    rated = data_of(kind, data.draw(tables(OF_KIND[kind])))

    found = agreement(rated, measure, interval=interval)

    assert (found.estimate is None) == (found.undefined is not None)
    if found.estimate is not None:
        assert math.isfinite(found.estimate)
        assert found.estimate <= 1 + 1e-9
        assert (found.low is None) == (found.no_interval is not None)
    if found.low is not None and found.high is not None:
        assert min(-1, found.estimate or 0) <= found.low <= (found.estimate or 0) <= found.high
        assert found.interval in (interval, Interval.EXACT)
    assert (found.why is None) == (found.undefined is None and found.no_interval is None)
    assert "?" not in (found.why or "")
    assert json.loads(json.dumps(found.show(), allow_nan=False))["estimate"] == found.estimate


@pytest.mark.parametrize(("kind", "measure"), EVERY)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_neither_the_order_of_records_nor_the_names_of_people_matter(
    kind: AnswerKind, measure: Measure, data: st.DataObject
) -> None:
    table = data.draw(tables(OF_KIND[kind]))
    turned = [row[::-1] for row in data.draw(st.permutations(table))]

    assert same(agreement(data_of(kind, table), measure), agreement(data_of(kind, turned), measure))


@pytest.mark.parametrize(("kind", "measure"), [each for each in EVERY if each[1] is not Measure.PERCENT])
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_leaving_one_record_out_is_what_measuring_without_it_gives(
    kind: AnswerKind, measure: Measure, data: st.DataObject
) -> None:
    people = 2 if measure in compute._COHEN else 4
    rated = data_of(kind, data.draw(tables(OF_KIND[kind], people=people)))
    assume(agreement(rated, measure, interval=None).estimate is not None)

    statistic = statistic_of(rated, measure)

    for row, found in enumerate(statistic.without_one()):
        fewer = statistic.weight.copy()
        fewer[row] -= 1
        assert statistic.value(fewer) == pytest.approx(found, abs=1e-6, nan_ok=True)


def statistic_of(rated: Ratings, measure: Measure) -> Statistic:
    asked = compute._asked(rated, measure, None, 0.95, 0)
    found = compute._statistic(rated, rated.shared(), asked, None)
    assert not isinstance(found, str)
    return found


@pytest.mark.parametrize(("kind", "measure"), EVERY)
def test_perfect_agreement_on_different_answers_is_one(kind: AnswerKind, measure: Measure) -> None:
    values: dict[AnswerKind, list[Any]] = {
        AnswerKind.LABEL: ["1", "2", "5"],
        AnswerKind.LABELS: [frozenset("a"), frozenset("bc"), frozenset("c")],
        AnswerKind.SPANS: [frozenset({(0, 3, "x")}), frozenset({(6, 12, "y")}), frozenset()],
        AnswerKind.TEXT: ["one", "two", "three"],
    }

    found = agreement(data_of(kind, [[value, value] for value in values[kind]]), measure)

    assert found.estimate == pytest.approx(1)


# Alpha and its relatives.


@given(table=tables(OF_KIND[AnswerKind.LABEL]), new=st.permutations(["1", "2", "5"]))
@settings(max_examples=30, deadline=None)
def test_what_labels_are_called_does_not_matter_to_nominal_measures(table: Table, new: list[str]) -> None:
    renamed = [[value and dict(zip("125", new, strict=True))[value] for value in row] for row in table]

    for measure in (Measure.ALPHA, Measure.FLEISS, Measure.AC1, Measure.PERCENT):
        assert same(agreement(labels(table), measure), agreement(labels(renamed), measure))


@given(table=tables(OF_KIND[AnswerKind.LABEL]))
@settings(max_examples=30, deadline=None)
def test_ordinal_alpha_knows_the_order_of_labels_only(table: Table) -> None:
    stretched = [[value and {"1": "10", "2": "11", "5": "900"}[value] for value in row] for row in table]

    plain = agreement(labels(table), Measure.ALPHA_ORDINAL)

    other = data_of(AnswerKind.LABEL, stretched, values=["10", "11", "900"])
    assert same(plain, agreement(other, Measure.ALPHA_ORDINAL))


@given(table=tables(OF_KIND[AnswerKind.LABEL]))
@settings(max_examples=30, deadline=None)
def test_alpha_from_coincidences_is_alpha_by_the_book(table: Table) -> None:
    distances: dict[Measure, Callable[[float, float], float]] = {
        Measure.ALPHA: lambda x, y: float(x != y),
        Measure.ALPHA_INTERVAL: lambda x, y: (x - y) ** 2,
        Measure.ALPHA_RATIO: lambda x, y: ((x - y) / (x + y)) ** 2,
    }
    for measure, distance in distances.items():
        found = agreement(labels(table), measure, interval=None).estimate
        if found is not None:
            assert found == pytest.approx(alpha_by_the_book(table, distance), abs=1e-9)


def alpha_by_the_book(table: Table, distance: Callable[[float, float], float]) -> float:
    units = [[float(value) for value in row if value is not None] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    coincidences: Counter[tuple[float, float]] = Counter()
    for unit in units:
        for pair in permutations(unit, 2):
            coincidences[pair] += 1 / (len(unit) - 1)  # type: ignore[assignment]
    everything = [value for unit in units for value in unit]
    n = len(everything)
    observed = sum(often * distance(*pair) for pair, often in coincidences.items()) / n
    expected = sum(distance(*pair) for pair in permutations(everything, 2)) / (n * (n - 1))
    return 1 - observed / expected


@given(table=tables(OF_KIND[AnswerKind.LABEL], gaps=False, people=2))
@settings(max_examples=30, deadline=None)
def test_alpha_of_two_people_follows_from_scotts_pi(table: Table) -> None:
    alpha, pi = (agreement(labels(table), m, interval=None).estimate for m in (Measure.ALPHA, Measure.FLEISS))
    assume(alpha is not None and pi is not None)
    assert alpha is not None
    assert pi is not None

    both = 2 * len(table)

    assert alpha == pytest.approx(1 - (1 - pi) * (both - 1) / both)


@given(table=tables(OF_KIND[AnswerKind.LABEL]), alone=st.lists(st.sampled_from(["1", "2", "5"]), max_size=5))
@settings(max_examples=30, deadline=None)
def test_records_with_one_answer_do_not_change_alpha(table: Table, alone: list[str]) -> None:
    more = table + [[value, None, None, None] for value in alone]
    assume(any(sum(value is not None for value in row) > 1 for row in table))

    for measure in (Measure.ALPHA, Measure.ALPHA_ORDINAL, Measure.PERCENT):
        assert same(agreement(labels(table), measure), agreement(labels(more), measure))


@given(table=tables(OF_KIND[AnswerKind.LABEL], gaps=False, people=2))
@settings(max_examples=30, deadline=None)
def test_the_same_data_twice_moves_alpha_toward_pi_and_leaves_pi(table: Table) -> None:
    once, twice = (agreement(labels(t), Measure.ALPHA, interval=None) for t in (table, table * 2))
    pi, still = (agreement(labels(t), Measure.FLEISS, interval=None) for t in (table, table * 2))
    assume(once.estimate is not None and pi.estimate is not None)

    assert still.estimate == pytest.approx(pi.estimate)
    assert (pi.estimate or 0) - 1e-9 <= (twice.estimate or 0) <= (once.estimate or 0) + 1e-9


@given(table=tables(SETS))
@settings(max_examples=30, deadline=None)
def test_masi_and_jaccard_credit_sets_that_nearly_agree(table: Table) -> None:
    data = data_of(AnswerKind.LABELS, table)
    metric = compute.distance_of(data, Measure.ALPHA_MASI)
    other = compute.distance_of(data, Measure.ALPHA_JACCARD)
    assert not isinstance(metric, str)
    assert not isinstance(other, str)

    for i, j in combinations(range(len(data.values)), 2):
        one, two = np.array([i]), np.array([j])
        assert 0 < float(other.between(one, two)[0]) <= float(metric.between(one, two)[0]) <= 1


@given(flips=st.integers(0, 10_000), people=st.integers(2, 5))
@settings(max_examples=10, deadline=None)
def test_coin_flips_agree_by_chance_only(flips: int, people: int) -> None:
    value = np.random.default_rng(flips).integers(0, 2, (4_000, people))
    unit, who = np.divmod(np.arange(value.size), people)
    data = ratings(
        AnswerKind.LABEL,
        unit=unit,
        annotator=who,
        value=value.ravel(),
        annotators=["p"] * people,
        values="01",
    )

    for measure in (Measure.ALPHA, Measure.FLEISS, Measure.AC1, Measure.ALPHA_INTERVAL):
        assert agreement(data, measure, interval=None).estimate == pytest.approx(0, abs=0.06)


# Spans.


@given(table=tables(spans()))
@settings(max_examples=30, deadline=None)
def test_span_measures_are_ordered_from_strict_to_lenient(table: Table) -> None:
    data = data_of(AnswerKind.SPANS, table)
    kinds = (Measure.SPAN_F1, Measure.SPAN_OVERLAP_F1, Measure.SPAN_LABEL_F1)

    exact, overlap, label = (agreement(data, measure, interval=None).estimate for measure in kinds)
    boundary = agreement(data, Measure.SPAN_BOUNDARY_F1, interval=None).estimate

    if exact is not None and overlap is not None and label is not None and boundary is not None:
        assert exact <= overlap + 1e-9
        assert overlap <= label + 1e-9
        assert exact <= boundary + 1e-9


@given(one=st.text("abc"), other=st.text("abc"))
@settings(max_examples=50, deadline=None)
def test_edits_are_those_of_the_textbook_table(one: str, other: str) -> None:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        left = [i]
        for j, b in enumerate(other, 1):
            left.append(min(left[-1] + 1, row[j] + 1, row[j - 1] + (a != b)))
        row = left

    assert edits(one, other) == row[-1]


# Parts.


@given(table=tables(OF_KIND[AnswerKind.LABEL]))
@settings(max_examples=30, deadline=None)
def test_a_pairs_figure_is_that_of_its_answers_alone(table: Table) -> None:
    for found in agreement_by(labels(table), By.PAIR, Measure.COHEN):
        assert found.pair is not None
        alone = [
            [v if who in found.pair else None for who, v in zip(PEOPLE, row, strict=True)] for row in table
        ]
        assert same(found, agreement(labels(alone), Measure.COHEN))


@given(table=tables(OF_KIND[AnswerKind.LABEL]))
@settings(max_examples=30, deadline=None)
def test_a_persons_figure_is_the_mean_share_of_others_who_said_the_same(table: Table) -> None:
    found = {each.person: each for each in agreement_by(labels(table), By.PERSON)}
    assert list(found) == [who for place, who in enumerate(PEOPLE) if any(row[place] for row in table)]
    for place, who in enumerate(PEOPLE):
        others = [
            [v == row[place] for at, v in enumerate(row) if v is not None and at != place]
            for row in table
            if row[place] is not None
        ]
        shared = [sum(each) / len(each) for each in others if each]
        if who in found:
            assert found[who].records == len(shared)
            assert (found[who].estimate is None) == (len(shared) < 2)
        if len(shared) > 1:
            assert found[who].estimate == pytest.approx(sum(shared) / len(shared))


@given(table=tables(OF_KIND[AnswerKind.SPANS]))
@settings(max_examples=30, deadline=None)
def test_two_peoples_spans_agree_with_each_other_as_each_does_with_the_other(table: Table) -> None:
    pair = data_of(AnswerKind.SPANS, [row[:2] for row in table])
    whole = agreement(pair, Measure.SPAN_F1)
    for each in agreement_by(pair, By.PERSON, Measure.ALPHA_U):
        assert (each.measure, each.records) == (Measure.SPAN_F1, whole.records)
        assert each.estimate is None or same(replace(each, person=None), whole)


@given(table=tables(OF_KIND[AnswerKind.LABEL]), days=st.lists(st.integers(0, 20), min_size=60, max_size=60))
@settings(max_examples=30, deadline=None)
def test_every_shared_record_counts_in_one_week(table: Table, days: list[int]) -> None:
    rows = answers(table)
    when = [day * 86_400_000_000 for day in days[: len(rows)]]
    data, _ = from_answers(AnswerKind.LABEL, rows, instants=when)

    weeks = agreement_by(data, By.WEEK, how=IntervalSpec(None))

    assert sum(week.records for week in weeks) == agreement(data).records
    assert [week.week for week in weeks] == sorted({str(week.week) for week in weeks})


@given(table=tables(OF_KIND[AnswerKind.LABEL]))
@settings(max_examples=30, deadline=None)
def test_with_two_labels_each_label_agrees_as_well_as_all(table: Table) -> None:
    two = [[value and min(value, "2") for value in row] for row in table]
    data = data_of(AnswerKind.LABEL, two)

    for found in agreement_by(data, By.LABEL, Measure.ALPHA):
        if found.undefined is Undefined.NOT_GIVEN:  # there is one label only
            continue
        assert same(replace(found, records=0), replace(agreement(data, Measure.ALPHA), records=0))


def test_many_texts_are_compared_by_a_sample_that_comes_close(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    words = ["one", "two", "three", "four", "five"]
    pairs = [[" ".join(rng.choice(words, 3)), " ".join(rng.choice(words, 3))] for _ in range(40)]
    table = [[one, other if n % 3 else one, None, None] for n, (one, other) in enumerate(pairs)]
    exact = agreement(data_of(AnswerKind.TEXT, table))

    monkeypatch.setattr(texts, "SAMPLE", 2_000)
    sampled = agreement(data_of(AnswerKind.TEXT, table), seed=1)

    assert sampled.estimate != exact.estimate
    assert sampled.estimate == pytest.approx(exact.estimate, abs=0.02)
    assert sampled.low == pytest.approx(exact.low, abs=0.04)

"""Dawid and Skene's model, and its one-coin case."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.agreement.ratings import Ratings, from_answers
from apportion.domain.consensus.dawid_skene import FittedModel, dawid_skene, one_coin

EXAMPLES = json.loads((Path(__file__).parent / "data" / "agreement-oracles.json").read_text(encoding="utf-8"))
EXAMPLE: dict[str, Any] = EXAMPLES["dawid_skene_1979"]
BOTH = pytest.mark.parametrize("fit", [dawid_skene, one_coin])


def anaesthetists(*, first_only: bool = False) -> Ratings:
    """45 patients, five observers of whom the first looked three times."""
    rows = [
        (patient, observer, value - 1)
        for patient, observers in enumerate(EXAMPLE["data"])
        for observer, values in enumerate(observers)
        for value in (values[:1] if first_only else values)
    ]
    unit, annotator, value = (np.array(column) for column in zip(*rows, strict=True))
    names = [f"observer {number}" for number in range(1, 6)]
    return Ratings(AnswerKind.LABEL, unit, annotator, value, 45, names, [1, 2, 3, 4])


@pytest.fixture(scope="module")
def fitted() -> FittedModel:
    return dawid_skene(anaesthetists(), smoothing=0, tolerance=1e-12)


def rated(table: list[list[str | None]], values: Sequence[str] = "abc") -> Ratings:
    rows = [(n, f"p{who}", v) for n, row in enumerate(table) for who, v in enumerate(row) if v is not None]
    return from_answers(AnswerKind.LABEL, rows, values=values)[0]


TABLES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=4, max_size=4), min_size=1, max_size=12
)


def test_the_shares_and_the_likelihood_are_as_published(fitted: FittedModel) -> None:
    expected = EXAMPLE["expected"]

    assert fitted.shares == pytest.approx(expected["class_marginals"], abs=5e-5)
    assert fitted.log_likelihoods[-1] == pytest.approx(expected["loglik"], abs=5e-5)
    assert fitted.converged


def test_the_confusion_matrix_of_the_first_observer_is_as_published(fitted: FittedModel) -> None:
    assert fitted.confusion[0] == pytest.approx(
        np.array(EXAMPLE["expected"]["observer_1_error_rows"]), abs=5e-3
    )


def test_the_labels_are_as_published_and_patient_35_is_the_least_certain(fitted: FittedModel) -> None:
    assert (fitted.best() + 1).tolist() == EXAMPLE["expected"]["labels"]
    assert fitted.posterior.max(axis=1).argmin() + 1 == 35
    assert fitted.posterior[34].max() == pytest.approx(0.948, abs=5e-4)


def test_with_first_ratings_only_the_result_is_as_published() -> None:
    expected = EXAMPLE["expected"]["first_rating_only"]

    model = dawid_skene(anaesthetists(first_only=True), smoothing=0, tolerance=1e-12)

    assert model.shares == pytest.approx(expected["class_marginals"], abs=5e-5)
    assert model.log_likelihoods[-1] == pytest.approx(expected["loglik"], abs=5e-4)


def test_one_coin_agrees_with_confusion_matrices_on_42_of_45_patients() -> None:
    model = one_coin(anaesthetists(), smoothing=0)

    assert ((model.best() + 1) == EXAMPLE["expected"]["labels"]).sum() == 42


@BOTH
@given(table=TABLES)
@settings(max_examples=30, deadline=None)
def test_without_smoothing_the_likelihood_never_falls(fit: Any, table: list[list[str | None]]) -> None:
    model = fit(rated(table), smoothing=0, steps=50)

    assert all(np.diff(model.log_likelihoods) > -1e-9)
    assert np.isfinite(model.posterior).all()
    assert model.posterior.sum(axis=1) == pytest.approx(1)


@BOTH
@given(table=TABLES, new=st.permutations("abc"))
@example(table=[["a", "b", "c", None], [None, "b", "a", "c"]], new=["a", "c", "b"])
@settings(max_examples=30, deadline=None)
def test_naming_labels_otherwise_changes_nothing_else(
    fit: Any, table: list[list[str | None]], new: list[str]
) -> None:
    renamed = [[value and new["abc".index(value)] for value in row] for row in table]

    one, other = fit(rated(table), steps=50), fit(rated(renamed), steps=50)

    for unit in range(one.posterior.shape[0]):
        back = {"abc"[new.index(label)]: p for label, p in other.of(unit).items()}
        assert back == pytest.approx(one.of(unit), abs=1e-6)


@BOTH
@given(table=TABLES, unused=st.integers(0, 60), place=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_labels_that_nobody_gave_change_nothing_at_all(
    fit: Any, table: list[list[str | None]], unused: int, place: int
) -> None:
    more = [f"unused {n}" for n in range(unused)]
    values = [*"abc"[:place], *more, *"abc"[place:]]

    one, other = fit(rated(table), steps=200), fit(rated(table, values), steps=200)

    assert [other.of(unit) for unit in range(other.posterior.shape[0])] == [
        one.of(unit) for unit in range(one.posterior.shape[0])
    ]
    assert [each.accuracy for each in other.quality()] == [each.accuracy for each in one.quality()]
    assert (one.confusion == other.confusion).all()


@BOTH
@given(seed=st.integers(0, 10_000), labels=st.integers(2, 5), people=st.integers(3, 9))
@settings(max_examples=25, deadline=None)
def test_every_probability_is_where_the_steps_lead(fit: Any, seed: int, labels: int, people: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, 150)
    right = rng.random((150, people)) < rng.uniform(0.6, 0.95, people)
    value = np.where(right, truth[:, None], rng.integers(0, labels, (150, people)))
    table = [["abcde"[v] if rng.random() < 0.7 else None for v in row] for row in value]

    found, much_later = fit(rated(table, "abcde")), fit(rated(table, "abcde"), tolerance=1e-12, steps=50_000)

    assert found.converged
    assert found.posterior == pytest.approx(much_later.posterior, abs=1e-6)


def test_the_anaesthetists_come_out_as_published_with_smoothing() -> None:
    for data in (anaesthetists(), anaesthetists(first_only=True)):
        assert (dawid_skene(data).best() + 1).tolist() == EXAMPLE["expected"]["labels"]


def test_three_looks_as_three_people_differ_on_one_patient_where_the_answers_are_likelier_that_way() -> None:
    together = anaesthetists()
    rows = zip(together.unit.tolist(), together.annotator.tolist(), together.value.tolist(), strict=True)
    looks: Counter[int] = Counter()
    apart = []
    for unit, annotator, value in rows:
        apart.append((unit, annotator + 2 if annotator else looks[unit], value))
        looks[unit] += annotator == 0
    unit, annotator, value = (np.array(column) for column in zip(*apart, strict=True))
    data = Ratings(AnswerKind.LABEL, unit, annotator, value, 45, [f"p{n}" for n in range(7)], [1, 2, 3, 4])
    published = np.array(EXAMPLE["expected"]["labels"])

    model = dawid_skene(data)

    assert (np.flatnonzero(model.best() + 1 != published) + 1).tolist() == [3]
    votes = [np.bincount(value[unit == n], minlength=4) for n in range(45)]
    assert (np.array([each.argmax() for each in votes]) + 1 != published).sum() > 1
    assert (
        dawid_skene(data, smoothing=0).log_likelihoods[-1] > -184.35
    )  # -185.42 where patient 3 is of class 2


@BOTH
def test_unanimous_answers_are_certain(fit: Any) -> None:
    model = fit(rated([["a"] * 4, ["b"] * 4, ["c"] * 4, ["a"] * 4]), smoothing=0)

    assert model.posterior.max(axis=1) == pytest.approx(1)
    assert [quality.accuracy for quality in model.quality()] == pytest.approx([1] * 4)


@BOTH
def test_somebody_who_guesses_is_found_out_and_outvoted(fit: Any) -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 600)
    accuracy = np.array([0.95, 0.9, 0.34, 0.34, 0.34])
    right = rng.random((600, 5)) < accuracy
    value = np.where(right, truth[:, None], (truth[:, None] + rng.integers(1, 3, (600, 5))) % 3)

    model = fit(rated([["abc"[v] for v in row] for row in value]))

    assert [quality.accuracy for quality in model.quality()] == pytest.approx(accuracy.tolist(), abs=0.07)
    votes = np.array([np.bincount(row, minlength=3).argmax() for row in value])
    assert (model.best() == truth).mean() > (votes == truth).mean() + 0.1


@BOTH
def test_records_without_answers_have_the_shares_of_the_labels(fit: Any) -> None:
    answered = rated([["a", "a"], ["b", "b"], ["a", "a"]])
    data = Ratings(
        AnswerKind.LABEL,
        answered.unit,
        answered.annotator,
        answered.value,
        4,
        answered.annotators,
        answered.values,
    )

    model = fit(data)

    assert model.posterior[3] == pytest.approx(model.shares)
    assert model.of(0).keys() == {"a", "b"}


@BOTH
def test_one_person_one_label_and_nothing_at_all_are_no_trouble(fit: Any) -> None:
    assert fit(rated([["a"], ["b"]])).best().tolist() == [0, 1]
    assert fit(rated([["a", "a"]], values="a")).posterior.tolist() == [[1.0]]
    assert fit(rated([])).posterior.shape == (0, 0)


def test_equal_records_in_a_small_team_are_counted_together_with_the_same_result() -> None:
    table: list[list[str | None]] = [["a", "a", "b"], ["b", "b", "b"], ["c", "a", "c"], ["a", "b", None]]

    once = dawid_skene(rated(table * 40), smoothing=0, steps=20)

    assert once.posterior[: len(table)] == pytest.approx(once.posterior[-len(table) :])
    assert once.log_likelihoods[-1] == pytest.approx(
        dawid_skene(rated(table), smoothing=0, steps=20).log_likelihoods[-1] * 40, rel=1e-6
    )


def test_progress_is_told_and_the_number_of_steps_is_bounded() -> None:
    heard: list[int] = []

    model = dawid_skene(anaesthetists(), steps=3, progress=lambda step, _: heard.append(step))

    assert heard == list(range(1, len(model.log_likelihoods) + 1))
    assert 3 <= len(heard) <= 5
    assert not model.converged


def test_models_are_about_single_labels() -> None:
    data, _ = from_answers(AnswerKind.TEXT, [("r1", "ana", "one")])

    with pytest.raises(ValueError, match="single labels"):
        dawid_skene(data)

"""The same figures as scikit-learn and nltk give, on random answers."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apportion.domain.agreement.compute import agreement
from apportion.domain.agreement.distances import jaccard, masi
from apportion.domain.agreement.edits import edits
from apportion.domain.agreement.measures import AnswerKind, Measure
from apportion.domain.agreement.ratings import from_answers


@pytest.fixture(scope="module")
def nltk() -> Any:
    """Metrics of nltk, loaded where they are used alone: each process of the tests reads this file."""
    from nltk.metrics import agreement, distance

    return SimpleNamespace(agreement=agreement, distance=distance)


@pytest.fixture(scope="module")
def sklearn() -> Any:
    from sklearn import metrics

    return metrics


def rated(seed: int, people: int, values: list[Any], *, gaps: float = 0) -> list[tuple[str, str, Any]]:
    rng = random.Random(seed)
    rows = []
    for record in range(40):
        truth = rng.choice(values)
        for who in range(people):
            if rng.random() >= gaps:
                rows.append((f"r{record}", f"p{who}", truth if rng.random() < 0.6 else rng.choice(values)))
    return rows


def estimate(
    kind: AnswerKind, rows: list[tuple[str, str, Any]], measure: Measure, values: list[Any]
) -> float:
    found = agreement(from_answers(kind, rows, values=values)[0], measure, interval=None).estimate
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("measure", "weights"),
    [(Measure.COHEN, None), (Measure.COHEN_LINEAR, "linear"), (Measure.COHEN_QUADRATIC, "quadratic")],
)
def test_cohens_kappa_is_scikit_learns(
    sklearn: Any, seed: int, measure: Measure, weights: str | None
) -> None:
    rows = rated(seed, 2, ["a", "b", "c", "d"])
    one, other = ([value for _, who, value in rows if who == name] for name in ("p0", "p1"))

    expected = sklearn.cohen_kappa_score(one, other, labels=["a", "b", "c", "d"], weights=weights)

    assert estimate(AnswerKind.LABEL, rows, measure, ["a", "b", "c", "d"]) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_nltks(nltk: Any, seed: int) -> None:
    rows = rated(seed, 4, [1, 2, 3, 7], gaps=0.3)
    table = [(who, record, value) for record, who, value in rows]
    for measure, apart in (
        (Measure.ALPHA, nltk.distance.binary_distance),
        (Measure.ALPHA_INTERVAL, nltk.distance.interval_distance),
    ):
        expected = nltk.agreement.AnnotationTask(data=table, distance=apart).alpha()

        assert estimate(AnswerKind.LABEL, rows, measure, []) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["masi", "jaccard"])
def test_alpha_over_sets_is_nltks(nltk: Any, seed: int, name: str) -> None:
    sets = [frozenset(each) for each in ("a", "ab", "abc", "cd", "d", "bd")]
    rows = rated(seed, 3, sets, gaps=0.2)
    table = [(who, record, value) for record, who, value in rows]
    apart = getattr(nltk.distance, f"{name}_distance")

    expected = nltk.agreement.AnnotationTask(data=table, distance=apart).alpha()

    assert estimate(AnswerKind.LABELS, rows, Measure(f"alpha_{name}"), []) == pytest.approx(
        expected, abs=2e-3
    )


def test_distances_of_many_labels_do_not_run_together(nltk: Any) -> None:
    many = [f"label {number}" for number in range(150)]
    sets = [frozenset(random.Random(seed).sample(many, 20)) for seed in range(10)]
    one, other = (each.ravel() for each in np.meshgrid(np.arange(10), np.arange(10)))

    found = jaccard(sets).between(one, other), masi(sets).between(one, other)

    for i, j, near, nearer in zip(one, other, *found, strict=True):
        assert near == pytest.approx(nltk.distance.jaccard_distance(sets[i], sets[j]))
        assert nearer == pytest.approx(nltk.distance.masi_distance(sets[i], sets[j]), abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_edit_distance_is_nltks(nltk: Any, seed: int) -> None:
    rng = random.Random(seed)
    one, other = ("".join(rng.choices("abcdé ", k=rng.randint(0, 90))) for _ in range(2))

    assert edits(one, other) == nltk.distance.edit_distance(one, other)


@pytest.mark.parametrize("seed", range(3))
def test_token_alpha_is_nltks_over_all_tokens(nltk: Any, seed: int) -> None:
    rng = random.Random(seed)
    tokens = [(at, at + 3) for at in range(0, 60, 4)]
    marks = [frozenset({(0, 7, "x")}), frozenset({(4, 11, "x"), (20, 23, "y")}), frozenset({(4, 11, "y")})]
    rows = [
        (f"r{n}", f"p{who}", rng.choice(marks)) for n in range(12) for who in range(3) if rng.random() < 0.8
    ]
    records = list(dict.fromkeys(row[0] for row in rows))
    table = [
        (
            who,
            (record, token),
            next((label for start, end, label in spans if start < token[1] and token[0] < end), ""),
        )
        for record, who, spans in rows
        for token in tokens
    ]

    data, _ = from_answers(AnswerKind.SPANS, rows, tokens=[tokens] * len(records))

    expected = nltk.agreement.AnnotationTask(data=table).alpha()
    assert agreement(data, Measure.TOKEN_ALPHA).estimate == pytest.approx(expected)


def test_span_f1_of_two_people_is_scikit_learns_over_all_spans_there_are(sklearn: Any) -> None:
    rng = random.Random(1)
    places = [(at, at + 3, label) for at in (0, 4, 8) for label in "xy"]
    drawn = [[frozenset(rng.sample(places, 3)) for _ in range(2)] for _ in range(20)]
    rows = [(f"r{n}", f"p{who}", spans) for n, pair in enumerate(drawn) for who, spans in enumerate(pair)]
    one, other = ([place in pair[who] for pair in drawn for place in places] for who in range(2))

    assert estimate(AnswerKind.SPANS, rows, Measure.SPAN_F1, []) == pytest.approx(
        sklearn.f1_score(one, other)
    )

"""The adapter to Snorkel, with a stand-in for the library's label model."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apportion.labeling.text_classification import Snorkel
from apportion.labeling.text_classification.label_models import MissingAnnotationError, NotFittedError
from weak_label_records import weak

X = -1
VOTES = [
    [0, 0, X, X, 0, X], [0, X, X, X, X, X], [X, 0, X, X, X, X], [X, X, 1, 1, X, X], [X, X, 1, X, X, X],
    [0, X, X, 1, 0, X], [X, 0, X, X, 0, X], [X] * 6, [X, X, 1, X, X, 2], [0, X, X, X, X, X],
]  # fmt: skip
"""The votes of ``weak()`` as Snorkel has them, a row for each mail."""
WITHOUT_ANSWER, WITH_ANSWER = [2, 4, 7, 9], [0, 1, 3, 5, 6, 8]


class StandIn:
    """As much of Snorkel's label model as is used: it gives each label its share of the votes, and knows no more."""

    made: StandIn

    def __init__(self, cardinality: int, verbose: bool, device: str) -> None:
        self.given: Any = (cardinality, verbose, device)
        self.fitted: Any = None
        self.asked: Any = None
        StandIn.made = self

    def fit(self, L_train: Any, **options: Any) -> None:
        self.fitted = (L_train.tolist(), options)

    def predict(self, L: Any, return_probs: bool, tie_break_policy: str) -> tuple[Any, Any]:
        assert return_probs
        self.asked = (L.tolist(), tie_break_policy)
        counts = np.stack([(label == L).sum(axis=1) for label in range(self.given[0])], axis=1) + 0.0
        counts[counts.sum(axis=1) == 0] = 1
        chances = counts / counts.sum(axis=1, keepdims=True)
        tied = (chances == chances.max(axis=1, keepdims=True)).sum(axis=1) > 1
        last = chances.shape[1] - 1 - chances[:, ::-1].argmax(axis=1)  # the last of those that are tied wins
        return np.where(tied & (tie_break_policy == "abstain"), -1, last), chances


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snorkel.labeling.model", SimpleNamespace(LabelModel=StandIn))


def fitted(**options: Any) -> Snorkel:
    model = Snorkel(weak(), **options)
    model.fit()
    return model


def test_labels_go_to_the_library_from_0_on_whatever_their_numbers_are(mail: None) -> None:
    votes = weak()
    votes.change_mapping({None: 7, "ham": -3, "spam": 12, "other": 40})
    model = Snorkel(votes, verbose=False, device="cuda")
    model.fit(n_epochs=50, lr=0.001)

    assert StandIn.made.given == (3, False, "cuda")
    renamed = {X: X, 0: 1, 1: 0, 2: 2}  # their order is that of the mapping: ham, spam, other
    there = [[renamed[each] for each in VOTES[row]] for row in WITHOUT_ANSWER]
    assert StandIn.made.fitted == (there, {"n_epochs": 50, "lr": 0.001})
    model.predict()
    assert StandIn.made.asked == (there, "abstain")
    model.fit(include_annotated_records=True)
    assert len(StandIn.made.fitted[0]) == 10
    with pytest.raises(ValueError, match="L_train"):
        model.fit(L_train=[[0]])


def test_the_library_decides_for_which_records_it_abstains(mail: None) -> None:
    model = fitted()

    assert [each.id for each in model.predict()] == [2, 4, 9]
    kept = model.predict(include_abstentions=True)
    assert [(each.id, each.prediction is None, each.prediction_agent) for each in kept] == [
        (2, False, "Snorkel"),
        (4, False, "Snorkel"),
        (7, True, None),
        (9, False, "Snorkel"),
    ]
    assert kept[0].prediction == [("spam", 1.0), ("other", 0.0), ("ham", 0.0)]


@pytest.mark.parametrize("policy", ["random", "true-random"])
def test_the_label_that_wins_a_tie_in_the_library_comes_first(mail: None, policy: str) -> None:
    found: dict[Any, Any] = {
        each.id: each.prediction
        for each in fitted().predict(include_annotated_records=True, tie_break_policy=policy)
    }

    assert StandIn.made.asked == (VOTES, policy)
    assert found[7][0] == ("other", pytest.approx(1 / 3 + 0.0001))
    assert found[8][0] == ("other", pytest.approx(0.5001))
    assert found[8][1:] == [("ham", 0.5), ("spam", 0.0)]
    assert found[5] == [("spam", pytest.approx(2 / 3)), ("ham", pytest.approx(1 / 3)), ("other", 0.0)]


def test_it_has_to_be_fitted_first(mail: None) -> None:
    for call in (Snorkel(weak()).predict, Snorkel(weak()).score):
        with pytest.raises(NotFittedError, match=r"model\.fit"):
            call()


def test_its_score_compares_what_it_decides_with_the_annotations(mail: None) -> None:
    model = fitted()
    report: Any = model.score()

    assert StandIn.made.asked == ([VOTES[row] for row in WITH_ANSWER], "abstain")
    assert (report["accuracy"], report["weighted avg"]["support"]) == (0.8, 5)  # without 8, which is a tie
    with_8: Any = model.score(tie_break_policy="random")
    assert (with_8["accuracy"], with_8["weighted avg"]["support"]) == (pytest.approx(5 / 6), 6)
    assert with_8["other"]["recall"] == 1
    assert "accuracy" in str(model.score(output_str=True))


def test_where_nothing_can_be_compared_its_score_says_so(mail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def abstain(self: Any, L: Any, **options: Any) -> tuple[Any, Any]:
        return np.full(len(L), -1), np.full((len(L), 3), 1 / 3)

    monkeypatch.setattr(StandIn, "predict", abstain)
    with pytest.raises(MissingAnnotationError, match="abstains for all"):
        fitted().score()

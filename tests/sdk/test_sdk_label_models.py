"""Label models, and the search for label errors."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import apportion as rg
from apportion.labeling.text_classification import (
    FlyingSquid,
    MajorityVoter,
    Rule,
    Snorkel,
    WeakLabels,
    WeakMultiLabels,
    WeightedVoter,
    find_label_errors,
)
from apportion.labeling.text_classification._triplets import _accuracies
from apportion.labeling.text_classification.label_errors import MissingPredictionError, NoRecordsError
from apportion.labeling.text_classification.label_models import (
    MissingAnnotationError,
    NotFittedError,
    TooFewRulesError,
)
from apportion.labeling.text_classification.weak_labels import MultiLabelError
from weak_label_records import TEXTS, weak


def ids(records: Any) -> list[Any]:
    return [each.id for each in records]


# Majority


def test_votes_logged_as_predictions_leave_annotations_as_they_are(mail: None) -> None:
    before = {each.id: each.annotation for each in rg.load("mail")}
    rg.log(MajorityVoter(weak()).predict(include_annotated_records=True, prediction_agent="rules"), "mail")
    after = rg.load("mail")

    assert {each.id: each.annotation for each in after} == before
    assert sorted(ids(rg.load("mail", query="predicted_by:rules"))) == [0, 1, 2, 3, 4, 5, 6, 9]


def test_the_majority_leaves_out_ties_and_annotated_records(mail: None) -> None:
    voter = MajorityVoter(weak())

    assert ids(voter.predict()) == [2, 4, 9]
    kept = voter.predict(include_abstentions=True)
    assert [(each.id, each.prediction is None) for each in kept] == [
        (2, False),
        (4, False),
        (7, True),
        (9, False),
    ]
    everything = voter.predict(include_annotated_records=True)
    assert ids(everything) == [0, 1, 2, 3, 4, 5, 6, 9]
    [five] = [each for each in everything if each.id == 5]
    assert five.prediction == [
        ("spam", pytest.approx(2 / 3)),
        ("ham", pytest.approx(1 / 3)),
        ("other", 0.0),
    ]
    assert (five.annotation, five.status, five.prediction_agent) == ("ham", "Validated", "MajorityVoter")


def test_a_tie_is_broken_the_same_way_whichever_records_are_asked_for(mail: None) -> None:
    voter = MajorityVoter(weak())

    def of(id: int, **more: Any) -> Any:
        found = voter.predict(tie_break_policy="random", **more)
        return next(each.prediction for each in found if each.id == id)

    assert of(7) == of(7, include_annotated_records=True)
    assert [score for _, score in of(7)] == pytest.approx([0.333433, 0.333283, 0.333283], abs=1e-6)
    eight = of(8, include_annotated_records=True)
    assert {label for label, _ in eight[:2]} == {"ham", "other"}
    assert [score for _, score in eight] == pytest.approx([0.5001, 0.4999, 0.0])
    with pytest.raises(NotImplementedError):
        voter.predict(tie_break_policy="true-random")
    with pytest.raises(ValueError, match=r"abstain.*random.*true-random"):
        voter.predict(tie_break_policy="dice")


def test_the_score_of_the_majority(mail: None) -> None:
    found: Any = MajorityVoter(weak()).score()

    assert (found["accuracy"], found["weighted avg"]["support"]) == (0.8, 5)
    assert (found["spam"]["precision"], found["spam"]["recall"]) == (0.75, 1)
    assert (found["ham"]["precision"], found["ham"]["recall"]) == (1, 0.5)
    assert found["macro avg"]["f1-score"] == pytest.approx(0.7619, abs=1e-4)
    assert list(found)[:3] == ["spam", "ham", "other"]
    assert found["other"]["support"] == 0
    text = MajorityVoter(weak()).score(output_str=True)
    assert isinstance(text, str)
    assert "accuracy" in text


def test_predictions_are_copies(mail: None) -> None:
    found = weak()
    predicted = MajorityVoter(found).predict()
    predicted[0].metadata = {"changed": True}

    assert found.records()[2].metadata != {"changed": True}
    assert found.records()[2].prediction is None
    rg.log(predicted, "mail-weak", verbose=False)
    assert ids(rg.load("mail-weak", query="predicted_by:MajorityVoter")) == [2, 4, 9]


def test_the_majority_of_several_labels(several: WeakMultiLabels) -> None:
    voter = MajorityVoter(several)

    found = {
        each.id: [label for label, score in each.prediction or () if score > 0.5] for each in voter.predict()
    }
    assert found == {3: ["speed", "pos"], 5: ["pos", "neg"], 6: ["speed", "pos"]}
    report: Any = voter.score()
    assert (report["neg"]["precision"], report["neg"]["recall"]) == (1, 1)
    assert (report["pos"]["precision"], report["pos"]["recall"]) == (0.5, 1)
    assert (report["speed"]["precision"], report["speed"]["recall"]) == (0.5, 1)
    assert report["micro avg"]["f1-score"] == 0.75
    assert (report["samples avg"]["precision"], report["samples avg"]["recall"]) == (0.5, 0.8)


def test_where_nothing_is_annotated_or_all_is_the_error_says_so(active: rg.Client) -> None:
    for name, label in (("none", None), ("all", "spam")):
        records = [rg.TextClassificationRecord(text=text, annotation=label) for text in TEXTS]
        rg.log(records, name, verbose=False)
    rules = [Rule(each, "spam") for each in ("free", "money", "now")]
    models: list[Callable[[WeakLabels], Any]] = [MajorityVoter, WeightedVoter, FlyingSquid]
    for make in models:
        model = make(WeakLabels("none", rules))
        if make is not MajorityVoter:
            with pytest.raises(NotFittedError):
                model.predict()
            model.fit()
        with pytest.raises(MissingAnnotationError):
            model.score()
    with pytest.raises(AssertionError, match="all of them are annotated"):
        MajorityVoter(WeakLabels("all", rules)).predict()
    with pytest.raises(NotImplementedError):
        MajorityVoter(WeakLabels("all", rules)).fit()


def test_models_of_one_label_refuse_several(several: WeakMultiLabels) -> None:
    for make in (WeightedVoter, FlyingSquid, Snorkel):
        with pytest.raises(MultiLabelError):
            make(several)  # type: ignore[arg-type]


# Learned models


def simulated(active: rg.Client, *, labels: int, seed: int) -> tuple[WeakLabels, dict[str, float]]:
    """Records whose true label is annotated, and rules that are right as often as they are drawn to be."""
    dice = random.Random(seed)
    names = [f"label{n}" for n in range(labels)]
    accuracies = {f"rule{n}": dice.uniform(0.55, 0.95) for n in range(7)}
    records, votes = [], {}
    for n in range(800):
        truth = dice.choice(names)
        records.append(rg.TextClassificationRecord(text="x", id=n, annotation=truth))
        for rule, accuracy in accuracies.items():
            if dice.random() < 0.6:
                others = [each for each in names if each != truth]
                votes[rule, n] = truth if dice.random() < accuracy else dice.choice(others)
    name = f"simulated-{labels}-{seed}"
    rg.log(records, name, verbose=False)

    def rule_of(rule: str) -> Callable[[Any], str | None]:
        def vote(record: Any) -> str | None:
            return votes.get((rule, record.id))

        vote.__name__ = rule
        return vote

    return WeakLabels(name, [rule_of(each) for each in accuracies]), accuracies


@pytest.mark.parametrize("labels", [2, 3])
def test_learned_models_are_better_than_the_majority_and_find_the_accuracies(
    active: rg.Client, labels: int
) -> None:
    found, accuracies = simulated(active, labels=labels, seed=labels)

    def accuracy(model: Any) -> float:
        report = model.score("random")
        assert isinstance(report, dict)
        return float(report["accuracy"])

    weighted, triplets = WeightedVoter(found), FlyingSquid(found)
    # all records are annotated, and what is annotated would count as known: so learn from the votes alone
    blank = WeakLabels.__new__(WeakLabels)
    blank.__dict__.update(found.__dict__, _annotated=np.zeros(len(found), dtype=np.bool_))
    for model in (weighted, triplets):
        model._weak_labels = blank
        model.fit()
        model._weak_labels = found

    assert accuracy(weighted) > accuracy(MajorityVoter(found))
    assert accuracy(triplets) > accuracy(MajorityVoter(found)) - 0.03
    for rule, value in weighted.accuracies.items():  # half-way to .7, which as many imagined votes are
        assert value == pytest.approx((accuracies[rule] + 0.7) / 2, abs=0.06)


def test_what_is_annotated_counts_as_known(mail: None) -> None:
    model = WeightedVoter(weak())
    model.fit(include_annotated_records=True)

    # money is right both times of three votes; later right once, wrong once, of three
    assert model.accuracies["money"] > model.accuracies["later"]
    with pytest.raises(TypeError, match="'epochs'"):
        model.fit(epochs=3)
    with pytest.raises(ValueError, match="shares"):
        WeightedVoter(weak(), shares=[1, 2])
    with pytest.raises(ValueError, match="shares"):
        WeightedVoter(weak(), shares="odd")


def test_one_step_of_the_weighted_vote_by_hand(active: rg.Client) -> None:
    rg.log(
        [rg.TextClassificationRecord(text=text, id=text) for text in ("a", "b", "a b")],
        "small",
        verbose=False,
    )
    model = WeightedVoter(WeakLabels("small", [Rule("a", "x"), Rule("b", "y")]))
    model.fit()

    alpha = model.accuracies["a"]
    assert alpha == pytest.approx(model.accuracies["b"])  # the two are mirror images
    # a fixed point of: (q(a) + q(a b) + w * .7) / (v + w), with v = 2 votes, w = 4
    assert alpha == pytest.approx((alpha + 0.5 + 4 * 0.7) / 6, abs=1e-5)
    predicted = {each.id: dict(each.prediction or ()) for each in model.predict()}
    assert predicted["a"]["x"] == pytest.approx(alpha, abs=1e-5)
    assert "a b" not in predicted


def test_triplets_of_exact_agreement_give_the_accuracies_back() -> None:
    true = np.array([0.8, 0.6, 0.4, 0.9])

    assert _accuracies(np.outer(true, true)) == pytest.approx(true)


def test_flying_squid_says_what_it_cannot_do(mail: None) -> None:
    with pytest.raises(TooFewRulesError, match="at least 3"):
        FlyingSquid(WeakLabels("mail", [Rule("free", "spam"), Rule("later", "ham")]))
    with pytest.raises(ValueError, match="m is"):
        FlyingSquid(weak(), m=3)
    with pytest.warns(UserWarning, match="no effect"):
        model = FlyingSquid(weak(), triplet_seed=3)
    with pytest.raises(ValueError, match="L_train"):
        model.fit(L_train=[[1]])
    with pytest.raises(NotFittedError):
        model.score()
    model.fit()
    for record in model.predict(include_annotated_records=True):
        assert sum(score for _, score in record.prediction or ()) == pytest.approx(1)


def test_snorkel_says_how_to_install_it(mail: None) -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install snorkel"):
        Snorkel(weak())


# Label errors


def doubtful() -> list[rg.TextClassificationRecord]:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, 120)
    scores = np.full((120, 3), 0.05)
    scores[np.arange(120), y] = 0.9
    scores += rng.random((120, 3)) * 0.2
    scores /= scores.sum(axis=1, keepdims=True)
    label = y.copy()
    flip = rng.choice(120, 12, replace=False)
    label[flip] = (y[flip] + 1) % 3
    return [
        rg.TextClassificationRecord(
            text="x",
            id=n,
            annotation="abc"[label[n]],
            prediction=list(zip("abc", scores[n].tolist(), strict=True)),
        )
        for n in range(120)
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("likelihood", [99, 26, 117, 13, 92, 6, 68, 7]),
        ("prediction", [99, 117, 6, 92, 26, 68, 13, 7]),
        ("none", [6, 7, 13, 26, 68, 92, 99, 117]),
    ],
)
def test_annotations_that_predictions_make_doubtful(order: str, expected: list[int]) -> None:
    records = doubtful()
    records[0].metadata = {"kept": 1}
    found = find_label_errors(records, sort_by=order, metadata_key="rank")

    assert ids(found) == expected
    assert found[0] is records[expected[0]]
    ranks = [each.metadata.get("rank") if each.metadata else None for each in found]
    assert ranks == ([None] * 8 if order == "none" else list(range(8)))


def test_doubtful_annotations_of_several_labels() -> None:
    records = [
        rg.TextClassificationRecord(
            text="x",
            id=each.id,
            annotation=[str(each.annotation)],
            prediction=each.prediction,
            multi_label=True,
        )
        for each in doubtful()
    ]

    assert ids(find_label_errors(records)) == [99, 117, 6, 92, 26, 13, 72, 68, 46, 119, 34, 7]


def test_what_cannot_be_searched_for_label_errors() -> None:
    record = rg.TextClassificationRecord(text="x", id=1, annotation="a", prediction=[("a", 0.5), ("b", 0.5)])
    short = rg.TextClassificationRecord(text="x", id=2, annotation="a", prediction=[("a", 1.0)])
    other = rg.TextClassificationRecord(text="x", id=3, annotation="c", prediction=[("a", 0.5), ("b", 0.5)])

    with pytest.raises(NoRecordsError):
        find_label_errors([rg.TextClassificationRecord(text="x", annotation="a")])
    for wrong, missing in ((short, r"2 .*\['b'\]"), (other, r"3 .*\['c'\]")):
        with pytest.raises(MissingPredictionError, match=missing):
            find_label_errors([record, wrong])
    with pytest.raises(ValueError, match="likelihood"):
        find_label_errors([record], sort_by="luck")
    with pytest.raises(ValueError, match="sort_by"):
        find_label_errors([record], return_indices_ranked_by="x")


@pytest.mark.parametrize("several", [False, True])
def test_without_cleanlab_it_says_how_to_install_it_and_changes_no_record(
    several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cleanlab", "cleanlab.filter", "cleanlab.multilabel_classification.filter"):
        monkeypatch.setitem(sys.modules, module, None)
    record = rg.TextClassificationRecord(
        text="x", annotation=["a"] if several else "a", prediction=[("a", 1.0)], multi_label=several
    )

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'apportion\[label-errors\]'"):
        find_label_errors([record])
    assert not record.metadata

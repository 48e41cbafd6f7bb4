"""The method of triplets (FlyingSquid): accuracies of rules in closed form, from how often they agree by pairs."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import Any

from apportion.sdk.datasets import DatasetForTextClassification

from ._arrays import Array, numpy
from ._model import NotFittedError, SingleLabelModel, TieBreakPolicy, TooFewRulesError, votes_by_rule
from .weak_labels import WeakLabels

__all__ = ["FlyingSquid"]

_FEWEST = 3
_LEAST = 1e-6
_FLOOR = 0.05
"""The least share of a rule's votes that can be wrong: with three labels and more the equations may leave none, and
one vote would then outweigh all others."""


class FlyingSquid(SingleLabelModel):
    """The method of triplets, for three rules or more.

    For any three rules, how often they agree by pairs says how often each is right, if they err independently; the
    estimates of all triplets are averaged. Labels count as equally frequent. For more than two labels there is a model
    for each against all others, and their probabilities are divided by their sum.

    Raises ``TooFewRulesError``.
    """

    def __init__(self, weak_labels: WeakLabels, **kwargs: Any) -> None:
        super().__init__(weak_labels)
        if len(weak_labels.rules) < _FEWEST:
            raise TooFewRulesError(
                f"FlyingSquid needs at least {_FEWEST} rules; there are {len(weak_labels.rules)}."
            )
        if "m" in kwargs:
            raise ValueError("m is the number of rules, which the weak labels say.")
        _no_effect(kwargs)
        self._models: list[Array] | None = None

    def fit(self, include_annotated_records: bool = False, **kwargs: Any) -> None:
        """Estimate from the votes on records without an annotation, or on all."""
        if "L_train" in kwargs:
            raise ValueError("L_train is the matrix of the weak labels.")
        _no_effect(kwargs)
        rows = self._rows(include_annotated_records)
        assert len(rows), "There are no records to fit to: all of them are annotated."
        self._models = [_joint(self._signs(rows, label)) for label in self._modelled()]

    def predict(  # type: ignore[override]
        self,
        include_annotated_records: bool = False,
        include_abstentions: bool = False,
        prediction_agent: str = "FlyingSquid",
        verbose: bool = True,  # noqa: ARG002 - notebooks of 1.x give it
        tie_break_policy: TieBreakPolicy | str = "abstain",
    ) -> DatasetForTextClassification:
        """Return copies of the records with predictions; see ``LabelModel.predict``. ``verbose`` has no effect."""
        self._fitted()
        return super().predict(
            include_annotated_records, include_abstentions, prediction_agent, tie_break_policy
        )

    def score(  # type: ignore[override]
        self,
        tie_break_policy: TieBreakPolicy | str = "abstain",
        verbose: bool = False,  # noqa: ARG002 - notebooks of 1.x give it
        output_str: bool = False,
    ) -> dict[str, Any] | str:
        """Compare predictions with annotations; see ``LabelModel.score``. ``verbose`` has no effect."""
        self._fitted()
        return super().score(tie_break_policy, output_str)

    def _modelled(self) -> list[int]:
        """Return the labels that have a model: of two, the second one is enough."""
        count = self._weak_labels.cardinality
        return [count - 1] if count <= 2 else list(range(count))

    def _signs(self, rows: Array, label: int) -> Array:
        """Return the votes as 1 for the label, -1 for any other, 0 for an abstention."""
        np = numpy()
        found = np.zeros((len(rows), len(self._weak_labels.rules)), dtype=np.int8, order="F")
        for column, (here, labels) in enumerate(votes_by_rule(self._weak_labels, rows)):
            found[here, column] = np.where(labels == label, 1, -1)
        return found

    def _chances(self, rows: Array) -> Array:
        np = numpy()
        by_label = [
            _posterior(self._signs(rows, label), joint)
            for label, joint in zip(self._modelled(), self._fitted(), strict=True)
        ]
        if len(by_label) == 1 and self._weak_labels.cardinality == 1:
            return np.ones((len(rows), 1))
        if len(by_label) == 1:
            return np.stack([1 - by_label[0], by_label[0]], axis=1)
        found = np.stack(by_label, axis=1)
        return found / found.sum(axis=1, keepdims=True)

    def _fitted(self) -> list[Array]:
        if self._models is None:
            raise NotFittedError("FlyingSquid has to be fitted first: model.fit().")
        return self._models


def _joint(signs: Array) -> Array:
    """Return for each rule the probabilities of (vote, truth): (+,+), (+,-), (-,+), (-,-)."""
    np = numpy()
    accuracies = _accuracies(_products(signs))
    found = np.empty((signs.shape[1], 4))
    for column, accuracy in enumerate(accuracies):
        plus, minus = (signs[:, column] == 1).mean(), (signs[:, column] == -1).mean()
        # Votes and abstentions are as frequent for either truth, which is as often + as -
        found[column] = [2 * plus + accuracy, 2 * plus - accuracy, 2 * minus - accuracy, 2 * minus + accuracy]
        found[column] = np.maximum(
            found[column] / 4, [_FLOOR * plus, _FLOOR * plus, _FLOOR * minus, _FLOOR * minus]
        )
    return np.maximum(found, _LEAST)


def _products(signs: Array) -> Array:
    """Return the mean product of the votes of every two rules."""
    np = numpy()
    found = np.zeros((signs.shape[1], signs.shape[1]))
    for start in range(0, len(signs), 100_000):
        some = signs[start : start + 100_000].astype(np.float32)
        found += some.T @ some
    return found / max(len(signs), 1)


def _accuracies(products: Array) -> Array:
    """Return how far each rule's votes go with the truth, the mean over all pairs of others; 0 where none says."""
    np = numpy()
    means = np.abs(products)
    found = np.zeros(len(means))
    for rule in range(len(means)):
        others = [other for other in range(len(means)) if other != rule]
        estimates = [
            np.sqrt(means[rule, a] * means[rule, b] / means[a, b])
            for a, b in combinations(others, 2)
            if means[a, b] > 0
        ]
        if estimates:
            found[rule] = min(1.0, float(np.mean(estimates)))
    return found


def _posterior(signs: Array, joint: Array) -> Array:
    """Return the probability of + by the rules that vote, each on its own."""
    np = numpy()
    found = np.zeros(len(signs))
    for column, (plus_plus, plus_minus, minus_plus, minus_minus) in enumerate(joint.tolist()):
        gains = np.array([0.0, np.log(plus_plus / plus_minus), np.log(minus_plus / minus_minus)])
        found += gains[signs[:, column]]  # -1 takes the last one
    return 1 / (1 + np.exp(-found))


def _no_effect(options: dict[str, Any]) -> None:
    if options:
        warnings.warn(
            f"{', '.join(options)}: options of the library flyingsquid have no effect here", stacklevel=3
        )

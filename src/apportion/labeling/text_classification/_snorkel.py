"""Snorkel's label model, for those who have Snorkel installed."""

from __future__ import annotations

from typing import Any

from apportion.sdk._optional import library

from ._arrays import Array, numpy
from ._model import NotFittedError, SingleLabelModel, TieBreakPolicy, votes_by_rule
from .weak_labels import WeakLabels

__all__ = ["Snorkel"]


class Snorkel(SingleLabelModel):
    """The label model of the library Snorkel, which is not installed with us: it brings PyTorch along.

    ``fit`` passes on what it is given. The library breaks ties, by any of the three policies.

    Raises ``ModuleNotFoundError`` that says how to install it.
    """

    def __init__(self, weak_labels: WeakLabels, verbose: bool = True, device: str = "cpu") -> None:
        super().__init__(weak_labels)
        model = library("snorkel.labeling.model", "snorkel").LabelModel
        self._model = model(cardinality=weak_labels.cardinality, verbose=verbose, device=device)
        self._is_fitted = False

    def fit(self, include_annotated_records: bool = False, **kwargs: Any) -> None:
        """Fit the model to the votes on records without an annotation, or on all."""
        if "L_train" in kwargs:
            raise ValueError("L_train is the matrix of the weak labels.")
        rows = self._rows(include_annotated_records)
        assert len(rows), "There are no records to fit to: all of them are annotated."
        self._model.fit(L_train=self._matrix(rows), **kwargs)
        self._is_fitted = True

    def _decided(self, rows: Array, policy: TieBreakPolicy) -> tuple[Array, Array]:
        if not self._is_fitted:
            raise NotFittedError("Snorkel has to be fitted first: model.fit().")
        np = numpy()
        winners, found = self._model.predict(
            L=self._matrix(rows), return_probs=True, tie_break_policy=str(policy)
        )
        found = np.array(found)
        best = found.max(axis=1)
        decided = np.asarray(winners) >= 0
        places = np.flatnonzero(decided)
        tied = places[(np.abs(found[places] - best[places, None]) <= 1e-8).sum(axis=1) > 1]
        found[tied, winners[tied]] += 0.0001  # the label that won the tie comes first
        return found, decided

    def _matrix(self, rows: Array) -> Array:
        """Return the votes as Snorkel has them: labels from 0 on, -1 for an abstention."""
        np = numpy()
        found = np.full((len(rows), len(self._weak_labels.rules)), -1, dtype=np.int64)
        for column, (here, labels) in enumerate(votes_by_rule(self._weak_labels, rows)):
            found[here, column] = labels
        return found

"""A majority vote that weighs each rule by how often it is right, which it learns from the votes themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._arrays import Array, numpy
from ._model import NotFittedError, SingleLabelModel, votes_by_rule
from .weak_labels import WeakLabels

__all__ = ["WeightedVoter"]

_PRIOR = 0.7
_HIGHEST = 0.99
_CLOSE = 1e-6
_MOST_STEPS = 1_000


class WeightedVoter(SingleLabelModel):
    """A vote in which every rule has one accuracy, estimated by expectation maximisation.

    The shares of the labels are fixed: ``"even"``, ``"annotated"`` for those of the annotated records, or a number for
    each label in the order of ``weak_labels.labels``. An abstention says nothing. An accuracy starts, and is held back,
    by as many imagined votes as the rule has, of which seven in ten are right.

    ``accuracies`` has the accuracy of each rule by name once the model is fitted.

    >>> model = WeightedVoter(weak)  # doctest: +SKIP
    >>> model.fit()  # doctest: +SKIP
    >>> rg.log(model.predict(), "reviews-weak")  # doctest: +SKIP
    """

    def __init__(self, weak_labels: WeakLabels, shares: str | Sequence[float] = "even") -> None:
        super().__init__(weak_labels)
        self._shares = self._checked(shares)
        self._found: Array | None = None

    @property
    def accuracies(self) -> dict[str, float]:
        """The accuracy of each rule. Raises ``NotFittedError``."""
        return dict(zip(self._weak_labels._names, self._fitted().tolist(), strict=True))

    def fit(self, include_annotated_records: bool = False, **kwargs: Any) -> None:
        """Estimate the accuracies from the votes on records without an annotation.

        With ``include_annotated_records`` from all, and what is annotated counts as known.
        """
        if kwargs:
            raise TypeError(f"WeightedVoter.fit does not know {', '.join(map(repr, kwargs))}.")
        np, rows = numpy(), self._rows(include_annotated_records)
        assert len(rows), "There are no records to fit to: all of them are annotated."
        votes = list(votes_by_rule(self._weak_labels, rows))
        known, labels = self._known(rows)
        lowest = 1 / self._weak_labels.cardinality + 0.01 if self._weak_labels.cardinality else 0.01
        accuracies = np.full(len(votes), _PRIOR)
        for _ in range(_MOST_STEPS):
            chances = self._posterior(len(rows), votes, accuracies)
            chances[known] = 0
            chances[known, labels] = 1
            right = np.array([chances[here, voted].sum() for here, voted in votes])
            count = np.array([len(here) for here, _ in votes])
            weight = count + 2
            before = accuracies
            accuracies = np.clip((right + weight * _PRIOR) / (count + weight), lowest, _HIGHEST)
            if np.abs(accuracies - before).max() < _CLOSE:
                break
        self._found = accuracies

    def _known(self, rows: Array) -> tuple[Array, Array]:
        """Return which of the rows are annotated, and the places of their labels."""
        np, weak = numpy(), self._weak_labels
        annotated = weak.annotation(include_missing=True)[rows]
        places = {weak.label2int[label]: place for place, label in enumerate(weak.labels)}
        known = np.flatnonzero(weak._annotated[rows])
        return known, np.array([places[number] for number in annotated[known].tolist()], dtype=np.int64)

    def _chances(self, rows: Array) -> Array:
        found: Array = self._posterior(
            len(rows), list(votes_by_rule(self._weak_labels, rows)), self._fitted()
        )
        return found

    def _posterior(self, count: int, votes: list[tuple[Array, Array]], accuracies: Array) -> Any:
        np, cardinality = numpy(), self._weak_labels.cardinality
        found = np.tile(np.log(self._shares), (count, 1))
        for (here, labels), accuracy in zip(votes, accuracies.tolist(), strict=True):
            found[here, labels] += np.log(accuracy) - np.log((1 - accuracy) / max(cardinality - 1, 1))
        found = np.exp(found - found.max(axis=1, keepdims=True))
        return found / found.sum(axis=1, keepdims=True)

    def _fitted(self) -> Array:
        if self._found is None:
            raise NotFittedError("WeightedVoter has to be fitted first: model.fit().")
        return self._found

    def _checked(self, shares: str | Sequence[float]) -> Array:
        np, weak = numpy(), self._weak_labels
        count = weak.cardinality
        if isinstance(shares, str):
            if shares not in ("even", "annotated"):
                raise ValueError(f"shares is 'even', 'annotated' or a number for each label; got {shares!r}.")
            if shares == "even" or not weak._annotated.any():
                return np.full(count, 1 / max(count, 1))
            annotated = weak.annotation()
            found = np.array([(annotated == weak.label2int[label]).sum() for label in weak.labels]) + 1.0
        else:
            found = np.asarray(shares, dtype=np.float64)
            if found.shape != (count,) or not (found > 0).all():
                raise ValueError(f"shares needs a number above 0 for each of {weak.labels}; got {shares!r}.")
        return found / found.sum()

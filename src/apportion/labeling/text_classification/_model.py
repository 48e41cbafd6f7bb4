"""Base of all label models: from a probability per record and label to predictions and a score."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from enum import Enum
from typing import Any, ClassVar

from apportion.sdk._optional import library
from apportion.sdk.datasets import DatasetForTextClassification

from ._arrays import EXTRA, Array, numpy
from .weak_labels import MultiLabelError, WeakLabels, WeakLabelsBase, WeakMultiLabels

__all__ = [
    "LabelModel",
    "LabelModelError",
    "MissingAnnotationError",
    "NotFittedError",
    "SingleLabelModel",
    "TieBreakPolicy",
    "TooFewRulesError",
    "report",
]

_EQUAL = 1e-8
_NUDGE = 0.0001


class LabelModelError(Exception):
    """Any error of label models."""


class MissingAnnotationError(LabelModelError):
    """No record is annotated, so there is nothing to compare with."""


class TooFewRulesError(LabelModelError):
    """The model needs more rules."""


class NotFittedError(LabelModelError):
    """The model has to be fitted first."""


class TieBreakPolicy(str, Enum):
    """Treatment of a record for which several labels are equally likely.

    ``abstain``: it gets no prediction. ``random``: one of them wins, always the same one for a record, by its id.
    ``true-random``: another one each time, in models that can do so.
    """

    ABSTAIN = "abstain"
    RANDOM = "random"
    TRUE_RANDOM = "true-random"

    @classmethod
    def _missing_(cls, value: object) -> TieBreakPolicy:
        raise ValueError(f"{value!r} is no tie break policy; there are {[each.value for each in cls]}.")

    def __str__(self) -> str:
        return str(self.value)


class LabelModel:
    """A model of the votes of weak labels."""

    def __init__(self, weak_labels: WeakLabelsBase) -> None:
        self._weak_labels = weak_labels

    @property
    def weak_labels(self) -> WeakLabelsBase:
        """The weak labels."""
        return self._weak_labels

    def fit(self, include_annotated_records: bool = False, **kwargs: Any) -> None:
        """Fit the model to the votes."""
        raise NotImplementedError(f"{type(self).__name__} can't be fitted.")

    def predict(
        self,
        include_annotated_records: bool = False,
        include_abstentions: bool = False,
        prediction_agent: str | None = None,
        tie_break_policy: TieBreakPolicy | str = "abstain",
    ) -> DatasetForTextClassification:
        """Return copies of the records with predictions, all labels each, the likeliest first.

        Records without an annotation, unless ``include_annotated_records``; those for which the model abstains only
        with ``include_abstentions``, and then without a prediction.
        """
        rows = self._rows(include_annotated_records)
        assert len(rows), "There are no records to predict for: all of them are annotated."
        found, decided = self._decided(rows, TieBreakPolicy(tie_break_policy))
        return self._predictions(
            rows, found, decided, prediction_agent or type(self).__name__, keep=include_abstentions
        )

    def score(
        self, tie_break_policy: TieBreakPolicy | str = "abstain", output_str: bool = False
    ) -> dict[str, Any] | str:
        """Compare the predictions with the annotations, records left out for which the model abstains.

        Returns the report of scikit-learn, as a dictionary or as text. Raises ``MissingAnnotationError``.
        """
        return self._scored(TieBreakPolicy(tie_break_policy), output_str=output_str)

    def _scored(self, policy: TieBreakPolicy, *, output_str: bool) -> dict[str, Any] | str:
        rows = numpy().flatnonzero(self._weak_labels._annotated)
        if not len(rows):
            raise MissingAnnotationError(
                "None of the records is annotated, so there is nothing to compare with."
            )
        found, decided = self._decided(rows, policy)
        if not decided.any():
            raise MissingAnnotationError(
                "The model abstains for all annotated records, so there is nothing to compare."
            )
        return self._compared(rows[decided], found[decided], output_str=output_str)

    def _decided(self, rows: Array, policy: TieBreakPolicy) -> tuple[Array, Array]:
        """Return a probability per row and label, and for which rows there is a decision."""
        raise NotImplementedError

    def _compared(self, rows: Array, found: Array, *, output_str: bool) -> dict[str, Any] | str:
        raise NotImplementedError

    def _rows(self, include_annotated_records: bool) -> Array:
        np = numpy()
        if include_annotated_records:
            return np.arange(len(self._weak_labels))
        rows: Array = np.flatnonzero(~self._weak_labels._annotated)
        return rows

    def _predictions(
        self, rows: Array, found: Array, decided: Array, agent: str, *, keep: bool
    ) -> DatasetForTextClassification:
        records, labels = self._weak_labels.records(), self._weak_labels.labels
        made = []
        for row, chances, has in zip(rows.tolist(), found.tolist(), decided.tolist(), strict=True):
            if not has and not keep:
                continue
            record = deepcopy(records[row])
            record.prediction = _ranked(chances, labels) if has else None
            record.prediction_agent = agent if has else None  # without a prediction it would not be logged
            made.append(record)
        return DatasetForTextClassification(made)


def _ranked(chances: list[float], labels: list[str]) -> list[tuple[str, float]]:
    order = sorted(range(len(chances)), key=lambda place: (-chances[place], -place))
    return [(labels[place], chances[place]) for place in order]


class SingleLabelModel(LabelModel):
    """A model that finds a probability for each label of a record, one of which is right."""

    _weak_labels: WeakLabels
    _can_be_random: ClassVar[bool] = False

    def __init__(self, weak_labels: WeakLabels) -> None:
        if isinstance(weak_labels, WeakMultiLabels):
            raise MultiLabelError(
                f"{type(self).__name__} is for records that have one label; use MajorityVoter."
            )
        super().__init__(weak_labels)

    def _chances(self, rows: Array) -> Array:
        """Return a probability per row and label."""
        raise NotImplementedError

    def _decided(self, rows: Array, policy: TieBreakPolicy) -> tuple[Array, Array]:
        np = numpy()
        found = self._chances(rows)
        tied = np.abs(found - found.max(axis=1, keepdims=True)) <= _EQUAL
        ties = tied.sum(axis=1)
        open_rows = (ties > 1) | ~self._weak_labels._votes()[rows].any(axis=1)
        if policy is TieBreakPolicy.ABSTAIN:
            return found, ~open_rows
        if policy is TieBreakPolicy.TRUE_RANDOM and (ties > 1).any():
            raise NotImplementedError(
                f"{type(self).__name__} can't break ties at random each time; use 'random'."
            )
        self._break_ties(found, tied, rows, np.flatnonzero(ties > 1))
        return found, np.ones(len(rows), dtype=np.bool_)

    def _break_ties(self, found: Array, tied: Array, rows: Array, which: Array) -> None:
        np, ids = numpy(), self._weak_labels._ids
        for place in which.tolist():
            among = np.flatnonzero(tied[place])
            digest = hashlib.sha1(ids[rows[place]].encode()).hexdigest()  # noqa: S324
            found[place, among] -= _NUDGE / (len(among) - 1)
            winner = among[int(digest, 16) % len(among)]
            found[place, winner] += _NUDGE + _NUDGE / (len(among) - 1)

    def _compared(self, rows: Array, found: Array, *, output_str: bool) -> dict[str, Any] | str:
        weak = self._weak_labels
        annotated = _places(weak)[weak.annotation(include_missing=True)[rows] - min(weak.int2label)]
        found_report: dict[str, Any] | str = report(
            annotated, found.argmax(axis=1), weak.labels, output_str=output_str
        )
        return found_report


def _places(weak: WeakLabels) -> Array:
    """Return the place of each label in the order of labels, by number from the lowest one; -1 for an abstention."""
    np, numbers = numpy(), weak.label2int
    low = min(numbers.values())
    found = np.full(max(numbers.values()) - low + 1, -1, dtype=np.int16)
    for place, label in enumerate(weak.labels):
        found[numbers[label] - low] = place
    return found


def votes_by_rule(weak: WeakLabels, rows: Array) -> Iterator[tuple[Array, Array]]:
    """Yield for each rule on which of the rows it votes, and for the how-manieth label."""
    np, places, low = numpy(), _places(weak), min(weak.int2label)
    matrix = weak.matrix()
    everything = len(rows) == len(matrix)
    for column in range(matrix.shape[1]):
        votes = matrix[:, column] if everything else matrix[rows, column]
        found = places[votes.astype(np.int32) - low]
        here = np.flatnonzero(found >= 0)
        yield here, found[here]


def report(annotated: Array, predicted: Array, labels: list[str], *, output_str: bool) -> Any:
    """Return scikit-learn's report; as a dictionary of all labels, in their order.

    The averages are over labels that are annotated or predicted: one that is neither tells nothing of the model.
    """
    np = numpy()
    if annotated.ndim == 1:
        there = sorted({*np.unique(annotated).tolist(), *np.unique(predicted).tolist()})
    else:
        there = np.flatnonzero((annotated == 1).any(axis=0) | predicted.any(axis=0)).tolist()
    found = library("sklearn.metrics", EXTRA).classification_report(
        annotated,
        predicted,
        labels=there,
        target_names=[labels[place] for place in there],
        output_dict=not output_str,
        zero_division=0,
    )
    if output_str:
        return found
    nothing = {"precision": 0.0, "recall": 0.0, "f1-score": 0.0, "support": 0.0}
    return {**dict.fromkeys(labels, nothing), **found}

"""The simplest label model: the label that most rules vote for."""

from __future__ import annotations

from typing import Any

from ._arrays import Array, numpy
from ._model import LabelModel, SingleLabelModel, TieBreakPolicy, report, votes_by_rule
from .weak_labels import WeakLabels, WeakLabelsBase, WeakMultiLabels

__all__ = ["MajorityVoter"]


class MajorityVoter(LabelModel):
    """The label that most rules vote for; with several labels per record, every label that a rule votes for.

    Where no rule votes, all labels are tied. Of records with several labels those are left out on which no rule votes,
    and ties do not exist.

    >>> rg.log(MajorityVoter(weak).predict(), "reviews-weak")  # doctest: +SKIP
    """

    def __init__(self, weak_labels: WeakLabelsBase) -> None:
        super().__init__(weak_labels)
        self._single = _Shares(weak_labels) if isinstance(weak_labels, WeakLabels) else None

    def _decided(self, rows: Array, policy: TieBreakPolicy) -> tuple[Array, Array]:
        if self._single is not None:
            return self._single._decided(rows, policy)
        weak = self._weak_labels
        found = (weak.matrix()[rows] == 1).any(axis=1)
        return found.astype(numpy().float64), weak._votes()[rows].any(axis=1)

    def _compared(self, rows: Array, found: Array, *, output_str: bool) -> dict[str, Any] | str:
        if self._single is not None:
            return self._single._compared(rows, found, output_str=output_str)
        weak = self._weak_labels
        assert isinstance(weak, WeakMultiLabels)
        annotated = weak.annotation(include_missing=True)[rows]
        found_report: dict[str, Any] | str = report(
            annotated, found > 0.5, weak.labels, output_str=output_str
        )
        return found_report


class _Shares(SingleLabelModel):
    """The share of the votes that each label has."""

    def _chances(self, rows: Array) -> Array:
        np = numpy()
        found = np.zeros((len(rows), self._weak_labels.cardinality))
        for here, labels in votes_by_rule(self._weak_labels, rows):
            found[here, labels] += 1
        votes = found.sum(axis=1, keepdims=True)
        np.divide(found, votes, out=found, where=votes > 0)
        found[votes[:, 0] == 0] = 1 / self._weak_labels.cardinality
        return found

"""Find annotations that a model's predictions make doubtful, by the library cleanlab."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from enum import Enum
from typing import Any

from apportion.sdk._optional import library
from apportion.sdk.records import TextClassificationRecord

from ._arrays import numpy

__all__ = [
    "LabelErrorsException",
    "MissingPredictionError",
    "NoRecordsError",
    "SortBy",
    "find_label_errors",
]


class LabelErrorsException(Exception):
    """Any error of the search for label errors."""


class NoRecordsError(LabelErrorsException):
    """No record has both a prediction and an annotation."""


class MissingPredictionError(LabelErrorsException):
    """A record lacks the prediction of a label."""


class SortBy(str, Enum):
    """The order of the records found: by how likely it is that the annotation is wrong, by how unlikely the prediction
    finds the annotation, or as the records were given."""

    LIKELIHOOD = "likelihood"
    PREDICTION = "prediction"
    NONE = "none"

    @classmethod
    def _missing_(cls, value: object) -> SortBy:
        raise ValueError(f"{value!r} is no order; there are {[each.value for each in cls]}.")

    def __str__(self) -> str:
        return str(self.value)


_RANKING = {
    SortBy.LIKELIHOOD: "normalized_margin",
    SortBy.PREDICTION: "self_confidence",
    SortBy.NONE: None,
}


def find_label_errors(
    records: Sequence[TextClassificationRecord],
    sort_by: str | SortBy = "likelihood",
    metadata_key: str = "label_error_candidate",
    n_jobs: int | None = 1,
    **kwargs: Any,
) -> list[TextClassificationRecord]:
    """Return the records whose annotation is probably wrong, the likeliest first.

    Records without a prediction or an annotation are left out. The records returned are those given, and each has its
    rank from 0 on in ``metadata[metadata_key]``, unless they are in no order. Further options go to cleanlab's
    ``find_label_issues``. Needs the extra ``apportion[label-errors]``.

    >>> records = rg.load("reviews", query="_exists_:predicted_by")  # doctest: +SKIP
    >>> rg.log(find_label_errors(records), "reviews")  # doctest: +SKIP

    Raises ``NoRecordsError``, ``MissingPredictionError``, and ``ValueError`` for another order.
    """
    order = SortBy(sort_by)
    for name in ("return_indices_ranked_by", "sorted_index_method"):
        if name in kwargs:
            raise ValueError(f"{name} is what sort_by says; give sort_by instead.")
    if kwargs.pop("multi_label", None) is not None:
        warnings.warn(
            "multi_label has no effect: the records say whether they have several labels", stacklevel=2
        )
    kept = [record for record in records if record.prediction and record.annotation]
    if not kept:
        raise NoRecordsError("No record has both a prediction and an annotation.")
    np = numpy()
    several = kept[0].multi_label
    module = "cleanlab.multilabel_classification.filter" if several else "cleanlab.filter"
    find = library(module, "'apportion[label-errors]'").find_label_issues
    annotated, chances = _numbers(kept)
    options = {"n_jobs": n_jobs, "return_indices_ranked_by": _RANKING[order], **kwargs}
    labels = annotated if several else np.array(annotated)  # lists may be of any length
    found = find(labels, np.array(chances, dtype=np.float64), **options)
    places = np.flatnonzero(found) if order is SortBy.NONE else found
    errors = [kept[place] for place in places.tolist()]
    if order is not SortBy.NONE:
        for rank, record in enumerate(errors):
            record.metadata = {**(record.metadata or {}), metadata_key: rank}
    return errors


def _numbers(records: Sequence[TextClassificationRecord]) -> tuple[list[Any], list[list[float]]]:
    """Return the annotations as numbers of labels, lists of them for several, and the scores of all labels."""
    labels = sorted({label for record in records for label, _ in record.prediction or ()})
    number = {label: place for place, label in enumerate(labels)}
    annotated: list[Any] = []
    chances = []
    for record in records:
        scores: dict[str, float] = dict(record.prediction or ())
        given = record.annotation
        chosen: list[str] = [given] if isinstance(given, str) else list(given or ())
        missing = [label for label in labels if label not in scores] + [e for e in chosen if e not in number]
        if missing:
            raise MissingPredictionError(
                f"Record {record.id!r} has no prediction of {missing}: every record needs one of each label."
            )
        annotated.append([number[each] for each in chosen] if record.multi_label else number[chosen[0]])
        chances.append([float(scores[label]) for label in labels])
    return annotated, chances

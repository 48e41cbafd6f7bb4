"""Warn where intervals are known to fail: too few records in which anything but the usual answer came up.

Measures that correct for chance by how often each label comes up depend on the records that have another label than
most. ``python -m benchmarks agreement`` counts how many of their 95 % intervals contain the truth, by the number of
such records: with fewer than a dozen 60 to 89 of 100, with 12 to 14 92, from 15 on 94 and more. Percent agreement and
Gwet's AC1 do not have that weakness. Those of F1 do in 90 to 92 of 100 with spans on 3 to 14 records, in 93 and more
from 15 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apportion.domain.numpy_types import np

from .figures import Caution
from .measures import AnswerKind, Measure
from .ratings import Ratings

__all__ = ["ENOUGH", "caution_of"]

ENOUGH = 15
"""Shared records with another label than the most frequent, or with a span, that an interval needs to be reliable."""

_RELIABLE = {Measure.PERCENT, Measure.AC1, Measure.AC2_LINEAR, Measure.AC2_QUADRATIC, Measure.ALPHA_EDIT}


def caution_of(shared: Ratings, measure: Measure, label: str | None = None) -> tuple[Caution, int] | None:
    """Return the caution for a figure over such answers, and the number of records of which there should be more.

    ``label`` says that the figure is about the spans of one label alone.
    """
    if measure in _RELIABLE or not len(shared):
        return None
    if shared.kind is AnswerKind.SPANS:
        sets: Sequence[Any] = shared.values
        found = _records(shared, [any(label in (None, span[2]) for span in each) for each in sets])
        return (Caution.FEW_SPANS, found) if found < ENOUGH else None
    often = np.bincount(shared.value, minlength=len(shared.values))
    found = _records(shared, np.arange(len(shared.values)) != often.argmax())
    return (Caution.FEW_OTHER_LABELS, found) if found < ENOUGH else None


def _records(shared: Ratings, has: Any) -> int:
    """Return the number of records on which somebody gave one of the answers."""
    chosen = np.asarray(has, dtype=np.bool_)
    return len(np.unique(shared.unit[chosen[shared.value]]))

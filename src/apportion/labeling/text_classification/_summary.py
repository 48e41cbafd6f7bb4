"""The figures of a summary, computed in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._arrays import Array, numpy, pandas

__all__ = ["summary_of", "votes_at_most_and_least"]


def votes_at_most_and_least(matrix: Array, voted: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest vote of each row: they differ where rules are in conflict."""
    np = numpy()
    limits = np.iinfo(matrix.dtype)
    least = np.full(len(matrix), limits.max, dtype=matrix.dtype)
    most = np.full(len(matrix), limits.min, dtype=matrix.dtype)
    for column in range(matrix.shape[1]):
        votes, here = matrix[:, column], voted[:, column]
        np.minimum(least, votes, out=least, where=here)
        np.maximum(most, votes, out=most, where=here)
    nothing = least > most
    most[nothing] = least[nothing]
    return least, most


def summary_of(
    names: Sequence[str],
    voted: Array,
    rules: Sequence[tuple[set[Any], int, int]],
    annotated: Array,
    *,
    differing: Array | None = None,
    normalize: bool = False,
) -> Any:
    """Return the frame of a summary. ``rules`` has the labels of each rule, and its right and wrong votes."""
    np = numpy()
    count = np.zeros(len(voted), dtype=np.int32)
    for column in range(voted.shape[1]):
        count += voted[:, column]
    any_vote = count > 0
    columns: dict[str, Any] = {
        "label": [*(labels for labels, _, _ in rules), set().union(*(r[0] for r in rules))]
    }
    columns["coverage"] = _shares(voted, any_vote)
    if annotated.any():
        columns["annotated_coverage"] = _shares(voted[annotated], any_vote[annotated])
    columns["overlaps"] = _among(voted, count > 1, columns["coverage"], normalize=normalize)
    if differing is not None:
        columns["conflicts"] = _among(voted, differing, columns["coverage"], normalize=normalize)
    if annotated.any():
        correct = np.array([right for _, right, _ in rules], dtype=np.int64)
        incorrect = np.array([wrong for _, _, wrong in rules], dtype=np.int64)
        columns["correct"] = np.append(correct, correct.sum())
        columns["incorrect"] = np.append(incorrect, incorrect.sum())
        with np.errstate(invalid="ignore"):
            columns["precision"] = columns["correct"] / (columns["correct"] + columns["incorrect"])
    return pandas().DataFrame(columns, index=[*names, "total"])


def _shares(voted: Array, any_vote: Array) -> Array:
    return numpy().append(voted.mean(axis=0), any_vote.mean())


def _among(voted: Array, rows: Array, coverage: Array, *, normalize: bool) -> Array:
    """Return the share of records on which a rule votes and that are among ``rows``; for all rules together, too."""
    np = numpy()
    found = np.append([(voted[:, column] & rows).mean() for column in range(voted.shape[1])], rows.mean())
    if not normalize:
        return found
    return np.divide(found, coverage, out=np.zeros_like(found), where=coverage > 0)

"""For each rule, the nearest record it votes on of every record it abstains on: exact, in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apportion.sdk.progress import Progress

from ._arrays import Array, numpy

__all__ = ["Neighbours"]

_BLOCK = 4_000_000
"""The most products of two records that are held at once: 16 MB."""


@dataclass
class Neighbours:
    """By rule: the rows on which it abstains, the nearest row on which it votes, and how near that is."""

    rules: list[tuple[Array, Array, Array]]

    @staticmethod
    def of(embeddings: Any, voted: Array) -> Neighbours:
        """Compare the embeddings of all records. Raises ``ValueError`` unless there is one for each."""
        np = numpy()
        vectors = np.array(embeddings, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(voted):
            raise ValueError(
                f"embeddings needs a vector for each of {len(voted):,} records; got {vectors.shape}."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        rules = []
        with Progress("Comparing embeddings", voted.shape[1], unit="rules") as progress:
            for column in range(voted.shape[1]):
                supports, abstains = np.flatnonzero(voted[:, column]), np.flatnonzero(~voted[:, column])
                rules.append((abstains, *_nearest(vectors, abstains, supports)))
                progress.advance(1)
        return Neighbours(rules)

    def above(self, thresholds: Array) -> Iterator[tuple[Array, Array]]:
        """Yield by rule the rows that are nearer than its threshold, and their nearest rows."""
        for (abstains, nearest, likeness), threshold in zip(self.rules, thresholds, strict=True):
            near = likeness > threshold
            yield abstains[near], nearest[near]


def _nearest(vectors: Array, abstains: Array, supports: Array) -> tuple[Array, Array]:
    np = numpy()
    nearest = np.zeros(len(abstains), dtype=np.int64)
    likeness = np.full(len(abstains), -np.inf, dtype=np.float32)
    wide = max(1, min(len(supports), _BLOCK // 64))
    tall = max(1, _BLOCK // wide)
    for left in range(0, len(supports), wide):
        some = supports[left : left + wide]
        against = vectors[some].T
        for top in range(0, len(abstains), tall):
            rows = slice(top, top + tall)
            products = vectors[abstains[rows]] @ against
            best = products.argmax(axis=1)
            values = products[np.arange(len(best)), best]
            better = values > likeness[rows]
            nearest[rows] = np.where(better, some[best], nearest[rows])
            likeness[rows] = np.where(better, values, likeness[rows])
    return nearest, likeness

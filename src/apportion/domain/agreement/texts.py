"""Agreement on texts: alpha with the edit distance between texts as the distance.

Alpha: Krippendorff 2004, chapter 11. The expectation is the mean distance of any two texts; it is taken from all pairs
of answers, or where there are many from a sample.
Free texts on different records always differ much, so alpha is high here as soon as people write alike at all (Braylan,
Alonso and Lease, WWW 2022): compare such figures with each other only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.numpy_types import Column, np

from .edits import edit_distance
from .ratings import Ratings, pair_up

__all__ = ["SAMPLE", "TextAlpha", "text_alpha"]

SAMPLE = 10_000
"""Most pairs of answers in the expectation; the error this adds is a tenth of what 1,000 records leave."""


@dataclass(frozen=True, slots=True)
class TextAlpha:
    """Alpha of texts: per record the distances within it; per sampled pair of answers its records and its distance."""

    observed: Column
    size: Column
    one: Column
    other: Column
    distance: Column

    @property
    def weight(self) -> Column:
        """The weight of each record: every one counts once."""
        return np.ones(len(self.size), dtype=np.int64)

    def value(self, weight: Column) -> float:
        # A record drawn k times meets its own copies, too: distances within it count k times k.
        pairs = weight[self.one] * weight[self.other]
        if not pairs.any():
            return float("nan")
        expected = float(pairs @ self.distance / pairs.sum())
        observed = float(weight @ self.observed / (weight @ self.size))
        return 1 - observed / expected if expected else float("nan")

    def without_one(self) -> Column:
        records = len(self.size)
        inside = self.one == self.other

        def left(of_pair: Column) -> Column:
            touching = np.bincount(self.one, weights=of_pair, minlength=records) + np.bincount(
                self.other, weights=np.where(inside, 0, of_pair), minlength=records
            )
            return np.asarray(of_pair.sum() - touching)

        distances, pairs = left(self.distance), left(np.ones(len(self.distance)))
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = (self.observed.sum() - self.observed) / (self.size.sum() - self.size)
            return np.where(distances > 1e-12, 1 - observed * pairs / distances, np.nan)


def text_alpha(data: Ratings, *, seed: int = 0) -> TextAlpha:
    """Return alpha over the records that two or more people answered; the seed samples the pairs if there are many."""
    texts: Sequence[str] = data.values  # type: ignore[assignment]
    units, unit = np.unique(data.unit, return_inverse=True)
    size = np.bincount(unit, minlength=len(units))
    one, other = pair_up(data)
    within = _distances(texts, data.value[one], data.value[other])
    observed = np.bincount(unit[one], weights=2 * within, minlength=len(units)) / np.maximum(size - 1, 1)
    answers = len(data)
    if answers * (answers - 1) // 2 <= SAMPLE:
        first, second = np.triu_indices(answers, 1)
    else:
        rng = np.random.default_rng(seed)
        first = rng.integers(0, answers, SAMPLE)
        second = (first + rng.integers(1, answers, SAMPLE)) % answers
    distance = _distances(texts, data.value[first], data.value[second])
    return TextAlpha(observed, size, unit[first], unit[second], distance)


def _distances(texts: Sequence[str], one: Column, other: Column) -> Column:
    return np.array(
        [edit_distance(texts[a], texts[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)],
        dtype=np.float64,
    )

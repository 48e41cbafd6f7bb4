"""The balance of rows, and the precision with which agreement can be measured from them.

The half-width is 1.96 standard errors of Krippendorff's alpha for nominal labels, under the planning case
of a ``PlanningCase``: answers of one record are independent draws, right with some probability and otherwise
spread evenly over the other classes. The share of agreeing pairs of a record is then a U-statistic, whose
variance is known exactly; alpha divides its distance from chance by what chance leaves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apportion.domain.numpy_types import np

from .pairs import Pairs

__all__ = ["ANY_LABELS", "PairFigures", "PlanningCase", "alpha_half_width", "pair_figures", "units_needed"]

CLASSES = 3
"""Classes assumed where a dataset has no label schema."""
ACCURACY = 0.85


@dataclass(frozen=True, slots=True)
class PlanningCase:
    """Case that precision is predicted for: equally frequent classes, and so many of the answers right.

    >>> PlanningCase().show()
    {'classes': 3, 'accuracy': 0.85, 'alpha': 0.6}
    """

    classes: int = CLASSES
    accuracy: float = ACCURACY

    @classmethod
    def of(cls, labels: int | None) -> PlanningCase:
        """Return the case of a dataset with so many labels; None: any labels. One label is chosen or not."""
        return ANY_LABELS if labels is None else cls(max(2, labels))

    @property
    def alpha(self) -> float:
        """The alpha to expect."""
        return (self.agreeing(2) - 1 / self.classes) / (1 - 1 / self.classes)

    def agreeing(self, answers: int) -> float:
        """Return the probability that so many answers are all the same."""
        wrong = (1 - self.accuracy) / (self.classes - 1)
        return self.accuracy**answers + (self.classes - 1) * wrong**answers

    @property
    def text(self) -> str:
        """The case in a few words."""
        return (
            f"{self.classes} equally frequent classes, answers {self.accuracy:.0%} right "
            f"(alpha about {self.alpha:.2f})"
        )

    def show(self) -> dict[str, int | float]:
        return {"classes": self.classes, "accuracy": self.accuracy, "alpha": round(self.alpha, 2)}


ANY_LABELS = PlanningCase()


@dataclass(frozen=True, slots=True)
class PairFigures:
    """The number of records that pairs of people share: fewest, most, and the mean (perfect balance)."""

    min: int
    max: int
    ideal: float

    def show(self) -> dict[str, int | float]:
        return {"min": self.min, "max": self.max, "ideal": round(self.ideal, 1)}


def pair_figures(pairs: Mapping[tuple[str, str], int], teams: Iterable[Iterable[str]]) -> PairFigures | None:
    """Return figures over all pairs that can share records, those within one team; None without any."""
    listed = [sorted(team) for team in teams]
    names = sorted({name for team in listed for name in team})
    place = {name: number for number, name in enumerate(names)}
    possible = np.zeros((len(names), len(names)), dtype=np.bool_)
    for team in listed:
        places = [place[name] for name in team]
        possible[np.ix_(places, places)] = True
    counts = Pairs.of(pairs).among(names)[np.triu(possible, 1)]
    if not len(counts):
        return None
    return PairFigures(int(counts.min()), int(counts.max()), int(counts.sum()) / len(counts))


def alpha_half_width(records: Mapping[int, int], case: PlanningCase = ANY_LABELS) -> float | None:
    """Return half of the 95 % interval to expect for alpha; ``records`` counts records by number of answers.

    Records count by their number of answers, as they do in alpha; those with one answer do not. None: no such
    records.

    >>> round(alpha_half_width({1: 800, 2: 200}), 3)
    0.092
    """
    answers = sum(size * count for size, count in records.items() if size > 1)
    if not answers:
        return None
    agree = case.agreeing(2)
    two = agree - agree**2
    one = case.agreeing(3) - agree**2
    variance = 0.0
    for size, count in records.items():
        if size > 1 and count:
            of_record = 2 / (size * (size - 1)) * (2 * (size - 2) * one + two)
            variance += count * (size / answers) ** 2 * of_record
    return min(1.0, 1.96 * math.sqrt(variance) / (1 - 1 / case.classes))


def units_needed(alpha: float, classes: int, *, coders: int = 2, z: float = 1.645) -> int:
    """Return how many records make alpha likely above ``alpha``, for equally frequent classes (Bloch and
    Kraemer).

    >>> [units_needed(least, 4) for least in (0.667, 0.8, 0.9)]
    [81, 139, 283]
    """
    p = 1 / classes
    inner = (1 + alpha) * (3 - alpha) / (4 * p * (1 - p) * (1 - alpha)) - alpha
    return round(coders * z**2 * inner)

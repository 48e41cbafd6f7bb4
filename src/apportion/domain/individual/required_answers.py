"""The number of answers to require so that records copied without their plans stay resolved as they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["RequiredAnswers"]


@dataclass(frozen=True, slots=True)
class RequiredAnswers:
    """A summary of records, added one by one or combined with ``+``; numbers are of answers that count.

    >>> (RequiredAnswers().waiting(1) + RequiredAnswers().in_conflict(2)).required(1)
    2
    """

    most_waiting: int = 0
    """The highest number of answers of a record that waits for more."""
    most_settled: int = 0
    """The highest number of answers of a record that is resolved."""
    least_in_conflict: int | None = None
    """The lowest number of answers of a record that these do not resolve."""

    def __add__(self, other: RequiredAnswers) -> RequiredAnswers:
        in_conflict = [n for n in (self.least_in_conflict, other.least_in_conflict) if n is not None]
        return RequiredAnswers(
            max(self.most_waiting, other.most_waiting),
            max(self.most_settled, other.most_settled),
            min(in_conflict, default=None),
        )

    def waiting(self, answers: int) -> RequiredAnswers:
        """Add a record that waits for more than its answers."""
        return replace(self, most_waiting=max(self.most_waiting, answers))

    def resolved(self, answers: int) -> RequiredAnswers:
        """Add a record that its answers resolve."""
        return replace(self, most_settled=max(self.most_settled, answers))

    def in_conflict(self, answers: int) -> RequiredAnswers:
        """Add a record that has all answers wanted, which do not resolve it."""
        return self + RequiredAnswers(least_in_conflict=answers)

    def required(self, usual: int) -> int:
        """Return the number of answers to require of every record: ``usual``, if that leaves all records as
        they were.

        More, if otherwise a waiting record would be resolved; fewer, if otherwise one in conflict would wait.
        """
        return max(self.most_waiting + 1, min(usual, self.least_in_conflict or usual))

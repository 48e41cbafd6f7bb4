"""How many answers records must want so that each stands as it stood, where they go without the plans that said so."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["RequiredAnswers"]


@dataclass(frozen=True, slots=True)
class RequiredAnswers:
    """What is known of a number of records, together or one after the other; numbers are of answers that count.

    >>> (Wanted().waiting(1) + Wanted().in_conflict(2)).required(1)
    2
    """

    most_waiting: int = 0
    """The most answers of a record that waits for more."""
    most_settled: int = 0
    """The most answers of a record that is settled."""
    least_in_conflict: int | None = None
    """The fewest answers of a record that these do not settle."""

    def __add__(self, other: RequiredAnswers) -> RequiredAnswers:
        in_conflict = [n for n in (self.least_in_conflict, other.least_in_conflict) if n is not None]
        return RequiredAnswers(
            max(self.most_waiting, other.most_waiting),
            max(self.most_settled, other.most_settled),
            min(in_conflict, default=None),
        )

    def waiting(self, answers: int) -> RequiredAnswers:
        """With a record that waits for more than its answers."""
        return replace(self, most_waiting=max(self.most_waiting, answers))

    def settled(self, answers: int) -> RequiredAnswers:
        """With a record that its answers settle."""
        return replace(self, most_settled=max(self.most_settled, answers))

    def in_conflict(self, answers: int) -> RequiredAnswers:
        """With a record that has all answers wanted, which do not settle it."""
        return self + RequiredAnswers(least_in_conflict=answers)

    def required(self, usual: int) -> int:
        """How many answers to want of every record: as ``usual``, as far as that leaves them as they were.

        More, if else a record that waits would be settled; fewer, if else one in conflict would wait.
        """
        return max(self.most_waiting + 1, min(usual, self.least_in_conflict or usual))

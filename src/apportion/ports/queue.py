"""The port for the queue: the slots that a person is offered, their leases, and the work left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset

from .slots import SlotCount

__all__ = ["Active", "Claimant", "Queue", "RemainingWork"]


@dataclass(frozen=True, slots=True)
class Claimant:
    """A person who asks the queue for slots, with the rules that limit them."""

    person: Person
    teams: frozenset[RuleId] = frozenset()
    full: frozenset[RuleId] = frozenset()
    """The rules of which they may take no further open slot: they have as many as their cap allows."""
    begun: frozenset[RuleId] = frozenset()
    """The rules of which they may not even start a slot of their own."""


class Active(NamedTuple):
    """The activity of a person: last annotation (an instant), seconds spent on answers, number of drafts."""

    last: int | None
    seconds: float
    drafts: int


class RemainingWork(NamedTuple):
    """The work left for a person: slots planned for or leased by them, records with open slots for them."""

    own: int
    open: int


class Queue(Protocol):
    """The queues of all people, within one transaction."""

    def candidates(
        self,
        dataset: Dataset,
        claimant: Claimant,
        *,
        limit: int,
        now: int,
        within: Collection[str] | None = None,
        among: Collection[int] | None = None,
    ) -> list[Slot]:
        """Return all slots of the records to assign next: the person's own by urgency, then open ones they
        may take.

        Apart from what they have leased, only records with an id in ``within`` and slots numbered in
        ``among``.
        """
        ...

    def blocked_slots(self, dataset: Dataset, claimant: Claimant, *, limit: int) -> list[Slot]:
        """Return some slots that are theirs or open, allowed or not, to explain an empty queue."""
        ...

    def slot_of(self, dataset: Dataset, id: str, token: str) -> Slot | None:
        """Return the slot of a record whose lease has this token."""
        ...

    def datasets_held(self, annotator: str) -> list[int]:
        """Return the numbers of the datasets in which a person has leased slots."""
        ...

    def holders(self, dataset: Dataset) -> list[str]:
        """Return the people who have leased slots of the dataset."""
        ...

    def leased(self, dataset: Dataset, annotator: str) -> list[Slot]:
        """Return the slots that a person has leased."""
        ...

    def leases(self, dataset: Dataset, annotator: str, now: int) -> list[SlotCount]:
        """Count a person's running leases by rule and by the person for whom the slots are planned."""
        ...

    def expired(self, dataset: Dataset, now: int, limit: int) -> list[Slot]:
        """Return slots whose lease has expired."""
        ...

    def leased_datasets(self) -> list[int]:
        """Return the numbers of all datasets with leased slots, the deleted ones too."""
        ...

    def postpone_leases(self, dataset: int, by: int) -> None:
        """Extend every lease of the dataset with that number by so many microseconds."""
        ...

    def remaining(self, dataset: Dataset, claimant: Claimant, now: int) -> RemainingWork:
        """Count the work left for a person; open slots are counted to some hundred, estimated beyond."""
        ...

    def datasets_with_work(self, annotator: str) -> list[int]:
        """Return the numbers of the datasets in which a person has or may take slots."""
        ...

    def last_active(self, dataset: Dataset, annotator: str | None = None) -> dict[str, Active]:
        """Return the activity of each annotator, or of one."""
        ...

    def median_seconds(self, dataset: Dataset, annotator: str | None = None) -> dict[str, float]:
        """Return by annotator (or of one) the median seconds spent on answers, where these are known.

        Reads every answer of the dataset.
        """
        ...

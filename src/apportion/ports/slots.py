"""The port for the slots of plans: inserting, finding and changing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.states import Phase, Reason, RowState
from apportion.domain.datasets import Dataset

from .plans import StoredPlan

if TYPE_CHECKING:  # these bring numpy along
    from apportion.domain.assignment.reallocation import HeldSlot
    from apportion.domain.assignment.rows import PlanRows
    from apportion.domain.numpy_types import Column

__all__ = ["RecordsOf", "SlotBatch", "SlotCount", "SlotRow", "Slots"]


@dataclass(frozen=True, slots=True)
class SlotBatch:
    """The rows of a plan that are to be inserted as slots.

    ``rows`` are in the order of their records' numbers, ``by_person`` is the order in which they are queued,
    ``numbers`` has the number of each of ``rows.records`` (0: it was deleted), ``needs`` the skills that
    records need by rule and id, ``due`` the instant at which each rule's slots are due, ``first_reason`` and
    ``first_slot`` the numbers of its first reason and first slot.
    """

    rows: PlanRows
    by_person: Column
    numbers: Column
    needs: Mapping[tuple[int, str], Sequence[tuple[str, str]]]
    due: Sequence[int]
    first_reason: int = 0
    first_slot: int = 0


class SlotRow(NamedTuple):
    """A slot with the reason why it exists."""

    plan: str
    record: str
    annotator: str | None
    state: RowState
    rule: int
    phase: Phase
    reason: Reason
    inclusion: float
    lease_until: int | None
    why: str | None


class SlotCount(NamedTuple):
    """The number of slots of a rule in one state that a person (None: nobody yet) has."""

    plan: int
    rule: int
    annotator: str | None
    state: RowState
    n: int


@dataclass(frozen=True, slots=True)
class RecordsOf:
    """Records that any of these annotators has a live slot of, and those with these ids."""

    annotators: Collection[str] = ()
    ids: Collection[str] = ()


class Slots(Protocol):
    """The slots of all plans, within one transaction."""

    def record_numbers(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, int]:
        """Return the store's numbers of records by id: of all, or of these."""
        ...

    def reserve_slot_numbers(self, slots: int) -> int:
        """Reserve numbers for so many new slots; return the first of them."""
        ...

    def insert_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> list[str]:
        """Store some of the rows, by record, as slots; return ids of records annotated already."""
        ...

    def enqueue_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> None:
        """Put some of the rows, by person, into the queues, and make their records visible to these people.

        Rows that were answered or ended since they were inserted are left out.
        """
        ...

    def without_slots(self, dataset: Dataset, plan: StoredPlan, ids: Sequence[str]) -> list[str]:
        """Return those of the records that have no slot of this plan."""
        ...

    def planned_ids(self, plan: StoredPlan) -> set[str]:
        """Ids of the records that have slots of this plan, in any state."""
        ...

    def assignees(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, set[str]]:
        """Return by record id who has a live slot or lease on it or skipped it; None: of all records."""
        ...

    def rows_of(
        self,
        plan: StoredPlan,
        *,
        annotator: str | None = None,
        state: RowState | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> list[tuple[int, SlotRow]]:
        """Return a plan's slots with numbers above ``after``, each with its number."""
        ...

    def rows_by_number(self, slots: Sequence[int]) -> dict[int, SlotRow]:
        """Return slots by number, with the reasons why they exist."""
        ...

    def slots_on(self, dataset: Dataset, ids: Collection[str]) -> list[SlotRow]:
        """Return every slot of these records, of any plan."""
        ...

    def live_slots_of(
        self, plan: StoredPlan, now: int, of: RecordsOf | None = None
    ) -> list[tuple[int, HeldSlot]]:
        """Return a plan's live slots, with numbers, to compute a change: all of them, or all on some records.

        A slot whose lease has expired is pending.
        """
        ...

    def pending_of(self, plan: StoredPlan, limit: int, now: int) -> list[int]:
        """Return the numbers of some slots of a plan that nobody has started, expired leases included."""
        ...

    def still_pending(self, slots: Sequence[int], now: int) -> list[int]:
        """Return those of the slots that nobody has started, or whose lease has expired."""
        ...

    def reassign(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]], plan: StoredPlan
    ) -> list[str]:
        """Reassign slots, by number, to other people; return ids of their records that somebody has answered.

        Nobody gets a record twice: where the new person has meanwhile got the record another way, the slot
        stays.
        """
        ...

    def withdraw(self, dataset: Dataset, slots: Sequence[int], why: str) -> list[str]:
        """Withdraw slots by number; return ids of their records that somebody has answered."""
        ...

    def save(self, dataset: Dataset, changed: Iterable[tuple[Slot, Slot]], why: str | None = None) -> None:
        """Store changed slots, given as pairs of before and after, with a note why."""
        ...

    def slot_counts(self, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
        """Count the slots by plan, rule, person and state."""
        ...

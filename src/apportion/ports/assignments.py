"""The port for plans and their slots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import PlanSpec
from apportion.domain.assignment.state import PlanState
from apportion.domain.assignment.states import Phase, Reason, RowState
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset

if TYPE_CHECKING:  # these bring numpy along
    from apportion.domain.assignment.reallocation import HeldSlot
    from apportion.domain.assignment.rows import PlanRows
    from apportion.domain.numpy_types import Column

__all__ = [
    "Active",
    "Assignments",
    "Claimant",
    "PlanPhase",
    "RemainingWork",
    "SlotBatch",
    "SlotCount",
    "SlotRow",
    "StoredPlan",
]


class PlanPhase(str, Enum):
    """The phase of a whole plan. While it is being written or undone the queue returns none of its slots."""

    WRITING = "writing"
    LIVE = "live"
    UNDOING = "undoing"
    UNDONE = "undone"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class ExtensionInProgress:
    """An extension that is being written: the numbers of its slots, and the plan as it was before. The plan
    is put back to that if the extension is interrupted.
    """

    first: int
    stop: int
    figures: Mapping[str, Any]
    state: PlanState


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it was applied: its spec, the people it was allocated to, and the figures of the preview."""

    no: int
    id: str
    phase: PlanPhase
    spec: PlanSpec
    teams: tuple[tuple[Person, ...], ...]
    figures: Mapping[str, Any]
    created_by: str
    created_at: int
    changed_at: int
    extending: ExtensionInProgress | None = None
    """The extension that is being written, if there is one."""

    def person(self, rule: int, name: str) -> Person:
        """Return a person as a rule lists them; outside its team, without skills and open slots."""
        return next((each for each in self.teams[rule] if each.name == name), Person(name, active=False))


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


class SlotCount(NamedTuple):
    """The number of slots of a rule in one state that a person (None: nobody yet) has."""

    plan: int
    rule: int
    annotator: str | None
    state: RowState
    n: int


class RemainingWork(NamedTuple):
    """The work left for a person: slots planned for or leased by them, records with open slots for them."""

    own: int
    open: int


class Assignments(Protocol):
    """Plans and slots of all datasets, within one transaction."""

    # Plans

    def plans(self, dataset: Dataset) -> list[StoredPlan]:
        """The plans of a dataset, oldest first."""
        ...

    def plan(self, dataset: Dataset, id: str) -> StoredPlan | None: ...

    def state_of(self, plan: StoredPlan) -> PlanState:
        """Return the state from which the plan's next batch continues."""
        ...

    def add_plan(
        self,
        dataset: Dataset,
        id: str,
        spec: PlanSpec,
        teams: Sequence[Sequence[Person]],
        state: PlanState,
        figures: Mapping[str, Any],
        *,
        phase: PlanPhase,
        by: str,
        at: int,
    ) -> StoredPlan: ...

    def change_plan(
        self,
        plan: StoredPlan,
        *,
        at: int,
        phase: PlanPhase | None = None,
        spec: PlanSpec | None = None,
        teams: Sequence[Sequence[Person]] | None = None,
        state: PlanState | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> StoredPlan: ...

    def begin_extending(self, plan: StoredPlan, extending: ExtensionInProgress) -> StoredPlan:
        """Store what a plan was before an extension that takes several transactions."""
        ...

    def end_extending(self, plan: StoredPlan) -> StoredPlan:
        """Mark the extension as completely written."""
        ...

    def delete_extension_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        """Remove what was written of an extension, some slots at a time, except started slots.

        Return the ids of their records that are annotated; None once the plan is as it was before.
        """
        ...

    def delete_plan_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        """Remove a plan that was never finished, some slots at a time.

        Return the ids of their records that are annotated; None once nothing is left of the plan.
        """
        ...

    def unfinished(self) -> list[tuple[int, StoredPlan]]:
        """Plans that were being written, extended or undone when the server stopped, with their datasets' numbers."""
        ...

    # Inserting and changing slots

    def record_numbers(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, int]:
        """Return the store's numbers of records by id: of all, or of these."""
        ...

    def add_reasons(self, plan: StoredPlan, reasons: Sequence[Reason]) -> int:
        """Store the reasons that the plan's next rows point into; return the number of the first."""
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

    def slots_on(self, dataset: Dataset, id: str) -> list[SlotRow]:
        """Return every slot of a record, of any plan."""
        ...

    def live_slots_of(self, plan: StoredPlan, now: int) -> list[tuple[int, HeldSlot]]:
        """Return a plan's live slots, with numbers, to compute a change; pending if the lease expired."""
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

    # The queue

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

    def postpone_leases(self, by: int) -> None:
        """Extend every lease, of all datasets, by that many microseconds."""
        ...

    def save(self, dataset: Dataset, changed: Iterable[tuple[Slot, Slot]], why: str | None = None) -> None:
        """Store changed slots, given as pairs of before and after, with a note why."""
        ...

    def slot_counts(self, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
        """Count the slots by plan, rule, person and state."""
        ...

    def remaining(self, dataset: Dataset, claimant: Claimant, now: int) -> RemainingWork:
        """Count the work left for a person; open slots are counted to some hundred, estimated beyond."""
        ...

    def last_active(self, dataset: Dataset) -> dict[str, Active]:
        """Return the activity of each annotator."""
        ...

    def median_seconds(self, dataset: Dataset, annotator: str | None = None) -> dict[str, float]:
        """Return by annotator (or of one) the median seconds spent on answers, where these are known.

        Reads every answer of the dataset.
        """
        ...

    def datasets_with_work(self, annotator: str) -> list[int]:
        """Return the numbers of the datasets in which a person has or may take slots."""
        ...

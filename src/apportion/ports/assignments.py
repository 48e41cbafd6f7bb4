"""Where plans and their slots are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from apportion.domain.assignment.queue import Slot
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
    "rule_key",
]


class PlanPhase(str, Enum):
    """How far a plan as a whole has come. While it is being written or undone nobody is offered its slots."""

    WRITING = "writing"
    LIVE = "live"
    UNDOING = "undoing"
    UNDONE = "undone"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class ExtensionInProgress:
    """An extension on its way: the numbers of its slots, and the plan as it was before, to which it goes back if the
    extension is cut short.
    """

    first: int
    stop: int
    figures: Mapping[str, Any]
    state: PlanState


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as it was made: what was asked for, the people it was dealt to, and what the preview showed."""

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
        """Somebody as a rule knows them; who is not of its team has no skills and may take no open slot."""
        return next((each for each in self.teams[rule] if each.name == name), Person(name, active=False))


@dataclass(frozen=True, slots=True)
class SlotBatch:
    """A plan's rows on their way to the store.

    ``rows`` are in the order of their records' numbers, ``by_person`` is the order in which they are offered,
    ``numbers`` has the number of each of ``rows.records`` (0: it is gone), ``needs`` what records ask of people by
    rule and id, ``due`` when each rule's slots are due (an instant), ``first_reason`` and ``first_slot`` from which
    number on its reasons and slots are kept.
    """

    rows: PlanRows
    by_person: Column
    numbers: Column
    needs: Mapping[tuple[int, str], Sequence[tuple[str, str]]]
    due: Sequence[int]
    first_reason: int = 0
    first_slot: int = 0


class SlotRow(NamedTuple):
    """One slot with why it exists."""

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
    """What somebody may take. Rules are named by ``rule_key``."""

    person: Person
    teams: frozenset[int] = frozenset()
    full: frozenset[int] = frozenset()
    """The rules of which they may take no further open slot: they have all that was agreed."""
    begun: frozenset[int] = frozenset()
    """The rules of which they may not even begin with a slot of their own."""


def rule_key(plan: int, rule: int) -> int:
    """One number for a rule of a plan, as ``Slot.rule`` has it: rules of several plans meet on one record."""
    return plan << 8 | rule


class Active(NamedTuple):
    """When somebody last annotated, the seconds they spent on answers, and how many drafts they have."""

    last: int | None
    seconds: float
    drafts: int


class SlotCount(NamedTuple):
    """How many slots of a rule somebody (None: nobody yet) has in a state."""

    plan: int
    rule: int
    annotator: str | None
    state: RowState
    n: int


class RemainingWork(NamedTuple):
    """What somebody has to do: slots that are theirs or before them, and records with open ones they may take."""

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
        """Where the plan's next batch goes on."""
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
        """Remember what a plan was before an extension that takes several transactions."""
        ...

    def end_extending(self, plan: StoredPlan) -> StoredPlan:
        """The extension is written as a whole."""
        ...

    def delete_extension_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        """Remove what was written of an extension, but for slots that somebody has begun with, some at a time: ids of
        their records that are annotated; None once the plan is as it was before.
        """
        ...

    def delete_plan_batch(self, dataset: Dataset, plan: StoredPlan, limit: int) -> list[str] | None:
        """Remove a plan that was never finished, some slots at a time: ids of their records that are annotated; None
        once nothing is left of it.
        """
        ...

    def unfinished(self) -> list[tuple[int, StoredPlan]]:
        """Plans that were being written, extended or undone when the server stopped, with their datasets' numbers."""
        ...

    # Dealing

    def record_numbers(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, int]:
        """The store's numbers of records by id: of all, or of these."""
        ...

    def add_reasons(self, plan: StoredPlan, reasons: Sequence[Reason]) -> int:
        """Keep the reasons that the plan's next rows point into; the number of the first of them."""
        ...

    def reserve_slot_numbers(self, slots: int) -> int:
        """Numbers for so many new slots; the first of them."""
        ...

    def insert_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> list[str]:
        """Store some of the rows, by record, as slots; ids of their records that are annotated already."""
        ...

    def enqueue_slots(
        self, dataset: Dataset, plan: StoredPlan, batch: SlotBatch, start: int, stop: int
    ) -> None:
        """Put some of the rows, by person, into the queues, and have people find their records; but for what was
        answered or ended since it was dealt.
        """
        ...

    def without_slots(self, dataset: Dataset, plan: StoredPlan, ids: Sequence[str]) -> list[str]:
        """Those of the records that this plan has not dealt."""
        ...

    def planned_ids(self, plan: StoredPlan) -> set[str]:
        """Ids of the records that have slots of this plan, in any state."""
        ...

    def assignees(self, dataset: Dataset, ids: Collection[str] | None = None) -> dict[str, set[str]]:
        """Who has a live slot or a lease on each record (of these, or of all), or has skipped it, by record id."""
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
        """A plan's slots behind a number, with their own numbers."""
        ...

    def rows_by_number(self, slots: Sequence[int]) -> dict[int, SlotRow]:
        """Slots by number, with why they exist."""
        ...

    def slots_on(self, dataset: Dataset, id: str) -> list[SlotRow]:
        """Every slot of a record, of any plan."""
        ...

    def live_slots_of(self, plan: StoredPlan, now: int) -> list[tuple[int, HeldSlot]]:
        """A plan's live slots as the domain's changes read them, with their numbers; pending where a lease ran out."""
        ...

    def pending_of(self, plan: StoredPlan, limit: int, now: int) -> list[int]:
        """Some slots of a plan that nobody has begun with, by number; those whose lease has run out among them."""
        ...

    def still_pending(self, slots: Sequence[int], now: int) -> list[int]:
        """Those of the slots that nobody has begun with, or whose lease has run out."""
        ...

    def reassign(
        self, dataset: Dataset, moves: Sequence[tuple[int, str, Reason]], plan: StoredPlan
    ) -> list[str]:
        """Give slots, by number, to somebody else; ids of their records that somebody has answered.

        Nobody is given a record twice: where somebody has come to be on it otherwise, the slot stays where it is.
        """
        ...

    def withdraw(self, dataset: Dataset, slots: Sequence[int], why: str) -> list[str]:
        """Withdraw slots by number; ids of their records that somebody has answered."""
        ...

    def revive(self, dataset: Dataset, slots: Sequence[int]) -> list[str]:
        """Make withdrawn slots pending again; ids of their records that somebody has answered."""
        ...

    # Work

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
        """All slots of the records that somebody should get next: theirs by urgency, then open ones they may take.

        Beyond what they hold, only of records with an id in ``within`` and a slot with a number in ``among``.
        """
        ...

    def blocked_slots(self, dataset: Dataset, claimant: Claimant, *, limit: int) -> list[Slot]:
        """Some slots that are theirs or open, whether they may take them or not: why somebody has nothing to do."""
        ...

    def slot_of(self, dataset: Dataset, id: str, token: str) -> Slot | None:
        """The slot of a record whose lease has this token."""
        ...

    def datasets_held(self, annotator: str) -> list[int]:
        """Numbers of the datasets in which somebody has slots before them."""
        ...

    def holders(self, dataset: Dataset) -> list[str]:
        """Who has slots of the dataset before them."""
        ...

    def leased(self, dataset: Dataset, annotator: str) -> list[Slot]:
        """The slots somebody has before them."""
        ...

    def leases(self, dataset: Dataset, annotator: str, now: int) -> list[SlotCount]:
        """How many slots of each rule somebody has a running lease on, by whom the slots are planned for."""
        ...

    def expired(self, dataset: Dataset, now: int, limit: int) -> list[Slot]:
        """Slots whose lease has run out."""
        ...

    def postpone_leases(self, by: int) -> None:
        """Let every lease, of all datasets, run that many microseconds longer."""
        ...

    def save(self, dataset: Dataset, changed: Iterable[tuple[Slot, Slot]], why: str | None = None) -> None:
        """Store slots as they are now, with a note why; pairs of before and after."""
        ...

    def slot_counts(self, dataset: Dataset, annotator: str | None = None) -> list[SlotCount]:
        """How many slots there are by plan, rule, person and state."""
        ...

    def remaining(self, dataset: Dataset, claimant: Claimant, now: int) -> RemainingWork:
        """How much there is to do for somebody; of open slots some hundred are counted, and many are guessed."""
        ...

    def last_active(self, dataset: Dataset) -> dict[str, Active]:
        """Return by annotator what they did."""
        ...

    def median_seconds(self, dataset: Dataset, annotator: str | None = None) -> dict[str, float]:
        """By annotator (or of one alone): the median of the seconds spent on the answers given, where these are known.

        Looks at every answer of the dataset.
        """
        ...

    def datasets_with_work(self, annotator: str) -> list[int]:
        """Numbers of the datasets in which somebody has or may take slots."""
        ...

"""The port for plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from apportion.domain.assignment.spec import PlanSpec
from apportion.domain.assignment.state import PlanState
from apportion.domain.assignment.states import Reason
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset

__all__ = ["ExtensionInProgress", "PlanPhase", "Plans", "StoredPlan"]


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


class Plans(Protocol):
    """The plans of all datasets, within one transaction."""

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

    def unfinished(self, alive: Callable[[int], bool]) -> list[tuple[int, StoredPlan]]:
        """Plans half written, extended or undone by a server that is not alive any more, with their datasets' numbers.

        The server that began to write, extend or undo a plan owns it.
        """
        ...

    def add_reasons(self, plan: StoredPlan, reasons: Sequence[Reason]) -> int:
        """Store the reasons that the plan's next rows point into; return the number of the first."""
        ...

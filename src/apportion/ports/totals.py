"""Counts over many datasets at once, whose cost grows with what they hold and not with how many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.ids import Viewer

from .plans import PlanPhase
from .queue import Active
from .slots import SlotCount

__all__ = ["Lease", "PlanDates", "Seen", "Totals"]


class Seen(NamedTuple):
    """A dataset as one viewer sees it. ``assigned`` limits it to what is assigned to or annotated by them."""

    dataset: Dataset
    viewer: Viewer
    assigned: str | None = None


class PlanDates(NamedTuple):
    """A plan and its phase; of a live one also the due date of each rule, and the minutes of its leases."""

    no: int
    phase: PlanPhase
    due: tuple[str | None, ...] = ()
    minutes: tuple[int, ...] = ()


class Lease(NamedTuple):
    """A lease on a record: the annotator, until when it runs, and the rule of the plan it belongs to."""

    annotator: str
    until: int
    plan: int
    rule: int


class Totals(Protocol):
    """Counts by the number of the dataset, within one transaction. A dataset without any may be missing."""

    def statuses(self, seen: Sequence[Seen]) -> list[dict[str, int]]:
        """Return how many records have which status, for each of these datasets in order."""
        ...

    def slots(self, annotator: str | None = None) -> Mapping[int, list[SlotCount]]:
        """Return how many slots everybody has, or one person alone, in which state."""
        ...

    def passed_on(self) -> Mapping[int, dict[str, int]]:
        """Return how many slots each person skipped that are now for others."""
        ...

    def plans(self) -> Mapping[int, list[PlanDates]]:
        """Return the plans of each dataset, oldest first."""
        ...

    def conflicts(self) -> Mapping[int, int]:
        """Return how many records have all their answers and are not resolved by them."""
        ...

    def active(self, datasets: Collection[int]) -> Mapping[int, dict[str, Active]]:
        """Return the activity of each person in each of these datasets."""
        ...

    def paces(self, since: int) -> Mapping[int, dict[str, tuple[int, int]]]:
        """Return by person how many answers they gave since that instant, and when the first of them was."""
        ...

    def leases(self) -> Mapping[int, list[Lease]]:
        """Return all leases, expired ones included."""
        ...

    def assigned(self, datasets: Collection[int]) -> Mapping[int, int]:
        """Return how many records of each of these datasets are assigned to somebody."""
        ...

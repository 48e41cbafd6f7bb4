"""A record with all annotations, slots and gold of it: the unit of every change of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.states import RowState
from apportion.domain.consensus.answers import ConsensusAnswer
from apportion.domain.consensus.resolution import ResolutionRule
from apportion.domain.records import Record, Value
from apportion.vocabulary import AnnotationState

from .time_spent import so_far

__all__ = ["ANSWERED", "NOT_WANTED", "Annotation", "Case", "GoldValue", "Origin", "Posterior"]

ANSWERED = frozenset({AnnotationState.SUBMITTED, AnnotationState.DISCARDED})
"""States of annotations that others see; a draft is private to its author."""

NOT_WANTED = frozenset({RowState.WITHDRAWN, RowState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's annotation of a record.

    ``counted`` is True for one of the answers wanted, False for an extra.
    """

    annotator: str
    state: AnnotationState
    value: Value | None
    version: int
    updated: int
    seconds: float | None = None
    counted: bool = False

    @property
    def answered(self) -> bool:
        """Return True if it is submitted or discarded."""
        return self.state in ANSWERED


class Origin(str, Enum):
    """The origin of a gold value."""

    ADJUDICATED = "adjudicated"
    IMPORTED = "imported"
    CONSENSUS = "consensus"
    """The value people agreed on, once somebody accepted it."""
    EARLIER = "earlier"
    """The record's annotation from before the dataset was individual; valid until people have answered."""

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class GoldValue:
    """The value of a record that overrides what people answered; without a value the record is discarded."""

    value: Value | None
    origin: Origin
    author: str
    reason: str | None
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Posterior:
    """A model's posterior of a record's labels, and the labels people had answered when it was computed."""

    model: str
    answers: Mapping[str, str]
    labels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A record, everybody's annotation of it, its slots, and its gold value if it has one.

    ``number`` is the store's own number of the record. ``slots`` are those of every plan, withdrawn ones
    included.
    """

    record: Record
    number: int
    annotations: Mapping[str, Annotation] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    gold: GoldValue | None = None
    past: frozenset[str] = frozenset()
    """People who had a slot or a lease here that is now somebody else's."""
    posterior: Posterior | None = None
    """The last posterior, where the dataset's policy uses a model."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """Seconds each person has spent here so far, including those of answers changed or withdrawn since."""

    @property
    def id(self) -> str:
        return self.record.id

    def of(self, annotator: str) -> Annotation | None:
        """Return a person's annotation."""
        return self.annotations.get(annotator)

    def seconds_of(self, annotator: str) -> float | None:
        """Return the seconds a person has spent here so far; None where no time was ever sent."""
        mine = self.annotations.get(annotator)
        return so_far(self.spent.get(annotator), None if mine is None else mine.seconds)

    def live_slots(self) -> list[Slot]:
        """Return the slots that still want an answer, or have one."""
        return [slot for slot in self.slots if slot.state not in NOT_WANTED]

    def want(self, required: int) -> int:
        """Return how many answers the record should get: its live slots, or ``required`` if it has none."""
        return len(self.live_slots()) or required

    def counted(self) -> list[Annotation]:
        """Return the answers that count, by name of their author."""
        return [each for _, each in sorted(self.annotations.items()) if each.counted and each.answered]

    def posterior_for(
        self, answers: Sequence[ConsensusAnswer], rule: ResolutionRule
    ) -> Mapping[str, float] | None:
        """Return the posterior of these answers by the rule's model.

        None once the answers differ from those the model read, and where the posterior is of another model.
        """
        known = self.posterior
        if (
            known is None
            or known.model != rule
            or known.answers != {each.annotator: each.given for each in answers}
        ):
            return None
        return known.labels

    def ever_had(self, annotator: str) -> bool:
        """Return True if the person had a slot or an annotation here at any time."""
        if annotator in self.annotations or annotator in self.past:
            return True
        return any(
            slot.annotator == annotator or (slot.lease is not None and slot.lease.annotator == annotator)
            for slot in self.slots
        )

    def has_now(self, annotator: str) -> bool:
        """Return True if the person has the record now: by a live slot, a lease or an annotation."""
        mine = self.annotations.get(annotator)
        if mine is not None and mine.state is not AnnotationState.NONE:
            return True
        return any(
            slot.annotator == annotator or (slot.lease is not None and slot.lease.annotator == annotator)
            for slot in self.live_slots()
        )

    def with_annotation(self, annotation: Annotation) -> Case:
        """Return the case with that annotation in place of its author's earlier one."""
        return replace(self, annotations={**self.annotations, annotation.annotator: annotation})

    def with_slot(self, slot: Slot) -> Case:
        """Return the case with that slot in place of its earlier version."""
        return replace(self, slots=tuple(slot if each.id == slot.id else each for each in self.slots))

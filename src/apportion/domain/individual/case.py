"""One record with all that people have said about it: the unit that every change of an answer is about."""

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
"""States in which somebody has said something for all to hear; a draft is its author's business."""

NOT_WANTED = frozenset({RowState.WITHDRAWN, RowState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's annotation of a record. ``counted`` says whether it is one of the answers wanted, or an extra."""

    annotator: str
    state: AnnotationState
    value: Value | None
    version: int
    updated: int
    seconds: float | None = None
    counted: bool = False

    @property
    def answered(self) -> bool:
        """Whether it is submitted or discarded."""
        return self.state in ANSWERED


class Origin(str, Enum):
    """How a gold value came to be."""

    ADJUDICATED = "adjudicated"
    IMPORTED = "imported"
    CONSENSUS = "consensus"
    """What people agreed on, once somebody accepted it."""
    EARLIER = "earlier"
    """It was the record's annotation before people had annotations of their own; stands until they have answered."""

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class GoldValue:
    """The value a record stands by, whatever people answered; without a value it stands as discarded."""

    value: Value | None
    origin: Origin
    author: str
    reason: str | None
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a model says about a record's labels, and the labels people had answered when it said so."""

    model: str
    answers: Mapping[str, str]
    labels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A record, everybody's annotation of it, its slots, and its gold value if it has one.

    ``number`` is the store's own name for the record. ``slots`` are those of every plan, withdrawn ones included.
    """

    record: Record
    number: int
    annotations: Mapping[str, Annotation] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    gold: GoldValue | None = None
    past: frozenset[str] = frozenset()
    """Who had a slot or a lease here that is now somebody else's."""
    posterior: Posterior | None = None
    """What a model last said, where the dataset's policy rests on one."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """Seconds each person has spent here so far, whatever has become of their answers since."""

    @property
    def id(self) -> str:
        return self.record.id

    def of(self, annotator: str) -> Annotation | None:
        """Somebody's annotation."""
        return self.annotations.get(annotator)

    def seconds_of(self, annotator: str) -> float | None:
        """Seconds somebody has spent here so far; None where nobody ever said."""
        mine = self.annotations.get(annotator)
        return so_far(self.spent.get(annotator), None if mine is None else mine.seconds)

    def live_slots(self) -> list[Slot]:
        """The slots that still ask for an answer, or have one."""
        return [slot for slot in self.slots if slot.state not in NOT_WANTED]

    def want(self, required: int) -> int:
        """How many answers the record should get: its live slots, or ``required`` where no plan touched it."""
        return len(self.live_slots()) or required

    def counted(self) -> list[Annotation]:
        """The answers that count, by name of their author."""
        return [each for _, each in sorted(self.annotations.items()) if each.counted and each.answered]

    def posterior_for(
        self, answers: Sequence[ConsensusAnswer], rule: ResolutionRule
    ) -> Mapping[str, float] | None:
        """Return what the rule's model says of these answers.

        None once somebody has answered otherwise than it knew, and where it is another model that looked at them.
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
        """Whether somebody had a slot or an annotation here at any time."""
        if annotator in self.annotations or annotator in self.past:
            return True
        return any(
            slot.annotator == annotator or (slot.lease is not None and slot.lease.annotator == annotator)
            for slot in self.slots
        )

    def has_now(self, annotator: str) -> bool:
        """Whether the record is before somebody: a live slot or lease of theirs, or an annotation."""
        mine = self.annotations.get(annotator)
        if mine is not None and mine.state is not AnnotationState.NONE:
            return True
        return any(
            slot.annotator == annotator or (slot.lease is not None and slot.lease.annotator == annotator)
            for slot in self.live_slots()
        )

    def with_annotation(self, annotation: Annotation) -> Case:
        """The case with that annotation in place of its author's earlier one."""
        return replace(self, annotations={**self.annotations, annotation.annotator: annotation})

    def with_slot(self, slot: Slot) -> Case:
        """The case with that slot as it is now."""
        return replace(self, slots=tuple(slot if each.id == slot.id else each for each in self.slots))

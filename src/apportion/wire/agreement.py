"""Agreement, conflicts and quality of annotators."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from apportion.vocabulary import AnnotationState

from .annotations import Gold
from .bodies import AnswerValue

__all__ = [
    "AgreementOut",
    "AnnotatorQuality",
    "AnnotatorsOut",
    "ChecksOut",
    "ConflictAnnotation",
    "ConflictOut",
    "ConflictsOut",
    "ConfusedLabels",
    "Figure",
    "PairConfusion",
    "Provenance",
]


class Figure(Struct, kw_only=True):
    """A figure of agreement, or in ``undefined`` and ``why`` the reason why there is none.

    ``records`` were answered by two or more of ``annotators`` people; ``query`` opens them. ``low`` and ``high`` are
    the interval of that ``level``; ``caution`` says where such intervals are known to fail, ``caution_why`` in words.
    ``left_out`` answers were requested in view of other answers and do not count.
    """

    measure: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    records: int
    annotators: int
    answers: int
    query: str
    interval: str | None = None
    undefined: str | None = None
    no_interval: str | None = None
    why: str | None = None
    caution: str | None = None
    caution_why: str | None = None
    label: str | None = None
    pair: list[str] | None = None
    week: str | None = None
    person: str | None = None
    left_out: int | None = None


class AgreementOut(Figure, kw_only=True):
    """The figure over everything, and by label, pair, week or person if that was asked for."""

    by: list[Figure] | None = None


class ConflictAnnotation(Struct, kw_only=True):
    """Somebody's answer to a record in conflict."""

    annotator: str
    value: AnswerValue | None
    state: AnnotationState
    version: int
    seconds: float | None
    updated_at: str


class Provenance(Struct, kw_only=True):
    """Origin of the value of a record, or in ``conflict`` and ``why`` the reason why there is none."""

    outcome: str
    answers: list[str]
    agent: str | UnsetType | None = UNSET
    agreeing: list[str] | UnsetType = UNSET
    support: float | UnsetType | None = UNSET
    by_token: bool | UnsetType = UNSET
    conflict: str | UnsetType | None = UNSET
    why: str | UnsetType | None = UNSET


class ConflictOut(Struct, kw_only=True):
    """A record whose answers differ, with everybody's answers and its resolution."""

    id: str
    agreement: float | None
    annotations: list[ConflictAnnotation]
    gold: Gold | None
    status: str
    resolved: AnswerValue | None
    provenance: Provenance | None


class ConflictsOut(Struct, kw_only=True):
    """Records whose answers differ, most disputed first; ``query`` opens all of them."""

    conflicts: list[ConflictOut]
    total: int
    query: str
    next: str | None


class ChecksOut(Struct, kw_only=True):
    """Results on records with a known gold value: how many somebody answered, and right at the first answer."""

    answered: int
    right: int


class AnnotatorQuality(Struct, kw_only=True):
    """Quality of one annotator: number of answers, accuracy by the model, and confusion of labels."""

    annotator: str
    answers: int
    checks: ChecksOut | None
    accuracy: float | None
    confusion: Annotated[
        list[list[float]] | None,
        Meta(description="``confusion[true][answered]``, in the order of ``labels``; rows sum to one."),
    ]
    given: Annotated[dict[str, int], Meta(description="How often they gave each label; of spans, how many.")]


class ConfusedLabels(Struct, kw_only=True):
    """Number of records to which one person gave the one label and the other person the other."""

    one: str
    other: str
    records: int


class PairConfusion(Struct, kw_only=True):
    """The labels that two people gave to the same records, most frequent first."""

    pair: list[str]
    labels: list[str]
    records: int
    cells: list[ConfusedLabels]


class AnnotatorsOut(Struct, kw_only=True):
    """Quality of all annotators; without a ``model``, ``why`` has the reason.

    ``pairs`` are the labels that two people gave to the same records. With a model, ``labels`` are those given to
    records that several people answered.
    """

    annotators: list[AnnotatorQuality]
    labels: list[str]
    model: str | None
    why: str | None
    pairs: list[PairConfusion]

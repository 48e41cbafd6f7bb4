"""Agreement, conflicts and quality as replies show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation
from apportion.domain.individual.showing import show_annotation
from apportion.wire.agreement import (
    AgreementOut,
    AnnotatorQuality,
    AnnotatorsOut,
    ChecksOut,
    ConflictAnnotation,
    ConflictOut,
    Figure,
    PairConfusion,
    Provenance,
)

from .values import gold_out, value_out

if TYPE_CHECKING:  # these import numpy, which is only loaded when needed
    from apportion.services.insight.agreement import (
        AgreementFigures,
        AnnotatorReport,
        NamedFigure,
        RecordConflict,
    )

__all__ = ["conflict_out", "figures_out", "read_position", "show_position", "team_out"]


def figures_out(found: AgreementFigures) -> AgreementOut:
    """Return a figure with its parts."""
    by = None if found.by is None else [Figure(**_figure(each)) for each in found.by]
    return AgreementOut(**_figure(found.whole), by=by)


def _figure(found: NamedFigure) -> dict[str, Any]:
    return {**found.figure.show(), "query": found.query}


def conflict_out(found: RecordConflict, dataset: Dataset) -> ConflictOut:
    """Return a record in conflict, with everybody's answers and its resolution: its value, or why it has none."""
    view = found.view
    return ConflictOut(
        id=found.id,
        agreement=found.agreement,
        annotations=[_annotation(each, dataset) for each in found.answers],
        gold=gold_out(found.gold, dataset.task),
        status=str(view.status.value),
        resolved=value_out(view.value, dataset.task),
        provenance=None if view.resolution is None else Provenance(**view.resolution.provenance()),
    )


def _annotation(each: Annotation, dataset: Dataset) -> ConflictAnnotation:
    return ConflictAnnotation(annotator=each.annotator, **show_annotation(each, dataset.task))


def team_out(found: AnnotatorReport) -> AnnotatorsOut:
    """Return the quality of annotators, and the labels that pairs of people differ on."""
    quality = {each.annotator: each for each in found.quality}
    people = []
    for name in sorted(found.answers.keys() | found.checks.keys()):
        one, checks = quality.get(name), found.checks.get(name)
        people.append(
            AnnotatorQuality(
                annotator=name,
                answers=found.answers.get(name, 0),
                checks=None if checks is None else ChecksOut(answered=checks[0], right=checks[1]),
                accuracy=None if one is None else float(one.accuracy),
                confusion=None if one is None else one.confusion.tolist(),
                given=dict(found.given.get(name, {})),
            )
        )
    return AnnotatorsOut(
        annotators=people,
        labels=list(found.labels),
        model="dawid_skene" if found.quality else None,
        why=found.why,
        pairs=[PairConfusion(**each.show()) for each in found.confusions],
    )


def show_position(place: tuple[float, int] | None) -> str | None:
    """Encode the position of the next page of conflicts as a cursor."""
    return None if place is None else f"{place[0]:.3f}-{place[1]}"


def read_position(cursor: str | None) -> tuple[float, int] | None:
    """Decode the position in a cursor; None, which is the first page, for an invalid one."""
    if cursor is None:
        return None
    agreement, _, number = cursor.partition("-")
    try:
        return float(agreement), int(number)
    except ValueError:
        return None

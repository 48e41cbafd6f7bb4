"""Agreement, conflicts and quality as replies show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation
from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.individual.showing import show_annotation, show_gold, show_value

if TYPE_CHECKING:  # these import numpy, which is only loaded when needed
    from apportion.services.insight.agreement import (
        AgreementFigures,
        AnnotatorReport,
        NamedFigure,
        RecordConflict,
    )

__all__ = ["conflict_out", "figures_out", "read_position", "resolution_out", "show_position", "team_out"]


def figures_out(found: AgreementFigures) -> dict[str, Any]:
    """Return a figure with its parts as JSON."""
    shown = _figure(found.whole)
    if found.by is not None:
        shown["by"] = [_figure(each) for each in found.by]
    return shown


def _figure(found: NamedFigure) -> dict[str, Any]:
    return {**found.figure.show(), "query": found.query}


def conflict_out(found: RecordConflict, dataset: Dataset) -> dict[str, Any]:
    """Return a record in conflict as JSON, with everybody's answers."""
    return {
        "id": found.id,
        "agreement": found.agreement,
        "annotations": [_annotation(each, dataset) for each in found.answers],
        "gold": show_gold(found.gold, dataset.task),
        **resolution_out(found.view, dataset),
    }


def _annotation(each: Annotation, dataset: Dataset) -> dict[str, Any]:
    return {"annotator": each.annotator, **show_annotation(each, dataset.task)}


def resolution_out(view: ResolvedView, dataset: Dataset) -> dict[str, Any]:
    """Return the resolution of a record as JSON: its status, value and provenance, or why it is not settled."""
    return {
        "status": str(view.status.value),
        "resolved": show_value(view.value, dataset.task),
        "provenance": None if view.resolution is None else view.resolution.provenance(),
    }


def team_out(found: AnnotatorReport) -> dict[str, Any]:
    """Return the quality of annotators as JSON, and the labels that pairs of people differ on."""
    quality = {each.annotator: each for each in found.quality}
    people: list[dict[str, Any]] = []
    for name in sorted(found.answers.keys() | found.checks.keys()):
        one, checks = quality.get(name), found.checks.get(name)
        people.append(
            {
                "annotator": name,
                "answers": found.answers.get(name, 0),
                "checks": None if checks is None else {"answered": checks[0], "right": checks[1]},
                "accuracy": None if one is None else one.accuracy,
                "confusion": None if one is None else one.confusion.tolist(),
            }
        )
    return {
        "annotators": people,
        "labels": list(found.labels),
        "model": "dawid_skene" if found.quality else None,
        "why": found.why,
        "pairs": [each.show() for each in found.confusions],
    }


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

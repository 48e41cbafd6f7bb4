"""Filling of slots that a record gets after people have answered it; answers beyond them become extras."""

from __future__ import annotations

from dataclasses import replace

from apportion.domain.assignment.states import RowState

from .case import Annotation, Case

__all__ = ["with_slots_filled"]


def with_slots_filled(case: Case, required: int) -> Case:
    """Return the case with answers in their authors' slots; without slots the first ``required`` count."""
    for name, annotation in sorted(case.annotations.items()):
        if not annotation.answered:
            continue
        for slot in case.live_slots():
            if slot.annotator == name and slot.state in (RowState.PENDING, RowState.LEASED):
                case = case.with_slot(replace(slot, state=RowState.DONE, lease=None))
    live = case.live_slots()
    done = {slot.annotator for slot in live if slot.state is RowState.DONE}
    counted: dict[str, Annotation] = {}
    so_far = 0
    for name, annotation in sorted(
        case.annotations.items(), key=lambda pair: (not pair[1].counted, pair[1].updated, pair[0])
    ):
        counts = annotation.answered and (name in done if live else so_far < required)
        so_far += counts
        counted[name] = replace(annotation, counted=counts)
    return replace(case, annotations=counted)

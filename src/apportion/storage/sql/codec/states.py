"""Numbers that states and statuses are stored as: their place in their enumeration."""

from __future__ import annotations

from apportion.domain.assignment.states import DEPENDENT, Phase, RowState
from apportion.vocabulary import AnnotationState, Status

__all__ = ["ANSWERS", "DEPENDS", "PHASE_STATES", "ROW_STATES", "STATES", "STATE_NO", "STATUSES", "STATUS_OF"]

# Stored as places: members of these enumerations are only ever added at their end
STATUSES = tuple(Status)
STATES = tuple(AnnotationState)
ANSWERS = ", ".join(
    str(STATES.index(state)) for state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
)
"""The numbers of answers' states, which no draft has, as SQL lists them."""
STATUS_OF = {
    AnnotationState.SUBMITTED: Status.VALIDATED,
    AnnotationState.DRAFT: Status.EDITED,
    AnnotationState.DISCARDED: Status.DISCARDED,
    AnnotationState.NONE: Status.DEFAULT,
}
"""Statuses of a record that one person annotates."""

ROW_STATES = tuple(RowState)
STATE_NO = {state: no for no, state in enumerate(ROW_STATES)}
PHASE_STATES = {
    RowState.PENDING: "pending",
    RowState.LEASED: "pending",
    RowState.DONE: "done",
    RowState.SKIPPED: "skipped",
}
"""Names of states in ``assignment:``; a withdrawn slot cannot be found."""

DEPENDS = f"phase IN ({', '.join(str(no) for no, each in enumerate(Phase) if each in DEPENDENT)})"
"""Condition for slots that were assigned because of answers; agreement does not count what fills them."""

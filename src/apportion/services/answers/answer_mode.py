"""The two ways in which a dataset keeps answers, side by side behind one protocol.

Shared: a record has one annotation, the latest. Individual: everybody keeps their own, and the record's value is
resolved from them. A use case asks ``answer_mode`` once, and never again which of the two it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apportion.domain.assignment.queue import Slot
from apportion.domain.datasets import Dataset
from apportion.domain.ids import Viewer
from apportion.domain.individual.case import Annotation, Case
from apportion.ports.store import Transaction
from apportion.services.datasets.access import DatasetAccess

from .answer_change import AnnotationReceipt, AnswerChange, RecordPatch
from .individual_answers import IndividualAnswers
from .log_request import LogRequest
from .shared_answers import SharedAnswers

__all__ = ["AnswerMode", "answer_mode"]


class AnswerMode(Protocol):
    """A way of keeping the answers to one dataset, within a transaction."""

    @property
    def keeps_gold(self) -> bool:
        """Return whether a record may have a gold value beside its annotations."""
        ...

    @property
    def annotators_log_content(self) -> bool:
        """Return whether annotators who log records also write their content, and the dataset's tags."""
        ...

    def viewer(self, annotator: str) -> Viewer:
        """Return the view of annotations in which an annotator works."""
        ...

    def annotation_of(self, case: Case, annotator: str) -> Annotation | None:
        """Return the annotation that an answer of this person replaces."""
        ...

    def save(self, case: Case, change: AnswerChange) -> AnnotationReceipt:
        """Store an answer whose value has been checked, with all that follows from it, and log it."""
        ...

    def restore(self, case: Case, before: Annotation | None, change: AnswerChange) -> None:
        """Restore the annotation that was there before a job changed it; ``change`` names whose, by whom and when."""
        ...

    def check(self, access: DatasetAccess, request: LogRequest) -> None:
        """Refuse logged records that ``log`` would refuse; nothing is written."""
        ...

    def log(self, access: DatasetAccess, request: LogRequest, *, now: int) -> int | None:
        """Store logged records; return how many annotations were left as they were, None where that has no meaning."""
        ...

    def patch(self, access: DatasetAccess, id: str, patch: RecordPatch, *, now: int) -> RecordPatch:
        """Change a record; return the part of the change that is still to be logged."""
        ...

    def discard(self, access: DatasetAccess, ids: Sequence[str], *, now: int) -> int:
        """Mark records as discarded, as far as the actor may; return how many were."""
        ...

    def skip(self, case: Case, after: Slot, note: str, *, now: int) -> None:
        """Store a slot that its annotator has skipped, or taken back."""
        ...

    def reresolve(self, ids: Sequence[str], *, now: int, fill: bool = True, carried: bool = False) -> None:
        """Fill slots with the answers people have given, and resolve the records. Doing it again changes nothing.

        Without ``fill`` the same answers count as before. ``carried``: the dataset was shared before; what was
        annotated by no user is kept as the earlier value only.
        """
        ...

    def forget_slots(self, ids: Sequence[str], *, now: int) -> None:
        """Resolve records again whose slots were deleted, because their plan never went live."""
        ...


def answer_mode(tx: Transaction, dataset: Dataset) -> AnswerMode:
    """Return the way in which a dataset keeps answers."""
    return IndividualAnswers(tx, dataset) if dataset.individual else SharedAnswers(tx, dataset)

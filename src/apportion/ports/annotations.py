"""The store of people's own annotations, gold values and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from apportion.domain.assignment.queue import Slot
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, Case
from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.records import Value
from apportion.vocabulary import AnnotationState, EventCode, HistoryReason

__all__ = [
    "Annotations",
    "CaseChange",
    "ChangedRecords",
    "Comment",
    "CommentFilter",
    "CommentPage",
    "Event",
    "HistoryPage",
    "PastAnnotation",
    "SentComment",
    "SharedAnswer",
]


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A change of one record: the case before and after it, what everybody sees then, and why it was made.

    ``note`` is what is to be remembered of the slots it changes, ``by`` the person that ``why`` speaks of.
    """

    before: Case
    after: Case
    view: ResolvedView
    why: HistoryReason = HistoryReason.REPLACED
    note: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """An answer to a record of a shared dataset, whose one annotation it becomes.

    Without ``value`` the record has no annotation any more. ``before`` is the record as it was, ``slots`` are those it
    has afterwards; ``note`` is remembered of slots that are withdrawn. ``seconds``: None leaves what was known.
    """

    before: Case
    annotator: str
    state: AnnotationState
    value: Value | None
    seconds: float | None
    slots: tuple[Slot, ...]
    note: str | None = None


class PastAnnotation(NamedTuple):
    """An annotation or gold value as it once was, and why it is no more; ``by`` is whom the reason speaks of."""

    annotator: str
    state: AnnotationState
    value: Value | None
    version: int
    at: int
    why: HistoryReason
    by: str | None = None


class HistoryPage(NamedTuple):
    """Up to ``limit`` earlier answers and decisions with numbers below ``before``: of one person, or of all."""

    limit: int
    before: int | None = None
    annotator: str | None = None


class Event(NamedTuple):
    """Something that happened: who did what, when, to which record; ``no`` grows with time."""

    no: int
    at: int
    who: str
    what: EventCode
    record: str | None
    detail: Mapping[str, Any] | None


class Comment(NamedTuple):
    """A comment on a record, to somebody (None: to all who may read it)."""

    author: str
    to: str | None
    text: str
    at: int


class SentComment(NamedTuple):
    """A comment with its number, the number of its dataset, the id of its record, and who dealt with it when."""

    no: int
    dataset: int
    record: str
    author: str
    to: str | None
    text: str
    at: int
    done_by: str | None
    done_at: int | None


class ChangedRecords(NamedTuple):
    """Ids in the order of logging, the number of the change to go on from, and whether there are more already."""

    ids: list[str]
    number: int
    more: bool


class CommentPage(NamedTuple):
    """Up to ``limit`` comments with numbers above ``after``: those from or to ``reader``, or all."""

    limit: int
    after: int = 0
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class CommentFilter:
    """Comments in ``datasets`` to a reader, and in those ``led`` also the ones to nobody.

    They have numbers below ``before``. ``done``: those dealt with, else those that are not.
    """

    reader: str
    datasets: Sequence[int]
    led: Sequence[int]
    done: bool
    before: int | None
    limit: int


class Annotations(Protocol):
    """Everybody's annotations of the records of all datasets, within one transaction."""

    def case(self, dataset: Dataset, id: str, *, who: str | None = None) -> Case | None:
        """Return one record with its annotations, slots and gold; None where there is none.

        ``who`` is about to answer it, so that their counters are read along where they are going to be asked for.
        """
        ...

    def cases(self, dataset: Dataset, ids: Sequence[str]) -> list[Case]:
        """Return these records in that order; those that are not there are left out."""
        ...

    def versions(self, dataset: Dataset, ids: Sequence[str], annotator: str) -> dict[str, int]:
        """Return the version of somebody's own annotation of each of the records that they have annotated."""
        ...

    def sizes(self, dataset: Dataset, ids: Sequence[str]) -> dict[str, int]:
        """Return about how many bytes each of these records and its answers takes; those not there are left out."""
        ...

    def save_cases(self, dataset: Dataset, changes: Sequence[CaseChange], *, at: int) -> None:
        """Store changes of records: annotations, slots, gold, and what everybody sees."""
        ...

    def save_shared(self, dataset: Dataset, answer: SharedAnswer, *, at: int) -> Annotation | None:
        """Store an answer to a record of a shared dataset, and return its annotation; values that it does not repeat
        go to history.
        """
        ...

    def history(
        self, dataset: Dataset, id: str, annotator: str | None = None, *, limit: int | None = None
    ) -> list[PastAnnotation]:
        """Return earlier annotations of a record, or the newest of them, newest first; of one person or of all."""
        ...

    def history_page(
        self, dataset: Dataset, id: str, page: HistoryPage
    ) -> tuple[list[tuple[int, PastAnnotation]], bool]:
        """Return a page of what was submitted or discarded earlier, newest first, each with its number, and whether
        there is more; no drafts. The page ends early where values are large.
        """
        ...

    def answered(self, dataset: Dataset, plan: int | None = None) -> list[str]:
        """Return the ids of all records with annotations or gold; with ``plan``, only those with slots of it."""
        ...

    # Time

    def spend(
        self, dataset: Dataset, case: Case, annotator: str, seconds: float | None, *, answered: bool, at: int
    ) -> None:
        """Keep the seconds that somebody has spent on a record so far, if they are more than was known of ``case``.

        What is new counts from ``at`` on; that of drafts only once they are ``answered``.
        """
        ...

    def spent(self, dataset: Dataset, since: int, until: int) -> list[tuple[str, int, int, int]]:
        """Time spent between two instants: person, when a quarter of an hour began, answers first given in it,
        milliseconds.
        """
        ...

    # Carrying a shared dataset over

    def stage(self, dataset: Dataset, changes: Sequence[tuple[Case, Case]]) -> None:
        """Store what records of a shared dataset will be, each as it is and as it is to be: people's own views of their
        annotations, the earlier value, slots. Nobody sees any of it before the dataset is individual.
        """
        ...

    def begin_staging(self, dataset: Dataset) -> int:
        """Begin to stage a shared dataset; return the number of this staging, larger than that of any before it."""
        ...

    def staging(self, dataset: Dataset) -> int:
        """Return the number of the staging that began last, 0 where there was none: earlier ones have to stop."""
        ...

    def last_change(self, dataset: Dataset) -> int:
        """Return the number of the last change of a dataset that this transaction sees."""
        ...

    def changed_since(self, dataset: Dataset, number: int, limit: int) -> ChangedRecords | None:
        """Return those of the records written since a change that somebody has annotated, about ``limit`` at once.

        None where that is not known any more, after an hour or many changes: then any record may have been written.
        """
        ...

    def log_event(
        self,
        dataset: Dataset,
        who: str,
        what: EventCode,
        *,
        at: int,
        record: Case | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add to the log of what happened in a dataset; short for ``Events.add``."""
        ...

    def events(
        self,
        dataset: Dataset,
        *,
        after: int = 0,
        before: int | None = None,
        who: str | None = None,
        limit: int = 50,
    ) -> list[Event]:
        """Return what the team did between two event numbers (``TEAM_EVENTS`` only): oldest first; with
        ``before``, newest first.
        """
        ...

    def conflicts(self, dataset: Dataset) -> int:
        """Count the records that have all their answers and are not resolved by them."""
        ...

    def paces(self, dataset: Dataset, since: int, who: str | None = None) -> dict[str, tuple[int, int]]:
        """By person, or of one: how many answers since that instant, and when the first of them was."""
        ...

    def comments(self, dataset: Dataset, case: Case, page: CommentPage) -> list[tuple[int, Comment]]:
        """Return a page of the comments on a record, oldest first, each with its number."""
        ...

    def comments_to(self, wanted: CommentFilter) -> list[SentComment]:
        """Return comments, newest first; none of the reader's own."""
        ...

    def comment_numbered(self, no: int) -> SentComment | None:
        """Return the comment with that number."""
        ...

    def mark_comment(self, no: int, by: str | None, at: int | None) -> None:
        """Store who dealt with a comment; None: nobody."""
        ...

    def decided(self, dataset: Dataset, annotator: str, limit: int) -> list[str]:
        """Return the ids of records that somebody answered and that have a gold value, the newest decision first."""
        ...

    def add_comment(self, dataset: Dataset, case: Case, comment: Comment) -> None: ...

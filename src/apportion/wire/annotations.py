"""One's own annotation of a record, everybody's, their history, the gold value, and comments."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from apportion.vocabulary import AnnotationState, CountDecision, HistoryReason

from .bodies import LONGEST_SECONDS, AnswerValue, Reason, SentValue

__all__ = [
    "AnnotationIn",
    "AnnotationOut",
    "AnnotationsOut",
    "AskAgainIn",
    "CommentIn",
    "CommentOut",
    "CommentsOut",
    "Gold",
    "GoldIn",
    "GoldOut",
    "GoldRow",
    "HistoryOut",
    "ImportGoldIn",
    "ImportGoldOut",
    "OneAnnotation",
    "PastAnnotationOut",
    "RecordsIn",
    "ResolutionOut",
    "ResolutionsOut",
    "ResolvedRecordOut",
]

_Text = Annotated[str, Meta(min_length=1, max_length=10_000)]
_Version = Annotated[int, Meta(ge=0, description="The version this builds on; 0 where there was none.")]


# Requests


class AnnotationIn(Struct, kw_only=True):
    """One's own annotation: ``labels``, ``entities`` or ``sentences`` as in 1.x, without an agent."""

    value: SentValue = None
    state: Literal["draft", "submitted", "discarded"]
    version: _Version
    seconds: (
        Annotated[
            float,
            Meta(ge=0, le=LONGEST_SECONDS, description="Time spent on it so far, in all; never shrinks."),
        ]
        | None
    ) = None
    token: Annotated[str | None, Meta(description="The lease it was written under.")] = None
    dataset: Annotated[str | None, Meta(description="The UUID of the dataset it was written for.")] = None
    text: Annotated[
        str | None,
        Meta(
            description="The text it was given on, of a record with one: refused if that is another by now."
        ),
    ] = None


class GoldIn(Struct, kw_only=True):
    """A decision: a value, or that the record is unusable."""

    value: SentValue = None
    state: Literal["submitted", "discarded"] = "submitted"
    reason: Reason | None = None
    version: _Version | None = None


class GoldRow(Struct, kw_only=True):
    """The right value of one record, or that it is unusable."""

    id: str
    value: SentValue = None
    state: Literal["submitted", "discarded"] = "submitted"
    reason: Reason | None = None


class ImportGoldIn(Struct, kw_only=True):
    """Values known to be right. Decisions made here stay, unless ``overwrite`` is set."""

    gold: Annotated[list[GoldRow], Meta(max_length=10_000)]
    overwrite: bool = False


class CommentIn(Struct, kw_only=True):
    """A comment to post, to one person or to all who may read it."""

    text: _Text
    to: str | None = None


class RecordsIn(Struct, kw_only=True):
    """Records, by their ids."""

    ids: Annotated[list[str], Meta(max_length=100)]


class AskAgainIn(Struct, kw_only=True):
    """The reason, which the annotator reads as a comment on the record; or that such a request is undone."""

    reason: Reason | None = None
    undo: Annotated[
        bool, Meta(description="Restore the answer as it was, unless its author has begun another.")
    ] = False


# Responses


class Gold(Struct, kw_only=True):
    """Decision of a human, and where it came from; without a value the record is unusable."""

    value: AnswerValue | None
    state: Literal["submitted", "discarded"]
    origin: str
    author: str
    reason: str | None
    version: int
    at: str


_Gold = Annotated[Gold | None, Meta(description="The final value, once a person resolved the record.")]


class AnnotationOut(Struct, kw_only=True):
    """One's own annotation as stored. An answer that does not count is kept as an extra, and ``why`` says why: a code,
    with its sentence in ``why_text``.
    """

    value: AnswerValue | None
    state: AnnotationState
    version: int
    seconds: Annotated[
        float | None, Meta(description="All the time you have spent on the record so far.")
    ] = None
    updated_at: str | None = None
    counted: bool
    why: CountDecision | None
    why_text: str | None
    gold: _Gold


class OneAnnotation(Struct, kw_only=True):
    """Somebody's annotation."""

    annotator: str
    value: AnswerValue | None
    state: AnnotationState
    version: int
    seconds: float | None = None
    updated_at: str
    counted: bool


class AnnotationsOut(Struct, kw_only=True):
    """Everybody's annotations of a record, and its resolution."""

    annotations: list[OneAnnotation]
    gold: _Gold


class ResolutionOut(Struct, kw_only=True):
    """Origin of the value of a record, or the reason why it has none: who answered, whose answer is the value,
    how much of the vote it has; a conflict as a code, with its sentence in ``why``.
    """

    outcome: Literal["resolved", "open", "conflict"]
    agent: str | None
    answers: list[str]
    agreeing: list[str]
    support: float | None
    by_token: bool
    conflict: str | None
    why: str | None
    missing: int


class ResolvedRecordOut(AnnotationsOut, kw_only=True):
    """A record's answers and gold value, and the resolution that follows; null where the value is older."""

    id: str
    resolution: ResolutionOut | None


class ResolutionsOut(Struct, kw_only=True):
    """Records in the order asked for; those that are not there are left out."""

    records: list[ResolvedRecordOut]


class PastAnnotationOut(Struct, kw_only=True):
    """A former version of an annotation."""

    annotator: str
    value: AnswerValue | None
    state: AnnotationState
    version: int
    at: str
    why: HistoryReason
    why_text: str
    by: Annotated[
        str | None, Meta(description="Whom ``why`` speaks of; of a gold value, as ``adjudicated:ana``.")
    ]


class HistoryOut(Struct, kw_only=True):
    """Earlier annotations of a record, newest first."""

    history: list[PastAnnotationOut]
    next: Annotated[str | None, Meta(description="The ``cursor`` of the next page.")]


class GoldOut(Struct, kw_only=True):
    """The gold value of a record, and the status that follows."""

    gold: _Gold


class ImportGoldOut(Struct, kw_only=True):
    """Number of stored gold values, and of records that kept a decision made here."""

    imported: int
    kept: int


class CommentOut(Struct, kw_only=True):
    """A comment on a record."""

    author: str
    to: str | None
    text: str
    at: str


class CommentsOut(Struct, kw_only=True):
    """Comments on a record, oldest first."""

    comments: list[CommentOut]
    next: Annotated[str | None, Meta(description="The ``cursor`` of the next page.")]

"""Comments that wait for the caller, and what was decided about their answers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["DatasetFeedbackOut", "DecidedRecord", "DoneIn", "FeedbackOut", "InboxCommentOut", "InboxOut"]


# Requests


class DoneIn(Struct, kw_only=True):
    """State of a comment: done, or to be answered."""

    done: bool = True


# Responses


class InboxCommentOut(Struct, kw_only=True):
    """A comment on a record, and who has dealt with it."""

    no: int
    workspace: str
    dataset: str
    record: str
    author: str
    to: str | None
    text: str
    at: str
    done_by: str | None
    done_at: str | None


class InboxOut(Struct, kw_only=True):
    """Comments, newest first."""

    comments: list[InboxCommentOut]
    next: Annotated[str | None, Meta(description="The ``cursor`` of the next page.")]


class DecidedRecord(Struct, kw_only=True):
    """A record whose value differs from what the caller answered, and when that was decided."""

    id: str
    at: str


class DatasetFeedbackOut(Struct, kw_only=True):
    """Decisions about the caller's answers in one dataset: how many confirm them, and where they differ."""

    workspace: str
    name: str
    confirmed: int
    changed: list[DecidedRecord]


class FeedbackOut(Struct, kw_only=True):
    """Datasets in which something was decided about the caller's answers."""

    datasets: list[DatasetFeedbackOut]

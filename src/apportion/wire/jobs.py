"""Bulk changes as jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .bodies import SentValue

__all__ = ["AcceptIn", "ApplyIn", "JobOut", "JobResult", "LeftRecord"]


class ApplyIn(Struct, kw_only=True):
    """One value for every record that matches, or the value that each of them has already."""

    query: Annotated[str, Meta(description="Which records; in the search language, as you see them.")] = ""
    value: SentValue = None
    state: Literal["draft", "submitted", "discarded"] = "submitted"
    take: Annotated[
        Literal["value", "own", "predicted"],
        Meta(description="Instead of a value: each record's own annotation of yours, or its prediction."),
    ] = "value"


class AcceptIn(Struct, kw_only=True):
    """Records to accept, and the condition under which people agree."""

    query: str = ""
    rule: Literal["unanimous", "majority"] = "unanimous"


class LeftRecord(Struct, kw_only=True):
    """A record that a job left as it was, and why."""

    record: str
    why: str


class JobResult(Struct, kw_only=True, omit_defaults=True):
    """Result of a job: records changed and left; a deletion or an import counts what it has processed so far."""

    changed: int | None = None
    left: int | None = None
    why: list[LeftRecord] | None = None
    processed: int | None = None
    records: int | None = None
    answers: int | None = None
    gold: int | None = None
    imported: int | None = None
    kept: int | None = None
    joined: int | None = None


class JobOut(Struct, kw_only=True):
    """A job: ``done`` of ``total`` records are processed. ``result`` is set once it has ended."""

    id: str
    kind: str
    state: str
    workspace: str
    dataset: str
    by: str
    created_at: str
    changed_at: str
    done: int
    total: int | None
    message: str | None
    result: JobResult | None
    undoable: bool

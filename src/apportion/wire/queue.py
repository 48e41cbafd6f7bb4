"""The caller's queue: leases on records, and records skipped."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from apportion.vocabulary import WhyEmpty

from .bodies import Reason
from .records import Record

__all__ = [
    "AssignmentOut",
    "ClaimIn",
    "Freed",
    "LeaseIn",
    "LeaseOut",
    "LeasesIn",
    "LeasesOut",
    "QueueOut",
    "QueueRecord",
    "SkipIn",
    "SkipUndone",
    "Skipped",
    "TakeBackIn",
    "TakenBack",
    "UndoSkipIn",
]


# Requests


class ClaimIn(Struct, kw_only=True):
    """Number of records to claim, and restrictions."""

    limit: Annotated[int, Meta(ge=1, le=20)] = 5
    where: Annotated[str | None, Meta(description="Only records that match; in the search language.")] = None
    dataset: Annotated[str | None, Meta(description="The UUID of the dataset that is meant.")] = None


class LeaseIn(Struct, kw_only=True):
    """One lease."""

    id: str
    token: str


class LeasesIn(Struct, kw_only=True):
    """Leases of the caller; all of them if none is named."""

    leases: Annotated[list[LeaseIn], Meta(max_length=100)] | None = None


class SkipIn(Struct, kw_only=True):
    """A record to skip, and the reason."""

    id: str
    token: str | None = None
    reason: Reason | None = None


class UndoSkipIn(Struct, kw_only=True):
    """A record that the caller skipped."""

    id: str


class TakeBackIn(Struct, kw_only=True):
    """People whose leases end."""

    annotators: Annotated[list[str], Meta(max_length=1_000)]


# Responses


class AssignmentOut(Struct, kw_only=True):
    """Reason why a record is in front of somebody, and for how long: its plan, its lease, the version they build on."""

    id: Annotated[str, Meta(description="The record's id, always as text.")]
    plan: str | None
    lease_until: str | None
    token: str | None
    reason: str | None
    version: int
    due: str | None


class QueueRecord(Record, kw_only=True, omit_defaults=True):
    """A record as in a search, and its assignment."""

    assignment: AssignmentOut


class QueueOut(Struct, kw_only=True, omit_defaults=True):
    """Records in front of somebody, each as in a search with its ``assignment``; ``left`` counts those behind them."""

    records: list[QueueRecord]
    left: int
    dataset: Annotated[str, Meta(description="The UUID of the dataset.")]
    why_empty: Annotated[WhyEmpty | None, Meta(description="Why there are no records, as a code.")] = None
    why_empty_text: Annotated[str | None, Meta(description="The same as a sentence.")] = None


class LeaseOut(Struct, kw_only=True):
    """End of a lease; null if it is gone."""

    id: str
    lease_until: str | None


class LeasesOut(Struct, kw_only=True):
    """Leases after the request."""

    leases: list[LeaseOut]


class Freed(Struct, kw_only=True):
    """Records that are free again."""

    released: list[str]


class Skipped(Struct, kw_only=True):
    """State of the slot after the skip: open for others, mine again later, or dropped."""

    id: str
    state: str
    annotator: str | None


class SkipUndone(Struct, kw_only=True):
    """The record is leased to the caller again."""

    id: str
    token: str
    lease_until: str


class TakenBack(Struct, kw_only=True):
    """Records that are free again."""

    released: list[str]

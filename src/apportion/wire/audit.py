"""The audit log: filters in, events out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from apportion.vocabulary import EventArea, EventCode

__all__ = ["AuditEvent", "AuditExport", "AuditPage", "AuditWanted"]


class AuditWanted(Struct, kw_only=True):
    """Filters for events of the audit log; omitted ones match everything."""

    who: Annotated[str | None, Meta(description="Only what this person did.")] = None
    what: Annotated[list[EventCode], Meta(description="Only events of these kinds.")] = []
    area: Annotated[
        list[EventArea], Meta(description="Only events about these things; added to ``what``.")
    ] = []
    workspace: Annotated[str | None, Meta(description="Only events of this workspace and its datasets.")] = (
        None
    )
    dataset: Annotated[
        str | None, Meta(description="Only events of datasets with this name or UUID, deleted or not.")
    ] = None
    since: Annotated[str | None, Meta(description="Not before this date or time (ISO 8601, UTC).")] = field(
        name="from", default=None
    )
    until: Annotated[
        str | None, Meta(description="Not after this date or time; a date ends with its day.")
    ] = field(name="to", default=None)
    text: Annotated[
        Annotated[str, Meta(max_length=1000)] | None,
        Meta(description="Only events that have this text anywhere."),
    ] = None


class AuditExport(AuditWanted, kw_only=True):
    """Filters for events, and the format of the export."""

    format: Literal["csv", "jsonl"] = "csv"


class AuditEvent(Struct, kw_only=True):
    """Something that happened: who did what, when, to what, what was there before and after.

    ``address`` and ``request`` are shown to administrators only.
    """

    no: int
    at: str
    who: str
    what: EventCode
    area: EventArea
    workspace: str | None
    dataset: str | None
    dataset_uuid: str | None
    record: str | None
    object: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    detail: dict[str, Any] | None
    address: str | None
    request: str | None


class AuditPage(Struct, kw_only=True):
    """Events, newest first; ``next`` is the ``cursor`` of the page that follows."""

    events: list[AuditEvent]
    next: str | None

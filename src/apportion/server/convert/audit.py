"""The audit log on the wire: filters in, events out, as JSON, as lines of JSON and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from apportion.domain.errors import BadRequestError
from apportion.domain.events import codes_of
from apportion.domain.times import parse_date_bounds, utc_iso
from apportion.ports.events import AuditedEvent, AuditFilter
from apportion.vocabulary import EventArea, EventCode

from .export_tables import shown

__all__ = [
    "AuditEvent",
    "AuditExport",
    "AuditPage",
    "AuditWanted",
    "audit_lines",
    "audit_table",
    "audited_out",
]


class AuditWanted(BaseModel):
    """Filters for events of the audit log; omitted ones match everything."""

    who: str | None = Field(None, description="Only what this person did.")
    what: list[EventCode] = Field([], description="Only events of these kinds.")
    area: list[EventArea] = Field([], description="Only events about these things; added to ``what``.")
    workspace: str | None = Field(None, description="Only events of this workspace and its datasets.")
    dataset: str | None = Field(
        None, description="Only events of datasets with this name or UUID, deleted or not."
    )
    since: str | None = Field(None, alias="from", description="Not before this date or time (ISO 8601, UTC).")
    until: str | None = Field(
        None, alias="to", description="Not after this date or time; a date ends with its day."
    )
    text: str | None = Field(None, max_length=1000, description="Only events that have this text anywhere.")
    model_config = ConfigDict(populate_by_name=True)

    def filter(self) -> AuditFilter:
        """Return the filters as the store takes them."""
        return AuditFilter(
            codes=codes_of(self.area, self.what),
            workspace=self.workspace,
            dataset=self.dataset,
            who=self.who,
            since=None if self.since is None else _bounds(self.since, "from")[0],
            until=None if self.until is None else _bounds(self.until, "to")[1] + 1,
            text=self.text or None,
        )


class AuditExport(AuditWanted):
    """Filters for events, and the format of the export."""

    format: Literal["csv", "jsonl"] = "csv"


class AuditEvent(BaseModel):
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


class AuditPage(BaseModel):
    """Events, newest first; ``next`` is the ``cursor`` of the page that follows."""

    events: list[AuditEvent]
    next: str | None = None


def audited_out(event: AuditedEvent) -> AuditEvent:
    """Return an event as clients see it."""
    return AuditEvent.model_validate(
        {**event._asdict(), "at": utc_iso(event.at), "area": event.what.area},
    )


def audit_lines(pages: Iterable[Sequence[AuditedEvent]]) -> Iterator[bytes]:
    """Yield events as JSON, one a line."""
    for page in pages:
        yield "".join(f"{audited_out(each).model_dump_json()}\n" for each in page).encode()


def audit_table(pages: Iterable[Sequence[AuditedEvent]]) -> Iterator[bytes]:
    """Yield a CSV header, then one event a row, with an apostrophe before formulas."""
    columns = list(AuditEvent.model_fields)
    yield f"{','.join(columns)}\r\n".encode()
    for page in pages:
        out = io.StringIO()
        write = csv.writer(out).writerow
        for each in page:
            write([_cell(value) for value in audited_out(each).model_dump(mode="json").values()])
        yield out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _bounds(text: str, name: str) -> tuple[int, int]:
    try:
        return parse_date_bounds(text)
    except (ValueError, OverflowError):
        raise BadRequestError(
            f"{name} is a date or time such as 2026-06-30 or 2026-06-30T12:00Z, not {text[:50]!r}."
        ) from None

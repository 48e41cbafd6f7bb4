"""The audit log on the wire: filters in, events out, as JSON, as lines of JSON and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from apportion.domain.errors import BadRequestError
from apportion.domain.events import codes_of
from apportion.domain.times import parse_date_bounds, utc_iso
from apportion.ports.events import AuditedEvent, AuditFilter
from apportion.wire.audit import AuditEvent, AuditWanted

from .export_tables import shown

__all__ = ["audit_filter", "audit_lines", "audit_table", "audited_out"]


def audit_filter(wanted: AuditWanted) -> AuditFilter:
    """Return filters as the store takes them. Raises ``BadRequestError`` for what is no date."""
    return AuditFilter(
        codes=codes_of(wanted.area, wanted.what),
        workspace=wanted.workspace,
        dataset=wanted.dataset,
        who=wanted.who,
        since=None if wanted.since is None else _bounds(wanted.since, "from")[0],
        until=None if wanted.until is None else _bounds(wanted.until, "to")[1] + 1,
        text=wanted.text or None,
    )


def audited_out(event: AuditedEvent) -> AuditEvent:
    """Return an event as clients see it."""
    return AuditEvent(**{**event._asdict(), "at": utc_iso(event.at), "area": event.what.area})


def audit_lines(pages: Iterable[Sequence[AuditedEvent]]) -> Iterator[bytes]:
    """Yield events as JSON, one a line."""
    for page in pages:
        yield b"".join(b"%b\n" % msgspec.json.encode(audited_out(each)) for each in page)


def audit_table(pages: Iterable[Sequence[AuditedEvent]]) -> Iterator[bytes]:
    """Yield a CSV header, then one event a row, with an apostrophe before formulas."""
    columns = AuditEvent.__struct_encode_fields__
    yield f"{','.join(columns)}\r\n".encode()
    for page in pages:
        out = io.StringIO()
        write = csv.writer(out).writerow
        for each in page:
            write([_cell(value) for value in msgspec.to_builtins(audited_out(each)).values()])
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

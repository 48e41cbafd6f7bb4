"""The audit log: who did what, when, to what. There is no route that changes or deletes any of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from apportion.domain.errors import BadRequestError, ForbiddenOperationError
from apportion.ports.events import AuditedEvent
from apportion.server.bodies import JsonRoute
from apportion.server.convert.audit import (
    audit_filter,
    audit_lines,
    audit_table,
    audited_out,
)
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.files_sent import while_allowed
from apportion.services.insight import audit
from apportion.vocabulary import EventArea, EventCode
from apportion.wire.audit import AuditExport, AuditPage, AuditWanted

__all__ = ["router"]

router = APIRouter(tags=["Audit log"], route_class=JsonRoute)
_REFUSALS = responses(ForbiddenOperationError, BadRequestError)
_MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@router.get("/api/audit", responses=_REFUSALS)
async def read_audit(
    ctx: Ctx,
    who: Annotated[str | None, Query(description="Only what this person did.")] = None,
    what: Annotated[list[EventCode] | None, Query(description="Only events of these kinds.")] = None,
    area: Annotated[
        list[EventArea] | None, Query(description="Only events about these things; added to ``what``.")
    ] = None,
    workspace: Annotated[
        str | None, Query(description="Only events of this workspace and its datasets.")
    ] = None,
    dataset: Annotated[
        str | None, Query(description="Only events of datasets with this name or UUID, deleted or not.")
    ] = None,
    since: Annotated[
        str | None, Query(alias="from", description="Not before this date or time (ISO 8601, UTC).")
    ] = None,
    until: Annotated[
        str | None, Query(alias="to", description="Not after this date or time; a date ends with its day.")
    ] = None,
    text: Annotated[
        str | None, Query(max_length=1000, description="Only events that have this text anywhere.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
) -> AuditPage:
    """List events of the audit log, newest first: all for administrators, those of their workspaces for managers."""
    wanted = audit_filter(
        AuditWanted(
            who=who,
            what=what or [],
            area=area or [],
            workspace=workspace,
            dataset=dataset,
            since=since,
            until=until,
            text=text,
        )
    )
    below = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else None
    found = await ctx.read_slow(
        lambda tx: audit.read_audit(tx, ctx.actor, wanted, below=below, limit=limit + 1)
    )
    following = str(found[limit - 1].no) if len(found) > limit else None
    return AuditPage(events=[audited_out(each) for each in found[:limit]], next=following)


@router.post(
    "/api/audit:export",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {media: {} for media in _MEDIA.values()}},
        **_REFUSALS,
    },
)
async def export_audit(ctx: Ctx, wanted: AuditExport) -> StreamingResponse:
    """Export matching events as a file, newest first. The export is an event, too."""
    narrowed, now = audit_filter(wanted), ctx.state.clock.now()
    count, upto = await ctx.read_slow(
        lambda tx: (audit.count_audit(tx, ctx.actor, narrowed), audit.last_event(tx))
    )
    asked = {**msgspec.to_builtins(wanted), "events": count}
    await ctx.write(lambda tx: audit.begin_export(tx, ctx.actor, asked, now=now))
    pages = audit.export_audit(ctx.state.store, ctx.actor, narrowed, upto=upto)
    write: Callable[[Iterable[Sequence[AuditedEvent]]], Iterator[bytes]] = (
        audit_table if wanted.format == "csv" else audit_lines
    )
    return StreamingResponse(
        while_allowed(ctx, _stream(ctx, write(pages))),
        media_type=_MEDIA[wanted.format],
        headers={"Content-Disposition": f"attachment; filename=audit.{wanted.format}"},
    )


async def _stream(ctx: Context, pages: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the pages, each made in a thread."""
    while (page := await ctx.state.run_in_thread(lambda: next(pages, None))) is not None:
        yield page

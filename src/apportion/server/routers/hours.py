"""Reports of hours worked, as a basis for payment."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from apportion.domain.errors import BadRequestError, EntityNotFoundError, ForbiddenOperationError
from apportion.domain.individual.time_spent import Hours, Period, Span, span_of
from apportion.server.bodies import JsonRoute
from apportion.server.convert.hours import hours_csv, hours_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.insight.hours import (
    dataset_hours,
    note_dataset_hours,
    note_workspace_hours,
    workspace_hours,
)
from apportion.wire.progress import HoursOut

__all__ = ["router"]

router = APIRouter(tags=["Progress"], route_class=JsonRoute)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}},
    **responses(ForbiddenOperationError, EntityNotFoundError, BadRequestError),
}

First = Annotated[str | None, Query(alias="from", description="First day, as 2026-03-01.")]
Last = Annotated[str | None, Query(alias="to", description="Last day, itself included.")]
By = Annotated[Period, Query(description="What a row is about; weeks begin on Monday.")]
Format = Annotated[Literal["json", "csv"], Query(description="CSV is for a spreadsheet.")]
Zone = Annotated[
    str | None, Query(description="Time zone in which days begin and end; without it the server's, else UTC.")
]


@router.get("/api/datasets/{name}/hours", responses=_ANSWERS)
async def get_dataset_hours(
    ctx: Ctx,
    name: str,
    first: First = None,
    last: Last = None,
    by: By = "day",
    timezone: Zone = None,
    format: Format = "json",
) -> Response | HoursOut:
    """Report the hours that people spent on a dataset, for payment; annotators see their own."""
    address, span = ctx.address(name), span_of(first, last, timezone or ctx.settings.timezone)
    found = await ctx.read_slow(lambda tx: dataset_hours(tx, ctx.actor, address, span, by))
    if format == "csv":
        asked, now = _asked(first, last, by, found), ctx.state.clock.now()
        await ctx.write(lambda tx: note_dataset_hours(tx, ctx.actor, address, asked, now=now))
    return _answer(found, span, format, name)


@router.get("/api/workspaces/{name}/hours", responses=_ANSWERS)
async def get_workspace_hours(
    ctx: Ctx,
    name: str,
    first: First = None,
    last: Last = None,
    by: By = "day",
    timezone: Zone = None,
    format: Format = "json",
) -> Response | HoursOut:
    """Report the hours that people spent on each dataset of a workspace, for payment; annotators see their own."""
    span = span_of(first, last, timezone or ctx.settings.timezone)
    found = await ctx.read_slow(lambda tx: workspace_hours(tx, ctx.actor, name, span, by))
    if format == "csv":
        asked, now = _asked(first, last, by, found), ctx.state.clock.now()
        await ctx.write(lambda tx: note_workspace_hours(tx, ctx.actor, name, asked, now=now))
    return _answer(found, span, format, name)


def _asked(first: str | None, last: str | None, by: Period, found: list[Hours]) -> dict[str, Any]:
    """Return what the event of a download says."""
    return {"format": "csv", "by": str(by), "from": first, "to": last, "rows": len(found)}


def _answer(found: list[Hours], span: Span, format: str, name: str) -> Response | HoursOut:
    if format == "json":
        return HoursOut(timezone=span.zone, rows=[hours_out(each) for each in found])
    file = f"attachment; filename*=UTF-8''{quote(name)}-hours.csv"
    return Response(hours_csv(found), media_type="text/csv", headers={"Content-Disposition": file})

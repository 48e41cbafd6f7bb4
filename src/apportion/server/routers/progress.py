"""Progress of datasets and plans, the caller's own work, and events."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import EntityNotFoundError, ForbiddenOperationError, UnauthorizedError
from apportion.domain.permissions import Action
from apportion.domain.times import utc_iso
from apportion.ports.annotations import Event
from apportion.server.bodies import JsonRoute
from apportion.server.convert.assignments import overview_out, progress_out, work_out
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.request_log import request_info
from apportion.services.datasets.access import open_dataset
from apportion.services.insight import progress as team
from apportion.services.insight.overview import overview
from apportion.vocabulary import UNBOUNDED
from apportion.wire.progress import EventOut, EventsOut, OverviewOut, ProgressOut, WorkOut

if TYPE_CHECKING:
    from apportion.ports.store import Transaction

__all__ = ["router"]

router = APIRouter(tags=["Progress"], route_class=JsonRoute)
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)
HEARTBEAT = 15.0
"""Seconds between heartbeats on a stream without events."""
_PAGE = 200


@router.get("/api/datasets/{name}/progress", responses=_REFUSALS)
async def progress(
    ctx: Ctx,
    name: str,
    median: Annotated[
        bool,
        Query(description="Also the median seconds per answer; looks at every answer, so ask it less often."),
    ] = False,
) -> ProgressOut:
    """Show the progress of a dataset by person; annotators see their own."""
    address, now = ctx.address(name), ctx.state.clock.now()
    found = await ctx.read_slow(
        lambda tx: team.progress(tx, ctx.actor, address, now=now, median=median),
        long=True,
    )
    return progress_out(found)


@router.get("/api/me/work")
async def my_work(ctx: Ctx) -> WorkOut:
    """List my work in all datasets."""
    now = ctx.state.clock.now()
    found = await ctx.read_slow(lambda tx: team.my_work(tx, ctx.actor, now=now))
    return WorkOut(work=[work_out(each) for each in found])


@router.get("/api/overview")
async def get_overview(ctx: Ctx) -> OverviewOut:
    """List all datasets I may see, with their statuses as I see them and my work in each."""
    found = await ctx.read_slow(lambda tx: overview(tx, ctx.actor), long=True)
    return OverviewOut(datasets=[overview_out(each) for each in found])


@router.get("/api/datasets/{name}/events", responses=_REFUSALS)
async def events(
    ctx: Ctx,
    name: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
    annotator: Annotated[str | None, Query(description="Only what this person did.")] = None,
) -> EventsOut:
    """List the events of a dataset, newest first; annotators see their own."""
    address = ctx.address(name)
    before = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else UNBOUNDED
    found = await ctx.read_slow(
        lambda tx: team.events(tx, ctx.actor, address, team.EventPage(limit, before=before, who=annotator))
    )
    following = str(found[-1].no) if len(found) == limit else None
    return EventsOut(events=[_event(each) for each in found], next=following)


@router.get(
    "/api/events",
    response_class=StreamingResponse,
    responses={200: {"description": "Events.", "content": {"text/event-stream": {}}}, **_REFUSALS},
)
async def stream(
    ctx: Ctx,
    request: Request,
    dataset: Annotated[str, Query(description="The name of the dataset.")],
    last_event_id: Annotated[str | None, Header(description="The last event that was received.")] = None,
) -> StreamingResponse:
    """Stream the events of a dataset as server-sent events; with ``Last-Event-ID`` those that follow it."""
    address = ctx.address(dataset)
    if (seen := request_info(request.scope)) is not None:
        seen.stream = True

    def begin(tx: Transaction) -> tuple[int, Sequence[Event]]:
        number = open_dataset(tx, ctx.actor, address, Action.ANNOTATE).dataset.no
        return number, team.events(tx, ctx.actor, address, team.EventPage(1, before=UNBOUNDED))

    number, latest = await ctx.read(begin)
    after = latest[0].no if latest else 0
    if last_event_id is not None and last_event_id.isdecimal() and len(last_event_id) < 19:
        after = int(last_event_id)
    return StreamingResponse(
        _stream(ctx, _Listening(address, number, after)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@dataclass(frozen=True, slots=True)
class _Listening:
    """The dataset that a stream is about, and the last event that was sent."""

    address: DatasetAddress
    number: int
    after: int


async def _since(ctx: Context, from_: _Listening, *, at_once: bool) -> Sequence[Event]:
    """Return the events since the last one that was sent; if there are none, wait for them some seconds."""

    def look(tx: Transaction) -> Sequence[Event]:
        ctx.check_rights(tx)  # the listener may have been removed, demoted or given another key meanwhile
        return team.events(tx, ctx.actor, from_.address, team.EventPage(_PAGE, after=from_.after))

    state = ctx.state
    return await (state.read(look) if at_once else state.events.next(state, from_.number, from_.after, look))


async def _stream(ctx: Context, from_: _Listening) -> AsyncIterator[bytes]:
    stats = ctx.state.stats
    stats.streams += 1
    try:
        async for piece in _frames(ctx, from_):
            yield piece
    finally:
        stats.streams -= 1


async def _frames(ctx: Context, from_: _Listening) -> AsyncIterator[bytes]:
    yield b": here\n\n"
    sent_at, more = time.monotonic(), True
    while not ctx.state.stopping.is_set():  # browsers reconnect by themselves, to the next server
        try:
            found = await _since(ctx, from_, at_once=more)
        except (EntityNotFoundError, ForbiddenOperationError, UnauthorizedError):
            yield b"event: gone\ndata: {}\n\n"
            return
        for each in found:
            from_ = replace(from_, after=each.no)
            yield b"id: %d\ndata: %b\n\n" % (each.no, msgspec.json.encode(_event(each)))
        more = len(found) == _PAGE
        if found:
            sent_at = time.monotonic()
        elif time.monotonic() - sent_at >= HEARTBEAT:
            sent_at = time.monotonic()
            yield b": still here\n\n"


def _event(each: Event) -> EventOut:
    return EventOut(
        no=each.no,
        at=utc_iso(each.at),
        who=each.who,
        what=each.what,
        record=each.record,
        detail=None if each.detail is None else dict(each.detail),
    )

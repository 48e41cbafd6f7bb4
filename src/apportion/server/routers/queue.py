"""The caller's queue: claim, preview, renew, release and skip records."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from apportion.domain.errors import (
    DatasetGoneError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    RecordNotFound,
)
from apportion.domain.times import utc_iso
from apportion.ports.store import Transaction
from apportion.server.bodies import JsonRoute
from apportion.server.convert.assignments import queue_json
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.wire_routes import Reply
from apportion.services.assignments import queue
from apportion.wire.queue import (
    ClaimIn,
    Freed,
    LeaseOut,
    LeasesIn,
    LeasesOut,
    QueueOut,
    SkipIn,
    Skipped,
    SkipUndone,
    UndoSkipIn,
)

__all__ = ["router"]

router = APIRouter(tags=["Queue"], route_class=JsonRoute)
_TRIES = 3
_QUEUE = "/api/datasets/{name}/queue"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)
_CLAIMS = {**_REFUSALS, **responses(DatasetGoneError, InvalidTextSearchError)}


@router.post(_QUEUE + ":claim", responses=_CLAIMS)
async def claim(ctx: Ctx, name: str, sent: ClaimIn) -> Reply[QueueOut]:
    """Lease my next records. Claiming again renews the leases I have and takes no more."""
    address, now = ctx.address(name, uuid=sent.dataset), ctx.state.clock.now()
    tokens = [secrets.token_urlsafe(12) for _ in range(sent.limit)]

    def lease(among: list[int] | None) -> Callable[[Transaction], queue.Queue]:
        asked = queue.ClaimRequest(tokens, sent.limit, among)
        return lambda tx: queue.claim_next(tx, ctx.actor, address, asked, now=now)

    if sent.where is None or not sent.where.strip():
        found = await ctx.write(lease(None), urgent=True)
        return Reply(queue_json(found))
    where = sent.where
    for _ in range(_TRIES):
        among = await ctx.read_slow(lambda tx: queue.shortlist(tx, ctx.actor, address, where=where, now=now))
        found = await ctx.write(lease(among), urgent=True)
        if found.items or not among:  # otherwise others have claimed all of them meanwhile
            break
    return Reply(queue_json(found))


@router.get(_QUEUE, responses=_CLAIMS)
async def look(
    ctx: Ctx,
    name: str,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
    where: Annotated[str | None, Query(description="Only records that match.")] = None,
) -> Reply[QueueOut]:
    """Preview what a claim would return; nothing is leased."""
    address, now = ctx.address(name), ctx.state.clock.now()
    read = ctx.read if where is None or not where.strip() else ctx.read_slow
    found = await read(
        lambda tx: queue.peek(tx, ctx.actor, address, queue.PeekRequest(limit, where), now=now)
    )
    return Reply(queue_json(found))


@router.post(_QUEUE + ":heartbeat", responses=_REFUSALS)
async def heartbeat(ctx: Ctx, name: str, sent: LeasesIn) -> LeasesOut:
    """Renew leases while their records are on my screen."""
    address, now = ctx.address(name), ctx.state.clock.now()
    leases = [(each.id, each.token) for each in sent.leases or []]
    found = await ctx.write(lambda tx: queue.renew(tx, ctx.actor, address, leases, now=now), urgent=True)
    return LeasesOut(
        leases=[LeaseOut(id=id, lease_until=None if until is None else utc_iso(until)) for id, until in found]
    )


@router.post(_QUEUE + ":release", responses=_REFUSALS)
async def release(ctx: Ctx, name: str, sent: LeasesIn) -> Freed:
    """Release leases; all of mine if none is named."""
    address = ctx.address(name)
    leases = None if sent.leases is None else [(each.id, each.token) for each in sent.leases]
    freed = await ctx.write(lambda tx: queue.release_records(tx, ctx.actor, address, leases), urgent=True)
    return Freed(released=freed)


@router.post(_QUEUE + ":skip", responses={**_REFUSALS, **responses(RecordNotFound, queue.LeaseGoneError)})
async def skip(ctx: Ctx, name: str, sent: SkipIn) -> Skipped:
    """Skip a record: it goes to others, comes back later or goes to no one, as the plan or the dataset says."""
    address, now = ctx.address(name), ctx.state.clock.now()
    slot = await ctx.write(
        lambda tx: queue.skip_record(
            tx, ctx.actor, address.record(sent.id), queue.SkipRequest(sent.token, sent.reason), now=now
        ),
        urgent=True,
    )
    return Skipped(id=sent.id, state=str(slot.state), annotator=slot.annotator)


@router.post(
    _QUEUE + ":undo_skip", responses={**_REFUSALS, **responses(RecordNotFound, queue.LeaseGoneError)}
)
async def undo_skip(ctx: Ctx, name: str, sent: UndoSkipIn) -> SkipUndone:
    """Undo your skip of a record, unless someone else has it by now; it is leased to you again."""
    address, now, token = ctx.address(name), ctx.state.clock.now(), secrets.token_urlsafe(12)
    slot = await ctx.write(
        lambda tx: queue.take_skipped_back(tx, ctx.actor, address.record(sent.id), token, now=now),
        urgent=True,
    )
    assert slot.lease is not None
    return SkipUndone(id=sent.id, token=token, lease_until=utc_iso(slot.lease.until))

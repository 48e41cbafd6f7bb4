"""The caller's queue: claim, preview, renew, release and skip records."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

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
from apportion.server.convert.values import LONGEST_REASON
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.assignments import queue
from apportion.vocabulary import WhyEmpty

__all__ = ["router"]

router = APIRouter(tags=["Queue"], route_class=JsonRoute)
_TRIES = 3
_QUEUE = "/api/datasets/{name}/queue"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)
_CLAIMS = {**_REFUSALS, **responses(DatasetGoneError, InvalidTextSearchError)}


class ClaimIn(BaseModel):
    """Number of records to claim, and restrictions."""

    limit: int = Field(5, ge=1, le=20)
    where: str | None = Field(None, description="Only records that match; in the search language.")
    dataset: str | None = Field(None, description="The UUID of the dataset that is meant.")


class LeaseIn(BaseModel):
    """One lease."""

    id: str
    token: str


class LeasesIn(BaseModel):
    """Leases of the caller; all of them if none is named."""

    leases: list[LeaseIn] | None = Field(None, max_length=100)


class LeaseOut(BaseModel):
    """End of a lease; null if it is gone."""

    id: str
    lease_until: str | None


class LeasesOut(BaseModel):
    """Leases after the request."""

    leases: list[LeaseOut]


class Freed(BaseModel):
    """Records that are free again."""

    released: list[str]


class SkipIn(BaseModel):
    """A record to skip, and the reason."""

    id: str
    token: str | None = None
    reason: str | None = Field(None, max_length=LONGEST_REASON)


class Skipped(BaseModel):
    """State of the slot after the skip: open for others, mine again later, or dropped."""

    id: str
    state: str
    annotator: str | None


class UndoSkipIn(BaseModel):
    """A record that the caller skipped."""

    id: str


class SkipUndone(BaseModel):
    """The record is leased to the caller again."""

    id: str
    token: str
    lease_until: str


class QueueOut(BaseModel):
    """Records in front of somebody, each as in a search with its ``assignment``; ``left`` counts those behind them."""

    records: list[dict[str, Any]]
    left: int
    dataset: str = Field(description="The UUID of the dataset.")
    why_empty: WhyEmpty | None = Field(None, description="Why there are no records, as a code.")
    why_empty_text: str | None = Field(None, description="The same as a sentence.")


# The reply is put together from the stored JSON; the model only describes it.
_QUEUES: dict[int | str, dict[str, Any]] = {**_CLAIMS, 200: {"model": QueueOut}}


@router.post(_QUEUE + ":claim", responses=_QUEUES)
async def claim(ctx: Ctx, name: str, sent: ClaimIn) -> Response:
    """Lease my next records. Claiming again renews the leases I have and takes no more."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    tokens = [secrets.token_urlsafe(12) for _ in range(sent.limit)]

    def lease(among: list[int] | None) -> Callable[[Transaction], queue.Queue]:
        return lambda tx: queue.claim_next(
            tx,
            ctx.actor,
            workspace,
            name,
            tokens,
            limit=sent.limit,
            among=among,
            uuid=sent.dataset,
            now=now,
        )

    if sent.where is None or not sent.where.strip():
        found = await ctx.write(lease(None), urgent=True)
        return Response(queue_json(found), media_type="application/json")
    where = sent.where
    for _ in range(_TRIES):
        among = await ctx.read_slow(
            lambda tx: queue.shortlist(
                tx, ctx.actor, workspace, name, where=where, uuid=sent.dataset, now=now
            )
        )
        found = await ctx.write(lease(among), urgent=True)
        if found.items or not among:  # otherwise others have claimed all of them meanwhile
            break
    return Response(queue_json(found), media_type="application/json")


@router.get(_QUEUE, responses=_QUEUES)
async def look(
    ctx: Ctx,
    name: str,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
    where: Annotated[str | None, Query(description="Only records that match.")] = None,
) -> Response:
    """Preview what a claim would return; nothing is leased."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    read = ctx.read if where is None or not where.strip() else ctx.read_slow
    found = await read(
        lambda tx: queue.peek(tx, ctx.actor, workspace, name, limit=limit, where=where, now=now)
    )
    return Response(queue_json(found), media_type="application/json")


@router.post(_QUEUE + ":heartbeat", responses=_REFUSALS)
async def heartbeat(ctx: Ctx, name: str, sent: LeasesIn) -> LeasesOut:
    """Renew leases while their records are on my screen."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    leases = [(each.id, each.token) for each in sent.leases or []]
    found = await ctx.write(
        lambda tx: queue.renew(tx, ctx.actor, workspace, name, leases, now=now), urgent=True
    )
    return LeasesOut(
        leases=[LeaseOut(id=id, lease_until=None if until is None else utc_iso(until)) for id, until in found]
    )


@router.post(_QUEUE + ":release", responses=_REFUSALS)
async def release(ctx: Ctx, name: str, sent: LeasesIn) -> Freed:
    """Release leases; all of mine if none is named."""
    workspace = ctx.require_workspace()
    leases = None if sent.leases is None else [(each.id, each.token) for each in sent.leases]
    freed = await ctx.write(
        lambda tx: queue.release_records(tx, ctx.actor, workspace, name, leases), urgent=True
    )
    return Freed(released=freed)


@router.post(_QUEUE + ":skip", responses={**_REFUSALS, **responses(RecordNotFound, queue.LeaseGoneError)})
async def skip(ctx: Ctx, name: str, sent: SkipIn) -> Skipped:
    """Skip a record: it goes to others, comes back later or goes to nobody, as the plan or the dataset says."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    slot = await ctx.write(
        lambda tx: queue.skip_record(
            tx, ctx.actor, workspace, name, sent.id, sent.token, sent.reason, now=now
        ),
        urgent=True,
    )
    return Skipped(id=sent.id, state=str(slot.state), annotator=slot.annotator)


@router.post(
    _QUEUE + ":undo_skip", responses={**_REFUSALS, **responses(RecordNotFound, queue.LeaseGoneError)}
)
async def undo_skip(ctx: Ctx, name: str, sent: UndoSkipIn) -> SkipUndone:
    """Take back a record that you skipped, unless somebody else has it by now; it is leased to you again."""
    workspace, now, token = ctx.require_workspace(), ctx.state.clock.now(), secrets.token_urlsafe(12)
    slot = await ctx.write(
        lambda tx: queue.take_skipped_back(tx, ctx.actor, workspace, name, sent.id, token, now=now),
        urgent=True,
    )
    assert slot.lease is not None
    return SkipUndone(id=sent.id, token=token, lease_until=utc_iso(slot.lease.until))

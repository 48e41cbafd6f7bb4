"""Bulk changes as jobs, with progress and undo; and import of gold values."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Body

from apportion.domain.consensus.resolution import ResolutionRule
from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
)
from apportion.domain.jobs import ENDED, AcceptScope, Job
from apportion.domain.permissions import Action
from apportion.domain.times import utc_iso
from apportion.server.bodies import JsonRoute
from apportion.server.convert.values import read_value
from apportion.server.deps import KEYED, Ctx
from apportion.server.errors import responses
from apportion.server.wire_routes import Reply, json_reply
from apportion.services.background import jobs
from apportion.services.datasets.access import open_dataset
from apportion.services.records import import_gold as gold
from apportion.vocabulary import AnnotationState
from apportion.wire.annotations import ImportGoldIn, ImportGoldOut
from apportion.wire.jobs import AcceptIn, ApplyIn, JobOut, JobResult

__all__ = ["router"]

router = APIRouter(tags=["Jobs"], route_class=JsonRoute)
_DATASET = "/api/datasets/{name}"
_REFUSALS = responses(
    ForbiddenOperationError, EntityNotFoundError, InvalidTextSearchError, BadRequestError, ConflictError
)


def _out(job: Job, dataset: Dataset) -> JobOut:
    return JobOut(
        id=job.id,
        kind=str(job.kind),
        state=str(job.state),
        workspace=dataset.workspace,
        dataset=dataset.name,
        by=job.by,
        created_at=utc_iso(job.created_at),
        changed_at=utc_iso(job.changed_at),
        done=job.done,
        total=job.total,
        message=job.message,
        result=cast("JobResult | None", job.result),  # as it was stored
        undoable=job.kind.undoable and job.state in ENDED,
    )


@router.post(_DATASET + "/annotations:apply", responses=_REFUSALS, dependencies=KEYED)
async def apply(ctx: Ctx, name: str, wanted: ApplyIn) -> Reply[JobOut]:
    """Annotate all records that match: your own annotations, or as a reviewer their gold values. Can be undone."""
    address, now = ctx.address(name), ctx.state.clock.now()
    dataset = await ctx.read(lambda tx: open_dataset(tx, ctx.actor, address, Action.ANNOTATE).dataset)
    value = read_value(dataset.task, wanted.value, ctx.settings.answer_limits)
    await ctx.parsed(wanted.query)  # parsed here, since the writer has no time for it
    asked = jobs.Apply(
        wanted.query, wanted.value, value, AnnotationState(wanted.state), AcceptScope(wanted.take)
    )
    reply = await ctx.once(lambda tx: _out(jobs.begin_apply(tx, ctx.actor, address, asked, now=now), dataset))
    ctx.state.jobs.wake()
    return reply


@router.post(_DATASET + "/consensus:accept", responses=_REFUSALS, dependencies=KEYED)
async def accept(ctx: Ctx, name: str, wanted: Annotated[AcceptIn, Body()]) -> Reply[JobOut]:
    """Accept as gold what people agree on, for records that no one has decided. Can be undone."""
    address, now = ctx.address(name), ctx.state.clock.now()
    asked = jobs.Acceptance(wanted.query, ResolutionRule(wanted.rule))
    await ctx.parsed(wanted.query)
    dataset = await ctx.read(lambda tx: open_dataset(tx, ctx.actor, address, Action.ADJUDICATE).dataset)
    reply = await ctx.once(
        lambda tx: _out(jobs.begin_accept(tx, ctx.actor, address, asked, now=now), dataset)
    )
    ctx.state.jobs.wake()
    return reply


@router.get("/api/jobs/{id}", responses=responses(EntityNotFoundError))
async def get_job(ctx: Ctx, id: str) -> JobOut:
    """Show the progress of a job to the person who started it, and to reviewers."""
    return _out(*await ctx.read(lambda tx: jobs.find_job(tx, ctx.actor, id)))


@router.post(
    "/api/jobs/{id}:undo", responses=responses(EntityNotFoundError, ConflictError), dependencies=KEYED
)
async def undo_job(ctx: Ctx, id: str) -> Reply[JobOut]:
    """Undo what a job changed, except records changed since; the undo is a job, too."""
    now = ctx.state.clock.now()
    reply = await ctx.once(lambda tx: _out(*jobs.begin_undo(tx, ctx.actor, id, now=now)))
    ctx.state.jobs.wake()
    return reply


@router.post(_DATASET + "/gold:import", responses=_REFUSALS, dependencies=KEYED)
async def import_gold(ctx: Ctx, name: str, wanted: ImportGoldIn) -> Reply[ImportGoldOut]:
    """Import gold values that are known to be right: all of them or none."""
    address, now = ctx.address(name), ctx.state.clock.now()
    dataset = await ctx.read(lambda tx: open_dataset(tx, ctx.actor, address, Action.ADJUDICATE).dataset)
    if (found := await ctx.kept_reply()) is not None:
        return found
    entries = []
    for row in wanted.gold:
        # a missing value becomes {}, which is refused for its form
        sent = (row.value or {}) if row.state == "submitted" else None
        value = read_value(dataset.task, sent, ctx.settings.answer_limits)
        entries.append(gold.ImportedGold(row.id, value, row.reason))
    asked = gold.GoldImport(address, entries, wanted.overwrite)
    await ctx.read_slow(lambda tx: gold.check_gold(tx, ctx.actor, asked), long=True)
    importing = gold.import_gold(asked, ctx.look_up, by=ctx.actor.username, now=now)
    await ctx.run(importing, store=ctx.state.store)
    counts = importing.counts
    return await ctx.keep(
        json_reply(ImportGoldOut(imported=counts.get("imported", 0), kept=counts.get("kept", 0)))
    )

"""Logging records in bulk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import (
    BulkDataError,
    ClosedDatasetError,
    ConflictError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    MetadataLimitExceededError,
    QueryTooSlowError,
    ValidationError,
    WrongTaskError,
)
from apportion.domain.permissions import EffectiveRole, effective_role
from apportion.server.bodies import JsonRoute, json_body
from apportion.server.convert.records_in import BulkLimits, read_bulk
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.late_imports import imported
from apportion.server.paths import task_of
from apportion.server.wire_routes import described_body
from apportion.services.datasets.access import find_unchecked
from apportion.services.records.log import LogRequest, log_records, speaks_for_others
from apportion.services.records.log_in_parts import check_log, find_for_parts, log_into_parts, log_new
from apportion.vocabulary import Task
from apportion.wire.records import (
    BulkOut,
    Text2TextBulk,
    TextClassificationBulk,
    TokenClassificationBulk,
)

if TYPE_CHECKING:
    from apportion.services.assignments.standing_plans import LateExtension

__all__ = ["router"]

router = APIRouter(tags=["Records"], route_class=JsonRoute)

_BODY = described_body(TextClassificationBulk, TokenClassificationBulk, Text2TextBulk, required=True)
_MANY, _LARGE = 2_000, 2_000_000
"""Records and bytes from which on a request is stored in parts, so that nobody else waits for all of it."""
_FEW = 20
"""Most records that are decoded on the event loop; more in a thread, so that nobody else waits."""


@router.post(
    "/api/datasets/{name}/{task}:bulk",
    openapi_extra=_BODY,
    responses=responses(
        WrongTaskError,
        BulkDataError,
        MetadataLimitExceededError,
        ClosedDatasetError,
        ForbiddenOperationError,
        EntityNotFoundError,
    ),
)
async def log_bulk(ctx: Ctx, request: Request, name: str, task: str) -> BulkOut:
    """Log records, each replacing the record of the same id; creates the dataset if there is none."""
    which = task_of(task)
    body = await json_body(request, partial(ctx.state.share.parts, ctx.actor.username))
    if len(body) <= _LARGE:
        return await _log(ctx, body, name, which)
    async with ctx.state.share.large(ctx.actor.username):
        return await _log(ctx, body, name, which)


async def _log(ctx: Context, body: bytes, name: str, which: Task) -> BulkOut:
    workspace = ctx.workspace or ""
    known = None
    if (
        which is Task.TOKEN_CLASSIFICATION
        and effective_role(ctx.actor, workspace) is not EffectiveRole.OUTSIDER
    ):
        dataset = await ctx.read(lambda tx: find_unchecked(tx, DatasetAddress(workspace, name)))
        known = None if dataset is None else dataset.settings
    overlap = known is not None and known.allow_overlapping_spans
    parts = known is not None and known.allow_character_spans

    own = ctx.workspace is not None and speaks_for_others(ctx.actor, ctx.workspace)

    def read(rest: Callable[[], None]) -> LogRequest:
        bulk = read_bulk(body, which, _limits(ctx), allow_overlap=overlap, allow_parts=parts, rest=rest)
        large = len(body) > _LARGE or len(bulk.records) > _MANY
        prepare = ctx.state.store.encode_records
        return LogRequest(
            ctx.address(name),
            which,
            bulk.records,
            prepare,
            bulk.tags,
            bulk.metadata,
            prepare(which, bulk.records) if own and not large else None,
        )

    small = len(body) < _FEW * 2_000
    logging = read(lambda: None) if small else await ctx.paced(read)
    now = ctx.state.clock.now()
    if len(body) > _LARGE or len(logging.records) > _MANY:
        kept = await _log_parts(ctx, logging, now)
        return BulkOut(dataset=name, processed=len(logging.records), failed=0, kept=kept)
    logged = await ctx.write(
        lambda tx: log_records(tx, ctx.actor, logging, now=now),
        urgent=small,
    )
    for late in logged.late:
        await _extend(ctx, late, now)
    return BulkOut(dataset=logged.dataset, processed=logged.processed, failed=logged.failed, kept=logged.kept)


async def _log_parts(ctx: Context, logging: LogRequest, now: int) -> int | None:
    """Log records in parts; return how many annotations were left as they were, None where that has no meaning."""
    there = await ctx.read(lambda tx: find_for_parts(tx, ctx.actor, logging, now=now))
    if there is None:
        try:
            await ctx.run(log_new(ctx.store, ctx.actor, logging, now=now))
            return None
        except EntityAlreadyExistsError:  # somebody else made it meanwhile
            there = await ctx.read(lambda tx: find_for_parts(tx, ctx.actor, logging, now=now))
            if there is None:
                raise
    store = ctx.state.store
    checked = await ctx.read_slow(lambda tx: check_log(tx, ctx.actor, logging), long=True)
    into = await ctx.compute(lambda: log_into_parts(store, ctx.look_up, checked, now=now))
    await ctx.run(into, store=store)
    return into.counts.get("kept")


async def _extend(ctx: Context, late: LateExtension, now: int) -> None:
    """Add logged records to a standing plan whose query takes long: answered on a snapshot, then applied."""
    # imports numpy, a quarter of the memory of an idle server
    await imported("apportion.services.assignments.standing_plans")
    from apportion.services.assignments import standing_plans as standing

    state, why = ctx.state, ""
    try:
        for _ in range(standing.ATTEMPTS):
            try:
                addition = await state.read_slow(
                    lambda tx: standing.compute_late(tx, late, now=now), ctx.deadline(), ctx.actor.username
                )
                # Not with the caller's rights: the records are logged, and the plan is its manager's
                await state.write(lambda tx: standing.apply_late(tx, late, addition, now=now))  # noqa: B023 (awaited here)
                return
            except ConflictError as changed:
                why = str(changed)
            except QueryTooSlowError as slow:
                why = str(slow)
                break
            except ValidationError as problem:
                why = problem.errors[0]["msg"]
                break
        await state.write(lambda tx: standing.note_not_extended(tx, late, why, now=now))
    except BaseException:
        # Also where the caller hung up: nobody waits for this
        left = state.store.write(lambda tx: standing.requeue_late(tx, late, now=now))
        left.add_done_callback(lambda _: state.jobs.wake())
        raise


def _limits(ctx: Context) -> BulkLimits:
    settings = ctx.settings
    return BulkLimits(
        settings.max_records,
        settings.max_text,
        settings.metadata_field_length,
        settings.answer_limits,
        settings.max_values,
    )

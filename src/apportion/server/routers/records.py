"""Single records, and deleting many."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from apportion.domain.errors import (
    BadRequestError,
    ClosedDatasetError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    MetadataLimitExceededError,
    RecordNotFound,
    ValidationError,
)
from apportion.domain.metadata import flatten
from apportion.server.bodies import json_body
from apportion.server.convert.queries import read_deletion
from apportion.server.convert.records_out import full_record
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.paths import RecordRoute, record_id
from apportion.server.wire_routes import Reply, described_body
from apportion.services.records import edit, find, remove
from apportion.wire.queries import Query as RecordQuery
from apportion.wire.records import Deleted, Record, RecordChanges

__all__ = ["router"]

router = APIRouter(tags=["Records"], route_class=RecordRoute)
_RECORD = "/api/datasets/{name}/records/{id:path}"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError, RecordNotFound)


@router.get(_RECORD, responses=_REFUSALS)
async def get_record(ctx: Ctx, request: Request, name: str) -> Reply[Record]:
    """Show a record in full. The id is one percent-encoded path segment and may contain any character."""
    id, address = record_id(request), ctx.address(name)
    dataset, row = await ctx.read(lambda tx: find.find_record(tx, ctx.actor, address.record(id)))
    return Reply(full_record(row, dataset.task))


@router.patch(
    _RECORD,
    responses={**_REFUSALS, **responses(BadRequestError, ClosedDatasetError, MetadataLimitExceededError)},
)
async def patch_record(ctx: Ctx, request: Request, name: str, changes: RecordChanges) -> Reply[Record]:
    """Merge metadata into a record and set its status."""
    id, address, now = record_id(request), ctx.address(name), ctx.state.clock.now()
    metadata = None
    if changes.metadata is not None:
        settings = ctx.settings
        metadata = flatten(changes.metadata, longest=settings.metadata_field_length, hidden=settings.max_text)
    dataset, row = await ctx.write(
        lambda tx: edit.patch_record(
            tx, ctx.actor, address.record(id), edit.RecordPatch(metadata, changes.status), now=now
        ),
        urgent=True,
    )
    return Reply(full_record(row, dataset.task))


@router.delete(
    "/api/datasets/{name}/data",
    openapi_extra=described_body(RecordQuery),
    responses={**_REFUSALS, **responses(InvalidTextSearchError)},
)
async def delete_records(
    ctx: Ctx,
    request: Request,
    name: str,
    mark_as_discarded: Annotated[bool, Query(description="Mark as discarded instead of deleting.")] = False,
) -> Deleted:
    """Delete the records that match the body's query, or mark them as discarded; without a body, all."""
    _refuse_unknown(request, {"workspace", "mark_as_discarded"})
    body = await json_body(request)
    criteria = await ctx.digested(body, lambda: read_deletion(body))
    address, now = ctx.address(name), ctx.state.clock.now()
    wanted = await ctx.read_slow(
        lambda tx: remove.matching_numbers(tx, ctx.actor, address, criteria, discard=mark_as_discarded)
    )
    removal = remove.RemoveRecords(wanted, ctx.look_up, ctx.state.clock, now=now)
    await ctx.run(removal, store=ctx.state.store)
    done = removal.progress
    return Deleted(matched=done.matched, processed=done.processed)


def _refuse_unknown(request: Request, known: set[str]) -> None:
    """Refuse unknown parameters: a query in the URL would be ignored, and everything deleted."""
    if unknown := sorted(request.query_params.keys() - known):
        msg = "unknown parameter; queries and ids belong in the body. Nothing was removed"
        raise ValidationError(
            [{"loc": ["query", each], "msg": msg, "type": "value_error.extra"} for each in unknown]
        )

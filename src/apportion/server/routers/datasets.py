"""Datasets: list, create, change, copy, open, close, delete, restore."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from apportion.domain.errors import (
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    MissingInputParamError,
)
from apportion.domain.permissions import Action
from apportion.domain.times import utc_iso
from apportion.server.bodies import JsonRoute
from apportion.server.convert.datasets import dataset_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.datasets import access as manage
from apportion.services.datasets import trash
from apportion.services.records import copy as copying
from apportion.wire.datasets import (
    CopyIn,
    DatasetChanges,
    DatasetOut,
    DeletedDatasets,
    DeletedOut,
    GatheredOut,
    GatherIn,
    NewDataset,
    RestoreIn,
)

__all__ = ["router"]

router = APIRouter(tags=["Datasets"], route_class=JsonRoute)
_REFUSALS = responses(MissingInputParamError, ForbiddenOperationError, EntityNotFoundError)


@router.get("/api/datasets", responses=responses(EntityNotFoundError))
@router.get("/api/datasets/", include_in_schema=False)
async def list_datasets(ctx: Ctx) -> list[DatasetOut]:
    """List the datasets of one workspace, or of all that you may see."""
    found = await ctx.read(lambda tx: manage.list_datasets(tx, ctx.actor, ctx.workspace or None))
    return [dataset_out(each) for each in found]


@router.post(
    "/api/datasets",
    responses={**_REFUSALS, **responses(EntityAlreadyExistsError)},
)
async def create_dataset(ctx: Ctx, wanted: NewDataset) -> DatasetOut:
    """Create an empty dataset."""
    workspace = wanted.workspace or ctx.require_workspace()
    now = ctx.state.clock.now()
    made = await ctx.write(
        lambda tx: manage.create_dataset(
            tx,
            ctx.actor,
            workspace,
            wanted.name,
            wanted.task,
            tags=wanted.tags,
            metadata=wanted.metadata,
            now=now,
        )
    )
    return dataset_out(made)


@router.get("/api/datasets/{name}", responses=_REFUSALS)
async def get_dataset(ctx: Ctx, name: str) -> DatasetOut:
    """Show a dataset."""
    workspace = ctx.require_workspace()
    found = await ctx.read(lambda tx: manage.find_dataset(tx, ctx.actor, workspace, name, Action.SEE_DATASET))
    return dataset_out(found)


@router.patch("/api/datasets/{name}", responses=_REFUSALS)
async def edit_dataset(ctx: Ctx, name: str, changes: DatasetChanges) -> DatasetOut:
    """Merge tags and metadata into those a dataset has, and take some away."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    changed = await ctx.write(
        lambda tx: manage.edit_dataset(
            tx,
            ctx.actor,
            workspace,
            name,
            tags=changes.tags,
            metadata=changes.metadata,
            without=(changes.remove_tags, changes.remove_metadata),
            now=now,
        )
    )
    return dataset_out(changed)


@router.delete("/api/datasets/{name}", responses=_REFUSALS)
async def delete_dataset(ctx: Ctx, name: str) -> None:
    """Delete a dataset; it can be restored for some days, and it is no error if there is none."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    await ctx.write(lambda tx: trash.delete_dataset(tx, ctx.actor, workspace, name, now=now))


@router.get("/api/datasets:deleted", responses=responses(EntityNotFoundError))
async def deleted_datasets(ctx: Ctx) -> DeletedDatasets:
    """List deleted datasets that you can restore, of one workspace or of all."""
    kept = ctx.settings.trash_days * 24 * 3600 * 1_000_000
    found = await ctx.read(lambda tx: trash.deleted_datasets(tx, ctx.actor, ctx.workspace or None))
    return DeletedDatasets(
        datasets=[
            DeletedOut(
                id=each.uuid,
                workspace=each.workspace,
                name=each.name,
                task=each.task,
                records=each.records,
                deleted_at=utc_iso(deleted_at),
                deleted_by=by,
                purged_at=utc_iso(at + kept),
            )
            for each, at, by, deleted_at in found
        ]
    )


@router.post(
    "/api/datasets:restore",
    responses={**_REFUSALS, **responses(EntityAlreadyExistsError)},
)
async def restore_dataset(ctx: Ctx, wanted: RestoreIn) -> DatasetOut:
    """Bring a deleted dataset back with everything in it: records, annotations, plans, history."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    restored = await ctx.write(
        lambda tx: trash.restore_dataset(
            tx, ctx.actor, workspace, wanted.name, id=wanted.id, into=wanted.into, now=now
        )
    )
    return dataset_out(restored)


@router.put("/api/datasets/{name}:close", responses=_REFUSALS)
async def close_dataset(ctx: Ctx, name: str) -> None:
    """Close a dataset: it can be neither searched nor logged into until it is opened again."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    await ctx.write(lambda tx: manage.set_closed(tx, ctx.actor, workspace, name, closed=True, now=now))


@router.put("/api/datasets/{name}:open", responses=_REFUSALS)
async def open_dataset(ctx: Ctx, name: str) -> None:
    """Open a closed dataset."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    await ctx.write(lambda tx: manage.set_closed(tx, ctx.actor, workspace, name, closed=False, now=now))


@router.put(
    "/api/datasets/{name}:copy",
    responses={**_REFUSALS, **responses(EntityAlreadyExistsError)},
)
async def copy_dataset(ctx: Ctx, name: str, wanted: CopyIn) -> DatasetOut:
    """Copy a dataset with its records, annotations and settings."""
    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    asked = copying.CopyInProgress(
        ctx.actor,
        workspace,
        name,
        wanted.target_workspace or workspace,
        wanted.name,
        wanted.tags,
        wanted.metadata,
    )
    store = ctx.store
    return dataset_out(await asyncio.to_thread(lambda: copying.copy_dataset(store, asked, now=now)))


@router.post("/api/datasets:gather", responses={**_REFUSALS, **responses(EntityAlreadyExistsError)})
async def gather_copies(ctx: Ctx, sent: GatherIn) -> GatheredOut:
    """Gather copies from each person's workspace by record id: one dataset with everybody's annotations."""
    from apportion.services.records.gather import GatherInProgress, gather  # imports numpy

    workspace, now = ctx.require_workspace(), ctx.state.clock.now()
    asked = GatherInProgress(ctx.actor, sent.name, sent.workspaces, workspace, sent.into)
    store = ctx.store
    found = await asyncio.to_thread(lambda: gather(store, asked, dry_run=sent.dry_run, now=now))
    return GatheredOut(dry_run=sent.dry_run, **found.show())

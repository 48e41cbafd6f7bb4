"""Datasets: list, create, change, copy, open, close, delete, restore."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter

from apportion.domain.datasets import DatasetAddress
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
from apportion.server.deps import KEYED, Ctx
from apportion.server.errors import responses
from apportion.server.late_imports import imported
from apportion.server.wire_routes import Reply, json_reply
from apportion.services.datasets import manage, trash
from apportion.services.datasets.access import open_dataset as open_for
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

if TYPE_CHECKING:
    from apportion.services.records.gather import Copies

__all__ = ["router"]

router = APIRouter(tags=["Datasets"], route_class=JsonRoute)
_REFUSALS = responses(MissingInputParamError, ForbiddenOperationError, EntityNotFoundError)


@router.get("/api/datasets", responses=responses(EntityNotFoundError))
@router.get("/api/datasets/", include_in_schema=False)
async def list_datasets(ctx: Ctx) -> list[DatasetOut]:
    """List the datasets of one workspace, or of all that you may see."""
    found = await ctx.read_slow(lambda tx: manage.list_datasets(tx, ctx.actor, ctx.workspace or None))
    return [dataset_out(each) for each in found]


@router.post(
    "/api/datasets",
    responses={**_REFUSALS, **responses(EntityAlreadyExistsError)},
)
async def create_dataset(ctx: Ctx, wanted: NewDataset) -> DatasetOut:
    """Create an empty dataset."""
    address = DatasetAddress(wanted.workspace or ctx.require_workspace(), wanted.name)
    now = ctx.state.clock.now()
    made = await ctx.write(
        lambda tx: manage.create_dataset(
            tx,
            ctx.actor,
            manage.NewDataset(address, wanted.task, wanted.tags, wanted.metadata),
            now=now,
        )
    )
    return dataset_out(made)


@router.get("/api/datasets/{name}", responses=_REFUSALS)
async def get_dataset(ctx: Ctx, name: str) -> DatasetOut:
    """Show a dataset."""
    address = ctx.address(name)
    found = await ctx.read(lambda tx: open_for(tx, ctx.actor, address, Action.SEE_DATASET).dataset)
    return dataset_out(found)


@router.patch("/api/datasets/{name}", responses=_REFUSALS)
async def edit_dataset(ctx: Ctx, name: str, changes: DatasetChanges) -> DatasetOut:
    """Merge tags and metadata into those a dataset has, and take some away."""
    address, now = ctx.address(name), ctx.state.clock.now()
    changed = await ctx.write(
        lambda tx: manage.edit_dataset(
            tx,
            ctx.actor,
            address,
            manage.DatasetEdit(changes.tags, changes.metadata, changes.remove_tags, changes.remove_metadata),
            now=now,
        )
    )
    return dataset_out(changed)


@router.delete("/api/datasets/{name}", responses=_REFUSALS)
async def delete_dataset(ctx: Ctx, name: str) -> None:
    """Delete a dataset; it can be restored for some days, and it is no error if there is none."""
    address, now = ctx.address(name), ctx.state.clock.now()
    await ctx.write(lambda tx: trash.delete_dataset(tx, ctx.actor, address, now=now))


@router.get("/api/datasets:deleted", responses=responses(EntityNotFoundError))
async def deleted_datasets(ctx: Ctx) -> DeletedDatasets:
    """List deleted datasets that you can restore, of one workspace or of all."""
    kept = ctx.settings.trash_days * 24 * 3600 * 1_000_000
    found = await ctx.read_slow(lambda tx: trash.deleted_datasets(tx, ctx.actor, ctx.workspace or None))
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
    address, now = ctx.address(wanted.name, uuid=wanted.id), ctx.state.clock.now()
    restored = await ctx.write(
        lambda tx: trash.restore_dataset(tx, ctx.actor, address, into=wanted.into, now=now)
    )
    return dataset_out(restored)


@router.put("/api/datasets/{name}:close", responses=_REFUSALS)
async def close_dataset(ctx: Ctx, name: str) -> None:
    """Close a dataset: it can be neither searched nor logged into until it is opened again."""
    address, now = ctx.address(name), ctx.state.clock.now()
    await ctx.write(lambda tx: manage.set_closed(tx, ctx.actor, address, closed=True, now=now))


@router.put("/api/datasets/{name}:open", responses=_REFUSALS)
async def open_dataset(ctx: Ctx, name: str) -> None:
    """Open a closed dataset."""
    address, now = ctx.address(name), ctx.state.clock.now()
    await ctx.write(lambda tx: manage.set_closed(tx, ctx.actor, address, closed=False, now=now))


@router.put(
    "/api/datasets/{name}:copy",
    responses={**_REFUSALS, **responses(EntityAlreadyExistsError)},
    dependencies=KEYED,
)
async def copy_dataset(ctx: Ctx, name: str, wanted: CopyIn) -> Reply[DatasetOut]:
    """Copy a dataset with its records, annotations and settings."""
    address, now = ctx.address(name), ctx.state.clock.now()
    if (kept := await ctx.kept_reply()) is not None:
        return kept
    target = DatasetAddress(wanted.target_workspace or address.workspace, wanted.name)
    asked = copying.CopyRequest(ctx.actor, address, target, wanted.tags, wanted.metadata)
    copy = copying.CopyDataset(ctx.store, asked, now=now)
    await ctx.run(copy)
    return await ctx.keep(json_reply(dataset_out(copy.result)))


@router.post(
    "/api/datasets:gather", responses={**_REFUSALS, **responses(EntityAlreadyExistsError)}, dependencies=KEYED
)
async def gather_copies(ctx: Ctx, sent: GatherIn) -> Reply[GatheredOut]:
    """Gather copies from each person's workspace by record id: one dataset with everyone's annotations."""
    await imported("apportion.services.records.gather")
    from apportion.services.records.gather import GatherCopies, GatherRequest, read_copies  # imports numpy

    if (kept := await ctx.kept_reply()) is not None:
        return kept
    into, now = ctx.address(sent.into), ctx.state.clock.now()
    asked = GatherRequest(ctx.actor, sent.name, sent.workspaces, into)

    def read() -> Copies:
        with ctx.store.read() as tx:
            return read_copies(tx, asked)

    copies = await asyncio.to_thread(read)
    if not sent.dry_run:
        await ctx.run(GatherCopies(ctx.store, asked, copies, now=now))
    return await ctx.keep(json_reply(GatheredOut(dry_run=sent.dry_run, **copies.counted(into).show())))

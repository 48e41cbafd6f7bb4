"""Settings of a dataset: its labels and the rules for annotations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    WrongTaskError,
)
from apportion.server.bodies import JsonRoute
from apportion.server.convert.datasets import settings_in, settings_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.server.paths import name_and_task
from apportion.services.datasets import settings as manage
from apportion.wire.datasets import SettingsIn, SettingsOut

__all__ = ["router"]

router = APIRouter(tags=["Settings"], route_class=JsonRoute)
_PATH = "/api/datasets/{name}/{task}/settings"
_REFUSALS = responses(BadRequestError, WrongTaskError, ForbiddenOperationError, EntityNotFoundError)


@router.get(_PATH, responses=_REFUSALS)
async def get_settings(
    ctx: Ctx,
    name: str,
    task: str,
    or_none: Annotated[
        bool, Query(description="Where none were ever saved, answer empty ones instead of 404 as 1.x does.")
    ] = False,
) -> SettingsOut:
    """Show the settings of a dataset. Name and task may come in either order."""
    name, which = name_and_task(name, task)
    address = ctx.address(name, task=which)
    found = await ctx.read(lambda tx: manage.read_settings(tx, ctx.actor, address, or_none=or_none))
    return settings_out(found)


@router.put(_PATH, operation_id="settings_put_settings", responses=_REFUSALS)
@router.patch(_PATH, responses=_REFUSALS)
async def save_settings(ctx: Ctx, name: str, task: str, wanted: SettingsIn) -> SettingsOut:
    """Save settings; what is left out stays as it was."""
    name, which = name_and_task(name, task)
    address = ctx.address(name, task=which)
    given, now = settings_in(wanted), ctx.state.clock.now()
    change = manage.SettingsChange(given, wanted.allow_overlapping_spans, wanted.allow_character_spans)
    await ctx.write(lambda tx: manage.save_settings(tx, ctx.actor, address, change, now=now))
    return settings_out(given)


@router.delete(_PATH, responses=_REFUSALS)
async def delete_settings(ctx: Ctx, name: str, task: str) -> None:
    """Delete the settings of a dataset."""
    name, which = name_and_task(name, task)
    address, now = ctx.address(name, task=which), ctx.state.clock.now()
    await ctx.write(lambda tx: manage.delete_settings(tx, ctx.actor, address, now=now))

"""The policies and the guidelines of a dataset."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from apportion.domain.datasets import Guidelines
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityNotFoundError,
    ForbiddenOperationError,
)
from apportion.domain.times import utc_iso
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.assignments import policies as manage
from apportion.services.datasets import guidelines
from apportion.wire.policies import GuidelinesIn, GuidelinesOut, PoliciesOut

__all__ = ["router"]

router = APIRouter(tags=["Settings"], route_class=JsonRoute)
_PATH = "/api/datasets/{name}/policies"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)


@router.get(_PATH, responses=_REFUSALS)
async def get_policies(ctx: Ctx, name: str) -> PoliciesOut:
    """Show the policies of a dataset."""
    address = ctx.address(name)
    found = await ctx.read(lambda tx: manage.read_of(tx, ctx.actor, address))
    return PoliciesOut(**found.show())


@router.patch(_PATH, responses={**_REFUSALS, **responses(BadRequestError, ConflictError)})
async def change_policies(
    ctx: Ctx, name: str, wanted: Annotated[dict[str, Any], Body(examples=[{"blind": True, "required": 2}])]
) -> PoliciesOut:
    """Change policies; what is left out stays. ``keep: latest`` lets a shared dataset keep the latest of several."""
    address, now = ctx.address(name), ctx.state.clock.now()
    change = manage.PolicyChange(ctx.actor, address, wanted, now=now)
    await ctx.run(change)
    found = change.policies
    if found.modelled:
        ctx.state.jobs.look()
    return PoliciesOut(**found.show())


def _guidelines(found: Guidelines | None) -> GuidelinesOut:
    if found is None:
        return GuidelinesOut(version=0, text="", author=None, at=None)
    return GuidelinesOut(version=found.version, text=found.text, author=found.author, at=utc_iso(found.at))


@router.get("/api/datasets/{name}/guidelines", responses=_REFUSALS)
async def get_guidelines(
    ctx: Ctx,
    name: str,
    version: Annotated[int | None, Query(ge=1, le=1 << 31, description="An earlier version.")] = None,
) -> GuidelinesOut:
    """Show the guidelines for annotators."""
    address = ctx.address(name)
    return _guidelines(await ctx.read(lambda tx: guidelines.read_guidelines(tx, ctx.actor, address, version)))


@router.put("/api/datasets/{name}/guidelines", responses={**_REFUSALS, **responses(ConflictError)})
async def put_guidelines(ctx: Ctx, name: str, sent: GuidelinesIn) -> GuidelinesOut:
    """Write a new version of the guidelines; earlier ones are kept."""
    address, now = ctx.address(name), ctx.state.clock.now()
    edit = guidelines.GuidelinesEdit(sent.text, sent.version)
    found = await ctx.write(lambda tx: guidelines.write_guidelines(tx, ctx.actor, address, edit, now=now))
    return _guidelines(found)

"""The policies of a dataset."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel

from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityNotFoundError,
    ForbiddenOperationError,
)
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services import policies as manage

__all__ = ["router"]

router = APIRouter(tags=["Settings"], route_class=JsonRoute)
_PATH = "/api/datasets/{name}/policies"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)


class PoliciesOut(BaseModel):
    """Whose annotations count, who sees what, and how answers become one value."""

    annotation: Literal["shared", "individual"]
    blind: bool
    visibility: Literal["dataset", "assigned"]
    resolution: Literal["latest", "majority", "unanimous", "adjudicated"]
    required: int
    annotators_may: list[str]
    skip: Literal["next_person", "back_to_me", "drop"]


@router.get(_PATH, responses=_REFUSALS)
async def get_policies(ctx: Ctx, name: str) -> PoliciesOut:
    """The policies of a dataset."""
    workspace = ctx.require_workspace()
    found = await ctx.read(lambda work: manage.read_of(work, ctx.actor, workspace, name))
    return PoliciesOut.model_validate(found.show())


@router.patch(_PATH, responses={**_REFUSALS, **responses(BadRequestError, ConflictError)})
async def change_policies(
    ctx: Ctx, name: str, wanted: Annotated[dict[str, Any], Body(examples=[{"blind": True, "required": 2}])]
) -> PoliciesOut:
    """Change policies; what is left out stays. ``keep: latest`` says what a shared dataset keeps of several answers."""
    workspace, now = ctx.require_workspace(), ctx.house.clock.now()
    found = await ctx.write(
        lambda work: manage.change_policies(work, ctx.actor, workspace, name, wanted, now=now)
    )
    return PoliciesOut.model_validate(found.show())

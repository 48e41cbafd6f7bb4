"""Whoever is asking."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from apportion.domain.errors import ForbiddenOperationError, TooManyAttemptsError
from apportion.domain.people import check_password
from apportion.server.auth import address_of, note_refusal
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import Me, PasswordIn, me_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.manage_users import change_own_password, set_preferences
from apportion.services.manage_workspaces import visible_workspaces

__all__ = ["router"]

router = APIRouter(tags=["Me"], route_class=JsonRoute)


@router.get("/api/me", response_model_exclude_none=True)
async def me(ctx: Ctx) -> Me:
    """See yourself: your role, your workspaces and what you are in each."""
    names = await ctx.read(lambda work: visible_workspaces(work.people, ctx.actor))
    return me_out(ctx.actor, names, ctx.key)


@router.get("/api/me/preferences")
async def preferences(ctx: Ctx) -> dict[str, Any]:
    """See how you like your screens: keys, theme and the like."""
    return await ctx.read(lambda work: work.people.preferences(ctx.actor.user.id))


@router.put("/api/me/preferences")
async def replace_preferences(ctx: Ctx, wanted: dict[str, Any]) -> dict[str, Any]:
    """Say how you like your screens; replaces what was there."""
    return await ctx.write(lambda work: set_preferences(work.people, ctx.actor, wanted))


@router.put("/api/me/password", responses=responses(ForbiddenOperationError, TooManyAttemptsError))
async def replace_password(ctx: Ctx, request: Request, wanted: PasswordIn) -> None:
    """Give yourself a new password: your other sessions end, your API key stays."""
    house, address = ctx.house, address_of(request, ctx.settings)
    check_password(wanted.new, "body", "new", username=ctx.actor.username)
    try:
        await house.hashing(
            lambda: house.sign_in.confirm(ctx.actor.username, wanted.current, address), address
        )
    except (ForbiddenOperationError, TooManyAttemptsError):
        await note_refusal(house, ctx.actor.username, "wrong present password")
        raise
    hashed = await house.hashing(lambda: house.passwords.hash(wanted.new))
    now = house.clock.now()
    await ctx.write(lambda work: change_own_password(work, ctx.actor, hashed, now=now, sid=ctx.sid))

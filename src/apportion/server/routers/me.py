"""The caller: account, preferences and password."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from apportion.domain.errors import ForbiddenOperationError, TooManyAttemptsError
from apportion.domain.people import check_password
from apportion.server.auth import address_of, note_refusal
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import me_out
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services.people.users import change_own_password, set_preferences
from apportion.services.people.workspaces import visible_workspaces
from apportion.wire.people import Me, PasswordIn

__all__ = ["router"]

router = APIRouter(tags=["Me"], route_class=JsonRoute)


@router.get("/api/me")
async def me(ctx: Ctx) -> Me:
    """Show yourself: your role, your workspaces and your role in each."""
    names = await ctx.read(lambda tx: visible_workspaces(tx.people, ctx.actor))
    return me_out(ctx.actor, names, ctx.key)


@router.get("/api/me/preferences")
async def preferences(ctx: Ctx) -> dict[str, Any]:
    """Show your display preferences: keys, theme and the like."""
    return await ctx.read(lambda tx: tx.people.preferences(ctx.actor.user.id))


@router.put("/api/me/preferences")
async def replace_preferences(ctx: Ctx, wanted: dict[str, Any]) -> dict[str, Any]:
    """Replace your display preferences."""
    return await ctx.write(lambda tx: set_preferences(tx.people, ctx.actor, wanted))


@router.put("/api/me/password", responses=responses(ForbiddenOperationError, TooManyAttemptsError))
async def replace_password(ctx: Ctx, request: Request, wanted: PasswordIn) -> None:
    """Change your password: your other sessions end, your API key stays."""
    state, address = ctx.state, address_of(request, ctx.settings)
    check_password(wanted.new, "body", "new", username=ctx.actor.username)
    try:
        await state.hashing(
            lambda: state.sign_in.confirm(ctx.actor.username, wanted.current, address), address
        )
    except (ForbiddenOperationError, TooManyAttemptsError):
        await note_refusal(state, ctx.actor.username, "wrong current password")
        raise
    hashed = await state.hashing(lambda: state.passwords.hash(wanted.new))
    now = state.clock.now()
    await ctx.write(lambda tx: change_own_password(tx, ctx.actor, hashed, now=now, sid=ctx.sid))

"""Signing in and out with a browser."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from apportion.domain.errors import ForbiddenOperationError, TooManyAttemptsError, UnauthorizedError
from apportion.server.auth import CSRF_HEADER, drop_cookie, enter, set_cookie
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import Login, Me, me_out
from apportion.server.deps import Ctx, InHouse
from apportion.server.errors import responses
from apportion.services.manage_workspaces import visible_workspaces

__all__ = ["router"]

router = APIRouter(tags=["Signing in"], route_class=JsonRoute)


@router.post(
    "/api/session",
    response_model_exclude_none=True,
    responses=responses(UnauthorizedError, ForbiddenOperationError, TooManyAttemptsError),
)
async def sign_in(request: Request, response: Response, house: InHouse, login: Login) -> Me:
    """Sign in: the answer sets a cookie that scripts cannot read."""
    if CSRF_HEADER not in request.headers:
        raise ForbiddenOperationError(f"Signing in needs the header {CSRF_HEADER}.")
    token = await enter(request, house, login.username, login.password)
    set_cookie(request, response, token, house.settings)
    actor, _ = await house.read(lambda work: house.sign_in.by_token(work.people, token))
    names = await house.read(lambda work: visible_workspaces(work.people, actor))
    return me_out(actor, names, None)


@router.delete("/api/session")
async def sign_out(request: Request, response: Response, ctx: Ctx) -> None:
    """Sign out: the session ends and the cookie goes."""
    await ctx.write(lambda work: ctx.house.sign_in.out(work, ctx.actor, ctx.sid))
    drop_cookie(request, response, ctx.settings)

"""Sign-in and sign-out with a browser."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from apportion.domain.errors import ForbiddenOperationError, TooManyAttemptsError, UnauthorizedError
from apportion.server.auth import CSRF_HEADER, drop_cookie, enter, set_cookie
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import me_out
from apportion.server.deps import Ctx, InAppState
from apportion.server.errors import responses
from apportion.services.people.workspaces import visible_workspaces
from apportion.wire.people import Login, Me

__all__ = ["router"]

router = APIRouter(tags=["Signing in"], route_class=JsonRoute)


@router.post(
    "/api/session",
    responses=responses(UnauthorizedError, ForbiddenOperationError, TooManyAttemptsError),
)
async def sign_in(request: Request, response: Response, state: InAppState, login: Login) -> Me:
    """Sign in: the answer sets a cookie that scripts can't read."""
    if CSRF_HEADER not in request.headers:
        raise ForbiddenOperationError(f"Signing in needs the header {CSRF_HEADER}.")
    token = await enter(request, state, login.username, login.password)
    set_cookie(request, response, token, state.settings)
    actor, _ = await state.read(lambda tx: state.sign_in.by_token(tx.people, token))
    names = await state.read(lambda tx: visible_workspaces(tx.people, actor))
    return me_out(actor, names, None)


@router.delete("/api/session")
async def sign_out(request: Request, response: Response, ctx: Ctx) -> None:
    """Sign out: the session ends and the cookie goes."""
    await ctx.write(lambda tx: ctx.state.sign_in.out(tx, ctx.actor, ctx.sid))
    drop_cookie(request, response, ctx.settings)

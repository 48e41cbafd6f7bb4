"""Setup of an empty server: its first administrator."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from apportion.domain.errors import (
    EntityAlreadyExistsError,
    ForbiddenOperationError,
    Refusal,
    TooManyAttemptsError,
)
from apportion.domain.people import Actor, check_password
from apportion.server.auth import note_refusal, set_cookie
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import user_out
from apportion.server.deps import AppState, InAppState
from apportion.server.errors import responses
from apportion.services.people.first_admin import create_first_admin, require_no_admin
from apportion.services.people.users import NewUser
from apportion.wire.people import Setup, SetupState, UserOut

__all__ = ["make_first_admin", "router"]

router = APIRouter(tags=["Server"], route_class=JsonRoute)


@router.get("/api/setup")
async def setup_state(state: InAppState) -> SetupState:
    """Report whether the server waits for its first administrator."""
    return SetupState(needed=not await state.read(lambda tx: tx.people.has_admin()))


@router.post(
    "/api/setup",
    responses=responses(ForbiddenOperationError, EntityAlreadyExistsError, TooManyAttemptsError),
)
async def set_up(request: Request, response: Response, state: InAppState, wanted: Setup) -> UserOut:
    """Create the first administrator, with the code from the server's console, and sign them in."""
    made, key, token = await make_first_admin(state, wanted)
    set_cookie(request, response, token, state.settings)
    return user_out(made, key=key)


async def make_first_admin(state: AppState, wanted: Setup) -> tuple[Actor, str, str]:
    """Create the first administrator; return them, their API key and a token of their session."""
    await state.read(lambda tx: require_no_admin(tx.people))
    try:
        await state.run_short(lambda: state.setup.check(wanted.code))
    except Refusal:
        await note_refusal(state, "", "wrong setup code")
        raise
    check_password(wanted.password, "body", "password", username=wanted.username)
    hashed = await state.hashing(lambda: state.passwords.hash(wanted.password))
    new = NewUser(wanted.username, wanted.first_name, wanted.last_name, password_hash=hashed)
    now = state.clock.now()
    made, key = await state.write(lambda tx: create_first_admin(tx, new, now=now))
    token = await state.write(lambda tx: state.sign_in.open(tx, made.user))
    return made, key, token

"""The first administrator of an empty server."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from apportion.domain.errors import (
    EntityAlreadyExistsError,
    ForbiddenOperationError,
    Refusal,
    TooManyAttemptsError,
)
from apportion.domain.people import Actor, check_password
from apportion.server.auth import note_refusal, set_cookie
from apportion.server.bodies import JsonRoute
from apportion.server.convert.people import Setup, UserOut, user_out
from apportion.server.deps import House, InHouse
from apportion.server.errors import responses
from apportion.services.first_admin import create_first_admin, require_no_admin
from apportion.services.manage_users import NewUser

__all__ = ["make_first_admin", "router"]

router = APIRouter(tags=["Server"], route_class=JsonRoute)


class SetupState(BaseModel):
    """Whether the server still waits for its first administrator."""

    needed: bool


@router.get("/api/setup")
async def setup_state(house: InHouse) -> SetupState:
    """Does the server wait for its first administrator?"""
    return SetupState(needed=not await house.read(lambda work: work.people.has_admin()))


@router.post(
    "/api/setup",
    response_model_exclude_none=True,
    responses=responses(ForbiddenOperationError, EntityAlreadyExistsError, TooManyAttemptsError),
)
async def set_up(request: Request, response: Response, house: InHouse, wanted: Setup) -> UserOut:
    """Create the first administrator, with the code from the server's console, and sign them in."""
    made, key, token = await make_first_admin(house, wanted)
    set_cookie(request, response, token, house.settings)
    return user_out(made, key=key)


async def make_first_admin(house: House, wanted: Setup) -> tuple[Actor, str, str]:
    """The first administrator, their API key and a token of their session."""
    await house.read(lambda work: require_no_admin(work.people))
    try:
        house.setup.check(wanted.code)
    except Refusal:
        await note_refusal(house, "", "wrong setup code")
        raise
    check_password(wanted.password, "body", "password", username=wanted.username)
    hashed = await house.hashing(lambda: house.passwords.hash(wanted.password))
    new = NewUser(wanted.username, wanted.first_name, wanted.last_name, password_hash=hashed)
    now = house.clock.now()
    made, key = await house.write(lambda work: create_first_admin(work, new, now=now))
    token = await house.write(lambda work: house.sign_in.open(work, made.user))
    return made, key, token

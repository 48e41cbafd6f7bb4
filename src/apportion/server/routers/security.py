"""Tokens for clients of 1.x."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request

from apportion.domain.errors import TooManyAttemptsError, UnauthorizedError
from apportion.server.auth import enter
from apportion.server.bodies import JsonRoute
from apportion.server.deps import InAppState
from apportion.server.errors import responses
from apportion.wire.people import Token

__all__ = ["router"]

router = APIRouter(tags=["Signing in"], route_class=JsonRoute)


@router.post("/api/security/token", responses=responses(UnauthorizedError, TooManyAttemptsError))
async def token(
    request: Request,
    state: InAppState,
    username: Annotated[str, Form(min_length=1)],
    password: Annotated[str, Form(min_length=1)],
    grant_type: Annotated[str | None, Form(pattern="^password$")] = None,  # noqa: ARG001 - checked, not used
) -> Token:
    """Exchange username and password for a bearer token."""
    return Token(access_token=await enter(request, state, username, password), token_type="bearer")  # noqa: S106 - a word of OAuth

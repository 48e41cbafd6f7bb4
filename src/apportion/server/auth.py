"""Authentication of callers: by API key, by bearer token, or by the browser's cookie."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from fastapi import Request, Response
from starlette.types import Scope

from apportion.domain.errors import (
    ForbiddenOperationError,
    Refusal,
    SessionChangedError,
    TooManyAttemptsError,
    UnauthorizedError,
)
from apportion.domain.people import NAME_LENGTH, Actor
from apportion.services.people.acting import Credential
from apportion.services.people.sign_in import hash_key
from apportion.settings import Settings
from apportion.vocabulary import SOMEBODY_UNKNOWN

from .addresses import is_among, network_of
from .app_state import AppState
from .logs import one_line
from .request_log import request_info

__all__ = [
    "ANYBODY",
    "API_KEY_HEADER",
    "COOKIE",
    "CSRF_HEADER",
    "Caller",
    "address_of",
    "drop_cookie",
    "enter",
    "forget",
    "identify",
    "is_https",
    "note_refusal",
    "refusal_of",
    "remembered",
    "set_cookie",
]

API_KEY_HEADER = "X-Argilla-Api-Key"
CSRF_HEADER = "X-Apportion"
ANYBODY = "1"
"""Header value of a page that does not know yet who has signed in."""
COOKIE = "apportion_session"

log = logging.getLogger("apportion.security")
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A person and their credential: the API key that was sent, or the session's id in its stored form."""

    actor: Actor
    key: str | None = None
    sid: str | None = None

    @property
    def credential(self) -> Credential:
        """Credential by which the caller can be looked up again at any later moment."""
        return Credential(None if self.key is None else hash_key(self.key), self.sid)


async def identify(request: Request, state: AppState) -> Caller:
    """Return the caller of this request. Raises ``UnauthorizedError``, ``ForbiddenOperationError`` and others.

    An API key in the header wins over a bearer token, and either over a cookie, even when it is wrong.
    """
    caller = await state.run_short(lambda: _identified(request, state))
    state.actors.put(caller.credential, _sent_from(request, state), caller.actor)
    _note_user(request, caller)
    return caller


def remembered(request: Request, state: AppState) -> Caller | None:
    """Return the caller as they were when last identified, without asking the store; None if they were not lately.

    For requests that look their caller up again in their transaction, as all writes do: it may turn out there that
    their credential has ended.
    """
    headers = request.headers
    key, cookie = headers.get(API_KEY_HEADER), None
    if key:
        credential = Credential(hash_key(key))
    elif "authorization" not in headers and (cookie := request.cookies.get(COOKIE)):
        credential = Credential(session=state.sign_in.session_of(cookie))
    else:
        return None
    actor = state.actors.get(credential, _sent_from(request, state))
    if actor is None:
        return None
    if cookie:
        _check_page(request, actor.username)
    caller = Caller(actor, key or None, credential.session)
    _note_user(request, caller)
    return caller


def forget(request: Request, state: AppState, credential: Credential) -> None:
    """Forget the caller of a request, whose credential has ended."""
    state.actors.forget(credential, _sent_from(request, state))


def _note_user(request: Request, caller: Caller) -> None:
    if (seen := request_info(request.scope)) is not None:
        seen.user = caller.actor.username


def _sent_from(request: Request, state: AppState) -> str:
    """Return the caller's address, which the log has found already for most requests."""
    seen = request_info(request.scope)
    return address_of(request, state.settings) if seen is None else seen.address


async def refusal_of(scope: Scope, state: AppState) -> Refusal | None:
    """Return the refusal that the sender of a request gets; None if they are let in."""
    try:
        await identify(Request(scope), state)
    except Refusal as refusal:
        return refusal
    return None


def _identified(request: Request, state: AppState) -> Caller:
    headers = request.headers
    if key := headers.get(API_KEY_HEADER):
        return _by_key(request, state, key)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return _by_bearer(request, state, token.strip())
    if cookie := request.cookies.get(COOKIE):
        caller = _by_token(state, cookie)
        _check_page(request, caller.actor.username)
        return caller
    raise UnauthorizedError


def _check_page(request: Request, current: str) -> None:
    """Refuse a page of another site, and one that was loaded while somebody else was signed in.

    All windows of a browser share one cookie, so the page has to name the user it was loaded for. ``ANYBODY``, or no
    header at all, may only read.
    """
    believed = request.headers.get(CSRF_HEADER)
    harmless = request.method in _HARMLESS
    if believed == current or (harmless and believed in (None, ANYBODY)):
        return
    if believed is None:
        raise ForbiddenOperationError(
            f"Requests that change something need the header {CSRF_HEADER} with the name of who has signed in."
        )
    raise SessionChangedError(one_line(believed[:NAME_LENGTH]), current)


def _by_key(request: Request, state: AppState, key: str) -> Caller:
    seen, address = request_info(request.scope), _sent_from(request, state)
    try:
        with state.store.read() as tx:
            return Caller(state.keys.actor(tx.people, hash_key(key), address), key=key)
    except UnauthorizedError:
        if seen is not None and not seen.refused:  # guard and handler both identify large requests
            seen.refused = True
            log.warning("API key refused", extra={"fields": {"address": address, "why": "wrong key"}})
            state.refusals.refused(SOMEBODY_UNKNOWN, "wrong API key")
        raise


def _by_bearer(request: Request, state: AppState, token: str) -> Caller:
    """Return the caller by a session token or an API key: clients of 1.x send either as bearer token."""
    if token.count(".") == 2:
        try:
            return _by_token(state, token)
        except UnauthorizedError:
            pass  # an API key may have dots as well
    return _by_key(request, state, token)


def _by_token(state: AppState, token: str) -> Caller:
    with state.store.read() as tx:
        actor, sid = state.sign_in.by_token(tx.people, token)
    return Caller(actor, sid=sid)


# Signing in with a password


async def enter(request: Request, state: AppState, username: str, password: str) -> str:
    """Return a token of a new session. Refused attempts are counted and logged, for other programs to act on."""
    address = address_of(request, state.settings)
    try:
        return await state.hashing(lambda: state.sign_in.with_password(username, password, address), address)
    except (UnauthorizedError, TooManyAttemptsError) as refusal:
        state.stats.sign_in_refused()
        why = "too many attempts" if isinstance(refusal, TooManyAttemptsError) else "wrong name or password"
        await note_refusal(state, username, why)
        fields = {"user": one_line(username[:64]), "address": address, "why": why}
        log.warning("sign-in refused", extra={"fields": fields})
        raise


async def note_refusal(state: AppState, username: str, why: str) -> None:
    """Write a refused password to the audit log: with the name of an existing user, and without any other name."""
    known = await state.read(lambda tx: len(username) <= NAME_LENGTH and tx.people.user_by_name(username))
    written = state.refusals.refused(known.username if known else SOMEBODY_UNKNOWN, why)
    if written is not None:
        with contextlib.suppress(Exception):  # the failure is in the log; the caller is refused in any case
            await asyncio.wrap_future(written)


# The browser's cookie


def set_cookie(request: Request, response: Response, token: str, settings: Settings) -> None:
    """Keep the session in the browser, out of reach of scripts."""
    response.headers.append("set-cookie", _cookie(request, settings, token, settings.token_minutes * 60))


def drop_cookie(request: Request, response: Response, settings: Settings) -> None:
    """Delete the session's cookie in the browser."""
    response.headers.append("set-cookie", _cookie(request, settings, "", 0))


def _cookie(request: Request, settings: Settings, value: str, seconds: int) -> str:
    parts = [f"{COOKIE}={value}", "HttpOnly", f"Max-Age={seconds}", f"Path={settings.base_url}"]
    if settings.embedded:
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts += ["SameSite=Lax"] + ["Secure"] * is_https(request, settings)
    return "; ".join(parts)


# Headers of a trusted proxy


def address_of(request: Request, settings: Settings) -> str:
    """Return the caller's address; for IPv6 the network, since one person has all addresses of it."""
    peer = request.client.host if request.client else ""
    if is_among(peer, settings.trusted_proxy):
        forwarded = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",")]
        for hop in reversed([each for each in forwarded if each]):
            peer = hop
            if not is_among(hop, settings.trusted_proxy):
                break
    return network_of(peer)


def is_https(request: Request, settings: Settings) -> bool:
    """Return whether the caller's browser uses https."""
    if request.client is not None and is_among(request.client.host, settings.trusted_proxy):
        forwarded = request.headers.get("x-forwarded-proto", request.url.scheme)
        return forwarded.split(",")[0].strip() == "https"
    return request.url.scheme == "https"

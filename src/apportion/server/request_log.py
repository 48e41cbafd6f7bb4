"""Outermost middleware: gives every request an id, logs one line about it, counts it."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apportion.ports.events import REQUEST, RequestMark

from .logs import request_id
from .request_stats import RequestStats

__all__ = ["APP", "NOTHING", "REQUEST_ID", "RequestInfo", "RequestLogMiddleware", "request_info"]

REQUEST_ID = "X-Request-ID"
_ID_HEADER = REQUEST_ID.lower().encode("ascii")
APP = "(app)"
"""Route logged for all files and pages of the web app."""
NOTHING = "(none)"
"""Route logged if there is none."""

log = logging.getLogger("apportion.request")
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = ("/api/health", "/metrics")
"""Paths that machines request every few seconds: they get no line each, nor do the files of the web app."""
_KEY = "apportion.seen"


@dataclass(slots=True)
class RequestInfo:
    """Facts about a request that inner layers add while they answer it."""

    id: str
    address: str
    user: str | None = None
    route: str | None = None
    stream: bool = False
    refused: bool = False
    """Set once its wrong API key was logged."""


def request_info(scope: Scope) -> RequestInfo | None:
    """Return the information about a request, to be added to; None outside of the middleware."""
    found: RequestInfo | None = scope.get(_KEY)
    return found


class RequestLogMiddleware:
    """Middleware that logs requests. Nothing it writes is chosen by the caller, except a well-formed request id."""

    def __init__(
        self, app: ASGIApp, stats: RequestStats, prefix: str, address: Callable[[Scope], str]
    ) -> None:
        """``address`` returns the caller's address of a request."""
        self._address = address
        self._app = app
        self._stats = stats
        self._quiet = tuple(prefix + each for each in _QUIET)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        seen = scope[_KEY] = RequestInfo(_given_id(scope) or secrets.token_hex(8), self._address(scope))
        token = request_id.set(seen.id)
        mark = REQUEST.set(RequestMark(seen.address, seen.id))
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_ID_HEADER, seen.id.encode("ascii"))]
            await send(message)

        self._stats.running += 1
        try:
            await self._app(scope, receive, watched)
        finally:
            self._stats.running -= 1
            self._done(scope, seen, status, time.perf_counter() - began)
            request_id.reset(token)
            REQUEST.reset(mark)

    def _done(self, scope: Scope, seen: RequestInfo, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = seen.route or _route(scope) or NOTHING
        self._stats.answered(method, route, status, 0.0 if seen.stream else seconds)
        quiet = route.startswith(self._quiet) or (route == APP and status < 400)
        level = logging.DEBUG if quiet else logging.INFO
        if log.isEnabledFor(level):
            fields: dict[str, Any] = {
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "user": seen.user,
                "request": seen.id,
            }
            log.log(level, "answered", extra={"fields": fields})


def _given_id(scope: Scope) -> str | None:
    """Return the id that the caller or a proxy gave; None unless it is short and plain."""
    for name, value in scope["headers"]:
        if name == _ID_HEADER:
            return value.decode("ascii") if _SANE.fullmatch(value) else None
    return None


def _route(scope: Scope) -> str | None:
    """Return the route as the documentation has it."""
    route = scope.get("route")
    return getattr(route, "path_format", None) or getattr(route, "path", None)

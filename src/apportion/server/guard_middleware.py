"""Middleware around every request: size limit, allowed hosts, security headers, and unexpected exceptions."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apportion.domain.errors import BadRequestError, PayloadTooLargeError, Refusal
from apportion.settings import Settings

from .addresses import is_allowed_host
from .errors import EarlyHTTPError, error_response, unexpected
from .logs import one_line
from .plain_page import STYLE_SOURCE

__all__ = ["ANONYMOUS_BODY", "GuardMiddleware", "page_policy"]

log = logging.getLogger("apportion.server")

ANONYMOUS_BODY = 1024 * 1024
"""Largest body in bytes of a caller who has not signed in."""
_MANY_RECORDS = re.compile(r"/api/datasets/[^/]+/([^/]+:(bulk|search|import)|import|data|records/:search)")
"""Routes whose requests are about many records at once; the others take a few answers' worth of bytes."""
_ANSWERS = 4
"""Answers of full size that any other request may have room for: JSON may escape what is counted once."""


def page_policy(settings: Settings, *, style: str = STYLE_SOURCE) -> str:
    """Return the content security policy: everything comes from this server, and only its pages may frame it.

    Images may also come from the hosts that the settings name. ``style`` is the source of inline styles that are
    allowed besides those in files.
    """
    images = " ".join(("'self'", "data:", *settings.image_hosts))
    framed = "'self'"
    if settings.embedded:
        framed = " ".join(settings.embedded_in) or "*"
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' {style}; img-src {images}; "
        f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {framed}"
    )


def _host(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


def _other_host(host: str) -> Refusal:
    return BadRequestError(
        f"This server is not known as {one_line(host[:200])}. Open it as localhost, or add the name to "
        "APPORTION_ALLOWED_HOSTS and start it again."
    )


class GuardMiddleware:
    """Refuse too large requests, also streamed ones, before the handler has read them all.

    Large requests are accepted only from people who have signed in: anybody else would make the server keep and
    parse what it is going to refuse.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, refusal_of: Callable[[Scope], Awaitable[Refusal | None]]
    ) -> None:
        """``refusal_of`` returns the refusal of a caller who is not signed in, None for one who is."""
        self._app = app
        self._limit = settings.max_body
        self._usual = min(settings.max_body, _ANSWERS * max(settings.max_answer_size, 1_000_000))
        self._hosts = settings.allowed_hosts
        self._refusal_of = refusal_of
        self._kept_nowhere = (f"{settings.prefix}/api/", f"{settings.prefix}/metrics")
        self._headers = _encoded(
            {
                "x-content-type-options": "nosniff",
                "referrer-policy": "same-origin",
                "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
                "cross-origin-opener-policy": "same-origin",
                "cross-origin-resource-policy": "cross-origin" if settings.embedded else "same-origin",
                "content-security-policy": page_policy(settings),
            }
        )
        self._headers_of_data = [*self._headers, *_encoded({"cache-control": "no-store"})]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                of_data = scope["path"].startswith(self._kept_nowhere)
                wanted = self._headers_of_data if of_data else self._headers
                given = message.get("headers", ())
                names = {name for name, _ in given}
                message["headers"] = [*given, *(each for each in wanted if each[0] not in names)]
            await send(message)

        if self._hosts and not is_allowed_host(_host(scope), self._hosts):
            await error_response(_other_host(_host(scope)))(scope, receive, guarded_send)
            return
        announced, limit = self._announced(scope), self._limit_of(scope)
        if announced > limit:
            await error_response(_too_large(limit))(scope, receive, guarded_send)
            return
        refusal = await self._refusal_of(scope) if announced > ANONYMOUS_BODY else None
        if refusal is not None:
            await error_response(refusal)(scope, receive, guarded_send)
            return
        known = announced > ANONYMOUS_BODY
        try:
            await self._app(scope, self._counting(scope, receive, limit, known=known), guarded_send)
        except ClientDisconnect:
            log.info("the caller went away in the middle of a request")
        except Exception as failure:
            log.exception("%s failed", scope["method"])
            if started:
                raise
            await unexpected(failure)(scope, receive, guarded_send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                return int(value[:20])
        return 0

    def _counting(self, scope: Scope, receive: Receive, limit: int, *, known: bool) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received, known
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:  # the one kind of exception that FastAPI lets through while it reads a body
                raise EarlyHTTPError(_too_large(limit))
            if received > ANONYMOUS_BODY and not known:
                refusal = await self._refusal_of(scope)
                if refusal is not None:
                    raise EarlyHTTPError(refusal)
                known = True
            return message

        return counted

    def _limit_of(self, scope: Scope) -> int:
        return self._limit if _MANY_RECORDS.search(scope["path"]) else self._usual


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI sends them: encoded once, since every reply has them."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"The request is larger than {limit:,} bytes; send less at a time. Nothing was changed."
    )

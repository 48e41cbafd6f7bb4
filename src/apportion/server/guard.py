"""What happens around every request: size limit, security headers, and failures nobody foresaw."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apportion.domain.errors import PayloadTooLargeError
from apportion.settings import Settings

from .errors import error_response, unexpected

__all__ = ["Guard", "page_policy"]

log = logging.getLogger("apportion.server")


def page_policy(settings: Settings, *, style: str = "'unsafe-inline'") -> str:
    """The content security policy: everything comes from this server, and only its pages frame it.

    ``style`` says which styles inside a page count, besides those in files.
    """
    framed = "*" if settings.embedded else "'self'"
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' {style}; img-src 'self' data:; "
        f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {framed}"
    )


class Guard:
    """Refuses too large requests, also streamed ones, before the handler has read them all."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._limit = settings.max_body
        self._headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Content-Security-Policy": page_policy(settings),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if self._announced(scope) > self._limit:
            await error_response(self._too_large())(scope, receive, guarded_send)
            return
        try:
            await self._app(scope, self._counting(receive), guarded_send)
        except ClientDisconnect:
            log.info(
                "%s %s: the client went away before it had sent everything", scope["method"], scope["path"]
            )
        except Exception as failure:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            await unexpected(failure)(scope, receive, guarded_send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                return int(value)
        return 0

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, str(self._too_large()))  # the one exception FastAPI lets through
            return message

        return counted

    def _too_large(self) -> PayloadTooLargeError:
        return PayloadTooLargeError(
            f"The request is larger than {self._limit:,} bytes; send fewer records at a time."
        )

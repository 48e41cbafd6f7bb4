"""Ways for a client to reach an app in this process, and to be kept from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

import apportion as rg
from patience import patience

__all__ = ["URL", "ClientAs", "Flaky", "InProcess", "is_bulk", "texts"]

URL = "http://testserver"

ClientAs = Callable[..., rg.Client]


class InProcess(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands requests to an app on another loop, from any thread or loop; keeps what it was asked."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._loop = loop
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result(patience(60))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._answer(request), self._loop))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        answer = await self._inner.handle_async_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    @property
    def paths(self) -> list[str]:
        """Method and path of each request, without what every client asks first."""
        shown = [f"{each.method} {each.url.raw_path.decode()}" for each in self.asked]
        return [each for each in shown if not each.endswith(("/api/_info", "/api/me"))]


class Flaky(httpx.BaseTransport):
    """Does something else for some requests: an exception, a response, or None for what the server says."""

    def __init__(self, inner: httpx.BaseTransport, decide: Callable[[httpx.Request], Any]) -> None:
        self._inner = inner
        self._decide = decide

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        decided = self._decide(request)
        if isinstance(decided, Exception):
            raise decided
        if isinstance(decided, httpx.Response):
            return decided
        return self._inner.handle_request(request)


def texts(count: int, start: int = 0) -> list[rg.TextClassificationRecord]:
    """Records with the numbers from ``start`` on as ids."""
    return [rg.TextClassificationRecord(text=f"text {n}", id=n) for n in range(start, start + count)]


def is_bulk(request: httpx.Request) -> bool:
    """Return True if this logs records."""
    return request.url.path.endswith(":bulk")

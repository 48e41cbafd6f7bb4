"""Helpers of the tests of several packages."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from apportion.domain.ids import UserId
from apportion.domain.people import Actor, Membership, User
from apportion.vocabulary import MembershipRole, Role
from declared import check

__all__ = ["Client", "FakeClock", "actor"]


class Client(httpx.Client):
    """Speaks HTTP to an app in this process."""

    def __init__(self, app: Any, **options: Any) -> None:
        options.setdefault("base_url", "http://testserver")
        super().__init__(transport=_InProcess(app), **options)


class _InProcess(httpx.BaseTransport):
    """One event loop, on which one request runs at a time."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._scope: dict[str, Any] = {}
        self._inner = httpx.ASGITransport(self._watched, raise_app_exceptions=False)
        self._loop = asyncio.new_event_loop()

    async def _watched(self, scope: Any, receive: Any, send: Any) -> None:
        self._scope = scope
        await self._app(scope, receive, send)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._inner.handle_async_request(sent)
        body = b"".join([part async for part in answer.aiter_raw()])  # as sent, compressed or not
        reply = httpx.Response(answer.status_code, headers=answer.headers, content=body)
        check(self._scope, reply.status_code, reply.headers, reply.content)
        return reply

    def close(self) -> None:
        self._loop.close()


class FakeClock:
    """Time as a test wants it, in microseconds."""

    def __init__(self, now: int = 1_700_000_000_000_000) -> None:
        self.time = now

    def now(self) -> int:
        self.time += 1  # so that everything happens in some order
        return self.time

    def jump(self) -> int:
        return 0

    def follow(self, jump: int) -> None:
        raise AssertionError("it never jumps")

    def pass_minutes(self, minutes: float) -> None:
        self.time += int(minutes * 60_000_000)


def actor(username: str = "ana", role: Role = Role.ANNOTATOR, **memberships: str) -> Actor:
    """Somebody; keywords are workspaces and what they are there."""
    user = User(UserId(f"id-of-{username}"), username, username.title(), None, role, True, 0, 0)
    joined = tuple(Membership(name, MembershipRole(given)) for name, given in memberships.items())
    return Actor(user, joined)

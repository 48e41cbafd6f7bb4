"""Ending work whose caller has hung up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from apportion.ports.deadline import Deadline

__all__ = ["hanging_up"]

AFTER = 0.1
"""Seconds of work after which somebody looks whether the caller is still there: most work is done by then."""


@asynccontextmanager
async def hanging_up(request: Request | None, deadline: Deadline) -> AsyncIterator[None]:
    """Cancel the deadline once the caller of a request has hung up."""
    if request is None or not _all_read(request):
        yield
        return
    watching: list[asyncio.Task[None]] = []

    def watch() -> None:
        watching.append(loop.create_task(_watch(request, deadline)))

    loop = asyncio.get_running_loop()
    timer = loop.call_later(AFTER, watch)
    try:
        yield
    finally:
        timer.cancel()
        for task in watching:
            task.cancel()


def _all_read(request: Request) -> bool:
    """Whether nothing but the end of the connection can still come: a body that is read later must not be lost here."""
    return request.method in ("GET", "HEAD") or hasattr(request, "_body")


async def _watch(request: Request, deadline: Deadline) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    deadline.cancel()

"""Cancellation of reads whose caller has hung up."""

from __future__ import annotations

import asyncio

from fastapi import Request

from apportion.ports.deadline import Deadline

__all__ = ["HangingUp"]

AFTER = 0.1
"""Seconds after which the connection of a read is watched: most reads have ended by then."""


class HangingUp:
    """Cancel a deadline once the caller of a request has hung up, until ``stop`` is called.

    Every search starts and stops one, so it is no context manager: that would cost more.
    """

    __slots__ = ("_deadline", "_request", "_task", "_timer")

    def __init__(self, request: Request | None, deadline: Deadline) -> None:
        self._request = request
        self._deadline = deadline
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        if request is not None and _all_read(request):
            self._timer = asyncio.get_running_loop().call_later(AFTER, self._begin)

    def stop(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        assert self._request is not None
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._deadline.cancel()


def _all_read(request: Request) -> bool:
    """Return whether only a disconnect can still arrive: messages of an unread body must not be consumed here."""
    return request.method in ("GET", "HEAD") or hasattr(request, "_body")

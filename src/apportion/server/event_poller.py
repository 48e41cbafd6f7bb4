"""One look for new events, every half a second, for all streams of this process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from apportion.ports.annotations import Event

if TYPE_CHECKING:
    from apportion.ports.store import Transaction

__all__ = ["EventPoller"]

T = TypeVar("T")
POLL = 0.5
"""Seconds between two looks."""
CHECK = 2.0
"""Seconds after which a stream is looked at even without news: the rights of its listener may have ended."""
Look = Callable[["Transaction"], Sequence[Event]]


class _Server(Protocol):
    """The server, as the poller needs it."""

    @property
    def stopping(self) -> threading.Event: ...

    async def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a short read in a snapshot of its own."""
        ...


@dataclass(slots=True)
class _Waiting:
    dataset: int
    after: int
    look: Look
    since: float
    reply: asyncio.Future[Sequence[Event]]


class EventPoller:
    """Looks of streams, gathered into one transaction."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def next(self, server: _Server, dataset: int, after: int, look: Look) -> Sequence[Event]:
        """Return what ``look`` finds at the next moment at which the dataset has events after a number.

        Now and then it returns without any; at once when the server stops.
        """
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Sequence[Event]] = loop.create_future()
        self._waiting.append(_Waiting(dataset, after, look, time.monotonic(), reply))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._poll(server))
        return await reply

    async def _poll(self, server: _Server) -> None:
        """Look again and again, as long as there are streams."""
        while self._waiting:
            await asyncio.sleep(POLL)
            waiting = [each for each in self._waiting if not each.reply.done()]
            self._waiting = waiting
            try:
                outcomes = await server.read(partial(_looked, waiting, stopping=server.stopping.is_set()))
            except Exception as failure:
                outcomes = [failure] * len(waiting)
            self._waiting = [each for each in self._waiting if each not in waiting]
            for each, outcome in zip(waiting, outcomes, strict=True):
                if each.reply.done():  # its listener has gone
                    continue
                if outcome is None:
                    self._waiting.append(each)
                elif isinstance(outcome, BaseException):
                    each.reply.set_exception(outcome)
                else:
                    each.reply.set_result(outcome)


def _looked(
    waiting: Sequence[_Waiting], tx: Transaction, *, stopping: bool
) -> list[Sequence[Event] | Exception | None]:
    """Return what each of them found or what refused it; None where there is nothing new."""
    latest, now = tx.events.latest({each.dataset for each in waiting}), time.monotonic()
    outcomes: list[Sequence[Event] | Exception | None] = []
    for each in waiting:
        if latest.get(each.dataset, 0) <= each.after and now - each.since < CHECK and not stopping:
            outcomes.append(None)
            continue
        try:
            outcomes.append(each.look(tx))
        except Exception as refused:
            outcomes.append(refused)
    return outcomes

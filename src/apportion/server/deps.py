"""What handlers are given: who is calling, which workspace they mean, and the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Header, Query, Request

from apportion.domain.errors import MissingInputParamError
from apportion.domain.people import Actor
from apportion.domain.query import MatchAll, parse
from apportion.domain.query import Query as SearchQuery
from apportion.ports.deadline import Deadline
from apportion.settings import Settings

from .auth import Caller, identify
from .hanging_up import hanging_up
from .house import House

if TYPE_CHECKING:
    from apportion.ports.store import Work

__all__ = ["Context", "Ctx", "House", "InHouse", "get_context", "get_house"]

T = TypeVar("T")

_LONG_TEXT = 5_000
"""Characters of a query that take some milliseconds to read."""


class Context:
    """One request of somebody who has signed in.

    ``key`` is the API key the request carried and ``sid`` its session, where there is one.
    """

    __slots__ = ("actor", "house", "key", "request", "sid", "workspace")

    def __init__(
        self, house: House, caller: Caller, workspace: str | None, request: Request | None = None
    ) -> None:
        self.house = house
        self.actor: Actor = caller.actor
        self.key = caller.key
        self.sid = caller.sid
        self.workspace = workspace
        self.request = request

    @property
    def settings(self) -> Settings:
        return self.house.settings

    def require_workspace(self) -> str:
        """The workspace the request names; refused when it names none."""
        if not self.workspace:
            raise MissingInputParamError("A workspace must be provided")
        return self.workspace

    async def read(self, work: Callable[[Work], T]) -> T:
        """Do short reading work on the event loop, in a snapshot of its own."""
        return await self.house.read(work)

    async def read_slow(self, work: Callable[[Work], T], *, long: bool = False) -> T:
        """Do long reading work in a thread, in a snapshot of its own, until its time is up or its caller hangs up.

        Everything that evaluates a query belongs here. ``long``: what may take minutes, such as figures.
        """
        deadline = self.deadline(long=long)
        async with hanging_up(self.request, deadline):
            return await self.house.read_slow(work, deadline, self.actor.username, long=long)

    def deadline(self, *, long: bool = False) -> Deadline:
        """The time for a query, or for long work with queries in it."""
        settings = self.settings
        if long:
            return Deadline(settings.figure_seconds, query=settings.query_seconds)
        return Deadline(settings.query_seconds)

    async def parsed(self, text: str | None) -> SearchQuery:
        """The query that a text stands for; a long one is read in a thread."""
        if text is None or not text.strip():
            return MatchAll()
        return parse(text) if len(text) < _LONG_TEXT else await self.house.think(lambda: parse(text))

    async def digested(self, body: bytes, read: Callable[[], T]) -> T:
        """What is read from a body with a query in it; a long one is read in a thread."""
        return read() if len(body) < _LONG_TEXT else await self.house.think(read)

    async def write(self, work: Callable[[Work], T], *, urgent: bool = False) -> T:
        """Have work done as one transaction; returns once it is on disk."""
        return await self.house.write(work, urgent=urgent)

    async def write_steps(
        self,
        steps: Iterable[Callable[[Work], object]],
        give_up: Callable[[], Iterable[Callable[[Work], object]]] = tuple,
    ) -> None:
        """Have one piece of work done after the other, each as a transaction, to the end even if nobody waits for it
        any more. When one fails, what ``give_up`` says is done before the failure is told; a job may go on from there.
        """

        async def all_of_them() -> None:
            try:
                for step in steps:
                    await self.house.write(step)
            except BaseException:
                for step in give_up():
                    await self.house.write(step)
                self.house.jobs.wake()
                raise

        await asyncio.shield(asyncio.ensure_future(all_of_them()))


async def get_house(request: Request) -> House:
    """The running server, for routes that need nobody signed in."""
    house: House = request.app.state.house
    return house


async def get_context(
    request: Request,
    workspace: Annotated[
        str | None, Query(description="Which workspace is meant; wins over the header.")
    ] = None,
    x_argilla_workspace: Annotated[
        str | None, Header(description="Which workspace is meant, for clients of 1.x.")
    ] = None,
) -> Context:
    """Whoever is calling, or a 401."""
    house: House = request.app.state.house
    return Context(house, identify(request, house), workspace or x_argilla_workspace, request)


Ctx = Annotated[Context, Depends(get_context)]
InHouse = Annotated[House, Depends(get_house)]

"""What handlers are given: who is calling, which workspace they mean, and the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Header, Query, Request

from apportion.domain.errors import MissingInputParamError
from apportion.domain.people import Actor
from apportion.domain.query import MatchAll, parse
from apportion.domain.query import Query as SearchQuery
from apportion.ports.deadline import Deadline
from apportion.services.acting import ActingStore, check_rights
from apportion.settings import Settings

from .auth import Caller, identify
from .hanging_up import HangingUp
from .house import House

if TYPE_CHECKING:
    from apportion.ports.store import Store, Work

__all__ = ["Context", "Ctx", "House", "InHouse", "get_context", "get_house"]

T = TypeVar("T")
LATELY = 1.0
"""Seconds after which whoever reads is looked up again; whoever writes always is."""

_LONG_TEXT = 5_000
"""Characters of a query that take some milliseconds to read."""


class Context:
    """One request of somebody who has signed in.

    ``key`` is the API key the request carried and ``sid`` its session, where there is one. ``began`` is who called as
    they were when the request came, ``actor`` as they were when they were last looked up: a body or a stream may take
    hours, and rights end when they end.
    """

    __slots__ = (
        "_credential",
        "_looked_up",
        "actor",
        "began",
        "house",
        "key",
        "request",
        "sid",
        "workspace",
    )

    def __init__(
        self, house: House, caller: Caller, workspace: str | None, request: Request | None = None
    ) -> None:
        self.house = house
        self.actor: Actor = caller.actor
        self.began: Actor = caller.actor
        self._credential = caller.credential
        self._looked_up = time.monotonic()
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
        return await self.house.read(self._as_lately(work))

    async def read_slow(self, work: Callable[[Work], T], *, long: bool = False) -> T:
        """Do long reading work in a thread, in a snapshot of its own, until its time is up or its caller hangs up.

        Everything that evaluates a query belongs here. ``long``: what may take minutes, such as figures.
        """
        deadline = self.deadline(long=long)
        watching = HangingUp(self.request, deadline)
        try:
            return await self.house.read_slow(self._as_lately(work), deadline, self.actor.username, long=long)
        finally:
            watching.stop()

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

    def look_up(self, work: Work) -> Actor:
        """Return who calls with the rights they have now; refused once their key or session has ended."""
        self.actor = self._credential.actor(work.people, self.house.clock.now())
        self._looked_up = time.monotonic()
        return self.actor

    def _as_now(self, work: Callable[[Work], T]) -> Callable[[Work], T]:
        """Let the caller be looked up before ``work`` is done."""

        def as_now(within: Work) -> T:
            self.look_up(within)
            return work(within)

        return as_now

    def _as_lately(self, work: Callable[[Work], T]) -> Callable[[Work], T]:
        """Let the caller be looked up before ``work`` is done, unless that was just now: bodies may come slowly."""
        return work if time.monotonic() - self._looked_up < LATELY else self._as_now(work)

    def check_rights(self, work: Work) -> None:
        """Refuse to go on once the caller has fewer rights than when they began."""
        check_rights(self.began, self.look_up(work))

    @property
    def store(self) -> Store:
        """The store for work in several transactions of which each is refused once the caller has fewer rights."""
        return ActingStore(self.house.store, self._credential, self.began, self.house.clock)

    async def write(self, work: Callable[[Work], T], *, urgent: bool = False) -> T:
        """Have work done as one transaction, with the rights that ``actor`` has in it; returns once it is on disk."""
        return await self.house.write(self._as_now(work), urgent=urgent)

    async def write_steps(
        self,
        steps: Iterable[Callable[[Work], object]],
        give_up: Callable[[], Iterable[Callable[[Work], object]]] = tuple,
    ) -> None:
        """Have one piece of work done after the other, each as a transaction, to the end even if nobody waits for it
        any more. When one fails, what ``give_up`` says is done before the failure is told; a job may go on from there.
        A step fails, too, once the caller has fewer rights than when they began.
        """
        store = self.store

        async def all_of_them() -> None:
            try:
                for step in steps:
                    await asyncio.wrap_future(store.write(step))
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

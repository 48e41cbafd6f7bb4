"""Dependencies of handlers: the caller, the workspace they mean, and the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Header, Query, Request

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import MissingInputParamError
from apportion.domain.people import Actor
from apportion.domain.query import MatchAll, parse
from apportion.domain.query import Query as SearchQuery
from apportion.ports.deadline import Deadline
from apportion.services.operations import LongOperation, run_operation
from apportion.services.people.acting import ActingStore, check_rights
from apportion.settings import Settings
from apportion.vocabulary import Task

from .app_state import AppState
from .auth import Caller, identify
from .disconnects import HangingUp

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = ["AppState", "Context", "Ctx", "InAppState", "get_app_state", "get_context"]

T = TypeVar("T")
LATELY = 1.0
"""Seconds after which the caller of a read is looked up again; the caller of a write always is."""

_LONG_TEXT = 5_000
"""Characters of a query whose parsing takes some milliseconds."""


class Context:
    """One request of somebody who has signed in.

    ``key`` is the API key the request carried and ``sid`` its session, if there is one. ``began`` is the caller as they
    were when the request came, ``actor`` as they were when last looked up: a body or a stream may take hours, and
    rights that end meanwhile must not outlast it.
    """

    __slots__ = (
        "_credential",
        "_looked_up",
        "actor",
        "began",
        "key",
        "request",
        "sid",
        "state",
        "workspace",
    )

    def __init__(
        self, state: AppState, caller: Caller, workspace: str | None, request: Request | None = None
    ) -> None:
        self.state = state
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
        return self.state.settings

    def require_workspace(self) -> str:
        """Return the workspace the request names. Raises ``MissingInputParamError`` if it names none."""
        if not self.workspace:
            raise MissingInputParamError("A workspace must be provided")
        return self.workspace

    def address(self, name: str, *, task: Task | None = None, uuid: str | None = None) -> DatasetAddress:
        """Return the address of a dataset of the workspace that the request names."""
        return DatasetAddress(self.require_workspace(), name, task, uuid)

    async def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a short read in a snapshot of its own."""
        return await self.state.read(self._as_lately(fn))

    async def read_slow(self, fn: Callable[[Transaction], T], *, long: bool = False) -> T:
        """Run a long read in a thread, in a snapshot of its own, until its time is up or its caller hangs up.

        Everything that evaluates a query belongs here. ``long`` is for reads that may take minutes, such as figures.
        """
        deadline = self.deadline(long=long)
        watching = HangingUp(self.request, deadline)
        try:
            return await self.state.read_slow(self._as_lately(fn), deadline, self.actor.username, long=long)
        finally:
            watching.stop()

    def deadline(self, *, long: bool = False) -> Deadline:
        """Return the deadline for a query, or for a long read with queries in it."""
        settings, foreground = self.settings, self.state.foreground
        if long:
            return Deadline(
                settings.figure_seconds, query=settings.query_seconds, foreground=foreground, long=True
            )
        return Deadline(settings.query_seconds, foreground=foreground)

    async def parsed(self, text: str | None) -> SearchQuery:
        """Return the query that a text stands for; a long text is parsed in a thread."""
        if text is None or not text.strip():
            return MatchAll()
        return parse(text) if len(text) < _LONG_TEXT else await self._in_turn(lambda: parse(text))

    async def digested(self, body: bytes, read: Callable[[], T]) -> T:
        """Return what ``read`` makes of a body with a query in it; a long body is read in a thread."""
        return read() if len(body) < _LONG_TEXT else await self._in_turn(read)

    async def _in_turn(self, fn: Callable[[], T]) -> T:
        """Run a computation in a thread when it is the caller's turn, so that one person never has several there."""
        return await self.state.readers.run(self.actor.username, fn)

    def look_up(self, tx: Transaction) -> Actor:
        """Return the caller with the rights they have now; refused once their key or session has ended."""
        self.actor = self._credential.actor(tx.people, self.state.clock.now())
        self._looked_up = time.monotonic()
        return self.actor

    def _as_now(self, fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        """Wrap ``fn`` so that the caller is looked up before it runs."""

        def as_now(within: Transaction) -> T:
            self.look_up(within)
            return fn(within)

        return as_now

    def _as_lately(self, fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        """Wrap ``fn`` like ``_as_now``, unless the caller was looked up just now: bodies may come slowly."""
        return fn if time.monotonic() - self._looked_up < LATELY else self._as_now(fn)

    def check_rights(self, tx: Transaction) -> None:
        """Refuse to go on once the caller has fewer rights than when the request began."""
        check_rights(self.began, self.look_up(tx))

    @property
    def store(self) -> Store:
        """Store for use in several transactions; each is refused once the caller has fewer rights."""
        return ActingStore(self.state.store, self._credential, self.began, self.state.clock)

    async def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """Run ``fn`` as one write transaction, with the rights ``actor`` has in it; returns once it is on disk."""
        return await self.state.write(self._as_now(fn), urgent=urgent)

    async def run(self, operation: LongOperation, *, store: Store | None = None) -> None:
        """Run a long operation in a thread, to its end even if the caller hangs up.

        It ends once the caller has fewer rights than when the request began, unless it checks rights itself, on the
        ``store`` without checks. A job may continue after a failure.
        """
        acting = store or self.store

        def to_the_end() -> None:
            try:
                run_operation(
                    acting, operation, checkpoint=self.state.check_running, cleanup=self.state.store
                )
            except BaseException:
                self.state.jobs.wake()
                raise

        within = copy_context().run  # the events it logs name this request
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(self.state.operations, lambda: within(to_the_end)))


async def get_app_state(request: Request) -> AppState:
    """Return the state of the running server, for routes that work without signing in."""
    state: AppState = request.app.state.app_state
    return state


async def get_context(
    request: Request,
    workspace: Annotated[
        str | None, Query(description="Which workspace is meant; wins over the header.")
    ] = None,
    x_argilla_workspace: Annotated[
        str | None, Header(description="Which workspace is meant, for clients of 1.x.")
    ] = None,
) -> Context:
    """Return the context of a request whose caller is known; otherwise 401."""
    state: AppState = request.app.state.app_state
    return Context(state, await identify(request, state), workspace or x_argilla_workspace, request)


Ctx = Annotated[Context, Depends(get_context)]
InAppState = Annotated[AppState, Depends(get_app_state)]

"""Dependencies of handlers: the caller, the workspace they mean, and the store."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Header, Query, Request
from msgspec import Struct

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import GoesOnError, MissingInputParamError, StillAtWorkError
from apportion.domain.people import Actor
from apportion.domain.permissions import EffectiveRole, effective_role
from apportion.domain.query import MatchAll, parse
from apportion.domain.query import Query as SearchQuery
from apportion.ports.deadline import Deadline
from apportion.ports.replies import RequestKey
from apportion.services.operations import LongOperation, OperationStoppedError, run_operation
from apportion.services.people.acting import ActingStore, check_rights
from apportion.services.records.input_parts import PartedInput
from apportion.settings import Settings
from apportion.vocabulary import Task

from .app_state import AppState
from .auth import Caller, forget, identify, remembered
from .disconnects import HangingUp
from .sent_again import ClaimingOperation, key_of, reply_to
from .wire_routes import Reply, encode_reply

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = [
    "KEYED",
    "AppState",
    "Context",
    "Ctx",
    "InAppState",
    "get_app_state",
    "get_context",
    "remembered_context",
]

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
        "_address",
        "_claiming",
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
        self,
        state: AppState,
        caller: Caller,
        workspace: str | None,
        request: Request | None = None,
        *,
        looked_up: bool = True,
    ) -> None:
        """``looked_up``: False if the caller is a remembered one, who has to be looked up first in any case."""
        self.state = state
        self.actor: Actor = caller.actor
        self.began: Actor = caller.actor
        self._credential = caller.credential
        self._looked_up = time.monotonic() if looked_up else -math.inf
        self.key = caller.key
        self.sid = caller.sid
        self.workspace = workspace
        self.request = request
        self._claiming: RequestKey | None = None
        self._address: DatasetAddress | None = None

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
        self._address = DatasetAddress(self.require_workspace(), name, task, uuid)
        return self._address

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
        state, who = self.state, self.actor.username

        def run() -> T:
            if state.readers.crowded(who) or state.share.took_much(who):
                state.share.rest()
            return state.share.counted(who, fn)

        return await state.readers.run(who, run)

    async def compute(self, fn: Callable[[], T]) -> T:
        """Run a long computation that needs no store in a thread; its time counts for the caller."""
        state, who = self.state, self.actor.username
        return await state.run_in_thread(lambda: state.share.counted(who, fn))

    async def paced(self, fn: Callable[[Callable[[], None]], T]) -> T:
        """Run a longer computation in a thread, which rests while others go first: ``fn`` calls what it gets for it."""
        pace = self.state.share.pace(self.actor.username)
        return await self.state.run_in_thread(lambda: fn(pace))

    def look_up(self, tx: Transaction) -> Actor:
        """Return the caller with the rights they have now; refused once their key or session has ended."""
        self.actor = self._credential.actor(tx.people, self.state.clock.now())
        self._looked_up = time.monotonic()
        return self.actor

    def _as_now(
        self, fn: Callable[[Transaction], T], *, expecting: bool = True
    ) -> Callable[[Transaction], T]:
        """Wrap ``fn`` so that the caller is looked up before it runs, and with ``expecting`` its dataset with them."""
        address = self._address if expecting else None
        # It may lock the dataset, which is not for outsiders
        if address and effective_role(self.actor, address.workspace) is EffectiveRole.OUTSIDER:
            address = None

        def as_now(within: Transaction) -> T:
            if address is not None:
                within.datasets.expect(address.workspace, address.name)
            self.look_up(within)
            return fn(within)

        return as_now

    def _as_lately(self, fn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        """Wrap ``fn`` like ``_as_now``, unless the caller was looked up just now: bodies may come slowly."""
        return fn if time.monotonic() - self._looked_up < LATELY else self._as_now(fn)

    def forget(self) -> None:
        """Forget the caller, whose credential turned out to have ended."""
        if self.request is not None:
            forget(self.request, self.state, self._credential)

    def check_rights(self, tx: Transaction) -> None:
        """Refuse to go on once the caller has fewer rights than when the request began."""
        check_rights(self.began, self.look_up(tx))

    @property
    def store(self) -> Store:
        """Store for use in several transactions; each is refused once the caller has fewer rights."""
        return ActingStore(self.state.store, self._credential, self.began, self.state.clock)

    async def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """Run ``fn`` as one write transaction, with the rights ``actor`` has in it; returns once it is on disk."""
        # Others lock it for themselves alone, in an order of their own
        within = self._as_now(fn, expecting=urgent)
        return await self.state.write(within, urgent=urgent, person=self.actor.username)

    async def once(self, fn: Callable[[Transaction], Struct], *, urgent: bool = False) -> Reply[Any]:
        """Run ``fn`` as ``write`` does and reply what it returns; sent again with its key, it replies the same."""
        key = await self._key(with_body=True)

        def run(tx: Transaction) -> bytes:
            if key is None:
                return encode_reply(fn(tx))
            if not tx.replies.claim(key, at=self.state.clock.now()):
                return self._reply_to(tx, key)
            body = encode_reply(fn(tx))
            tx.replies.keep(key, body)
            return body

        return Reply(await self.write(run, urgent=urgent))

    async def kept_reply(self, *, with_body: bool = True) -> Reply[Any] | None:
        """Return the reply to the same request sent before, None without one.

        What ``run`` runs from now on belongs to this request, until ``keep`` keeps its reply.
        """
        self._claiming = key = await self._key(with_body=with_body)
        if key is None:
            return None
        body = await self.read(lambda tx: None if tx.replies.find(key) is None else self._reply_to(tx, key))
        return None if body is None else Reply(body)

    async def keep(self, reply: Reply[T]) -> Reply[T]:
        """Keep the reply to a request for which ``run`` ran something; return it."""
        key = self._claiming
        if key is not None:
            await self.state.write(lambda tx: tx.replies.keep(key, bytes(reply.body)))
        return reply

    async def _key(self, *, with_body: bool) -> RequestKey | None:
        if self.request is None:
            return None
        return await key_of(self.request, self.actor.username, with_body=with_body)

    def _reply_to(self, tx: Transaction, key: RequestKey) -> bytes:
        kept, living = tx.replies.find(key), self.state.store.living()
        assert kept is not None
        return reply_to(key, kept, lambda no: no in living)

    def _claim(self, key: RequestKey, tx: Transaction) -> None:
        if not tx.replies.claim(key, at=self.state.clock.now()):
            self._reply_to(tx, key)
            raise StillAtWorkError(1)  # its reply was kept just now

    async def run(self, operation: LongOperation, *, store: Store | None = None) -> None:
        """Run a long operation in a thread, to its end even if the caller hangs up.

        It ends once the caller has fewer rights than when the request began, unless it checks rights itself, on the
        ``store`` without checks. A job may continue after a failure.
        """
        acting, claiming, asked = store or self.store, None, operation
        pace = self.state.share.pace(self.actor.username)
        if isinstance(asked, PartedInput):
            asked.rest = pace
        if (key := self._claiming) is not None:
            operation = claiming = ClaimingOperation(operation, partial(self._claim, key))

        def checkpoint() -> None:
            self.state.check_running()
            pace()

        def to_the_end() -> None:
            try:
                run_operation(
                    acting, operation, checkpoint=checkpoint, count=pace.add, cleanup=self.state.store
                )
            except BaseException as failure:
                if key is not None and claiming is not None and claiming.claimed:
                    self.state.store.write(lambda tx: tx.replies.forget(key)).result()
                stopped = isinstance(failure, OperationStoppedError) or not isinstance(failure, Exception)
                if not stopped and isinstance(asked, PartedInput) and asked.accepted:
                    raise GoesOnError(asked.job.id) from failure
                raise
            finally:
                self.state.jobs.wake()  # it may have left something to a job

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
    caller = await identify(request, state)
    await state.turn(caller.actor.username)
    return Context(state, caller, workspace or x_argilla_workspace, request)


async def declare_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Names the request: sent again with the same key, within a day, it is not done again, and "
            "gets the same reply.",
            max_length=200,
        ),
    ] = None,
) -> None:
    """Declare the header ``Idempotency-Key`` of a route."""


def remembered_context(request: Request, workspace: str | None) -> Context | None:
    """Return the context of a request whose caller is looked up in its first transaction; None if nobody is known."""
    state: AppState = request.app.state.app_state
    caller = remembered(request, state)
    return None if caller is None else Context(state, caller, workspace, request, looked_up=False)


Ctx = Annotated[Context, Depends(get_context)]
KEYED = [Depends(declare_key)]
"""Dependencies of a route whose requests may be sent again with a key."""
InAppState = Annotated[AppState, Depends(get_app_state)]

"""The parts of one running server."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from apportion.ports.deadline import Deadline, Foreground
from apportion.ports.security import Attempts, Clock, Passwords
from apportion.services.datasets.clock_jumps import DeadlineShift
from apportion.services.operations import OperationStoppedError
from apportion.services.people.acting import LastActors
from apportion.services.people.first_admin import SetupCode
from apportion.services.people.sign_in import KeyAttempts, SignIn
from apportion.settings import Settings

from .audit_notes import Refusals, Scans
from .event_poller import EventPoller
from .fair_share import FairShare
from .job_runner import JobRunner
from .logs import BackgroundHandler
from .readers import CROWD, Readers
from .request_stats import RequestStats
from .web import WebApp
from .webhook_dispatcher import WebhookDispatcher
from .webhook_secrets import DerivedSecrets

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = ["AppState"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AppState:
    """Settings, store and everything else that lives as long as the server."""

    settings: Settings
    store: Store
    clock: Clock
    passwords: Passwords
    sign_in: SignIn
    setup: SetupCode
    attempts: Attempts
    web: WebApp
    readers: Readers
    """Threads for long reads, so that nobody annotating waits for them."""
    foreground: Foreground
    """The requests at work that all slower ones let go first."""
    share: FairShare
    thinkers: ThreadPoolExecutor
    """Threads for long computations that do not read the store."""
    operations: ThreadPoolExecutor
    """Threads for long operations, one for each that runs; they mostly wait for the writer."""
    hashers: ThreadPoolExecutor
    """Threads for password hashing, which is slow on purpose."""
    jobs: JobRunner
    scans: Scans
    refusals: Refusals
    webhooks: WebhookDispatcher
    webhook_secrets: DerivedSecrets
    keys: KeyAttempts
    actors: LastActors
    turns: WeakValueDictionary[tuple[str, asyncio.AbstractEventLoop], asyncio.Lock] = field(
        default_factory=WeakValueDictionary
    )
    """Locks by address: one password of an address is checked at a time."""
    events: EventPoller = field(default_factory=EventPoller)
    shift: DeadlineShift = field(default_factory=DeadlineShift)
    stats: RequestStats = field(default_factory=RequestStats)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is asked to stop: streams end, and it no longer reports that it is ready."""

    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the server stops: long operations end after their present step, and the next start recovers."""

    async def turn(self, person: str) -> None:
        """Count a request of a person, and wait until it is their turn."""
        await self.share.turn(person, crowded=self.readers.crowded(person))

    async def read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a short read in a snapshot of its own: on the event loop, or in a thread where it waits for a network."""

        def run() -> T:
            with self.store.read() as snapshot:
                return fn(snapshot)

        return await self.run_short(run)

    async def run_short(self, fn: Callable[[], T]) -> T:
        """Run a function that asks the store for little; in a thread where the store is remote."""
        return await self.readers.run_short(fn) if self.store.remote else fn()

    async def read_slow(
        self, fn: Callable[[Transaction], T], deadline: Deadline, person: str, *, long: bool = False
    ) -> T:
        """Run a long read in a thread, in a snapshot of its own, when it is the person's turn."""

        def run() -> T:
            if self.readers.crowded(person) or self.share.took_much(person):
                deadline.give_way()
            else:  # the others of a crowd come while its first read is at work
                deadline.give_way(lambda: self.readers.crowded(person, CROWD))
            try:
                with self.store.read(deadline) as snapshot:
                    deadline.check()
                    return fn(snapshot)
            finally:
                deadline.finish()

        return await self.readers.run(person, lambda: self.share.counted(person, run), long=long)

    async def run_in_thread(self, fn: Callable[[], T]) -> T:
        """Run a long computation that needs no store, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.thinkers, fn)

    async def run_operation(self, fn: Callable[[], T]) -> T:
        """Run a function of several transactions, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.operations, fn)

    async def write(
        self, fn: Callable[[Transaction], T], *, urgent: bool = False, person: str | None = None
    ) -> T:
        """Run a function as one write transaction; returns once it is on disk. Its time counts for ``person``."""
        run = fn if person is None else self.share.counting(person, fn)
        if not urgent or (person is not None and self.share.took_much(person)):
            return await asyncio.wrap_future(self.store.write(run, urgent=urgent))
        self.foreground.enter()
        try:
            return await asyncio.wrap_future(self.store.write(run, urgent=True))
        finally:
            self.foreground.leave()

    def is_keeper(self) -> bool:
        """Return whether this server does what only one at a time may do; it becomes that one if there is none."""
        return self.store.cluster is None or self.store.cluster.keep()

    def check_running(self) -> None:
        """Raise ``OperationStoppedError`` once the server stops, whose last requests are done."""
        if self.closing.is_set():
            raise OperationStoppedError

    def lost_lines(self) -> int:
        """Return the number of log lines that were dropped because nobody read them."""
        handlers = logging.getLogger().handlers
        return sum(each.lost for each in handlers if isinstance(each, BackgroundHandler))

    async def hashing(self, fn: Callable[[], T], address: str | None = None) -> T:
        """Run a function that hashes passwords in a thread, one at a time for each address.

        A hundred guesses from one address then delay nobody who signs in from elsewhere. Whatever the function
        logs belongs to the same request.
        """
        loop, run = asyncio.get_running_loop(), copy_context().run
        if address is None:
            return await loop.run_in_executor(self.hashers, lambda: run(fn))
        turn = self.turns.setdefault((address, loop), asyncio.Lock())
        async with turn:
            return await loop.run_in_executor(self.hashers, lambda: run(fn))

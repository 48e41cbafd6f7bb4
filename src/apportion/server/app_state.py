"""What one running server consists of."""

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

from apportion.ports.deadline import Deadline
from apportion.ports.security import Clock, Passwords
from apportion.services.people.first_admin import SetupCode
from apportion.services.people.sign_in import KeyAttempts, SignIn
from apportion.settings import Settings

from .audit_notes import Refusals, Scans
from .job_runner import JobRunner
from .logs import BackgroundHandler
from .readers import Readers
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
    web: WebApp
    readers: Readers
    """For long reads, so that nobody annotating waits for them."""
    thinkers: ThreadPoolExecutor
    """For long work that reads nothing."""
    hashers: ThreadPoolExecutor
    """For password hashing, slow on purpose."""
    jobs: JobRunner
    scans: Scans
    refusals: Refusals
    webhooks: WebhookDispatcher
    webhook_secrets: DerivedSecrets
    keys: KeyAttempts
    turns: WeakValueDictionary[tuple[str, asyncio.AbstractEventLoop], asyncio.Lock] = field(
        default_factory=WeakValueDictionary
    )
    """Whose turn it is to have a password checked, by address."""
    tally: RequestStats = field(default_factory=RequestStats)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server was told to stop: streams end, and it is not ready any more."""

    async def read(self, fn: Callable[[Transaction], T]) -> T:
        """Do short reading work right here, in a snapshot of its own."""
        with self.store.read() as snapshot:
            return fn(snapshot)

    async def read_slow(
        self, fn: Callable[[Transaction], T], deadline: Deadline, person: str, *, long: bool = False
    ) -> T:
        """Do long reading work in a thread, in a snapshot of its own, when it is the person's turn."""

        def run() -> T:
            with self.store.read(deadline) as snapshot:
                deadline.check()
                return fn(snapshot)

        return await self.readers.run(person, run, long=long)

    async def run_in_thread(self, fn: Callable[[], T]) -> T:
        """Do long work that needs no store, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.thinkers, fn)

    async def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """Have work done as one transaction; returns once it is on disk."""
        return await asyncio.wrap_future(self.store.write(fn, urgent=urgent))

    def lost_lines(self) -> int:
        """How many lines of the log nobody took."""
        handlers = logging.getLogger().handlers
        return sum(each.lost for each in handlers if isinstance(each, BackgroundHandler))

    async def hashing(self, fn: Callable[[], T], address: str | None = None) -> T:
        """Do work that hashes passwords, in a thread; of what comes from one address one after the other.

        A hundred guesses from there then make nobody wait who signs in from elsewhere. What the work writes is of the
        same request.
        """
        loop, run = asyncio.get_running_loop(), copy_context().run
        if address is None:
            return await loop.run_in_executor(self.hashers, lambda: run(fn))
        turn = self.turns.setdefault((address, loop), asyncio.Lock())
        async with turn:
            return await loop.run_in_executor(self.hashers, lambda: run(fn))

"""Sender of webhook deliveries: a thread with an event loop of its own, so that no request waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from apportion.domain.webhooks import Delivery, Webhook, signature
from apportion.ports.security import Clock
from apportion.ports.webhooks import WebhookSecrets
from apportion.services.notifications.deliveries import (
    collect,
    disable_unfit,
    is_fit,
    prune,
    record_attempt,
    store_collected,
    to_send,
)

from .logs import log_failure

if TYPE_CHECKING:
    from apportion.domain.addresses import CallPolicy
    from apportion.ports.store import Store, Transaction
    from apportion.services.notifications.deliveries import Collected

    from .webhook_call import WebhookCaller

__all__ = ["WebhookDispatcher"]

T = TypeVar("T")
log = logging.getLogger("apportion.webhooks")
LOOK = 1.0
"""Seconds between two checks for new events."""
_dice = random.SystemRandom()
AT_ONCE = 8
"""Webhooks that are called at the same time; the calls of one webhook are sequential."""
_PRUNE = 3600.0
_REST = 5.0
"""Seconds to wait after an unexpected error of the dispatcher."""


class WebhookDispatcher:
    """Collects events and sends deliveries while the server runs. ``caller`` is made when it is first needed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        secrets: WebhookSecrets,
        policy: CallPolicy,
        caller: WebhookCaller | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._secrets = secrets
        self._policy = policy
        self._caller = caller
        self._reader = ThreadPoolExecutor(1, "apportion-webhook-reader")  # starts none before the first read
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken: asyncio.Event | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._call_limit: asyncio.Semaphore | None = None

    def start(self) -> None:
        """Start the thread, and continue with the deliveries that wait."""
        self._thread = threading.Thread(target=self._run, name="apportion-webhooks", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Check for deliveries at once, rather than at the next interval."""
        loop, woken = self._loop, self._woken
        if loop is not None and woken is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(woken.set)

    def close(self) -> None:
        """Stop. A running call is cancelled and made again after the next start, under the same id."""
        self._closing.set()
        self.wake()
        if self._thread is not None:
            self._thread.join()
        self._reader.shutdown()

    def _run(self) -> None:
        for noisy in ("httpx", "httpcore"):  # httpx would log URLs, which may contain keys
            logging.getLogger(noisy).setLevel(logging.WARNING)
        loop = asyncio.new_event_loop()
        try:
            self._loop = loop
            loop.run_until_complete(self._run_until_closed())
        finally:
            loop.close()

    async def _run_until_closed(self) -> None:
        self._woken, self._call_limit = asyncio.Event(), asyncio.Semaphore(AT_ONCE)
        loop = asyncio.get_running_loop()
        pruned = loop.time()
        while not self._closing.is_set():
            pause = LOOK
            try:
                more = await self._look()
                pause = 0.0 if more else LOOK
                if loop.time() - pruned > _PRUNE:
                    pruned = loop.time()
                    await self._prune()
            except Exception:
                log_failure(log, "webhooks stumbled; they go on in a moment")
                pause = _REST
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)
            self._woken.clear()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _look(self) -> bool:
        """Create deliveries for new events and start sending what is due; return whether there are more events.

        Of several servers one does this, the keeper.
        """
        cluster = self._store.cluster
        if cluster is not None and not cluster.keeping:
            return False
        now = self._clock.now()

        def read(tx: Transaction) -> tuple[Sequence[Collected], Sequence[str], list[str]]:
            collected, due = collect(tx, now=now), tx.webhooks.due(now)
            wanted = {*due, *(each.webhook for each in collected if each.deliveries)}
            return collected, due, [id for id in wanted if not is_fit(tx, id, self._secrets)]

        collected, due, unfit = await self._read(read)
        if unfit:
            await self._write(lambda tx: disable_unfit(tx, unfit, self._secrets, now=now))
            due = [id for id in due if id not in unfit]
        for each in collected:
            if each.removed:
                log.warning(
                    "webhook %s: events after number %d were removed from the audit log, past their time, before it "
                    "was sent them; it continues after number %d",
                    each.webhook,
                    each.before,
                    each.cursor,
                )
        if collected:
            await self._write(lambda tx: store_collected(tx, collected))
        for id in {*due, *(each.webhook for each in collected if each.deliveries)} - self._running.keys():
            self._running[id] = asyncio.create_task(self._send_all(id))
        return any(each.more for each in collected)

    async def _send_all(self, id: str) -> None:
        """Send the deliveries of one webhook, one after the other, until none is due."""
        assert self._call_limit is not None
        try:
            while not self._closing.is_set():
                found = await self._read(lambda tx: to_send(tx, id, self._secrets, now=self._clock.now()))
                if found is None:
                    return
                async with self._call_limit:
                    await self._send(*found)
        except Exception:
            log_failure(log, f"webhook {id} stumbled; it goes on in a moment")
            await asyncio.sleep(_REST)
        finally:
            self._running.pop(id, None)

    async def _send(self, webhook: Webhook, delivery: Delivery) -> None:
        body = delivery.body.encode()
        now = self._clock.now()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Apportion-Webhook",
            "X-Apportion-Event": delivery.code,
            "X-Apportion-Delivery": delivery.id,
            "X-Apportion-Signature": signature(self._secrets.secret(webhook.salt), now // 1_000_000, body),
        }
        outcome = await self._called().post(webhook.url, headers, body)
        after = await self._write(
            lambda tx: record_attempt(tx, delivery, outcome, now=self._clock.now(), chance=_dice.random())
        )
        if not outcome.taken:
            log.warning(
                "webhook %s: delivery %s failed: %s",
                webhook.id,
                delivery.id,
                outcome.problem or f"status {outcome.status}",
            )
        if after is not None and webhook.enabled and not after.enabled:
            log.warning("webhook %s is disabled: %s", webhook.id, after.disabled_why)

    def _called(self) -> WebhookCaller:
        if self._caller is None:
            from .webhook_call import (
                WebhookCaller,  # imports httpx, which a server without webhooks does not need
            )

            self._caller = WebhookCaller(self._policy)
        return self._caller

    async def _prune(self) -> None:
        while await self._write(lambda tx: prune(tx, now=self._clock.now())):
            pass

    async def _read(self, fn: Callable[[Transaction], T]) -> T:
        """Run a read; of a remote store in a thread, so that running calls go on meanwhile."""

        def run() -> T:
            with self._store.read() as tx:
                return fn(tx)

        return (
            await asyncio.get_running_loop().run_in_executor(self._reader, run)
            if self._store.remote
            else run()
        )

    async def _write(self, fn: Callable[[Transaction], T]) -> T:
        return await asyncio.wrap_future(self._store.write(fn))

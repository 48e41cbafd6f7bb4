"""The queue between a model that predicts and the server that stores it.

A model never waits for its log: records are put into a queue of a bounded length, and a thread of each dataset sends
them in batches. What cannot be sent is counted, and a warning a minute says how many.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, RLock, Thread
from typing import Any

from apportion.sdk.client import Client
from apportion.sdk.errors import ArApiResponseError, BaseClientError, GenericApiError, InputValueError
from apportion.sdk.session import active_client

__all__ = ["DatasetRecordsConsumer", "DropCounter"]

_log = logging.getLogger("apportion")

QUEUE = 10_000
BATCH = 256
RETRIES = 10
LONGEST_PAUSE = 30.0
WARN_EVERY = 60.0


class DropCounter:
    """A count of records that were not logged; warns at the first and then once a minute, with the number."""

    def __init__(self, dataset: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.dataset = dataset
        self.total = 0
        self._reported = 0
        self._why = ""
        self._next = float("-inf")
        self._clock = clock
        self._lock = RLock()

    def add(self, count: int, why: object) -> None:
        """Count that many more, and warn if the last warning is a minute ago."""
        with self._lock:
            self.total += count
            self._why = str(why)
            if self._clock() >= self._next:
                self.tell()

    def tell(self) -> None:
        """Warn of those that no warning has mentioned yet."""
        with self._lock:
            count = self.total - self._reported
            if not count:
                return
            self._reported = self.total
            self._next = self._clock() + WARN_EVERY
            records = "1 record was" if count == 1 else f"{count:,} records were"
            in_all = f" ({self.total:,} in all)" if self.total > count else ""
            _log.warning("%s not logged to %s%s: %s", records, self.dataset, in_all, self._why)


class DatasetRecordsConsumer:
    """A queue of records for one dataset, and the daemon thread that logs them.

    A batch is closed at 256 records, or ``log_interval`` seconds after its first one. While the server is away it is
    sent again, ten times with growing pauses; what the server refuses is dropped at once. ``client`` and ``workspace``
    are those of the moment it is made; without a client, the active one is asked for when the first batch is sent.
    """

    def __init__(
        self,
        dataset: str,
        *,
        client: Client | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        log_interval: float = 5,
    ) -> None:
        self.dataset = dataset
        self.tags = dict(tags or {})
        self.metadata = dict(metadata or {})
        self.log_interval = log_interval
        self._client = client
        self._workspace = None if client is None else client.workspace
        self._new_process()
        _consumers.add(self)

    def _new_process(self) -> None:
        self._waiting: deque[Any] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._stopping = False
        self._process = os.getpid()
        self.dropped = DropCounter(self.dataset)  # the lock of the other process may be held

    def put(self, records: Sequence[Any]) -> None:
        """Queue records without waiting; those that find no place are counted as dropped."""
        self._after_fork()
        with self._changed:
            taken = records[: max(0, QUEUE - len(self._waiting))]
            self._waiting.extend(taken)
            if len(taken) < len(records):
                why = f"the server does not keep up, {QUEUE:,} records are waiting"
                self.dropped.add(len(records) - len(taken), why)
            if self._waiting:
                self._start()
                self._changed.notify_all()

    def shutdown(self) -> None:
        """Send what is waiting, and wait until it has been sent or given up. It may be used again afterwards."""
        thread = self.stop()
        if thread is not None:
            thread.join()
        self.dropped.tell()

    def stop(self) -> Thread | None:
        """Tell the thread to end once it has sent what is waiting; return it."""
        self._after_fork()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            return self._thread

    def _start(self) -> None:
        if self._thread is None:
            self._stopping = False
            thread = Thread(target=self._work, name=f"apportion-monitor-{self.dataset}", daemon=True)
            thread.start()  # raises while the interpreter ends
            self._thread = thread

    def _work(self) -> None:
        while batch := self._next_batch():
            self._send(batch)

    def _next_batch(self) -> list[Any]:
        """Return the next batch once it is closed; none when the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            full = self._changed.wait_for(
                lambda: len(self._waiting) >= BATCH or self._stopping, self.log_interval
            )
            del full  # an incomplete batch goes, too, when its time is over
            count = min(BATCH, len(self._waiting))
            if not count:
                self._thread = None  # under the lock, so that a record that comes now starts another
            return [self._waiting.popleft() for _ in range(count)]

    def _send(self, batch: list[Any]) -> None:
        for attempt in range(RETRIES + 1):
            try:
                self._log_batch(batch)
            except Exception as problem:
                with self._changed:
                    if not _may_pass(problem) or attempt == RETRIES or self._stopping:
                        self._give_up(batch, problem)
                        return
                    self._changed.wait_for(lambda: self._stopping, min(LONGEST_PAUSE, 0.5 * 2**attempt))
            else:
                return

    def _give_up(self, batch: list[Any], problem: Exception) -> None:
        lost = len(batch)
        if self._stopping and _may_pass(problem):  # nobody waits minutes for a program to end
            lost += len(self._waiting)
            self._waiting.clear()
        self.dropped.add(lost, problem)

    def _log_batch(self, batch: list[Any]) -> None:
        if self._client is None:
            self._client = active_client()
            self._workspace = self._client.workspace
        self._client.log(
            batch,
            self.dataset,
            self._workspace,
            tags=self.tags,
            metadata=self.metadata,
            batch_size=BATCH,
            verbose=False,
        )

    # A process that was forked has neither the thread nor connections of its own

    def _after_fork(self) -> None:
        if self._process == os.getpid():
            return
        self._new_process()
        if self._client is not None:
            http = self._client.http_client
            self._client = Client(http.base_url, http.token, self._workspace, http.timeout, http.headers)


def _may_pass(problem: Exception) -> bool:
    """Return True if the same records may be taken a little later: the server is away, busy or failing."""
    if isinstance(problem, GenericApiError):
        return True
    return isinstance(problem, BaseClientError) and not isinstance(
        problem, ArApiResponseError | InputValueError
    )


_consumers: weakref.WeakSet[DatasetRecordsConsumer] = weakref.WeakSet()

# Clients are closed by what weakref has run at exit. It is registered with its first use, which this is if nothing
# else was; what is registered later, as the function below, runs earlier.
weakref.finalize(_consumers, int)


@atexit.register
def _send_the_rest() -> None:
    """Send what is waiting before the interpreter ends: all datasets at the same time."""
    consumers = list(_consumers)
    threads = [each.stop() for each in consumers]
    for thread in threads:
        if thread is not None:
            thread.join()
    for each in consumers:
        each.dropped.tell()

"""The one thread of a process that writes: it merges what waits, and runs each task behind a savepoint of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

from apportion.domain.errors import ConflictError, StoreUnavailableError
from apportion.ports.upkeep import CannotOpenError

from .connection import SqlConnection
from .locks import AloneNeededError, RunAgainError

__all__ = ["Writer", "WritingConnection"]

log = logging.getLogger("apportion.storage")

MERGE_SECONDS = 0.05
"""Time in which the writer goes on adding waiting tasks to one transaction."""
PATIENCE_SECONDS = 1.0
"""Time that other tasks wait while there are urgent ones; then one of them has its turn."""


ATTEMPTS = 4
"""Number of times that a task is run that others are in the way of."""


class WritingConnection(SqlConnection, Protocol):
    """Connection of a writer, whose transactions are begun and ended here."""

    def begin(self, *, shared: bool = False) -> None:
        """Begin a transaction that may write; ``shared``: while others write to the same dataset."""

    def commit(self) -> None:
        """Commit the transaction; what it wrote is on disk afterwards."""

    def roll_back(self) -> None:
        """Roll the transaction back, if there still is one. Raises nothing."""

    def set_savepoint(self) -> None:
        """Set a savepoint within the transaction."""

    def release_savepoint(self) -> None:
        """Keep what was done since the savepoint, as far as the transaction is."""

    def return_to_savepoint(self) -> bool:
        """Undo what was done since the savepoint; False if the database itself gave the whole transaction up."""


C = TypeVar("C", bound=WritingConnection)
T = TypeVar("T")


class _WriteTask(Generic[C, T]):
    __slots__ = ("fn", "future", "shared", "since")

    def __init__(self, fn: Callable[[C], T], shared: bool) -> None:
        self.fn = fn
        self.shared = shared
        self.since = time.monotonic()
        self.future: Future[T] = Future()


class Writer(Generic[C]):
    """The writer thread with its queue.

    Writes that wait are merged into one transaction, single annotations (``urgent``) first and never together
    with other tasks, which take far longer. Each write but the first runs behind a savepoint of its own, so that one
    refused request does not undo the others.
    """

    def __init__(
        self,
        connection: C,
        translate: Callable[[BaseException], BaseException],
        in_the_way: Callable[[BaseException], bool] = lambda _: False,
        *,
        merge_urgent: bool = True,
    ) -> None:
        """``translate`` makes of a failure the one that callers see; ``in_the_way`` says of one whether it is due to
        others who write at the same time, so that the task may be run again. ``merge_urgent``: False where others
        would wait for what the first of them has locked."""
        self._connection = connection
        self._merge_urgent = merge_urgent
        self._translate = translate
        self._in_the_way = in_the_way
        self._again: list[_WriteTask[C, Any]] = []
        """Tasks of this transaction that need one of their own."""
        self._shared = False
        """True if others may write to the same dataset while this transaction runs."""
        self._urgent: deque[_WriteTask[C, Any]] = deque()
        self._waiting: deque[_WriteTask[C, Any]] = deque()
        self._wake = threading.Condition()
        self._last_turn = 0.0
        """Time at which a task that is not urgent last ended."""
        self._closing = False
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._write_forever, name="apportion-writer", daemon=True)
        self._thread.start()

    def write(self, fn: Callable[[C], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn``; the future resolves once it is on disk.

        What ``fn`` raises is raised by the future, and then nothing of it was kept.
        """
        task = _WriteTask(fn, urgent)
        with self._wake:
            if self._closing:
                raise CannotOpenError("The server is shutting down.")
            (self._urgent if urgent else self._waiting).append(task)
            self._wake.notify()
        return task.future

    def line(self) -> tuple[bool, int, int, float]:
        """Return if the thread is alive, how many writes wait, how many of them are urgent, and for how many seconds
        the current transaction has been running."""
        since = self._busy_since
        urgent = len(self._urgent)
        busy = 0.0 if since is None else time.monotonic() - since
        return self._thread.is_alive(), urgent + len(self._waiting), urgent, busy

    def close(self) -> None:
        """Finish what is waiting, and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _first_in_line(self) -> deque[_WriteTask[C, Any]]:
        """Return the queue of urgent tasks, unless others waited long enough and had no turn meanwhile."""
        if self._waiting:
            # Since the last turn: all of a long line have waited long enough, and would go before urgent ones
            since = max(self._waiting[0].since, self._last_turn)
            if time.monotonic() - since > PATIENCE_SECONDS:
                return self._waiting
        return self._urgent or self._waiting

    def _write_forever(self) -> None:
        while True:
            with self._wake:
                while not (self._urgent or self._waiting or self._closing):
                    self._wake.wait()
                if self._closing and not (self._urgent or self._waiting):
                    return
            self._busy_since = time.monotonic()
            self._write_some()
            # After the shared transaction: each needs one of its own, with other locks perhaps
            again, self._again = self._again, []
            for task in again:
                self._alone(task)
            self._busy_since = None

    def _write_some(self) -> None:
        """Run waiting tasks in one transaction. No exception may escape: the writer must outlive every task."""
        done: list[tuple[_WriteTask[C, Any], Any]] = []
        connection = self._connection
        until = time.monotonic() + MERGE_SECONDS
        line = self._first_in_line()
        try:
            self._shared = line is self._urgent
            connection.begin(shared=self._shared)
            while line:
                # No lock: others only append, and nobody else takes
                task = line.popleft()
                if task.future.set_running_or_notify_cancel():
                    self._one(task, done)
                if line is self._waiting:
                    self._last_turn = time.monotonic()
                # An urgent task that came in meanwhile must not wait for a second long one
                if time.monotonic() > until or (self._urgent and line is not self._urgent):
                    break
                if self._shared and not self._merge_urgent:
                    break
            if not done:
                connection.roll_back()
                return
            connection.commit()
        except BaseException as failure:  # SQLAlchemy wraps the errors of the driver in its own
            self._rolled_back(failure, [task for task, _ in done])
            if isinstance(self._translate(failure), StoreUnavailableError):
                # Else each of them would wait for the same timeout, one after the other
                self._refuse_all(failure)
            return
        self._committed()  # caches first: whoever gets a result must find it in the next search
        for task, result in done:
            task.future.set_result(result)

    def _refuse_all(self, failure: BaseException) -> None:
        """Refuse what waits, since there is no database to write it to."""
        with self._wake:
            tasks = [*self._urgent, *self._waiting]
            self._urgent.clear()
            self._waiting.clear()
        for task in tasks:
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(self._translate(failure))

    def _committed(self) -> None:
        """Run the hooks of a committed transaction. One that fails cannot undo the commit."""
        self._connection.changes.clear()
        after, self._connection.after = self._connection.after, []
        for hook in after:
            try:
                hook()
            except Exception:
                log.exception("couldn't pass on a committed change")

    def _one(self, task: _WriteTask[C, Any], done: list[tuple[_WriteTask[C, Any], Any]]) -> None:
        """Run one task so that it can be undone alone. Raises only when the whole transaction is lost."""
        connection = self._connection
        # a refused task must not announce what is rolled back
        hooks, changes = len(connection.after), len(connection.changes)
        first = not done  # to undo it is to roll the transaction back, so that most tasks need no savepoint
        if not first:
            connection.set_savepoint()
        try:
            result = task.fn(connection)
        except BaseException as refused:
            del connection.after[hooks:], connection.changes[changes:]
            if first:
                connection.roll_back()
                self._refuse(task, refused)
                # The next task is the first one of this transaction
                connection.begin(shared=self._shared)
                return
            if not connection.return_to_savepoint():
                # With those that shared it: each is run again alone, and the one at fault fails by itself
                done.append((task, None))
                raise refused from None
            self._refuse(task, refused)
        else:
            done.append((task, result))
            if not first:
                connection.release_savepoint()

    def _refuse(self, task: _WriteTask[C, Any], refused: BaseException) -> None:
        """Give a task its failure, unless it is to be run again."""
        if isinstance(refused, AloneNeededError):
            task.shared = False
        if isinstance(refused, RunAgainError) or self._in_the_way(refused):
            self._again.append(task)
        else:
            task.future.set_exception(self._translate(refused))

    def _alone(self, task: _WriteTask[C, Any]) -> None:
        """Run a task in a transaction of its own; some times, where others are in the way."""
        connection = self._connection
        for attempt in range(ATTEMPTS):
            try:
                connection.begin(shared=task.shared)
                result = task.fn(connection)
                connection.commit()
            except BaseException as refused:
                connection.after.clear()
                connection.changes.clear()
                connection.roll_back()
                if isinstance(refused, AloneNeededError):
                    task.shared = False
                elif attempt + 1 == ATTEMPTS or not self._in_the_way(refused):
                    task.future.set_exception(self._translate(refused))
                    return
                else:
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 (so that two do not meet again)
                continue
            self._committed()
            task.future.set_result(result)
            return
        task.future.set_exception(
            ConflictError("Others were in the way. Nothing was changed; send it again.")
        )

    def _rolled_back(self, failure: BaseException, tasks: list[_WriteTask[C, Any]]) -> None:
        """Roll back the merged transaction, then run each task that shared it in a transaction of its own."""
        connection = self._connection
        connection.after.clear()
        connection.changes.clear()
        connection.roll_back()
        translated = self._translate(failure)
        away = isinstance(translated, StoreUnavailableError)
        if away or (
            len(tasks) == 1 and not self._in_the_way(failure)
        ):  # it had the transaction to itself already, or none can be had
            log.error("write failed: %s", failure)
            for task in tasks:
                task.future.set_exception(translated)
            return
        for task in tasks:
            self._alone(task)

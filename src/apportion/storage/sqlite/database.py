"""One SQLite file in use: the connections of its readers, and its one writer thread."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import UNLIMITED

from .connection import DatabaseError, SqliteConnection, check_sqlite, claim, damaged, open_for_writing
from .deadlines import limited
from .error_map import damage_in, interrupted, translate_error
from .file_watch import Presence

__all__ = ["Database"]

T = TypeVar("T")
log = logging.getLogger("apportion.storage")

MERGE_SECONDS = 0.05
"""How long the writer goes on adding waiting tasks to one transaction."""
IDLE_LINKS = 8
"""Connections kept for the next dataset that is opened; each may hold some megabytes of the file in memory."""
PATIENCE_SECONDS = 1.0
"""How long other tasks wait while there are urgent ones; then one of them has its turn."""


class _ThreadConnection:
    """Owner of a thread's connection, which closes it when the thread is gone.

    An export has a thread of its own, and a connection keeps up to 32 MB of the file in memory.
    """

    def __init__(self, connection: SqliteConnection, forget: Callable[[SqliteConnection], None]) -> None:
        self.connection = connection
        self._forget = forget

    def __del__(self) -> None:
        self._forget(self.connection)


class _WriteTask(Generic[T]):
    __slots__ = ("fn", "future", "since")

    def __init__(self, fn: Callable[[SqliteConnection], T]) -> None:
        self.fn = fn
        self.since = time.monotonic()
        self.future: Future[T] = Future()


class Database:
    """The open file. One writer thread runs all writes; every reading thread has its own connection.

    Writes that wait are merged into one transaction, single annotations (``urgent``) first and never together
    with other tasks, which take far longer. Each write runs behind a savepoint of its own, so that one refused
    request does not undo the others.
    """

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        """Open the file; with ``hold`` claim it for serving first, before anything in it can change."""
        self.path = path
        self._local = threading.local()
        self._links: list[SqliteConnection] = []
        self._idle: list[SqliteConnection] = []
        # Reentrant: garbage collection may call ``forget`` in a thread that holds it
        self._links_lock = threading.RLock()
        self._urgent: deque[_WriteTask[Any]] = deque()
        self._waiting: deque[_WriteTask[Any]] = deque()
        self._wake = threading.Condition()
        self._last_turn = 0.0
        """When a task that is not urgent last ended."""
        self._closing = False
        self.passed_on = 0
        """The number of commits whose changes were passed on to the caches."""
        self._busy_since: float | None = None
        self._lock_file: IO[str] | None = None
        self.damage: str | None = None
        """The message of SQLite when it met a damaged part of the file."""
        self.lost: str | None = None
        """Message about the file or its log having been moved or deleted, as of the last ``look``."""
        self.last_alive: int | None = None
        """When a server last held the file, in microseconds, if it is known."""
        check_sqlite()
        if hold:
            self.hold()
        try:
            self._writer_connection = open_for_writing(path)
        except BaseException:
            self._release()
            raise
        self._presence = Presence(path)
        self._thread = threading.Thread(target=self._write_forever, name="apportion-writer", daemon=True)
        self._thread.start()

    # Reading

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[SqliteConnection]:
        """Yield this thread's connection inside one snapshot of the file; its statements end by the deadline."""
        connection = self._reader()
        if connection.raw.in_transaction:  # already inside a snapshot: share it
            yield connection
            return
        try:
            connection.began = self.passed_on  # before the snapshot: too few is safe, too many is not
            connection.deadline = deadline or UNLIMITED
            connection.raw.execute("BEGIN")
            try:
                with limited(connection.raw, deadline) if deadline else contextlib.nullcontext():
                    yield connection
            finally:
                connection.raw.execute("COMMIT")
        except Exception as failure:
            if deadline is not None and interrupted(failure):
                raise deadline.reason() from None
            translated = self._translate(failure)
            if translated is failure:
                raise
            raise translated from failure

    def pass_on(self) -> int:
        """Count one more commit whose changes are passed on to the caches; return its number. Called by the writer."""
        self.passed_on += 1
        return self.passed_on

    def _reader(self) -> SqliteConnection:
        held: _ThreadConnection | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _ThreadConnection(self.connect(), self.forget)
        return held.connection

    def connect(self) -> SqliteConnection:
        """Open a read-only connection for the caller alone, closed with the database."""
        connection = SqliteConnection(self.path, readonly=True)
        with self._links_lock:
            self._links.append(connection)
        return connection

    def lend(self) -> SqliteConnection:
        """Return an idle read-only connection, to be given back by ``take_back``.

        A new one would read the whole schema, which grows with the number of datasets.
        """
        with self._links_lock:
            if self._idle:
                return self._idle.pop()
        return self.connect()

    def take_back(self, connection: SqliteConnection) -> None:
        """Keep a connection for the next ``lend``, or close it if there are enough."""
        with self._links_lock:
            if connection in self._links and len(self._idle) < IDLE_LINKS:
                self._idle.append(connection)
                return
        self.forget(connection)

    def forget(self, connection: SqliteConnection) -> None:
        """Close a connection made by ``connect``."""
        with self._links_lock:
            if connection in self._links:
                self._links.remove(connection)
        connection.close()

    def initialise(self, fn: Callable[[SqliteConnection], T]) -> T:
        """Run ``fn`` with the writer's connection before any writing; it begins and ends its own transaction."""
        return fn(self._writer_connection)

    # Writing

    def write(self, fn: Callable[[SqliteConnection], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` for the writer thread; the future resolves once it is on disk.

        What ``fn`` raises is raised by the future, and then nothing of it was kept.
        """
        task = _WriteTask(fn)
        with self._wake:
            if self._closing:
                raise DatabaseError("The server is shutting down.")
            (self._urgent if urgent else self._waiting).append(task)
            self._wake.notify()
        return task.future

    def _first_in_line(self) -> deque[_WriteTask[Any]]:
        """Return the queue of urgent tasks, unless others waited long enough and had no turn meanwhile."""
        if self._waiting:
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
            self._busy_since = None

    def _write_some(self) -> None:
        """Run waiting tasks in one transaction. No exception may escape: the writer must outlive every task."""
        done: list[tuple[_WriteTask[Any], Any]] = []
        connection = self._writer_connection
        until = time.monotonic() + MERGE_SECONDS
        try:
            connection.raw.execute("BEGIN IMMEDIATE")
            line = self._first_in_line()
            while line:
                task = line.popleft()
                if task.future.set_running_or_notify_cancel():
                    self._one(connection, task, done)
                if line is self._waiting:
                    self._last_turn = time.monotonic()
                # An urgent task that came in meanwhile must not wait for a second long one
                if time.monotonic() > until or (self._urgent and line is not self._urgent):
                    break
            connection.raw.execute("COMMIT")
        except BaseException as failure:  # SQLAlchemy wraps SQLite's errors in its own
            self._rolled_back(connection, failure, [task for task, _ in done])
            return
        self._committed(connection)  # caches first: whoever gets a result must find it in the next search
        for task, result in done:
            task.future.set_result(result)

    @staticmethod
    def _committed(connection: SqliteConnection) -> None:
        """Run the hooks of a committed transaction. One that fails cannot undo the commit."""
        after, connection.after = connection.after, []
        for hook in after:
            try:
                hook()
            except Exception:
                log.exception("could not pass on a committed change")

    def _one(
        self, connection: SqliteConnection, task: _WriteTask[Any], done: list[tuple[_WriteTask[Any], Any]]
    ) -> None:
        """Run one task behind a savepoint. Raises only when the whole transaction is lost."""
        hooks = len(connection.after)  # a refused task must not announce what is rolled back
        connection.raw.execute("SAVEPOINT job")
        try:
            result = task.fn(connection)
        except BaseException as refused:
            del connection.after[hooks:]
            try:
                connection.raw.execute("ROLLBACK TO job")
                connection.raw.execute("RELEASE job")
            except sqlite3.Error:  # SQLite itself gave the transaction up: disk full, I/O error
                done.append((task, None))
                raise refused from None
            task.future.set_exception(self._translate(refused))
        else:
            done.append((task, result))
            connection.raw.execute("RELEASE job")

    def _rolled_back(
        self, connection: SqliteConnection, failure: BaseException, tasks: list[_WriteTask[Any]]
    ) -> None:
        """Roll back the merged transaction, then run each task that shared it in a transaction of its own."""
        connection.after.clear()
        if connection.raw.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.raw.execute("ROLLBACK")
        if len(tasks) == 1:  # it had the transaction to itself already
            log.error("write failed: %s", failure)
            tasks[0].future.set_exception(self._translate(failure))
            return
        for task in tasks:
            try:
                connection.raw.execute("BEGIN IMMEDIATE")
                result = task.fn(connection)
                connection.raw.execute("COMMIT")
            except BaseException as refused:
                connection.after.clear()
                if connection.raw.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        connection.raw.execute("ROLLBACK")
                task.future.set_exception(self._translate(refused))
                continue
            self._committed(connection)
            task.future.set_result(result)

    def _translate(self, failure: BaseException) -> BaseException:
        """Translate a failure of SQLite. Damage is remembered, and logged as critical when it is first met."""
        damage = damage_in(failure)
        if damage is not None:
            if self.damage is None:
                log.critical(
                    "%s The server goes on with what it can still read; what cannot be written is refused. Stop it "
                    "soon, keep a copy of the folder, and look with `apportion verify`.",
                    damaged(self.path, damage),
                )
            self.damage = damage
        return translate_error(failure)

    # Life

    def line(self) -> tuple[bool, int, int, float]:
        """Return if the writer is alive, how many writes wait, how many of them are urgent, and for how many seconds
        the current transaction has been running."""
        since = self._busy_since
        urgent = len(self._urgent)
        busy = 0.0 if since is None else time.monotonic() - since
        return self._thread.is_alive(), urgent + len(self._waiting), urgent, busy

    def hold(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self._lock_file = claim(self.path)
        self._lock_file.seek(0)
        heartbeat = self._lock_file.read(32).strip()
        self.last_alive = int(heartbeat) if heartbeat.isdecimal() else None

    def record_heartbeat(self, now: int) -> None:
        """Record that a server holds the file at this instant; a disk that refuses the write does no harm."""
        if self._lock_file is not None:
            with contextlib.suppress(OSError):
                self._lock_file.seek(0)
                self._lock_file.truncate()
                self._lock_file.write(f"{now}\n")
                self._lock_file.flush()

    def look(self) -> str | None:
        """Check that the file and its log are still there; if not, write what the log holds into the file."""
        lost = self._presence.lost()
        if lost is None:
            return None
        if self.lost is None:
            log.critical(
                "%s: %s while the server runs. Answers given now are lost if the process is killed: stop the server in "
                "the usual way, so that it can put things in order, keep a copy of the folder, and start it again.",
                self.path,
                lost,
            )
        self.lost = lost
        with contextlib.suppress(sqlite3.Error):
            self._reader().raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return lost

    def close(self) -> None:
        """Finish what is waiting, then close every connection."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        with self._links_lock:
            for connection in self._links:
                connection.close()
            self._links.clear()
            self._idle.clear()
        self._writer_connection.close()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()

"""One SQLite file in use: the connections of its readers, and its one writer thread."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO, TypeVar

from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import UNLIMITED
from apportion.storage.sql.reader_pool import ReaderPool
from apportion.storage.sql.writer import Writer

from .connection import SqliteConnection, check_sqlite, claim, damaged, open_for_writing
from .error_map import damage_in, translate_error
from .file_watch import Presence

__all__ = ["Database"]

T = TypeVar("T")
log = logging.getLogger("apportion.storage")

IDLE_LINKS = 8
"""Connections kept for the next dataset that is opened; each may hold some megabytes of the file in memory."""


class Database:
    """The open file. One writer thread runs all writes; every reading thread has its own connection."""

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        """Open the file; with ``hold`` claim it for serving first, before anything in it can change."""
        self.path = path
        self.readers = ReaderPool(lambda: SqliteConnection(path, readonly=True), IDLE_LINKS)
        self.last_change: Callable[[], int] = lambda: 0
        """Returns the number of the last commit whose changes were passed on to the caches."""
        self._lock_file: IO[str] | None = None
        self.damage: str | None = None
        """The message of SQLite when it met a damaged part of the file."""
        self.lost: str | None = None
        """Message about the file or its log having been moved or deleted, as of the last ``look``."""
        self.last_alive: int | None = None
        """Time at which a server last held the file, in microseconds, if it is known."""
        check_sqlite()
        if hold:
            self.lock()
        try:
            self._writer_connection = open_for_writing(path)
        except BaseException:
            self._release()
            raise
        self._presence = Presence(path)
        self.writer = Writer(self._writer_connection, self._translate)

    # Reading

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[SqliteConnection]:
        """Yield this thread's connection inside one snapshot of the file; its statements end by the deadline."""
        connection = self.readers.of_thread()
        if connection.raw.in_transaction:  # already inside a snapshot: share it
            yield connection
            return
        try:
            connection.began = self.last_change()  # before the snapshot: too few is safe, too many is not
            connection.deadline = deadline or UNLIMITED
            connection.since = time.monotonic()
            connection.raw.execute("BEGIN")
            try:
                with connection.limited(deadline) if deadline else contextlib.nullcontext():
                    yield connection
            finally:
                connection.raw.execute("COMMIT")
        except Exception as failure:
            translated = self._translate(failure)
            if translated is failure:
                raise
            raise translated from failure

    def initialise(self, fn: Callable[[SqliteConnection], T]) -> T:
        """Run ``fn`` with the writer's connection before any writing; it begins and ends its own transaction."""
        return fn(self._writer_connection)

    # Writing

    def write(self, fn: Callable[[SqliteConnection], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` for the writer thread, as ``Writer.write`` does."""
        return self.writer.write(fn, urgent=urgent)

    def _translate(self, failure: BaseException) -> BaseException:
        """Translate a failure of SQLite. Damage is remembered, and logged as critical when it is first met."""
        damage = damage_in(failure)
        if damage is not None:
            if self.damage is None:
                log.critical(
                    "%s The server goes on with what it can still read; what can't be written is refused. Stop it "
                    "soon, keep a copy of the folder, and look with `apportion verify`.",
                    damaged(self.path, damage),
                )
            self.damage = damage
        return translate_error(failure)

    # Life

    def lock(self) -> None:
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

    def check_files(self) -> str | None:
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
            self.readers.of_thread().raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return lost

    def close(self) -> None:
        """Finish what is waiting, then close every connection."""
        self.writer.close()
        self.readers.close()
        self._writer_connection.close()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()

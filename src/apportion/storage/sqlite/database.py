"""One SQLite file: its connections, its one writer thread, its start-up checks."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from apportion.ports.deadline import Deadline
from apportion.ports.upkeep import CannotOpenError

from .deadlines import UNLIMITED, limited
from .error_map import damage_in, interrupted, translate_error
from .file_watch import Presence

__all__ = [
    "APPLICATION_ID",
    "Database",
    "DatabaseError",
    "SqliteConnection",
    "check_file",
    "claim",
    "damaged",
]

T = TypeVar("T")
log = logging.getLogger("apportion.storage")

APPLICATION_ID = 0x4150504F  # "APPO": how `file` and we recognise our own
MERGE_SECONDS = 0.05
"""How long the writer goes on adding waiting work to one transaction."""
IDLE_LINKS = 8
"""Connections kept for the next dataset that is opened; each may hold some megabytes of the file in memory."""
PATIENCE_SECONDS = 1.0
"""How long other work is put off while there is urgent work; then one piece of it has its turn."""


_ALWAYS = 1 << 62


class DatabaseError(CannotOpenError):
    """The file cannot be used; the message says why and what to do."""


class SqliteConnection:
    """One connection to the file: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements.

    Both speak over the same sqlite3 connection, so they share its transaction; ``sql`` never begins or ends
    one by itself. ``after`` collects what to do once the running transaction has committed.
    """

    def __init__(self, path: Path, *, readonly: bool) -> None:
        self.raw = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=10.0
        )
        self.reads_only = readonly
        self.after: list[Callable[[], None]] = []
        self.deadline = UNLIMITED
        """Of the work that is being done with it."""
        self.began = _ALWAYS
        """How many commits had been passed on when its snapshot was taken."""
        try:
            self._set_up(readonly)
        except BaseException:
            self.raw.close()
            raise

        # Made before any transaction of ours: connecting, SQLAlchemy rolls back whatever is open.
        engine = create_engine(
            "sqlite://", creator=lambda: self.raw, poolclass=StaticPool, pool_reset_on_return=None
        )
        self.sql: Connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _set_up(self, readonly: bool) -> None:
        run = self.raw.execute
        run("PRAGMA foreign_keys=ON")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA temp_store=MEMORY")
        run("PRAGMA cache_size=-65536" if not readonly else "PRAGMA cache_size=-32768")
        run("PRAGMA journal_size_limit=67108864")
        run("PRAGMA wal_autocheckpoint=4000")
        if readonly:
            run("PRAGMA query_only=ON")

    def close(self) -> None:
        self.raw.close()


class _ThreadConnection:
    """A thread's connection, closed when the thread is gone.

    An export has a thread of its own, and a connection keeps up to 32 MB of the file in memory.
    """

    def __init__(self, connection: SqliteConnection, forget: Callable[[SqliteConnection], None]) -> None:
        self.connection = connection
        self._forget = forget

    def __del__(self) -> None:
        self._forget(self.connection)


class _WriteTask(Generic[T]):
    __slots__ = ("future", "since", "work")

    def __init__(self, fn: Callable[[SqliteConnection], T]) -> None:
        self.work = fn
        self.since = time.monotonic()
        self.future: Future[T] = Future()


class Database:
    """The file, opened. One writer thread takes all writes; every reading thread has its own connection.

    Writes that wait are merged into one transaction, single annotations (``urgent``) first and never together
    with other work, which takes far longer. Each write stands behind a savepoint of its own, so that one refused
    request takes nothing else down with it.
    """

    def __init__(self, path: Path, *, hold: bool = False) -> None:
        """Open the file; with ``hold`` claim it for serving first, before anything in it can change."""
        self.path = path
        self._local = threading.local()
        self._links: list[SqliteConnection] = []
        self._idle: list[SqliteConnection] = []
        self._links_lock = threading.RLock()  # whatever collects garbage may forget a link
        self._urgent: deque[_WriteTask[Any]] = deque()
        self._waiting: deque[_WriteTask[Any]] = deque()
        self._wake = threading.Condition()
        self._last_turn = 0.0
        """When work that is not urgent last ended."""
        self._closing = False
        self.passed_on = 0
        """Commits whose changes the caches were told."""
        self._busy_since: float | None = None
        self._lock_file: IO[str] | None = None
        self.damage: str | None = None
        """What SQLite said when it met a damaged part of the file."""
        self.lost: str | None = None
        """What has happened to the file or its log under the server, as of the last look."""
        self.last_alive: int | None = None
        """When a server last held the file, in microseconds, if it said so."""
        check_sqlite()
        if hold:
            self.hold()
        try:
            self._writer_link = _opened(path)
        except BaseException:
            self._release()
            raise
        self._presence = Presence(path)
        self._thread = threading.Thread(target=self._write_forever, name="apportion-writer", daemon=True)
        self._thread.start()

    # Reading

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[SqliteConnection]:
        """This thread's connection, inside one snapshot of the file; what is done with it ends by the deadline."""
        connection = self._reader()
        if connection.raw.in_transaction:  # already inside a snapshot: share it
            yield connection
            return
        try:
            connection.began = self.passed_on  # before the snapshot, so that this can only be too few
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
            told = self._told(failure)
            if told is failure:
                raise
            raise told from failure

    def pass_on(self) -> int:
        """Count one more commit whose changes the caches are told; called by the writer."""
        self.passed_on += 1
        return self.passed_on

    def _reader(self) -> SqliteConnection:
        held: _ThreadConnection | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _ThreadConnection(self.connect(), self.forget)
        return held.connection

    def connect(self) -> SqliteConnection:
        """A read-only connection of one's own, closed with the database."""
        connection = SqliteConnection(self.path, readonly=True)
        with self._links_lock:
            self._links.append(connection)
        return connection

    def lend(self) -> SqliteConnection:
        """Return a read-only connection that nobody uses, to be given back by ``take_back``.

        A new one would read the whole schema, which grows with the number of datasets.
        """
        with self._links_lock:
            if self._idle:
                return self._idle.pop()
        return self.connect()

    def take_back(self, connection: SqliteConnection) -> None:
        """Keep a connection for whoever needs one next, or close it if there are enough."""
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
        """Do something with the writer's connection before any writing; ``work`` minds its own transaction."""
        return fn(self._writer_link)

    # Writing

    def write(self, fn: Callable[[SqliteConnection], T], *, urgent: bool = False) -> Future[T]:
        """Have ``work`` done by the writer thread; the future resolves once it is on disk.

        What ``work`` raises is raised by the future, and then nothing of it was kept.
        """
        job = _WriteTask(fn)
        with self._wake:
            if self._closing:
                raise DatabaseError("The server is shutting down.")
            (self._urgent if urgent else self._waiting).append(job)
            self._wake.notify()
        return job.future

    def _first_in_line(self) -> deque[_WriteTask[Any]]:
        """Urgent work, unless other work waited long enough and had no turn meanwhile."""
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
        """One transaction of whatever is waiting. Nothing may escape: the writer must outlive every job."""
        done: list[tuple[_WriteTask[Any], Any]] = []
        connection = self._writer_link
        until = time.monotonic() + MERGE_SECONDS
        try:
            connection.raw.execute("BEGIN IMMEDIATE")
            line = self._first_in_line()
            while line:
                job = line.popleft()
                if job.future.set_running_or_notify_cancel():
                    self._one(connection, job, done)
                if line is self._waiting:
                    self._last_turn = time.monotonic()
                if time.monotonic() > until or (self._urgent and line is not self._urgent):
                    break
            connection.raw.execute("COMMIT")
        except BaseException as failure:  # SQLAlchemy wraps SQLite's errors in its own
            self._rolled_back(connection, failure, [job for job, _ in done])
            return
        self._committed(connection)
        for job, result in done:
            job.future.set_result(result)

    @staticmethod
    def _committed(connection: SqliteConnection) -> None:
        """Tell whoever wanted to know. What they make of it cannot undo the commit."""
        after, connection.after = connection.after, []
        for hook in after:
            try:
                hook()
            except Exception:
                log.exception("could not pass on a committed change")

    def _one(
        self, connection: SqliteConnection, job: _WriteTask[Any], done: list[tuple[_WriteTask[Any], Any]]
    ) -> None:
        """Run one job behind a savepoint. Raises only when the whole transaction is lost."""
        hooks = len(connection.after)
        connection.raw.execute("SAVEPOINT job")
        try:
            result = job.work(connection)
        except BaseException as refused:
            del connection.after[hooks:]
            try:
                connection.raw.execute("ROLLBACK TO job")
                connection.raw.execute("RELEASE job")
            except sqlite3.Error:  # SQLite itself gave the transaction up: disk full, I/O error
                done.append((job, None))
                raise refused from None
            job.future.set_exception(self._told(refused))
        else:
            done.append((job, result))
            connection.raw.execute("RELEASE job")

    def _rolled_back(
        self, connection: SqliteConnection, failure: BaseException, jobs: list[_WriteTask[Any]]
    ) -> None:
        """The merged transaction is lost. Work that shared it gets a transaction of its own."""
        connection.after.clear()
        if connection.raw.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.raw.execute("ROLLBACK")
        if len(jobs) == 1:
            log.error("write failed: %s", failure)
            jobs[0].future.set_exception(self._told(failure))
            return
        for job in jobs:
            try:
                connection.raw.execute("BEGIN IMMEDIATE")
                result = job.work(connection)
                connection.raw.execute("COMMIT")
            except BaseException as refused:
                connection.after.clear()
                if connection.raw.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        connection.raw.execute("ROLLBACK")
                job.future.set_exception(self._told(refused))
                continue
            self._committed(connection)
            job.future.set_result(result)

    def _told(self, failure: BaseException) -> BaseException:
        """A failure in our words. Damage is noted, and shouted about when it is first met."""
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
        """Is the writer alive, how many writes are in line, how many of them urgent, for how long is it at the
        transaction at hand?"""
        since = self._busy_since
        urgent = len(self._urgent)
        busy = 0.0 if since is None else time.monotonic() - since
        return self._thread.is_alive(), urgent + len(self._waiting), urgent, busy

    def hold(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self._lock_file = claim(self.path)
        self._lock_file.seek(0)
        told = self._lock_file.read(32).strip()
        self.last_alive = int(told) if told.isdecimal() else None

    def record_heartbeat(self, now: int) -> None:
        """Note that a server holds the file at this instant; a disk that refuses to keep it does no harm."""
        if self._lock_file is not None:
            with contextlib.suppress(OSError):
                self._lock_file.seek(0)
                self._lock_file.truncate()
                self._lock_file.write(f"{now}\n")
                self._lock_file.flush()

    def look(self) -> str | None:
        """Look whether the file and its log are still there; if not, bring what the log holds into the file."""
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
        self._writer_link.close()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()


def damaged(path: Path, why: object) -> DatabaseError:
    """The one message about damage, which says what to do."""
    return DatabaseError(
        f"{path} is damaged: {why}. Nothing was changed. Try `apportion reindex`, which makes anew what can be made "
        "anew; else `apportion restore BACKUP --force`, which keeps this file beside."
    )


def claim(path: Path) -> IO[str]:
    """Claim a file as long as the answer is open; refuse when a server holds it."""
    handle = path.with_suffix(".lock").open("a+")  # it says when a server last held it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as busy:
        handle.close()
        raise DatabaseError(
            f"Another server is already running on {path}. Stop it first, or set APPORTION_HOME "
            "to another folder."
        ) from busy
    return handle


def _opened(path: Path) -> SqliteConnection:
    """The writer's connection to a file that is checked to be ours."""
    try:
        path.touch(mode=0o600)  # it holds password hashes
        connection = SqliteConnection(path, readonly=False)
    except (OSError, sqlite3.OperationalError) as unreadable:
        raise DatabaseError(f"{path} cannot be opened: {unreadable}.") from unreadable
    except sqlite3.DatabaseError as broken:
        raise damaged(path, broken) from broken
    try:
        check_file(connection.raw, path)
    except BaseException:
        connection.close()
        raise
    return connection


def check_sqlite() -> None:
    """Refuse a SQLite that lacks what we need, and say what to do about it."""
    if sqlite3.sqlite_version_info < (3, 35):
        raise DatabaseError(
            f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed. Use a newer Python."
        )
    probe = sqlite3.connect(":memory:")
    try:
        probe.execute("CREATE VIRTUAL TABLE t USING fts5(x)")
    except sqlite3.OperationalError as missing:
        raise DatabaseError(
            "This Python's SQLite was built without full-text search (FTS5). Use another build of Python, "
            "such as the one of python.org, Debian, conda or uv."
        ) from missing
    finally:
        probe.close()


def check_file(raw: sqlite3.Connection, path: Path) -> None:
    """Prepare a new file, or refuse one that is damaged or not ours."""
    try:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        (mark,) = raw.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as broken:
        raise damaged(path, broken) from broken
    if pages == 0:
        raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
    elif mark != APPLICATION_ID:
        raise DatabaseError(f"{path} is a database of another program. Set APPORTION_HOME to another folder.")
    (mode,) = raw.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise DatabaseError(
            f"{path} lies on a file system without shared memory (a network drive?), where SQLite's "
            "write-ahead log does not work. Set APPORTION_HOME to a local folder."
        )

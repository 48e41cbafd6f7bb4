"""One PostgreSQL database in use: the connections of its readers, and the one writer of this process."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict

from apportion.domain.errors import StorageFullError, StorageUnwritableError, StoreUnavailableError
from apportion.ports.deadline import Deadline
from apportion.storage.sql.connection import UNLIMITED
from apportion.storage.sql.reader_pool import ReaderPool
from apportion.storage.sql.writer import Writer

from .connection import DatabaseError, PostgresConnection
from .create import check_database
from .session import MAINTENANCE

__all__ = ["Database", "WriterConnection", "explain_unreachable"]

T = TypeVar("T")

log = logging.getLogger("apportion.storage")
OUTCOME_SECONDS = 5.0
"""Time within which the outcome of a commit is looked up whose acknowledgement was lost."""
IDLE_LINKS = 4
"""Connections kept for the next dataset that is opened."""
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05", "53300"})
"""Shutting down, crashed, starting, ended when idle, too many connections."""
_MARK = (
    "INSERT INTO commits (writer, mark) VALUES ($1, $2) "
    "ON CONFLICT (writer) DO UPDATE SET mark = excluded.mark, at = now()"
)
_IN_THE_WAY = frozenset({"40001", "40P01", "55P03", "23505"})
"""They waited for each other, or both added the same."""
_NO_CONNECTION = "it has no connection left: raise its max_connections, or have fewer servers"


class WriterConnection(PostgresConnection):
    """The writer's connection, made anew when the last one was lost.

    It holds the lock of maintenance, where this process does that, so that a lock and its writer end together.
    """

    def __init__(self, url: str, forget: Callable[[], None]) -> None:
        """``forget`` is called when changes may have been committed that nobody was told of."""
        super().__init__(url, readonly=False)
        self.holding = False
        self._url = url
        self._forget = forget
        self._writer = uuid4().hex
        self._unsure = False

    def begin(self, *, shared: bool = False) -> None:
        if self.stale:
            # It was lost before anything was written: a new one loses nothing
            self._connect_again()
        super().begin(shared=shared)

    def commit(self) -> None:
        """Commit, and leave a mark by which a commit is recognised whose acknowledgement was lost."""
        mark = uuid4().hex
        try:
            self.send_commit(mark)
        except psycopg.OperationalError:
            # Only a lost connection leaves the outcome open; after any other failure nothing was kept
            if not self.lost or not self._was_kept(mark):
                raise
        self.raw.locks.end()

    def send_commit(self, mark: str) -> None:
        """Write what was left to the end, and the mark, and commit: in one round trip, for which others wait."""
        raw = self.raw
        raw.gate.close(raw.locks.held, self.changes, mark)
        # In the same transaction: the mark is there exactly if the commit took place
        raw.send(_MARK, (self._writer, mark))
        raw.send("COMMIT")
        raw.receive()

    def _was_kept(self, mark: str) -> bool:
        """Return whether the commit with this mark took place. Raises ``StoreUnavailableError`` if nobody can say."""
        until = time.monotonic() + OUTCOME_SECONDS
        while True:
            try:
                self._connect_again()
                # refused while a transaction is still at work on the lost connection
                row = self.raw.execute(
                    "SELECT mark FROM commits WHERE writer = ? FOR UPDATE NOWAIT", (self._writer,)
                ).fetchone()
            except (psycopg.Error, StoreUnavailableError) as away:
                if time.monotonic() > until:
                    # It may still come through: caches are emptied now, and again after connecting
                    self._unsure = True
                    self._forget()
                    raise StoreUnavailableError(unknown=True) from away
                time.sleep(0.1)
            else:
                return row is not None and row[0] == mark

    def _connect_again(self) -> None:
        after = self.after
        self.close()
        super().__init__(self._url, readonly=False)
        # The hooks of the commit that is being looked for; they have to run if it took place
        self.after = after
        # The lock went with the lost connection, and somebody else may have claimed the database since
        if self.holding and not self.take_lock():
            self.close()
            raise StoreUnavailableError("a server is using it: stop it first")
        if self._unsure:
            self._unsure = False
            self._forget()
        log.warning("connected to the database again, after the connection was lost")

    def take_lock(self) -> bool:
        """Claim the database for this process alone; return False if a server or maintenance has it."""
        return bool(
            self.raw.execute("SELECT pg_try_advisory_lock(?::int, ?::int)", MAINTENANCE).fetchone()[0]
        )

    def release_lock(self) -> None:
        """Give the claim up: closing the connection does that only some time later, and the next command is refused."""
        if self.holding:
            self.holding = False
            with contextlib.suppress(psycopg.Error):
                self.raw.execute("SELECT pg_advisory_unlock(?::int, ?::int)", MAINTENANCE)


class Database:
    """The open database. One writer thread runs all writes; every reading thread has its own connection."""

    def __init__(self, url: str, *, hold: bool = False, forget: Callable[[], None] = lambda: None) -> None:
        """Connect; with ``hold`` claim the database for this process alone first. Raises ``DatabaseError``.

        ``forget`` is called when changes may have been committed that nobody was told of.
        """
        self.url = url
        self.readers = ReaderPool(lambda: PostgresConnection(url, readonly=True), IDLE_LINKS)
        try:
            self._writer_connection = WriterConnection(url, forget)
        except psycopg.Error as refused:
            raise explain_unreachable(url, refused) from None
        try:
            check_database(self._writer_connection.raw)
            if hold:
                self.lock()
        except BaseException:
            self._writer_connection.close()
            raise
        # A second answer in a transaction would look at what the first one left to the end, and so lock the row of
        # the feed, for which the other servers wait, while all the rest of it still has to be done
        self.writer = Writer(self._writer_connection, translate_error, _in_the_way, merge_urgent=False)

    # Reading

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[PostgresConnection]:
        """Yield this thread's connection inside one snapshot; its statements end by the deadline."""
        held = self.readers.held
        if held is not None and not held.lost and held.raw.in_transaction:
            yield held  # already inside a snapshot: share it
            return
        try:
            connection = self.readers.of_thread()
            connection.deadline = deadline or UNLIMITED
            connection.begin_snapshot(deadline)
            try:
                with connection.limited(deadline) if deadline else contextlib.nullcontext():
                    yield connection
            finally:
                connection.end_snapshot()
        except Exception as failure:
            translated = translate_error(failure)
            if translated is failure:
                raise
            raise translated from failure

    def initialise(self, fn: Callable[[PostgresConnection], T]) -> T:
        """Run ``fn`` with the writer's connection before any writing; it begins and ends its own transaction."""
        return fn(self._writer_connection)

    def explained(self, failure: BaseException) -> DatabaseError | None:
        """Return the refusal that says why PostgreSQL did not let us create or read tables, if that is what failed."""
        found = getattr(failure, "orig", failure)
        if not isinstance(found, psycopg.Error):
            return None
        return DatabaseError(
            f"{_place(self.url)} can't be used: {_without_password(self.url, found)}. The user of "
            "APPORTION_DATABASE_URL must be able to create tables: let them own the database, for instance with "
            "ALTER DATABASE … OWNER TO …"
        )

    # Writing

    def write(self, fn: Callable[[PostgresConnection], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` for the writer thread, as ``Writer.write`` does."""
        return self.writer.write(fn, urgent=urgent)

    # Life

    def lock(self) -> None:
        """Claim the database for this process alone; refuse while a server, or other maintenance, is at work on it."""
        if not self._writer_connection.take_lock():
            raise DatabaseError(
                f"A server is running on {_place(self.url)}, or it is being rebuilt. Stop every server first."
            )
        self._writer_connection.holding = True

    @property
    def holding(self) -> bool:
        """True while this process has the database for itself."""
        return self._writer_connection.holding

    def close(self) -> None:
        """Finish what is waiting, then close every connection."""
        self.writer.close()
        self.readers.close()
        self._writer_connection.release_lock()
        self._writer_connection.close()


def _in_the_way(failure: BaseException) -> bool:
    """Return whether a failure is due to others who write at the same time."""
    found = getattr(failure, "orig", failure)
    return isinstance(found, psycopg.Error) and found.sqlstate in _IN_THE_WAY


def translate_error(failure: BaseException) -> BaseException:
    """Return the error that explains a failure of PostgreSQL to users; any other failure as it is."""
    found = getattr(failure, "orig", None)
    cause = found if isinstance(found, BaseException) else failure
    refusal: BaseException
    if isinstance(cause, psycopg.OperationalError) and _is_away(cause.sqlstate):
        refusal = StoreUnavailableError(_NO_CONNECTION if _is_full(str(cause)) else "")
    elif isinstance(cause, (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory)):
        refusal = StorageFullError(
            f"The database couldn't write to its disk ({cause}). Nothing of this request was kept; "
            "free some space and send it again."
        )
    elif isinstance(cause, (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IoError)):
        refusal = StorageUnwritableError(
            f"The database refuses to be written to ({cause}). Nothing of this request was kept; send it again once "
            "it can be written to."
        )
    else:
        return failure
    refusal.__cause__ = failure
    return refusal


def explain_unreachable(url: str, refused: BaseException) -> DatabaseError:
    """Return the refusal that says why no connection could be made, without the password."""
    why = _without_password(url, refused)
    return DatabaseError(f"PostgreSQL at {_place(url)} can't be reached: {why}. {_what_to_do(why)}")


def _is_full(message: str) -> bool:
    """Return whether PostgreSQL has no connection left; while one is made, its message is all there is."""
    return any(each in message for each in ("too many clients", "too many connections", "connection slots"))


def _what_to_do(why: str) -> str:
    if _is_full(why):
        return (
            "Raise max_connections of PostgreSQL, or the limit of this user or database; or have fewer servers and "
            "processes."
        )
    if "starting up" in why or "shutting down" in why or "recovery mode" in why:
        return "Wait until it accepts connections, and start again."
    return (
        "Look at APPORTION_DATABASE_URL: host, port, user, password and the name of the database; and whether "
        "PostgreSQL runs and accepts connections from here."
    )


def _is_away(sqlstate: str | None) -> bool:
    """Return whether an error says that the connection is lost or cannot be made; those of the driver have no code."""
    return sqlstate is None or sqlstate.startswith("08") or sqlstate in _AWAY


def _place(url: str) -> str:
    """Return where a database is, without the password."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error:
        return "the given address"
    where = f"{known.get('host', 'localhost')}:{known.get('port', 5432)}"
    return f"{where}/{known.get('dbname', '')}"


def _without_password(url: str, failure: BaseException) -> str:
    text = " ".join(str(failure).split()).partition(" Is the server running")[0].rstrip(".")
    try:
        password = conninfo_to_dict(url).get("password")
    except psycopg.Error:
        return "it is no address of PostgreSQL"
    return text.replace(str(password), "…") if password else text

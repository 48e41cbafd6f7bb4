"""The session by which a server proves to the others that it is alive: it holds an advisory lock as long as it lives.

PostgreSQL gives the lock up when the connection ends, at once where a process is killed, and after some seconds where
a machine or its network fails. No clock is involved.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

import psycopg

from apportion.domain.errors import StoreUnavailableError
from apportion.ports.cluster import ServerEntry
from apportion.version import __version__

from .attempts import DatabaseAttempts
from .clock import DatabaseClock
from .connection import DatabaseError, connect

__all__ = ["ALIVE", "LIVING", "MAINTENANCE", "ServerSession"]

log = logging.getLogger("apportion.storage")
T = TypeVar("T")

ALIVE = 2
"""Class of the advisory locks of living servers, by their numbers."""
_KEEPER = (6, 0)
"""The advisory lock of the keeper."""
MAINTENANCE = (0x4150504F, 2)
"""The advisory lock that servers share, and that maintenance holds alone."""
_LOOK = 1.0
"""Seconds between two looks at which servers are alive."""
_AGAIN = 0.2
"""Seconds between two attempts to connect again."""
_MEASURE = 30.0
"""Seconds between two measurements of the clock."""
_GRACE = 4.0
"""Seconds for which a server that was seen alive still counts as such: its last transaction may be about to end."""
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_HELD = (
    # 2: locks of two numbers; one of a single large number may have the same two halves
    "l.locktype = 'advisory' AND l.classid = {} AND l.objsubid = 2 AND l.granted "
    # The view shows the locks of all databases
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
LIVING = f"SELECT l.objid::bigint FROM pg_locks l WHERE {_HELD.format(ALIVE)}"
_SERVERS = (
    "SELECT s.no, s.host, s.version, s.started_at, "
    f"l.pid IN (SELECT l.pid FROM pg_locks l WHERE {_HELD.format(_KEEPER[0])}) "
    f"FROM servers s JOIN pg_locks l ON l.objid = s.no WHERE {_HELD.format(ALIVE)} ORDER BY s.no"
)


class ServerSession:
    """This server among those on the database: ``ports.cluster.Cluster``.

    A session that is lost is replaced by another one, under another number: what was begun under the old one counts as
    left by a server that is dead, and this server does not go on with it.
    """

    def __init__(self, url: str) -> None:
        """Connect. Raises ``DatabaseError`` where maintenance holds the database."""
        self._url = url
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._seen: dict[int, float] = {}
        """Time at which each server was last seen alive, by a monotonic clock."""
        self._watching_since = 0.0
        self._number = 0
        self._keeper = False
        self.clock = DatabaseClock()
        self.attempts = DatabaseAttempts(self._run)
        self._link = self._connected()
        self.id = str(self._run(lambda link: _one(link, "SELECT id FROM installation")))
        self._woken, self._wake = os.pipe()
        """To be read from once the session is to be closed: its thread waits for several things at once."""
        self._thread = threading.Thread(target=self._watch, name="apportion-session", daemon=True)
        self._thread.start()

    @property
    def number(self) -> int:
        """The number of this server; 0 while it cannot prove that it is alive."""
        return self._number

    def living(self) -> Container[int]:
        """Return the numbers of the servers that are alive, and of those for which that is not sure yet."""
        now = time.monotonic()
        return _Living(
            {no for no, seen in self._seen.items() if now - seen < _GRACE} | {self._number},
            # Having looked for less than that, nobody can be called dead
            everybody=not self._number or now - self._watching_since < _GRACE,
        )

    @property
    def keeping(self) -> bool:
        return self._keeper and self._number > 0

    def keep(self) -> bool:
        def work(link: psycopg.Connection[Any]) -> bool:
            if not self._keeper:
                self._keeper = bool(_one(link, "SELECT pg_try_advisory_lock(%s, %s)", *_KEEPER))
            return self._keeper

        return self._run(work)

    def servers(self) -> Sequence[ServerEntry]:
        rows = self._run(lambda link: link.execute(_SERVERS).fetchall())
        return [ServerEntry(*row) for row in rows]

    def prune(self) -> None:
        day = 24 * 3600 * 1_000_000
        self._run(
            lambda link: link.execute(
                f"DELETE FROM servers WHERE seen_at < %s AND no NOT IN ({LIVING})", (self.clock.now() - day,)
            )
        )

    def close(self) -> None:
        """End the session: from now on this server counts as dead. Once it is closed it stays so."""
        if self._closing.is_set():
            return
        self._closing.set()
        os.write(self._wake, b"\0")
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)
        # The database lets go of the locks of a connection some time after it was closed, and until then would name
        # this server among those that are running
        with contextlib.suppress(psycopg.Error):
            self._link.execute("SELECT pg_advisory_unlock_all()")
        self._link.close()

    # The connection

    def _run(self, fn: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Run a function with the connection. Raises ``StoreUnavailableError`` while there is none."""
        with self._lock:
            try:
                return fn(self._link)
            except psycopg.OperationalError as lost:
                if self._link.broken or self._link.closed:
                    # From now on nothing begins that needs an owner, or goes on under the old number
                    self._number = 0
                    raise StoreUnavailableError from lost
                raise

    def _connected(self) -> psycopg.Connection[Any]:
        link = connect(self._url)
        try:
            link.execute("SET synchronous_commit = off")  # nothing of it is missed after a crash
            for name, value in (("idle", 5), ("interval", 5), ("count", 3)):
                link.execute(f"SET tcp_keepalives_{name} = {value}")  # of the database, which has to notice
            # Tried, not waited for: maintenance may take minutes, and the reason would not be shown
            if not _one(link, "SELECT pg_try_advisory_lock_shared(%s, %s)", *MAINTENANCE):
                raise DatabaseError("The database is being rebuilt: start the server once that has ended.")
            self.clock.measure(lambda: int(_one(link, _NOW)))
            number = int(
                _one(
                    link,
                    "INSERT INTO servers (started_at, seen_at, host, version) VALUES (%s, %s, %s, %s) RETURNING no",
                    self.clock.now(), self.clock.now(), socket.gethostname(), __version__,
                )
            )  # fmt: skip
            # Nothing carries the number yet, so nobody misses the lock before this
            _one(link, "SELECT pg_advisory_lock(%s, %s::int)", ALIVE, number)
        except BaseException:
            link.close()
            raise
        self._keeper = False
        self._watching_since = time.monotonic()
        # Last: from here on ``keeping`` may be true, and must not be so by the old session
        self._number = number
        return link

    def _watch(self) -> None:
        """Look after the session until it is closed."""
        measured = time.monotonic()
        while not self._closing.is_set():
            try:
                if not self._number:
                    self._connect_again()
                self._look()
                if time.monotonic() - measured > _MEASURE:
                    measured = time.monotonic()
                    self._run(self._measure)
            except Exception as failure:  # the next look finds out what is the matter
                if not isinstance(failure, (psycopg.Error, StoreUnavailableError, DatabaseError)):
                    log.exception("couldn't look after the session of this server")
                self._closing.wait(_AGAIN)
            else:
                self._rest()

    def _rest(self) -> None:
        """Wait for the next look, or until the database says something unasked: mostly that it hangs up."""
        unasked, either = select.poll(), select.poll()
        with contextlib.suppress(psycopg.Error):
            for each in (unasked, either):
                each.register(self._link.pgconn.socket, select.POLLIN)
        either.register(self._woken, select.POLLIN)
        until = time.monotonic() + _LOOK
        while not self._closing.is_set() and (left := until - time.monotonic()) > 0:
            if not either.poll(left * 1000):
                return
            with self._lock:  # it may have been the reply to somebody's question
                if unasked.poll(0):
                    return

    def _connect_again(self) -> None:
        with self._lock:
            self._link.close()
            # Seen by a session that is gone: until this one has looked for a while everybody counts as alive
            self._seen = {}
            self._link = self._connected()
        log.warning("this server lost its session with the database, and goes on as number %d", self._number)

    def _look(self) -> None:
        rows = self._run(lambda link: link.execute(LIVING).fetchall())
        now = time.monotonic()
        lately = {no: seen for no, seen in self._seen.items() if now - seen < _GRACE}
        self._seen = {**lately, **{no: now for (no,) in rows}}  # as a whole: other threads look into it

    def _measure(self, link: psycopg.Connection[Any]) -> None:
        self.clock.measure(lambda: int(_one(link, _NOW)))
        link.execute("UPDATE servers SET seen_at = %s WHERE no = %s", (self.clock.now(), self._number))


class _Living(Container[int]):
    """Servers that are alive. Where that is not known yet, ``everybody`` is: nothing is taken from a living server."""

    def __init__(self, numbers: set[int], *, everybody: bool) -> None:
        self._numbers = numbers
        self._everybody = everybody

    def __contains__(self, no: object) -> bool:
        return self._everybody or no in self._numbers


def _one(link: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    row = link.execute(sql.encode(), values).fetchone()
    return None if row is None else row[0]

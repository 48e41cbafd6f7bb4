"""Keep the read-only connections of one database: one for each reading thread, and some idle ones to lend."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

__all__ = ["PooledConnection", "ReaderPool"]


class PooledConnection(Protocol):
    """A connection, as the pool needs it."""

    @property
    def stale(self) -> bool:
        """Return True once the database cannot be reached through it any more, also if that was not noticed yet."""
        ...

    def close(self) -> None: ...


C = TypeVar("C", bound=PooledConnection)


class _ThreadConnection(Generic[C]):
    """Owner of a thread's connection, which closes it when the thread is gone.

    An export has a thread of its own, and a connection keeps megabytes in memory.
    """

    def __init__(self, connection: C, forget: Callable[[C], None]) -> None:
        self.connection = connection
        self._forget = forget

    def __del__(self) -> None:
        self._forget(self.connection)


class ReaderPool(Generic[C]):
    """The read-only connections of a database. ``make`` opens one; ``idle`` are kept for the next ``lend``."""

    def __init__(self, make: Callable[[], C], idle: int) -> None:
        self._make = make
        self._most_idle = idle
        self._local = threading.local()
        self._all: list[C] = []
        self._idle: list[C] = []
        # Reentrant: garbage collection may call ``forget`` in a thread that holds it
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def held(self) -> C | None:
        """The calling thread's own connection, if it has one yet."""
        held: _ThreadConnection[C] | None = getattr(self._local, "held", None)
        return None if held is None else held.connection

    def of_thread(self) -> C:
        """Return the calling thread's own connection, a new one if the last was lost."""
        held = self.held
        if held is None or held.stale:
            held = self.connect()
            # The one before is closed as its owner goes away
            self._local.held = _ThreadConnection(held, self.forget)
        return held

    def connect(self) -> C:
        """Open a connection for the caller alone, closed with the pool."""
        connection = self._make()
        with self._lock:
            self._all.append(connection)
        return connection

    def lend(self) -> C:
        """Return an idle connection, to be given back by ``take_back``; a new one has to read the schema first."""
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not connection.stale:
                    return connection
                self.forget(connection)
        return self.connect()

    def take_back(self, connection: C) -> None:
        """Keep a connection for the next ``lend``, or close it if there are enough."""
        with self._lock:
            # One that is not among them any more was closed with the pool while it was lent
            if connection in self._all and len(self._idle) < self._most_idle and not connection.stale:
                self._idle.append(connection)
                return
        self.forget(connection)

    def forget(self, connection: C) -> None:
        """Close a connection made by ``connect``."""
        with self._lock:
            if connection in self._all:
                self._all.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._idle.clear()

"""Protocols of a connection as the engine in SQL needs it, whichever the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

from apportion.domain.errors import StoreUnavailableError
from apportion.ports.deadline import Deadline

from .cache_delta import CacheDelta
from .dialect import Cursor, Dialect, Statements
from .locks import Locks

__all__ = ["UNLIMITED", "AskedRow", "Cursor", "RawConnection", "SqlConnection", "owner_of"]

UNLIMITED = Deadline()
"""The deadline of transactions that nobody waits for: never over."""


def owner_of(connection: SqlConnection) -> int:
    """Return the number of this server. Raises ``StoreUnavailableError`` while it cannot prove that it is alive."""
    if not connection.owner:
        raise StoreUnavailableError
    return connection.owner


class AskedRow(Protocol):
    """The first row of a query that may be read later."""

    def fetchone(self) -> Any: ...


class RawConnection(Statements, Protocol):
    """Connection of the database's own driver, for statements that run often."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def locks(self) -> Locks:
        """Return the locks of the running transaction."""
        ...

    def send(self, sql: str, parameters: Sequence[Any] = ..., /) -> None:
        """Run a statement whose result nobody needs; with the next one, where each is a round trip of its own."""
        ...

    def ask(self, sql: str, parameters: Sequence[Any], /) -> AskedRow:
        """Run a query for one row; with the next statement, or when it is read, where each is a round trip of its own.

        A row that nobody reads keeps nothing of the transaction.
        """
        ...

    def packed(self, sql: str, parameters: Sequence[Any], /) -> tuple[Any, ...]:
        """Run a query for one row whose columns the dialect has packed, and return it."""
        ...

    def leave(self, table: str, sql: str, parameters: Sequence[Any], /) -> None:
        """Run a statement that changes rows of a table which many transactions change.

        Where several write at the same time it is left to the end of the transaction, or to its next statement that
        looks at the table.
        """
        ...

    @property
    def total_changes(self) -> int:
        """Return how many rows were ever changed through the connection, by SQLAlchemy too.

        While it stays the same, what was read within the transaction still holds.
        """
        ...

    def stream(self, sql: str, parameters: Sequence[Any] = ..., /) -> Iterator[list[Any]]:
        """Yield the rows that a statement finds some thousand at a time; never more of them are in memory."""
        ...

    def highest_numbers(self) -> Mapping[str, int]:
        """Return by table the highest number that was given out, also where its row is gone."""
        ...

    def continue_numbers(self, highest: Mapping[str, int], /) -> None:
        """Have the tables' next numbers be above these."""
        ...


class SqlConnection(Protocol):
    """One connection: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements, both in one transaction."""

    reads_only: bool
    after: list[Callable[[], None]]
    """Hooks to run once the running transaction has committed."""
    changes: list[CacheDelta]
    """Everything that the running transaction has changed so far and others have to follow."""
    deadline: Deadline
    """The deadline of the transaction that it is used for."""
    began: int
    """The number of commits that had been passed on to the caches when its snapshot was taken."""
    owner: int
    """The number of this server: what takes more than one transaction is marked as its own."""
    since: float
    """Time of its snapshot, on the clock ``time.monotonic``."""
    seen: dict[int, int]
    """By dataset, the number of the last change that its snapshot sees, as far as that was looked up."""
    sql: Connection

    @property
    def raw(self) -> RawConnection: ...

    @property
    def in_snapshot(self) -> bool:
        """True while each statement sees the same."""

    @property
    def stale(self) -> bool:
        """True if it has to be replaced by a new one."""

    def limited(self, deadline: Deadline) -> AbstractContextManager[None]:
        """End the statements inside once the deadline is over; raise its reason."""

    def snapshot(self, of: str | None = None) -> AbstractContextManager[None]:
        """Read several times from one snapshot; within a transaction it is that transaction's.

        ``of`` names the one of another connection, which must not end before this one has begun.
        """

    def shared_snapshot(self) -> str | None:
        """Return a name by which other connections can read from the running snapshot; None where none can."""

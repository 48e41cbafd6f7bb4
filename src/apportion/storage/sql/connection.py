"""What the engine in SQL needs of a connection, whichever database it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sqlalchemy import Connection

from apportion.ports.deadline import Deadline

__all__ = ["UNLIMITED", "Cursor", "RawConnection", "SqlConnection"]

UNLIMITED = Deadline()
"""The deadline of transactions that nobody waits for: never over."""


class Cursor(Protocol):
    """The rows a statement found, or the number of those it changed."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchmany(self, size: int | None = ..., /) -> list[Any]: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __next__(self) -> Any: ...


class RawConnection(Protocol):
    """Connection of the database's own driver, for statements that run often."""

    @property
    def total_changes(self) -> int: ...

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Any, /) -> Cursor: ...


class SqlConnection(Protocol):
    """One connection: ``raw`` for hot paths, ``sql`` for SQLAlchemy Core statements, both in one transaction."""

    reads_only: bool
    after: list[Callable[[], None]]
    """Hooks to run once the running transaction has committed."""
    deadline: Deadline
    """The deadline of the transaction that it is used for."""
    began: int
    """The number of commits that had been passed on to the caches when its snapshot was taken."""
    sql: Connection

    @property
    def raw(self) -> RawConnection: ...

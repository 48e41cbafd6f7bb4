"""The statements of a connection to PostgreSQL, which can do more than those of every connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from apportion.storage.sql.dialect import Dialect, Statements

__all__ = ["COPY_FROM", "MANY_ROWS", "PostgresStatements", "of_postgres"]

COPY_FROM = 20
"""Rows from which COPY is faster than a statement."""
MANY_ROWS = 500
"""Rows from which COPY is faster than a statement with an array for each column, which needs fewer round trips."""


class PostgresStatements(Statements, Protocol):
    """A connection to PostgreSQL, or a transaction there."""

    @property
    def dialect(self) -> Dialect: ...

    def packed(self, sql: str, parameters: Sequence[Any], /) -> tuple[Any, ...]: ...

    def copy(self, into: str, rows: Sequence[Sequence[Any]]) -> int: ...

    def copy_lines(self, into: str, lines: str, rows: int) -> None: ...

    def copy_new(self, into: str, lines: str, rows: int) -> bool: ...

    def send(self, sql: str, parameters: Sequence[Any], /) -> None: ...


def of_postgres(raw: Statements) -> PostgresStatements:
    """Return a connection that is known to be one to PostgreSQL as that."""
    return cast(PostgresStatements, raw)

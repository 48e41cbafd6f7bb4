"""Insert many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from apportion.storage.sql.dialect import Statements

__all__ = ["insert_rows"]

_MOST_VALUES = 3000
# Measured: statements of 3,000 rows took longer per row again
_ROWS_AT_ONCE = (500, 50)


def insert_rows(
    raw: Statements,
    into: str,
    columns: int,
    rows: Sequence[Sequence[Any]],
    *,
    form: str | None = None,
    end: str = "",
) -> int:
    """Insert rows, some hundred at a time, as longer statements cost more per row again; return how many.

    ``form`` is the row as SQL, ``end`` what follows the rows.
    """
    one, start, done = form or f"({', '.join('?' * columns)})", 0, 0
    # Few different lengths, but for what is left over: the connection keeps compiled statements by their text
    while start < len(rows):
        left = len(rows) - start
        size = next((size for size in _sizes(columns) if size <= left), left)
        some = rows[start : start + size]
        done += raw.execute(_insert(into, one, size, end), list(chain.from_iterable(some))).rowcount
        start += size
    return done


@lru_cache(512)
def _insert(into: str, row: str, rows: int, end: str) -> str:
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)}{end}"


def _sizes(columns: int) -> list[int]:
    return [min(size, _MOST_VALUES // columns) for size in _ROWS_AT_ONCE]

"""Moving many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

__all__ = ["as_json", "insert_rows", "insert_values"]

_MOST_VALUES = 3000
_ROWS_AT_ONCE = (500, 50)


def insert_rows(
    raw: sqlite3.Connection,
    into: str,
    columns: int,
    rows: Sequence[Sequence[Any]],
    *,
    or_ignore: bool = False,
    form: str | None = None,
) -> None:
    """Insert rows, some hundred with one statement; with ``or_ignore`` leave out those that are there.

    ``form`` writes a row out where some columns are the same for all: ``(7, ?, NULL)``. Longer statements are slower
    again, row by row.
    """
    insert = f"INSERT {'OR IGNORE ' if or_ignore else ''}INTO {into} VALUES"
    one, start = form or f"({', '.join('?' * columns)})", 0
    for most in _ROWS_AT_ONCE:
        size = min(most, _MOST_VALUES // columns)
        many = f"{insert} {', '.join([one] * size)}"
        while start + size <= len(rows):
            raw.execute(many, list(chain.from_iterable(rows[start : start + size])))
            start += size
    raw.executemany(f"{insert} {one}", rows[start:])


def insert_values(
    raw: sqlite3.Connection, into: str, values: Sequence[Any], *, or_ignore: bool = False
) -> None:
    """Insert rows of a single column, as ``insert_rows`` does those of several."""
    insert, start = f"INSERT {'OR IGNORE ' if or_ignore else ''}INTO {into} VALUES", 0
    for size in _ROWS_AT_ONCE:
        many = f"{insert} {', '.join(['(?)'] * size)}"
        while start + size <= len(values):
            raw.execute(many, values[start : start + size])
            start += size
    raw.executemany(f"{insert} (?)", [(value,) for value in values[start:]])


def as_json(numbers: Iterable[int]) -> str:
    """Numbers for ``json_each``, which takes any number of them as one parameter."""
    return "[" + ",".join(map(str, numbers)) + "]"

"""Moving many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["as_json", "insert_rows"]

_ROWS_AT_ONCE = 100


def insert_rows(raw: sqlite3.Connection, into: str, columns: int, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, a hundred with one statement."""
    one = f"({', '.join('?' * columns)})"
    many = ", ".join([one] * _ROWS_AT_ONCE)
    whole = len(rows) - len(rows) % _ROWS_AT_ONCE
    for start in range(0, whole, _ROWS_AT_ONCE):
        flat = [value for row in rows[start : start + _ROWS_AT_ONCE] for value in row]
        raw.execute(f"INSERT INTO {into} VALUES {many}", flat)
    raw.executemany(f"INSERT INTO {into} VALUES {one}", rows[whole:])


def as_json(numbers: Iterable[int]) -> str:
    """Numbers for ``json_each``, which takes any number of them as one parameter."""
    return "[" + ",".join(map(str, numbers)) + "]"

"""Moving many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

__all__ = ["as_json", "insert_rows"]

_VALUES_AT_ONCE = 3000


def insert_rows(
    raw: sqlite3.Connection,
    into: str,
    columns: int,
    rows: Sequence[Sequence[Any]],
    *,
    or_ignore: bool = False,
) -> None:
    """Insert rows, some hundred values with one statement; with ``or_ignore`` leave out those that are there."""
    into = f"OR IGNORE INTO {into}" if or_ignore else f"INTO {into}"
    at_once = _VALUES_AT_ONCE // columns
    one = f"({', '.join('?' * columns)})"
    many = ", ".join([one] * at_once)
    whole = len(rows) - len(rows) % at_once
    for start in range(0, whole, at_once):
        raw.execute(f"INSERT {into} VALUES {many}", list(chain.from_iterable(rows[start : start + at_once])))
    raw.executemany(f"INSERT {into} VALUES {one}", rows[whole:])


def as_json(numbers: Iterable[int]) -> str:
    """Numbers for ``json_each``, which takes any number of them as one parameter."""
    return "[" + ",".join(map(str, numbers)) + "]"

"""Read and write many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec

from .connection import RawConnection

__all__ = ["as_json", "insert_rows", "insert_values", "rows_by_id"]

_MOST_VALUES = 3000
_ROWS_AT_ONCE = (500, 50)


def insert_rows(
    raw: RawConnection,
    into: str,
    columns: int,
    rows: Sequence[Sequence[Any]],
    *,
    or_ignore: bool = False,
    form: str | None = None,
) -> None:
    """Insert rows, some hundred with one statement; with ``or_ignore`` leave out those that are there.

    ``form`` is the row as SQL where some columns are the same for all: ``(7, ?, NULL)``. Longer statements cost more
    per row again.
    """
    insert = f"INSERT {'OR IGNORE ' if or_ignore else ''}INTO {into} VALUES"
    one, start = form or f"({', '.join('?' * columns)})", 0
    # Few different lengths: the connection keeps compiled statements by their text
    for most in _ROWS_AT_ONCE:
        size = min(most, _MOST_VALUES // columns)
        many = f"{insert} {', '.join([one] * size)}"
        while start + size <= len(rows):
            raw.execute(many, list(chain.from_iterable(rows[start : start + size])))
            start += size
    raw.executemany(f"{insert} {one}", rows[start:])


def insert_values(raw: RawConnection, into: str, values: Sequence[Any], *, or_ignore: bool = False) -> None:
    """Insert rows of a single column, as ``insert_rows`` does those of several."""
    insert, start = f"INSERT {'OR IGNORE ' if or_ignore else ''}INTO {into} VALUES", 0
    for size in _ROWS_AT_ONCE:
        many = f"{insert} {', '.join(['(?)'] * size)}"
        while start + size <= len(values):
            raw.execute(many, values[start : start + size])
            start += size
    raw.executemany(f"{insert} (?)", [(value,) for value in values[start:]])


def rows_by_id(raw: RawConnection, columns: str, dataset: int, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read rows of ``records`` by id, in the order of ``ids``; the first of ``columns`` is the id."""
    one = f"SELECT {columns} FROM records WHERE dataset = ? AND id = ?"
    if len(ids) == 1:
        return raw.execute(one, (dataset, ids[0])).fetchall()
    whole = [id for id in ids if "\0" not in id]  # SQLite's JSON ends a string there
    found = raw.execute(  # CROSS JOIN: look ids up one by one, whatever the planner believes
        f"SELECT {columns} FROM (SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN records "
        "ON dataset = ? AND id = wanted ORDER BY place",
        (msgspec.json.encode(whole).decode(), dataset),
    ).fetchall()
    if len(whole) == len(ids):
        return found
    by_id = {row[0]: row for row in found}
    by_id |= {id: row for id in ids if "\0" in id for row in raw.execute(one, (dataset, id))}
    return [by_id[id] for id in ids if id in by_id]


def as_json(numbers: Iterable[int]) -> str:
    """Encode numbers for ``json_each``, which takes any number of them as one parameter."""
    return "[" + ",".join(map(str, numbers)) + "]"

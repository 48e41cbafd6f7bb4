"""Read and write many rows with few statements: every step of a statement waits for the interpreter lock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from .connection import RawConnection
from .dialect import Dialect

__all__ = ["first_difference", "insert_rows", "insert_values", "rows_by_id"]


def insert_rows(
    raw: RawConnection,
    into: str,
    columns: int,
    rows: Sequence[Sequence[Any]],
    *,
    unless_there: bool = False,
    form: str | None = None,
) -> int:
    """Insert rows, some hundred with one statement; with ``unless_there`` leave out those that are there.

    ``form`` is the row as SQL where some columns are the same for all: ``(7, ?, NULL)``. Returns how many were added.
    """
    return raw.dialect.insert_rows(raw, into, columns, rows, unless_there=unless_there, form=form)


def insert_values(raw: RawConnection, into: str, values: Sequence[Any], *, unless_there: bool = False) -> int:
    """Insert rows of a single column, as ``insert_rows`` does those of several."""
    return raw.dialect.insert_numbers(raw, into, values, unless_there=unless_there)


def rows_by_id(raw: RawConnection, columns: str, dataset: int, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read rows of ``records`` by id, in the order of ``ids``; the first of ``columns`` is the id."""
    one = f"SELECT {columns} FROM records WHERE dataset = ? AND id = ?"
    if len(ids) == 1:
        return raw.execute(one, (dataset, ids[0])).fetchall()
    whole = [id for id in ids if "\0" not in id]  # which no list of strings can hold
    found = raw.execute(_by_id(raw.dialect, columns), (raw.dialect.strings(whole), dataset)).fetchall()
    if len(whole) == len(ids):
        return found
    by_id = {row[0]: row for row in found}
    by_id |= {id: row for id in ids if "\0" in id for row in raw.execute(one, (dataset, id))}
    return [by_id[id] for id in ids if id in by_id]


@cache
def _by_id(dialect: Dialect, columns: str) -> str:
    given = f"(SELECT key AS place, value AS wanted FROM {dialect.listed_strings('given')}) AS given"
    return (  # look ids up one by one, whatever the planner believes
        f"SELECT {columns} FROM {given} {dialect.then_join} records ON dataset = ? AND id = wanted ORDER BY place"
    )


def first_difference(wanted: Sequence[Any], found: Sequence[Any]) -> tuple[str, Any]:
    """Return what is wrong with ``found``, and the first row that only one of two sorted lists has."""
    for one, other in zip(wanted, found, strict=False):
        if one != other:
            return ("lacks", one) if one < other else ("has, and should not have,", other)
    if len(wanted) > len(found):
        return "lacks", wanted[len(found)]
    return "has, and should not have,", found[len(wanted)]

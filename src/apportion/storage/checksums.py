"""Checksums of rows that people entered and nothing else repeats, so that a changed bit is noticed.

What is derived can be computed again and compared; an answer, a decision or a comment cannot. CRC-32 finds every
single changed bit, and all but one in four thousand million of other changes; it is no protection from people.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec

__all__ = ["COVERED", "KEYS", "add_row", "checksum", "covered", "insert_of", "with_checksum"]

COVERED: Mapping[str, tuple[str, ...]] = {
    "annotations": ("rid", "annotator", "state", "counted", "version", "seconds", "updated", "value"),
    "history": ("rid", "annotator", "version", "state", "value", "at", "why"),
    "gold": ("rid", "value", "origin", "author", "reason", "version", "at"),
    "comments": ("rid", "author", "to", "text", "at"),
    "events": (
        *("dataset", "rid", "at", "who", "what", "detail", "workspace"),
        *("object", "before", "after", "address", "request"),
    ),
    "guidelines": ("dataset", "version", "text", "author", "at"),
}
"""The columns that the checksum of each table's rows covers, in this order. A migration that adds a column here
computes the checksums of the table again."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "annotations": ("rid", "annotator"),
    "history": ("no",),
    "gold": ("rid",),
    "comments": ("no",),
    "events": ("no",),
    "guidelines": ("dataset", "version"),
}
"""The columns that identify a row."""

# Types and lengths are encoded, too: ('ab', 'c') and ('a', 'bc') have different checksums
_encode = msgspec.msgpack.Encoder().encode


class _Connection(Protocol):
    def execute(self, sql: str, parameters: Sequence[Any], /) -> Any: ...


def checksum(values: Sequence[Any]) -> int:
    """Return the checksum of a row's covered values: numbers, texts, bytes and None.

    Truth values count as numbers, which some databases return for them.
    """
    return zlib.crc32(_encode([int(each) if type(each) is bool else each for each in values]))


def with_checksum(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its checksum added."""
    return {**row, "checksum": checksum([row[name] for name in COVERED[table]])}


def add_row(raw: _Connection, table: str, values: Sequence[Any], *, replace: bool = False) -> None:
    """Insert a row with its checksum; ``values`` are those of the covered columns, in their order."""
    raw.execute(*insert_of(table, values, replace=replace))


def insert_of(table: str, values: Sequence[Any], *, replace: bool = False) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that inserts a row with its checksum, and its parameters."""
    return _insert(table, replace), (*values, checksum(values))


def covered(table: str) -> str:
    """Return the covered columns as SQL."""
    return ", ".join(f'"{name}"' for name in COVERED[table])


@cache
def _insert(table: str, replace: bool) -> str:
    marks = ", ".join("?" * (len(COVERED[table]) + 1))
    insert = f"INSERT INTO {table} ({covered(table)}, checksum) VALUES ({marks})"
    if not replace:
        return insert
    columns = (*(name for name in COVERED[table] if name not in KEYS[table]), "checksum")
    values = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
    return f"{insert} ON CONFLICT ({', '.join(KEYS[table])}) DO UPDATE SET {values}"

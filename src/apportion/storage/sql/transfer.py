"""Copy everything that people put in from any store into an empty other one; the rest is derived there again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, Table

from apportion.ports.upkeep import CannotOpenError
from apportion.storage.tables import metadata as tables

from .checks.derive_again import DERIVED, derive
from .connection import RawConnection, SqlConnection
from .datasets import DATASET_COLUMNS, dataset_from
from .rows import insert_rows

__all__ = ["BLANK", "NOT_COPIED", "Transferred", "copied_tables", "first_rows", "transfer"]

Tell = Callable[[str, int, int], None]

NOT_COPIED: Mapping[str, str] = {
    **dict.fromkeys(sorted(DERIVED), "derived again"),
    "events_pruning": "every new store has its one row, the same in each",
    "replies": "kept for a day, for requests that are sent again to the same store",
}
"""Tables that are not copied, each with the reason. Any other table is."""
BLANK: Mapping[tuple[str, str], bytes | None] = {
    ("records", "terms"): b"",
    ("records", "answer_terms"): b"",
    ("annotations", "terms"): b"",
    # Whatever was at work on these is not at work on the copy
    ("datasets", "owner"): None,
    ("jobs", "owner"): None,
    ("plans", "owner"): None,
}
"""Columns that are not copied, in tables that are: what stands there at first. Terms are derived."""
_WORKED_OUT = {("datasets", "records"), ("datasets", "last_n"), *BLANK}
"""Columns that are worked out anew, and so are no part of what is compared."""
_GROWING = {"fields"}
"""Tables that are copied, and to which deriving may add."""
_SUM = 1 << 128
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Transferred:
    """The result of a transfer: how many rows of each table."""

    rows: Mapping[str, int]


def copied_tables() -> list[Table]:
    """Return the tables that are copied, those that others refer to first."""
    return [table for table in tables.sorted_tables if table.name not in NOT_COPIED]


def first_rows(raw: RawConnection) -> list[str]:
    """Return the names of copied tables with a row in them; none of an empty store."""
    return [
        table.name
        for table in copied_tables()
        if raw.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone() is not None
    ]


def transfer(source: SqlConnection, target: SqlConnection, tell: Tell) -> Transferred:
    """Copy the snapshot that ``source`` is in, within the transaction of ``target``, whose tables are empty.

    ``tell`` is called with what is being done, how far it is, and of how much. Raises ``CannotOpenError`` where
    something cannot be read, or where the two differ at the end.
    """
    counts = {table.name: _count(source.raw, table) for table in copied_tables()}
    individual = _individual(source.raw)
    read: dict[str, int] = {}
    for table in copied_tables():
        read[table.name] = _copy(table, source.raw, target.raw, individual, counts[table.name], tell)
    # Before deriving, which draws numbers of its own: afterwards these would be set back
    target.raw.continue_numbers(source.raw.highest_numbers())
    derive(target, tell)
    for table in copied_tables():
        if table.name not in _GROWING and read[table.name] != _digest(table, target.raw, individual, tell):
            raise CannotOpenError(
                f"The table {table.name} is not the same in both. Nothing was changed; please report this."
            )
    return Transferred(counts)


def _count(raw: RawConnection, table: Table) -> int:
    return int(raw.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])


def _individual(raw: RawConnection) -> frozenset[int]:
    """Return the numbers of the datasets in which a record's status and answer are derived."""
    rows = raw.execute(f"SELECT {', '.join(DATASET_COLUMNS)} FROM datasets").fetchall()
    return frozenset(dataset.no for dataset in map(dataset_from, rows) if dataset.individual)


def _copy(
    table: Table,
    source: RawConnection,
    target: RawConnection,
    individual: frozenset[int],
    total: int,
    tell: Tell,
) -> int:
    """Copy one table; return its digest."""
    into = f"{table.name} ({', '.join(_quoted(table))})"
    keys = [(table.name, column.name) for column in table.columns]
    blank = [(place, BLANK[key]) for place, key in enumerate(keys) if key in BLANK]
    digest, done = _Digest(table, individual), 0
    for rows in _rows(table, source):
        digest.add(rows)
        for row in rows:
            for place, value in blank:
                row[place] = value
        insert_rows(target, into, len(table.columns), rows)
        done += len(rows)
        tell(table.name, done, max(done, total))
    return digest.sum


def _digest(table: Table, raw: RawConnection, individual: frozenset[int], tell: Tell) -> int:
    digest, done = _Digest(table, individual), 0
    for rows in _rows(table, raw):
        digest.add(rows)
        done += len(rows)
        tell(f"comparing {table.name}", done, done)
    return digest.sum


def _rows(table: Table, raw: RawConnection) -> Iterator[list[list[Any]]]:
    """Read a table in the order of its key, each value with the type of its column."""
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    # So that each table of the target is written from one end to the other
    order = f" ORDER BY {keys}" if keys else ""
    convert = [(place, kind) for place, column in enumerate(table.columns) if (kind := _kind(column))]
    for rows in raw.stream(f"SELECT {', '.join(_quoted(table))} FROM {table.name}{order}"):
        some = [list(row) for row in rows]
        for row in some:
            for place, kind in convert:
                value = row[place]
                # Not isinstance: True is an int too, and has another digest than 1
                if value is not None and type(value) is not kind:
                    # A column of bytes may hold texts in SQLite, which keeps each value as it was given
                    row[place] = value.encode() if isinstance(value, str) else kind(value)
        yield some


def _kind(column: Column[Any]) -> type[Any] | None:
    """Return the type of a column's values where databases differ in what they return."""
    for sql, kind in ((Boolean, bool), (Float, float), (LargeBinary, bytes), (Integer, int)):
        if isinstance(column.type, sql):
            return kind
    return None


def _quoted(table: Table) -> list[str]:
    return [f'"{column.name}"' for column in table.columns]


class _Digest:
    """Sum of the digests of a table's rows, whatever their order; without what is derived."""

    def __init__(self, table: Table, individual: frozenset[int]) -> None:
        names = [column.name for column in table.columns]
        self.sum = 0
        self._kept = [place for place, name in enumerate(names) if (table.name, name) not in _WORKED_OUT]
        self._individual = individual if table.name == "records" else frozenset[int]()
        self._without = [place for place in self._kept if names[place] not in ("status", "answer")]
        self._rid = names.index("rid") if table.name == "records" else 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        kept, without, rid = self._kept, self._without, self._rid
        total = 0
        for row in rows:
            # There status and answer follow from annotations, and are derived in the target by today's rules
            places = without if self._individual and row[rid] >> 32 in self._individual else kept
            hashed = blake2b(_encode([row[place] for place in places]), digest_size=16).digest()
            total += int.from_bytes(hashed, "little")
        self.sum = (self.sum + total) % _SUM

"""``storage.sql.dialect`` of SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from apportion.storage.sql.dialect import NumberRange, Statements

from .many_rows import insert_rows
from .texts import FtsIndex

__all__ = ["SQLITE", "SqliteDialect"]

_BETWEEN = 0x1E
"""A control character, which no JSON has in it."""
_MANY = 5_000
"""Measured: from so many on a list costs less than a parameter each."""
_AT_ONCE = 20_000


class SqliteDialect:
    """The SQL of SQLite. Lists are JSON: ``json_each`` takes any number of values as one parameter."""

    then_join = "CROSS JOIN"  # which SQLite never reorders
    then_facets = "CROSS JOIN facet f ON f.key >= v.vid << 32 AND f.key < (v.vid + 1) << 32"
    skip_locked = ""  # nobody else writes

    def numbers(self, values: Iterable[int]) -> str:
        return "[" + ",".join(map(str, values)) + "]"

    def strings(self, values: Iterable[str]) -> str:
        return msgspec.json.encode(list(values)).decode()

    def in_numbers(self, expression: str, place: str = "?") -> str:
        return f"{expression} IN (SELECT value FROM json_each({place}))"

    in_strings = in_numbers

    def in_few(self, expression: str, values: Sequence[int]) -> tuple[str, Sequence[int]]:
        return (
            f"{expression} IN ({', '.join('?' * len(values))})",
            values,
        )  # a tenth faster than ``json_each``

    def listed_numbers(self, name: str, place: str = "?") -> str:
        return f"json_each({place}) AS {name}"

    listed_strings = listed_numbers

    def pairs(self, values: Sequence[tuple[int, int]]) -> tuple[str, Sequence[int]]:
        return _pairs(len(values)), list(chain.from_iterable(values))

    def packed(self, expression: str) -> str:
        return f"group_concat({expression})"

    def packed_floats(self, expression: str) -> str:
        # ``quote`` writes 15 digits where it takes them for enough, and errs about some floats
        return f"group_concat(printf('%!.20g', {expression}))"

    def unpacked(self, value: str | None, kind: Any) -> Any:
        import numpy as np  # not needed to start

        return np.fromstring(value, dtype=kind, sep=",") if value else np.empty(0, dtype=kind)

    def concatenated(self, expression: str) -> str:
        return f"group_concat(hex({expression}), '')"  # of bytes themselves a text would be made

    def concatenation(self, value: str | None) -> bytes:
        return bytes.fromhex(value or "")

    def listed_json(self, expression: str) -> str:
        return f"group_concat({expression}, char({_BETWEEN}))"

    def as_json(self, expression: str) -> str:
        return f"json_quote({expression})"

    def json_list(self, value: str | None) -> list[bytes]:
        return value.encode().split(bytes([_BETWEEN])) if value else []

    def joined(self, expression: str) -> str:
        return f"group_concat({expression})"

    def contains(self, text: str, part: str = "?") -> str:
        # Not LIKE, to which % and _ in what people look for are wildcards
        return f"instr(lower({text}), lower({part})) > 0"

    def compiled(self, statement: Select[Any]) -> tuple[str, list[str]]:
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
        assert compiled.positiontup is not None
        return str(compiled), list(compiled.positiontup)

    def insert_rows(
        self,
        raw: Statements,
        into: str,
        columns: int,
        rows: Sequence[Sequence[Any]],
        *,
        unless_there: bool = False,
        form: str | None = None,
    ) -> int:
        end = " ON CONFLICT DO NOTHING" if unless_there else ""
        return insert_rows(raw, into, columns, rows, form=form, end=end)

    def insert_numbers(
        self, raw: Statements, into: str, numbers: Sequence[int], *, unless_there: bool = False
    ) -> int:
        if len(numbers) < _MANY:
            return self.insert_rows(
                raw, into, 1, [(number,) for number in numbers], unless_there=unless_there
            )
        # WHERE: else ON CONFLICT would be read as part of a join
        insert = f"INSERT INTO {into} SELECT value FROM json_each(?) WHERE true"
        end = " ON CONFLICT DO NOTHING" if unless_there else ""
        parts = (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))
        return sum(raw.execute(insert + end, (self.numbers(part),)).rowcount for part in parts)

    def update_rows(
        self, raw: Statements, table: str, columns: Sequence[str], keys: int, rows: Sequence[Sequence[Any]]
    ) -> None:
        values = ", ".join(f"{name} = ?" for name in columns[:-keys])
        where = " AND ".join(f"{name} = ?" for name in columns[-keys:])
        raw.executemany(f"UPDATE {table} SET {values} WHERE {where}", rows)

    def texts(self, raw: Statements, dataset: int) -> FtsIndex:
        return FtsIndex(raw, dataset)

    def reserve_numbers(self, raw: Statements, what: NumberRange, many: int) -> int:
        # Where SQLite keeps the numbers of tables with AUTOINCREMENT, and copies of the file have them, too
        row = raw.execute(
            "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq", (many, what.key)
        ).fetchone()
        if row is None:
            row = (raw.execute(what.value).fetchone()[0] + many,)
            raw.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (what.key, *row))
        return int(row[0]) - many + 1


@cache
def _pairs(count: int) -> str:
    return f"VALUES {', '.join(['(?, ?)'] * count)}"


SQLITE = SqliteDialect()

"""``storage.sql.dialect`` of SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from apportion.storage.sql.dialect import Statements

from .texts import FtsIndex

__all__ = ["SQLITE", "SqliteDialect"]

_MOST_VALUES = 3000
_ROWS_AT_ONCE = (500, 50)


class SqliteDialect:
    """The SQL of SQLite. Lists are JSON: ``json_each`` takes any number of values as one parameter."""

    then_join = "CROSS JOIN"  # which SQLite never reorders

    def numbers(self, values: Iterable[int]) -> str:
        return "[" + ",".join(map(str, values)) + "]"

    def strings(self, values: Iterable[str]) -> str:
        return msgspec.json.encode(list(values)).decode()

    def in_numbers(self, expression: str, place: str = "?") -> str:
        return f"{expression} IN (SELECT value FROM json_each({place}))"

    in_strings = in_numbers

    def listed_numbers(self, name: str, place: str = "?") -> str:
        return f"json_each({place}) AS {name}"

    listed_strings = listed_numbers

    def packed(self, expression: str) -> str:
        return f"group_concat({expression})"

    def packed_floats(self, expression: str) -> str:
        return f"group_concat(quote({expression}))"  # else only 15 digits are written

    def unpacked(self, value: str | None, kind: Any) -> Any:
        import numpy as np  # not needed to start

        return np.fromstring(value, dtype=kind, sep=",") if value else np.empty(0, dtype=kind)

    def contains(self, text: str, part: str = "?") -> str:
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
        # Some hundred rows with one statement, as every step of a statement waits for the interpreter lock; longer
        # statements cost more per row again
        end = " ON CONFLICT DO NOTHING" if unless_there else ""
        one, start, done = form or f"({', '.join('?' * columns)})", 0, 0
        # Few different lengths: the connection keeps compiled statements by their text
        for most in _ROWS_AT_ONCE:
            size = min(most, _MOST_VALUES // columns)
            many = f"INSERT INTO {into} VALUES {', '.join([one] * size)}{end}"
            while start + size <= len(rows):
                found = raw.execute(many, list(chain.from_iterable(rows[start : start + size])))
                done, start = done + found.rowcount, start + size
        if start < len(rows):
            done += raw.executemany(f"INSERT INTO {into} VALUES {one}{end}", rows[start:]).rowcount
        return done

    def texts(self, raw: Statements, dataset: int) -> FtsIndex:
        return FtsIndex(raw, dataset)


SQLITE = SqliteDialect()

"""``storage.sql.dialect`` of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from types import NoneType
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Select
from sqlalchemy.dialects import postgresql

from apportion.storage.sql.dialect import NumberRange, Statements
from apportion.storage.tables import metadata as tables

from .statements import COPY_FROM, MANY_ROWS, of_postgres
from .texts import TsvectorIndex

__all__ = ["POSTGRES", "PostgresDialect"]

_MOST_VALUES = 30_000
"""Parameters of one statement; the protocol ends at 65,535."""
_BETWEEN = b"\x1e"
"""A control character, which no JSON has in it."""
_HEADER = 20
"""Bytes before the elements of an array as it is sent."""
_HAS_NULLS = slice(4, 8)
"""Those of them that are not 0 if there is any NULL among the elements."""


class PostgresDialect:
    """The SQL of PostgreSQL. Lists are arrays."""

    # CROSS JOIN takes no ON here, and no other join tells PostgreSQL's planner an order
    then_join = "JOIN"
    # With OFFSET the planner cannot read all of the table first, which it would to sort a hundred million rows
    then_facets = (
        "CROSS JOIN LATERAL "
        "(SELECT key FROM facet WHERE key >= v.vid << 32 AND key < (v.vid + 1) << 32 OFFSET 0) AS f"
    )
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def numbers(self, values: Iterable[int]) -> str:
        return "{" + ",".join(map(str, values)) + "}"

    def strings(self, values: Iterable[str]) -> list[str]:
        return list(values)

    def in_numbers(self, expression: str, place: str = "?") -> str:
        return f"{expression} = ANY({place}::bigint[])"

    def in_strings(self, expression: str, place: str = "?") -> str:
        return f"{expression} = ANY({place}::text[])"

    def in_few(self, expression: str, values: Sequence[int]) -> tuple[str, Sequence[Any]]:
        return self.in_numbers(expression), (self.numbers(values),)

    def listed_numbers(self, name: str, place: str = "?") -> str:
        return _listed(name, f"{place}::bigint[]")

    def listed_strings(self, name: str, place: str = "?") -> str:
        return _listed(name, f"{place}::text[]")

    def pairs(self, values: Sequence[tuple[int, int]]) -> tuple[str, Sequence[Any]]:
        first, second = zip(*values, strict=True)
        return "SELECT unnest(?::bigint[]), unnest(?::bigint[])", (self.numbers(first), self.numbers(second))

    def packed(self, expression: str) -> str:
        return f"array_send(array_agg(({expression})::bigint))"

    def packed_floats(self, expression: str) -> str:
        return f"array_send(array_agg(({expression})::float8))"

    def unpacked(self, value: bytes | None, kind: Any) -> Any:
        import numpy as np  # not needed to start

        if not value:
            return np.empty(0, dtype=kind)
        # A NULL is sent as a length with no value behind it: all that follows would be misread
        if any(value[_HAS_NULLS]):
            raise ValueError("there is a NULL among the numbers")
        # Elements are sent in network order, each after its length
        number = ">f8" if np.issubdtype(np.dtype(kind), np.floating) else ">i8"
        elements = np.frombuffer(value, dtype=[("length", ">i4"), ("value", number)], offset=_HEADER)
        return elements["value"].astype(kind)

    def concatenated(self, expression: str) -> str:
        return f"string_agg({expression}, ''::bytea)"

    def concatenation(self, value: bytes | None) -> bytes:
        return bytes(value or b"")

    def listed_json(self, expression: str) -> str:
        return f"string_agg({expression}, decode('{_BETWEEN.hex()}', 'hex'))"

    def as_json(self, expression: str) -> str:
        return f"convert_to(to_json({expression})::text, 'UTF8')"

    def json_list(self, value: bytes | None) -> list[bytes]:
        return bytes(value).split(_BETWEEN) if value else []

    def joined(self, expression: str) -> str:
        return f"string_agg(({expression})::text, ',')"

    def contains(self, text: str, part: str = "?") -> str:
        # Not ILIKE, to which % and _ in what people look for are wildcards
        return f"strpos(lower({text}), lower({part})) > 0"

    def compiled(self, statement: Select[Any]) -> tuple[str, list[str]]:
        compiled = statement.compile(dialect=postgresql.dialect(paramstyle="qmark"))  # type: ignore[no-untyped-call]
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
        if not rows:
            return 0
        # COPY knows neither ON CONFLICT nor expressions
        if len(rows) >= COPY_FROM and not unless_there and form is None:
            return of_postgres(raw).copy(into, rows)
        end = " ON CONFLICT DO NOTHING" if unless_there else ""
        lines = _lines(rows, form) if len(rows) >= MANY_ROWS and form is not None else None
        if lines is not None and not unless_there:
            of_postgres(raw).copy_lines(into, lines, len(rows))
            return len(rows)
        # Mostly none of them is there, and COPY takes half the time
        if lines is not None and of_postgres(raw).copy_new(into, lines, len(rows)):
            return len(rows)
        if len(rows) >= COPY_FROM and form is not None:
            # One short statement, with an array for each column: one with a place for each value takes longer to read
            # than to run
            many, lists = (
                _from_arrays(into, form) + end,
                [_array(column) for column in zip(*rows, strict=True)],
            )
            if unless_there:
                return raw.execute(many, lists).rowcount
            of_postgres(raw).send(many, lists)
            return len(rows)
        one, done = form or f"({', '.join('?' * columns)})", 0
        most = max(1, _MOST_VALUES // max(1, columns))
        for start in range(0, len(rows), most):
            part = rows[start : start + most]
            many = f"INSERT INTO {into} VALUES {', '.join([one] * len(part))}{end}"
            values = list(chain.from_iterable(part))
            if unless_there:
                done += raw.execute(many, values).rowcount
            else:
                of_postgres(raw).send(many, values)
                done += len(part)
        return done

    def update_rows(
        self, raw: Statements, table: str, columns: Sequence[str], keys: int, rows: Sequence[Sequence[Any]]
    ) -> None:
        if not rows:
            return
        kinds = [
            "bytea" if isinstance(tables.tables[table].columns[name].type, LargeBinary) else "bigint"
            for name in columns
        ]
        # With their types: PostgreSQL does not infer those of arrays from where ``unnest`` is used
        given = ", ".join(f"?::{kind}[]" for kind in kinds)
        values = ", ".join(f"{name} = given.{name}" for name in columns[:-keys])
        where = " AND ".join(f"{table}.{name} = given.{name}" for name in columns[-keys:])
        raw.execute(
            f"UPDATE {table} SET {values} FROM unnest({given}) AS given({', '.join(columns)}) WHERE {where}",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def texts(self, raw: Statements, dataset: int) -> TsvectorIndex:
        return TsvectorIndex(raw, dataset)

    def insert_numbers(
        self, raw: Statements, into: str, numbers: Sequence[int], *, unless_there: bool = False
    ) -> int:
        if len(numbers) >= COPY_FROM and not unless_there:
            return of_postgres(raw).copy(into, [(number,) for number in numbers])
        if len(numbers) >= MANY_ROWS:
            lines = "\n".join(map(str, numbers)) + "\n"
            if of_postgres(raw).copy_new(into, lines, len(numbers)):
                return len(numbers)
        # One statement for any number of rows: it is prepared once
        insert, listed = f"INSERT INTO {into} SELECT unnest(?::bigint[])", (self.numbers(numbers),)
        if unless_there:
            return raw.execute(f"{insert} ON CONFLICT DO NOTHING", listed).rowcount
        of_postgres(raw).send(insert, listed)
        return len(numbers)

    def reserve_numbers(self, raw: Statements, what: NumberRange, many: int) -> int:
        (first,) = raw.execute("SELECT reserve_numbers(?, ?)", (what.key, many)).fetchone()
        return int(first)


def _lines(rows: Sequence[Sequence[Any]], form: str) -> str | None:
    """Return rows in the format of COPY; None where there is more in them than numbers.

    >>> _lines([(1, None), (2, True)], "(?, 7, ?, NULL)")
    '1\\t7\\t\\\\N\\t\\\\N\\n2\\t7\\tTrue\\t\\\\N\\n'
    """
    columns = zip(*rows, strict=True)
    written: list[Iterable[str]] = []
    for member in form[1:-1].split(", "):
        if member != "?":
            written.append(repeat(r"\N" if member == "NULL" else member, len(rows)))
            continue
        column = next(columns)
        kinds = set(map(type, column))
        if not kinds <= {int, float, bool, NoneType}:
            return None
        written.append(
            (r"\N" if each is None else str(each) for each in column)
            if NoneType in kinds
            else map(str, column)
        )
    return "\n".join(map("\t".join, zip(*written, strict=True))) + "\n"


def _array(values: Sequence[Any]) -> str | list[Any]:
    """Return values of a column as an array; the driver spends ten times as long on a list of numbers."""
    if any(isinstance(each, str) for each in values):
        return list(values)
    return "{" + ",".join("NULL" if each is None else str(each) for each in values) + "}"


@lru_cache(maxsize=64)
def _from_arrays(into: str, form: str) -> str:
    """Return the statement that inserts rows of a form, with an array for each of its places.

    >>> _from_arrays("declined (slot, annotator)", "(?, 7)")
    'INSERT INTO declined (slot, annotator) SELECT c0, 7 FROM unnest(?::bigint[]) AS given(c0)'
    """
    table, _, names = into.removesuffix(")").partition(" (")
    members = form[1:-1].split(", ")
    kinds = [
        _kind_of(tables.tables[table].columns[name])
        for name, member in zip(names.split(", "), members, strict=True)
        if member == "?"
    ]
    given = iter([f"c{at}" for at in range(len(kinds))])
    chosen = ", ".join(next(given) if member == "?" else member for member in members)
    arrays = ", ".join(f"?::{kind}[]" for kind in kinds)
    columns = ", ".join(f"c{at}" for at in range(len(kinds)))
    return f"INSERT INTO {into} SELECT {chosen} FROM unnest({arrays}) AS given({columns})"


def _kind_of(column: Column[Any]) -> str:
    # Numbers in their widest type: the columns are narrower than those of the file
    return "bigint" if isinstance(column.type, Integer) else column.type.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call]


def _listed(name: str, array: str) -> str:
    # WITH ORDINALITY counts from 1, and ``key`` from 0 on every database
    return f"(SELECT value, place - 1 AS key FROM unnest({array}) WITH ORDINALITY AS {name}_(value, place)) AS {name}"


POSTGRES = PostgresDialect()

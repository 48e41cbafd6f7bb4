"""Differences between databases: the parts of statements that the engine leaves to each of them.

All other SQL is written in the form that every database understands. Statements have ``?`` and ``?1`` as places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, Protocol

from sqlalchemy import Select

from .texts import TextIndex

__all__ = ["SINGLES", "Cursor", "Dialect", "NumberRange", "Statements"]

SINGLES = 1 << 61
"""Slots added one by one are numbered from here; below, plans have whole ranges reserved."""


class NumberRange(Enum):
    """The numbers that are given out by the database, each with the statement that finds the highest one used."""

    VALUES = "SELECT coalesce(max(vid), 0) FROM vals"
    SLOTS = f"SELECT coalesce(max(no), 0) FROM slots WHERE no < {SINGLES}"
    ADDED_SLOTS = f"SELECT coalesce(max(no), {SINGLES}) FROM slots WHERE no > {SINGLES}"

    @property
    def key(self) -> str:
        """Return the name under which a database keeps how far it is."""
        return f"numbers_of_{self.name.lower()}"


class Cursor(Protocol):
    """The rows a statement found, or the number of those it changed."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchmany(self, size: int = ..., /) -> list[Any]: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __next__(self) -> Any: ...


class Statements(Protocol):
    """A connection, or a transaction, that runs statements."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Any, /) -> Cursor: ...


class Dialect(Protocol):
    """The SQL of one database. There is one instance of each, so that statements can be cached by it."""

    def __hash__(self) -> int: ...

    # Lists of any length as one parameter

    def numbers(self, values: Iterable[int]) -> Any:
        """Return the parameter for a place of ``in_numbers`` or ``listed_numbers``."""

    def strings(self, values: Iterable[str]) -> Any:
        """Return the parameter for a place of ``in_strings`` or ``listed_strings``."""

    def in_numbers(self, expression: str, place: str = "?") -> str:
        """Write the condition that an expression is one of the numbers."""

    def in_strings(self, expression: str, place: str = "?") -> str:
        """Write the condition that an expression is one of the strings."""

    def in_few(self, expression: str, values: Sequence[int]) -> tuple[str, Sequence[Any]]:
        """Write the condition that an expression is one of up to some hundred numbers; return also its parameters."""

    def listed_numbers(self, name: str, place: str = "?") -> str:
        """Write the numbers as a table of that name, with the columns ``key``, the place from 0, and ``value``."""

    def listed_strings(self, name: str, place: str = "?") -> str:
        """Write the strings as a table, as ``listed_numbers`` does numbers."""

    @property
    def then_join(self) -> str:
        """The inner join, followed by ON, that reads what stands before it first, whatever the planner believes."""

    @property
    def then_facets(self) -> str:
        """The join with the rows ``f`` of ``facet`` of each value ``v`` before it, which reads only these."""

    # Many numbers as one value, which is read many times faster than as many rows

    def pairs(self, values: Sequence[tuple[int, int]]) -> tuple[str, Sequence[Any]]:
        """Return a query whose rows are these pairs of numbers, and its parameters."""
        ...

    def packed(self, expression: str) -> str:
        """Write the aggregate of an integer expression, which is never NULL, over all rows, in their order."""

    def packed_floats(self, expression: str) -> str:
        """Write the aggregate of a float expression, never NULL, over all rows, with all digits, in their order."""

    def unpacked(self, value: Any, kind: Any) -> Any:
        """Return what ``packed`` or ``packed_floats`` found as a numpy array of a kind; an empty one of no rows."""

    # Many rows as one: SQLite's driver lets go of the interpreter at each row, and whoever has it then keeps it a while

    def concatenated(self, expression: str) -> str:
        """Write the aggregate of a bytes expression over all rows: the bytes one after the other, in any order."""

    def concatenation(self, value: Any) -> bytes:
        """Return what ``concatenated`` found."""

    def listed_json(self, expression: str) -> str:
        """Write the aggregate of stored JSON over all rows, in the order of other aggregates beside it."""

    def as_json(self, expression: str) -> str:
        """Write a text expression as JSON, as ``listed_json`` takes it."""

    def json_list(self, value: Any) -> list[bytes]:
        """Return what ``listed_json`` found, one element a row."""

    # The rest

    @property
    def skip_locked(self) -> str:
        """The end of a query for rows to be changed next: it locks them, and leaves out those that others locked."""

    def joined(self, expression: str) -> str:
        """Write the aggregate of a string expression over all rows: the strings with commas between."""

    def contains(self, text: str, part: str = "?") -> str:
        """Write the condition that a text contains another, whatever the case of ASCII letters."""

    def compiled(self, statement: Select[Any]) -> tuple[str, list[str]]:
        """Return a statement of SQLAlchemy as text, and the names of its parameters in the order of their places."""

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
        """Insert rows the fastest way; return how many. With ``unless_there`` leave out those that are there.

        ``form`` is the row as SQL where some columns are the same for all: ``(7, ?, NULL)``.
        """

    def insert_numbers(
        self, raw: Statements, into: str, numbers: Sequence[int], *, unless_there: bool = False
    ) -> int:
        """Insert rows of a single column of integers the fastest way; return how many, as ``insert_rows`` does."""

    def reserve_numbers(self, raw: Statements, what: NumberRange, many: int) -> int:
        """Reserve so many numbers, one after the other, that nobody has had; return the first."""

    def update_rows(
        self, raw: Statements, table: str, columns: Sequence[str], keys: int, rows: Sequence[Sequence[Any]]
    ) -> None:
        """Update rows the fastest way; the last columns, ``keys`` of them, say which row it is."""

    def texts(self, raw: Statements, dataset: int) -> TextIndex:
        """Return the full-text index of a dataset."""

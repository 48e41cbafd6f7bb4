"""People on SQLite: the actor, whom every request looks up, is read without SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite

from apportion.domain.people import Actor
from apportion.storage.sql.people import IDENTIFYING, SqlPeople, actors_of

from .connection import SqliteConnection

__all__ = ["SqlitePeople"]


def _written(statement: Select[Any]) -> tuple[str, list[str]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    assert compiled.positiontup is not None
    return str(compiled), list(compiled.positiontup)


class SqlitePeople(SqlPeople):
    """``ports.People`` over one connection, inside its transaction."""

    _written: dict[int, tuple[str, list[str]]] = {}  # noqa: RUF012 - shared on purpose: the same for all

    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection.sql)
        self._raw = connection.raw

    def _one_actor(self, asked: Select[Any], values: Mapping[str, Any]) -> Actor | None:
        if not self._written:
            self._written.update({id(each): _written(each) for each in IDENTIFYING})
        text, names = self._written[id(asked)]
        return _first(tuple(self._raw.execute(text, [values[name] for name in names]).fetchall()))


@lru_cache(1000)
def _first(rows: tuple[tuple[Any, ...], ...]) -> Actor | None:
    """Build the actor of these rows; every request asks twice, and most find what the one before found."""
    return next(iter(actors_of(rows)), None)

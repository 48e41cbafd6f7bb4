"""Stores for servers of ``servers.local_server``: the file, PostgreSQL, or PostgreSQL with OpenSearch."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from apportion.storage.sqlite.store import SqliteStore
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from new_store import file_with, new_sqlite_store
from tested_store import tested_store

__all__ = ["LocalStore", "opened_store"]


class LocalStore(Protocol):
    """A store, and ways to look behind it."""

    store: SqliteStore
    """Of any kind, which all have the same methods."""

    def run(self, sql: str, *values: Any) -> list[Any]:
        """Run a statement beside the store, with ``?`` as places; return its rows, if it has any."""
        ...

    def mark(self) -> object:
        """Return what is another value once anything more was committed."""
        ...

    def verify(self) -> list[Any]:
        """Return what does not agree, with the caches in use and with fresh ones."""
        ...

    def reopen(self) -> None:
        """Open another store on the same data, as after a crash."""
        ...

    def close(self) -> None: ...


class FileStore:
    """A store on a file."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.store = new_sqlite_store(path, content)
        self._watch = sqlite3.connect(path)

    def run(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as file, file:
            return file.execute(sql, values).fetchall()

    def mark(self) -> object:
        return self._watch.execute("PRAGMA data_version").fetchone()

    def verify(self) -> list[Any]:
        kept = SqliteUpkeep(self.path, cache_of=self.store.caches.of).verify()
        return [*kept, *SqliteUpkeep(self.path).verify()]

    def reopen(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.path)

    def close(self) -> None:
        self._watch.close()
        self.store.close()


class DatabaseStore:
    """A store on PostgreSQL."""

    def __init__(self, url: str, open_one: Callable[[], SqliteStore]) -> None:
        from apportion.storage.postgres.connection import PostgresConnection

        self._url = url
        self._open = open_one
        self.store = open_one()
        self._beside = PostgresConnection(url, readonly=False)

    def run(self, sql: str, *values: Any) -> list[Any]:
        found = self._beside.raw.execute(sql, values)
        return found.fetchall() if found.is_query else []

    def mark(self) -> object:
        # Every commit of a writer changes its row there
        return sorted(self.run("SELECT writer, mark FROM commits"))

    def verify(self) -> list[Any]:
        from apportion.storage.postgres.upkeep import PostgresUpkeep

        kept = PostgresUpkeep(self._url, cache_of=self.store.caches.of).verify()
        return [*kept, *PostgresUpkeep(self._url).verify()]

    def reopen(self) -> None:
        self.store.close()
        self.store = self._open()

    def close(self) -> None:
        self._beside.close()
        self.store.close()


@contextmanager
def opened_store(home: Path, name: str, fill: Callable[[Any], None]) -> Iterator[LocalStore]:
    """Open a store of the kind that is tested, filled by ``fill``; what is filled under a name is kept for others."""
    kind = tested_store()
    if kind == "sqlite":
        with closing(FileStore(home / "apportion.db", _file(name, fill))) as made:
            yield made
    else:
        from postgres_cluster import own_database

        # dropped afterwards: a run's databases would fill the memory of the machine
        with own_database(template=_database(name, fill)) as url:
            open_one = functools.partial(_opened_database, kind, home, url)
            with closing(DatabaseStore(url, open_one)) as made:
                yield made


def _opened_database(kind: str, home: Path, url: str) -> SqliteStore:
    from apportion.storage.postgres.store import PostgresStore
    from indexed_store import IndexedStore, indexed_settings

    if kind == "postgres":
        return cast("SqliteStore", PostgresStore(url, serving=True))
    return cast("SqliteStore", IndexedStore(indexed_settings(home, url)))


@functools.cache
def _database(name: str, fill: Callable[[Any], None]) -> str:
    from postgres_cluster import template_with

    return template_with(name, fill)


@functools.cache
def _file(name: str, fill: Callable[[Any], None]) -> bytes:
    return file_with(fill)

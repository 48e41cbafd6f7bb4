"""Verify and rebuild a PostgreSQL database; backups are PostgreSQL's own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from psycopg.raw_cursor import RawServerCursor

from apportion.domain.errors import BadRequestError
from apportion.ports.upkeep import Inconsistency, RebuildReport
from apportion.storage.checksums import COVERED, KEYS
from apportion.storage.sql.checks.derive_again import derive_again
from apportion.storage.sql.checks.store_check import (
    CHECKSUMS,
    check_datasets,
    guarded,
    stray_rows,
    wrong_checksums,
)
from apportion.storage.sql.index.cache import DatasetCache

from .connection import DatabaseError, PostgresConnection
from .create import check_version
from .database import Database

__all__ = ["PostgresUpkeep"]

_BACKUP = (
    "Back up PostgreSQL with its own programs: pg_dump --format custom for a copy, also while a server runs; "
    "pg_basebackup with an archive of the WAL to lose nothing at all."
)


class PostgresUpkeep:
    """``ports.upkeep.Upkeep`` of the database at ``url``, with its own connections.

    ``cache_of`` gives the caches to compare with the tables; without it, fresh ones are read and compared.
    """

    def __init__(self, url: str, *, cache_of: Callable[[int], DatasetCache] | None = None) -> None:
        self._url = url
        self._cache_of = cache_of
        with self._opened(hold=False) as database:
            database.initialise(check_version)

    @contextlib.contextmanager
    def _opened(self, *, hold: bool) -> Iterator[Database]:
        with contextlib.closing(Database(self._url, hold=hold)) as database:
            yield database

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        del target, progress
        raise BadRequestError(f"Nothing was written. {_BACKUP}")

    def verify(self) -> Sequence[Inconsistency]:
        with self._opened(hold=False) as database, database.read() as connection:
            return self._problems(connection)

    def _problems(self, connection: PostgresConnection) -> list[Inconsistency]:
        failed = threading.Event()
        problems = guarded("database", None, partial(stray_rows, connection.raw), failed.set)
        for table in COVERED:
            problems += guarded(CHECKSUMS, None, partial(_checksums, connection, table), failed.set)
        return problems + check_datasets(connection, failed.set, self._cache_of)

    def reindex(self, *, progress: Callable[[str, int, int], None] | None = None) -> RebuildReport:
        with self._opened(hold=True) as database:  # refused while a server runs
            database.write(partial(self._derive, progress or (lambda *_: None))).result()
        return RebuildReport(None, {})

    def _derive(self, progress: Callable[[str, int, int], None], connection: PostgresConnection) -> None:
        derive_again(connection, progress)
        connection.raw.execute("UPDATE feed SET no = no + 1")  # a gap: whoever has a cache reads it anew
        problems = [each for each in self._problems(connection) if each.check != CHECKSUMS]
        if problems:
            first = f"{problems[0].check}: {problems[0].message}"
            raise DatabaseError(
                f"What was made anew has {len(problems)} problems ({first}). Nothing was changed; please report this."
            )


def _checksums(connection: PostgresConnection, table: str) -> Iterator[str]:
    columns = ", ".join(f'"{name}"' for name in (*KEYS[table], "checksum", *COVERED[table]))
    cursor: RawServerCursor[Any]
    with RawServerCursor(connection.raw.link, "checked") as cursor:
        cursor.itersize = 2_000
        cursor.execute(f"SELECT {columns} FROM {table}".encode())
        yield from wrong_checksums(table, cursor)

"""Verify and rebuild a PostgreSQL database; backups are PostgreSQL's own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from apportion.ports.upkeep import Inconsistency, RebuildReport
from apportion.storage.checksums import COVERED, KEYS
from apportion.storage.sql.checks.derive_again import derive_again
from apportion.storage.sql.checks.store_check import (
    CHECKSUMS,
    Checks,
    as_step,
    stray_rows,
    wrong_checksums,
)
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.transfer import copied_tables

from .connection import DatabaseError, PostgresConnection
from .create import check_version
from .database import Database

__all__ = ["PostgresUpkeep", "problems_within", "read_whole"]

WriteFile = Callable[[PostgresConnection, Path, "Callable[[int, int], None] | None"], None]


class PostgresUpkeep:
    """``ports.upkeep.Upkeep`` of the database at ``url``, with its own connections.

    ``cache_of`` gives the caches to compare with the tables; without it, fresh ones are read and compared.
    ``write_file`` writes what a connection sees into a file; without it there are no backups.
    """

    def __init__(
        self,
        url: str,
        *,
        cache_of: Callable[[int], DatasetCache] | None = None,
        write_file: WriteFile | None = None,
    ) -> None:
        self._url = url
        self._write_file = write_file
        self._cache_of = cache_of
        with self._opened(hold=False) as database:
            database.initialise(check_version)

    @contextlib.contextmanager
    def _opened(self, *, hold: bool) -> Iterator[Database]:
        with contextlib.closing(Database(self._url, hold=hold)) as database:
            yield database

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        assert self._write_file is not None
        with self._opened(hold=False) as database, read_whole(database) as connection:
            self._write_file(connection, target, progress)

    def verify(self, *, progress: Callable[[str, int, int], None] | None = None) -> Sequence[Inconsistency]:
        with self._opened(hold=False) as database, database.read() as connection:
            return problems_within(connection, self._cache_of, progress)

    def reindex(self, *, progress: Callable[[str, int, int], None] | None = None) -> RebuildReport:
        with self._opened(hold=True) as database:  # refused while a server runs
            database.write(partial(self._derive, progress or (lambda *_: None))).result()
        return RebuildReport(None, {})

    def _derive(self, progress: Callable[[str, int, int], None], connection: PostgresConnection) -> None:
        derive_again(connection, progress)
        connection.raw.execute("UPDATE feed SET no = no + 1")  # a gap: whoever has a cache reads it anew
        # A wrong checksum is of what people entered, which deriving neither damages nor mends
        found = problems_within(connection, self._cache_of, as_step(progress))
        problems = [each for each in found if each.check != CHECKSUMS]
        if problems:
            first = f"{problems[0].check}: {problems[0].message}"
            raise DatabaseError(
                f"What was rebuilt has {len(problems)} problems ({first}). Nothing was changed; please report this."
            )


@contextlib.contextmanager
def read_whole(database: Database) -> Iterator[PostgresConnection]:
    """Yield a connection in a snapshot, in which nobody changes the form of a table."""
    names = ", ".join(table.name for table in copied_tables())
    with database.read() as connection:
        # A table that is rewritten meanwhile would look empty; the first statement, so that the snapshot is later
        connection.raw.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
        yield connection


def problems_within(
    connection: PostgresConnection,
    cache_of: Callable[[int], DatasetCache] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Inconsistency]:
    """Return all inconsistencies, as the transaction sees them."""
    checks = Checks(progress)
    checks.expect(2 + len(COVERED))
    checks.run("database", None, partial(stray_rows, connection.raw))
    checks.checksums(partial(_checksums, connection))
    checks.datasets(connection, cache_of)
    return checks.problems


def _checksums(connection: PostgresConnection, table: str) -> Iterator[str]:
    columns = ", ".join(f'"{name}"' for name in (*KEYS[table], "checksum", *COVERED[table]))
    rows = chain.from_iterable(connection.raw.stream(f"SELECT {columns} FROM {table}"))
    yield from wrong_checksums(table, rows)

"""One database as the source or the target of a transfer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import psycopg

from apportion.domain.errors import BadRequestError
from apportion.storage.sql.checks.store_check import as_step, contradictions_refused
from apportion.storage.sql.transfer import copied_tables, first_rows
from apportion.storage.versions import LATEST

from .connection import DatabaseError, PostgresConnection
from .create import check_version, create_in_transaction, upgrade_lock, version_of
from .database import Database, translate_error
from .upkeep import problems_within, read_whole

__all__ = ["filled_database", "opened_source"]


@contextlib.contextmanager
def opened_source(url: str) -> Iterator[PostgresConnection]:
    """Yield a connection in a snapshot of a database, on which no server runs. Raises ``DatabaseError``."""
    with contextlib.closing(Database(url, hold=True)) as database:
        database.initialise(check_version)
        with read_whole(database) as connection:
            yield connection


@contextlib.contextmanager
def filled_database(url: str, progress: Callable[[str, int, int], None]) -> Iterator[PostgresConnection]:
    """Yield a connection in a transaction on empty tables; then verify what was written, and commit.

    ``progress`` is told of the checks. Raises ``DatabaseError``; then nothing was changed.
    """
    with contextlib.closing(Database(url, hold=True)) as database:
        connection = database.initialise(lambda connection: connection)
        try:
            with upgrade_lock(connection):
                connection.begin()
                try:
                    _prepare(connection)
                    yield connection
                    # The planner knows nothing of what this transaction wrote, and verifying joins all of it
                    connection.raw.execute("ANALYZE")
                    contradictions_refused(problems_within(connection, progress=as_step(progress)))
                    connection.commit()
                except BaseException:
                    connection.roll_back()
                    raise
            # Deriving updated each record once: the dead rows are reused from now on
            connection.raw.link.execute("VACUUM (ANALYZE)")
        except Exception as failure:  # SQLAlchemy wraps the errors of the driver in its own
            explained = database.explained(failure)
            if explained is not None and isinstance(_cause(failure), psycopg.errors.InsufficientPrivilege):
                raise explained from None
            translated = translate_error(failure)
            if translated is failure:
                raise
            raise translated from failure


def _prepare(connection: PostgresConnection) -> None:
    """Create the tables, or lock those that are there and refuse if there is anything in them."""
    version = version_of(connection.raw)
    if version == 0:
        create_in_transaction(connection)
        return
    if version != LATEST:
        raise DatabaseError(
            f"The target has tables {version}, this version of Apportion knows {LATEST}. Give an empty database, or "
            "the version that made those tables."
        )
    # From before the look until the commit: nobody adds a row in between, and whoever reads is not stopped
    connection.raw.execute(f"LOCK TABLE {_names()} IN EXCLUSIVE MODE")
    found = first_rows(connection.raw)
    if found:
        raise BadRequestError(
            f"The target is not empty: it has {', '.join(found[:3])}. Nothing was changed. Give a database of its own: "
            "createdb --template template0 --encoding UTF8 --locale C NAME"
        )


def _names() -> str:
    return ", ".join(table.name for table in copied_tables())


def _cause(failure: Exception) -> object:
    return getattr(failure, "orig", failure)

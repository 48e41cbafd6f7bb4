"""``ports.store.Store`` on one PostgreSQL database."""

from __future__ import annotations

from apportion.ports.upkeep import StoreCondition
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.store import SqlStore
from apportion.storage.versions import LATEST

from .connection import PostgresConnection
from .create import migrate, version_of, wait_for_tables
from .database import Database
from .feed import TableFeed, prune_feed

__all__ = ["PostgresStore"]


class PostgresStore(SqlStore[PostgresConnection]):
    """Store in the database at ``url``, served by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    remote = True

    def __init__(
        self,
        url: str,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.database = database = Database(url, hold=hold, forget=self._forget)
        super().__init__(database, TableFeed(), limits, open_datasets)
        self._last_alive: int | None = None
        try:
            if hold and not allow_upgrade:
                database.initialise(wait_for_tables)
            database.initialise(lambda connection: migrate(connection, allowed=allow_upgrade))
            self._last_alive = database.initialise(_heartbeat)
        except BaseException as failure:
            database.close()
            explained = database.explained(failure)
            if explained is not None:
                raise explained from None
            raise

    def _forget(self) -> None:
        self.caches.forget_all()

    def condition(self) -> StoreCondition:
        alive, waiting, urgent, busy = self.database.writer.line()
        with self.database.read() as connection:
            (size,) = connection.raw.execute("SELECT pg_database_size(current_database())").fetchone()
            tables = version_of(connection.raw)
        return StoreCondition(
            writing=alive,
            waiting=waiting,
            urgent=urgent,
            busy=busy,
            tables=tables,
            tables_wanted=LATEST,
            size=size,
            log_size=0,
            free=None,
        )

    def look(self) -> str | None:
        return None

    def last_heartbeat(self) -> int | None:
        return self._last_alive

    def record_heartbeat(self, now: int) -> None:
        if self.database.holding:
            self.database.write(lambda connection: _beat(connection, now)).result()


def _heartbeat(connection: PostgresConnection) -> int | None:
    (at,) = connection.raw.execute("SELECT max(at) FROM heartbeat").fetchone()
    return None if at is None else int(at)


def _beat(connection: PostgresConnection, now: int) -> None:
    connection.raw.execute("DELETE FROM commits WHERE at < now() - interval '30 days'")
    prune_feed(connection.raw)
    if not connection.raw.execute("UPDATE heartbeat SET at = ?", (now,)).rowcount:
        connection.raw.execute("INSERT INTO heartbeat VALUES (?)", (now,))

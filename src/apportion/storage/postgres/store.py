"""``ports.store.Store`` on one PostgreSQL database."""

from __future__ import annotations

from collections.abc import Container

from apportion.ports.upkeep import StoreCondition
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.store import SqlStore
from apportion.storage.versions import LATEST

from .connection import PostgresConnection
from .create import check_upgraded, migrate, version_of, wait_for_tables
from .database import Database
from .feed import TableFeed, prune_feed
from .session import ServerSession

__all__ = ["PostgresStore"]


class PostgresStore(SqlStore[PostgresConnection]):
    """Store in the database at ``url``.

    With ``serving`` it is one of the servers there: the others know as long as it is alive. ``open_datasets`` is how
    many datasets keep their caches in memory, the least recently used being dropped first.
    """

    remote = True

    def __init__(
        self,
        url: str,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        serving: bool = False,
    ) -> None:
        self.database = database = Database(url, forget=self._forget)
        super().__init__(database, TableFeed(), limits, open_datasets)
        self._session: ServerSession | None = None
        try:
            if serving and not allow_upgrade:
                database.initialise(wait_for_tables)
            database.initialise(lambda connection: migrate(connection, allowed=allow_upgrade))
            if serving:
                self._session = ServerSession(url)
                # Once the others can see that it is there: an upgrade may have begun before they could
                database.initialise(check_upgraded)
        except BaseException as failure:
            if self._session is not None:
                self._session.close()
            database.close()
            explained = database.explained(failure)
            if explained is not None:
                raise explained from None
            raise

    @property
    def server(self) -> int:
        return super().server if self._session is None else self._session.number

    def living(self) -> Container[int]:
        return super().living() if self._session is None else self._session.living()

    @property
    def cluster(self) -> ServerSession | None:
        return self._session

    def close(self) -> None:
        super().close()
        if self._session is not None:
            self._session.close()  # last: until here there may have been something at work

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
            search=None if self.accelerator is None else self.accelerator.condition(),
        )

    def check_files(self) -> str | None:
        return None

    def last_heartbeat(self) -> int | None:
        with self.database.read() as connection:
            (at,) = connection.raw.execute("SELECT max(at) FROM heartbeat").fetchone()
        return None if at is None else int(at)

    def record_heartbeat(self, now: int) -> None:
        if self._session is not None:
            self.database.write(lambda connection: _beat(connection, now)).result()


def _beat(connection: PostgresConnection, now: int) -> None:
    # A mark is asked for within seconds; old ones are of processes that ended, each of which had its own name
    connection.raw.execute("DELETE FROM commits WHERE at < now() - interval '30 days'")
    prune_feed(connection.raw)
    if not connection.raw.execute("UPDATE heartbeat SET at = ?", (now,)).rowcount:
        connection.raw.execute("INSERT INTO heartbeat VALUES (?)", (now,))

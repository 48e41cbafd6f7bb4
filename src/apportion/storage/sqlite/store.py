"""``ports.store.Store`` on one SQLite file."""

from __future__ import annotations

from pathlib import Path

from apportion.ports.upkeep import StoreCondition
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.store import SqlStore

from .condition import condition_of
from .connection import SqliteConnection
from .database import Database
from .disk_space import release_disk_space
from .feed import LocalFeed
from .migrate import migrate
from .startup_check import check_sound

__all__ = ["SqliteStore"]


class SqliteStore(SqlStore[SqliteConnection]):
    """Store in one file at ``path``, opened by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    remote = False

    def __init__(
        self,
        path: Path,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.database = Database(path, hold=hold)
        feed = LocalFeed(lambda changes, number: self.caches.apply(changes, number))
        self.database.last_change = lambda: feed.number
        super().__init__(self.database, feed, limits, open_datasets)
        self.upgraded_from: Path | None = None
        """The copy made before an upgrade, when there was one."""
        try:
            if hold:
                self.database.initialise(lambda connection: check_sound(connection.raw, path))
            self.upgraded_from = self.database.initialise(
                lambda connection: migrate(connection, path, allowed=allow_upgrade)
            )
        except BaseException:
            self.database.close()
            raise

    def _release_disk_space(self, connection: SqliteConnection) -> bool:
        return release_disk_space(connection.raw, 500)

    def condition(self) -> StoreCondition:
        return condition_of(self.database)

    def lock(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self.database.lock()

    def check_files(self) -> str | None:
        return self.database.check_files()

    def last_heartbeat(self) -> int | None:
        return self.database.last_alive

    def record_heartbeat(self, now: int) -> None:
        self.database.record_heartbeat(now)

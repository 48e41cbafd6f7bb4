"""Open the store: the only module that knows which storage engines there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apportion.domain.errors import BadRequestError, StorageFullError, StoreUnavailableError
from apportion.ports.upkeep import CannotOpenError, RestoreReport
from apportion.settings import Settings

if TYPE_CHECKING:
    from apportion.ports.store import Store
    from apportion.ports.upkeep import Upkeep
    from apportion.storage.opensearch.open import SearchOptions
    from apportion.storage.opensearch.upkeep import IndexUpkeep
    from apportion.storage.sql.connection import SqlConnection
    from apportion.storage.sql.query.accelerator import SearchAccelerator

__all__ = [
    "check_connections",
    "move_store",
    "open_index_upkeep",
    "open_store",
    "open_upkeep",
    "restore_store",
]


def open_store(
    settings: Settings,
    *,
    serving: bool = False,
    allow_upgrade: bool = True,
    upgraded: Callable[[Path], None] | None = None,
) -> Store:
    """Open the store of these settings and return it; folder, file and tables are created if there are none.

    ``serving`` locks it, so that no second server can. ``upgraded`` is called with the path of the copy that was
    made before an upgrade of a file. Raises ``CannotOpenError``.
    """
    from apportion.storage.sql.records.record_writer import MetadataLimits

    limits = MetadataLimits(
        metadata_fields=settings.metadata_fields_limit, vectors=settings.vectors_fields_limit
    )
    if settings.database_url:
        with _translated_postgres_errors(settings):
            from apportion.storage.postgres.store import PostgresStore

            if (
                serving and settings.processes == 1
            ):  # of several, all were counted before the first was started
                check_connections(settings, 1)
            database = PostgresStore(
                settings.database_url, limits=limits, allow_upgrade=allow_upgrade, serving=serving
            )
            if serving and settings.opensearch_url:
                database.accelerator = _search(settings)
            return database
    if serving and settings.opensearch_url:
        raise CannotOpenError(
            "APPORTION_OPENSEARCH_URL needs a PostgreSQL database, and APPORTION_DATABASE_URL is not set. A file is "
            "searched without OpenSearch: unset the one, or set the other."
        )
    from apportion.storage.sqlite.store import SqliteStore

    with _translated_errors(settings.database):
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_emptied(settings)
        store = SqliteStore(settings.database, limits=limits, allow_upgrade=allow_upgrade, hold=serving)
    if store.upgraded_from is not None and upgraded is not None:
        upgraded(store.upgraded_from)
    return store


def open_index_upkeep(settings: Settings) -> IndexUpkeep:
    """Return the maintenance of the search indexes of the store of these settings. Raises ``CannotOpenError``."""
    if not settings.database_url or not settings.opensearch_url:
        raise CannotOpenError(
            "There are no search indexes: APPORTION_DATABASE_URL and APPORTION_OPENSEARCH_URL have to be set, to what "
            "they are for the servers."
        )
    open_store(settings, allow_upgrade=False).close()
    with _translated_postgres_errors(settings):
        from apportion.storage.opensearch.open import open_indexer
        from apportion.storage.opensearch.upkeep import IndexUpkeep
        from apportion.storage.postgres.indexing import PostgresIndexSource

        return IndexUpkeep(
            open_indexer(_search_options(settings), PostgresIndexSource(settings.database_url))
        )


def _search(settings: Settings) -> SearchAccelerator:
    """Return the search of large datasets in OpenSearch, which begins to index them."""
    from apportion.storage.opensearch.open import open_search
    from apportion.storage.postgres.indexing import PostgresIndexSource, reach_of

    try:
        return open_search(_search_options(settings), PostgresIndexSource(settings.database_url), reach_of)
    except (OSError, ValueError) as wrong:
        raise CannotOpenError(f"OpenSearch can't be used as it is set: {wrong}.") from wrong


def _search_options(settings: Settings) -> SearchOptions:
    from apportion.storage.opensearch.open import SearchOptions

    return SearchOptions(
        urls=settings.opensearch_url.split(","),
        user=settings.opensearch_user,
        password=settings.opensearch_password,
        ca=settings.opensearch_ca,
        replicas=settings.opensearch_replicas,
        search_from=settings.search_from,
    )


def check_connections(settings: Settings, processes: int) -> None:
    """Refuse a PostgreSQL that has too few connections for so many more servers. Raises ``CannotOpenError``."""
    if settings.database_url:
        with _translated_postgres_errors(settings):
            from apportion.storage.postgres.capacity import check_capacity

            check_capacity(
                settings.database_url,
                processes=processes,
                readers=settings.readers,
                indexing=bool(settings.opensearch_url),
            )


def _refuse_emptied(settings: Settings) -> None:
    """Refuse an empty file in a folder where a server has run: it would start as a new one, with all data gone."""
    path, secret = settings.database, settings.home / "secret"
    if path.is_file() and path.stat().st_size == 0 and secret.exists():
        raise CannotOpenError(
            f"{path} is empty, and a server has run here before: {secret} lies beside it. Restore a backup with "
            "`apportion restore BACKUP --force`; or delete the empty file to begin with nothing."
        )


def open_upkeep(settings: Settings) -> Upkeep:
    """Return the maintenance operations for the store of these settings. Raises ``CannotOpenError``."""
    if settings.database_url:
        with _translated_postgres_errors(settings):
            from apportion.storage.postgres.upkeep import PostgresUpkeep

            return PostgresUpkeep(settings.database_url, write_file=_written_backup)
    from apportion.storage.sqlite.upkeep import SqliteUpkeep

    with _translated_errors(settings.database):
        return SqliteUpkeep(settings.database)


def restore_store(
    settings: Settings,
    file: Path,
    *,
    force: bool,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> RestoreReport:
    """Replace the store of these settings by a backup. Raises ``CannotOpenError``."""
    if settings.database_url:
        _restore_database(settings, file, force=force, progress=progress)
        return RestoreReport(None, older=False)
    from apportion.storage.sqlite.upkeep import restore

    with _translated_errors(settings.database):
        return restore(settings.database, file, force=force, progress=progress)


def _restore_database(
    settings: Settings, file: Path, *, force: bool, progress: Callable[[str, int, int], None]
) -> None:
    """Fill an empty database from a backup, in which nobody is signed in."""
    if force:
        raise BadRequestError(
            "Nothing was changed: --force is for a file, which is kept beside. Create an empty database, and give its "
            "address: createdb --template template0 --encoding UTF8 --locale C NAME"
        )
    if not file.is_file():
        raise BadRequestError(f"There is no file {file}.")
    move_store(file, settings.database_url, tell=progress, end_sessions=True)


def move_store(
    source: Path | str,
    target: Path | str,
    *,
    tell: Callable[[str, int, int], None] = lambda *_: None,
    end_sessions: bool = False,
) -> Mapping[str, int]:
    """Copy everything that people put in from one store into an empty other one; return how many rows of each table.

    Each is the path of a file, or the address of a database. ``tell`` is called with what is being done, how far it
    is, and of how much. Raises ``CannotOpenError`` or ``BadRequestError``; then nothing was changed.
    """
    from apportion.storage.sql.transfer import transfer

    with _opened_source(source) as read, _opened_target(target, tell) as written:
        done = transfer(read, written, tell)
        if end_sessions:
            written.raw.execute("DELETE FROM sessions")
    return done.rows


@contextmanager
def _opened_source(place: Path | str) -> Iterator[SqlConnection]:
    if isinstance(place, str):
        with _translated_postgres_errors(Settings(database_url=place)):
            from apportion.storage.postgres.transfer import opened_source

            with opened_source(place) as connection:
                yield connection
        return
    from apportion.storage.sqlite.transfer import opened_source as opened_file

    with _translated_errors(place), opened_file(place) as connection:
        yield connection


@contextmanager
def _opened_target(place: Path | str, tell: Callable[[str, int, int], None]) -> Iterator[SqlConnection]:
    if isinstance(place, str):
        with _translated_postgres_errors(Settings(database_url=place)):
            from apportion.storage.postgres.transfer import filled_database

            with filled_database(place, tell) as connection:
                yield connection
        return
    from apportion.storage.sqlite.transfer import written_file

    with _translated_errors(place), written_file(place, tell) as connection:
        yield connection


def _written_backup(source: SqlConnection, target: Path, progress: Callable[[int, int], None] | None) -> None:
    """Write what a connection sees into a file, which appears only once it is complete."""
    from apportion.storage.sql.transfer import transfer
    from apportion.storage.sqlite.transfer import written_file

    def tell(_: str, done: int, total: int) -> None:
        if progress is not None:
            progress(total - done, total)

    with _translated_errors(target), written_file(target, backup=True) as written:
        transfer(source, written, tell)


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Translate the engine's errors on opening into ``CannotOpenError``, which other layers know."""
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as failure:
        if "file is not a database" in str(failure) or "malformed" in str(failure):
            from apportion.storage.sqlite.connection import damaged

            raise damaged(path, failure) from failure
        raise CannotOpenError(f"{path} can't be opened: {failure}.") from failure
    except OSError as failure:
        raise CannotOpenError(f"{path} can't be opened: {failure}.") from failure


@contextmanager
def _translated_postgres_errors(settings: Settings) -> Iterator[None]:
    """Translate the errors of PostgreSQL and of a driver that is not there into ``CannotOpenError``."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "psycopg":
            raise
        raise CannotOpenError(
            "APPORTION_DATABASE_URL names a PostgreSQL database, and the driver for it is not installed. Run "
            "`pip install 'apportion[server,postgres]'`."
        ) from missing
    except (StoreUnavailableError, StorageFullError) as failure:
        raise CannotOpenError(f"{settings.store_name} can't be opened: {failure}") from failure

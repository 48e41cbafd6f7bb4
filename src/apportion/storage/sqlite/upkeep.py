"""Back up, verify, rebuild and restore the file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from apportion.domain.errors import BadRequestError, StorageFullError
from apportion.ports.upkeep import Inconsistency, RebuildReport, RestoreReport
from apportion.storage.checksums import COVERED
from apportion.storage.sql.checks.store_check import CHECKSUMS, Checks, as_step
from apportion.storage.sql.index.cache import DatasetCache

from .connection import DatabaseError, SqliteConnection, check_file, damaged
from .file_check import check_checksums, check_rows, unreadable_rows
from .file_swap import (
    PAGES_AT_ONCE,
    check_backup,
    claimed,
    digest_beside,
    holds_something,
    put_in_place,
    refuse_beside,
    replace_file,
    sha256_of,
)
from .migrate import LATEST, version_of
from .rebuild import rebuild

__all__ = ["SqliteUpkeep", "restore"]


class SqliteUpkeep:
    """``ports.upkeep.Upkeep`` of the file at ``path``, with its own connections.

    ``cache_of`` gives the caches to compare with the tables; without it, fresh ones are read and compared.
    Caches that are in use are only compared fairly while nobody writes.
    """

    def __init__(self, path: Path, *, cache_of: Callable[[int], DatasetCache] | None = None) -> None:
        if not path.is_file():
            raise DatabaseError(f"There is no database at {path}. Set APPORTION_HOME, or give --home.")
        self._path = path
        self._cache_of = cache_of
        with self._open() as connection:
            check_file(connection.raw, path)
            version = version_of(connection.raw)
        if version != LATEST:
            raise DatabaseError(
                f"{path} has tables {version}, this version of Apportion knows {LATEST}. Run `apportion db "
                "migrate`, or install the version that wrote it."
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[SqliteConnection]:
        try:
            connection = SqliteConnection(self._path, readonly=True)
        except sqlite3.DatabaseError as broken:
            raise damaged(self._path, broken) from broken
        try:
            yield connection
        finally:
            connection.close()

    def backup(self, target: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        if target.exists() and target.samefile(self._path):
            raise BadRequestError(f"{target} is the database itself.")
        refuse_beside(target)
        part = target.with_name(f"{target.name}.part")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))  # it holds password hashes
            self._copy(part, progress)
            line = f"{sha256_of(part)}  {target.name}\n"
            digest_beside(target).unlink(missing_ok=True)  # so that it never belongs to another file
            os.replace(part, target)
            digest_beside(target).write_text(line, "utf-8")
        except (sqlite3.Error, OSError) as failure:
            raise StorageFullError(
                f"The copy couldn't be written: {failure}. {part} is removed."
            ) from failure
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, part: Path, progress: Callable[[int, int], None] | None) -> None:
        def report(_: int, left: int, total: int) -> None:
            if progress is not None:
                progress(left, total)

        with self._open() as connection, contextlib.closing(sqlite3.connect(part)) as copy:
            # A snapshot held from the first page to the last: without it SQLite would begin again after
            # every write, and never be done on a busy server. In WAL mode it stops no writer.
            connection.raw.execute("BEGIN")
            connection.raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.raw.backup(copy, pages=PAGES_AT_ONCE, progress=report)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file; the server that opens it sets WAL again
        with part.open("rb+") as file:
            os.fsync(file.fileno())

    def reindex(self, *, progress: Callable[[str, int, int], None] | None = None) -> RebuildReport:
        part = self._path.with_name(f"{self._path.name}.part")
        with claimed(self._path), self._open() as connection:
            # Else SQLite refuses BEGIN IMMEDIATE
            connection.raw.execute("PRAGMA query_only=OFF")
            try:
                connection.raw.execute(
                    "BEGIN IMMEDIATE"
                )  # no writes meanwhile: they would be in the old file only
            except sqlite3.Error as busy:
                raise DatabaseError(f"{self._path} is being written to: {busy}. Try again.") from busy
            try:
                _empty(part)
                left = rebuild(connection, part, progress or (lambda *_: None))
                problems = _contradictions(
                    SqliteUpkeep(part).verify(progress=as_step(progress) if progress else None)
                )
                if problems:
                    first = f"{problems[0].check}: {problems[0].message}"
                    raise DatabaseError(
                        f"The rebuilt file has {len(problems)} problems ({first}). Nothing was changed; please "
                        "report this."
                    )
                connection.raw.execute("ROLLBACK")
                kept = put_in_place(part, self._path, "before-reindex")
            except (sqlite3.OperationalError, OSError) as failure:
                raise StorageFullError(f"The new file couldn't be written: {failure}.") from failure
            finally:
                _remove(part)
        assert kept is not None
        return RebuildReport(kept, left)

    def verify(self, *, progress: Callable[[str, int, int], None] | None = None) -> Sequence[Inconsistency]:
        checks = Checks(progress)
        checks.expect(2 + len(COVERED))
        with self._open() as connection:
            raw = connection.raw
            raw.execute("PRAGMA query_only=OFF")  # for temporary tables; the file is not written to
            raw.execute("PRAGMA temp_store=FILE")  # for sorting millions of rows
            raw.execute("BEGIN")
            checks.run("file", None, partial(check_rows, raw))
            checks.checksums(partial(check_checksums, raw))
            checks.datasets(connection, self._cache_of)
            if checks.failed:
                checks.run("file", None, partial(unreadable_rows, raw))
        return checks.problems


def restore(
    path: Path, file: Path, *, force: bool, progress: Callable[[str, int, int], None] = lambda *_: None
) -> RestoreReport:
    """Replace the file at ``path`` by a backup, once that has been verified."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and file.exists() and file.samefile(path):
        raise BadRequestError(f"{file} is the database itself.")
    part = path.with_name(f"{path.name}.part")
    with claimed(path):
        if not force and holds_something(path):
            raise BadRequestError(
                f"{path} is not empty. Nothing was changed; with --force the backup takes its place, and it is kept "
                "beside."
            )
        version = check_backup(file)
        try:
            replace_file(file, part)
            checked = SqliteUpkeep(part).verify(progress=as_step(progress)) if version == LATEST else []
            if problems := _contradictions(checked):
                first = f"{problems[0].check}: {problems[0].message}"
                raise DatabaseError(
                    f"{file} does not agree with itself: {len(problems)} problems, the first one being {first} "
                    "Use another backup; or restore it elsewhere and run `apportion reindex` there."
                )
            end_sessions(part)
            kept = put_in_place(part, path, "before-restore")
            path.with_suffix(".lock").write_text("")  # the last heartbeat is not that of this file
        except (sqlite3.OperationalError, OSError) as failure:
            raise StorageFullError(f"The backup couldn't be copied: {failure}.") from failure
        finally:
            _remove(part)
    return RestoreReport(kept, version < LATEST)


def _contradictions(problems: Sequence[Inconsistency]) -> list[Inconsistency]:
    """Leave out values with a wrong checksum: copying does not make them worse, and the rest is worth keeping."""
    return [each for each in problems if each.check != CHECKSUMS]


def end_sessions(part: Path) -> None:
    """End every session of a copy: some may have been ended on purpose since it was made."""
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as raw:
        raw.execute("DELETE FROM sessions")


def _empty(part: Path) -> None:
    """Create an empty file that only its owner may read."""
    _remove(part)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds password hashes


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)

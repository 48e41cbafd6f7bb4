"""One file as the source or the target of a transfer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from apportion.domain.errors import BadRequestError, StorageFullError
from apportion.storage.sql.checks.store_check import as_step, contradictions_refused
from apportion.storage.sql.transfer import first_rows

from .connection import DatabaseError, SqliteConnection, check_file, claim
from .file_swap import check_backup, digest_beside, put_in_place, refuse_beside, sha256_of
from .migrate import LATEST, version_of
from .new_file import filled_file
from .startup_check import check_sound
from .upkeep import SqliteUpkeep

__all__ = ["opened_source", "written_file"]


@contextlib.contextmanager
def opened_source(path: Path) -> Iterator[SqliteConnection]:
    """Yield a connection in a snapshot of a file, which nobody writes to meanwhile. Raises ``DatabaseError``."""
    version = check_backup(path) if digest_beside(path).exists() else _version_of(path)
    if version != LATEST:
        raise DatabaseError(
            f"{path} has tables {version}, this version of Apportion knows {LATEST}. Bring an older one up to date "
            f"first: `apportion restore {path} --home FOLDER`, `apportion db migrate --home FOLDER`. A newer one needs "
            "the version that wrote it."
        )
    with _lock(path), contextlib.closing(SqliteConnection(path, readonly=True)) as connection:
        raw = connection.raw
        check_sound(raw, path)
        # Under ``query_only`` SQLite refuses BEGIN IMMEDIATE, although nothing is written here
        raw.execute("PRAGMA query_only=OFF")
        try:
            raw.execute("BEGIN IMMEDIATE")  # commands that write would be in this file only
        except sqlite3.OperationalError as failure:
            if "readonly" not in str(failure):
                raise DatabaseError(f"{path} is being written to: {failure}. Try again.") from failure
            raw.execute("BEGIN")  # nobody can write to it
        raw.execute("PRAGMA query_only=ON")
        yield connection


def _version_of(path: Path) -> int:
    if not path.is_file():
        raise DatabaseError(f"There is no database at {path}.")
    with contextlib.closing(SqliteConnection(path, readonly=True)) as connection:
        if not version_of(connection.raw):
            raise DatabaseError(f"{path} is no database of Apportion, or an empty one.")
        return version_of(connection.raw)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Lock the file, so that no server starts on it; refuse while one runs."""
    if not os.access(path.parent, os.W_OK):  # no server can run there either
        yield
        return
    try:
        handle = claim(path)
    except DatabaseError as busy:
        raise DatabaseError(
            f"A server is running on {path}. Stop it first: what people do meanwhile would be lost."
        ) from busy
    with handle:
        yield


@contextlib.contextmanager
def written_file(
    path: Path, progress: Callable[[str, int, int], None] = lambda *_: None, *, backup: bool = False
) -> Iterator[SqliteConnection]:
    """Yield a connection in a transaction on empty tables; then verify the new file and put it under its name.

    Until then there is nothing, or the empty database that was there. With ``backup`` the file may be one that is
    replaced, and its checksum is written beside it. ``progress`` is told of the checks. Raises
    ``DatabaseError``.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with contextlib.nullcontext() if backup else _lock(path):
        if backup:
            refuse_beside(path)
        else:
            _refuse_used(path)
        try:
            _empty(part)
            with filled_file(part) as connection:
                yield connection
            contradictions_refused(SqliteUpkeep(part).verify(progress=as_step(progress)))
            if backup:
                _put_backup(part, path)
            else:
                kept = put_in_place(part, path, "before-move")
                if kept is not None:
                    _remove(kept)  # it was empty
        except sqlite3.OperationalError as failure:
            raise StorageFullError(
                f"{path} couldn't be written: {failure}. Nothing was changed."
            ) from failure
        finally:
            _remove(part)


def _put_backup(part: Path, path: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    line = f"{sha256_of(part)}  {path.name}\n"
    digest_beside(path).unlink(missing_ok=True)  # so that it never belongs to another file
    os.replace(part, path)
    digest_beside(path).write_text(line, "utf-8")


def _refuse_used(path: Path) -> None:
    """Refuse a file in which there is anything."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with contextlib.closing(SqliteConnection(path, readonly=True)) as connection:
        check_file(connection.raw, path)
        version = version_of(connection.raw)
        if version not in (0, LATEST):
            raise DatabaseError(f"{path} has tables {version}, this version of Apportion knows {LATEST}.")
        found = first_rows(connection.raw) if version else []
    if found:
        raise BadRequestError(
            f"{path} is not empty: it has {', '.join(found[:3])}. Nothing was changed. Give another home or file."
        )


def _empty(part: Path) -> None:
    """Create an empty file that only its owner may read."""
    _remove(part)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds password hashes


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)

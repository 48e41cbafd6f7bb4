"""Another file in the place of the one that is there: from a backup, or made anew."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from apportion.domain.errors import BadRequestError

from .database import APPLICATION_ID, DatabaseError, claim
from .migrate import LATEST, free_name, version_of

__all__ = [
    "check_backup",
    "claimed",
    "digest_beside",
    "holds_something",
    "put_in_place",
    "replace_file",
    "sha256_of",
]

PAGES_AT_ONCE = 1024


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """The file of which no server takes hold meanwhile; refused while one has."""
    handle = claim(path)
    try:
        yield
    finally:
        handle.close()


def digest_beside(file: Path) -> Path:
    """Where the checksum of a backup is, in the form of ``sha256sum``."""
    return file.with_name(f"{file.name}.sha256")


def sha256_of(file: Path) -> str:
    """The checksum of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def check_backup(file: Path) -> int:
    """Refuse a file that is no backup of ours, is damaged, or is too new; else which step its tables have reached."""
    if not file.is_file():
        raise BadRequestError(f"There is no file {file}.")
    beside = digest_beside(file)
    if beside.is_file():
        told = beside.read_text("utf-8", "replace").partition(" ")[0].strip().lower()
        if told != sha256_of(file):
            raise DatabaseError(
                f"{file} is damaged: it is not what {beside.name} was written for. Use another backup."
            )
    try:
        with contextlib.closing(_read_only(file)) as raw:
            (mark,) = raw.execute("PRAGMA application_id").fetchone()
            version = version_of(raw)
            if mark != APPLICATION_ID or version == 0:
                raise DatabaseError(f"{file} is no backup of Apportion.")
            if version > LATEST:
                raise DatabaseError(
                    f"{file} was written by a newer version of Apportion (tables {version}, this one knows "
                    f"{LATEST}). Install that version first."
                )
            for (message,) in raw.execute("PRAGMA integrity_check(1)"):
                if message != "ok":
                    raise DatabaseError(f"{file} is damaged: {message}. Use another backup.")
    except sqlite3.DatabaseError as damaged:
        raise DatabaseError(
            f"{file} is not a database, or is damaged: {damaged}. Use another backup."
        ) from damaged
    return version


def _read_only(file: Path) -> sqlite3.Connection:
    """A connection that changes nothing, not even beside the file if nothing is there that belongs to it."""
    wal = file.with_name(f"{file.name}-wal")
    how = "mode=ro" if wal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)


def replace_file(file: Path, part: Path) -> None:
    """Copy a backup to ``part``, ready to be used; only its owner may read it."""
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with contextlib.closing(_read_only(file)) as source, contextlib.closing(sqlite3.connect(part)) as copy:
        source.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode=DELETE")


def holds_something(path: Path) -> bool:
    """Whether a file has users, workspaces or datasets; one that cannot be read may have."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        with contextlib.closing(sqlite3.connect(path)) as raw:
            tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            wanted = tables & {"users", "workspaces", "datasets"}
            return any(raw.execute(f"SELECT 1 FROM {each} LIMIT 1").fetchone() for each in wanted) or (
                not wanted and bool(tables)
            )
    except sqlite3.DatabaseError:
        return True


def put_in_place(part: Path, path: Path, kept_as: str) -> Path | None:
    """Let ``part`` be the file from now on, in one step; where the one before is kept, if there was one.

    A write-ahead log beside the old file would be taken for the new one's: it is written into the old one, or
    goes along with it where that is too damaged.
    """
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    kept = None
    if path.exists():
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        kept = free_name(path, kept_as)
        try:
            os.link(path, kept)
        except OSError:  # a file system without links
            shutil.copy2(path, kept)
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists():
            if wal.stat().st_size:
                os.replace(wal, kept.with_name(f"{kept.name}-wal"))
            else:
                wal.unlink()
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept

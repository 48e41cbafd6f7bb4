"""Replace the database file by another one: a backup, or a rebuilt file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from apportion.domain.errors import BadRequestError

from .connection import APPLICATION_ID, DatabaseError, claim
from .migrate import LATEST, free_name, version_of

__all__ = [
    "check_backup",
    "claimed",
    "digest_beside",
    "holds_something",
    "put_in_place",
    "refuse_beside",
    "replace_file",
    "sha256_of",
]

PAGES_AT_ONCE = 1024


def refuse_beside(target: Path) -> None:
    """Refuse to write a file beside the log of another database, which would be taken for its own."""
    for suffix in ("-wal", "-journal"):
        beside = target.with_name(target.name + suffix)
        if beside.exists():
            raise BadRequestError(
                f"{beside} belongs to another database and would be taken for this one's. Move it away."
            )


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Lock the file, so that no server opens it meanwhile; refuse while one has it open."""
    handle = claim(path)
    try:
        yield
    finally:
        handle.close()


def digest_beside(file: Path) -> Path:
    """Return the path of a backup's checksum, which has the form of ``sha256sum``."""
    return file.with_name(f"{file.name}.sha256")


def sha256_of(file: Path) -> str:
    """Compute the checksum of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def check_backup(file: Path) -> int:
    """Refuse a file that is no backup of ours, is damaged, or is too new; return its last migration."""
    if not file.is_file():
        raise BadRequestError(f"There is no file {file}.")
    beside = digest_beside(file)
    if beside.is_file():
        expected = beside.read_text("utf-8", "replace").partition(" ")[0].strip().lower()
        if expected != sha256_of(file):
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
    """Open a connection that changes nothing; without a log beside the file it creates no other files either."""
    wal = file.with_name(f"{file.name}-wal")
    how = "mode=ro" if wal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)


def replace_file(file: Path, part: Path) -> None:
    """Copy a backup to ``part``, ready to be used; only its owner may read it."""
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with contextlib.closing(_read_only(file)) as source, contextlib.closing(sqlite3.connect(part)) as copy:
        source.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file without a log, which can be renamed alone


def holds_something(path: Path) -> bool:
    """Return True if a file has users, workspaces or datasets, or cannot be read and so may have some."""
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
    """Replace the file by ``part`` in one step; return where the old one is kept, if there was one.

    A write-ahead log beside the old file would be taken for the new one's: it is written into the old one, or
    renamed with it where that is too damaged.
    """
    with part.open("rb+") as file:
        os.fsync(file.fileno())  # before the rename, or a power cut may leave half a file under the name
    kept = None
    if path.exists():
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        kept = free_name(path, kept_as)
        try:  # a link, not a rename: at no moment is there no file under the name
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
    # A rename is on the disk only once its folder is
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept

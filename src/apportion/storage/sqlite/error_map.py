"""Translate errors of SQLite about its file or its disk."""

from __future__ import annotations

import sqlite3

from apportion.domain.errors import StorageDamagedError, StorageFullError, StorageUnwritableError

__all__ = ["damage_in", "interrupted", "translate_error"]


def translate_error(failure: BaseException) -> BaseException:
    """Return the error that explains a failure of SQLite to users; any other failure as it is."""
    cause = _cause(failure)
    text = str(cause)
    refusal: BaseException
    if damage_in(failure) is not None:
        refusal = StorageDamagedError(
            f"A part of the server's file is damaged ({text}). This request couldn't be answered, and nothing of it "
            "was kept. Whoever runs the server: stop it and run `apportion verify`, then `apportion reindex`, or else "
            "`apportion restore BACKUP --force`."
        )
    elif not isinstance(cause, sqlite3.OperationalError):
        return failure
    elif "full" in text:
        refusal = StorageFullError(
            f"The server couldn't write to its disk ({text}). Nothing of this request was kept; "
            "free some space and send it again."
        )
    elif "disk I/O" in text or "readonly" in text:
        refusal = StorageUnwritableError(
            f"The server's disk refuses to be written to ({text}); it may be mounted read-only, or broken. Nothing of "
            "this request was kept; send it again once the disk can be written to."
        )
    else:
        return failure
    refusal.__cause__ = failure
    return refusal


def damage_in(failure: BaseException) -> str | None:
    """Return SQLite's message about a damaged file, if that is what this failure is about."""
    cause = _cause(failure)
    # Damage, and little else, is of this very class and of none of those below it
    if type(cause) is not sqlite3.DatabaseError:
        return None
    text = str(cause)
    known = ("malformed", "not a database", "corrupt", "constructor failed")
    return text if any(each in text for each in known) else None


def interrupted(failure: BaseException) -> bool:
    """Return whether a statement was ended because its deadline had come."""
    cause = _cause(failure)
    return isinstance(cause, sqlite3.OperationalError) and str(cause) == "interrupted"


def _cause(failure: BaseException) -> BaseException:
    """Return SQLite's own error, which SQLAlchemy wraps in its own."""
    found = getattr(failure, "orig", None)
    return found if isinstance(found, BaseException) else failure

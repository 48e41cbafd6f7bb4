"""Detect that files a server has opened were deleted or replaced."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Presence"]

_Identity = tuple[int, int]


class Presence:
    """Identity of the file and its write-ahead log in the file system.

    A file that is deleted while it is open stays usable without a name: all seems well, and whatever was written to
    it is gone once the process ends.
    """

    def __init__(self, path: Path) -> None:
        self._known: dict[Path, _Identity | None] = {
            each: _identity(each) for each in (path, path.with_name(f"{path.name}-wal"))
        }

    def lost(self) -> str | None:
        """Return what has happened to one of the files; None where both are in their place."""
        for path, known in self._known.items():
            found = _identity(path)
            if known is None:  # the log comes to be with the first write
                self._known[path] = found
            elif found is None:
                return f"{path.name} was deleted"
            elif found != known:
                return f"{path.name} was replaced by another file"
        return None


def _identity(path: Path) -> _Identity | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino

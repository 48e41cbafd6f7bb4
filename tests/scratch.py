"""A folder in memory for what the tests of a run write: they are about processes that die, not about disks.

On a disk, two thirds of the time of a run are waits for it to confirm what will be thrown away in a moment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["keep_in_memory", "memory", "remove"]

_MEMORY = Path("/dev/shm")
_NEEDED = 4 * 2**30
"""Bytes that have to be free: a run holds about one, and a container's memory folder is often tiny."""
_PREFIX = "apportion-tests-"


def memory() -> Path | None:
    """Return the folder that is kept in memory; None where there is none to be used."""
    try:
        found = os.statvfs(_MEMORY)
    except OSError:
        return None
    free = found.f_bavail * found.f_frsize
    return _MEMORY if free >= _NEEDED and not found.f_flag & os.ST_NOEXEC else None


def keep_in_memory() -> Path | None:
    """Have this process and those it starts put temporary files into memory. Return the folder made for them."""
    parent = memory()
    if parent is None or "TMPDIR" in os.environ:  # somebody knows better
        return None
    for left in parent.glob(f"{_PREFIX}*"):
        _remove_abandoned(left)
    made = parent / f"{_PREFIX}{os.getpid()}"
    made.mkdir()
    os.environ["TMPDIR"], tempfile.tempdir = str(made), None
    return made


def _remove_abandoned(folder: Path) -> None:
    """Remove the folder of a run that was killed."""
    try:
        os.kill(int(folder.name.removeprefix(_PREFIX)), 0)
    except ProcessLookupError:
        shutil.rmtree(folder, ignore_errors=True)
    except (ValueError, PermissionError):
        pass


def remove(folder: Path) -> None:
    """Remove the folder once the run is over, and put temporary files where they are put otherwise."""
    with suppress(KeyError):
        del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)

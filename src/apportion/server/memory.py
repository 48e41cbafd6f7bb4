"""Memory use of this process, on systems that report it."""

from __future__ import annotations

import os
import sys

__all__ = ["resident_bytes", "virtual_and_resident"]


def virtual_and_resident() -> tuple[int, int] | None:
    """Return virtual and resident size in bytes; None if the system does not report them."""
    if sys.platform != "linux":
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    with open("/proc/self/statm") as file:
        size, resident, *_ = (int(each) * page for each in file.read().split())
    return size, resident


def resident_bytes() -> int | None:
    """Return the resident size in bytes; None if the system does not report it."""
    found = virtual_and_resident()
    return None if found is None else found[1]

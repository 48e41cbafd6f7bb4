"""How much memory this process uses, where the system tells."""

from __future__ import annotations

import os
import sys

__all__ = ["resident_bytes", "virtual_and_resident"]


def virtual_and_resident() -> tuple[int, int] | None:
    """Both sizes in bytes."""
    if sys.platform != "linux":
        return None
    page = os.sysconf("SC_PAGE_SIZE")
    with open("/proc/self/statm") as file:
        size, resident, *_ = (int(each) * page for each in file.read().split())
    return size, resident


def resident_bytes() -> int | None:
    """What it keeps in memory now."""
    found = virtual_and_resident()
    return None if found is None else found[1]

"""Unused pages of the file, returned to the disk."""

from __future__ import annotations

import sqlite3

__all__ = ["release_disk_space"]


def release_disk_space(raw: sqlite3.Connection, pages: int) -> bool:
    """Return some of the file's unused pages to the disk; return True if there are more.

    A few stay: records logged next need pages again.
    """
    (unused,) = raw.execute("PRAGMA freelist_count").fetchone()
    (all_of_them,) = raw.execute("PRAGMA page_count").fetchone()
    spare = unused - max(1_000, all_of_them // 10)
    if spare <= 0:
        return False
    for _ in range(min(pages, spare)):  # Python ends the statement after its first step, which is one page
        raw.execute("PRAGMA incremental_vacuum(1)")
    return bool(spare > pages)

"""Removing a deleted dataset for good."""

from __future__ import annotations

import sqlite3

from .texts import drop_text_index

__all__ = ["purge_dataset"]


def purge_dataset(raw: sqlite3.Connection, dataset: int) -> None:
    """Remove every row of a dataset from every table."""
    low, high = dataset << 32, (dataset + 1) << 32
    fields = "SELECT no FROM fields WHERE dataset = ?"
    raw.execute(
        "DELETE FROM facet WHERE key IN (SELECT f.key FROM vals v JOIN facet f "
        f"ON f.key >= v.vid << 32 AND f.key < (v.vid + 1) << 32 WHERE v.field IN ({fields}))",
        (dataset,),
    )
    for table in ("vals", "numbers", "vectors"):
        raw.execute(f"DELETE FROM {table} WHERE field IN ({fields})", (dataset,))
    raw.execute("DELETE FROM fields WHERE dataset = ?", (dataset,))
    slots = "SELECT no FROM slots WHERE dataset = ?"
    raw.execute(f"DELETE FROM declined WHERE slot IN ({slots})", (dataset,))
    raw.execute("DELETE FROM reasons WHERE plan IN (SELECT no FROM plans WHERE dataset = ?)", (dataset,))
    raw.execute("DELETE FROM job_changes WHERE job IN (SELECT no FROM jobs WHERE dataset = ?)", (dataset,))
    for table in ("waiting", "slots", "slot_counts", "plans", "events", "guidelines", "jobs"):
        raw.execute(f"DELETE FROM {table} WHERE dataset = ?", (dataset,))
    for table in ("annotations", "history", "gold", "comments", "past_assignees", "posteriors", "records"):
        raw.execute(f"DELETE FROM {table} WHERE rid >= ? AND rid < ?", (low, high))
    drop_text_index(raw, dataset)
    raw.execute("DELETE FROM datasets WHERE no = ?", (dataset,))

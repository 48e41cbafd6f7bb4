"""Purge a dataset, some thousand rows at a time, so that nobody annotating waits for it."""

from __future__ import annotations

from collections.abc import Callable

from .connection import RawConnection

__all__ = ["purge_some"]

_FIELDS = "SELECT no FROM fields WHERE dataset = ?"
_OF_RECORDS = (
    "annotations",
    "history",
    "gold",
    "comments",
    "past_assignees",
    "posteriors",
    "time_spent",
    "records",
)


def purge_some(raw: RawConnection, dataset: int, limit: int) -> bool:
    """Remove about ``limit`` rows of a dataset; True once nothing of it is left, the dataset itself included.

    Fields go before records and the dataset last, so that an interrupted purge is found again and continued.
    """
    return not any(step(raw, dataset, limit) for step in _STEPS)


# Each step removes some rows of one kind and says whether there were any


def _values(raw: RawConnection, dataset: int, limit: int) -> bool:
    """Remove values with their facet rows."""
    # Facet rows have no dataset of their own, only the number of their value: they go first, or could not be found
    found = raw.execute(f"SELECT vid, n FROM vals WHERE field IN ({_FIELDS}) LIMIT ?", (dataset, limit))
    gone: list[int] = []
    rows = 0
    for term_id, n in found.fetchall():
        if gone and rows + n > limit:
            break
        # A value of very many records goes part by part; with the last part the value itself
        if n > limit and _facet_rows(raw, term_id, limit):
            return True
        gone.append(term_id)
        rows += n
    for term_id in gone:
        raw.execute("DELETE FROM facet WHERE key >= ? AND key < ?", (term_id << 32, (term_id + 1) << 32))
    among = raw.dialect.in_numbers("vid")
    raw.execute(f"DELETE FROM vals WHERE {among}", (raw.dialect.numbers(gone),))
    return bool(gone)


def _facet_rows(raw: RawConnection, term_id: int, limit: int) -> bool:
    gone = raw.execute(
        "DELETE FROM facet WHERE key IN (SELECT key FROM facet WHERE key >= ? AND key < ? LIMIT ?)",
        (term_id << 32, (term_id + 1) << 32, limit),
    )
    return gone.rowcount == limit


def _numbers(raw: RawConnection, dataset: int, limit: int) -> bool:
    for table, key in (("numbers", "value, n"), ("vectors", "n")):
        for (field,) in raw.execute(_FIELDS, (dataset,)).fetchall():
            gone = raw.execute(
                f"DELETE FROM {table} WHERE field = ? AND ({key}) IN (SELECT {key} FROM {table} "
                "WHERE field = ? LIMIT ?)",
                (field, field, limit),
            )
            if gone.rowcount:
                return True
    return False


def _fields(raw: RawConnection, dataset: int, _: int) -> bool:
    return raw.execute("DELETE FROM fields WHERE dataset = ?", (dataset,)).rowcount > 0


def _text_index(raw: RawConnection, dataset: int, _: int) -> bool:
    return raw.dialect.texts(raw, dataset).drop_some()


def _slots(raw: RawConnection, dataset: int, limit: int) -> bool:
    # By ``rid``, which has an index; ``dataset`` has none
    nos = raw.execute(
        "SELECT no FROM slots WHERE rid >= ? AND rid < ? LIMIT ?", (*_span(dataset), limit)
    ).fetchall()
    if nos:
        sql, gone = raw.dialect, raw.dialect.numbers(no for (no,) in nos)
        raw.execute(f"DELETE FROM declined WHERE {sql.in_numbers('slot')}", (gone,))
        raw.execute(f"DELETE FROM slots WHERE {sql.in_numbers('no')}", (gone,))
    return bool(nos)


def _waiting(raw: RawConnection, dataset: int, limit: int) -> bool:
    key = "annotator, behind, due, priority, slot"
    gone = raw.execute(
        f"DELETE FROM waiting WHERE dataset = ? AND ({key}) IN (SELECT {key} FROM waiting WHERE dataset = ? "
        "LIMIT ?)",
        (dataset, dataset, limit),
    )
    return gone.rowcount > 0


def _jobs(raw: RawConnection, dataset: int, limit: int) -> bool:
    # All of them first, as the loop deletes from the table
    for (job,) in raw.execute("SELECT no FROM jobs WHERE dataset = ?", (dataset,)).fetchall():
        gone = raw.execute(
            "DELETE FROM job_changes WHERE job = ? AND rid IN (SELECT rid FROM job_changes WHERE job = ? LIMIT ?)",
            (job, job, limit),
        )
        if gone.rowcount:
            return True
        if raw.execute("SELECT 1 FROM job_inputs WHERE job = ?", (job,)).fetchone() is not None:
            raw.execute(
                "DELETE FROM job_inputs WHERE job = ? AND part = (SELECT min(part) FROM job_inputs WHERE job = ?)",
                (job, job),
            )
            return True
        raw.execute("DELETE FROM jobs WHERE no = ?", (job,))
    return False


def _rows_of_records(raw: RawConnection, dataset: int, limit: int) -> bool:
    low, high = _span(dataset)
    for table in _OF_RECORDS:
        first = raw.execute(
            f"SELECT min(rid) FROM {table} WHERE rid >= ? AND rid < ?", (low, high)
        ).fetchone()
        if first[0] is None:
            continue
        # A range of the key, not a list: the rows of a dataset lie side by side
        last = raw.execute(
            f"SELECT rid FROM {table} WHERE rid >= ? AND rid < ? ORDER BY rid LIMIT 1 OFFSET ?",
            (low, high, limit // 4),
        ).fetchone()
        raw.execute(
            f"DELETE FROM {table} WHERE rid >= ? AND rid <= ?",
            (low, high - 1 if last is None else last[0]),
        )
        return True
    return False


def _the_rest(raw: RawConnection, dataset: int, _: int) -> bool:
    raw.execute("DELETE FROM reasons WHERE plan IN (SELECT no FROM plans WHERE dataset = ?)", (dataset,))
    for table in ("slot_counts", "plans", "guidelines"):
        raw.execute(f"DELETE FROM {table} WHERE dataset = ?", (dataset,))
    raw.execute(  # its events are kept, and still need its name
        "INSERT INTO purged_datasets SELECT no, uuid, workspace, name FROM datasets WHERE no = ? "
        "AND EXISTS (SELECT 1 FROM events WHERE events.dataset = datasets.no) ON CONFLICT (no) DO UPDATE SET "
        "uuid = excluded.uuid, workspace = excluded.workspace, name = excluded.name",
        (dataset,),
    )
    raw.execute("DELETE FROM datasets WHERE no = ?", (dataset,))
    return False


def _span(dataset: int) -> tuple[int, int]:
    return dataset << 32, (dataset + 1) << 32


_STEPS: tuple[Callable[[RawConnection, int, int], bool], ...] = (
    _values, _numbers, _fields, _text_index, _slots, _waiting, _jobs, _rows_of_records, _the_rest,
)  # fmt: skip

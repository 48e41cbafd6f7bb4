"""Time that people spent on records: what each answer added, kept until the dataset is purged."""

from __future__ import annotations

from statistics import median

from apportion.domain.individual.time_spent import QUARTER
from apportion.storage.sql.connection import RawConnection

__all__ = ["NOT_ANSWERED", "add_time", "medians", "spent_between"]

NOT_ANSWERED = 0
"""Stands for the time of the answer in rows of drafts."""


def add_time(
    raw: RawConnection, rid: int, annotator: int, seconds: float, *, answered: bool, at: int
) -> None:
    """Add seconds that an annotator spent on a record; an answer includes the time of its draft."""
    ms = round(seconds * 1000)
    mine = (rid, annotator)
    if not answered:
        raw.execute(
            "INSERT INTO time_spent VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET ms = ms + excluded.ms",
            (*mine, NOT_ANSWERED, ms),
        )
        return
    known = dict(
        raw.execute("SELECT at, ms FROM time_spent WHERE rid = ? AND annotator = ?", mine).fetchall()
    )
    draft = known.pop(NOT_ANSWERED, None)
    if draft is not None:
        raw.execute(
            "DELETE FROM time_spent WHERE rid = ? AND annotator = ? AND at = ?", (*mine, NOT_ANSWERED)
        )
        ms += draft
    if ms or not known:  # a first answer counts as one even if it took no time
        raw.execute(
            "INSERT INTO time_spent VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ms = ms + excluded.ms",
            (*mine, at, ms, not known),
        )


def spent_between(
    raw: RawConnection, dataset: int, since: int, until: int
) -> list[tuple[int, int, int, int]]:
    """Return annotator, start of a quarter of an hour, first answers in it, milliseconds."""
    return raw.execute(
        f"SELECT annotator, at / {QUARTER} * {QUARTER}, sum(first), sum(ms) FROM time_spent "
        "WHERE rid >= ? AND rid < ? AND at >= ? AND at < ? GROUP BY 1, 2",
        # Drafts stand at time 0, before any other
        (dataset << 32, dataset + 1 << 32, max(since, NOT_ANSWERED + 1), until),
    ).fetchall()


def medians(raw: RawConnection, dataset: int, annotator: int | None) -> dict[int, float]:
    """Return by annotator the median of the seconds spent on each record that they answered."""
    one = "" if annotator is None else " AND annotator = ?"
    rows = raw.execute(
        f"SELECT annotator, sum(ms) FROM time_spent WHERE rid >= ? AND rid < ? AND at > {NOT_ANSWERED}{one} "
        "GROUP BY rid, annotator HAVING sum(ms) > 0",
        (dataset << 32, dataset + 1 << 32, *(() if annotator is None else (annotator,))),
    )
    spent: dict[int, list[float]] = {}  # SQLite has no median
    for no, ms in rows:
        spent.setdefault(no, []).append(ms / 1000)
    return {no: median(each) for no, each in spent.items()}

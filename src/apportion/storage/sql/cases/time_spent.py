"""Time that people spent on records: what each answer added, kept until the dataset is purged."""

from __future__ import annotations

from statistics import median

from apportion.domain.individual.time_spent import QUARTER
from apportion.storage.sql.connection import RawConnection

__all__ = ["NOT_ANSWERED", "add_time", "medians", "spent_between", "times_of"]

NOT_ANSWERED = 0
"""Stands for the time of the answer in rows of drafts."""
_TOTAL = "CAST(sum(ms) AS BIGINT)"


def add_time(
    raw: RawConnection,
    rid: int,
    annotator: int,
    seconds: float,
    *,
    answered: bool,
    at: int,
    known: dict[int, int],
) -> None:
    """Add seconds that an annotator spent on a record; an answer includes the time of its draft.

    ``known`` has the milliseconds stored for them there, by instant; it is kept up to date.
    """
    ms = round(seconds * 1000)
    mine = (rid, annotator)
    if not answered:
        _add(raw, (*mine, NOT_ANSWERED, ms, False))
        known[NOT_ANSWERED] = known.get(NOT_ANSWERED, 0) + ms
        return
    draft = known.pop(NOT_ANSWERED, None)
    first = not known  # a first answer counts as one even if it took no time
    total = ms + (draft or 0)
    # The draft's row becomes the answer's: one row to write, and the sum never counts the time twice
    if draft is not None and at not in known and (total or first):
        raw.send(
            "UPDATE time_spent SET at = ?, ms = ?, first = ? WHERE rid = ? AND annotator = ? AND at = ?",
            (at, total, first, *mine, NOT_ANSWERED),
        )
        known[at] = total
        return
    if draft is not None:
        raw.send("DELETE FROM time_spent WHERE rid = ? AND annotator = ? AND at = ?", (*mine, NOT_ANSWERED))
    if total or first:
        _add(raw, (*mine, at, total, first))
        known[at] = known.get(at, 0) + total


def _add(raw: RawConnection, row: tuple[int, int, int, int, bool]) -> None:
    raw.send(
        "INSERT INTO time_spent VALUES (?, ?, ?, ?, ?) ON CONFLICT (rid, annotator, at) "
        "DO UPDATE SET ms = time_spent.ms + excluded.ms",
        row,
    )


def times_of(raw: RawConnection, rid: int, annotator: int) -> dict[int, int]:
    """Return the milliseconds stored for an annotator of a record, by instant."""
    mine = (rid, annotator)
    return dict(raw.execute("SELECT at, ms FROM time_spent WHERE rid = ? AND annotator = ?", mine).fetchall())


def spent_between(
    raw: RawConnection, dataset: int, since: int, until: int
) -> list[tuple[int, int, int, int]]:
    """Return annotator, start of a quarter of an hour, first answers in it, milliseconds."""
    return raw.execute(
        f"SELECT annotator, at / {QUARTER} * {QUARTER}, count(*) FILTER (WHERE first), {_TOTAL} FROM time_spent "
        "WHERE rid >= ? AND rid < ? AND at >= ? AND at < ? GROUP BY 1, 2",
        # Drafts stand at time 0, before any other
        (dataset << 32, dataset + 1 << 32, max(since, NOT_ANSWERED + 1), until),
    ).fetchall()


def medians(raw: RawConnection, dataset: int, annotator: int | None) -> dict[int, float]:
    """Return by annotator the median of the seconds spent on each record that they answered."""
    one = "" if annotator is None else " AND annotator = ?"
    rows = raw.execute(
        f"SELECT annotator, {_TOTAL} FROM time_spent WHERE rid >= ? AND rid < ? AND at > {NOT_ANSWERED}{one} "
        "GROUP BY rid, annotator HAVING sum(ms) > 0",
        (dataset << 32, dataset + 1 << 32, *(() if annotator is None else (annotator,))),
    )
    spent: dict[int, list[float]] = {}  # not every database has a median
    for no, ms in rows:
        spent.setdefault(no, []).append(ms / 1000)
    return {no: median(each) for no, each in spent.items()}

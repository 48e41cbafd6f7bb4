"""Comments by their record or by whom they are for, and decisions by whose answers they are about."""

from __future__ import annotations

from apportion.ports.annotations import Comment, CommentFilter, CommentPage, SentComment
from apportion.storage.sql.codec.states import ANSWERS
from apportion.storage.sql.connection import RawConnection
from apportion.vocabulary import UNBOUNDED

__all__ = ["comment_numbered", "comments_on", "comments_to", "decided"]

_SENT = (
    'SELECT c.no, c.rid >> 32, r.id, c.author, c."to", c.text, c.at, c.done_by, c.done_at '
    "FROM comments c JOIN records r ON r.rid = c.rid"
)


def comments_on(raw: RawConnection, rid: int, page: CommentPage) -> list[tuple[int, Comment]]:
    """Return a page of the comments on a record, oldest first, each with its number."""
    reader = () if page.reader is None else (page.reader, page.reader)
    read = 'AND (author = ? OR "to" = ?) ' if reader else ""
    rows = raw.execute(
        f'SELECT no, author, "to", text, at FROM comments WHERE rid = ? AND no > ? {read}ORDER BY no LIMIT ?',
        (rid, page.after, *reader, page.limit),
    ).fetchall()
    return [(no, Comment(*row)) for no, *row in rows]


def comments_to(raw: RawConnection, wanted: CommentFilter) -> list[SentComment]:
    """Return the comments to a person, or to nobody in the datasets they lead, newest first."""
    sql, done = raw.dialect, "IS NOT NULL" if wanted.done else "IS NULL"
    rows = raw.execute(
        f"{_SENT} WHERE c.author != ?1 AND c.done_at {done} AND c.no < ?2 "
        f'AND ((c."to" = ?1 AND {sql.in_numbers("c.rid >> 32", "?3")}) '
        f'OR (c."to" IS NULL AND {sql.in_numbers("c.rid >> 32", "?4")})) ORDER BY c.no DESC LIMIT ?5',
        (
            wanted.reader,
            UNBOUNDED if wanted.before is None else wanted.before,
            sql.numbers(wanted.datasets),
            sql.numbers(wanted.led),
            wanted.limit,
        ),
    ).fetchall()
    return [SentComment(*row) for row in rows]


def comment_numbered(raw: RawConnection, no: int) -> SentComment | None:
    """Return the comment with that number."""
    row = raw.execute(f"{_SENT} WHERE c.no = ?", (no,)).fetchone()
    return None if row is None else SentComment(*row)


def decided(raw: RawConnection, dataset: int, annotator: int, limit: int) -> list[str]:
    """Return the ids of records with gold that somebody answered, the newest decision first."""
    then_join = raw.dialect.then_join  # decisions are fewer than answers
    rows = raw.execute(
        f"SELECT r.id FROM gold g {then_join} annotations a ON a.rid = g.rid AND a.annotator = ? "
        f"{then_join} records r ON r.rid = g.rid WHERE g.rid >= ? AND g.rid < ? "
        f"AND a.state IN ({ANSWERS}) ORDER BY g.at DESC, g.rid LIMIT ?",
        (annotator, dataset << 32, dataset + 1 << 32, limit),
    )
    return [id for (id,) in rows]

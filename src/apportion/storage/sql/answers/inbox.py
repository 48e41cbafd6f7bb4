"""Comments by whom they are for, and decisions by whose answers they are about."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.ports.annotations import SentComment
from apportion.storage.sql.codec.states import STATES
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.rows import as_json
from apportion.vocabulary import AnnotationState

__all__ = ["comment_numbered", "comments_to", "decided"]

_SENT = (
    'SELECT c.no, c.rid >> 32, r.id, c.author, c."to", c.text, c.at, c.done_by, c.done_at '
    "FROM comments c JOIN records r ON r.rid = c.rid"
)
_ANSWERED = ", ".join(
    str(STATES.index(state)) for state in (AnnotationState.SUBMITTED, AnnotationState.DISCARDED)
)


def comments_to(
    raw: RawConnection,
    name: str,
    datasets: Sequence[int],
    led: Sequence[int],
    *,
    done: bool,
    before: int | None,
    limit: int,
) -> list[SentComment]:
    """Return the comments to a person, or to nobody in the datasets they lead, newest first."""
    rows = raw.execute(
        f"{_SENT} WHERE c.author != ?1 AND (c.done_at IS NOT NULL) = ?2 AND (?3 IS NULL OR c.no < ?3) "
        'AND ((c."to" = ?1 AND c.rid >> 32 IN (SELECT value FROM json_each(?4))) '
        'OR (c."to" IS NULL AND c.rid >> 32 IN (SELECT value FROM json_each(?5)))) ORDER BY c.no DESC LIMIT ?6',
        (name, done, before, as_json(datasets), as_json(led), limit),
    ).fetchall()
    return [SentComment(*row) for row in rows]


def comment_numbered(raw: RawConnection, no: int) -> SentComment | None:
    """Return the comment with that number."""
    row = raw.execute(f"{_SENT} WHERE c.no = ?", (no,)).fetchone()
    return None if row is None else SentComment(*row)


def decided(raw: RawConnection, dataset: int, annotator: int, limit: int) -> list[str]:
    """Return the ids of records with gold that somebody answered, the newest decision first."""
    rows = raw.execute(
        # CROSS JOIN: decisions are fewer than answers
        "SELECT r.id FROM gold g CROSS JOIN annotations a ON a.rid = g.rid AND a.annotator = ?2 "
        f"CROSS JOIN records r ON r.rid = g.rid WHERE g.rid >= ?1 << 32 AND g.rid < (?1 + 1) << 32 "
        f"AND a.state IN ({_ANSWERED}) ORDER BY g.at DESC, g.rid LIMIT ?3",
        (dataset, annotator, limit),
    )
    return [id for (id,) in rows]

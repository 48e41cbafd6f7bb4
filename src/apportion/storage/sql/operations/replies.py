"""``ports.replies.Replies`` in SQL."""

from __future__ import annotations

from apportion.ports.replies import KeptReply, RequestKey
from apportion.storage.sql.connection import SqlConnection, owner_of

__all__ = ["SqlReplies"]


class SqlReplies:
    """Replies to requests with a key, within one transaction."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._raw = connection.raw

    def find(self, key: RequestKey) -> KeptReply | None:
        row = self._raw.execute(
            "SELECT digest, owner, body FROM replies WHERE person = ? AND key = ?", key[:2]
        ).fetchone()
        return None if row is None else KeptReply(*row)

    def claim(self, key: RequestKey, *, at: int) -> bool:
        # Another transaction with the same key makes this one wait until it has ended
        done = self._raw.execute(
            "INSERT INTO replies (person, key, digest, at, owner) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*key, at, owner_of(self._connection)),
        )
        return done.rowcount > 0

    def keep(self, key: RequestKey, body: bytes) -> None:
        self._raw.execute("UPDATE replies SET body = ? WHERE person = ? AND key = ?", (body, *key[:2]))

    def forget(self, key: RequestKey) -> None:
        # Never one that has its reply: whoever sends the request again has to get it
        self._raw.execute(
            "DELETE FROM replies WHERE person = ? AND key = ? AND digest = ? AND body IS NULL", key
        )

    def prune(self, *, before: int, limit: int) -> int:
        gone = self._raw.execute(
            "DELETE FROM replies WHERE (person, key) IN (SELECT person, key FROM replies WHERE at < ? LIMIT ?)",
            (before, limit),
        )
        return gone.rowcount

"""The port for replies that are kept, so that a request which is sent again is not carried out twice."""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["KeptReply", "Replies", "RequestKey"]


class RequestKey(NamedTuple):
    """Key by which a request is recognised: who sent it, the key they chose for it, and a digest of the request."""

    person: str
    key: str
    digest: str


class KeptReply(NamedTuple):
    """Reply to a request with a key; ``body`` is None while a server, the ``owner``, is at work on it."""

    digest: str
    owner: int
    body: bytes | None


class Replies(Protocol):
    """Kept replies by person and key, within one transaction. Instants are microseconds since 1970 in UTC."""

    def find(self, key: RequestKey) -> KeptReply | None:
        """Return what is known of the request with this key, whatever its digest."""
        ...

    def claim(self, key: RequestKey, *, at: int) -> bool:
        """Note that this server is at work on a request; return False where the key was used before."""
        ...

    def keep(self, key: RequestKey, body: bytes) -> None:
        """Keep the reply to a request that this server claimed."""
        ...

    def forget(self, key: RequestKey) -> None:
        """Forget a request without a reply: nothing of it was kept, and it may be sent again."""
        ...

    def prune(self, *, before: int, limit: int) -> int:
        """Delete up to ``limit`` replies to requests from before an instant; return how many."""
        ...

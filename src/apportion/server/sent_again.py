"""Requests that a client sends again after a broken connection: ``Idempotency-Key`` names them.

What takes one transaction keeps its reply in the same one (``Context.once``). What takes several claims the key in
its first transaction and keeps the reply after its last (``Context.kept_reply``, ``Context.keep``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from fastapi import Request

from apportion.domain.errors import ConflictError, StillAtWorkError, ValidationError
from apportion.ports.replies import KeptReply, RequestKey
from apportion.ports.store import Transaction
from apportion.services.operations import LongOperation, Step

__all__ = ["KEY_HEADER", "ClaimingOperation", "key_of", "reply_to"]

KEY_HEADER = "Idempotency-Key"
_LONGEST = 200


async def key_of(request: Request, person: str, *, with_body: bool) -> RequestKey | None:
    """Return what a request is recognised by; None where it has no key. A body that is streamed is left out."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST or not key.isprintable():
        raise _unusable(f"must have 1 to {_LONGEST} printable characters")
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body() if with_body else b"")
    return RequestKey(person, key, digest.hexdigest())


def reply_to(key: RequestKey, kept: KeptReply, alive: Callable[[int], bool]) -> bytes:
    """Return the reply that was kept. Refuses while there is none yet, or if the key is of another request."""
    if kept.digest != key.digest:
        raise _unusable("was sent with another request. Nothing was done: choose a new one for each request")
    if kept.body is not None:
        return kept.body
    if alive(kept.owner):
        raise StillAtWorkError(1)
    raise ConflictError(
        "A server stopped while it was at this request. Look at what was kept of it, and if that is nothing, send it "
        f"again with a new {KEY_HEADER}."
    )


def _unusable(why: str) -> ValidationError:
    return ValidationError([{"loc": ["header", KEY_HEADER.lower()], "msg": why, "type": "value_error"}])


class ClaimingOperation:
    """A long operation that claims the key of its request in its first transaction."""

    def __init__(self, operation: LongOperation, claim: Step) -> None:
        self._operation = operation
        self._claim = claim
        self.claimed = False
        """True once the key was claimed, if only in a transaction that was not committed."""

    @property
    def name(self) -> str:
        return self._operation.name

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        first = True
        for step in self._operation.steps():
            yield self._both(step) if first else step
            first = False

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed."""
        return self._operation.give_up()

    def _both(self, step: Step) -> Step:
        def both(tx: Transaction) -> None:
            self._claim(tx)
            self.claimed = True
            step(tx)

        return both

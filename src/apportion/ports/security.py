"""Clock, passwords and tokens, as use cases need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Claims", "Clock", "Passwords", "Tokens"]


class Clock(Protocol):
    """What time it is."""

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        ...

    def jump(self) -> int:
        """Microseconds by which the machine's clock was set ahead (or back), if by more than a day; 0 once followed."""
        ...

    def follow(self, jump: int) -> None:
        """Go by the machine's clock again, which is now that far ahead."""
        ...


class Passwords(Protocol):
    """Hashes that are slow on purpose."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, hashed: str) -> bool:
        """Does the password fit? A hash of unknown kind fits nothing."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Should a fitting password be hashed anew?"""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: who, and by which session."""

    username: str
    sid: str


class Tokens(Protocol):
    """Signed tokens that name a session."""

    def issue(self, claims: Claims, expires_at: int) -> str: ...

    def read(self, token: str) -> Claims | None:
        """What the token says, or None if it is not ours or has expired."""
        ...

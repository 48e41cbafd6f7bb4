"""Clock, passwords and tokens, as use cases need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Attempts", "Claims", "Clock", "Passwords", "Tokens"]


class Clock(Protocol):
    """The current time, kept steady while the machine's clock jumps."""

    def now(self) -> int:
        """Return the microseconds since 1970 in UTC."""
        ...

    def jump(self) -> int:
        """Return the microseconds by which the machine's clock was set ahead (or back) by more than a day,
        else 0.

        0 again once ``follow`` has adopted the jump.
        """
        ...

    def follow(self, jump: int) -> None:
        """Adopt a jump: follow the machine's clock again, which is now that far ahead."""
        ...


class Attempts(Protocol):
    """Attempts of the last minutes, such as at a password: of one server, or of all that share a database.

    ``kind`` is what is attempted, ``who`` attempts it. Instants are microseconds since 1970 in UTC.
    """

    def add(self, kind: str, who: str, *, at: int, since: int, most: int) -> int | None:
        """Count an attempt, unless there were ``most`` after ``since``: then return when the first of the last ``most``
        of them was."""
        ...

    def take_back(self, kind: str, who: str) -> None:
        """Uncount the last attempt."""
        ...

    def forget(self, kind: str, who: str) -> None:
        """Uncount all attempts."""
        ...

    def prune(self, before: int) -> None:
        """Delete the attempts before an instant."""
        ...


class Passwords(Protocol):
    """Password hashes that are slow on purpose."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, hashed: str) -> bool:
        """Return whether the password matches; never for a hash of unknown kind."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Return whether a matching password should be hashed again."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of a token: the user and the session."""

    username: str
    sid: str


class Tokens(Protocol):
    """Signed tokens that name a session."""

    def issue(self, claims: Claims, expires_at: int) -> str: ...

    def read(self, token: str) -> Claims | None:
        """Return the content of a token, or None if this server did not sign it or it has expired."""
        ...

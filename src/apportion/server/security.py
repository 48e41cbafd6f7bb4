"""Clock, passwords and tokens, for real."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from apportion.ports.security import Claims, Clock

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["Argon2Passwords", "JwtTokens", "SystemClock"]

BCRYPT_BYTES = 72


STEP = 10_000_000
"""Microseconds by which a clock is set back now and then, as by a time server."""


class SystemClock:
    """The clock of this machine, without the small steps back: what happens later never looks earlier.

    A clock that was wrong by more is followed when it is put right; until then leases and sessions would not end.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        with self._lock:
            told = time.time_ns() // 1000
            if self._last - STEP < told <= self._last:
                told = self._last + 1
            self._last = told
            return told


class Argon2Passwords:
    """Argon2id for new hashes; those of bcrypt, which 1.x made, are verified too.

    Both libraries are loaded when first needed.
    """

    def __init__(self, *, time_cost: int = 3, memory_cost: int = 65536, parallelism: int = 4) -> None:
        self._costs = (time_cost, memory_cost, parallelism)
        self._made: PasswordHasher | None = None

    @property
    def _hasher(self) -> PasswordHasher:
        if self._made is None:
            from argon2 import PasswordHasher

            self._made = PasswordHasher(*self._costs)
        return self._made

    def hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def verify(self, password: str, hashed: str) -> bool:
        if hashed.startswith(("$2a$", "$2b$", "$2y$")):
            return _verify_bcrypt(password, hashed)
        from argon2.exceptions import Argon2Error, InvalidHashError

        try:
            return self._hasher.verify(hashed, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False

    def outdated(self, hashed: str) -> bool:
        return not hashed.startswith("$argon2id$") or self._hasher.check_needs_rehash(hashed)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _verify_bcrypt(password: str, hashed: str) -> bool:
    import bcrypt

    modern = "$2b$" + hashed[4:]  # the other marks name the same algorithm
    try:
        return bcrypt.checkpw(_bytes(password)[:BCRYPT_BYTES], modern.encode("ascii"))
    except ValueError:
        return False


class JwtTokens:
    """Tokens as 1.x clients expect them: JWT signed with HS256, claims ``sub``, ``exp`` and our ``sid``."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def issue(self, claims: Claims, expires_at: int) -> str:
        import jwt

        body = {"sub": claims.username, "exp": expires_at // 1_000_000, "sid": claims.sid}
        return jwt.encode(body, self._key, algorithm="HS256")

    def read(self, token: str) -> Claims | None:
        import jwt

        try:
            body = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                options={"require": ["sub", "exp", "sid"], "verify_exp": False},
            )
        except jwt.InvalidTokenError:
            return None
        if not isinstance(body["exp"], int) or body["exp"] * 1_000_000 <= self._clock.now():
            return None
        return Claims(str(body["sub"]), str(body["sid"]))

"""Implementations of the security ports: system clock, passwords and tokens."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from apportion.ports.security import Claims, Clock

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["Argon2Passwords", "JwtTokens", "SystemClock"]

log = logging.getLogger("apportion.server")
BCRYPT_BYTES = 72


STEP = 10_000_000
"""Largest routine step back of a clock in microseconds, as by a time server."""


JUMP = 24 * 3600 * 1_000_000
"""Smallest step of a clock in microseconds that means it was wrong, before or after the step."""


def _monotonic_now() -> int:
    """Return microseconds of a monotonic clock that setting the time does not move; sleep counts if the system can."""
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(which) // 1000


class SystemClock:
    """The clock of this machine, without the small steps back: what happens later never looks earlier.

    A larger step back, of a clock that was wrong, is followed at once: else leases and sessions would not end. If the
    clock jumps by more than a day, the old time continues until a caller has asked for the ``jump``, has shifted the
    deadlines that would come too early or too late, and calls ``follow``.
    """

    def __init__(
        self, wall: Callable[[], int] | None = None, steady: Callable[[], int] = _monotonic_now
    ) -> None:
        self._wall = wall or (lambda: time.time_ns() // 1000)
        self._steady = steady
        self._apart: int | None = None
        self._jump = 0
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        with self._lock:
            now = self._reading()
            if self._last - STEP < now <= self._last:
                now = self._last + 1
            self._last = now
            return now

    def _reading(self) -> int:
        """Return the time of the clock; after a jump that was not followed yet, the time without it."""
        wall, steady = self._wall(), self._steady()
        apart = wall - steady
        change = 0 if self._apart is None else apart - self._apart
        if self._apart is None or abs(change) <= JUMP:
            self._apart, self._jump = apart, 0
            return wall
        if not self._jump:
            days, where = abs(change) / JUMP, "ahead" if change > 0 else "back"
            log.warning("the clock of this machine jumped %s by %.1f days; is it right?", where, days)
        self._jump = change
        return steady + self._apart

    def jump(self) -> int:
        self.now()
        return self._jump

    def follow(self, jump: int) -> None:
        with self._lock:
            assert self._apart is not None
            self._apart += jump
            self._jump = 0


class Argon2Passwords:
    """Password hashes: Argon2id for new ones; those of bcrypt, which 1.x made, are verified too.

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
    """Session tokens as 1.x clients expect them: JWT signed with HS256, claims ``sub``, ``exp`` and our ``sid``."""

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

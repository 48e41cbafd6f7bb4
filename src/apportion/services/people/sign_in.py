"""Sign in, stay signed in, sign out."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apportion.domain.errors import ForbiddenOperationError, TooManyAttemptsError, UnauthorizedError
from apportion.domain.people import NAME_LENGTH, Actor, User
from apportion.ports.events import About
from apportion.ports.people import People
from apportion.ports.security import Attempts, Claims, Clock, Passwords, Tokens
from apportion.vocabulary import EventCode

if TYPE_CHECKING:
    from apportion.ports.store import Store, Transaction

__all__ = ["LONGEST", "KeyAttempts", "SignIn", "SignInLimits", "SignInParts", "Throttle", "hash_key"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
LONGEST = 10 * MINUTE
"""Attempts of this time are remembered; no throttle looks further back."""


def hash_key(key: str) -> str:
    """Return the stored hash of an API key or a session's id: both are random and long, so a fast hash will do."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class Throttle:
    """A limit of attempts of a kind within a time, each counted before it is made."""

    def __init__(self, attempts: Attempts, clock: Clock, kind: str, *, most: int, within: int) -> None:
        self._attempts = attempts
        self._clock = clock
        self._kind = kind
        self._most = most
        self._within = within

    def attempt(self, who: str) -> None:
        """Count an attempt; refuse it when there were too many."""
        now = self._clock.now()
        first = self._attempts.add(self._kind, who, at=now, since=now - self._within, most=self._most)
        if first is not None:
            left = self._within - (now - first)
            raise TooManyAttemptsError(max(1, -(-left // SECOND)))

    def take_back(self, who: str) -> None:
        """Uncount the last attempt, which succeeded."""
        self._attempts.take_back(self._kind, who)

    def forget(self, who: str) -> None:
        """Uncount all attempts."""
        self._attempts.forget(self._kind, who)


class KeyAttempts:
    """Count of wrong API keys by address: after many of them only keys known to be good are looked up from there."""

    def __init__(
        self,
        attempts: Attempts,
        clock: Clock,
        *,
        most: int = 100,
        within: int = 5 * MINUTE,
        remembered: int = 10_000,
    ) -> None:
        self._wrong = Throttle(attempts, clock, "key", most=most, within=within)
        self._good: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._remembered = remembered
        self._lock = threading.Lock()

    def actor(self, people: People, key_hash: str, address: str) -> Actor:
        """Return the owner of a key. Wrong ones are counted; a key that was good from there before is never blocked."""
        known = (address, key_hash)
        if known not in self._good:
            self._wrong.attempt(address)
        actor = people.by_key(key_hash)
        with self._lock:
            if actor is None:
                self._good.pop(known, None)
                raise UnauthorizedError
            if known not in self._good:
                self._wrong.take_back(address)
            self._good[known] = None
            self._good.move_to_end(known)
            if len(self._good) > self._remembered:
                self._good.popitem(last=False)
        return actor


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """Minutes that a session lasts, and attempts at a password that are allowed ``within`` some time."""

    minutes: int
    attempts: int = 10
    attempts_per_address: int = 100
    within: int = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class SignInParts:
    """Parts of the server that signing in needs."""

    store: Store
    passwords: Passwords
    tokens: Tokens
    clock: Clock
    attempts: Attempts


class SignIn:
    """Sessions against passwords, with attempts throttled per user and address, and per address."""

    def __init__(self, parts: SignInParts, limits: SignInLimits) -> None:
        self._store = parts.store
        self._passwords = parts.passwords
        self._tokens = parts.tokens
        self._clock = parts.clock
        self._minutes = limits.minutes
        within = limits.within
        self._one = Throttle(parts.attempts, parts.clock, "user", most=limits.attempts, within=within)
        self._all = Throttle(
            parts.attempts, parts.clock, "address", most=limits.attempts_per_address, within=within
        )
        self._dummy: str | None = None

    def with_password(self, username: str, password: str, address: str) -> str:
        """Return the token of a new session. Slow on purpose, and as slow for users that do not exist."""
        user = self._attempt(username, password, address)
        if user is None:
            raise UnauthorizedError
        return self._store.write(lambda tx: self.open(tx, user), urgent=True).result()

    def confirm(self, username: str, password: str, address: str) -> None:
        """Refuse unless this is the password of a user who has signed in. Throttled as signing in is."""
        if self._attempt(username, password, address) is None:
            raise ForbiddenOperationError("This is not your current password.")

    def _attempt(self, username: str, password: str, address: str) -> User | None:
        who = f"{username[:NAME_LENGTH]}\n{address}"  # cut, so that long names sent do not fill the memory
        self._all.attempt(address)
        self._one.attempt(who)
        user = self.check(username, password)
        if user is not None:
            self._one.forget(who)
            self._all.take_back(address)
        return user

    def check(self, username: str, password: str) -> User | None:
        """Return the user with this name and password. Slow on purpose."""
        dummy = self._dummy_hash()
        with self._store.read() as tx:
            found = tx.people.password_hash(username) if len(username) <= NAME_LENGTH else None
        user, hashed = found if found is not None else (None, None)
        if user is None or hashed is None:
            # As slow as for a user who exists, so that the time taken does not show who does.
            self._passwords.verify(password, dummy)
            return None
        if not self._passwords.verify(password, hashed):
            return None
        if self._passwords.outdated(hashed):
            self._rehash(user, hashed, self._passwords.hash(password))
        return user

    def _rehash(self, user: User, old: str, new: str) -> None:
        def write(tx: Transaction) -> None:
            found = tx.people.password_hash(user.username)
            if found is not None and found[1] == old:  # unless it was changed meanwhile
                tx.people.set_password_hash(user.id, new, now=user.updated_at)

        self._store.write(write).result()

    def _dummy_hash(self) -> str:
        if self._dummy is None:
            self._dummy = self._passwords.hash(secrets.token_urlsafe(16))
        return self._dummy

    def open(self, tx: Transaction, user: User) -> str:
        """Return the token of a new session for a user whose identity has been checked."""
        sid = secrets.token_urlsafe(24)
        now = self._clock.now()
        expires_at = now + self._minutes * MINUTE
        tx.people.open_session(hash_key(sid), user.id, now=now, expires_at=expires_at)
        about = About(object=user.username)
        tx.events.add(EventCode.SIGNED_IN, about, who=user.username, at=now)
        return self._tokens.issue(Claims(user.username, sid), expires_at)

    def session_of(self, token: str) -> str | None:
        """Return the stored hash of the session's id in a token; None unless the token is ours and valid by itself."""
        claims = self._tokens.read(token)
        return None if claims is None else hash_key(claims.sid)

    def by_token(self, people: People, token: str) -> tuple[Actor, str]:
        """Return the owner of a token, and the stored hash of its session's id; refused once the session has ended."""
        claims = self._tokens.read(token)
        if claims is None:
            raise UnauthorizedError
        session = hash_key(claims.sid)
        actor = people.by_session(session, self._clock.now())
        if actor is None or actor.username != claims.username:
            raise UnauthorizedError
        return actor, session

    def out(self, tx: Transaction, actor: Actor, sid: str | None) -> None:
        """End a session; do nothing if there is none."""
        if sid is not None:
            tx.people.close_session(sid)
            about, now = About(object=actor.username), self._clock.now()
            tx.events.add(EventCode.SIGNED_OUT, about, who=actor.username, at=now)

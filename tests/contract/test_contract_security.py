"""The clock, passwords, session tokens, and secrets of webhooks: what use cases rely on, whatever is behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from apportion.ports.security import Attempts, Claims, Clock, Passwords, Tokens
from apportion.ports.webhooks import WebhookSecrets
from apportion.server.attempts import AttemptsInMemory
from apportion.server.security import Argon2Passwords, JwtTokens, SystemClock
from apportion.server.webhook_secrets import DerivedSecrets
from method_coverage import watched
from postgres_cluster import own_database
from support import FakeClock

DAY = 24 * 3600 * 1_000_000


class Wall:
    """A machine's clock that a test sets, beside a monotonic one that it cannot."""

    def __init__(self) -> None:
        self.shown, self.passed = 1_000 * DAY, 0

    def clock(self) -> Clock:
        return watched(Clock, SystemClock(lambda: self.shown + self.passed, lambda: self.passed))


def test_time_never_stands_still_and_never_goes_back_a_little() -> None:
    wall = Wall()
    clock = wall.clock()
    first = clock.now()
    wall.shown -= 5
    second = clock.now()

    assert first == 1_000 * DAY
    assert first < second < clock.now()
    assert clock.jump() == 0


@pytest.mark.parametrize("days", [3, -3])
def test_a_jump_of_days_is_reported_and_only_then_followed(days: int) -> None:
    wall = Wall()
    clock = wall.clock()
    before = clock.now()
    wall.shown += days * DAY
    wall.passed += 1_000

    assert clock.jump() == days * DAY
    assert before < clock.now() < before + DAY
    clock.follow(days * DAY)
    assert clock.jump() == 0
    assert abs(clock.now() - before - days * DAY) < 1_000_000


@pytest.fixture(params=["memory", "database"])
def attempts(request: pytest.FixtureRequest) -> Iterator[Attempts]:
    if request.param == "memory":
        yield watched(Attempts, AttemptsInMemory())
        return
    from apportion.storage.postgres.store import PostgresStore

    with own_database() as url, closing(PostgresStore(url, serving=True)) as store:
        assert store.cluster is not None
        yield watched(Attempts, store.cluster.attempts)


def test_attempts_are_counted_up_to_a_number_within_a_time_and_by_who_made_them(attempts: Attempts) -> None:
    def add(at: int, who: str = "ana", kind: str = "user") -> int | None:
        return attempts.add(kind, who, at=at, since=at - 100, most=2)

    assert [add(10), add(20), add(30), add(109)] == [None, None, 10, 10]
    assert [add(30, "ben"), add(30, kind="key")] == [None, None]
    assert [add(110), add(119), add(121)] == [None, 20, None]
    attempts.take_back("user", "ana")
    assert [add(122), add(123)] == [None, 110]
    attempts.forget("user", "ana")
    assert [add(124), add(125), add(126)] == [None, None, 124]
    attempts.prune(126)
    assert [add(127), add(128), add(129)] == [None, None, 127]


@pytest.fixture
def passwords() -> Passwords:
    return watched(Passwords, Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1))


def test_a_password_is_verified_by_its_hash_only(passwords: Passwords) -> None:
    hashed, again = passwords.hash("correct horse"), passwords.hash("correct horse")

    assert hashed != again
    assert passwords.verify("correct horse", hashed)
    assert passwords.verify("correct horse", again)
    assert not passwords.verify("wrong horse", hashed)
    for unknown in ("", "correct horse", "$9$x", "$2b$short"):
        assert not passwords.verify("correct horse", unknown)


def test_a_hash_of_other_costs_is_outdated(passwords: Passwords) -> None:
    dearer = Argon2Passwords(time_cost=2, memory_cost=8, parallelism=1)

    assert not passwords.outdated(passwords.hash("x"))
    assert passwords.outdated(dearer.hash("x"))
    assert passwords.outdated("$2b$12$of1x")


def test_a_token_is_read_back_until_it_expires_and_only_by_who_signed_it() -> None:
    clock = FakeClock()
    tokens = watched(Tokens, JwtTokens("k" * 32, clock))
    others = watched(Tokens, JwtTokens("o" * 32, clock))
    token = tokens.issue(Claims("ana", "session 1"), clock.now() + 60_000_000)

    assert tokens.read(token) == Claims("ana", "session 1")
    assert others.read(token) is None
    assert tokens.read(token[:-2]) is tokens.read("") is tokens.read("a.b.c") is None
    clock.pass_minutes(2)
    assert tokens.read(token) is None


def test_secrets_of_webhooks_follow_from_salt_and_server_secret() -> None:
    one, other = (watched(WebhookSecrets, DerivedSecrets(each)) for each in ("server", "another"))
    salt = one.new_salt()

    assert salt != one.new_salt()
    assert len(salt) >= 16
    assert one.secret(salt) == one.secret(salt) != one.secret(b"other salt")
    assert one.secret(salt) != other.secret(salt)
    assert one.fingerprint(salt) == one.fingerprint(salt) != one.fingerprint(b"other salt")
    assert one.fingerprint(salt) != other.fingerprint(salt)
    assert one.fingerprint(salt) not in one.secret(salt)

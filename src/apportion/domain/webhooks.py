"""Webhooks: the choice of events, retries, and the signature of a delivery. Times are microseconds.

A webhook sends one delivery at a time, oldest first. One that fails is retried after a pause that grows; those queued
behind it wait, so that a receiver gets them in order. After ``IN_LINE`` failures it leaves its place and is retried
when no other waits, so that one event that a receiver cannot process does not block all others.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple
from urllib.parse import urlsplit

from apportion.vocabulary import EventCode

from .events import AUDIT_OF_WORKSPACE

__all__ = [
    "EVERY_EVENT",
    "PING",
    "Delivery",
    "DeliveryState",
    "Outcome",
    "Webhook",
    "after_attempt",
    "codes_for",
    "codes_wanted",
    "events_problem",
    "host_of",
    "is_own_sending",
    "resumed",
    "retry_pause",
    "signature",
]

EVERY_EVENT = "*"
PING = "ping"
"""The event that is sent to try a webhook out."""

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_DAY = 24 * _HOUR
FIRST_PAUSE, LONGEST_PAUSE = 5 * _SECOND, _HOUR
GROWTH = 3
JITTER = 0.2
"""Share by which pauses are longer or shorter, so that a receiver that comes back is not called by all at once."""
IN_LINE = 4
"""Failures after which a delivery no longer blocks those queued behind it."""
GIVE_UP_AFTER = _DAY
"""Time after its first attempt from which on a failing delivery is not retried any more."""
DISABLE_AFTER = 3 * _DAY
"""Time for which every attempt of a webhook must fail before it is disabled."""


class DeliveryState(str, Enum):
    """The states of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that receives events. ``workspace`` is None for the whole server, ``dataset`` None for all datasets.

    ``owner`` chose the address or enabled it last: once they lose that permission, nothing is sent. ``cursor`` is the
    number of the last event that was made a delivery, or skipped.
    """

    id: str
    workspace: str | None
    dataset: int | None
    dataset_name: str | None
    url: str
    events: tuple[str, ...]
    description: str
    enabled: bool
    disabled_why: str | None
    owner: str
    salt: bytes
    fingerprint: str
    created_by: str
    created_at: int
    changed_at: int
    cursor: int
    failures: int = 0
    failing_since: int | None = None
    next_at: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook; ``id`` and ``body`` are the same in every attempt."""

    id: str
    webhook: str
    event: int | None
    code: str
    body: str
    state: DeliveryState
    attempts: int
    created_at: int
    changed_at: int
    first_tried_at: int | None = None
    next_at: int | None = None
    status: int | None = None
    problem: str | None = None
    response: str | None = None


class Outcome(NamedTuple):
    """The result of an attempt: an HTTP status with the beginning of the answer, or the reason why there was none."""

    status: int | None = None
    response: str | None = None
    problem: str | None = None

    @property
    def taken(self) -> bool:
        """Return whether the receiver accepted the delivery."""
        return self.status is not None and 200 <= self.status < 300


def codes_for(workspace: str | None) -> frozenset[EventCode]:
    """Return the events that a webhook can receive: those that its managers may read in the audit log."""
    return frozenset(EventCode) if workspace is None else AUDIT_OF_WORKSPACE


def codes_wanted(webhook: Webhook) -> frozenset[EventCode]:
    """Return the events that a webhook receives."""
    possible = codes_for(webhook.workspace)
    return possible if EVERY_EVENT in webhook.events else possible & frozenset(webhook.events)


def is_own_sending(webhook: Webhook, what: EventCode, object: str | None) -> bool:
    """Return whether an event records that the webhook was made to send something, which its receiver has anyway."""
    return object == webhook.id and what in (EventCode.PINGED_WEBHOOK, EventCode.SENT_DELIVERY_AGAIN)


def events_problem(events: Collection[str], workspace: str | None) -> str | None:
    """Return what is wrong with the events that a webhook is to receive."""
    possible = codes_for(workspace)
    unknown = [each for each in dict.fromkeys(events) if each != EVERY_EVENT and each not in possible]
    if events and not unknown:
        return None
    codes = f"event codes, or {EVERY_EVENT} for all. Those of a webhook here: {', '.join(sorted(possible))}"
    wrong = ", ".join(repr(each[:50]) for each in unknown[:3])
    return (
        f"{wrong} is not an event of this webhook; must be a list of {codes}"
        if wrong
        else f"must be a list of {codes}"
    )


def host_of(url: str) -> str:
    """Return the host of a URL: the part that may be logged, unlike the rest, which may hold a key."""
    return urlsplit(url).hostname or ""


def retry_pause(failures: int, chance: float) -> int:
    """Return the pause after so many failures in a row; ``chance``, from 0 to 1, is its position within the jitter."""
    # The exponent is capped only to keep the numbers small: the longest pause is reached well before.
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH ** min(failures - 1, 12))
    return int(pause * (1 - JITTER + 2 * JITTER * chance))


def after_attempt(
    webhook: Webhook, delivery: Delivery, outcome: Outcome, *, now: int, chance: float
) -> tuple[Webhook, Delivery]:
    """Return webhook and delivery as they are after an attempt."""
    tried = replace(
        delivery,
        attempts=delivery.attempts + 1,
        first_tried_at=delivery.first_tried_at or now,
        changed_at=now,
        status=outcome.status,
        response=outcome.response,
        problem=outcome.problem,
        next_at=None,
    )
    if outcome.taken:
        working = replace(webhook, failures=0, failing_since=None, next_at=0)
        return working, replace(tried, state=DeliveryState.DELIVERED)
    if delivery.code == PING:  # a person is waiting for the result and can retry, so the server does not
        return webhook, replace(tried, state=DeliveryState.FAILED)
    failures, since = webhook.failures + 1, webhook.failing_since or now
    following = now + retry_pause(failures, chance)
    failing = replace(webhook, failures=failures, failing_since=since, next_at=following)
    if now - since >= DISABLE_AFTER:
        why = f"Every attempt of the last {DISABLE_AFTER // _DAY} days failed."
        failing = replace(failing, enabled=False, disabled_why=why)
    first = tried.first_tried_at or now
    if now - first >= GIVE_UP_AFTER:
        return failing, replace(tried, state=DeliveryState.FAILED)
    return failing, replace(tried, next_at=now + retry_pause(tried.attempts, chance))


def resumed(webhook: Webhook) -> Webhook:
    """Return a webhook that is retried at once, with its earlier failures forgotten."""
    return replace(webhook, failures=0, failing_since=None, next_at=0)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the signature header: HMAC-SHA256 over the timestamp (seconds), a dot and the body."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"

"""Webhooks: which events one wants, when it is tried again, how a delivery is signed. Times are microseconds.

A webhook sends one delivery at a time, oldest first. One that fails is tried again after a pause that grows; those
behind it wait, so that a receiver gets them in order. After ``IN_LINE`` failures it steps aside and is retried when no
other waits, so that one event that a receiver cannot take does not hold up all others.
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
"""Pauses are longer or shorter by up to this part, so that a receiver that comes back is not called by all at once."""
IN_LINE = 4
"""Failures after which a delivery no longer holds up those behind it."""
GIVE_UP_AFTER = _DAY
"""A delivery that still fails this long after it was first tried has failed for good."""
DISABLE_AFTER = 3 * _DAY
"""A webhook of which every attempt failed for so long is disabled."""


class DeliveryState(str, Enum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events. ``workspace`` is None for all of the server, ``dataset`` None for all of them.

    ``owner`` chose the address or enabled it last: when they may not any more, nothing is sent. ``cursor`` is the
    number of the last event that was made a delivery, or passed over.
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
    """What came of an attempt: an HTTP status with the beginning of the answer, or why there was none."""

    status: int | None = None
    response: str | None = None
    problem: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver took the delivery."""
        return self.status is not None and 200 <= self.status < 300


def codes_for(workspace: str | None) -> frozenset[EventCode]:
    """Return the events that a webhook can be told of: those that whoever may manage it reads in the audit log."""
    return frozenset(EventCode) if workspace is None else AUDIT_OF_WORKSPACE


def codes_wanted(webhook: Webhook) -> frozenset[EventCode]:
    """Return the events that a webhook is told of."""
    possible = codes_for(webhook.workspace)
    return possible if EVERY_EVENT in webhook.events else possible & frozenset(webhook.events)


def is_own_sending(webhook: Webhook, what: EventCode, object: str | None) -> bool:
    """Return whether an event says that the webhook was made to send something, which its receiver has anyway."""
    return object == webhook.id and what in (EventCode.PINGED_WEBHOOK, EventCode.SENT_DELIVERY_AGAIN)


def events_problem(events: Collection[str], workspace: str | None) -> str | None:
    """Return what is wrong with the events that a webhook is to be told of."""
    possible = codes_for(workspace)
    unknown = [each for each in dict.fromkeys(events) if each != EVERY_EVENT and each not in possible]
    if events and not unknown:
        return None
    codes = f"event codes, or {EVERY_EVENT} for all. Those of a webhook here: {', '.join(sorted(possible))}"
    wrong = ", ".join(repr(each[:50]) for each in unknown[:3])
    return (
        f"{wrong} is none of what can be told here; must be a list of {codes}"
        if wrong
        else f"must be a list of {codes}"
    )


def host_of(url: str) -> str:
    """Return the host of a URL: what of it can be written down where the rest, which may hold a key, cannot."""
    return urlsplit(url).hostname or ""


def retry_pause(failures: int, chance: float) -> int:
    """Return the pause after so many failures in a row; ``chance``, from 0 to 1, says where in the jitter it lies."""
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
    if delivery.code == PING:  # somebody waits for the answer, and can ask again
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
    """Return a webhook that is tried again at once, with its earlier failures forgotten."""
    return replace(webhook, failures=0, failing_since=None, next_at=0)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the signature header: HMAC-SHA256 over the timestamp (seconds), a dot and the body."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"

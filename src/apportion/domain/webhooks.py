"""Webhooks: which events one wants, when it is tried again, how a delivery is signed. Times are microseconds.

A webhook sends one delivery at a time, oldest first. One that fails is tried again after a pause that grows; those
behind it wait, so that a receiver gets them in order. After ``IN_LINE`` failures it steps aside and is retried when no
other waits, so that one event that a receiver cannot take does not hold up all others.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

__all__ = [
    "EVERY_EVENT",
    "KNOWN_EVENTS",
    "PING",
    "Delivery",
    "DeliveryState",
    "Outcome",
    "Webhook",
    "after_attempt",
    "event_code",
    "is_event_code",
    "resumed",
    "retry_pause",
    "signature",
    "wants",
]

EVERY_EVENT = "*"
PING = "ping"
"""The event that is sent to try a webhook out."""
KNOWN_EVENTS = (
    "adjudicated",
    "changed_guidelines",
    "changed_policies",
    "commented",
    "deleted",
    "discarded",
    "gathered",
    "imported_gold",
    "removed_gold",
    "restored",
    "skipped",
    "submitted",
    "took_back",
    "took_records_back",
)
"""Codes to choose from; a webhook may name others, and ``*`` brings those that are added later, too."""

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

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


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


def event_code(what: str) -> str:
    """Return the code of an event kind, however it is spelled in the event table."""
    return re.sub(r"[^a-z0-9]+", "_", what.lower()).strip("_")


def is_event_code(given: str) -> bool:
    """Return whether this can be the code of an event, known or not."""
    return given == EVERY_EVENT or _CODE.fullmatch(given) is not None


def wants(webhook: Webhook, code: str) -> bool:
    """Return whether a webhook is to be told of events of that code."""
    return EVERY_EVENT in webhook.events or code in webhook.events


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

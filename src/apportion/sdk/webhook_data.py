"""What the server tells of webhooks and their deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

__all__ = ["Delivery", "Webhook", "WebhookChanges", "read_delivery", "read_webhook"]


@dataclass(frozen=True)
class Webhook:
    """An address that is told of events. ``secret`` is only known right after it was made.

    ``workspace`` is None for one of the whole server, ``dataset`` for one of all datasets there.
    """

    id: str
    url: str
    events: tuple[str, ...]
    workspace: str | None = None
    dataset: str | None = None
    description: str = ""
    enabled: bool = True
    disabled_why: str | None = None
    owner: str = ""
    failures: int = 0
    failing_since: str | None = None
    next_try: str | None = None
    waiting: int = 0
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one webhook; ``state`` is waiting, delivered, failed or skipped."""

    id: str
    event: str
    number: int | None
    state: str
    attempts: int
    created_at: str
    next_try: str | None = None
    status: int | None = None
    problem: str | None = None
    body: str = ""
    response: str | None = None


class WebhookChanges(TypedDict, total=False):
    """What can be changed about a webhook."""

    url: str
    events: Iterable[str]
    description: str
    enabled: bool
    skip_missed: bool


def read_webhook(found: Mapping[str, Any]) -> Webhook:
    """The webhook of an answer."""
    known = {name: found[name] for name in Webhook.__dataclass_fields__ if name in found}
    return Webhook(**{**known, "events": tuple(found["events"])})


def read_delivery(found: Mapping[str, Any]) -> Delivery:
    """The delivery of an answer."""
    return Delivery(**{name: found[name] for name in Delivery.__dataclass_fields__ if name in found})

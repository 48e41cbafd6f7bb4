"""Webhooks and their deliveries, as the server describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

__all__ = ["Delivery", "Webhook", "WebhookChanges", "read_delivery", "read_webhook"]


@dataclass(frozen=True)
class Webhook:
    """A webhook: an address that events are sent to. ``secret`` is only known right after it was created.

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
    """A delivery of one event to one webhook; ``state`` is waiting, delivered, failed or skipped."""

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
    """The attributes of a webhook that can be changed."""

    url: str
    events: Iterable[str]
    description: str
    enabled: bool
    skip_missed: bool


def read_webhook(found: Mapping[str, Any]) -> Webhook:
    """Read a webhook from the server's JSON."""
    known = {name: found[name] for name in Webhook.__dataclass_fields__ if name in found}
    return Webhook(**{**known, "events": tuple(found["events"])})


def read_delivery(found: Mapping[str, Any]) -> Delivery:
    """Read a delivery from the server's JSON."""
    return Delivery(**{name: found[name] for name in Delivery.__dataclass_fields__ if name in found})

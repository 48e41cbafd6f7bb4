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
    """The id."""
    url: str
    """The address that events are sent to."""
    events: tuple[str, ...]
    """The codes of the events sent; ``("*",)`` for all."""
    workspace: str | None = None
    """The workspace whose events are sent."""
    dataset: str | None = None
    """The dataset whose events are sent."""
    description: str = ""
    """A description for people."""
    enabled: bool = True
    """True if it sends."""
    disabled_why: str | None = None
    """Reason why it does not, in words."""
    owner: str = ""
    """The user whose rights it has."""
    failures: int = 0
    """The number of attempts that failed since the last that did not."""
    failing_since: str | None = None
    """Time of the first of these failures (ISO 8601, UTC)."""
    next_try: str | None = None
    """Nothing is sent before this time (ISO 8601, UTC); None where nothing is in the way."""
    waiting: int = 0
    """The number of deliveries that wait."""
    secret: str | None = field(default=None, repr=False)
    """The secret that deliveries are signed with."""


@dataclass(frozen=True)
class Delivery:
    """A delivery of one event to one webhook; ``state`` is waiting, delivered, failed or skipped."""

    id: str
    """The id, by which a receiver knows one it has seen."""
    event: str
    """The code of the event."""
    number: int | None
    """The number of the event; None for a ping."""
    state: str
    """``waiting``, ``delivered``, ``failed`` or ``skipped``."""
    attempts: int
    """The number of attempts so far."""
    created_at: str
    """Time of the event (ISO 8601, UTC)."""
    next_try: str | None = None
    """Time of the next attempt (ISO 8601, UTC)."""
    status: int | None = None
    """The HTTP status of the last attempt."""
    problem: str | None = None
    """Reason why the last attempt failed without a status, in words."""
    body: str = ""
    """Body that is sent, as JSON."""
    response: str | None = None
    """The beginning of what was answered."""


class WebhookChanges(TypedDict, total=False):
    """The attributes of a webhook that can be changed."""

    url: str
    """The address to send to."""
    events: Iterable[str]
    """The codes of the events to send."""
    description: str
    """A description for people."""
    enabled: bool
    """False to stop it, True to let it go on."""
    skip_missed: bool
    """With ``enabled=True``: never send what waits."""


def read_webhook(found: Mapping[str, Any]) -> Webhook:
    """Read a webhook from the server's JSON."""
    known = {name: found[name] for name in Webhook.__dataclass_fields__ if name in found}
    return Webhook(**{**known, "events": tuple(found["events"])})


def read_delivery(found: Mapping[str, Any]) -> Delivery:
    """Read a delivery from the server's JSON."""
    return Delivery(**{name: found[name] for name in Delivery.__dataclass_fields__ if name in found})

"""The ports for webhooks with their deliveries, and for deriving their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from apportion.domain.webhooks import Delivery, DeliveryState, Webhook

from .events import AuditedEvent

__all__ = ["EventsAfter", "WebhookSecrets", "Webhooks"]


class EventsAfter(NamedTuple):
    """The events to deliver to a webhook, oldest first, and the number up to which events were read."""

    events: list[AuditedEvent]
    upto: int


class WebhookSecrets(Protocol):
    """Derives a webhook's secret from the server's secret and a salt, so that no webhook secret is stored."""

    def new_salt(self) -> bytes: ...

    def secret(self, salt: bytes) -> str:
        """Return the secret of a salt: always the same one, as long as the server's secret stays."""
        ...

    def fingerprint(self, salt: bytes) -> str:
        """Return a fingerprint to store, which shows when a salt no longer gives the secret first issued."""
        ...


class Webhooks(Protocol):
    """Webhooks and deliveries, within one transaction."""

    def add(self, webhook: Webhook) -> None: ...

    def change(self, webhook: Webhook) -> None:
        """Store what can change about a webhook."""
        ...

    def delete(self, id: str) -> None:
        """Delete a webhook and its deliveries."""
        ...

    def find(self, id: str) -> Webhook | None: ...

    def of(self, workspace: str | None) -> list[Webhook]:
        """Return the webhooks of a workspace, or with None those of the whole server, oldest first."""
        ...

    def all(self) -> list[Webhook]:
        """Return every webhook."""
        ...

    # Events

    def first_event(self) -> int:
        """Return the number of the oldest event that retention has left; 0 without one."""
        ...

    def last_event(self) -> int:
        """Return the number of the latest event; 0 without one."""
        ...

    def events_after(self, webhook: Webhook, *, look: int, limit: int) -> EventsAfter:
        """Return events for a webhook among the next ``look`` after its cursor, at most ``limit``."""
        ...

    # Deliveries

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None: ...

    def change_delivery(self, delivery: Delivery) -> None: ...

    def delivery(self, webhook: str, id: str) -> Delivery | None: ...

    def deliveries(
        self, webhook: str, *, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[tuple[int, Delivery]]:
        """Return deliveries with their numbers, newest first, before a number."""
        ...

    def next_delivery(self, webhook: Webhook, *, now: int, in_line: int) -> Delivery | None:
        """Return the delivery that a webhook sends next, if one is due.

        Pings go first, then the oldest of those that failed fewer than ``in_line`` times, then the oldest of
        the others whose next attempt is due.
        """
        ...

    def due(self, now: int) -> list[str]:
        """Return webhooks that may have something to send: a ping, or a delivery once their pause is over."""
        ...

    def waiting(self, webhook: str) -> int:
        """Count the waiting deliveries of a webhook."""
        ...

    def skip_waiting(self, webhook: str, *, now: int) -> int:
        """Mark waiting deliveries as skipped; return how many."""
        ...

    def prune(self, *, keep: int, before: int, limit: int) -> int:
        """Delete some old deliveries that do not wait: delivered ones except the newest ``keep`` of each
        webhook, and all that ended before an instant. Return how many.
        """
        ...

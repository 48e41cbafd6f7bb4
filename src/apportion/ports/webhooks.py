"""Where webhooks and their deliveries are kept, and how their secrets are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from apportion.domain.webhooks import Delivery, DeliveryState, Webhook

from .events import AuditedEvent

__all__ = ["EventsAfter", "WebhookSecrets", "Webhooks"]


class EventsAfter(NamedTuple):
    """The events that a webhook is to be told of, oldest first, and the number up to which was looked."""

    events: list[AuditedEvent]
    upto: int


class WebhookSecrets(Protocol):
    """Makes the secret of a webhook from the server's own and a salt, so that no secret is stored."""

    def new_salt(self) -> bytes: ...

    def secret(self, salt: bytes) -> str:
        """Return the secret that goes with a salt: the same one every time, as long as the server's stays."""
        ...

    def fingerprint(self, salt: bytes) -> str:
        """Return what is stored to notice that a salt no longer gives the secret that was handed out."""
        ...


class Webhooks(Protocol):
    """Webhooks and deliveries, within one transaction."""

    def add(self, webhook: Webhook) -> None: ...

    def change(self, webhook: Webhook) -> None:
        """Store what can change about a webhook."""
        ...

    def delete(self, id: str) -> None:
        """Forget a webhook and its deliveries."""
        ...

    def find(self, id: str) -> Webhook | None: ...

    def of(self, workspace: str | None) -> list[Webhook]:
        """The webhooks of a workspace, or with None those of the whole server, oldest first."""
        ...

    def all(self) -> list[Webhook]:
        """Every webhook there is."""
        ...

    # Events

    def first_event(self) -> int:
        """The number of the oldest event that retention has left; 0 without one."""
        ...

    def last_event(self) -> int:
        """The number of the latest event; 0 without one."""
        ...

    def events_after(self, webhook: Webhook, *, look: int, limit: int) -> EventsAfter:
        """Return what a webhook is to be told of among the next ``look`` events after its cursor, ``limit`` at most."""
        ...

    # Deliveries

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None: ...

    def change_delivery(self, delivery: Delivery) -> None: ...

    def delivery(self, webhook: str, id: str) -> Delivery | None: ...

    def deliveries(
        self, webhook: str, *, state: DeliveryState | None, before: int | None, limit: int
    ) -> list[tuple[int, Delivery]]:
        """Deliveries with their numbers, newest first, before a number."""
        ...

    def next_delivery(self, webhook: Webhook, *, now: int, in_line: int) -> Delivery | None:
        """The delivery that a webhook sends next, if there is one whose time has come.

        Pings go first, then the oldest of those that failed fewer than ``in_line`` times, then the oldest of the
        others whose next attempt is due.
        """
        ...

    def due(self, now: int) -> list[str]:
        """Webhooks that may have something to send: something waits, and their pause is over or it is a ping."""
        ...

    def waiting(self, webhook: str) -> int:
        """How many deliveries of a webhook wait."""
        ...

    def skip_waiting(self, webhook: str, *, now: int) -> int:
        """Mark what waits as skipped; how many that were."""
        ...

    def prune(self, *, keep: int, before: int, limit: int) -> int:
        """Forget some old deliveries that do not wait: delivered ones but the newest ``keep`` of each webhook, and all
        that ended before an instant. Returns how many.
        """
        ...

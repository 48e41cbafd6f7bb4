"""Log events about webhooks themselves: never a secret, and of an address only its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apportion.domain.events import difference
from apportion.domain.webhooks import Webhook, host_of
from apportion.ports.events import About
from apportion.ports.store import Transaction
from apportion.vocabulary import EventCode

__all__ = ["WebhookEvent", "add_webhook_change", "add_webhook_event", "webhook_facts"]


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """Something that was done to a webhook: what, by whom and when, with what changed and what else there is to say."""

    what: EventCode
    who: str
    at: int
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    detail: Mapping[str, Any] | None = None


def add_webhook_event(tx: Transaction, webhook: Webhook, event: WebhookEvent) -> None:
    """Log an event about a webhook, whose id is the object."""
    about = About(workspace=webhook.workspace, object=webhook.id)
    tx.events.add(
        event.what,
        about,
        who=event.who,
        at=event.at,
        before=event.before,
        after=event.after,
        detail={"host": host_of(webhook.url), **(event.detail or {})},
    )


def add_webhook_change(
    tx: Transaction, found: Webhook, changed: Webhook, *, who: str, detail: Mapping[str, Any]
) -> None:
    """Log events about a changed webhook: one if it was enabled or disabled, and one for the rest."""
    now = changed.changed_at
    if changed.enabled != found.enabled:
        what = EventCode.ENABLED_WEBHOOK if changed.enabled else EventCode.DISABLED_WEBHOOK
        add_webhook_event(tx, changed, WebhookEvent(what, who, now, detail=detail))
        detail = {}
    before, after = difference(webhook_facts(found), webhook_facts(changed))
    new_address = {"new_address": True} if changed.url != found.url else {}
    facts = {**new_address, **detail}
    if before or after or facts:
        what = EventCode.CHANGED_WEBHOOK
        add_webhook_event(tx, changed, WebhookEvent(what, who, now, before, after, facts))


def webhook_facts(webhook: Webhook) -> dict[str, Any]:
    """Return the settings of a webhook, as far as the log may hold them."""
    return {
        "host": host_of(webhook.url),
        "events": list(webhook.events),
        "dataset": webhook.dataset_name,
        "description": webhook.description,
        "owner": webhook.owner,
    }

"""Turn events into deliveries, choose the next one to send, store the result of each attempt.

A webhook's cursor moves in the transaction that stores its deliveries: whenever the server stops, no event is lost and
none becomes two deliveries. An attempt may be made twice where the server stops before its result is stored; both
have the same id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from apportion.domain.permissions import Action, allowed
from apportion.domain.times import utc_iso
from apportion.domain.webhooks import (
    IN_LINE,
    Delivery,
    DeliveryState,
    Outcome,
    Webhook,
    after_attempt,
    is_own_sending,
)
from apportion.ports.events import AuditedEvent
from apportion.ports.store import Transaction
from apportion.ports.webhooks import WebhookSecrets
from apportion.vocabulary import SERVER, EventCode

from .webhook_events import WebhookEvent, add_webhook_event

__all__ = [
    "Collected",
    "action_for",
    "collect",
    "disable_unfit",
    "is_fit",
    "made_delivery",
    "ping_body",
    "prune",
    "record_attempt",
    "store_collected",
    "to_send",
    "unfit",
    "was_removed",
]

AT_ONCE = 200
"""Events of one webhook that become deliveries in one transaction."""
LOOK = 5_000
"""Events read for one webhook before its cursor moves on, whether or not it subscribes to any of them."""
_LARGEST_PART = 100_000
KEEP = 1_000
"""Completed deliveries of a webhook that are kept for managers to look at."""
_KEEP_DAYS = 30
_DAY = 24 * 3600 * 1_000_000


class Collected(NamedTuple):
    """Deliveries of a webhook for the events between two cursors.

    ``more``: there are events after the second one. ``removed``: some before it were removed from the audit log, by
    retention, before they became deliveries.
    """

    webhook: str
    before: int
    cursor: int
    deliveries: list[Delivery]
    more: bool
    removed: bool


def action_for(workspace: str | None) -> Action:
    """Return the action that allows managing webhooks of a workspace, or with None of the server."""
    return Action.MANAGE_SERVER_WEBHOOKS if workspace is None else Action.MANAGE_WEBHOOKS


def disable_unfit(tx: Transaction, ids: Sequence[str], secrets: WebhookSecrets, *, now: int) -> None:
    """Disable those of the webhooks that may not send, and store why."""
    for id in ids:
        found = tx.webhooks.find(id)
        why = None if found is None else unfit(tx, found, secrets)
        if found is not None and found.enabled and why is not None:
            disabled = replace(found, enabled=False, disabled_why=why, changed_at=now)
            tx.webhooks.change(disabled)
            _add_disabled(tx, disabled, now)


def is_fit(tx: Transaction, id: str, secrets: WebhookSecrets) -> bool:
    """Return whether a webhook may send."""
    found = tx.webhooks.find(id)
    return found is not None and unfit(tx, found, secrets) is None


def unfit(tx: Transaction, webhook: Webhook, secrets: WebhookSecrets) -> str | None:
    """Return why a webhook may not send: its owner lost the right, or its secret is not the one handed out."""
    owner = tx.people.actor(webhook.owner)
    if owner is None or not allowed(owner, action_for(webhook.workspace), webhook.workspace):
        return f"{webhook.owner}, who answers for it, may not manage webhooks here any more."
    if secrets.fingerprint(webhook.salt) != webhook.fingerprint:
        return "The server's secret key has changed, and with it the secret of this webhook. Rotate it."
    return None


def collect(tx: Transaction, *, now: int) -> list[Collected]:
    """Return deliveries, not stored yet, of the events after the cursors of the enabled webhooks."""
    last, found = tx.webhooks.last_event(), []
    for webhook in tx.webhooks.all():
        if not webhook.enabled or webhook.cursor >= last:
            continue
        events, cursor = tx.webhooks.events_after(webhook, look=LOOK, limit=AT_ONCE)
        deliveries = [
            made_delivery(webhook, each.no, each.what, event_body(each), now)
            for each in events
            if not is_own_sending(webhook, each.what, each.object)
        ]
        found.append(
            Collected(
                webhook.id,
                webhook.cursor,
                cursor,
                deliveries,
                more=cursor < last,
                removed=was_removed(tx, webhook),
            )
        )
    return found


def was_removed(tx: Transaction, webhook: Webhook) -> bool:
    """Return whether retention removed events from the audit log before they became deliveries of the webhook."""
    return tx.webhooks.first_event() > webhook.cursor + 1


def store_collected(tx: Transaction, collected: Sequence[Collected]) -> int:
    """Store deliveries and move the cursors, except of webhooks that were changed meanwhile; return how many."""
    count = 0
    for each in collected:
        webhook = tx.webhooks.find(each.webhook)
        if webhook is None or not webhook.enabled or webhook.cursor != each.before:
            continue
        tx.webhooks.add_deliveries(each.deliveries)
        tx.webhooks.change(replace(webhook, cursor=each.cursor))
        count += len(each.deliveries)
    return count


def to_send(
    tx: Transaction, webhook: str, secrets: WebhookSecrets, *, now: int
) -> tuple[Webhook, Delivery] | None:
    """Return the delivery that a webhook is to send now, if there is one and it may."""
    found = tx.webhooks.find(webhook)
    if found is None:
        return None
    delivery = tx.webhooks.next_delivery(found, now=now, in_line=IN_LINE)
    if delivery is None or unfit(tx, found, secrets) is not None:
        return None
    return found, delivery


def record_attempt(
    tx: Transaction, sent: Delivery, outcome: Outcome, *, now: int, chance: float
) -> Webhook | None:
    """Store the result of an attempt, on webhook and delivery as they are by now; do nothing where they are gone."""
    hook, stored = tx.webhooks.find(sent.webhook), tx.webhooks.delivery(sent.webhook, sent.id)
    if hook is None or stored is None:
        return None
    changed, tried = after_attempt(hook, stored, outcome, now=now, chance=chance)
    tx.webhooks.change(changed)
    tx.webhooks.change_delivery(tried)
    if hook.enabled and not changed.enabled:
        _add_disabled(tx, changed, now)
    return changed


def _add_disabled(tx: Transaction, webhook: Webhook, now: int) -> None:
    detail = {"why": webhook.disabled_why}
    event = WebhookEvent(EventCode.DISABLED_WEBHOOK, SERVER, now, detail=detail)
    add_webhook_event(tx, webhook, event)


def prune(tx: Transaction, *, now: int) -> int:
    """Delete some old deliveries that are done; return how many, to be called again until it is none."""
    return tx.webhooks.prune(keep=KEEP, before=now - _KEEP_DAYS * _DAY, limit=1_000)


# Bodies of deliveries


def made_delivery(webhook: Webhook, event: int | None, code: str, body: dict[str, Any], now: int) -> Delivery:
    """Return a pending delivery; its body never changes from then on, as every attempt has to send the same."""
    id = str(uuid.uuid4())
    text = json.dumps({"id": id, "event": code, **body}, ensure_ascii=False, separators=(",", ":"))
    return Delivery(
        id=id,
        webhook=webhook.id,
        event=event,
        code=code,
        body=text,
        state=DeliveryState.WAITING,
        attempts=0,
        created_at=now,
        changed_at=now,
        next_at=now,
    )


def event_body(event: AuditedEvent) -> dict[str, Any]:
    """Return the body for an event: what managers read in the audit log, nothing more.

    That is, without the address and the request it came from, which are for administrators; those of a server's
    webhooks read them in the log.
    """
    parts: dict[str, Any] = {"before": event.before, "after": event.after, "detail": event.detail}
    large = [name for name, part in parts.items() if len(json.dumps(part)) > _LARGEST_PART]
    return {
        "number": event.no,
        "at": utc_iso(event.at),
        "workspace": event.workspace,
        "dataset": event.dataset,
        "who": event.who,
        "record": event.record,
        "object": event.object,
        **{name: None if name in large else part for name, part in parts.items()},
        **({"left_out": large} if large else {}),
    }


def ping_body(webhook: Webhook, who: str, now: int) -> dict[str, Any]:
    """Return the body of a ping."""
    return {
        "at": utc_iso(now),
        "workspace": webhook.workspace,
        "dataset": webhook.dataset_name,
        "who": who,
        "webhook": webhook.id,
    }

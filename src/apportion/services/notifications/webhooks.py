"""Create and change webhooks, list their deliveries, send one again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from apportion.domain.addresses import CallPolicy, url_problem
from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import ConflictError, EntityNotFoundError, ValidationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, EffectiveRole, effective_role, require
from apportion.domain.webhooks import PING, Delivery, DeliveryState, Webhook, events_problem, resumed
from apportion.ports.store import Transaction
from apportion.ports.webhooks import WebhookSecrets
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import EventCode

from .deliveries import action_for, made_delivery, ping_body, unfit, was_removed
from .webhook_events import WebhookEvent, add_webhook_change, add_webhook_event, webhook_facts

__all__ = [
    "Changed",
    "DeliveryPage",
    "Made",
    "NewWebhook",
    "WebhookChange",
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "find_webhook",
    "list_deliveries",
    "list_webhooks",
    "ping",
    "rotate_secret",
    "send_again",
]

MOST = 20
"""Webhooks a workspace may have."""
_DESCRIPTION = 500


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to create: its address and its events. ``workspace`` None: events of the whole server.

    ``policy`` says which addresses may be called.
    """

    workspace: str | None
    url: str
    policy: CallPolicy
    events: tuple[str, ...] = ("*",)
    dataset: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """Changes to a webhook; what is None stays. ``skip_missed``: pending deliveries are never sent.

    ``policy`` says which addresses may be called.
    """

    policy: CallPolicy
    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None
    skip_missed: bool = False


class Made(NamedTuple):
    """A webhook, and its secret, which is only shown this once."""

    webhook: Webhook
    secret: str


class Changed(NamedTuple):
    """A webhook, and the number of its pending deliveries."""

    webhook: Webhook
    waiting: int


def list_webhooks(tx: Transaction, actor: Actor, workspace: str | None) -> list[Changed]:
    """Return the webhooks of a workspace, or those of the whole server."""
    _require(tx, actor, workspace)
    return [_with_waiting(tx, each) for each in tx.webhooks.of(workspace)]


def find_webhook(tx: Transaction, actor: Actor, id: str) -> Changed:
    """Return a webhook that ``actor`` may manage."""
    return _with_waiting(tx, _find(tx, actor, id))


def create_webhook(
    tx: Transaction,
    actor: Actor,
    wanted: NewWebhook,
    *,
    secrets: WebhookSecrets,
    now: int,
) -> Made:
    """Create a webhook, which receives the events from now on."""
    _require(tx, actor, wanted.workspace)
    _check_url(wanted.url, wanted.policy)
    _check_events(wanted.events, wanted.workspace)
    _check_description(wanted.description)
    if len(tx.webhooks.of(wanted.workspace)) >= MOST:
        raise ConflictError(f"There are {MOST} webhooks already. Delete one first; nothing was created.")
    dataset = None
    if wanted.dataset is not None:
        if wanted.workspace is None:
            raise _invalid("dataset", "name a workspace, too: datasets are in workspaces")
        dataset = open_dataset(
            tx, actor, DatasetAddress(wanted.workspace, wanted.dataset), Action.SEE_EVENTS
        ).dataset
    salt = secrets.new_salt()
    made = Webhook(
        id=str(uuid.uuid4()),
        workspace=wanted.workspace,
        dataset=None if dataset is None else dataset.no,
        dataset_name=None if dataset is None else dataset.name,
        url=wanted.url,
        events=tuple(dict.fromkeys(wanted.events)),
        description=wanted.description,
        enabled=True,
        disabled_why=None,
        owner=actor.username,
        salt=salt,
        fingerprint=secrets.fingerprint(salt),
        created_by=actor.username,
        created_at=now,
        changed_at=now,
        cursor=0,
    )
    add_webhook_event(
        tx, made, WebhookEvent(EventCode.CREATED_WEBHOOK, actor.username, now, after=webhook_facts(made))
    )
    made = replace(made, cursor=tx.webhooks.last_event())  # it does not receive the event of its own creation
    tx.webhooks.add(made)
    return Made(made, secrets.secret(salt))


def change_webhook(tx: Transaction, actor: Actor, id: str, wanted: WebhookChange, *, now: int) -> Changed:
    """Change a webhook. Enabled again it resumes where it stopped, unless missed events are to be skipped."""
    found = _find(tx, actor, id)
    changed = replace(_as_wanted(found, wanted), changed_at=now)
    if wanted.enabled or wanted.url is not None:
        changed = replace(resumed(changed), owner=actor.username)
    detail: dict[str, Any] = {}
    if wanted.skip_missed:
        detail["skipped"] = tx.webhooks.skip_waiting(found.id, now=now)
    elif changed.enabled and not found.enabled and was_removed(tx, found):
        detail["removed_before_sent"] = True
    add_webhook_change(tx, found, changed, who=actor.username, detail=detail)
    if wanted.skip_missed:
        changed = replace(changed, cursor=tx.webhooks.last_event())
    tx.webhooks.change(changed)
    return _with_waiting(tx, changed)


def _as_wanted(found: Webhook, wanted: WebhookChange) -> Webhook:
    """Return a webhook with the changes, once they have been checked."""
    changed = found
    if wanted.url is not None:
        _check_url(wanted.url, wanted.policy)
        changed = replace(changed, url=wanted.url)
    if wanted.events is not None:
        _check_events(wanted.events, found.workspace)
        changed = replace(changed, events=tuple(dict.fromkeys(wanted.events)))
    if wanted.description is not None:
        _check_description(wanted.description)
        changed = replace(changed, description=wanted.description)
    if wanted.enabled is not None:
        changed = replace(changed, enabled=wanted.enabled, disabled_why=None)
    return changed


def rotate_secret(tx: Transaction, actor: Actor, id: str, *, secrets: WebhookSecrets, now: int) -> Made:
    """Give a webhook another secret, with which everything is signed from now on, retries included."""
    found = _find(tx, actor, id)
    salt = secrets.new_salt()
    changed = replace(found, salt=salt, fingerprint=secrets.fingerprint(salt), changed_at=now)
    tx.webhooks.change(changed)
    add_webhook_event(tx, changed, WebhookEvent(EventCode.ROTATED_WEBHOOK_SECRET, actor.username, now))
    return Made(changed, secrets.secret(salt))


def delete_webhook(tx: Transaction, actor: Actor, id: str, *, now: int) -> None:
    """Delete a webhook with its deliveries; pending ones are never sent."""
    found = _find(tx, actor, id)
    facts = webhook_facts(found)
    add_webhook_event(tx, found, WebhookEvent(EventCode.DELETED_WEBHOOK, actor.username, now, before=facts))
    tx.webhooks.delete(found.id)


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries: those in a state, None for all, with numbers below ``before``."""

    limit: int
    state: DeliveryState | None = None
    before: int | None = None


def list_deliveries(
    tx: Transaction, actor: Actor, id: str, page: DeliveryPage
) -> Sequence[tuple[int, Delivery]]:
    """Return deliveries of a webhook with their numbers, newest first."""
    return tx.webhooks.deliveries(
        _find(tx, actor, id).id, state=page.state, before=page.before, limit=page.limit
    )


def send_again(tx: Transaction, actor: Actor, id: str, delivery: str, *, now: int) -> Delivery:
    """Queue a delivery to be sent once more, under the same id, before the pending ones."""
    webhook = _find(tx, actor, id)
    found = tx.webhooks.delivery(webhook.id, delivery)
    if found is None:
        raise EntityNotFoundError(delivery, "Delivery")
    if not webhook.enabled and found.code != PING:
        raise ConflictError("This webhook is disabled. Enable it first; nothing was sent.")
    again = replace(
        found, state=DeliveryState.WAITING, attempts=0, first_tried_at=None, next_at=now, changed_at=now
    )
    tx.webhooks.change_delivery(again)
    if webhook.enabled:
        tx.webhooks.change(replace(webhook, next_at=0))
    add_webhook_event(
        tx,
        webhook,
        WebhookEvent(
            EventCode.SENT_DELIVERY_AGAIN,
            actor.username,
            now,
            detail={"delivery": found.id, "event": found.code},
        ),
    )
    return again


def ping(tx: Transaction, actor: Actor, id: str, *, secrets: WebhookSecrets, now: int) -> Delivery:
    """Queue a delivery without an event, to be sent once and at once, also by a webhook that is disabled."""
    webhook = _find(tx, actor, id)
    why = unfit(tx, webhook, secrets)
    if why is not None:
        raise ConflictError(f"{why} Nothing was sent.")
    made = made_delivery(webhook, None, PING, ping_body(webhook, actor.username, now), now)
    tx.webhooks.add_deliveries([made])
    add_webhook_event(
        tx, webhook, WebhookEvent(EventCode.PINGED_WEBHOOK, actor.username, now, detail={"delivery": made.id})
    )
    return made


def _with_waiting(tx: Transaction, webhook: Webhook) -> Changed:
    return Changed(webhook, tx.webhooks.waiting(webhook.id))


def _find(tx: Transaction, actor: Actor, id: str) -> Webhook:
    found = tx.webhooks.find(id)
    hidden = found is None or (effective_role(actor, found.workspace) is EffectiveRole.OUTSIDER)
    if found is None or hidden:
        raise EntityNotFoundError(id, "Webhook")
    require(actor, action_for(found.workspace), found.workspace)
    return found


def _require(tx: Transaction, actor: Actor, workspace: str | None) -> None:
    require(actor, action_for(workspace), workspace)
    if workspace is not None and tx.people.workspace_named(workspace) is None:
        raise EntityNotFoundError(workspace, "Workspace")


def _check_url(url: str, policy: CallPolicy) -> None:
    problem = url_problem(url, policy)
    if problem is not None:
        raise _invalid("url", problem)


def _check_events(events: Sequence[str], workspace: str | None) -> None:
    problem = events_problem(events, workspace)
    if problem is not None:
        raise _invalid("events", problem)


def _check_description(description: str) -> None:
    if len(description) > _DESCRIPTION:
        raise _invalid("description", f"must have at most {_DESCRIPTION} characters")


def _invalid(field: str, msg: str) -> ValidationError:
    return ValidationError(
        [{"loc": ["body", field], "msg": f"{msg}. Nothing was stored", "type": "value_error"}]
    )

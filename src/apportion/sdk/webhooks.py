"""Webhooks: addresses that the server sends events to. `rg.webhooks`, `rg.create_webhook` and the like."""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import Unpack

from .session import active_client
from .webhook_data import Delivery, Webhook, WebhookChanges

__all__ = [
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "ping_webhook",
    "rotate_webhook_secret",
    "send_delivery_again",
    "webhook_deliveries",
    "webhooks",
]


def webhooks(workspace: str | None = None, *, everywhere: bool = False) -> list[Webhook]:
    """Return the webhooks of a workspace, for managers; with ``everywhere`` the server's, for administrators.

    >>> [each.url for each in rg.webhooks() if not each.enabled]  # doctest: +SKIP
    ['https://example.org/hook']

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    return active_client().webhooks(workspace, everywhere=everywhere)


def create_webhook(
    url: str,
    events: Iterable[str] = ("*",),
    *,
    dataset: str | None = None,
    description: str = "",
    workspace: str | None = None,
    everywhere: bool = False,
) -> Webhook:
    """Create a webhook that sends events to an address from now on: all, or those with these codes.

    The answer alone has the ``secret`` by which a receiver sees that it is the server that calls.

    >>> hook = rg.create_webhook("https://example.org/hook", events=["submitted"], dataset="reviews")  # doctest: +SKIP
    >>> hook.secret  # doctest: +SKIP
    'whsec_…'

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ValidationApiError`` for a URL that may not be called.
    """
    return active_client().create_webhook(
        url, events, dataset=dataset, description=description, workspace=workspace, everywhere=everywhere
    )


def change_webhook(webhook: Webhook | str, **changes: Unpack[WebhookChanges]) -> Webhook:
    """Change ``url``, ``events`` or ``description`` of a webhook, disable it, or enable it again.

    Enabled again it goes on where it stopped; with ``skip_missed=True`` what waits is never sent.

    >>> rg.change_webhook(hook, enabled=False).enabled  # doctest: +SKIP
    False

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ValidationApiError``.
    """
    return active_client().change_webhook(webhook, **changes)


def rotate_webhook_secret(webhook: Webhook | str) -> Webhook:
    """Replace the ``secret`` of a webhook, by which everything is signed from now on.

    >>> rg.rotate_webhook_secret(hook).secret  # doctest: +SKIP
    'whsec_…'

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    return active_client().rotate_webhook_secret(webhook)


def delete_webhook(webhook: Webhook | str) -> None:
    """Delete a webhook with its deliveries; what waits is never sent.

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    active_client().delete_webhook(webhook)


def ping_webhook(webhook: Webhook | str) -> Delivery:
    """Send the event ``ping`` to a webhook, once, to try it out. The result is in ``rg.webhook_deliveries``.

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ConflictApiError`` for one that may not send.
    """
    return active_client().ping_webhook(webhook)


def webhook_deliveries(
    webhook: Webhook | str, state: str | None = None, *, limit: int = 50
) -> list[Delivery]:
    """Return the deliveries of a webhook, newest first; ``state`` is waiting, delivered, failed or skipped.

    >>> [each.problem or each.status for each in rg.webhook_deliveries(hook, "failed")]  # doctest: +SKIP
    [503, 'could not connect']

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``InputValueError``.
    """
    return active_client().webhook_deliveries(webhook, state, limit=limit)


def send_delivery_again(webhook: Webhook | str, delivery: Delivery | str) -> Delivery:
    """Send a delivery once more, under the same id, before those that wait.

    >>> for each in rg.webhook_deliveries(hook, "failed"):  # doctest: +SKIP
    ...     rg.send_delivery_again(hook, each)

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ConflictApiError`` where the webhook is disabled.
    """
    return active_client().send_delivery_again(webhook, delivery)

"""Operations on webhooks: addresses that the server sends events to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from typing_extensions import Unpack

from apportion.sdk._connection import Connection, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError
from apportion.sdk.webhook_data import Delivery, Webhook, WebhookChanges, read_delivery, read_webhook

from ._requests import pages

__all__ = [
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "ping_webhook",
    "rotate_webhook_secret",
    "send_delivery_again",
    "webhook",
    "webhook_deliveries",
    "webhooks",
]

_PAGE = 200


def _ask(
    connection: Connection,
    method: str,
    route: str,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
) -> Steps[Any]:
    """Return the JSON of a response; only requests that change nothing are retried when there is no answer."""
    yield from connection.user()
    sent = None if body is None else msgspec.json.encode(body)
    return loads((yield Request(method, route, dict(query or {}), sent, repeatable=method == "GET")))


def webhooks(
    connection: Connection, workspace: str | None = None, *, everywhere: bool = False
) -> Steps[list[Webhook]]:
    """Return the webhooks of a workspace, for managers; with ``everywhere`` the server's, for administrators.

    >>> [each.url for each in rg.webhooks() if not each.enabled]  # doctest: +SKIP
    ['https://example.org/hook']

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    where = yield from connection.where(workspace)
    query = {"workspace": where, "scope": _scope(everywhere)}
    found = yield from _ask(connection, "GET", "/api/webhooks", query=query)
    return [read_webhook(each) for each in found["webhooks"]]


def webhook(connection: Connection, id: str) -> Steps[Webhook]:
    """Return one webhook. Raises ``NotFoundApiError``, ``ForbiddenApiError``."""
    return read_webhook((yield from _ask(connection, "GET", _path(id))))


def create_webhook(
    connection: Connection,
    url: str,
    events: Iterable[str] = ("*",),
    *,
    dataset: str | None = None,
    description: str = "",
    workspace: str | None = None,
    everywhere: bool = False,
) -> Steps[Webhook]:
    """Create a webhook that sends events to an address from now on: all, or those with these codes.

    The answer alone has the ``secret`` by which a receiver sees that it is the server that calls.

    >>> hook = rg.create_webhook("https://example.org/hook", events=["submitted"], dataset="reviews")  # doctest: +SKIP
    >>> hook.secret  # doctest: +SKIP
    'whsec_…'

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ValidationApiError`` for a URL that may not be called.
    """
    where = yield from connection.where(workspace)
    body = {
        "url": url,
        "events": _codes(events),
        "dataset": dataset,
        "description": description,
        "scope": _scope(everywhere),
    }
    return read_webhook((yield from _ask(connection, "POST", "/api/webhooks", body, {"workspace": where})))


def change_webhook(
    connection: Connection, webhook: Webhook | str, **changes: Unpack[WebhookChanges]
) -> Steps[Webhook]:
    """Change ``url``, ``events`` or ``description`` of a webhook, disable it, or enable it again.

    Enabled again it goes on where it stopped; with ``skip_missed=True`` what waits is never sent.

    >>> rg.change_webhook(hook, enabled=False).enabled  # doctest: +SKIP
    False

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ValidationApiError``.
    """
    sent: dict[str, Any] = dict(changes)
    if "events" in sent:
        sent["events"] = _codes(sent["events"])
    return read_webhook((yield from _ask(connection, "PATCH", _path(webhook), sent)))


def rotate_webhook_secret(connection: Connection, webhook: Webhook | str) -> Steps[Webhook]:
    """Replace the ``secret`` of a webhook, by which everything is signed from now on.

    >>> rg.rotate_webhook_secret(hook).secret  # doctest: +SKIP
    'whsec_…'

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    return read_webhook((yield from _ask(connection, "POST", _path(webhook) + ":rotate_secret")))


def delete_webhook(connection: Connection, webhook: Webhook | str) -> Steps[None]:
    """Delete a webhook with its deliveries; what waits is never sent.

    Raises ``ForbiddenApiError``, ``NotFoundApiError``.
    """
    yield from _ask(connection, "DELETE", _path(webhook))


def ping_webhook(connection: Connection, webhook: Webhook | str) -> Steps[Delivery]:
    """Send the event ``ping`` to a webhook, once, to try it out. The result is in ``rg.webhook_deliveries``.

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ConflictApiError`` for one that may not send.
    """
    return read_delivery((yield from _ask(connection, "POST", _path(webhook) + ":ping")))


def webhook_deliveries(
    connection: Connection, webhook: Webhook | str, state: str | None = None, *, limit: int = 50
) -> Steps[list[Delivery]]:
    """Return the deliveries of a webhook, newest first; ``state`` is waiting, delivered, failed or skipped.

    >>> [each.problem or each.status for each in rg.webhook_deliveries(hook, "failed")]  # doctest: +SKIP
    [503, 'could not connect']

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``InputValueError``.
    """
    yield from connection.user()
    found = yield from pages(_path(webhook) + "/deliveries", {"state": state}, "deliveries", limit, _PAGE)
    return [read_delivery(each) for each in found]


def send_delivery_again(
    connection: Connection, webhook: Webhook | str, delivery: Delivery | str
) -> Steps[Delivery]:
    """Send a delivery once more, under the same id, before those that wait.

    >>> for each in rg.webhook_deliveries(hook, "failed"):  # doctest: +SKIP
    ...     rg.send_delivery_again(hook, each)

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``ConflictApiError`` where the webhook is disabled.
    """
    id = delivery if isinstance(delivery, str) else delivery.id
    route = f"{_path(webhook)}{path('/deliveries/{}', id)}:send_again"
    return read_delivery((yield from _ask(connection, "POST", route)))


def _path(webhook: Webhook | str) -> str:
    return path("/api/webhooks/{}", webhook if isinstance(webhook, str) else webhook.id)


def _scope(everywhere: bool) -> str:
    return "server" if everywhere else "workspace"


def _codes(events: Iterable[str]) -> list[str]:
    if isinstance(events, str):
        raise InputValueError(f"events is a list of codes, as in events=[{events!r}].")
    return list(events)

"""Requests about webhooks, as steps that both clients run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ._connection import Connection, loads
from ._http import Request, Steps, path
from .errors import InputValueError
from .webhook_data import Delivery, Webhook, read_delivery, read_webhook

__all__ = [
    "change_webhook",
    "create_webhook",
    "delete_webhook",
    "find_webhook",
    "list_webhooks",
    "ping_webhook",
    "rotate_webhook_secret",
    "send_delivery_again",
    "webhook_deliveries",
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


def list_webhooks(connection: Connection, workspace: str | None, everywhere: bool) -> Steps[list[Webhook]]:
    where = yield from connection.where(workspace)
    query = {"workspace": where, "scope": _scope(everywhere)}
    found = yield from _ask(connection, "GET", "/api/webhooks", query=query)
    return [read_webhook(each) for each in found["webhooks"]]


def find_webhook(connection: Connection, id: str) -> Steps[Webhook]:
    return read_webhook((yield from _ask(connection, "GET", _path(id))))


def create_webhook(
    connection: Connection,
    url: str,
    events: Iterable[str],
    dataset: str | None,
    description: str,
    workspace: str | None,
    everywhere: bool,
) -> Steps[Webhook]:
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
    connection: Connection, webhook: Webhook | str, changes: Mapping[str, Any]
) -> Steps[Webhook]:
    sent = dict(changes)
    if "events" in sent:
        sent["events"] = _codes(sent["events"])
    return read_webhook((yield from _ask(connection, "PATCH", _path(webhook), sent)))


def rotate_webhook_secret(connection: Connection, webhook: Webhook | str) -> Steps[Webhook]:
    return read_webhook((yield from _ask(connection, "POST", _path(webhook) + ":rotate_secret")))


def delete_webhook(connection: Connection, webhook: Webhook | str) -> Steps[None]:
    yield from _ask(connection, "DELETE", _path(webhook))


def ping_webhook(connection: Connection, webhook: Webhook | str) -> Steps[Delivery]:
    return read_delivery((yield from _ask(connection, "POST", _path(webhook) + ":ping")))


def webhook_deliveries(
    connection: Connection, webhook: Webhook | str, state: str | None, limit: int
) -> Steps[list[Delivery]]:
    if limit < 0:
        raise InputValueError(f"limit is how many deliveries to bring at most; got {limit}.")
    found: list[Delivery] = []
    cursor: str | None = None
    while len(found) < limit:
        query: dict[str, Any] = {"limit": min(_PAGE, limit - len(found))}
        query |= {name: value for name, value in (("state", state), ("cursor", cursor)) if value is not None}
        page = yield from _ask(connection, "GET", _path(webhook) + "/deliveries", query=query)
        found += [read_delivery(each) for each in page["deliveries"]]
        cursor = page["next"]
        if cursor is None:
            break
    return found


def send_delivery_again(
    connection: Connection, webhook: Webhook | str, delivery: Delivery | str
) -> Steps[Delivery]:
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

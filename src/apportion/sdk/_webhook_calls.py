"""Client methods for webhooks, in a thread and on an event loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from typing_extensions import Unpack

from . import _webhooks
from ._connection import Connection
from ._http import Steps
from .webhook_data import Delivery, Webhook, WebhookChanges

__all__ = ["AsyncWebhookCalls", "WebhookCalls"]

T = TypeVar("T")


class WebhookCalls:
    """Methods of a client for webhooks."""

    _connection: Connection

    def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    def webhooks(self, workspace: str | None = None, *, everywhere: bool = False) -> list[Webhook]:
        """Return the webhooks of a workspace or of the whole server; see ``rg.webhooks``."""
        return self._run(_webhooks.list_webhooks(self._connection, workspace, everywhere))

    def webhook(self, id: str) -> Webhook:
        """Return one webhook. Raises ``NotFoundApiError``."""
        return self._run(_webhooks.find_webhook(self._connection, id))

    def create_webhook(
        self,
        url: str,
        events: Iterable[str] = ("*",),
        *,
        dataset: str | None = None,
        description: str = "",
        workspace: str | None = None,
        everywhere: bool = False,
    ) -> Webhook:
        """Create a webhook; see ``rg.create_webhook``."""
        return self._run(
            _webhooks.create_webhook(
                self._connection, url, events, dataset, description, workspace, everywhere
            )
        )

    def change_webhook(self, webhook: Webhook | str, **changes: Unpack[WebhookChanges]) -> Webhook:
        """Change a webhook; see ``rg.change_webhook``."""
        return self._run(_webhooks.change_webhook(self._connection, webhook, changes))

    def rotate_webhook_secret(self, webhook: Webhook | str) -> Webhook:
        """Replace the secret of a webhook; see ``rg.rotate_webhook_secret``."""
        return self._run(_webhooks.rotate_webhook_secret(self._connection, webhook))

    def delete_webhook(self, webhook: Webhook | str) -> None:
        """Delete a webhook with its deliveries."""
        self._run(_webhooks.delete_webhook(self._connection, webhook))

    def ping_webhook(self, webhook: Webhook | str) -> Delivery:
        """Send a test event to a webhook; see ``rg.ping_webhook``."""
        return self._run(_webhooks.ping_webhook(self._connection, webhook))

    def webhook_deliveries(
        self, webhook: Webhook | str, state: str | None = None, *, limit: int = 50
    ) -> list[Delivery]:
        """Return the deliveries of a webhook, sent and waiting, newest first; see ``rg.webhook_deliveries``."""
        return self._run(_webhooks.webhook_deliveries(self._connection, webhook, state, limit))

    def send_delivery_again(self, webhook: Webhook | str, delivery: Delivery | str) -> Delivery:
        """Send a delivery once more; see ``rg.send_delivery_again``."""
        return self._run(_webhooks.send_delivery_again(self._connection, webhook, delivery))


class AsyncWebhookCalls:
    """Methods of an asynchronous client for webhooks."""

    _connection: Connection

    async def _run(self, steps: Steps[T]) -> T:
        raise NotImplementedError

    async def webhooks(self, workspace: str | None = None, *, everywhere: bool = False) -> list[Webhook]:
        """Return the webhooks of a workspace or of the whole server; see ``rg.webhooks``."""
        return await self._run(_webhooks.list_webhooks(self._connection, workspace, everywhere))

    async def webhook(self, id: str) -> Webhook:
        """Return one webhook. Raises ``NotFoundApiError``."""
        return await self._run(_webhooks.find_webhook(self._connection, id))

    async def create_webhook(
        self,
        url: str,
        events: Iterable[str] = ("*",),
        *,
        dataset: str | None = None,
        description: str = "",
        workspace: str | None = None,
        everywhere: bool = False,
    ) -> Webhook:
        """Create a webhook; see ``rg.create_webhook``."""
        return await self._run(
            _webhooks.create_webhook(
                self._connection, url, events, dataset, description, workspace, everywhere
            )
        )

    async def change_webhook(self, webhook: Webhook | str, **changes: Unpack[WebhookChanges]) -> Webhook:
        """Change a webhook; see ``rg.change_webhook``."""
        return await self._run(_webhooks.change_webhook(self._connection, webhook, changes))

    async def rotate_webhook_secret(self, webhook: Webhook | str) -> Webhook:
        """Replace the secret of a webhook; see ``rg.rotate_webhook_secret``."""
        return await self._run(_webhooks.rotate_webhook_secret(self._connection, webhook))

    async def delete_webhook(self, webhook: Webhook | str) -> None:
        """Delete a webhook with its deliveries."""
        await self._run(_webhooks.delete_webhook(self._connection, webhook))

    async def ping_webhook(self, webhook: Webhook | str) -> Delivery:
        """Send a test event to a webhook; see ``rg.ping_webhook``."""
        return await self._run(_webhooks.ping_webhook(self._connection, webhook))

    async def webhook_deliveries(
        self, webhook: Webhook | str, state: str | None = None, *, limit: int = 50
    ) -> list[Delivery]:
        """Return the deliveries of a webhook, sent and waiting, newest first; see ``rg.webhook_deliveries``."""
        return await self._run(_webhooks.webhook_deliveries(self._connection, webhook, state, limit))

    async def send_delivery_again(self, webhook: Webhook | str, delivery: Delivery | str) -> Delivery:
        """Send a delivery once more; see ``rg.send_delivery_again``."""
        return await self._run(_webhooks.send_delivery_again(self._connection, webhook, delivery))

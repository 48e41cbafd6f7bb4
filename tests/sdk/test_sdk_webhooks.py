"""Webhooks in Python: `rg.create_webhook` and the like, in a thread and on an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import apportion as rg
from apportion.sdk.errors import (
    ConflictApiError,
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
    ValidationApiError,
)
from sdk_support import URL, ClientAs, InProcess

HOOK = "https://example.org/hook"


def test_a_webhook_is_made_changed_tried_and_deleted(active: rg.Client) -> None:
    rg.log(rg.TextClassificationRecord(text="x", id=1), "talk", verbose=False)
    made = rg.create_webhook(HOOK, ["submitted"], dataset="talk", description="our bot")

    assert (made.workspace, made.dataset, made.events, made.enabled) == (
        "shared",
        "talk",
        ("submitted",),
        True,
    )
    assert made.secret is not None
    assert made.secret not in repr(made)
    assert [each.id for each in rg.webhooks()] == [made.id]
    assert rg.webhooks()[0].secret is None
    assert rg.rotate_webhook_secret(made).secret != made.secret
    changed = rg.change_webhook(made, enabled=False, events=["*"])
    assert (changed.enabled, changed.events, changed.url) == (False, ("*",), HOOK)
    ping = rg.ping_webhook(made.id)
    assert [(each.id, each.state) for each in rg.webhook_deliveries(made)] == [(ping.id, "waiting")]
    assert rg.webhook_deliveries(made, "failed") == []
    assert rg.send_delivery_again(made, ping).id == ping.id
    rg.delete_webhook(made)
    assert rg.webhooks() == []
    with pytest.raises(NotFoundApiError):
        active.webhook(made.id)


def test_all_deliveries_are_brought_page_by_page(active: rg.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apportion.sdk.operations.webhooks._PAGE", 2)
    made = rg.create_webhook(HOOK)
    pings = [rg.ping_webhook(made).id for _ in range(5)]

    assert [each.id for each in rg.webhook_deliveries(made)] == pings[::-1]
    assert len(rg.webhook_deliveries(made, limit=3)) == 3


def test_webhooks_of_the_whole_server_are_apart(active: rg.Client, client_as: ClientAs) -> None:
    made = rg.create_webhook(HOOK, everywhere=True)

    assert (made.workspace, rg.webhooks()) == (None, [])
    assert [each.id for each in rg.webhooks(everywhere=True)] == [made.id]
    with pytest.raises(
        ForbiddenApiError, match="only administrators may manage webhooks of the whole server"
    ):
        client_as("max").webhooks(everywhere=True)


def test_what_is_wrong_is_said(active: rg.Client, client_as: ClientAs) -> None:
    made = rg.create_webhook(HOOK)
    with pytest.raises(ValidationApiError, match="not public"):
        rg.create_webhook("https://127.0.0.1/hook")
    with pytest.raises(ValidationApiError, match=r"'Took Back' is not an event of .*event codes.* took_back"):
        rg.change_webhook(made, events=["Took Back"])
    with pytest.raises(InputValueError, match="list of codes"):
        rg.create_webhook(HOOK, "submitted")
    with pytest.raises(InputValueError, match="at most"):
        rg.webhook_deliveries(made, limit=-1)
    with pytest.raises(ForbiddenApiError, match="managers of workspace shared"):
        client_as("rita").create_webhook(HOOK)
    ping = rg.ping_webhook(made)
    rg.change_webhook(made, enabled=False)
    assert rg.send_delivery_again(made, ping).state == "waiting"
    for _ in range(19):
        rg.create_webhook(HOOK)
    with pytest.raises(ConflictApiError, match="20 webhooks already"):
        rg.create_webhook(HOOK)


def test_the_asynchronous_client_does_the_same(transport: InProcess, client: Any) -> None:
    async def act() -> None:
        async with rg.AsyncClient(URL, "max.apikey", "shared", transport=transport) as mine:
            made = await mine.create_webhook(HOOK, ["submitted", "skipped"])
            assert made.secret is not None
            assert [each.id for each in await mine.webhooks()] == [made.id]
            assert (await mine.change_webhook(made, description="new")).description == "new"
            ping = await mine.ping_webhook(made)
            assert (await mine.send_delivery_again(made, ping)).id == ping.id
            assert len(await mine.webhook_deliveries(made)) == 1
            assert (await mine.rotate_webhook_secret(made)).secret != made.secret
            assert (await mine.webhook(made.id)).waiting == 1
            await mine.delete_webhook(made)
            assert await mine.webhooks() == []

    asyncio.run(act())

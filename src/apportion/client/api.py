"""Names that 1.x notebooks import from `argilla.client.api`. New code uses `apportion`."""

from __future__ import annotations

from collections.abc import Mapping

from apportion.sdk import session
from apportion.sdk.api import (
    copy,
    delete,
    delete_records,
    get_workspace,
    load,
    log,
    log_async,
    set_workspace,
)
from apportion.sdk.client import Client
from apportion.sdk.records import BulkResponse
from apportion.sdk.session import active_client, init

from .client import Argilla

__all__ = [
    "Api",
    "Argilla",
    "ArgillaSingleton",
    "BulkResponse",
    "active_api",
    "active_client",
    "copy",
    "delete",
    "delete_records",
    "get_workspace",
    "init",
    "load",
    "log",
    "log_async",
    "set_workspace",
]

Api = Argilla
active_api = active_client


class ArgillaSingleton:
    """The active client, as `rg.active_client` returns it."""

    @classmethod
    def get(cls) -> Client:
        """Return the active client, created if there is none."""
        return active_client()

    @classmethod
    def init(
        cls,
        api_url: str | None = None,
        api_key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Client:
        """Make another client the active one; see `rg.init`."""
        init(api_url, api_key, workspace, timeout, extra_headers)
        return active_client()

    @classmethod
    def clear(cls) -> None:
        """Drop the active client, until the next call creates one."""
        session.forget_client()

"""Names that 1.x notebooks import from `argilla.client.client`. New code uses `rg.Client`."""

from __future__ import annotations

from collections.abc import Mapping

from apportion.sdk.client import Client

__all__ = ["Argilla"]


class Argilla(Client):
    """A client under its name of 1.x, which asks the server who you are as soon as it is created."""

    def __init__(
        self,
        api_url: str | None = None,
        api_key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(api_url, api_key, workspace, timeout, extra_headers)
        self.set_workspace(self.workspace)

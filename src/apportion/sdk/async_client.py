"""A client for code on an event loop: the methods of `Client`, to be awaited."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from . import operations
from ._connection import DEFAULT_KEY, DEFAULT_URL, Connection, environment
from ._http import AsyncHttpClient
from ._method import Awaited, Method
from .client_methods import ClientMethods

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncClient"]


class AsyncClient(ClientMethods, Awaited):
    """A user's connection to a server, for one event loop. Its methods are those of ``Client``, to be awaited.

    >>> async with rg.AsyncClient("http://localhost:6900", "ana.apikey") as client:  # doctest: +SKIP
    ...     dataset = await client.load("reviews", workspace="recognai")

    ``transport`` replaces the network, for tests: any ``httpx.AsyncBaseTransport``.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = AsyncHttpClient(
            url or environment("API_URL") or DEFAULT_URL,
            key or environment("API_KEY") or DEFAULT_KEY,
            extra_headers or {},
            timeout,
            transport,
        )
        self._connection = Connection(self._http, workspace or environment("WORKSPACE"))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.base_url!r}, workspace={self._connection.workspace!r})"

    async def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        await self._http.close()

    log = Method(operations.records.log)
    search = Method(operations.records.search)

    @property
    def base_url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._http.base_url

    @property
    def token(self) -> str:
        """The API key."""
        return self._http.token

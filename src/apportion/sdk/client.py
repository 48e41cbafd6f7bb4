"""The client of one server: everything the SDK can do, as methods.

`rg.log` and the like use the active one.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from . import operations
from ._background import in_background
from ._connection import DEFAULT_KEY, DEFAULT_URL, Connection, environment
from ._http import HttpClient
from ._method import Blocking
from .client_methods import ClientMethods
from .compat_1x import Datasets, Metrics, Search
from .logging_ import LogJob
from .people import User
from .records import BulkResponse

if TYPE_CHECKING:
    import httpx

__all__ = ["Client"]

_log = logging.getLogger("apportion")


class Client(ClientMethods, Blocking):
    """A user's connection to a server. Arguments left out come from the environment, as for ``rg.init``.

    ``timeout`` is in seconds, for each request; ``extra_headers`` are sent with each.

    Nothing is sent until something is asked; from then on connections are kept until ``close``, or until the
    client is no longer used. It may be used from any number of threads.

    >>> with rg.Client("http://localhost:6900", "ana.apikey") as client:  # doctest: +SKIP
    ...     dataset = client.load("reviews", workspace="recognai")

    ``transport`` replaces the network, for tests: any ``httpx.BaseTransport``.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = HttpClient(
            url or environment("API_URL") or DEFAULT_URL,
            key or environment("API_KEY") or DEFAULT_KEY,
            extra_headers or {},
            timeout,
            transport,
        )
        self._connection = Connection(
            self._http,
            workspace or environment("WORKSPACE"),
            weakref.ref(self),  # so that connections are closed as soon as nobody holds the client
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r}, workspace={self._connection.workspace!r})"

    def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        self._http.close()

    # Identity and workspace

    @property
    def base_url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._http.base_url

    @property
    def token(self) -> str:
        """The API key."""
        return self._http.token

    @property
    def http_client(self) -> HttpClient:
        """The HTTP client, for any path of the server: ``client.http_client.get("/api/users")``."""
        return self._http

    @property
    def client(self) -> HttpClient:
        """The same as ``http_client``, as 1.x notebooks call it."""
        return self._http

    @property
    def datasets(self) -> Datasets:
        """The dataset calls of 1.x."""
        return Datasets(self._http, self._connection)

    @property
    def metrics(self) -> Metrics:
        """The metric calls of 1.x."""
        return Metrics(self._http, self._connection)

    @property
    def user(self) -> User:
        """The user the key belongs to, as the server answered when it was first asked."""
        return self._run(self._connection.user())

    @property
    def workspace(self) -> str:
        """The workspace that calls use unless they name another: at first the one named like the user."""
        return self._run(self._connection.where(None))

    # Records

    @overload
    def log(
        self,
        records: Any,
        name: str,
        workspace: str | None = ...,
        tags: Mapping[str, Any] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        batch_size: int = ...,
        verbose: bool = ...,
        background: Literal[False] = ...,
        chunk_size: int | None = ...,
    ) -> BulkResponse: ...

    @overload
    def log(
        self,
        records: Any,
        name: str,
        workspace: str | None = ...,
        tags: Mapping[str, Any] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        batch_size: int = ...,
        verbose: bool = ...,
        *,
        background: Literal[True],
        chunk_size: int | None = ...,
    ) -> Future[BulkResponse]: ...

    @overload
    def log(
        self,
        records: Any,
        name: str,
        workspace: str | None = ...,
        tags: Mapping[str, Any] | None = ...,
        metadata: Mapping[str, Any] | None = ...,
        batch_size: int = ...,
        verbose: bool = ...,
        background: bool = ...,
        chunk_size: int | None = ...,
    ) -> BulkResponse | Future[BulkResponse]: ...

    def log(
        self,
        records: Any,
        name: str,
        workspace: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        batch_size: int = 500,
        verbose: bool = True,
        background: bool = False,
        chunk_size: int | None = None,
    ) -> BulkResponse | Future[BulkResponse]:
        job = LogJob(
            records, name, tags=tags, metadata=metadata, batch_size=batch_size, chunk_size=chunk_size
        )
        self._run(operations.records.set_target(self._connection, job, workspace))
        steps = operations.records.send_batches(self._connection, job, verbose)
        if not background:
            return self._run(steps)

        def act() -> BulkResponse:
            try:
                return self._run(steps)
            except Exception as problem:  # nobody may ever ask what became of it
                _log.error("Logging in the background failed. %s", problem)
                raise

        return in_background(act)

    log.__doc__ = operations.records.log.__doc__

    async def log_async(
        self,
        records: Any,
        name: str,
        workspace: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        batch_size: int = 500,
        verbose: bool = True,
        chunk_size: int | None = None,
    ) -> BulkResponse:
        """Store records as ``log`` does, without blocking the event loop; it may be called from any loop.

        >>> await rg.log_async(records, "reviews")  # doctest: +SKIP

        Raises what ``log`` raises.
        """

        def act() -> BulkResponse:
            return self.log(
                records, name, workspace, tags, metadata, batch_size, verbose, chunk_size=chunk_size
            )

        return await asyncio.to_thread(act)

    @property
    def search(self) -> Search:
        """The search: ``client.search(name, query)`` returns one page of the records that match; see ``rg.search``."""
        return Search(self._http, self._connection)

"""The active client, which the functions of `apportion` use: `rg.init`, `rg.active_client`."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock

from .client import Client
from .people import set_active_client

__all__ = ["active_client", "forget_client", "init"]

_active: Client | None = None
_lock = RLock()


def init(
    api_url: str | None = None,
    api_key: str | None = None,
    workspace: str | None = None,
    timeout: float = 60,
    extra_headers: Mapping[str, str] | None = None,
) -> None:
    """Connect the calls of this module to a server, as the user of an API key.

    What is left out comes from the environment (``APPORTION_API_URL``, ``APPORTION_API_KEY``,
    ``APPORTION_WORKSPACE``, else the same with ``ARGILLA_``), else it is ``http://localhost:6900`` and
    ``argilla.apikey``. Without a workspace the active one is named like you. ``timeout`` is in seconds, for each
    request; ``extra_headers`` are sent with each. Calls without ``init`` do this on their own, with nothing given.

    >>> rg.init(api_url="http://localhost:6900", api_key="ana.apikey", workspace="recognai")  # doctest: +SKIP

    Raises ``ServerUnreachableError``, ``UnauthorizedApiError``, ``WrongResponseError`` if that is not the
    address of a server, ``ApiCompatibilityError``, ``InputValueError`` if the workspace is not yours. Then
    there is no active client.
    """
    global _active
    with _lock:
        _active = None
        client = Client(api_url, api_key, workspace, timeout, extra_headers)
        chosen = client._connection.workspace
        if chosen is not None:
            client.set_workspace(chosen)
        assert client.user
        _active = client


def active_client() -> Client:
    """Return the client that the calls of this module use, created on the first call.

    >>> rg.active_client().http_client.get("/api/users")  # doctest: +SKIP

    Raises what ``init`` raises.
    """
    with _lock:
        if _active is None:
            init()
        assert _active is not None
        return _active


def forget_client() -> None:
    """Drop the active client, until ``init`` or the next call creates one."""
    global _active
    with _lock:
        _active = None


set_active_client(active_client)

"""One call of a webhook: the address is resolved, checked and pinned, the response bounded in size and time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

from apportion.domain.addresses import CallPolicy, address_problem
from apportion.domain.webhooks import Outcome

__all__ = ["Resolve", "WebhookCaller", "look_up"]

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolver that returns the addresses of a host name."""

SECONDS = 10.0
"""Timeout of a whole call: resolving the name, connecting, sending, the head of the response."""
EXCERPT_SECONDS = 2.0
EXCERPT = 1_000
"""Bytes of the response that are read and stored."""
_ADDRESSES = 3
"""Number of a host's addresses that are tried."""


class WebhookCaller:
    """Calls webhooks.

    The host is resolved once for each call, the address is checked, and the connection goes to exactly that address, so
    that the name cannot resolve to another one between check and call. No proxy is used and no redirect followed: both
    would lead to addresses that were not checked.
    """

    def __init__(
        self, policy: CallPolicy, *, resolve: Resolve | None = None, seconds: float = SECONDS
    ) -> None:
        self._policy = policy
        self._resolve = resolve or look_up
        self._seconds = seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Send a delivery; every failure is in the outcome, in words that reveal nothing of the URL."""
        try:
            return await asyncio.wait_for(self._post(httpx.URL(url), headers, body), self._seconds)
        except (asyncio.TimeoutError, httpx.TimeoutException):
            return Outcome(problem=f"no answer within {self._seconds:g} seconds")
        except httpx.ConnectError as failure:
            why = "its certificate was not accepted" if "CERTIFICATE" in str(failure) else "couldn't connect"
            return Outcome(problem=why)
        except httpx.InvalidURL:
            return Outcome(problem="is no URL")
        except httpx.HTTPError:
            return Outcome(problem="the connection broke, or what came back is no HTTP")
        except OSError:
            return Outcome(problem="the host name couldn't be looked up")
        except UnicodeError:
            return Outcome(problem="the host name is none")

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Outcome:
        found = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        addresses = [ip_address(each) for each in found]
        problems = [address_problem(each, url.scheme, self._policy) for each in addresses]
        usable = [each for each, problem in zip(addresses, problems, strict=True) if problem is None]
        if not usable:
            return Outcome(problem=next((each for each in problems if each), "the host name has no address"))
        *others, last = usable[:_ADDRESSES]
        for address in others:
            with contextlib.suppress(httpx.ConnectError):
                return await self._post_to(address, url, headers, body)
        return await self._post_to(last, url, headers, body)

    async def _post_to(
        self, address: Address, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> Outcome:
        pinned = url.copy_with(host=str(address))
        sent = {**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        client = httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._seconds
        )
        async with (
            client,
            client.stream(
                "POST", pinned, content=body, headers=sent, extensions={"sni_hostname": url.host}
            ) as answer,
        ):
            return Outcome(answer.status_code, await _excerpt(answer))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        made = httpx.create_ssl_context(trust_env=False)
        made.load_default_certs()  # the system's certificates too: an organisation's own authority is among them
        return made


async def _excerpt(answer: httpx.Response) -> str:
    """Return the beginning of a response, as far as it arrives in time, without control characters."""
    found = bytearray()

    async def read() -> None:
        async for chunk in answer.aiter_raw():
            found.extend(chunk[: EXCERPT - len(found)])
            if len(found) >= EXCERPT:
                return

    # the status alone decides whether the delivery was accepted
    with contextlib.suppress(asyncio.TimeoutError, httpx.HTTPError):
        await asyncio.wait_for(read(), EXCERPT_SECONDS)
    text = found.decode("utf-8", "replace")
    return "".join(each for each in text if each.isprintable() or each in "\n\t")


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host name.

    It runs in a thread of its own that nothing joins: the system's resolver may hang, and the server must be able to
    stop meanwhile.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def set_outcome(found: list[str] | Exception) -> None:
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: list[str] | Exception
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except Exception as failure:
            found = failure
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(set_outcome, found)

    threading.Thread(target=ask, name="apportion-lookup", daemon=True).start()
    return await answer

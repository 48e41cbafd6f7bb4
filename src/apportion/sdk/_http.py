"""HTTP to the server: requests, retries while a server is away for a moment, clear errors.

Operations are written once, as generators that yield a ``Request`` and are sent the body of its response.
``HttpClient.run`` carries them out, ``AsyncHttpClient.run`` does the same on an event loop. For the few things that
have to be done differently in the two places they yield an ``Activity``.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ._error_messages import RequestInfo, decode, problem_of
from ._request import PAUSES, Request, may_retry, pause_while_at_work, retry_pause
from .errors import BaseClientError, InputValueError, ServerTimeoutError, ServerUnreachableError

__all__ = [
    "KEY_HEADER",
    "WORKSPACE_HEADER",
    "Activity",
    "AsyncHttpClient",
    "Download",
    "HttpClient",
    "Pause",
    "Request",
    "Steps",
    "path",
]

KEY_HEADER = "X-Argilla-Api-Key"
WORKSPACE_HEADER = "X-Argilla-Workspace"
IDEMPOTENCY_HEADER = "Idempotency-Key"
T = TypeVar("T")


class Activity(Protocol):
    """Something other than one request: it is sent ahead, goes on in a thread, waits, or is written to a file."""

    def run(self, http: HttpClient) -> Any: ...
    async def run_on_loop(self, http: AsyncHttpClient) -> Any: ...


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause before the next request."""

    seconds: float

    def run(self, _: HttpClient) -> None:
        """Wait in this thread."""
        time.sleep(self.seconds)

    async def run_on_loop(self, _: AsyncHttpClient) -> None:
        """Wait without blocking the event loop."""
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Download:
    """A response that goes to a file."""

    request: Request
    file: Path

    def run(self, http: HttpClient) -> None:
        """Write what comes in this thread."""
        http.download(self.request, self.file)

    async def run_on_loop(self, http: AsyncHttpClient) -> None:
        """Write what comes while the event loop waits for more."""
        await http.download(self.request, self.file)


Steps = Generator[Request | Activity, Any, T]
"""The steps of an operation. Each is sent its result: a request the body of the response, as bytes."""


def path(template: str, *names: str) -> str:
    """Return the path with the names inserted for ``{}``, as one segment each.

    >>> path("/api/datasets/{}/records/{}", "reviews", "a/b")
    '/api/datasets/reviews/records/a%2Fb'
    """
    return template.format(*(quote(str(name), safe="") for name in names))


class _Shared:
    """State and error handling that both HTTP clients share."""

    base_url: str
    """The server's address, without a trailing slash."""
    token: str
    """The API key, or the token of a session."""
    timeout: float
    """Seconds to wait for a response."""
    headers: dict[str, str]
    """Sent with every request; may be changed."""

    def __init__(self, base_url: str, token: str, headers: Mapping[str, str], timeout: float) -> None:
        self.base_url = _clean(base_url)
        self.token = token = token.strip()
        if not token.isascii():
            raise InputValueError("An API key has no accents or other special characters. Copy it once more.")
        self.is_token = token.startswith("eyJ") and token.count(".") == 2
        self.timeout = timeout
        named = {"Authorization": f"Bearer {token}"} if self.is_token else {KEY_HEADER: token}
        self.headers = {**(named if token else {}), **headers}

    def _arguments(self, request: Request) -> dict[str, Any]:
        headers = {name: value for name, value in self.headers.items() if name != WORKSPACE_HEADER}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.keyed:
            headers[IDEMPOTENCY_HEADER] = uuid.uuid4().hex
        return {
            "method": request.method,
            "url": self.base_url + request.path,
            "params": {name: _words(value) for name, value in request.query.items() if value is not None},
            "content": request.body,
            "headers": headers,
        }

    def _asked(self, request: Request) -> RequestInfo:
        return RequestInfo(
            self.base_url,
            request.method,
            request.path,
            request.query.get("workspace") or self.headers.get(WORKSPACE_HEADER),
            self.token,
            self.is_token,
        )

    def _body(self, request: Request, response: httpx.Response) -> bytes:
        problem = problem_of(self._asked(request), response.status_code, response.headers, response.content)
        if problem is not None:
            raise problem
        return response.content

    def _pauses(self, request: Request) -> list[float | None]:
        return [*PAUSES, None] if request.retry else [None]

    def _connection_error(self, failure: Exception) -> BaseClientError:
        detail = str(failure) or type(failure).__name__
        if isinstance(failure, httpx.TimeoutException):
            return ServerTimeoutError(
                f"{self.base_url} did not answer within {self.timeout:g} seconds. It may still finish what it was "
                "asked; records can be logged again without harm. rg.init(timeout=…) waits longer."
            )
        if isinstance(failure, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return InputValueError(f"{self.base_url!r} is no address of a server: {detail}.")
        if isinstance(failure, httpx.ConnectError) and "SSL" in detail:
            plain = "WRONG_VERSION" in detail or "RECORD_LAYER" in detail
            why = "It speaks plain http" if plain else "This computer does not trust its certificate"
            instead = f": try api_url='http{self.base_url[5:]}'" if plain else ""
            return ServerUnreachableError(
                f"No secure connection to {self.base_url} ({detail}). {why}{instead}."
            )
        if isinstance(failure, httpx.ConnectError):
            return ServerUnreachableError(
                f"Nothing answers at {self.base_url} ({detail}). Is the server running, and is this its address? "
                "Pass api_url=… or set APPORTION_API_URL; `apportion quickstart` starts a server here."
            )
        return ServerUnreachableError(f"{self.base_url} broke off ({detail}). Is the server still running?")


def _clean(url: str) -> str:
    found = url.strip().rstrip("/")
    if not found.startswith(("http://", "https://")):
        raise InputValueError(f"{url!r} is no address of a server: it has to begin with http:// or https://.")
    return found


def _words(value: Any) -> str | list[str]:
    """Return a parameter as it is sent; a list is sent as several of one name."""
    return [_word(each) for each in value] if isinstance(value, (list, tuple)) else _word(value)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


@contextmanager
def _whole(file: Path) -> Iterator[BinaryIO]:
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as target:
            yield target
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _trusted(base_url: str) -> ssl.SSLContext | bool:
    """Return whose certificates are taken: nobody's where none is shown, as reading the usual ones takes 20 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if base_url.startswith("http:") else True


class HttpClient(_Shared):
    """An HTTP client for one server, usable from any number of threads.

    ``get``, ``post``, ``put``, ``patch`` and ``delete`` take any path of the server, send the active workspace
    along as 1.x does, and return the answer's JSON.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        headers: Mapping[str, str],
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        connect_timeout: float | None = None,
    ) -> None:
        super().__init__(base_url, token, headers, timeout)
        connect = timeout if connect_timeout is None else connect_timeout
        self._httpx = httpx.Client(
            verify=_trusted(base_url), timeout=httpx.Timeout(timeout, connect=connect), transport=transport
        )
        self._close = weakref.finalize(self, self._httpx.close)

    def close(self) -> None:
        """Close the connections; this also happens by itself once the client is no longer used."""
        self._close()

    def run(self, steps: Steps[T]) -> T:
        """Run the steps and return their result."""
        try:
            step = next(steps)
            while True:
                try:
                    done = self.send(step) if isinstance(step, Request) else step.run(self)
                except BaseClientError as problem:
                    step = steps.throw(problem)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    def send(self, request: Request) -> bytes:
        """Send a request and return the body of the response."""
        arguments = self._arguments(request)
        for pause in self._pauses(request):
            try:
                response = self._at_last(request, arguments)
            except (httpx.RequestError, httpx.InvalidURL) as failure:
                if pause is None or not may_retry(request, failure):
                    raise self._connection_error(failure) from failure
            else:
                pause = None if pause is None else retry_pause(request, response, pause)
                if pause is None:
                    return self._body(request, response)
            time.sleep(pause)
        raise AssertionError("the last pause is None")

    def _at_last(self, request: Request, arguments: Mapping[str, Any]) -> httpx.Response:
        """Return the response; while an earlier copy of the request is still being carried out, ask again for it."""
        until = time.monotonic() + self.timeout
        while True:
            response = self._httpx.request(**arguments)
            pause = pause_while_at_work(request, response)
            if pause is None or time.monotonic() > until:
                return response
            time.sleep(pause)

    def download(self, request: Request, file: Path) -> None:
        """Write the body of the response to a file, which is there whole or not at all."""
        with _whole(file) as part:
            self.stream_to(request, part.write)

    def stream_to(self, request: Request, write: Callable[[bytes], Any]) -> None:
        """Send a request and pass the body of the response on, part by part."""
        try:
            with self._httpx.stream(**self._arguments(request)) as response:
                if response.status_code != 200:
                    response.read()
                    self._body(request, response)
                for part in response.iter_bytes():
                    write(part)
        except (httpx.RequestError, httpx.InvalidURL) as failure:
            raise self._connection_error(failure) from failure

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies that are sent with every request."""
        return self._httpx.cookies

    def get(self, path: str, **options: Any) -> Any:
        """Send ``GET path`` and return the JSON of the response."""
        return self._raw("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send ``POST path`` and return the JSON of the response."""
        return self._raw("POST", path, json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send ``PUT path`` and return the JSON of the response."""
        return self._raw("PUT", path, json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send ``PATCH path`` and return the JSON of the response."""
        return self._raw("PATCH", path, json, **options)

    def delete(self, path: str, json: Any = None, **options: Any) -> Any:
        """Send ``DELETE path`` and return the JSON of the response."""
        return self._raw("DELETE", path, json, **options)

    async def post_async(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """Send ``POST path`` without blocking the event loop; return the response, whatever its status."""
        headers = {**self.headers, "Content-Type": "application/json", **options.pop("headers", {})}
        url = f"{self.base_url}/{path.lstrip('/')}"
        return await asyncio.to_thread(self._httpx.post, url, headers=headers, content=_json(json), **options)

    def _raw(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        request = Request(method, "/" + path.lstrip("/"))
        headers = {**self.headers, **options.pop("headers", {})}
        if json is not None:
            options["content"] = _json(json)
            headers.setdefault("Content-Type", "application/json")
        try:
            url = self.base_url + request.path
            response = self._httpx.request(method, url, headers=headers, **options)
        except (httpx.RequestError, httpx.InvalidURL) as failure:
            raise self._connection_error(failure) from failure
        return decode(self._body(request, response), self._asked(request))


class AsyncHttpClient(_Shared):
    """An HTTP client for one server on one event loop."""

    def __init__(
        self,
        base_url: str,
        token: str,
        headers: Mapping[str, str],
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, token, headers, timeout)
        self._httpx = httpx.AsyncClient(verify=_trusted(base_url), timeout=timeout, transport=transport)

    async def close(self) -> None:
        """Close the connections."""
        await self._httpx.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Run the steps and return their result."""
        try:
            step = next(steps)
            while True:
                try:
                    done = await (self.send(step) if isinstance(step, Request) else step.run_on_loop(self))
                except BaseClientError as problem:
                    step = steps.throw(problem)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    async def send(self, request: Request) -> bytes:
        """Send a request and return the body of the response."""
        arguments = self._arguments(request)
        for pause in self._pauses(request):
            try:
                response = await self._at_last(request, arguments)
            except (httpx.RequestError, httpx.InvalidURL) as failure:
                if pause is None or not may_retry(request, failure):
                    raise self._connection_error(failure) from failure
            else:
                pause = None if pause is None else retry_pause(request, response, pause)
                if pause is None:
                    return self._body(request, response)
            await asyncio.sleep(pause)
        raise AssertionError("the last pause is None")

    async def _at_last(self, request: Request, arguments: Mapping[str, Any]) -> httpx.Response:
        """Return the response; while an earlier copy of the request is still being carried out, ask again for it."""
        until = time.monotonic() + self.timeout
        while True:
            response = await self._httpx.request(**arguments)
            pause = pause_while_at_work(request, response)
            if pause is None or time.monotonic() > until:
                return response
            await asyncio.sleep(pause)

    async def download(self, request: Request, file: Path) -> None:
        """Write the body of the response to a file, which is there whole or not at all."""
        with _whole(file) as part:
            await self.stream_to(request, part.write)

    async def stream_to(self, request: Request, write: Callable[[bytes], Any]) -> None:
        """Send a request and pass the body of the response on, part by part."""
        try:
            async with self._httpx.stream(**self._arguments(request)) as response:
                if response.status_code != 200:
                    await response.aread()
                    self._body(request, response)
                async for part in response.aiter_bytes():
                    write(part)
        except (httpx.RequestError, httpx.InvalidURL) as failure:
            raise self._connection_error(failure) from failure

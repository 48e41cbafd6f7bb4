"""Requests of commands to a running server, sent by the SDK's client; refusals in the words of commands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click

from apportion.settings import SettingsError, load_settings

from .output import RefusedError, UnreachableError

if TYPE_CHECKING:
    from apportion.sdk._http import HttpClient, Request

__all__ = ["Remote", "api_key", "server_options", "server_url"]

F = TypeVar("F", bound=Callable[..., Any])

_PATIENCE = 600
"""Seconds: a plan for a million records takes its time."""
_CONNECT = 30
"""Seconds until a server that does not even accept the connection is given up."""


def server_options(command: F) -> F:
    """Add ``--url``, ``--api-key`` and ``--workspace``, for all commands that ask a running server."""
    for name, help in (
        ("--workspace", "Workspace; default APPORTION_WORKSPACE or ARGILLA_WORKSPACE."),
        ("--api-key", "Your API key; better in the environment than here, where others may see it."),
        ("--url", "Address of the server; default http://localhost:6900."),
    ):
        command = click.option(name, help=help)(command)
    return command


def server_url(given: str | None) -> str:
    """Return the server's address: as given, else from the environment, else this machine's."""
    found = given or _environment("API_URL")
    if found is None:
        try:
            settings = load_settings().settings
        except SettingsError:
            return "http://localhost:6900"
        found = f"http://localhost:{settings.port}{settings.prefix}"
    return found.rstrip("/")


def api_key() -> str | None:
    """Return the API key of the environment."""
    return _environment("API_KEY")


def _environment(name: str) -> str | None:
    return os.environ.get(f"APPORTION_{name}") or os.environ.get(f"ARGILLA_{name}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A server as its caller reaches it, and the workspace that commands mean."""

    http: HttpClient
    workspace: str | None = None

    @classmethod
    def at(cls, url: str, key: str | None = None) -> Remote:
        """Build for an address, with the API key of the caller if there is one."""
        from apportion.sdk._http import HttpClient
        from apportion.sdk.errors import InputValueError

        try:
            return cls(HttpClient(url, key or "", {}, _PATIENCE, connect_timeout=_CONNECT))
        except InputValueError as wrong:
            raise UnreachableError(str(wrong)) from wrong

    @classmethod
    def of(cls, url: str | None, key: str | None, workspace: str | None) -> Remote:
        """Build from the options, else from the environment."""
        found = key or _environment("API_KEY")
        if found is None:
            raise click.UsageError("Who are you? Set APPORTION_API_KEY, or give --api-key.")
        return cls.at(server_url(url), found).within(workspace or _environment("WORKSPACE"))

    def within(self, workspace: str | None) -> Remote:
        """Return the same server with another workspace."""
        return replace(self, workspace=workspace)

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.http.base_url

    @property
    def place(self) -> str:
        """The workspace. Raises if none is named."""
        if self.workspace is None:
            raise click.UsageError("Which workspace? Give --workspace, or set APPORTION_WORKSPACE.")
        return self.workspace

    def dataset(self, method: str, name: str, tail: str = "", *, body: Any = None, **query: Any) -> Any:
        """Return the response of one of the routes of a dataset."""
        path = f"/api/datasets/{quote(name, safe='')}" + (f"/{tail}" if tail else "")
        given = {key: value for key, value in query.items() if value is not None}
        return self.ask(method, path, {"workspace": self.place, **given}, body)

    def find(self, name: str) -> dict[str, Any] | None:
        """Return the server's description of a dataset; None where there is none."""
        found = self.ask("GET", "/api/datasets", {"workspace": self.place})
        return next((each for each in found if each["name"] == name), None)

    def count(self, name: str, query: str | None = None) -> int:
        """Return the number of records of a dataset that match."""
        task = self.dataset("GET", name)["task"]
        body = {"query": {"query_text": query}} if query else {}
        path = f"/api/datasets/{quote(name, safe='')}/{task}:search"
        total: int = self.ask("POST", path, {"workspace": self.place, "limit": 0}, body)["total"]
        return total

    def send(self, path: str, query: Mapping[str, Any], body: bytes, *, where: str) -> Any:
        """Post a part of a file; a refusal names the part by ``where``."""
        try:
            return self.ask("POST", path, query, content=body)
        except RefusedError as refused:
            raise RefusedError(f"{refused.message} ({where})") from refused

    def download(self, path: str, query: Mapping[str, str], body: Any, write: Callable[[bytes], Any]) -> None:
        """Pass the response to a POST on, part by part, or refuse before anything came."""
        with _explained(self.url):
            self.http.stream_to(_request("POST", path, query, _encoded(body)), write)

    def text(self, path: str, query: Mapping[str, Any]) -> str:
        """Return the text of the response to a GET, or refuse."""
        parts: list[bytes] = []
        with _explained(self.url):
            self.http.stream_to(_request("GET", path, query), parts.append)
        return b"".join(parts).decode()

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        content: bytes | None = None,
        accepted: Collection[int] = (),
    ) -> Any:
        """Return the JSON of the response, or refuse; a status ``accepted`` is no refusal."""
        from apportion.sdk.errors import HttpResponseError

        sent = content if body is None else _encoded(body)
        with _explained(self.url):
            try:
                return json.loads(self.http.send(_request(method, path, query or {}, sent)))
            except HttpResponseError as problem:
                if problem.status_code in accepted:
                    return problem.detail
                raise


def _request(method: str, path: str, query: Mapping[str, Any], body: bytes | None = None) -> Request:
    from apportion.sdk._http import Request

    return Request(method, path, query, body, retry=False)


def _encoded(body: Any) -> bytes | None:
    try:
        return None if body is None else json.dumps(body, allow_nan=False).encode()
    except ValueError as wrong:  # a number that is none has no place in JSON
        raise RefusedError(f"This can't be sent: {wrong}. Nothing was asked.") from wrong


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn errors of the client into those of commands."""
    from apportion.sdk import errors

    try:
        yield
    except errors.ArApiResponseError as problem:
        raise RefusedError(f"{url} refuses: {_reason(problem.HTTP_STATUS, problem.ctx)}") from problem
    except errors.HttpResponseError as problem:
        raise RefusedError(f"{url} refuses: {_reason(problem.status_code, problem.detail)}") from problem
    except (errors.WrongResponseError, json.JSONDecodeError) as other:
        raise UnreachableError(f"{url} is no Apportion server.") from other
    except errors.BaseClientError as failure:
        raise UnreachableError(f"No answer from {url}: {failure.__cause__ or failure}.") from failure


def _reason(status: int, detail: Any) -> str:
    """Return the reason of a refusal, as far as it can be read."""
    try:
        params = detail["params"]
        if detail["code"].endswith("EntityAlreadyExistsError"):
            return str(params.get("message") or f"{params['name']} exists already")
        if detail["code"].endswith("ClosedDatasetError"):
            return f"dataset {params['name']} is closed; open it first"
        if {"name", "type"} <= params.keys():
            return f"no such {params['type'].removeprefix('Service').lower()}: {params['name']}"
        if isinstance(params.get("errors"), list) and "message" not in params:
            return "; ".join(map(_message_of, params["errors"][:5]))
        return str(params.get("detail") or params.get("message") or detail["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"status {status}"


def _message_of(error: Mapping[str, Any]) -> str:
    where = ".".join(str(each) for each in error["loc"] if each != "body")
    return f"{where}: {error['msg']}" if where else str(error["msg"])

"""HTTP requests of commands to a running server."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click

from apportion.settings import SettingsError, load_settings

from .output import RefusedError, UnreachableError

if TYPE_CHECKING:
    import httpx

__all__ = ["Remote", "api_key", "server_options", "server_url"]

F = TypeVar("F", bound=Callable[..., Any])

_PATIENCE = 600
"""Seconds: a plan for a million records takes its time."""


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
    """A server, with the API key and workspace of the caller."""

    url: str
    key: str | None = None
    workspace: str | None = None

    @classmethod
    def of(cls, url: str | None, key: str | None, workspace: str | None) -> Remote:
        """Build from the options, else from the environment."""
        found = key or _environment("API_KEY")
        if found is None:
            raise click.UsageError("Who are you? Set APPORTION_API_KEY, or give --api-key.")
        return cls(server_url(url), found, workspace or _environment("WORKSPACE"))

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
        """Stream the response to a POST, or refuse before anything came."""
        import httpx

        headers = {"X-Argilla-Api-Key": self.key} if self.key else {}
        try:
            with httpx.stream(
                "POST", self.url + path, params=query, json=body, headers=headers, timeout=300
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise RefusedError(f"{self.url} refuses: {_reason(answer)}")
                for part in answer.iter_bytes():
                    write(part)
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise UnreachableError(f"No answer from {self.url}: {failure}.") from failure

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        content: bytes | None = None,
        accepted: Collection[int] = (200,),
    ) -> Any:
        """Return the JSON of a response whose status is one of the accepted, or refuse."""
        answer = self._answer(method, path, query, body, content, accepted)
        try:
            return answer.json()
        except ValueError as other:
            raise UnreachableError(f"{self.url} is no Apportion server.") from other

    def text(self, path: str, query: Mapping[str, Any]) -> str:
        """Return the text of the response to a GET, or refuse."""
        return self._answer("GET", path, query).text

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any = None,
        content: bytes | None = None,
        accepted: Collection[int] = (200,),
    ) -> httpx.Response:
        import httpx

        headers = {"X-Argilla-Api-Key": self.key} if self.key else {}
        url = self.url + path
        more: dict[str, Any] = {} if body is None else {"json": body}
        if content is not None:
            more = {"content": content}
        try:
            answer = httpx.request(
                method,
                url,
                params=query or {},
                headers=headers,
                timeout=httpx.Timeout(30, read=_PATIENCE),
                **more,
            )
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise UnreachableError(f"No answer from {self.url}: {failure}.") from failure
        except ValueError as wrong:  # a number that is none has no place in JSON
            raise RefusedError(f"This cannot be sent: {wrong}. Nothing was asked.") from wrong
        if answer.status_code not in accepted:
            raise RefusedError(f"{self.url} refuses: {_reason(answer)}")
        return answer


def _reason(answer: httpx.Response) -> str:
    """Return the reason in the server's response, as far as it can be read."""
    try:
        detail = answer.json()["detail"]
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
        return f"status {answer.status_code}"


def _message_of(error: Mapping[str, Any]) -> str:
    where = ".".join(str(each) for each in error["loc"] if each != "body")
    return f"{where}: {error['msg']}" if where else str(error["msg"])

"""Talking to a running server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from apportion.settings import SettingsError, load_settings

from .say import Refused, Unreachable

if TYPE_CHECKING:
    import httpx

__all__ = ["Remote", "server_url"]


def server_url(given: str | None) -> str:
    """The address to ask: as given, else from the environment, else this machine's."""
    found = given or _environment("API_URL")
    if found is None:
        try:
            settings = load_settings().settings
        except SettingsError:
            return "http://localhost:6900"
        found = f"http://localhost:{settings.port}{settings.prefix}"
    return found.rstrip("/")


def _environment(name: str) -> str | None:
    return os.environ.get(f"APPORTION_{name}") or os.environ.get(f"ARGILLA_{name}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A server, and who is asking."""

    url: str
    key: str | None = None
    workspace: str | None = None

    @classmethod
    def of(cls, url: str | None, key: str | None, workspace: str | None) -> Remote:
        """What the options say, else the environment."""
        found = key or _environment("API_KEY")
        if found is None:
            raise click.UsageError("Who are you? Set APPORTION_API_KEY, or give --api-key.")
        return cls(server_url(url), found, workspace or _environment("WORKSPACE"))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON answer, or a refusal."""
        return self._ask("GET", path, query)

    def delete(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON answer, or a refusal."""
        return self._ask("DELETE", path, query)

    def download(self, path: str, query: Mapping[str, str], body: Any, write: Callable[[bytes], Any]) -> None:
        """Hand the answer to a POST on as it comes, or a refusal before anything came."""
        import httpx

        headers = {"X-Argilla-Api-Key": self.key} if self.key else {}
        try:
            with httpx.stream(
                "POST", self.url + path, params=query, json=body, headers=headers, timeout=300
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    raise Refused(f"{self.url} refuses: {_reason(answer)}")
                for part in answer.iter_bytes():
                    write(part)
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise Unreachable(f"No answer from {self.url}: {failure}.") from failure

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None) -> Any:
        import httpx

        headers = {"X-Argilla-Api-Key": self.key} if self.key else {}
        try:
            answer = httpx.request(method, self.url + path, params=query or {}, headers=headers, timeout=30)
        except (httpx.TransportError, httpx.InvalidURL) as failure:
            raise Unreachable(f"No answer from {self.url}: {failure}.") from failure
        if answer.status_code != 200:
            raise Refused(f"{self.url} refuses: {_reason(answer)}")
        try:
            return answer.json()
        except ValueError as other:
            raise Unreachable(f"{self.url} is no Apportion server.") from other


def _reason(answer: httpx.Response) -> str:
    """What the server says, as far as it can be understood."""
    try:
        detail = answer.json()["detail"]
        params = detail["params"]
        if {"name", "type"} <= params.keys():
            return f"no such {params['type'].removeprefix('Service').lower()}: {params['name']}"
        return str(params.get("detail") or params.get("message") or detail["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"status {answer.status_code}"

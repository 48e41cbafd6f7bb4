"""Connection state that every request needs: server, user and workspace."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from apportion.version import __version__

from ._http import WORKSPACE_HEADER, Request, Steps
from .errors import ApiCompatibilityError, InputValueError, NotFoundApiError, WrongResponseError
from .people import User, read_user

__all__ = ["DEFAULT_KEY", "DEFAULT_URL", "Connection", "check_name", "environment", "loads"]

DEFAULT_URL = "http://localhost:6900"
DEFAULT_KEY = "argilla.apikey"

_NAME = re.compile(r"(?!-|_)[a-z0-9-_]+")
_OLDEST = (1, 4)
_APART = 1
"""SDK and server may be this many minor versions apart."""


class _Http(Protocol):
    base_url: str
    headers: dict[str, str]


def environment(name: str) -> str | None:
    """Return a setting from the environment: ``APPORTION_…``, else that of 1.x."""
    return os.environ.get(f"APPORTION_{name}") or os.environ.get(f"ARGILLA_{name}") or None


def check_name(name: object, what: str = "dataset") -> str:
    """Return the name if datasets and workspaces may have it."""
    if not isinstance(name, str) or not name:
        raise InputValueError(f"Which {what}? Its name must not be empty, and it is text; got {name!r}.")
    if not _NAME.fullmatch(name):
        raise InputValueError(
            f"{name!r} can't be the name of a {what}: only a-z, 0-9, - and _ are allowed, and it begins with "
            "a letter or digit."
        )
    return name


def loads(body: bytes) -> Any:
    """Parse the JSON of a response that was declared as JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as failure:
        raise WrongResponseError(f"The server answered with broken JSON: {failure}.", body) from failure


class Connection:
    """A server, a user on it, and the workspace that calls use unless they name another."""

    def __init__(self, http: _Http, workspace: str | None, client: Callable[[], Any] = lambda: None) -> None:
        self._http = http
        self._client = client
        self._user: User | None = None
        if workspace:
            self.workspace = workspace

    @property
    def client(self) -> Any:
        """The client that plans, queue items and workspaces use later on; None where calls are awaited."""
        return self._client()

    @property
    def base_url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._http.base_url

    @property
    def workspace(self) -> str | None:
        """The active workspace; None until it is known."""
        return self._http.headers.get(WORKSPACE_HEADER)

    @workspace.setter
    def workspace(self, name: str) -> None:
        self._http.headers[WORKSPACE_HEADER] = check_name(name, "workspace")

    def user(self) -> Steps[User]:
        """Return the user the key belongs to; the first call also checks that the server is compatible."""
        if self._user is None:
            try:
                info = loads((yield Request("GET", "/api/_info", retry=False)))
            except NotFoundApiError as problem:
                raise WrongResponseError(
                    f"{self.base_url} knows no /api/_info, so it is not the address of an Apportion server. "
                    "Check api_url: host, port, and the path if the server has one of its own."
                ) from problem
            _check_version(info, self.base_url)
            yield from self.refresh()
        assert self._user is not None
        return self._user

    def refresh(self) -> Steps[User]:
        """Ask the server again for the user the key belongs to."""
        me = loads((yield Request("GET", "/api/me")))
        if not isinstance(me, dict) or "username" not in me:
            raise WrongResponseError(
                f"{self.base_url} does not say who you are, so it is not the address of an Apportion server. "
                "Check api_url: host, port, and the path if the server has one of its own."
            )
        self._user = user = read_user(me)
        if self.workspace is None:
            self._http.headers[WORKSPACE_HEADER] = user.username
        return user

    def where(self, workspace: str | None) -> Steps[str]:
        """Return the workspace of a call: the one it names, else the active one.

        The active one does not change.
        """
        if workspace is not None:
            yield from self.user()
            return check_name(workspace, "workspace")
        if self._user is None or self.workspace is None:
            yield from self.user()
        assert self.workspace is not None
        return self.workspace

    def activate(self, workspace: str | None) -> Steps[str]:
        """Make a workspace the active one if the user belongs to it; ask the server again if they seem not to."""
        if not workspace:
            raise InputValueError("Which workspace? rg.set_workspace('name') needs one.")
        check_name(workspace, "workspace")
        user = yield from self.user()
        if workspace not in (user.username, *user.workspaces):
            user = yield from self.refresh()
        if workspace not in (user.username, *user.workspaces):
            still = f" The active one is still {self.workspace!r}." if self.workspace != workspace else ""
            raise InputValueError(
                f"{user.username} does not belong to a workspace {workspace!r}, but to: "
                f"{', '.join(user.workspaces) or 'none'}.{still}"
            )
        self.workspace = workspace
        return workspace


def _check_version(info: Any, url: str) -> None:
    versions: Mapping[str, Any] = info if isinstance(info, dict) else {}
    version = str(versions.get("version") or versions.get("rubrix_version") or "")
    parsed = _numbers(version)
    if parsed is None:
        raise WrongResponseError(f"{url} does not say which version of the API it speaks: {info!r}.")
    ours = versions.get("apportion")
    if parsed < _OLDEST or parsed >= (2, 0):
        raise ApiCompatibilityError(
            f"{url} speaks version {version} of the API; this SDK needs 1.4 or a later 1.x.",
            min_version="1.4.0",
            api_version=version,
        )
    if ours is not None:
        here, there = _numbers(__version__), _numbers(str(ours))
        assert here is not None
        if there is None or here[0] != there[0] or abs(here[1] - there[1]) > _APART:
            older = "server" if there is None or there < here else "SDK"
            raise ApiCompatibilityError(
                f"{url} is Apportion {ours}, this SDK is {__version__}: they may differ by one minor version. "
                f"Upgrade the {older}.",
                min_version=f"{here[0]}.{max(0, here[1] - _APART)}",
                api_version=str(ours),
            )


def _numbers(version: str) -> tuple[int, int] | None:
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None

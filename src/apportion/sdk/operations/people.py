"""Operations on people and workspaces, and the caller's own place among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError, NotFoundApiError
from apportion.sdk.people import Member, User, Workspace, named, read_member, read_user, read_workspace
from apportion.vocabulary import MembershipRole, Role

__all__ = [
    "add_member",
    "create_user",
    "create_workspace",
    "get_workspace",
    "list_members",
    "list_users",
    "list_workspace_users",
    "list_workspaces",
    "me",
    "remove_member",
    "set_workspace",
    "user_named",
    "workspace_named",
]


def me(connection: Connection) -> Steps[User]:
    """Return the user the key belongs to, as the server has them now.

    Raises ``UnauthorizedApiError``, ``ServerUnreachableError``.
    """
    yield from connection.user()
    return (yield from connection.refresh())


def get_workspace(connection: Connection) -> Steps[str]:
    """Return the workspace that calls use unless they name another.

    Raises ``UnauthorizedApiError``, ``ServerUnreachableError`` where that has to be asked first.
    """
    return connection.where(None)


def set_workspace(connection: Connection, workspace: str) -> Steps[None]:
    """Make a workspace the active one, which calls use that name no other.

    Raises ``InputValueError`` if it is not one of yours; then nothing has changed.
    """
    yield from connection.activate(workspace)


def list_users(connection: Connection) -> Steps[list[User]]:
    """Return all users of the server, in order of creation. For administrators; raises ``ForbiddenApiError``."""
    yield from connection.user()
    return [read_user(each) for each in loads((yield Request("GET", "/api/users")))]


def user_named(connection: Connection, username: str) -> Steps[User]:
    """Return the user of that name. For administrators; everybody may look up themselves.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    me = yield from connection.user()
    if username == me.username:
        return (yield from connection.refresh())
    found: User = named((yield from list_users(connection)), username, "User")
    return found


def create_user(
    connection: Connection,
    username: str,
    password: str,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    role: str = "annotator",
    workspaces: Iterable[str] = (),
) -> Steps[User]:
    """Create a user; return them with the API key, which is never shown again. For administrators.

    They join ``workspaces`` as annotators; those that do not exist are created.

    Raises ``AlreadyExistsApiError``, ``ForbiddenApiError``, ``InputValueError``, ``ValidationApiError`` (a password
    has 8 to 100 characters).
    """
    check_name(username, "user")
    if isinstance(workspaces, str):
        raise InputValueError(f"workspaces is a list of names, as in workspaces=[{workspaces!r}].")
    wanted = [check_name(each, "workspace") for each in workspaces]
    body = {
        "username": username,
        "password": password,
        "first_name": first_name or username,
        "last_name": last_name,
        "role": _one_of(Role, role),
    }
    yield from connection.user()
    made = read_user(loads((yield _once("POST", "/api/users", body))))
    if not wanted:
        return made
    known = {each.name for each in (yield from list_workspaces(connection))}
    for name in wanted:
        if name not in known:
            yield from create_workspace(connection, name)
        yield from add_member(connection, name, username, "annotator")
    return replace(made, workspaces=tuple(wanted))


def list_workspaces(connection: Connection) -> Steps[list[Workspace]]:
    """Return all workspaces for administrators, their own for everybody else. Raises ``UnauthorizedApiError``."""
    yield from connection.user()
    return [_read(connection, each) for each in loads((yield Request("GET", "/api/workspaces")))]


def workspace_named(connection: Connection, name: str) -> Steps[Workspace]:
    """Return the workspace of that name. Raises ``NotFoundApiError`` if there is none, or none you belong to."""
    found: Workspace = named((yield from list_workspaces(connection)), name, "Workspace")
    return found


def create_workspace(connection: Connection, name: str) -> Steps[Workspace]:
    """Create a workspace with nobody in it. For administrators.

    Raises ``AlreadyExistsApiError``, ``ForbiddenApiError``, ``InputValueError``.
    """
    check_name(name, "workspace")
    yield from connection.user()
    return _read(connection, loads((yield _once("POST", "/api/workspaces", {"name": name}))))


def list_workspace_users(connection: Connection, workspace: str) -> Steps[list[User]]:
    """Return the people in a workspace, in the order in which they joined.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    found = yield from workspace_named(connection, workspace)
    body = yield Request("GET", path("/api/workspaces/{}/users", found.id))
    return [read_user(each) for each in loads(body)]


def list_members(connection: Connection, workspace: str) -> Steps[list[Member]]:
    """Return the people in a workspace with their roles there.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    yield from connection.user()
    body = yield Request("GET", path("/api/workspaces/{}/members", check_name(workspace, "workspace")))
    return [read_member(each) for each in loads(body)["members"]]


def add_member(
    connection: Connection, workspace: str, username: str, role: str = "annotator"
) -> Steps[Member]:
    """Add a user to a workspace, as ``annotator``, ``reviewer`` or ``manager``.

    Raises ``AlreadyExistsApiError`` if they are in it, ``NotFoundApiError``, ``ForbiddenApiError``,
    ``InputValueError`` for another role.
    """
    body = {"username": username, "role": _one_of(MembershipRole, role)}
    yield from connection.user()
    where = path("/api/workspaces/{}/members", check_name(workspace, "workspace"))
    return read_member(loads((yield _once("POST", where, body))))


def remove_member(connection: Connection, workspace: str, username: str) -> Steps[None]:
    """Remove a user from a workspace; their annotations stay.

    Raises ``NotFoundApiError`` if they are not in it, ``ForbiddenApiError``.
    """
    members = yield from list_members(connection, workspace)
    who: Member = named(members, username, "User")
    found = yield from workspace_named(connection, workspace)
    try:
        yield Request("DELETE", path("/api/workspaces/{}/users/{}", found.id, who.id))
    except NotFoundApiError:
        return  # removed by somebody else since the check


def _read(connection: Connection, found: Mapping[str, Any]) -> Workspace:
    return replace(read_workspace(found), _client=connection.client)


def _once(method: str, path: str, body: object) -> Request:
    return Request(method, path, body=msgspec.json.encode(body), repeatable=False)


def _one_of(words: type[Role] | type[MembershipRole], given: str) -> str:
    known = [each.value for each in words]
    if given not in known:
        raise InputValueError(f"{given!r} is no role here; there are {', '.join(known)}.")
    return str(given)

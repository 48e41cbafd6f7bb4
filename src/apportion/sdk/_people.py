"""Requests about people and workspaces, as steps that both clients run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from apportion.vocabulary import MembershipRole, Role

from ._connection import Connection, check_name, loads
from ._http import Request, Steps, path
from .errors import InputValueError, NotFoundApiError
from .people import Member, User, Workspace, named, read_member, read_user, read_workspace

__all__ = [
    "add_member",
    "create_user",
    "create_workspace",
    "find_user",
    "find_workspace",
    "list_members",
    "list_users",
    "list_workspace_users",
    "list_workspaces",
    "remove_member",
]


def list_users(connection: Connection) -> Steps[list[User]]:
    yield from connection.user()
    return [read_user(each) for each in loads((yield Request("GET", "/api/users")))]


def find_user(connection: Connection, username: str) -> Steps[User]:
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
    first_name: str | None,
    last_name: str | None,
    role: str,
    workspaces: Iterable[str],
) -> Steps[User]:
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
    yield from connection.user()
    return [read_workspace(each) for each in loads((yield Request("GET", "/api/workspaces")))]


def find_workspace(connection: Connection, name: str) -> Steps[Workspace]:
    found: Workspace = named((yield from list_workspaces(connection)), name, "Workspace")
    return found


def create_workspace(connection: Connection, name: str) -> Steps[Workspace]:
    check_name(name, "workspace")
    yield from connection.user()
    return read_workspace(loads((yield _once("POST", "/api/workspaces", {"name": name}))))


def list_workspace_users(connection: Connection, workspace: str) -> Steps[list[User]]:
    found = yield from find_workspace(connection, workspace)
    body = yield Request("GET", path("/api/workspaces/{}/users", found.id))
    return [read_user(each) for each in loads(body)]


def list_members(connection: Connection, workspace: str) -> Steps[list[Member]]:
    yield from connection.user()
    body = yield Request("GET", path("/api/workspaces/{}/members", check_name(workspace, "workspace")))
    return [read_member(each) for each in loads(body)["members"]]


def add_member(connection: Connection, workspace: str, username: str, role: str) -> Steps[Member]:
    body = {"username": username, "role": _one_of(MembershipRole, role)}
    yield from connection.user()
    where = path("/api/workspaces/{}/members", check_name(workspace, "workspace"))
    return read_member(loads((yield _once("POST", where, body))))


def remove_member(connection: Connection, workspace: str, username: str) -> Steps[None]:
    members = yield from list_members(connection, workspace)
    who: Member = named(members, username, "User")
    room = yield from find_workspace(connection, workspace)
    try:
        yield Request("DELETE", path("/api/workspaces/{}/users/{}", room.id, who.id))
    except NotFoundApiError:
        return  # removed by somebody else since the check


def _once(method: str, path: str, body: object) -> Request:
    return Request(method, path, body=msgspec.json.encode(body), repeatable=False)


def _one_of(words: type[Role] | type[MembershipRole], given: str) -> str:
    known = [each.value for each in words]
    if given not in known:
        raise InputValueError(f"{given!r} is no role here; there are {', '.join(known)}.")
    return str(given)

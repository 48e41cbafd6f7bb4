"""Requests about progress, explanations, events, policies, guidelines, copies, as steps for both clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ._connection import Connection, check_name, loads
from ._http import Request, Steps, path
from .errors import InputValueError
from .hours import HoursReport, read_hours
from .work import (
    Event,
    Explanation,
    Gathered,
    Guidelines,
    Policies,
    TeamProgress,
    WorkItem,
    read_event,
    read_explanation,
    read_gathered,
    read_guidelines,
    read_policies,
    read_progress,
    read_work,
)

__all__ = [
    "change_policies",
    "events",
    "explain",
    "find_guidelines",
    "find_policies",
    "gather",
    "hours",
    "my_work",
    "progress",
    "write_guidelines",
]

_PAGE = 1000


def _ask(
    connection: Connection,
    name: str,
    workspace: str | None,
    tail: str,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    **query: Any,
) -> Steps[Any]:
    """Return the JSON of a response of one of a dataset's routes."""
    check_name(name)
    where = yield from connection.where(workspace)
    sent = None if body is None else msgspec.json.encode(body)
    route = path("/api/datasets/{}/", name) + tail
    return loads((yield Request(method, route, {"workspace": where, **query}, sent)))


def progress(connection: Connection, name: str, workspace: str | None) -> Steps[TeamProgress]:
    return read_progress(name, (yield from _ask(connection, name, workspace, "progress", median=True)))


def hours(
    connection: Connection, name: str | None, workspace: str | None, asked: Mapping[str, Any]
) -> Steps[HoursReport]:
    if name is not None:
        return read_hours((yield from _ask(connection, name, workspace, "hours", **asked)))
    where = yield from connection.where(workspace)
    return read_hours(loads((yield Request("GET", path("/api/workspaces/{}/hours", where), asked))))


def my_work(connection: Connection) -> Steps[list[WorkItem]]:
    yield from connection.user()
    return [read_work(each) for each in loads((yield Request("GET", "/api/me/work")))["work"]]


def explain(
    connection: Connection, name: str, record: str | int, annotator: str | None, workspace: str | None
) -> Steps[Explanation]:
    found = yield from _ask(connection, name, workspace, "explain", record=str(record), annotator=annotator)
    return read_explanation(found)


def events(connection: Connection, name: str, limit: int | None, workspace: str | None) -> Steps[list[Event]]:
    if limit is not None and limit < 0:
        raise InputValueError(f"limit is how many events to bring at most; got {limit}.")
    found: list[Event] = []
    cursor = None
    while limit is None or len(found) < limit:
        portion = _PAGE if limit is None else min(_PAGE, limit - len(found))
        page = yield from _ask(connection, name, workspace, "events", limit=portion, cursor=cursor)
        found += map(read_event, page["events"])
        cursor = page["next"]
        if cursor is None:
            break
    return found


def find_policies(connection: Connection, name: str, workspace: str | None) -> Steps[Policies]:
    return read_policies((yield from _ask(connection, name, workspace, "policies")))


def change_policies(
    connection: Connection, name: str, workspace: str | None, changes: Mapping[str, Any]
) -> Steps[Policies]:
    return read_policies((yield from _ask(connection, name, workspace, "policies", "PATCH", changes)))


def find_guidelines(
    connection: Connection, name: str, version: int | None, workspace: str | None
) -> Steps[Guidelines]:
    return read_guidelines((yield from _ask(connection, name, workspace, "guidelines", version=version)))


def write_guidelines(
    connection: Connection, name: str, text: str, version: int | None, workspace: str | None
) -> Steps[Guidelines]:
    body = {"text": text, "version": version}
    return read_guidelines((yield from _ask(connection, name, workspace, "guidelines", "PUT", body)))


def gather(
    connection: Connection,
    name: str,
    workspaces: Sequence[str],
    into: str,
    workspace: str | None,
    dry_run: bool,
) -> Steps[Gathered]:
    if isinstance(workspaces, str):
        raise InputValueError(f"workspaces is a list of names, as in workspaces=[{workspaces!r}].")
    names = [check_name(each, "workspace") for each in workspaces]
    body = {"name": check_name(name), "workspaces": names, "into": check_name(into), "dry_run": dry_run}
    where = yield from connection.where(workspace)
    sent = msgspec.json.encode(body)
    request = Request("POST", "/api/datasets:gather", {"workspace": where}, sent, repeatable=dry_run)
    return read_gathered(loads((yield request)))

"""Requests that several operations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError

__all__ = ["ask", "pages"]


def ask(
    connection: Connection,
    name: str,
    workspace: str | None,
    tail: str,
    *,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    repeatable: bool = True,
    keyed: bool = False,
    **query: Any,
) -> Steps[Any]:
    """Return the JSON of a response of one of a dataset's routes."""
    route = path("/api/datasets/{}/", check_name(name)) + tail
    where = yield from connection.where(workspace)
    sent = None if body is None else msgspec.json.encode(body)
    asked = {"workspace": where, **query}
    return loads((yield Request(method, route, asked, sent, repeatable=repeatable, keyed=keyed)))


def pages(
    route: str, query: Mapping[str, Any], member: str, limit: int | None, size: int
) -> Steps[list[Any]]:
    """Return what a route lists page by page, ``limit`` items at most, ``size`` in a page."""
    if limit is not None and limit < 0:
        raise InputValueError(f"limit is how many {member} to bring at most; got {limit}.")
    found: list[Any] = []
    cursor = None
    while limit is None or len(found) < limit:
        portion = size if limit is None else min(size, limit - len(found))
        page = loads((yield Request("GET", route, {**query, "limit": portion, "cursor": cursor})))
        found += page[member]
        cursor = page["next"]
        if cursor is None:
            break
    return found

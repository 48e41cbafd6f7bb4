"""Fast routes for what is asked most: a shortcut past FastAPI's routing to the same handlers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from fastapi import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from apportion.domain.errors import UnauthorizedError

from .convert.json_in import plain_problem
from .deps import get_context, remembered_context
from .fair_share import A_MEGABYTE
from .paths import TASKS
from .routers import answers, bulk, queue, search
from .wire_routes import reply_of

__all__ = ["FastRoute", "fast_routes"]

Reader = Callable[[str], Any]
"""Parser of a parameter; it returns None if the text is not plainly valid."""

_PARAMETERS = "apportion.parameters"
_SLOWLY = "apportion.slowly"
"""Set in the scope of a request that turned out not to be plainly valid."""
_LONGEST = 16 * 1024
"""Bytes of a body that is decoded here."""


class FastRoute(BaseRoute):
    """A route that FastAPI also has, taken as a shortcut by plainly valid requests.

    FastAPI needs more time to find the route and to read the parameters than most searches and answers need. Every
    other request (an unknown task, a limit that is no number, a body that is not of the handler's shape) takes
    FastAPI's route and is refused there, so that errors are worded in one place.
    """

    def __init__(
        self,
        template: str,
        handler: Callable[..., Awaitable[object]],
        readers: Mapping[str, tuple[str, Reader]] | None = None,
        *,
        method: str = "POST",
        looks_up: bool = False,
    ) -> None:
        """``readers`` maps a query parameter to the handler's name for it and its parser.

        A parameter of the handler that is a struct is the body. ``looks_up``: it asks who its caller is within its
        transactions only, which look them up again, so that they need not be looked up before.
        """
        self.path = template
        self.path_format = template.replace(":path}", "}")  # for the log
        self._method = method
        self._looks_up = looks_up
        self._path = re.compile(
            re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path_format))
        ).fullmatch
        self._handler = handler
        self._readers = readers or {}
        self._wanted = frozenset(inspect.signature(handler).parameters)
        self._body = _body_of(handler)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != self._method:
            return Match.NONE, {}
        if scope.get("root_path") or _SLOWLY in scope:
            return Match.NONE, {}
        found = self._path(scope["path"])
        if found is None or found.groupdict().get("task", "") not in {"", *TASKS}:
            return Match.NONE, {}
        parameters = self._read(
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        )
        if parameters is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": found.groupdict(), "route": self, _PARAMETERS: parameters}

    def _read(self, query: Mapping[str, str]) -> dict[str, Any] | None:
        found: dict[str, Any] = {"workspace": query.get("workspace")}
        for name, (meant, read) in self._readers.items():
            if name in query:
                found[meant] = read(query[name])
                if found[meant] is None:
                    return None
        return found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        parameters = dict(scope[_PARAMETERS])
        request = Request(scope, receive)
        header = request.headers.get("x-argilla-workspace")
        workspace = parameters.pop("workspace")
        if self._body is not None:
            name, shape = self._body
            await _in_turn(request)
            body = await request.body()
            parameters[name] = plainly_read(request.headers.get("content-type", ""), body, shape)
            if parameters[name] is None:
                scope[_SLOWLY] = True
                await scope["app"].router(scope, _again(body, receive), send)
                return
        known = {"request": request, **scope["path_params"], **parameters}
        wanted = {name: each for name, each in known.items() if name in self._wanted}
        ctx = remembered_context(request, workspace or header) if self._looks_up else None
        answer: object = None
        if ctx is not None and ctx.workspace:
            await ctx.state.turn(ctx.actor.username)
            try:
                answer = await self._handler(ctx=ctx, **wanted)
            except UnauthorizedError:  # their key or session has ended: refused below, as for everybody else
                ctx.forget()
        if answer is None:
            answer = await self._handler(ctx=await get_context(request, workspace, header), **wanted)
        await reply_of(answer)(scope, receive, send)


async def _in_turn(request: Request) -> None:
    """Wait until it is the turn of the sender of a large body, if they are known."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > _LONGEST:
        ctx = remembered_context(request, None)
        if ctx is not None:
            await ctx.state.share.turn(ctx.actor.username, int(length) * A_MEGABYTE / 1e6)


def _body_of(handler: Callable[..., Any]) -> tuple[str, type[msgspec.Struct]] | None:
    """Return the name and the shape of a handler's body, if it has one that is a struct."""
    for name, kind in get_type_hints(handler).items():
        if name != "return" and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return name, kind
    return None


def plainly_read(content_type: str, body: bytes, shape: type[msgspec.Struct]) -> msgspec.Struct | None:
    """Return a body as a struct, as FastAPI's route would read it; None if that is for FastAPI's route to say."""
    if len(body) > _LONGEST or content_type != "application/json":
        return None
    try:
        sent = msgspec.json.decode(body)
        return None if plain_problem(sent, ("body",)) else msgspec.convert(sent, shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that begins with a body that was read already."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def fast_routes(prefix: str) -> list[FastRoute]:
    """Return the fast routes; they must come before all others."""
    dataset = f"{prefix}/api/datasets/{{name}}"
    page: dict[str, tuple[str, Reader]] = {
        "limit": ("limit", _up_to(1000)),
        "include_metrics": ("include_metrics", {"true": True, "false": False}.get),
    }
    more: dict[str, tuple[str, Reader]] = {"from": ("start", _up_to(10_000)), "facets": ("facets", str)}
    return [
        FastRoute(f"{dataset}/{{task}}:search", search.search, page | more),
        FastRoute(f"{dataset}/{{task}}:bulk", bulk.log_bulk),
        FastRoute(f"{dataset}/records/:search", search.scan, page),
        FastRoute(f"{dataset}/queue:claim", queue.claim, looks_up=True),
        FastRoute(
            f"{dataset}/records/{{id:path}}/annotations/me", answers.put_mine, method="PUT", looks_up=True
        ),
    ]


def _up_to(most: int) -> Reader:
    return lambda text: int(text) if re.fullmatch("[0-9]{1,5}", text) and int(text) <= most else None

"""Fast routes for searching and logging: a shortcut past FastAPI's routing to the same handlers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from .deps import get_context
from .paths import TASKS
from .request_log import request_info
from .routers import bulk, search
from .wire_routes import reply_of

__all__ = ["FastRoute", "fast_routes"]

Reader = Callable[[str], Any]
"""Parser of a parameter; it returns None if the text is not plainly valid."""

_PARAMETERS = "apportion.parameters"


class FastRoute(BaseRoute):
    """A POST route that FastAPI also has, taken as a shortcut by plainly valid requests.

    FastAPI needs more time to find the route and to read the parameters than most searches need. Every other request
    (an unknown task, a limit that is no number) takes FastAPI's route and is refused there.
    """

    def __init__(
        self,
        template: str,
        handler: Callable[..., Awaitable[object]],
        readers: Mapping[str, tuple[str, Reader]] | None = None,
    ) -> None:
        """``readers`` maps a query parameter to the handler's name for it and its parser."""
        self._template = template
        self._path = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))).fullmatch
        self._handler = handler
        self._readers = readers or {}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] != "POST" or scope.get("root_path"):
            return Match.NONE, {}
        found = self._path(scope["path"])
        if found is None or found.groupdict().get("task", "") not in {"", *TASKS}:
            return Match.NONE, {}
        parameters = self._read(
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        )
        if parameters is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": found.groupdict(), _PARAMETERS: parameters}

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
        if (seen := request_info(scope)) is not None:
            seen.route = self._template
        request = Request(scope, receive)
        header = request.headers.get("x-argilla-workspace")
        ctx = await get_context(request, parameters.pop("workspace"), header)
        answer = await self._handler(ctx=ctx, request=request, **scope["path_params"], **parameters)
        await reply_of(answer)(scope, receive, send)


def fast_routes(prefix: str) -> list[FastRoute]:
    """Return the fast routes; they must come before all others."""
    datasets = f"{prefix}/api/datasets"
    page: dict[str, tuple[str, Reader]] = {
        "limit": ("limit", _up_to(1000)),
        "include_metrics": ("include_metrics", {"true": True, "false": False}.get),
    }
    more: dict[str, tuple[str, Reader]] = {"from": ("start", _up_to(10_000)), "facets": ("facets", str)}
    return [
        FastRoute(f"{datasets}/{{name}}/{{task}}:search", search.search, page | more),
        FastRoute(f"{datasets}/{{name}}/{{task}}:bulk", bulk.log_bulk),
        FastRoute(f"{datasets}/{{name}}/records/:search", search.scan, page),
    ]


def _up_to(most: int) -> Reader:
    return lambda text: int(text) if re.fullmatch("[0-9]{1,5}", text) and int(text) <= most else None

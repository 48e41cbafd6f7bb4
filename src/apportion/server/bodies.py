"""Bodies that pydantic reads, decoded first as strictly as records are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from apportion.domain.errors import ValidationError

from .convert.json_in import decode_json, item, plain_problem

__all__ = ["JsonRoute", "json_body"]

_QUICK = 64 * 1024
"""Bytes that are decoded on the event loop; more in a thread, so that nobody waits for them."""


async def json_body(request: Request) -> bytes:
    """The body of a route that decodes it itself; refused when it says it is something else than JSON."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    body = await request.body()
    if given and body and not (kind == "application/json" or kind.endswith("+json")):
        raise ValidationError([item(("body",), "value is not a valid dict", "type_error.dict")])
    return body


class JsonRoute(APIRoute):
    """Refuses what could be stored but never be sent back, wherever in a body it is.

    Halves of characters, NaN, integers beyond 64 bits, a thousand lists inside one another: Python reads
    them all, and every later answer that holds one would fail.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        """The decoded body. FastAPI wraps what is raised here; ``errors`` finds it again."""
        body = await self.body()
        return _plain_json(body) if len(body) <= _QUICK else await asyncio.to_thread(_plain_json, body)


def _plain_json(body: bytes) -> Any:
    found = decode_json(body)
    if problem := plain_problem(found, ("body",)):
        raise ValidationError([problem])
    return found

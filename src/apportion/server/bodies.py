"""Routes: strict decoding of the JSON bodies that pydantic reads, and replies that are structs of ``wire``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from apportion.domain.errors import ValidationError

from .convert.json_in import decode_json, item, plain_problem
from .wire_routes import reply_schema, wired

__all__ = ["JsonRoute", "json_body"]

_LARGE = 2_000_000
"""Bytes from which on the parts of a body are joined in a thread."""
_QUICK = 64 * 1024
"""Bytes that are decoded on the event loop; larger bodies in a thread, so that nobody else waits."""


def _operation_id(route: APIRoute) -> str:
    """Return a short operation id for generated clients: the handler's module and name."""
    module = route.endpoint.__module__.rpartition(".")[2]
    return f"{module}_{route.name}"


_ALWAYS: dict[str, Any] = {
    "generate_unique_id_function": _operation_id,
    "response_model": None,  # replies are encoded by ``wire_routes``
    "strict_content_type": False,  # clients of 1.x send JSON without saying so
}


async def json_body(
    request: Request, parts: Callable[[Request], AsyncIterator[list[bytes]]] | None = None
) -> bytes:
    """Return the body for a route that decodes it itself; refused if its content type is not JSON.

    ``parts`` yields it some at a time, if it may be large.
    """
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if parts is None:
        body = await request.body()
    else:
        found = [part async for some in parts(request) for part in some]
        size = sum(map(len, found))
        # Many megabytes take a while to copy, in which Python lets other threads go on
        body = b"".join(found) if size < _LARGE else await asyncio.to_thread(b"".join, found)
    if given and body and not (kind == "application/json" or kind.endswith("+json")):
        raise ValidationError([item(("body",), "value is not a valid dict", "type_error.dict")])
    return body


class JsonRoute(APIRoute):
    """Route whose body and reply may be structs of ``wire``, which describe it in the OpenAPI document, too.

    Bodies with values that could be stored but never be sent back are refused. Lone surrogates, NaN, integers beyond 64
    bits, a thousand nested lists: Python reads them all, and every later answer that holds one would fail.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        schema = reply_schema(endpoint)
        if schema is not None:
            known = options.get("responses") or {}
            of_200 = known.get(200, {})
            content = {**of_200.get("content", {}), "application/json": {"schema": schema}}
            options["responses"] = {**known, 200: {"description": "Done.", **of_200, "content": content}}
        super().__init__(path, wired(endpoint), **{**options, **_ALWAYS})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        """Return the decoded body. FastAPI wraps errors raised here; ``errors`` unwraps them."""
        body = await self.body()
        return _plain_json(body) if len(body) <= _QUICK else await asyncio.to_thread(_plain_json, body)


def _plain_json(body: bytes) -> Any:
    found = decode_json(body)
    if problem := plain_problem(found, ("body",)):
        raise ValidationError([problem])
    return found

"""Exports: the whole dataset as a file, streamed."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from apportion.domain.errors import (
    BadRequestError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
)
from apportion.domain.query import MatchAll, parse
from apportion.server.bodies import JsonRoute
from apportion.server.convert.export_out import MEDIA, csv_pages, jsonl_pages, parquet_pages
from apportion.server.deps import Ctx
from apportion.server.errors import responses
from apportion.services import export as exporting

__all__ = ["router"]

router = APIRouter(tags=["Export"], route_class=JsonRoute)
_AHEAD = 4
"""Pages made before somebody has taken them."""


class ExportIn(BaseModel):
    """Which file, and which records."""

    format: Literal["jsonl", "csv", "parquet"] = "jsonl"
    query: str | None = Field(None, description="Only records that match; in the search language.")


@router.post(
    "/api/datasets/{name}/export",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {media: {} for media in MEDIA.values()}},
        **responses(ForbiddenOperationError, EntityNotFoundError, InvalidTextSearchError, BadRequestError),
    },
)
async def export(ctx: Ctx, name: str, wanted: ExportIn) -> StreamingResponse:
    """The dataset as a file: resolved values with how they came to be, everybody's answers, soft labels."""
    workspace = ctx.require_workspace()
    query = parse(wanted.query) if wanted.query and wanted.query.strip() else MatchAll()
    found = await ctx.read(lambda work: exporting.exportable(work, ctx.actor, workspace, name))
    dataset, names = found.dataset, found.names
    write: Callable[[Iterable[Any]], Iterator[bytes]]
    if wanted.format == "parquet":
        write = parquet_pages(dataset, names)
    elif wanted.format == "csv":
        write = partial(csv_pages, dataset=dataset, names=names)
    else:
        write = partial(jsonl_pages, dataset=dataset)
    store, actor = ctx.house.store, ctx.actor
    return StreamingResponse(
        _stream(lambda: write(exporting.export(store, actor, dataset, query))),
        media_type=MEDIA[wanted.format],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{wanted.format}"},
    )


async def _stream(make: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
    """What one thread makes from one snapshot, never more than a few pages ahead of the reader."""
    pages: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
    gone = threading.Event()

    def put(page: bytes | BaseException | None) -> None:
        while not gone.is_set():
            try:
                pages.put(page, timeout=0.5)
            except queue.Full:
                continue
            return

    def run() -> None:
        try:
            for page in make():
                put(page)
                if gone.is_set():
                    return
            put(None)
        except BaseException as failure:
            put(failure)

    thread = threading.Thread(target=run, name="apportion-export", daemon=True)
    thread.start()
    try:
        while (page := await asyncio.to_thread(pages.get)) is not None:
            if isinstance(page, BaseException):
                raise page
            yield page
    finally:
        gone.set()

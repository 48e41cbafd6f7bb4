"""Export of a dataset as a streamed file, and import of records from a file."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import IO, Annotated, Any, Literal, cast
from urllib.parse import quote
from weakref import WeakValueDictionary

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from apportion.domain.datasets import LabelSettings
from apportion.domain.errors import (
    BadRequestError,
    ConflictError,
    EntityAlreadyExistsError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    StorageFullError,
)
from apportion.domain.permissions import Action, require
from apportion.ports.deadline import Deadline
from apportion.server.bodies import JsonRoute
from apportion.server.convert.export_lines import jsonl_pages
from apportion.server.convert.export_parquet import parquet_pages
from apportion.server.convert.export_tables import csv_pages
from apportion.server.convert.file_rows import FileLimits
from apportion.server.convert.import_in import FileRead, ReadOptions, read_file, refusal_of
from apportion.server.convert.records_in import BulkLimits
from apportion.server.deps import KEYED, Context, Ctx
from apportion.server.errors import responses
from apportion.server.fair_share import FairShare
from apportion.server.files_sent import while_allowed
from apportion.server.wire_routes import Reply, json_reply
from apportion.services.datasets.access import find_unchecked
from apportion.services.records import export as exporting
from apportion.services.records import import_rows as importing
from apportion.services.records.import_into import import_into
from apportion.vocabulary import Task
from apportion.wire.imports import AnswersWanted, BadRow, ExportIn, ImportOut

__all__ = ["router"]

router = APIRouter(tags=["Export"], route_class=JsonRoute)
MEDIA = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_AHEAD = 4
"""Pages that are made ahead of the reader."""
_PATIENCE = 300.0
"""Seconds without a page taken until an export ends: it holds a thread and a connection to the file."""

_TURNS: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
"""Locks by person: only one page of one export at a time is made for each."""
_READING = asyncio.Semaphore(2)
"""Limit of files that are read at a time: each takes memory."""
_TEXTS_IN_A_ROW = 8
"""Size of the largest row of a file, in multiples of the longest text or answer."""


@router.post(
    "/api/datasets/{name}/export",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {media: {} for media in MEDIA.values()}},
        **responses(ForbiddenOperationError, EntityNotFoundError, InvalidTextSearchError, BadRequestError),
    },
)
async def export(ctx: Ctx, name: str, wanted: ExportIn) -> StreamingResponse:
    """Export a dataset as a file: resolved values with their provenance, everyone's answers, soft labels.

    A large file is read a thousand records at a time, in order of their ids: each record comes once, as it is at that
    moment. The records that match a query, and the columns of CSV and Parquet, are those at the beginning. The
    connection breaks off if the dataset is deleted meanwhile, or the right to export it ends.
    """
    address = ctx.address(name)
    query = await ctx.parsed(wanted.query)
    found = await ctx.read_slow(lambda tx: exporting.exportable(tx, ctx.actor, address))
    dataset, names = found.dataset, found.names
    if not wanted.answers:
        names = names._replace(annotators=[])
    foreground = ctx.state.foreground
    deadline = Deadline(query=2 * ctx.settings.query_seconds, foreground=foreground, long=True)
    write: Callable[[Iterable[Any]], Iterator[bytes]]
    if wanted.format == "parquet":
        write = parquet_pages(dataset, names, deadline)
    elif wanted.format == "csv":
        write = partial(
            csv_pages, dataset=dataset, names=names, deadline=deadline, spreadsheet=wanted.spreadsheet
        )
    else:
        write = partial(jsonl_pages, dataset=dataset, deadline=deadline, answers=wanted.answers)
    store, actor, now = ctx.state.store, ctx.actor, ctx.state.clock.now()
    # counted first: a query that takes too long is refused before the file begins; noted before the first byte
    count = await ctx.read_slow(lambda tx: exporting.matching(tx, actor, dataset, query))
    detail = {"format": wanted.format, "query": wanted.query, "answers": wanted.answers, "records": count}
    await ctx.write(lambda tx: exporting.note_export(tx, actor, address, detail, now=now))
    return StreamingResponse(
        while_allowed(
            ctx,
            _stream(
                lambda: write(exporting.export(store, actor, dataset, query, deadline)),
                deadline,
                actor.username,
                ctx.state.share,
            ),
        ),
        media_type=MEDIA[wanted.format],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{wanted.format}"},
    )


async def _stream(
    make: Callable[[], Iterator[bytes]], deadline: Deadline, who: str, share: FairShare
) -> AsyncGenerator[bytes, None]:
    """Yield pages made in one thread, never more than a few ahead of the reader.

    Several exports of one person take turns page by page, so that they cost others no more than one does.
    """
    turn = _TURNS.setdefault(who, threading.Lock())
    pages: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
    gone = threading.Event()

    def put(page: bytes | BaseException | None) -> None:
        until = time.monotonic() + _PATIENCE
        while not gone.is_set():
            try:
                pages.put(page, timeout=0.5)
            except queue.Full:
                if time.monotonic() < until:
                    continue
                gone.set()
                while not pages.empty():
                    pages.get()
                pages.put(TimeoutError(f"no one took the file for {_PATIENCE:g} seconds"))
            return

    def run() -> None:
        try:
            made = cast("Generator[bytes, None, None]", make())
            with contextlib.closing(made):  # in this thread, which opened the snapshot
                while True:
                    with turn:
                        if share.took_much(who):
                            deadline.give_way()
                        page = share.counted(who, lambda: next(made, None))
                    if page is None:
                        break
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
            if gone.is_set():
                raise TimeoutError("no one took the export any further")  # raising breaks the connection off
            if isinstance(page, BaseException):
                raise page
            yield page
    finally:
        gone.set()
        deadline.cancel()
        with contextlib.suppress(queue.Full):  # a reader that still waits for a page must not wait forever
            pages.put_nowait(None)


@router.post(
    "/api/datasets/{name}/import",
    responses=responses(ForbiddenOperationError, BadRequestError, ConflictError),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media: {"schema": {"type": "string"}}
                for media in ("application/x-ndjson", "text/csv", "application/vnd.apache.parquet")
            },
        }
    },
    dependencies=KEYED,
)
async def import_file(
    ctx: Ctx,
    request: Request,
    name: str,
    task: Annotated[Task, Query(description="The task, for a dataset that is not there yet.")],
    format: Annotated[Literal["jsonl", "csv", "parquet"], Query()] = "jsonl",
    mapping: Annotated[
        str | None,
        Query(
            description="JSON: which column of the file holds what, under our names.",
            examples=['{"text": "review", "annotation": "sentiment", "metadata.source": "src"}'],
        ),
    ] = None,
    allow_overlapping_spans: Annotated[
        bool, Query(description="Spans may overlap, in a dataset that is not there yet.")
    ] = False,
    allow_character_spans: Annotated[
        bool, Query(description="Spans may be parts of tokens, in a dataset that is not there yet.")
    ] = False,
    dry_run: Annotated[bool, Query(description="Only check the file.")] = False,
    leave_out: Annotated[bool, Query(description="Leave bad rows out instead of refusing the file.")] = False,
) -> Reply[ImportOut]:
    """Import records from a file: our own export with everyone's answers, or any table with a mapping of columns.

    A bad row refuses the whole file, unless ``leave_out`` is set; the reply then names what was left out. The rest is
    stored completely or not at all, even if the server is stopped meanwhile.
    """
    address, clock = ctx.address(name), ctx.state.clock
    require(ctx.actor, Action.CREATE_BY_LOGGING, address.workspace)
    if (kept := await ctx.kept_reply(with_body=False)) is not None:
        return kept
    now = clock.now()
    columns = _mapping(mapping)
    there = await ctx.read(lambda tx: find_unchecked(tx, address))
    wanted = None
    if there is not None:  # an existing dataset keeps its setup
        rules = there.settings or LabelSettings()
    else:
        rules = LabelSettings(
            allow_overlapping_spans=allow_overlapping_spans, allow_character_spans=allow_character_spans
        )
        wanted = rules if task is Task.TOKEN_CLASSIFICATION and rules != LabelSettings() else None
    how = ReadOptions(
        format, task, columns, _limits(ctx), _file_limits(ctx), rules=rules, by=ctx.actor.username, now=now
    )
    with contextlib.closing(tempfile.TemporaryFile(dir=ctx.settings.home)) as file:
        await _spool(ctx, request, file)
        async with ctx.state.share.large(ctx.actor.username), _READING:
            pace = ctx.state.share.pace(ctx.actor.username)
            read = await asyncio.to_thread(lambda: read_file(file, how, pace))
    asked = importing.ImportRequest(address, task, (), wanted)
    store_rows = partial(_store_rows, ctx, read, asked, dry_run=dry_run, leave_out=leave_out, now=now)
    try:
        found = await store_rows()
    except EntityAlreadyExistsError:  # somebody else made it meanwhile
        found = await store_rows()
    required = await ctx.compute(lambda: importing.required_answers(found))
    return await ctx.keep(
        json_reply(
            ImportOut(
                dataset=name,
                records=len(found),
                answers=sum(len(each.answers) for each in found),
                gold=sum(each.gold is not None for each in found),
                stored=bool(found) and not dry_run,
                left_out=len(read.bad),
                errors=[_bad_row(each) for each in read.wrong],
                wanted=AnswersWanted(**asdict(required)),
            )
        )
    )


async def _store_rows(
    ctx: Context, read: FileRead, asked: importing.ImportRequest, *, dry_run: bool, leave_out: bool, now: int
) -> Sequence[importing.ImportedRows]:
    """Check rows against the dataset as it is, store them unless it is a dry run, and return them."""
    looked = replace(asked, found=read.found)
    checked, misfits = await ctx.read_slow(
        lambda tx: importing.begin_import(tx, ctx.actor, looked), long=True
    )
    read.leave_out(misfits)
    if read.bad and not leave_out:
        raise refusal_of(read)
    found = read.found
    if not found or dry_run:
        return found
    asked = replace(asked, found=found, checked=checked)
    if checked is None:
        await ctx.run(importing.ImportNew(ctx.store, ctx.actor, asked, now=now))
    else:
        store, by = ctx.state.store, ctx.actor.username
        into = await asyncio.to_thread(lambda: import_into(store, ctx.look_up, asked, by=by, now=now))
        await ctx.run(into, store=ctx.state.store)
    return found


async def _spool(ctx: Context, request: Request, file: IO[bytes]) -> None:
    """Write a body to a file as it arrives."""
    try:
        async for parts in ctx.state.share.parts(ctx.actor.username, request):
            await asyncio.to_thread(file.writelines, parts)
        file.seek(0)
    except OSError as failure:
        raise StorageFullError(f"The file couldn't be kept while it is read: {failure}.") from failure


def _limits(ctx: Context) -> BulkLimits:
    settings = ctx.settings
    return BulkLimits(
        settings.max_records,
        settings.max_text,
        settings.metadata_field_length,
        settings.answer_limits,
        settings.max_values,
    )


def _file_limits(ctx: Context) -> FileLimits:
    settings = ctx.settings
    return FileLimits(
        settings.max_records,
        settings.max_columns,
        settings.max_body,
        min(_TEXTS_IN_A_ROW * max(settings.max_text, settings.max_answer_size), settings.max_body),
        settings.max_values,
    )


def _bad_row(error: dict[str, Any]) -> BadRow:
    _, _, row, *member = error["loc"]
    return BadRow(row=row + 1, column=member[0] if member else None, message=error["msg"])


def _mapping(text: str | None) -> dict[str, str]:
    if text is None or not text.strip():
        return {}
    try:
        return msgspec.json.decode(text.encode(), type=dict[str, str])
    except (msgspec.MsgspecError, UnicodeEncodeError) as wrong:
        raise BadRequestError(
            f"The mapping is no JSON object of names: {wrong}. Nothing was stored."
        ) from None

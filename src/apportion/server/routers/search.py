"""Search of records: pages with totals and counts, and scans through all matches."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request

from apportion.domain.datasets import DatasetAddress
from apportion.domain.errors import (
    ClosedDatasetError,
    EntityNotFoundError,
    ForbiddenOperationError,
    InvalidTextSearchError,
    SearchUnavailableError,
    StorageFullError,
    WrongTaskError,
)
from apportion.domain.query import Highlighter
from apportion.domain.query import Query as SearchQuery
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria, SearchHits, StoredRecord
from apportion.ports.store import Transaction
from apportion.server.bodies import JsonRoute, json_body
from apportion.server.convert.pages import highlighter_of, next_page, read_page, searched_texts
from apportion.server.convert.queries import Selected, read_scan, read_search
from apportion.server.convert.records_out import Projection, scan_record, search_record
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.server.paths import task_of
from apportion.server.wire_routes import Reply, described_body
from apportion.services.records import find
from apportion.services.records.find import SimilarTo
from apportion.vocabulary import Task
from apportion.wire.queries import Scan, ScanPage, Search, SearchPage

__all__ = ["router"]

router = APIRouter(tags=["Search"], route_class=JsonRoute)
_REFUSALS = responses(
    InvalidTextSearchError, WrongTaskError, ClosedDatasetError, ForbiddenOperationError, EntityNotFoundError,
    SearchUnavailableError,
)  # fmt: skip
LAG = "X-Apportion-Lag"
_DEEPEST = 10_000
log = logging.getLogger("apportion.server")
_BETWEEN = 10
"""Records prepared between two checks of the deadline: highlighting long texts takes time."""


@router.post("/api/datasets/{name}/{task}:search", openapi_extra=described_body(Search), responses=_REFUSALS)
async def search(
    ctx: Ctx,
    request: Request,
    name: str,
    task: str,
    limit: Annotated[int, Query(ge=0, le=1000, description="Records on the page; 0 only counts.")] = 50,
    start: Annotated[int, Query(alias="from", ge=0, le=_DEEPEST, description="Matches to leave out.")] = 0,
    include_metrics: Annotated[bool, Query(description="Whether records carry their metrics.")] = False,
    facets: Annotated[
        str | None,
        Query(
            description="What to count, by commas; none when empty. When left out, all there is, except for rule, "
            "covered, assigned_to and assignment."
        ),
    ] = None,
) -> Reply[SearchPage]:
    """Search records: one page of those that match, with their exact number and counts over all of them."""
    which = task_of(task)
    body = await json_body(request)
    wanted = await ctx.digested(body, lambda: read_search(body, which))
    address = ctx.address(name, task=which)
    if start + limit > _DEEPEST:
        raise InvalidTextSearchError(
            f"Result window is too large, from + limit must be less than or equal to {_DEEPEST}. "
            "Scan the records instead to read them all."
        )
    near = _near(wanted.selected, limit)
    page = find.SearchPage(wanted.sort, start, limit, _facets(facets, start), near)
    words = None if near is not None else wanted.selected.words

    def run(tx: Transaction) -> tuple[bytes, int]:
        _, hits = find.search(tx, ctx.actor, address, wanted.selected.criteria, page)
        reply = _search_reply(hits, which, words, tx.deadline, metrics=include_metrics, counted=start == 0)
        return reply, hits.lag

    found, lag = await ctx.read_slow(run)
    # Records that others have just logged, and that the index of a large dataset does not have yet
    return Reply(found, headers={LAG: str(lag)} if lag else None)


def _facets(asked: str | None, start: int) -> frozenset[str] | None:
    """Return the facets to count; None means all. As in 1.x, they are counted on the first page only."""
    if start > 0:
        return frozenset()
    return None if asked is None else frozenset(filter(None, asked.split(",")))


def _near(selected: Selected, limit: int) -> SimilarTo | None:
    nearest = selected.nearest
    return None if nearest is None else SimilarTo(nearest.name, nearest.value, nearest.k or limit or 5)


def _search_reply(
    hits: SearchHits,
    task: Task,
    words: SearchQuery | None,
    deadline: Deadline,
    *,
    metrics: bool,
    counted: bool,
) -> bytes:
    highlighter = highlighter_of(words) if hits.rows else None
    records = [
        search_record(row, task, metrics=metrics, search_keywords=_keywords(highlighter, row, task))
        for row in _watched(deadline, hits.rows, highlighter)
    ]
    reply = b'{"total":%d,"records":[%b]' % (hits.total, b",".join(records))
    if counted:
        reply += b',"aggregations":' + msgspec.json.encode(hits.facets)
    return reply + b"}"


def _watched(
    deadline: Deadline, rows: Sequence[StoredRecord], highlighter: Highlighter | None
) -> Iterable[StoredRecord]:
    """Yield the records of a page, and check the deadline if they are highlighted, which takes time."""
    return rows if highlighter is None else deadline.each(rows, _BETWEEN)


def _keywords(highlighter: Highlighter | None, row: StoredRecord, task: Task) -> list[str] | None:
    return None if highlighter is None else highlighter.keywords(searched_texts(row, task)) or None


@router.post("/api/datasets/{name}/records/:search", openapi_extra=described_body(Scan), responses=_REFUSALS)
async def scan(
    ctx: Ctx,
    request: Request,
    name: str,
    limit: Annotated[int, Query(ge=0, le=1000, description="Records on the page.")] = 100,
    include_metrics: Annotated[
        bool, Query(description="Whether records carry their metrics; leaving them out is much faster.")
    ] = True,
) -> Reply[ScanPage]:
    """Scan all records that match, a page at a time; follow ``next_page_cfg`` until a page is empty."""
    body = await json_body(request)
    wanted = await ctx.digested(body, lambda: read_scan(body))
    address = ctx.address(name)
    place = read_page(wanted)
    size = limit or 500
    fields = Projection.of(wanted.fields)
    highlighter = None
    if fields is None or fields.touches("search_keywords"):
        highlighter = highlighter_of(wanted.selected.words)

    def run(tx: Transaction) -> tuple[str, bytes]:
        dataset, rows = find.scan(
            tx,
            ctx.actor,
            address,
            wanted.selected.criteria,
            find.ScanPage(size, place.after, place.sort, place.offset),
        )
        task = dataset.task
        records = [
            scan_record(
                row,
                task,
                metrics=include_metrics,
                fields=fields,
                text=include_metrics,
                search_keywords=_keywords(highlighter, row, task),
            )
            for row in _watched(tx.deadline, rows, highlighter)
        ]
        following = next_page(place, rows)
        page = b'{"records":[%b],"next_idx":%b,"next_page_cfg":%b}' % (
            b",".join(records),
            msgspec.json.encode(following.next_idx),
            msgspec.json.encode(following.next_page_cfg),
        )
        return dataset.uuid, page

    uuid, page = await ctx.read_slow(run)
    if ctx.state.scans.begun(ctx.actor.username, uuid, first=place.after is None and not place.offset):
        await _note(ctx, address, wanted.selected.criteria)
    return Reply(page)


async def _note(ctx: Context, address: DatasetAddress, criteria: Criteria) -> None:
    """Write the audit event of a scan. A full disk must not keep people from reading their data."""
    now = ctx.state.clock.now()
    count = await ctx.read_slow(lambda tx: find.count_scanned(tx, ctx.actor, address, criteria))
    try:
        await ctx.write(
            lambda tx: find.note_scan(tx, ctx.actor, address, find.ScanStart(criteria.query, count), now=now),
            urgent=True,
        )
    except StorageFullError:
        log.warning("a scan couldn't be put in the audit log: the disk is full")

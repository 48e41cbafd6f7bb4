"""Loading of records page by page; the next page is requested while one is being read."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import msgspec

from apportion.vocabulary import Task

from . import _encode
from ._background import BackgroundWorker
from ._http import AsyncHttpClient, HttpClient, Request, path
from .datasets import DatasetForText2Text, DatasetForTextClassification, DatasetForTokenClassification
from .errors import InputValueError, WrongResponseError
from .records import Record
from .results import DatasetInfo, SearchPage

__all__ = [
    "Annotations",
    "Dataset",
    "Pages",
    "Scan",
    "dataset_of",
    "read_search",
    "search_request",
    "selection",
]

Dataset: TypeAlias = "DatasetForTextClassification | DatasetForTokenClassification | DatasetForText2Text"

Annotations: TypeAlias = 'Literal["resolved", "individual"]'

_CLASSES: dict[Task, Any] = {
    Task.TEXT_CLASSIFICATION: DatasetForTextClassification,
    Task.TOKEN_CLASSIFICATION: DatasetForTokenClassification,
    Task.TEXT2TEXT: DatasetForText2Text,
}
_PAGE = 1000
_PAGE_OF_1X = 250
_NEAREST = 100


class _PageCursor(msgspec.Struct):
    """The part of a page that says how to go on: its size and its cursors."""

    records: list[msgspec.Raw]
    next_idx: str | None = None
    next_page_cfg: str | None = None


_read_cursor = msgspec.json.Decoder(_PageCursor).decode


class Scan:
    """A selection of records to load, with their order and page size."""

    def __init__(
        self,
        *,
        query: str | None = None,
        vector: tuple[str, Sequence[float]] | None = None,
        ids: Sequence[str | int] | None = None,
        limit: int | None = None,
        sort: Sequence[tuple[str, str]] | None = None,
        id_from: str | None = None,
        batch_size: int = _PAGE_OF_1X,
        include_vectors: bool = True,
        include_metrics: bool = False,
        fields: Sequence[str] = ("*",),
        annotations: Annotations = "resolved",
    ) -> None:
        if annotations not in ("resolved", "individual"):
            raise ValueError(f'annotations is "resolved" or "individual"; got {annotations!r}.')
        if limit is not None and limit < 0:
            raise ValueError(f"limit is how many records to load at most; got {limit}.")
        if batch_size < 1:
            raise ValueError(f"batch_size is how many records to ask for at a time; got {batch_size}.")
        if vector is not None and annotations == "individual":
            raise ValueError("Everyone's annotations can't be loaded by vector: load those records by ids.")
        self.nearest = vector is not None
        self.nothing = ids is not None and not len(ids)  # on the wire no ids would mean all
        self._left = limit or None
        self._page = _PAGE if batch_size == _PAGE_OF_1X else min(batch_size, _PAGE)
        self._vectors = include_vectors
        self._metrics = include_metrics
        self._everybodys = annotations == "individual"
        self._body: dict[str, Any] = {"query": selection(query, ids, vector)}
        if self.nearest:
            return
        self._body["fields"] = list(fields)
        if sort is not None:
            self._body["sort_by"] = _order(sort)
        elif id_from is not None:
            self._body["next_idx"] = str(id_from)

    def first(self, dataset: DatasetInfo) -> Request:
        """Return the request for the first page."""
        self._dataset = dataset
        if self.nearest:
            query = {"limit": self._left or _NEAREST, "include_metrics": self._metrics, "facets": ""}
            return self._request(f"{dataset.task.value}:search", query)
        return self._next()

    def after(self, body: bytes) -> Request | None:
        """Return the request for the page after this one; None if this is the last."""
        if self.nearest:
            return None
        with _expected(body):
            page = _read_cursor(body)
        if self._left is not None:
            self._left -= len(page.records)
        if len(page.records) < self._asked or self._left == 0 or not (page.next_idx or page.next_page_cfg):
            return None
        for name in ("next_idx", "next_page_cfg"):
            self._body.pop(name, None)
            if cursor := getattr(page, name):
                self._body[name] = cursor
        return self._next()

    def read(self, body: bytes) -> list[Record]:
        """Decode the records of a page."""
        with _expected(body), _gc_paused():
            page = _encode.read_page(body, self._dataset.task, everybodys=self._everybodys)
            records: list[Record] = page.records
        if not self._vectors:
            for each in records:
                each.vectors = None
        return records

    def _next(self) -> Request:
        self._asked = self._page if self._left is None else min(self._left, self._page)
        return self._request("records/:search", {"limit": self._asked, "include_metrics": self._metrics})

    def _request(self, tail: str, query: dict[str, Any]) -> Request:
        query["workspace"] = self._dataset.workspace
        return Request(
            "POST",
            path("/api/datasets/{}/", self._dataset.name) + tail,
            query,
            msgspec.json.encode(self._body),
        )


class Pages:
    """Load all records of a scan, page by page; see ``Activity``."""

    def __init__(self, scan: Scan, dataset: DatasetInfo) -> None:
        self._scan = scan
        self._dataset = dataset

    def run(self, http: HttpClient) -> list[Record]:
        """Decode in this thread while another one waits for the next page."""
        scan, found = self._scan, list[Record]()
        with BackgroundWorker() as worker:
            waiting = worker.start(http.send, scan.first(self._dataset))
            while True:
                body = waiting.result()
                following = scan.after(body)
                if following is None:
                    found += scan.read(body)
                    return found
                waiting = worker.start(http.send, following)
                found += scan.read(body)

    async def run_on_loop(self, http: AsyncHttpClient) -> list[Record]:
        """Decode in a thread while the event loop waits for the next page."""
        scan, found = self._scan, list[Record]()
        body = await http.send(scan.first(self._dataset))
        while (following := scan.after(body)) is not None:
            waiting = asyncio.create_task(http.send(following))
            try:
                found += await asyncio.to_thread(scan.read, body)
            except BaseException:
                waiting.cancel()
                raise
            body = await waiting
        return found + await asyncio.to_thread(scan.read, body)


def dataset_of(task: Task, records: list[Record], annotations: Annotations = "resolved") -> Dataset:
    """Return the records as a dataset of their task."""
    found: Dataset = _CLASSES[task](records)
    found._individual = annotations == "individual"
    return found


# One page


def selection(
    query: str | None = None,
    ids: Sequence[str | int] | None = None,
    vector: tuple[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Return the query that selects records by query text, ids or vector."""
    found: dict[str, Any] = {}
    if query is not None:
        found["query_text"] = query
    if ids is not None:
        if isinstance(ids, str | int):
            raise InputValueError(f"ids is a list, as in ids=[{ids!r}].")
        found["ids"] = list(ids)
    if vector is not None:
        try:
            name, values = vector
            found["vector"] = {"name": str(name), "value": [float(each) for each in values]}
        except (TypeError, ValueError) as failure:
            raise InputValueError("vector is a pair, as in vector=('name', [0.1, 0.2]).") from failure
    return found


def search_request(
    dataset: DatasetInfo,
    *,
    query: str | None,
    vector: tuple[str, Sequence[float]] | None,
    ids: Sequence[str | int] | None,
    limit: int,
    start: int,
    sort: Sequence[tuple[str, str]] | None,
    facets: bool | Iterable[str],
    include_metrics: bool,
) -> Request:
    """Return the request for one page with its facets."""
    body = {"query": selection(query, ids, vector), "sort": _order(sort or ())}
    asked: dict[str, Any] = {"workspace": dataset.workspace, "limit": limit, "from": start}
    asked["include_metrics"] = include_metrics
    if facets is not True:
        asked["facets"] = ",".join(facets or ())
    route = path("/api/datasets/{}/{}:search", dataset.name, dataset.task.value)
    return Request("POST", route, asked, msgspec.json.encode(body))


def read_search(body: bytes, task: Task) -> SearchPage:
    """Decode the page."""
    with _expected(body):
        return SearchPage(*_encode.read_search(body, task))


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Pause garbage collection: of thousands of new objects none is garbage, yet it takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _expected(body: bytes) -> Iterator[None]:
    try:
        yield
    except (msgspec.MsgspecError, UnicodeDecodeError) as failure:
        raise WrongResponseError(f"The server answered with a broken page: {failure}.", body) from failure


def _order(sort: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    found = []
    for each in sort:
        if isinstance(each, str) or len(each) != 2 or each[-1] not in ("asc", "desc"):
            raise ValueError(f"sort is a list of pairs, as in [('metadata.source', 'asc')]; got {each!r}.")
        found.append({"id": str(each[0]), "order": each[1]})
    return found

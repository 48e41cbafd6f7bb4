"""Operations on records: log, load, search, change, delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import ForbiddenApiError, InputValueError
from apportion.sdk.loading import (
    Annotations,
    Dataset,
    Pages,
    Scan,
    dataset_of,
    read_search,
    search_request,
    selection,
)
from apportion.sdk.logging_ import Batches, LogJob, logged
from apportion.sdk.progress import Progress
from apportion.sdk.records import BulkResponse
from apportion.sdk.records._values import warn
from apportion.sdk.results import SearchPage

from .datasets import find_dataset

__all__ = ["delete_records", "load", "log", "search", "send_batches", "set_target", "update_record"]


def log(
    connection: Connection,
    records: Any,
    name: str,
    workspace: str | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    batch_size: int = 500,
    verbose: bool = True,
) -> Steps[BulkResponse]:
    """Store records in a dataset, which is created if there is none; return how many were stored.

    ``records`` is one record, a dataset, or anything that yields records of one task: generators are read one
    batch of ``batch_size`` at a time and never held in memory. A record replaces the one of the same id. ``tags`` and
    ``metadata`` are merged into those of the dataset. With ``background`` (not on an event loop) the call returns at
    once, with a future; any number of them may be under way, and the program does not end before they have.
    ``verbose`` shows a bar and prints where the records are. ``chunk_size`` is the name of ``batch_size`` in 1.x.

    >>> records = (rg.TextClassificationRecord(text=line) for line in open("a.txt"))  # doctest: +SKIP
    >>> rg.log(records, "reviews", workspace="recognai")  # doctest: +SKIP
    BulkResponse(dataset='reviews', processed=1000000, failed=0)

    A batch is stored as a whole or not at all. If one is refused, no further one is sent, and the error says
    which record is at fault and how many are stored (``error.accepted``, ``error.refused_ids``). While the
    server cannot be reached or is busy, a batch is sent again for some seconds. Raises ``InputValueError`` for
    what are no records or of two tasks, ``ValidationApiError``, ``BadRequestApiError``, ``ForbiddenApiError``,
    ``NotFoundApiError`` for a workspace that does not exist, ``ServerUnreachableError``.
    """
    job = LogJob(records, name, tags=tags, metadata=metadata, batch_size=batch_size)
    yield from set_target(connection, job, workspace)
    return (yield from send_batches(connection, job, verbose))


def set_target(connection: Connection, job: LogJob, workspace: str | None) -> Steps[None]:
    """Set who logs and in which workspace, as the server knows them."""
    where = yield from connection.where(workspace)
    job.by((yield from connection.user()).username, where)


def send_batches(connection: Connection, job: LogJob, verbose: bool) -> Steps[BulkResponse]:
    """Send the records batch by batch; print where they are."""
    progress = Progress(f"Logging to {job.name}", job.total, shown=verbose)
    result: BulkResponse = yield Batches(job, progress)
    if verbose:
        print(logged(result, connection.base_url, job.workspace))
    return result


def load(
    connection: Connection,
    name: str,
    workspace: str | None = None,
    query: str | None = None,
    vector: tuple[str, Sequence[float]] | None = None,
    ids: Sequence[str | int] | None = None,
    limit: int | None = None,
    sort: Sequence[tuple[str, str]] | None = None,
    id_from: str | None = None,
    batch_size: int = 250,
    include_vectors: bool = True,
    include_metrics: bool = False,
    *,
    annotations: Annotations = "resolved",
) -> Steps[Dataset]:
    """Load the records of a dataset that match, as a dataset of their task, in the order of their ids as text.

    ``query`` selects by words and fields, ``ids`` by id, ``vector`` the nearest to it, best first (100, unless
    ``limit`` says otherwise). ``sort`` is a list of pairs such as ``("metadata.source", "desc")``. ``id_from``
    starts after that id. ``limit`` 0 or None means all. ``batch_size`` is how many records are asked for at a
    time: 250, the default of 1.x, stands for as many as the server gives. ``include_metrics`` fills
    ``record.metrics``, which takes several times as long; ``as_pandas`` of 1.x has no effect.

    ``record.annotation`` is the resolved value, as you may see it. With ``annotations="individual"``, each
    record also has everybody's, by username, in ``record.annotations``, and ``to_pandas()`` and ``to_datasets()``
    have a row per record and annotator; annotators of a blind dataset get their own only.

    >>> rg.load("reviews", query="status:Default AND metadata.source:survey", limit=100)  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError`` for a query that cannot be
    understood, ``ValueError`` for a sort that cannot.
    """
    scan = Scan(
        query=query,
        vector=vector,
        ids=ids,
        limit=limit,
        sort=sort,
        id_from=id_from,
        batch_size=batch_size,
        include_vectors=include_vectors,
        include_metrics=include_metrics,
        annotations=annotations,
    )
    dataset = yield from find_dataset(connection, name, workspace)
    records = [] if scan.nothing else (yield Pages(scan, dataset))
    return dataset_of(dataset.task, records, annotations)


def search(
    connection: Connection,
    name: str,
    query: str | None = None,
    workspace: str | None = None,
    *,
    vector: tuple[str, Sequence[float]] | None = None,
    ids: Sequence[str | int] | None = None,
    limit: int = 50,
    start: int = 0,
    sort: Sequence[tuple[str, str]] | None = None,
    facets: bool | Iterable[str] = True,
    include_metrics: bool = False,
) -> Steps[SearchPage]:
    """Return one page of the records that match, with the total and counts over all of them.

    ``facets`` names what to count, such as ``["status", "predicted_as"]``; True counts everything there is,
    False nothing. They are counted for the first page only (``start=0``).

    >>> page = rg.search("reviews", "soup", limit=10)  # doctest: +SKIP
    >>> page.total, page.facets["status"]  # doctest: +SKIP
    (120, {'Default': 100, 'Validated': 20})

    Raises what ``load`` raises. Pages reach 10,000 records deep; ``load`` has no such bound.
    """
    dataset = yield from find_dataset(connection, name, workspace)
    request = search_request(
        dataset,
        query=query,
        vector=vector,
        ids=ids,
        limit=limit,
        start=start,
        sort=sort,
        facets=facets,
        include_metrics=include_metrics,
    )
    return read_search((yield request), dataset.task)


def update_record(
    connection: Connection,
    /,
    name: str,
    record_id: str | int,
    workspace: str | None = None,
    **changes: Any,
) -> Steps[dict[str, Any]]:
    """Merge ``metadata`` into a record and set its ``status``; return the record as JSON.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``ValidationApiError``.
    """
    check_name(name)
    where = yield from connection.where(workspace)
    route = path("/api/datasets/{}/records/{}", name, str(record_id))
    body = msgspec.json.encode(changes, enc_hook=str)
    found: dict[str, Any] = loads((yield Request("PATCH", route, {"workspace": where}, body)))
    return found


def delete_records(
    connection: Connection,
    name: str,
    workspace: str | None = None,
    query: str | None = None,
    ids: Sequence[str | int] | None = None,
    discard_only: bool = False,
    discard_when_forbidden: bool = True,
) -> Steps[tuple[int, int]]:
    """Delete the records that match, or all if neither ``query`` nor ``ids`` is given.

    Returns how many matched and how many were deleted or discarded. ``discard_only`` marks them as discarded instead.
    Users who may not delete discard the same records instead, with a warning, unless ``discard_when_forbidden`` is
    False; but never all records of a dataset.

    >>> rg.delete_records("reviews", ids=["a-1", "a-2"])  # doctest: +SKIP
    (2, 2)

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``InputValueError`` for an empty query.
    """
    check_name(name)
    chosen = selection(query, ids)
    if ids is not None and not chosen["ids"]:
        return 0, 0  # on the wire no ids would mean all
    if query is not None and not query.strip():
        raise InputValueError(
            "An empty query would mean every record. Leave query out if that is what you want; nothing was "
            "deleted."
        )
    where = yield from connection.where(workspace)
    route = path("/api/datasets/{}/data", name)
    # all records: the server takes no empty query for that
    body = msgspec.json.encode(chosen) if chosen else None

    def ask(discard: bool) -> Request:
        return Request("DELETE", route, {"workspace": where, "mark_as_discarded": discard}, body)

    try:
        found = loads((yield ask(discard_only)))
    except ForbiddenApiError as problem:
        if discard_only or not discard_when_forbidden or not chosen:
            raise
        warn(f"{problem} The same records are marked as discarded instead.")
        found = loads((yield ask(True)))
    return found["matched"], found["processed"]

"""The active client and the calls that use it: `rg.init`, `rg.log`, `rg.load` and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from threading import RLock
from typing import Any, Literal, overload

from .client import Client
from .loading import Annotations, Dataset
from .people import User, Workspace, ask_through
from .records import BulkResponse
from .results import DatasetInfo, DeletedDataset, SearchPage
from .settings import Settings

__all__ = [
    "User",
    "Workspace",
    "active_client",
    "configure_dataset",
    "copy",
    "delete",
    "delete_records",
    "deleted_datasets",
    "forget_client",
    "get_workspace",
    "init",
    "list_datasets",
    "load",
    "log",
    "log_async",
    "restore_dataset",
    "search",
    "set_workspace",
]

_active: Client | None = None
_lock = RLock()


def init(
    api_url: str | None = None,
    api_key: str | None = None,
    workspace: str | None = None,
    timeout: float = 60,
    extra_headers: Mapping[str, str] | None = None,
) -> None:
    """Connect the calls of this module to a server, as the user of an API key.

    What is left out comes from the environment (``APPORTION_API_URL``, ``APPORTION_API_KEY``,
    ``APPORTION_WORKSPACE``, else the same with ``ARGILLA_``), else it is ``http://localhost:6900`` and
    ``argilla.apikey``. Without a workspace the active one is named like you. Calls without ``init`` do this on
    their own, with nothing given.

    >>> rg.init(api_url="http://localhost:6900", api_key="ana.apikey", workspace="recognai")  # doctest: +SKIP

    Raises ``ServerUnreachableError``, ``UnauthorizedApiError``, ``WrongResponseError`` if that is not the
    address of a server, ``ApiCompatibilityError``, ``InputValueError`` if the workspace is not yours. Then
    there is no active client.
    """
    global _active
    with _lock:
        _active = None
        client = Client(api_url, api_key, workspace, timeout, extra_headers)
        chosen = client._connection.workspace
        if chosen is not None:
            client.set_workspace(chosen)
        assert client.user
        _active = client


def active_client() -> Client:
    """Return the client that the calls of this module use, created on the first call.

    >>> rg.active_client().http_client.get("/api/users")  # doctest: +SKIP

    Raises what ``init`` raises.
    """
    with _lock:
        if _active is None:
            init()
        assert _active is not None
        return _active


def forget_client() -> None:
    """Drop the active client, until ``init`` or the next call creates one."""
    global _active
    with _lock:
        _active = None


ask_through(active_client)


def get_workspace() -> str:
    """Return the workspace that calls use unless they name another."""
    return active_client().workspace


def set_workspace(workspace: str) -> None:
    """Make a workspace the active one, which calls use that name no other.

    Raises ``InputValueError`` if it is not one of yours; then nothing has changed.
    """
    active_client().set_workspace(workspace)


@overload
def log(
    records: Any,
    name: str,
    workspace: str | None = ...,
    tags: Mapping[str, Any] | None = ...,
    metadata: Mapping[str, Any] | None = ...,
    batch_size: int = ...,
    verbose: bool = ...,
    background: Literal[False] = ...,
    chunk_size: int | None = ...,
) -> BulkResponse: ...


@overload
def log(
    records: Any,
    name: str,
    workspace: str | None = ...,
    tags: Mapping[str, Any] | None = ...,
    metadata: Mapping[str, Any] | None = ...,
    batch_size: int = ...,
    verbose: bool = ...,
    *,
    background: Literal[True],
    chunk_size: int | None = ...,
) -> Future[BulkResponse]: ...


@overload
def log(
    records: Any,
    name: str,
    workspace: str | None = ...,
    tags: Mapping[str, Any] | None = ...,
    metadata: Mapping[str, Any] | None = ...,
    batch_size: int = ...,
    verbose: bool = ...,
    background: bool = ...,
    chunk_size: int | None = ...,
) -> BulkResponse | Future[BulkResponse]: ...


def log(
    records: Any,
    name: str,
    workspace: str | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    batch_size: int = 500,
    verbose: bool = True,
    background: bool = False,
    chunk_size: int | None = None,
) -> BulkResponse | Future[BulkResponse]:
    """Store records in a dataset, which is created if there is none; return how many were stored.

    ``records`` is one record, a dataset, or anything that yields records of one task: generators are read one
    batch at a time and never held in memory. A record replaces the one of the same id. ``tags`` and
    ``metadata`` are merged into those of the dataset. With ``background`` the call returns at once, with a
    future; any number of them may be under way, and the program does not end before they have. ``verbose``
    shows a bar and prints where the records are.

    >>> records = (rg.TextClassificationRecord(text=line) for line in open("a.txt"))  # doctest: +SKIP
    >>> rg.log(records, "reviews", workspace="recognai")  # doctest: +SKIP
    BulkResponse(dataset='reviews', processed=1000000, failed=0)

    A batch is stored as a whole or not at all. If one is refused, no further one is sent, and the error says
    which record is at fault and how many are stored (``error.accepted``, ``error.refused_ids``). While the
    server cannot be reached or is busy, a batch is sent again for some seconds. Raises ``InputValueError`` for
    what are no records or of two tasks, ``ValidationApiError``, ``BadRequestApiError``, ``ForbiddenApiError``,
    ``NotFoundApiError`` for a workspace that does not exist, ``ServerUnreachableError``.
    """
    return active_client().log(
        records, name, workspace, tags, metadata, batch_size, verbose, background, chunk_size
    )


async def log_async(
    records: Any,
    name: str,
    workspace: str | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    batch_size: int = 500,
    verbose: bool = True,
    chunk_size: int | None = None,
) -> BulkResponse:
    """Store records as ``log`` does, without blocking the event loop; it may be called from any loop.

    >>> await rg.log_async(records, "reviews")  # doctest: +SKIP
    """
    return await active_client().log_async(
        records, name, workspace, tags, metadata, batch_size, verbose, chunk_size
    )


def load(
    name: str,
    workspace: str | None = None,
    query: str | None = None,
    vector: tuple[str, Sequence[float]] | None = None,
    ids: Sequence[str | int] | None = None,
    limit: int | None = None,
    sort: Sequence[tuple[str, str]] | None = None,
    id_from: str | None = None,
    batch_size: int = 250,
    as_pandas: bool | None = None,
    include_vectors: bool = True,
    include_metrics: bool = False,
    *,
    annotations: Annotations = "resolved",
) -> Dataset:
    """Load the records of a dataset that match, as a dataset of their task, in the order of their ids as text.

    ``query`` selects by words and fields, ``ids`` by id, ``vector`` the nearest to it, best first (100, unless
    ``limit`` says otherwise). ``sort`` is a list of pairs such as ``("metadata.source", "desc")``. ``id_from``
    starts after that id. ``limit`` 0 or None means all. ``batch_size`` is how many records are asked for at a
    time: 250, the default of 1.x, stands for as many as the server gives. ``include_metrics`` fills
    ``record.metrics``, which takes several times as long.

    ``record.annotation`` is the resolved value, as you may see it. With ``annotations="individual"``, each
    record also has everybody's, by username, in ``record.annotations``, and ``to_pandas()`` and ``to_datasets()``
    have a row per record and annotator; annotators of a blind dataset get their own only.

    >>> rg.load("reviews", query="status:Default AND metadata.source:survey", limit=100)  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError`` for a query that cannot be
    understood, ``ValueError`` for a sort that cannot.
    """
    if as_pandas is not None:
        _warn_of_as_pandas(as_pandas)
    return active_client().load(
        name,
        workspace,
        query,
        vector,
        ids,
        limit,
        sort,
        id_from,
        batch_size,
        include_vectors,
        include_metrics,
        annotations=annotations,
    )


def _warn_of_as_pandas(as_pandas: bool) -> None:
    if as_pandas:
        raise ValueError("as_pandas is gone: rg.load(…).to_pandas() gives a data frame.")
    import warnings

    warnings.warn("as_pandas has no effect any more; leave it out.", FutureWarning, stacklevel=3)


def search(
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
) -> SearchPage:
    """Return one page of the records that match, with the total and counts over all of them.

    ``facets`` names what to count, such as ``["status", "predicted_as"]``; True counts everything there is,
    False nothing. They are counted for the first page only (``start=0``).

    >>> page = rg.search("reviews", "soup", limit=10)  # doctest: +SKIP
    >>> page.total, page.facets["status"]  # doctest: +SKIP
    (120, {'Default': 100, 'Validated': 20})

    Raises what ``load`` raises. Pages reach 10,000 records deep; ``load`` has no such bound.
    """
    return active_client().search(
        name,
        query,
        workspace,
        vector=vector,
        ids=ids,
        limit=limit,
        start=start,
        sort=sort,
        facets=facets,
        include_metrics=include_metrics,
    )


def list_datasets(workspace: str | None = None) -> list[DatasetInfo]:
    """Return the datasets of one workspace, or of all you can see.

    >>> [f"{each.workspace}/{each.name}" for each in rg.list_datasets()]  # doctest: +SKIP
    ['recognai/reviews']

    Raises ``NotFoundApiError``.
    """
    return active_client().list_datasets(workspace)


def copy(dataset: str, name_of_copy: str, workspace: str | None = None) -> None:
    """Copy a dataset of the active workspace with its records, annotations and settings.

    ``workspace`` is where the copy goes, else it stays beside the original.

    >>> rg.copy("reviews", "reviews-backup")  # doctest: +SKIP

    Raises ``AlreadyExistsApiError``, ``NotFoundApiError``, ``ForbiddenApiError``, ``InputValueError``.
    """
    active_client().copy(dataset, name_of_copy, workspace)


def delete(name: str, workspace: str | None = None) -> None:
    """Delete a dataset with everything in it; it is no error if there is none.

    For some days ``restore_dataset`` brings it back.

    >>> rg.delete("reviews")  # doctest: +SKIP

    Raises ``ForbiddenApiError``.
    """
    active_client().delete(name, workspace)


def deleted_datasets(workspace: str | None = None) -> list[DeletedDataset]:
    """Return deleted datasets of one workspace or of all that you can restore, the last one deleted first.

    >>> [(each.name, each.records) for each in rg.deleted_datasets()]  # doctest: +SKIP
    [('reviews', 300)]

    Raises ``NotFoundApiError``.
    """
    return active_client().deleted_datasets(workspace)


def restore_dataset(
    name: str, workspace: str | None = None, *, into: str | None = None, id: str | None = None
) -> DatasetInfo:
    """Restore a deleted dataset with its records, annotations, plans and history.

    ``into`` is the name it gets where another dataset has its own by now; ``id`` says which one is meant when
    several of that name were deleted, else it is the last.

    >>> rg.restore_dataset("reviews")  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``AlreadyExistsApiError`` while the name is taken, ``ForbiddenApiError``.
    """
    return active_client().restore_dataset(name, workspace, into=into, id=id)


def delete_records(
    name: str,
    workspace: str | None = None,
    query: str | None = None,
    ids: Sequence[str | int] | None = None,
    discard_only: bool = False,
    discard_when_forbidden: bool = True,
) -> tuple[int, int]:
    """Delete the records that match, or all if neither ``query`` nor ``ids`` is given.

    Returns how many matched and how many were deleted or discarded. ``discard_only`` marks them as discarded instead.
    Users who may not delete discard the same records instead, with a warning, unless ``discard_when_forbidden`` is
    False; but never all records of a dataset.

    >>> rg.delete_records("reviews", ids=["a-1", "a-2"])  # doctest: +SKIP
    (2, 2)

    Raises ``ForbiddenApiError``, ``NotFoundApiError``, ``InputValueError`` for an empty query.
    """
    return active_client().delete_records(name, workspace, query, ids, discard_only, discard_when_forbidden)


def configure_dataset(name: str, settings: Settings, workspace: str | None = None) -> None:
    """Set the labels of a dataset; it is created if there is none.

    From then on records with other labels are refused, and the web app shows all of them.

    >>> settings = rg.TokenClassificationSettings(label_schema=["PER", "LOC"])  # doctest: +SKIP
    >>> rg.configure_dataset("people-and-places", settings)  # doctest: +SKIP

    Raises ``InputValueError`` (a ``ValueError``) for settings of another task, ``BadRequestApiError`` if
    records use labels that are missing, ``ForbiddenApiError``.
    """
    active_client().configure_dataset(name, settings, workspace)

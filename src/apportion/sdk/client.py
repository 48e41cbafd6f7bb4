"""The client of one server: everything the SDK can do, as methods.

`rg.log` and the like use the active one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import _datasets
from ._background import in_background
from ._connection import DEFAULT_KEY, DEFAULT_URL, Connection, environment
from ._http import HttpClient, Steps
from ._rules_and_metrics import RulesAndMetrics
from ._sharing import Sharing
from ._team import Team
from ._webhook_calls import WebhookCalls
from .compat_1x import Datasets, Metrics, Search
from .loading import Annotations, Dataset, Scan, dataset_of, load_now
from .logging_ import LogJob, log_now
from .people import User
from .progress import Progress
from .records import BulkResponse
from .results import DatasetInfo, DeletedDataset
from .settings import Settings, TextClassificationSettings, TokenClassificationSettings

if TYPE_CHECKING:
    import httpx

__all__ = ["Client"]

T = TypeVar("T")
_log = logging.getLogger("apportion")


class Client(Team, Sharing, RulesAndMetrics, WebhookCalls):
    """A user's connection to a server. Arguments left out come from the environment, as for ``rg.init``.

    Nothing is sent until something is asked; from then on connections are kept until ``close``, or until the
    client is no longer used. It may be used from any number of threads.

    >>> with rg.Client("http://localhost:6900", "ana.apikey") as client:  # doctest: +SKIP
    ...     dataset = client.load("reviews", workspace="recognai")

    ``transport`` replaces the network, for tests: any ``httpx.BaseTransport``.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = HttpClient(
            url or environment("API_URL") or DEFAULT_URL,
            key or environment("API_KEY") or DEFAULT_KEY,
            extra_headers or {},
            timeout,
            transport,
        )
        self._connection = Connection(self._http, workspace or environment("WORKSPACE"))

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r}, workspace={self._connection.workspace!r})"

    def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        self._http.close()

    def _run(self, steps: Steps[T]) -> T:
        return self._http.run(steps)

    # Identity and workspace

    @property
    def base_url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._http.base_url

    @property
    def token(self) -> str:
        """The API key."""
        return self._http.token

    @property
    def http_client(self) -> HttpClient:
        """The HTTP client, for any path of the server: ``client.http_client.get("/api/users")``."""
        return self._http

    @property
    def client(self) -> HttpClient:
        """The same as ``http_client``, as 1.x notebooks call it."""
        return self._http

    @property
    def datasets(self) -> Datasets:
        """The dataset calls of 1.x."""
        return Datasets(self._http, self._connection)

    @property
    def metrics(self) -> Metrics:
        """The metric calls of 1.x."""
        return Metrics(self._http, self._connection)

    @property
    def user(self) -> User:
        """The user the key belongs to, as the server answered when it was first asked."""
        return self._run(self._connection.user())

    @property
    def workspace(self) -> str:
        """The workspace that calls use unless they name another: at first the one named like the user."""
        return self._run(self._connection.where(None))

    def get_workspace(self) -> str:
        """Return the same as ``workspace``."""
        return self.workspace

    def set_workspace(self, workspace: str) -> None:
        """Make a workspace the active one. Raises ``InputValueError`` if the user does not belong to it."""
        self._run(self._connection.activate(workspace))

    # Records

    @overload
    def log(
        self,
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
        self,
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
        self,
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
        self,
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
        """Store records; see ``rg.log``."""
        job = LogJob(
            records, name, tags=tags, metadata=metadata, batch_size=batch_size, chunk_size=chunk_size
        )
        where = self._run(self._connection.where(workspace))
        job.by(self.user.username, where)
        if not background:
            return self._log(job, where, verbose)

        def act() -> BulkResponse:
            try:
                return self._log(job, where, verbose)
            except Exception as problem:  # nobody may ever ask what became of it
                _log.error("Logging in the background failed. %s", problem)
                raise

        return in_background(act)

    def _log(self, job: LogJob, workspace: str, verbose: bool) -> BulkResponse:
        result = log_now(job, self._http.send, Progress(f"Logging to {job.name}", job.total, shown=verbose))
        if verbose:
            print(logged(result, self.base_url, workspace))
        return result

    async def log_async(
        self,
        records: Any,
        name: str,
        workspace: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        batch_size: int = 500,
        verbose: bool = True,
        chunk_size: int | None = None,
    ) -> BulkResponse:
        """Store records without blocking the event loop, whichever it is; see ``rg.log``."""

        def act() -> BulkResponse:
            return self.log(
                records, name, workspace, tags, metadata, batch_size, verbose, chunk_size=chunk_size
            )

        return await asyncio.to_thread(act)

    def load(
        self,
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
    ) -> Dataset:
        """Load the records that match; see ``rg.load``."""
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
        dataset = self.find_dataset(name, workspace)
        return dataset_of(dataset.task, load_now(scan, dataset, self._http.send), annotations)

    @property
    def search(self) -> Search:
        """The search: ``client.search(name, query)`` returns one page of the records that match; see ``rg.search``."""
        return Search(self._http, self._connection)

    def delete_records(
        self,
        name: str,
        workspace: str | None = None,
        query: str | None = None,
        ids: Sequence[str | int] | None = None,
        discard_only: bool = False,
        discard_when_forbidden: bool = True,
    ) -> tuple[int, int]:
        """Delete records, or mark them as discarded; see ``rg.delete_records``."""
        return self._run(
            _datasets.delete_records(
                self._connection, name, workspace, query, ids, discard_only, discard_when_forbidden
            )
        )

    def update_record(
        self, name: str, record_id: str | int, workspace: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Merge ``metadata`` into a record and set its ``status``; return the record as JSON."""
        return self._run(_datasets.update_record(self._connection, name, record_id, workspace, changes))

    # Datasets

    def find_dataset(self, name: str, workspace: str | None = None) -> DatasetInfo:
        """Return the server's description of a dataset. Raises ``NotFoundApiError``."""
        return self._run(_datasets.find_dataset(self._connection, name, workspace))

    def list_datasets(self, workspace: str | None = None) -> list[DatasetInfo]:
        """Return the datasets of one workspace, or of all the user can see."""
        return self._run(_datasets.list_datasets(self._connection, workspace))

    def copy(self, dataset: str, name_of_copy: str, workspace: str | None = None) -> None:
        """Copy a dataset of the active workspace; see ``rg.copy``."""
        self._run(_datasets.copy_dataset(self._connection, dataset, name_of_copy, workspace))

    def delete(self, name: str, workspace: str | None = None) -> None:
        """Delete a dataset; it is no error if there is none."""
        self._run(_datasets.delete_dataset(self._connection, name, workspace))

    def deleted_datasets(self, workspace: str | None = None) -> list[DeletedDataset]:
        """Return deleted datasets that can be restored; see ``rg.deleted_datasets``."""
        return self._run(_datasets.deleted_datasets(self._connection, workspace))

    def restore_dataset(
        self, name: str, workspace: str | None = None, *, into: str | None = None, id: str | None = None
    ) -> DatasetInfo:
        """Restore a deleted dataset; see ``rg.restore_dataset``."""
        return self._run(_datasets.restore_dataset(self._connection, name, workspace, id, into))

    def configure_dataset(self, name: str, settings: Settings, workspace: str | None = None) -> None:
        """Set the labels of a dataset; see ``rg.configure_dataset``."""
        self._run(_datasets.configure_dataset(self._connection, name, settings, workspace))

    def load_settings(
        self, name: str, workspace: str | None = None
    ) -> TextClassificationSettings | TokenClassificationSettings | None:
        """Return the settings of a dataset; None if it has none."""
        return self._run(_datasets.load_settings(self._connection, name, workspace))


def logged(result: BulkResponse, base_url: str, workspace: str) -> str:
    """Return the line that says where the records are now."""
    records = "record" if result.processed == 1 else "records"
    return f"{result.processed:,} {records} logged to {base_url}/datasets/{workspace}/{result.dataset}"

"""A client for code on an event loop: the methods of `Client`, to be awaited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _datasets, _people
from ._async_sharing import AsyncSharing
from ._connection import DEFAULT_KEY, DEFAULT_URL, Connection, environment
from ._http import AsyncHttpClient, Steps
from ._webhook_calls import AsyncWebhookCalls
from .client import logged
from .loading import Annotations, Dataset, Scan, dataset_of, load_on_loop, read_search, search_request
from .logging_ import LogJob, log_on_loop
from .people import Member, User, Workspace
from .progress import Progress
from .records import BulkResponse
from .results import DatasetInfo, DeletedDataset, SearchPage
from .settings import Settings, TextClassificationSettings, TokenClassificationSettings

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient(AsyncSharing, AsyncWebhookCalls):
    """A user's connection to a server, for one event loop. Methods do what those of ``Client`` do.

    >>> async with rg.AsyncClient("http://localhost:6900", "ana.apikey") as client:  # doctest: +SKIP
    ...     dataset = await client.load("reviews", workspace="recognai")

    ``transport`` replaces the network, for tests: any ``httpx.AsyncBaseTransport``.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        workspace: str | None = None,
        timeout: float = 60,
        extra_headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = AsyncHttpClient(
            url or environment("API_URL") or DEFAULT_URL,
            key or environment("API_KEY") or DEFAULT_KEY,
            extra_headers or {},
            timeout,
            transport,
        )
        self._connection = Connection(self._http, workspace or environment("WORKSPACE"))

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.base_url!r}, workspace={self._connection.workspace!r})"

    async def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        await self._http.close()

    async def _run(self, steps: Steps[T]) -> T:
        return await self._http.run(steps)

    # Identity and workspace

    @property
    def base_url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._http.base_url

    @property
    def token(self) -> str:
        """The API key."""
        return self._http.token

    async def me(self) -> User:
        """Return the user the key belongs to, as the server has them now."""
        await self._run(self._connection.user())
        return await self._run(self._connection.refresh())

    async def get_workspace(self) -> str:
        """Return the workspace that calls use unless they name another."""
        return await self._run(self._connection.where(None))

    async def set_workspace(self, workspace: str) -> None:
        """Make a workspace the active one. Raises ``InputValueError`` if the user does not belong to it."""
        await self._run(self._connection.activate(workspace))

    # Records

    async def log(
        self,
        records: Any,
        name: str,
        workspace: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        batch_size: int = 500,
        verbose: bool = True,
    ) -> BulkResponse:
        """Store records; see ``rg.log``."""
        job = LogJob(records, name, tags=tags, metadata=metadata, batch_size=batch_size)
        where = await self._run(self._connection.where(workspace))
        user = await self._run(self._connection.user())
        job.by(user.username, where)
        progress = Progress(f"Logging to {name}", job.total, shown=verbose)
        result = await log_on_loop(job, self._http.send, progress)
        if verbose:
            print(logged(result, self.base_url, where))
        return result

    async def load(
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
        dataset = await self.find_dataset(name, workspace)
        return dataset_of(dataset.task, await load_on_loop(scan, dataset, self._http.send), annotations)

    async def search(
        self,
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
        """Return one page of the records that match, with the total; see ``rg.search``."""
        dataset = await self.find_dataset(name, workspace)
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
        return read_search(await self._http.send(request), dataset.task)

    async def delete_records(
        self,
        name: str,
        workspace: str | None = None,
        query: str | None = None,
        ids: Sequence[str | int] | None = None,
        discard_only: bool = False,
        discard_when_forbidden: bool = True,
    ) -> tuple[int, int]:
        """Delete records, or mark them as discarded; see ``rg.delete_records``."""
        return await self._run(
            _datasets.delete_records(
                self._connection, name, workspace, query, ids, discard_only, discard_when_forbidden
            )
        )

    async def update_record(
        self, name: str, record_id: str | int, workspace: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Merge ``metadata`` into a record and set its ``status``; return the record as JSON."""
        return await self._run(_datasets.update_record(self._connection, name, record_id, workspace, changes))

    # Datasets

    async def find_dataset(self, name: str, workspace: str | None = None) -> DatasetInfo:
        """Return the server's description of a dataset. Raises ``NotFoundApiError``."""
        return await self._run(_datasets.find_dataset(self._connection, name, workspace))

    async def list_datasets(self, workspace: str | None = None) -> list[DatasetInfo]:
        """Return the datasets of one workspace, or of all the user can see."""
        return await self._run(_datasets.list_datasets(self._connection, workspace))

    async def copy(self, dataset: str, name_of_copy: str, workspace: str | None = None) -> None:
        """Copy a dataset of the active workspace; see ``rg.copy``."""
        await self._run(_datasets.copy_dataset(self._connection, dataset, name_of_copy, workspace))

    async def delete(self, name: str, workspace: str | None = None) -> None:
        """Delete a dataset; it is no error if there is none."""
        await self._run(_datasets.delete_dataset(self._connection, name, workspace))

    async def deleted_datasets(self, workspace: str | None = None) -> list[DeletedDataset]:
        """Return deleted datasets that can be restored; see ``rg.deleted_datasets``."""
        return await self._run(_datasets.deleted_datasets(self._connection, workspace))

    async def restore_dataset(
        self, name: str, workspace: str | None = None, *, into: str | None = None, id: str | None = None
    ) -> DatasetInfo:
        """Restore a deleted dataset; see ``rg.restore_dataset``."""
        return await self._run(_datasets.restore_dataset(self._connection, name, workspace, id, into))

    async def configure_dataset(self, name: str, settings: Settings, workspace: str | None = None) -> None:
        """Set the labels of a dataset; see ``rg.configure_dataset``."""
        await self._run(_datasets.configure_dataset(self._connection, name, settings, workspace))

    async def load_settings(
        self, name: str, workspace: str | None = None
    ) -> TextClassificationSettings | TokenClassificationSettings | None:
        """Return the settings of a dataset; None if it has none."""
        return await self._run(_datasets.load_settings(self._connection, name, workspace))

    # People

    async def list_users(self) -> list[User]:
        """Return all users of the server; see ``rg.User.list``."""
        return await self._run(_people.list_users(self._connection))

    async def user_named(self, username: str) -> User:
        """Return the user of that name; see ``rg.User.from_name``."""
        return await self._run(_people.find_user(self._connection, username))

    async def create_user(
        self,
        username: str,
        password: str,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        role: str = "annotator",
        workspaces: Iterable[str] = (),
    ) -> User:
        """Create a user; see ``rg.User.create``."""
        return await self._run(
            _people.create_user(
                self._connection,
                username,
                password,
                first_name=first_name,
                last_name=last_name,
                role=role,
                workspaces=workspaces,
            )
        )

    async def list_workspaces(self) -> list[Workspace]:
        """Return all workspaces for administrators, their own for everybody else."""
        return await self._run(_people.list_workspaces(self._connection))

    async def workspace_named(self, name: str) -> Workspace:
        """Return the workspace of that name; see ``rg.Workspace.from_name``."""
        return await self._run(_people.find_workspace(self._connection, name))

    async def create_workspace(self, name: str) -> Workspace:
        """Create a workspace; see ``rg.Workspace.create``."""
        return await self._run(_people.create_workspace(self._connection, name))

    async def list_workspace_users(self, workspace: str) -> list[User]:
        """Return the people in a workspace; see ``rg.Workspace.users``."""
        return await self._run(_people.list_workspace_users(self._connection, workspace))

    async def list_members(self, workspace: str) -> list[Member]:
        """Return the people in a workspace with their roles there."""
        return await self._run(_people.list_members(self._connection, workspace))

    async def add_member(self, workspace: str, username: str, role: str = "annotator") -> Member:
        """Add a user to a workspace; see ``rg.Workspace.add_user``."""
        return await self._run(_people.add_member(self._connection, workspace, username, role))

    async def remove_member(self, workspace: str, username: str) -> None:
        """Remove a user from a workspace; see ``rg.Workspace.remove_user``."""
        await self._run(_people.remove_member(self._connection, workspace, username))

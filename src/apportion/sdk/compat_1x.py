"""Calls of 1.x under their names there: `rg.active_client().datasets`, `.search` and `.metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from apportion.vocabulary import Task

from . import operations
from ._connection import Connection, loads
from ._http import HttpClient
from ._method import Blocking, Method
from .loading import Scan, read_search, search_request
from .results import DatasetInfo, SearchPage
from .settings import Settings, TextClassificationSettings, TokenClassificationSettings

__all__ = ["Datasets", "Metrics", "Search"]


class Datasets(Blocking):
    """Dataset calls of 1.x, in the active workspace."""

    def __init__(self, http: HttpClient, connection: Connection) -> None:
        self._http = http
        self._connection = connection

    def find_by_name(self, name: str) -> DatasetInfo:
        """Return the server's description of a dataset. Raises ``NotFoundApiError``."""
        return self._run(operations.datasets.find_dataset(self._connection, name))

    def create(self, name: str, workspace: str, settings: Settings) -> None:
        """Create a dataset with these settings. Raises ``AlreadyExistsApiError``."""
        task: Task = settings.task
        self._run(operations.datasets.create_dataset(self._connection, name, task, workspace))
        self.configure(name, workspace, settings)

    def configure(self, name: str, workspace: str, settings: Settings) -> None:
        """Set the settings of a dataset; see ``rg.configure_dataset``."""
        self._run(operations.datasets.configure_dataset(self._connection, name, settings, workspace))

    def scan(
        self,
        name: str,
        projection: set[str] | None = None,
        limit: int | None = None,
        sort: Sequence[tuple[str, str]] | None = None,
        id_from: str | None = None,
        batch_size: int = 250,
        query_text: str | None = None,
        ids: Sequence[str | int] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the records as JSON, with the requested fields and their ids."""
        scan = Scan(
            query=query_text,
            ids=ids,
            limit=limit,
            sort=sort,
            id_from=id_from,
            batch_size=batch_size,
            fields=sorted(projection) if projection else ["id"],
            include_metrics=True,
        )
        request = None if scan.nothing else scan.first(self.find_by_name(name))
        while request is not None:
            body = self._http.send(request)
            yield from loads(body)["records"]
            request = scan.after(body)

    def update_record(self, name: str, record_id: str | int, **content: Any) -> dict[str, Any]:
        """Merge ``metadata`` into a record and set its ``status``; return the record."""
        return self._run(operations.records.update_record(self._connection, name, record_id, **content))

    def delete_records(
        self,
        name: str,
        mark_as_discarded: bool = False,
        discard_when_forbidden: bool = True,
        query_text: str | None = None,
        ids: Sequence[str | int] | None = None,
    ) -> tuple[int, int]:
        """Delete records; return how many matched and how many were deleted or discarded; see ``rg.delete_records``."""
        return self._run(
            operations.records.delete_records(
                self._connection, name, None, query_text, ids, mark_as_discarded, discard_when_forbidden
            )
        )

    def load_settings(self, name: str) -> TextClassificationSettings | TokenClassificationSettings | None:
        """Return the settings of a dataset; None if it has none."""
        return self._run(operations.datasets.load_settings(self._connection, name))


class Search(Blocking):
    """Searches; calling an instance is ``client.search(…)``."""

    def __init__(self, http: HttpClient, connection: Connection) -> None:
        self._http = http
        self._connection = connection

    __call__ = Method(operations.records.search)

    def search_records(
        self,
        name: str,
        task: Task | str,
        size: int | None = None,
        query_text: str | None = None,
        ids: Sequence[str | int] | None = None,
        vector: tuple[str, Sequence[float]] | None = None,
    ) -> SearchPage:
        """Return the first records that match, 50 unless ``size`` says otherwise, and the total.

        Raises ``NotFoundApiError``, ``ValueError`` for an unknown task and ``WrongTaskError`` as
        ``BadRequestApiError`` if the dataset is for another.
        """
        named = DatasetInfo(name, self._run(self._connection.where(None)), Task(getattr(task, "value", task)))
        request = search_request(
            named,
            query=query_text,
            vector=vector,
            ids=ids,
            limit=size or 50,
            start=0,
            sort=None,
            facets=False,
            include_metrics=False,
        )
        return read_search(self._http.send(request), named.task)


class Metrics(Blocking):
    """Metric calls of 1.x, for datasets of the active workspace."""

    def __init__(self, http: HttpClient, connection: Connection) -> None:
        self._http = http
        self._connection = connection

    def metric_summary(
        self, name: str, task: Task | str, metric: str, query: str | None = None, **metric_params: Any
    ) -> dict[str, Any]:
        """Return a metric as the server computes it. Raises ``NotFoundApiError`` for one it does not know."""
        known = Task(getattr(task, "value", task))
        return self._run(
            operations.metrics.metric_summary(self._connection, name, known, metric, query, metric_params)
        )

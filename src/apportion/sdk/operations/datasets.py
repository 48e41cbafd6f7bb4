"""Operations on datasets. Nothing is cached between calls, so nothing goes stale."""

from __future__ import annotations

from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import AlreadyExistsApiError, InputValueError, NotFoundApiError
from apportion.sdk.results import DatasetInfo, DeletedDataset, read_dataset, read_deleted
from apportion.sdk.settings import (
    Settings,
    TextClassificationSettings,
    TokenClassificationSettings,
    settings_of,
)
from apportion.vocabulary import Task

__all__ = [
    "configure_dataset",
    "copy",
    "create_dataset",
    "delete",
    "deleted_datasets",
    "find_dataset",
    "list_datasets",
    "load_settings",
    "restore_dataset",
]


def find_dataset(connection: Connection, name: str, workspace: str | None = None) -> Steps[DatasetInfo]:
    """Return the server's description of a dataset: its task, tags, metadata, owner and dates.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``InputValueError``.
    """
    check_name(name)
    where = yield from connection.where(workspace)
    return read_dataset(loads((yield Request("GET", path("/api/datasets/{}", name), {"workspace": where}))))


def list_datasets(connection: Connection, workspace: str | None = None) -> Steps[list[DatasetInfo]]:
    """Return the datasets of one workspace, or of all you can see.

    >>> [f"{each.workspace}/{each.name}" for each in rg.list_datasets()]  # doctest: +SKIP
    ['recognai/reviews']

    Raises ``NotFoundApiError``.
    """
    if workspace is not None:
        check_name(workspace, "workspace")
    yield from connection.user()
    body = yield Request("GET", "/api/datasets", {"workspace": workspace})
    return [read_dataset(each) for each in loads(body) if each.get("task") in set(Task)]


def create_dataset(
    connection: Connection, name: str, task: Task, workspace: str | None
) -> Steps[DatasetInfo]:
    """Create an empty dataset of a task. Raises ``AlreadyExistsApiError``, ``ForbiddenApiError``."""
    check_name(name)
    where = yield from connection.where(workspace)
    body = msgspec.json.encode({"name": name, "task": task.value, "workspace": where})
    query = {"workspace": where}
    return read_dataset(loads((yield Request("POST", "/api/datasets", query, body, repeatable=False))))


def copy(
    connection: Connection, dataset: str, name_of_copy: str, workspace: str | None = None
) -> Steps[None]:
    """Copy a dataset of the active workspace with its records, annotations and settings.

    ``workspace`` is where the copy goes, else it stays beside the original.

    >>> rg.copy("reviews", "reviews-backup")  # doctest: +SKIP

    Raises ``AlreadyExistsApiError``, ``NotFoundApiError``, ``ForbiddenApiError``, ``InputValueError``.
    """
    check_name(dataset)
    body: dict[str, Any] = {"name": check_name(name_of_copy), "tags": {}, "metadata": {}}
    body["target_workspace"] = None if workspace is None else check_name(workspace, "workspace")
    query = {"workspace": (yield from connection.where(None))}
    route = path("/api/datasets/{}:copy", dataset)
    yield Request("PUT", route, query, msgspec.json.encode(body), repeatable=False, keyed=True)


def delete(connection: Connection, name: str, workspace: str | None = None) -> Steps[None]:
    """Delete a dataset with everything in it; it is no error if there is none.

    For some days ``restore_dataset`` brings it back.

    >>> rg.delete("reviews")  # doctest: +SKIP

    Raises ``ForbiddenApiError``.
    """
    check_name(name)
    where = yield from connection.where(workspace)
    yield Request("DELETE", path("/api/datasets/{}", name), {"workspace": where})


def deleted_datasets(connection: Connection, workspace: str | None = None) -> Steps[list[DeletedDataset]]:
    """Return deleted datasets of one workspace or of all that you can restore, the last one deleted first.

    >>> [(each.name, each.records) for each in rg.deleted_datasets()]  # doctest: +SKIP
    [('reviews', 300)]

    Raises ``NotFoundApiError``.
    """
    if workspace is not None:
        check_name(workspace, "workspace")
    yield from connection.user()
    found = loads((yield Request("GET", "/api/datasets:deleted", {"workspace": workspace})))
    return [read_deleted(each) for each in found["datasets"]]


def restore_dataset(
    connection: Connection,
    name: str,
    workspace: str | None = None,
    *,
    into: str | None = None,
    id: str | None = None,
) -> Steps[DatasetInfo]:
    """Restore a deleted dataset with its records, annotations, plans and history.

    ``into`` is the name it gets where another dataset has its own by now; ``id`` says which one is meant when
    several of that name were deleted, else it is the last.

    >>> rg.restore_dataset("reviews")  # doctest: +SKIP

    Raises ``NotFoundApiError``, ``AlreadyExistsApiError`` while the name is taken, ``ForbiddenApiError``.
    """
    check_name(name)
    body = {"name": name, "id": id, "into": None if into is None else check_name(into)}
    query = {"workspace": (yield from connection.where(workspace))}
    sent = msgspec.json.encode(body)
    return read_dataset(
        loads((yield Request("POST", "/api/datasets:restore", query, sent, repeatable=False)))
    )


def load_settings(
    connection: Connection, name: str, workspace: str | None = None
) -> Steps[TextClassificationSettings | TokenClassificationSettings | None]:
    """Return the settings of a dataset; None if it has none. Raises ``NotFoundApiError``."""
    dataset = yield from find_dataset(connection, name, workspace)
    kind = settings_of(dataset.task)
    if kind is None:
        return None
    try:
        body = yield Request("GET", _settings_path(dataset), {"workspace": dataset.workspace})
    except NotFoundApiError:
        return None
    return kind.from_dict(loads(body))


def configure_dataset(
    connection: Connection, name: str, settings: Settings, workspace: str | None = None
) -> Steps[None]:
    """Set the labels of a dataset; it is created if there is none.

    From then on records with other labels are refused, and the web app shows all of them.

    >>> settings = rg.TokenClassificationSettings(label_schema=["PER", "LOC"])  # doctest: +SKIP
    >>> rg.configure_dataset("people-and-places", settings)  # doctest: +SKIP

    Raises ``InputValueError`` (a ``ValueError``) for settings of another task, ``BadRequestApiError`` if
    records use labels that are missing, ``ForbiddenApiError``.
    """
    check_name(name)
    if not isinstance(settings, TextClassificationSettings | TokenClassificationSettings):
        raise InputValueError(
            f"settings is a TextClassificationSettings or a TokenClassificationSettings, not {settings!r}."
        )
    dataset = yield from _found_or_created(connection, name, settings.task, workspace)
    if dataset.task != settings.task:
        raise InputValueError(
            f"Dataset {name!r} in workspace {dataset.workspace!r} is of task {dataset.task}; "
            f"{type(settings).__name__} are for {settings.task}. Nothing was changed."
        )
    schema = {"label_schema": {"labels": list(settings.label_schema)}}
    query = {"workspace": dataset.workspace}
    yield Request("PATCH", _settings_path(dataset), query, msgspec.json.encode(schema))


def _found_or_created(
    connection: Connection, name: str, task: Task, workspace: str | None
) -> Steps[DatasetInfo]:
    try:
        return (yield from find_dataset(connection, name, workspace))
    except NotFoundApiError:
        pass
    try:
        return (yield from create_dataset(connection, name, task, workspace))
    except AlreadyExistsApiError:  # created by somebody else since the check
        return (yield from find_dataset(connection, name, workspace))


def _settings_path(dataset: DatasetInfo) -> str:
    return path("/api/datasets/{}/{}/settings", dataset.name, dataset.task.value)

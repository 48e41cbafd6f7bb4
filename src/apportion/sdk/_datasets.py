"""Requests about datasets, as steps that both clients run.

Nothing is cached between calls, so nothing goes stale.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from apportion.vocabulary import Task

from ._connection import Connection, check_name, loads
from ._http import Request, Steps, path
from .errors import AlreadyExistsApiError, ForbiddenApiError, InputValueError, NotFoundApiError
from .results import DatasetInfo, DeletedDataset, read_dataset, read_deleted
from .settings import Settings, TextClassificationSettings, TokenClassificationSettings, settings_of

__all__ = [
    "configure_dataset",
    "copy_dataset",
    "create_dataset",
    "delete_dataset",
    "delete_records",
    "deleted_datasets",
    "find_dataset",
    "list_datasets",
    "load_settings",
    "restore_dataset",
    "selection",
    "update_record",
]


def find_dataset(connection: Connection, name: str, workspace: str | None) -> Steps[DatasetInfo]:
    check_name(name)
    where = yield from connection.where(workspace)
    return read_dataset(loads((yield Request("GET", path("/api/datasets/{}", name), {"workspace": where}))))


def list_datasets(connection: Connection, workspace: str | None) -> Steps[list[DatasetInfo]]:
    if workspace is not None:
        check_name(workspace, "workspace")
    yield from connection.user()
    body = yield Request("GET", "/api/datasets", {"workspace": workspace})
    return [read_dataset(each) for each in loads(body) if each.get("task") in set(Task)]


def create_dataset(
    connection: Connection, name: str, task: Task, workspace: str | None
) -> Steps[DatasetInfo]:
    check_name(name)
    where = yield from connection.where(workspace)
    body = msgspec.json.encode({"name": name, "task": task.value, "workspace": where})
    query = {"workspace": where}
    return read_dataset(loads((yield Request("POST", "/api/datasets", query, body, repeatable=False))))


def delete_dataset(connection: Connection, name: str, workspace: str | None) -> Steps[None]:
    check_name(name)
    where = yield from connection.where(workspace)
    yield Request("DELETE", path("/api/datasets/{}", name), {"workspace": where})


def deleted_datasets(connection: Connection, workspace: str | None) -> Steps[list[DeletedDataset]]:
    if workspace is not None:
        check_name(workspace, "workspace")
    yield from connection.user()
    found = loads((yield Request("GET", "/api/datasets:deleted", {"workspace": workspace})))
    return [read_deleted(each) for each in found["datasets"]]


def restore_dataset(
    connection: Connection, name: str, workspace: str | None, id: str | None, into: str | None
) -> Steps[DatasetInfo]:
    check_name(name)
    body = {"name": name, "id": id, "into": None if into is None else check_name(into)}
    where = yield from connection.where(workspace)
    request = Request(
        "POST", "/api/datasets:restore", {"workspace": where}, msgspec.json.encode(body), repeatable=False
    )
    return read_dataset(loads((yield request)))


def copy_dataset(connection: Connection, name: str, name_of_copy: str, target: str | None) -> Steps[None]:
    check_name(name)
    body: dict[str, Any] = {"name": check_name(name_of_copy), "tags": {}, "metadata": {}}
    body["target_workspace"] = None if target is None else check_name(target, "workspace")
    where = yield from connection.where(None)
    yield Request(
        "PUT",
        path("/api/datasets/{}:copy", name),
        {"workspace": where},
        msgspec.json.encode(body),
        repeatable=False,
    )


# Records


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


def delete_records(
    connection: Connection,
    name: str,
    workspace: str | None,
    query: str | None,
    ids: Sequence[str | int] | None,
    discard_only: bool,
    discard_when_forbidden: bool,
) -> Steps[tuple[int, int]]:
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
    body = (
        msgspec.json.encode(chosen) if chosen else None
    )  # all records: the server takes no empty query for that

    def ask(discard: bool) -> Request:
        return Request("DELETE", route, {"workspace": where, "mark_as_discarded": discard}, body)

    try:
        found = loads((yield ask(discard_only)))
    except ForbiddenApiError as problem:
        if discard_only or not discard_when_forbidden or not chosen:
            raise
        warnings.warn(
            f"{problem} The same records are marked as discarded instead.", UserWarning, stacklevel=4
        )
        found = loads((yield ask(True)))
    return found["matched"], found["processed"]


def update_record(
    connection: Connection, name: str, record_id: str | int, workspace: str | None, changes: Mapping[str, Any]
) -> Steps[dict[str, Any]]:
    check_name(name)
    where = yield from connection.where(workspace)
    route = path("/api/datasets/{}/records/{}", name, str(record_id))
    body = msgspec.json.encode(dict(changes), enc_hook=str)
    found: dict[str, Any] = loads((yield Request("PATCH", route, {"workspace": where}, body)))
    return found


# Settings


def load_settings(
    connection: Connection, name: str, workspace: str | None
) -> Steps[TextClassificationSettings | TokenClassificationSettings | None]:
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
    connection: Connection, name: str, settings: Settings, workspace: str | None
) -> Steps[None]:
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

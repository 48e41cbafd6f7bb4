"""Requests about the caller's own records and answers, as steps that both clients run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from apportion.vocabulary import Task

from ._connection import Connection, loads
from ._datasets import find_dataset
from ._http import Request, Steps, path
from .errors import InputValueError
from .loading import read_search
from .queue import Answered, MyQueue, QueueItem, Skipped, State, Worker, read_answered, read_item

__all__ = ["next_records", "release", "skip", "submit"]


def next_records(
    connection: Connection,
    client: Worker | None,
    name: str,
    limit: int,
    where: str | None,
    look: bool,
    workspace: str | None,
) -> Steps[MyQueue]:
    dataset = yield from find_dataset(connection, name, workspace)
    route = path("/api/datasets/{}/queue", name)
    query = {"workspace": dataset.workspace}
    if look:
        body = yield Request("GET", route, {**query, "limit": limit, "where": where})
    else:
        sent = msgspec.json.encode({"limit": limit, "where": where})
        body = yield Request("POST", route + ":claim", query, sent)  # again renews, and takes nothing more
    answer = loads(body)
    records = read_search(body, dataset.task).records
    items = tuple(
        read_item(record, name, dataset.workspace, each["assignment"], client)
        for record, each in zip(records, answer["records"], strict=True)
    )
    return MyQueue(items, answer["left"], answer.get("why_empty"), answer.get("why_empty_text"), client)


def submit(
    connection: Connection,
    name: str,
    record: str | int,
    annotation: Any,
    state: State,
    version: int | None,
    seconds: float | None,
    token: str | None,
    workspace: str | None,
) -> Steps[Answered]:
    dataset = yield from find_dataset(connection, name, workspace)
    query = {"workspace": dataset.workspace}
    route = path("/api/datasets/{}/records/{}/annotations/me", name, str(record))
    value = None if annotation is None else value_of(dataset.task, annotation)
    if version is None:
        version = loads((yield Request("GET", route, query)))["version"]
    given = {"seconds": seconds, "token": token}
    body = {"value": value, "state": state, "version": version}
    body |= {key: each for key, each in given.items() if each is not None}
    # not to be repeated: once stored, the version sent is an old one
    request = Request("PUT", route, query, msgspec.json.encode(body), repeatable=False)
    return read_answered(str(record), loads((yield request)))


def skip(
    connection: Connection,
    name: str,
    record: str | int,
    reason: str | None,
    token: str | None,
    workspace: str | None,
) -> Steps[Skipped]:
    where = yield from connection.where(workspace)
    body = msgspec.json.encode({"id": str(record), "token": token, "reason": reason})
    route = path("/api/datasets/{}/queue:skip", name)
    found = loads((yield Request("POST", route, {"workspace": where}, body, repeatable=False)))
    return Skipped(found["id"], found["state"], found["annotator"])


def release(
    connection: Connection, name: str, items: Sequence[QueueItem] | None, workspace: str | None
) -> Steps[list[str]]:
    where = yield from connection.where(workspace)
    leases = None if items is None else [{"id": each.id, "token": each.token} for each in items if each.token]
    body = msgspec.json.encode({"leases": leases})
    route = path("/api/datasets/{}/queue:release", name)
    found = loads((yield Request("POST", route, {"workspace": where}, body)))
    return list(found["released"])


def value_of(task: Task, annotation: Any) -> dict[str, Any]:
    """Convert an annotation from the form of records to that of the wire.

    >>> value_of(Task.TEXT_CLASSIFICATION, "good")
    {'labels': [{'class': 'good'}]}

    Raises ``InputValueError`` for what is none.
    """
    try:
        if task is Task.TEXT_CLASSIFICATION:
            labels = [annotation] if isinstance(annotation, str) else list(annotation)
            return {"labels": [{"class": _text(each)} for each in labels]}
        if task is Task.TOKEN_CLASSIFICATION:
            spans = [(_text(label), int(start), int(end)) for label, start, end in annotation]
            return {"entities": [{"label": label, "start": start, "end": end} for label, start, end in spans]}
        return {"sentences": [{"text": _text(annotation)}]}
    except (TypeError, ValueError) as wrong:
        forms = {
            Task.TEXT_CLASSIFICATION: "a label or a list of labels",
            Task.TOKEN_CLASSIFICATION: "a list of (label, start, end)",
            Task.TEXT2TEXT: "a text",
        }
        raise InputValueError(f"For {task} an annotation is {forms[task]}, not {annotation!r}.") from wrong


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value

"""Operations on the caller's queue: claim, submit, skip, release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, loads
from apportion.sdk._http import Request, Steps, path
from apportion.sdk.errors import InputValueError
from apportion.sdk.loading import read_search
from apportion.sdk.queue import Answered, MyQueue, QueueItem, Skipped, State, read_answered, read_item
from apportion.vocabulary import Task

from ._requests import ask
from .datasets import find_dataset

__all__ = ["next_records", "release", "skip", "submit"]


def next_records(
    connection: Connection,
    name: str,
    limit: int = 5,
    where: str | None = None,
    look: bool = False,
    workspace: str | None = None,
) -> Steps[MyQueue]:
    """Claim your next records, up to 20; they are yours for some minutes. Asking again brings the same ones.

    With ``look=True`` nothing is claimed. Each can be submitted, kept as a draft, discarded or skipped.

    >>> for item in rg.next_records("reviews", limit=20):  # doctest: +SKIP
    ...     item.submit("positive" if "love" in item.record.text else "negative")

    Raises ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError`` for a query that cannot be understood.
    """
    dataset = yield from find_dataset(connection, name, workspace)
    client = connection.client
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
    annotation: Any = None,
    *,
    state: State = "submitted",
    version: int | None = None,
    seconds: float | None = None,
    token: str | None = None,
    workspace: str | None = None,
) -> Steps[Answered]:
    """Submit your answer to one record: a label or labels, spans, or a text, depending on the task.

    ``state`` may be ``draft`` or ``discarded`` instead. Without a ``version`` it replaces what you answered before.
    ``seconds`` is all the time you have spent on the record so far, ``token`` that of your lease.

    >>> rg.submit("reviews", "a-17", "positive").counted  # doctest: +SKIP
    True

    Raises ``ConflictApiError`` for a ``version`` that is not the stored one, ``ValidationApiError``,
    ``NotFoundApiError`` for a record that is not yours to see, ``InputValueError``.
    """
    dataset = yield from find_dataset(connection, name, workspace)
    query = {"workspace": dataset.workspace}
    route = path("/api/datasets/{}/records/{}/annotations/me", name, str(record))
    value = None if annotation is None else value_of(dataset.task, annotation)
    if version is None:
        version = loads((yield Request("GET", route, query)))["version"]
    given = {"seconds": seconds, "token": token}
    body = {"value": value, "state": state, "version": version}
    body |= {key: each for key, each in given.items() if each is not None}
    request = Request(
        "PUT", route, query, msgspec.json.encode(body)
    )  # sent again, it is known by its version
    return read_answered(str(record), loads((yield request)))


def skip(
    connection: Connection,
    name: str,
    record: str | int,
    reason: str | None = None,
    *,
    token: str | None = None,
    workspace: str | None = None,
) -> Steps[Skipped]:
    """Skip a record: it goes to others, to later or to nobody, as the plan or the dataset says.

    >>> rg.skip("reviews", "a-17", "not my language").annotator  # doctest: +SKIP

    Raises ``ConflictApiError`` if the record is not assigned or leased to you.
    """
    body = {"id": str(record), "token": token, "reason": reason}
    tail = "queue:skip"
    found = yield from ask(connection, name, workspace, tail, method="POST", body=body, repeatable=False)
    return Skipped(found["id"], found["state"], found["annotator"])


def release(
    connection: Connection,
    name: str,
    items: Sequence[QueueItem] | None = None,
    workspace: str | None = None,
) -> Steps[list[str]]:
    """Release claimed records, by default all of yours; return the ids that are free again.

    Raises ``NotFoundApiError``, ``ForbiddenApiError``.
    """
    leases = None if items is None else [{"id": each.id, "token": each.token} for each in items if each.token]
    body = {"leases": leases}
    found = yield from ask(connection, name, workspace, "queue:release", method="POST", body=body)
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

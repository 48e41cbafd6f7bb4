"""Operations on agreement: figures, conflicts, annotators, adjudication, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from apportion.sdk._connection import Connection, check_name, loads
from apportion.sdk._http import Download, Pause, Request, Steps, path
from apportion.sdk.agreement_results import (
    Agreement,
    AnnotatorQuality,
    Annotators,
    Conflict,
    Conflicts,
    Settled,
)
from apportion.sdk.errors import InputValueError

from ._requests import ask, pages

__all__ = [
    "accept_consensus",
    "adjudicate",
    "agreement",
    "annotators",
    "conflicts",
    "export",
]

FORMATS = ("jsonl", "csv", "parquet")
_PAGE = 200


def agreement(
    connection: Connection,
    name: str,
    measure: str | None = None,
    *,
    by: str | None = None,
    interval: str | None = "jackknife",
    level: float = 0.95,
    seed: int = 0,
    query: str | None = None,
    workspace: str | None = None,
) -> Steps[Agreement]:
    """Compute how far people agree on a dataset, with an interval and the query of the records behind it.

    ``measure`` is ``alpha``, ``percent``, ``fleiss``, ``cohen``, ``ac1``, ``span_f1``, ``gamma``, …, the usual one of
    the task when left out; ``by`` is ``"label"``, ``"pair"``, ``"week"`` or ``"person"`` (each one
    against all others: percent agreement, or F1 of spans); ``interval`` is ``"jackknife"``, ``"bootstrap"`` or None.
    The bootstrap, and what ``gamma`` takes for chance, are drawn with ``seed``: the same seed, the same figure.

    >>> print(rg.agreement("reviews"))  # doctest: +SKIP
    alpha 0.712 (95%: 0.663 to 0.761) on 240 records, 3 people

    Raises ``BadRequestApiError`` for a measure that does not fit the task, ``ForbiddenApiError`` for annotators.
    """
    asked: dict[str, Any] = {"measure": measure, "by": by, "interval": interval or "none", "level": level}
    asked |= {"seed": seed or None, "query": query}  # servers older than seeds take none
    return _figure((yield from ask(connection, name, workspace, "agreement", **asked)))


def _figure(found: dict[str, Any]) -> Agreement:
    known = {each: found[each] for each in Agreement.__dataclass_fields__ if found.get(each) is not None}
    for each in ("estimate", "low", "high"):
        known.setdefault(each, None)
    if "pair" in known:
        known["pair"] = tuple(known["pair"])
    known["by"] = [_figure(each) for each in found.get("by") or ()]
    return Agreement(**known)


def conflicts(
    connection: Connection,
    name: str,
    *,
    open: bool = False,
    query: str | None = None,
    limit: int | None = None,
    workspace: str | None = None,
) -> Steps[Conflicts]:
    """Return the records people disagree on, most first; with ``open`` only those not resolved yet.

    >>> rg.conflicts("reviews", limit=1)[0].answers  # doctest: +SKIP
    {'ana': {'labels': [{'class': 'good', 'score': 1.0}]}, 'ben': {'labels': [{'class': 'bad', 'score': 1.0}]}}

    Raises ``ForbiddenApiError`` for annotators.
    """
    route = path("/api/datasets/{}/conflicts", check_name(name))
    asked = {"workspace": (yield from connection.where(workspace)), "open": open, "query": query}
    found = yield from pages(route, asked, "conflicts", limit, _PAGE)
    return Conflicts(map(_conflict, found))


def _conflict(found: dict[str, Any]) -> Conflict:
    answers = {
        each["annotator"]: None if each["state"] == "discarded" else each["value"]
        for each in found["annotations"]
    }
    why = (found["provenance"] or {}).get("why")
    return Conflict(found["id"], found["agreement"], answers, found["status"], why)


def annotators(
    connection: Connection, name: str, *, query: str | None = None, workspace: str | None = None
) -> Steps[Annotators]:
    """Estimate every annotator's accuracy: by a model of all answers (Dawid and Skene), and by checks.

    >>> rg.annotators("reviews")  # doctest: +SKIP
    annotator  answers  accuracy  checks right
    ana            412  0.914     38 of 41
    ben            398  0.731     22 of 40

    Raises ``ForbiddenApiError`` for annotators.
    """
    shown = yield from ask(connection, name, workspace, "annotators", query=query)
    labels = shown["labels"]
    found = Annotators()
    found.why = shown["why"]
    for each in shown["annotators"]:
        checks = each.get("checks") or {"answered": 0, "right": 0}
        rows = each["confusion"]
        confusion = rows and {
            true: dict(zip(labels, row, strict=True)) for true, row in zip(labels, rows, strict=True)
        }
        found.append(
            AnnotatorQuality(
                each["annotator"],
                each["answers"],
                each["accuracy"],
                checks["answered"],
                checks["right"],
                confusion,
            )
        )
    return found


def adjudicate(
    connection: Connection,
    name: str,
    id: str | int,
    *,
    labels: Sequence[str] | None = None,
    entities: Sequence[tuple[str, int, int]] | None = None,
    text: str | None = None,
    discard: bool = False,
    reason: str | None = None,
    workspace: str | None = None,
) -> Steps[None]:
    """Decide a record: set its gold value, whatever people answered, or discard it as unusable.

    Give one of ``labels``, ``entities`` as ``(label, start, end)``, ``text``, or ``discard=True``. People whose answer
    it corrects see it with its ``reason``.

    >>> rg.adjudicate("reviews", "r17", labels=["good"], reason="irony")  # doctest: +SKIP

    Raises ``InputValueError``, ``NotFoundApiError``, ``ForbiddenApiError``, ``BadRequestApiError`` (shared datasets).
    """
    given = [each for each in (labels, entities, text, discard or None) if each is not None]
    if len(given) != 1:
        raise InputValueError("Give exactly one of labels, entities, text or discard=True.")
    value: dict[str, Any] | None = None
    if labels is not None:
        if isinstance(labels, str):
            raise InputValueError(f"labels is a list: labels=[{labels!r}]")
        value = {"labels": [{"class": label} for label in labels]}
    elif entities is not None:
        value = {"entities": [{"label": label, "start": start, "end": end} for label, start, end in entities]}
    elif text is not None:
        value = {"sentences": [{"text": text}]}
    body = {"value": value, "state": "discarded" if discard else "submitted", "reason": reason}
    tail = path("records/{}/gold", str(id))
    yield from ask(connection, name, workspace, tail, method="PUT", body=body)


def accept_consensus(
    connection: Connection,
    name: str,
    *,
    query: str = "",
    rule: str = "unanimous",
    workspace: str | None = None,
) -> Steps[Settled]:
    """Accept agreed answers as gold, in bulk, for records nobody has decided; return once it is done.

    >>> rg.accept_consensus("reviews").changed  # doctest: +SKIP
    180

    Raises ``ForbiddenApiError`` for annotators, ``BadRequestApiError`` for a shared dataset.
    """
    body = {"query": query, "rule": rule}
    tail = "consensus:accept"
    job = yield from ask(
        connection, name, workspace, tail, method="POST", body=body, repeatable=False, keyed=True
    )
    while job["state"] in ("waiting", "running"):
        yield Pause(0.1)
        job = loads((yield Request("GET", path("/api/jobs/{}", job["id"]))))
    if job["result"] is None:
        raise InputValueError(f"It was not done: {job['message']}")
    return Settled(job["result"]["changed"], job["result"]["left"], job["result"]["why"], job["id"])


def export(
    connection: Connection,
    name: str,
    to: str | Path,
    *,
    format: str | None = None,
    query: str | None = None,
    workspace: str | None = None,
) -> Steps[Path]:
    """Write a dataset to a file: resolved values with their provenance, everybody's answers, soft labels.

    ``format`` is ``jsonl``, ``csv`` or ``parquet``, as the file's name says when left out.

    >>> rg.export("reviews", "reviews.csv")  # doctest: +SKIP
    PosixPath('reviews.csv')

    Raises ``InputValueError``, ``ForbiddenApiError`` for annotators, ``BadRequestApiError`` where the server cannot
    write Parquet.
    """
    file = Path(to)
    kind = format or file.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise InputValueError(
            f"Which format? {file.name} does not say; format is one of {', '.join(FORMATS)}."
        )
    route = path("/api/datasets/{}/export", check_name(name))
    where = yield from connection.where(workspace)
    body = msgspec.json.encode({"format": kind, "query": query})
    yield Download(Request("POST", route, {"workspace": where}, body), file)
    return file

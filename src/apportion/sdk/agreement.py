"""Agreement, conflicts, adjudication and export, on the active client."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ._connection import check_name, loads
from ._http import Request
from ._http import path as url
from .agreement_results import Agreement, AnnotatorQuality, Annotators, Conflict, Conflicts, Settled
from .errors import InputValueError
from .session import active_client

__all__ = [
    "Agreement",
    "Conflict",
    "Settled",
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
    name: str,
    measure: str | None = None,
    *,
    by: str | None = None,
    interval: str | None = "jackknife",
    level: float = 0.95,
    seed: int = 0,
    query: str | None = None,
    workspace: str | None = None,
) -> Agreement:
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
    return _figure(_get(name, "agreement", workspace, **asked))


def _figure(found: dict[str, Any]) -> Agreement:
    known = {each: found[each] for each in Agreement.__dataclass_fields__ if found.get(each) is not None}
    for each in ("estimate", "low", "high"):
        known.setdefault(each, None)
    if "pair" in known:
        known["pair"] = tuple(known["pair"])
    known["by"] = [_figure(each) for each in found.get("by") or ()]
    return Agreement(**known)


def conflicts(
    name: str,
    *,
    open: bool = False,
    query: str | None = None,
    limit: int | None = None,
    workspace: str | None = None,
) -> Conflicts:
    """Return the records people disagree on, most first; with ``open`` only those not resolved yet.

    >>> rg.conflicts("reviews", limit=1)[0].answers  # doctest: +SKIP
    {'ana': {'labels': [{'class': 'good', 'score': 1.0}]}, 'ben': {'labels': [{'class': 'bad', 'score': 1.0}]}}

    Raises ``ForbiddenApiError`` for annotators.
    """
    found = Conflicts()
    for each in _conflicts(name, open, query, workspace, limit):
        if limit is not None and len(found) >= limit:
            break
        answers = {
            one["annotator"]: None if one["state"] == "discarded" else one["value"]
            for one in each["annotations"]
        }
        provenance = each["provenance"] or {}
        found.append(Conflict(each["id"], each["agreement"], answers, each["status"], provenance.get("why")))
    return found


def _conflicts(
    name: str, open: bool, query: str | None, workspace: str | None, limit: int | None
) -> Iterator[dict[str, Any]]:
    cursor = None
    size = _PAGE if limit is None else max(1, min(limit, _PAGE))
    while True:
        page = _get(name, "conflicts", workspace, open=open, query=query, cursor=cursor, limit=size)
        yield from page["conflicts"]
        cursor = page["next"]
        if cursor is None:
            return


def annotators(name: str, *, query: str | None = None, workspace: str | None = None) -> Annotators:
    """Estimate every annotator's accuracy: by a model of all answers (Dawid and Skene), and by checks.

    >>> rg.annotators("reviews")  # doctest: +SKIP
    annotator  answers  accuracy  checks right
    ana            412  0.914     38 of 41
    ben            398  0.731     22 of 40

    Raises ``ForbiddenApiError`` for annotators.
    """
    shown = _get(name, "annotators", workspace, query=query)
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
    name: str,
    id: str | int,
    *,
    labels: Sequence[str] | None = None,
    entities: Sequence[tuple[str, int, int]] | None = None,
    text: str | None = None,
    discard: bool = False,
    reason: str | None = None,
    workspace: str | None = None,
) -> None:
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
    _send("PUT", url("/api/datasets/{}/records/{}/gold", check_name(name), str(id)), body, workspace)


def accept_consensus(
    name: str, *, query: str = "", rule: str = "unanimous", workspace: str | None = None
) -> Settled:
    """Accept agreed answers as gold, in bulk, for records nobody has decided; return once it is done.

    >>> rg.accept_consensus("reviews").changed  # doctest: +SKIP
    180

    Raises ``ForbiddenApiError`` for annotators, ``BadRequestApiError`` for a shared dataset.
    """
    place = url("/api/datasets/{}/consensus:accept", check_name(name))
    job = _send("POST", place, {"query": query, "rule": rule}, workspace)
    while job["state"] in ("waiting", "running"):
        time.sleep(0.1)
        job = loads(active_client().http_client.send(Request("GET", url("/api/jobs/{}", job["id"]))))
    if job["result"] is None:
        raise InputValueError(f"It was not done: {job['message']}")
    return Settled(job["result"]["changed"], job["result"]["left"], job["result"]["why"], job["id"])


def export(
    name: str,
    to: str | Path,
    *,
    format: str | None = None,
    query: str | None = None,
    workspace: str | None = None,
) -> Path:
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
    client = active_client()
    request = Request(
        "POST",
        url("/api/datasets/{}/export", check_name(name)),
        {"workspace": workspace or client.workspace},
        msgspec.json.encode({"format": kind, "query": query}),
    )
    client.http_client.download(request, file)
    return file


def _get(name: str, what: str, workspace: str | None, **asked: Any) -> Any:
    client = active_client()
    query = {"workspace": workspace or client.workspace}
    query |= {key: _word(value) for key, value in asked.items() if value is not None}
    request = Request("GET", url("/api/datasets/{}/", check_name(name)) + what, query)
    return loads(client.http_client.send(request))


def _word(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _send(method: str, place: str, body: dict[str, Any], workspace: str | None) -> Any:
    client = active_client()
    where = {"workspace": workspace or client.workspace}
    request = Request(method, place, where, msgspec.json.encode(body), repeatable=method == "PUT")
    return loads(client.http_client.send(request))

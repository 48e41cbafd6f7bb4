"""Ask the server which records rules match: as positions of bits, without loading any record."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from apportion.sdk.client import Client
from apportion.sdk.progress import Progress

from ._arrays import Array, numpy

__all__ = ["Matches", "fetch_matches", "rules_path"]

_AT_ONCE = 8_000_000
"""Bits to ask for at once: a few rules of a million records, so that no request takes long."""
_TRIES = 4


@dataclass
class Matches:
    """Records of a dataset in the order of their ids, and which of them match each query.

    ``flags`` has an array of truth values for each query, ``annotated`` one for all annotated records, ``labels``
    one for each label of annotations.
    """

    ids: list[str]
    flags: list[Array]
    annotated: Array
    labels: dict[str, Array]
    multi_label: bool


def fetch_matches(
    client: Client,
    dataset: str,
    queries: Sequence[str],
    *,
    query: str | None = None,
    ids: Sequence[str | int] | None = None,
) -> Matches:
    """Return which records of a selection match each query.

    Raises ``BadRequestApiError`` for a query that cannot be parsed, and for a dataset of another task.
    """
    selection: dict[str, Any] = {"query_text": query} if query else {}
    if ids is not None:
        selection["ids"] = [str(each) for each in ids]
    for _ in range(_TRIES):
        found = _fetched(client, dataset, queries, selection)
        if found is not None:
            return found
    raise RuntimeError(
        f"Records were added to or removed from dataset {dataset!r} each of the {_TRIES} times its rules were "
        "matched. Try again when that is over."
    )


def _fetched(client: Client, dataset: str, queries: Sequence[str], selection: Any) -> Matches | None:
    """Return the matches; None if the records have changed between two of the requests."""
    np = numpy()

    def ask(some: Sequence[str], *, with_records: bool) -> Any:
        body = {"queries": list(some), "query": selection, "with_records": with_records}
        params = {"workspace": client.workspace}
        return client.http_client.post(rules_path(dataset) + ":matches", body, params=params)

    def unpacked(text: str) -> Array:
        bits = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
        return np.unpackbits(bits, count=total).view(np.bool_)

    with Progress("Matching rules", len(queries), unit="rules") as progress:
        first = ask([], with_records=True)  # takes long by itself where there are many records
        total = first["total"]
        found = Matches(
            ids=msgspec.json.decode(zlib.decompress(base64.b64decode(first["ids"])), type=list[str]),
            flags=[],
            annotated=unpacked(first["annotated"]),
            labels={each["label"]: unpacked(each["positions"]) for each in first["labels"]},
            multi_label=first["multi_label"],
        )
        step = max(1, _AT_ONCE // max(total, 1))
        for start in range(0, len(queries), step):
            some = queries[start : start + step]
            reply = ask(some, with_records=False)
            if reply["order"] != first["order"]:
                return None
            found.flags += [unpacked(each["positions"]) for each in reply["queries"]]
            progress.advance(len(some))
    return found


def rules_path(dataset: str) -> str:
    """Return the path of a dataset's rules."""
    return f"/api/datasets/{quote(dataset, safe='')}/TextClassification/labeling/rules"

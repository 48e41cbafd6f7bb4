"""Cursors of scans (as in 1.x, JSON in a string), and highlighting on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from apportion.domain.query import Highlighter, Query
from apportion.domain.records import joined_text
from apportion.ports.records import SortKey, StoredRecord
from apportion.vocabulary import Task

from .queries import ScanRequest

__all__ = ["CursorPosition", "Following", "highlighter_of", "next_page", "read_page", "searched_texts"]


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """Position of a scan: the record after which it continues, and its order."""

    sort: Sequence[SortKey]
    after: str | None
    offset: int
    cursor: str | None


class Following(NamedTuple):
    """Parameters by which a client requests the next page."""

    next_idx: str | None
    next_page_cfg: str


class _Key(msgspec.Struct):
    id: str
    order: str = "asc"


class _Cursor(msgspec.Struct):
    shuffle: bool = False
    sort_by: list[_Key] = []
    next_search_params: list[Any] = []
    offset: int = 0


def read_page(request: ScanRequest) -> CursorPosition:
    """Return the position of a request: a valid cursor wins over order and start; others are ignored, as in 1.x."""
    if request.next_page_cfg:
        try:
            cursor = msgspec.json.decode(request.next_page_cfg, type=_Cursor)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            cursor = None
        if cursor is not None and cursor.next_search_params:
            after = str(cursor.next_search_params[-1])
            sort = [SortKey(key.id, key.order == "desc") for key in cursor.sort_by]
            return CursorPosition(_normalised(sort), after, max(0, cursor.offset), request.next_page_cfg)
    if request.sort:
        return CursorPosition(_normalised(request.sort), None, 0, None)
    return CursorPosition((), request.next_idx, 0, None)


def _normalised(sort: Sequence[SortKey]) -> Sequence[SortKey]:
    """Return an order; ascending by id becomes no order, which gives the same and is much faster."""
    return () if list(sort) == [SortKey("id")] else sort


def next_page(place: CursorPosition, rows: Sequence[StoredRecord]) -> Following:
    """Return the parameters for the page after these rows; after an empty page, the same cursor."""
    last = rows[-1].id if rows else place.after
    if not rows and place.cursor is not None:
        return Following(None if place.sort else last, place.cursor)
    keys = [_Key(key.field, "desc" if key.descending else "asc") for key in place.sort] or [_Key("id")]
    cursor = _Cursor(
        sort_by=keys,
        next_search_params=[] if last is None else [last],
        offset=place.offset + len(rows),
    )
    return Following(None if place.sort else last, msgspec.json.encode(cursor).decode())


def highlighter_of(words: Query | None) -> Highlighter | None:
    """Return a highlighter of a query's words in texts; None if it searches no text."""
    if words is None:
        return None
    found = Highlighter(words)
    shows = any(
        name in ("text", "text.exact") or name.startswith("inputs.") or "*" in name for name in found.fields
    )
    return found if shows else None


def searched_texts(row: StoredRecord, task: Task) -> Mapping[str, str]:
    """Return a row's texts by the names of the fields they are searched in."""
    fields = row.fields()
    inputs = fields.get("inputs")
    if task is not Task.TEXT_CLASSIFICATION or inputs is None:
        text = fields["text"]
        return {"text": text, "text.exact": text}
    text = joined_text(inputs)
    found = {"text": text, "text.exact": text}
    for name, value in inputs.items():
        each = value if isinstance(value, str) else "\n".join(value)
        found[f"inputs.{name}"] = found[f"inputs.{name}.exact"] = each
    return found

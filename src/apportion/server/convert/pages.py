"""Where a scan stands (the cursor of 1.x, which is JSON in a string), and what is highlighted on a page."""

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
    """Behind which record a scan goes on, and in which order."""

    sort: Sequence[SortKey]
    after: str | None
    offset: int
    cursor: str | None


class Following(NamedTuple):
    """What tells a client how to ask for the next page."""

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
    """Where to go on: a valid cursor wins over order and start; a garbled one is ignored, as in 1.x."""
    if request.next_page_cfg:
        try:
            cursor = msgspec.json.decode(request.next_page_cfg, type=_Cursor)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            cursor = None
        if cursor is not None and cursor.next_search_params:
            after = str(cursor.next_search_params[-1])
            sort = [SortKey(key.id, key.order == "desc") for key in cursor.sort_by]
            return CursorPosition(_meant(sort), after, max(0, cursor.offset), request.next_page_cfg)
    if request.sort:
        return CursorPosition(_meant(request.sort), None, 0, None)
    return CursorPosition((), request.next_idx, 0, None)


def _meant(sort: Sequence[SortKey]) -> Sequence[SortKey]:
    """No order at all and by id going up are the same, and much the faster."""
    return () if list(sort) == [SortKey("id")] else sort


def next_page(place: CursorPosition, rows: Sequence[StoredRecord]) -> Following:
    """How to ask for what comes behind these rows; an empty page hands the cursor back."""
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
    """What finds the words of a query in texts; None when it asks about no text."""
    if words is None:
        return None
    found = Highlighter(words)
    shows = any(
        name in ("text", "text.exact") or name.startswith("inputs.") or "*" in name for name in found.fields
    )
    return found if shows else None


def searched_texts(row: StoredRecord, task: Task) -> Mapping[str, str]:
    """A row's texts under the names they are searched by."""
    fields: dict[str, Any] = msgspec.json.decode(b"{%b}" % row.content)
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

"""Numbers for fields and values, and the exact counters behind every facet. For the writer thread only."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable

from .database import Link

__all__ = ["NUMERIC_TERMS", "TermBook", "TermSession"]

NUMERIC_TERMS = frozenset({"long"})
"""Kinds of field whose values are counted one by one and are numbers as well."""

_LARGEST_BOOK = 400_000


class TermBook:
    """What the writer remembers of fields and values between transactions."""

    def __init__(self) -> None:
        self.fields: dict[tuple[int, str], tuple[int, str]] = {}
        self.vids: dict[tuple[int, int, str], int] = {}
        self.next_vid: int | None = None

    def session(self, link: Link) -> TermSession:
        """Numbers and counters within one piece of work; remembered only once that is committed."""
        return TermSession(self, link)


class TermSession:
    """Fields, values and counter changes of one piece of work. ``flush`` writes them."""

    def __init__(self, book: TermBook, link: Link) -> None:
        self._book = book
        self._raw = link.raw
        self._fields: dict[tuple[int, str], tuple[int, str]] = {}
        self._vids: dict[tuple[int, int, str], int] = {}
        self._created: list[tuple[int, int, int, str, float | None]] = []
        self._counts: dict[int, int] = defaultdict(int)
        link.after.append(self._remember)

    def _remember(self) -> None:
        book = self._book
        if len(book.vids) + len(self._vids) > _LARGEST_BOOK:
            book.vids.clear()
        book.vids.update(self._vids)
        book.fields.update(self._fields)

    def find_field(self, dataset: int, name: str) -> tuple[int, str] | None:
        """Number and kind of a field the dataset already has."""
        key = (dataset, name)
        known = self._book.fields.get(key) or self._fields.get(key)
        if known is None:
            row = self._raw.execute(
                "SELECT no, kind FROM fields WHERE dataset = ? AND name = ?", key
            ).fetchone()
            if row is None:
                return None
            known = self._fields[key] = (row[0], row[1])
        return known

    def field(self, dataset: int, name: str, kind: str = "keyword") -> tuple[int, str]:
        """Number and kind of a field, created with ``kind`` when the dataset has not got it."""
        known = self.find_field(dataset, name)
        if known is None:
            (no,) = self._raw.execute(
                "INSERT INTO fields (dataset, name, kind) VALUES (?, ?, ?) RETURNING no",
                (dataset, name, kind),
            ).fetchone()
            known = self._fields[(dataset, name)] = (no, kind)
        return known

    def vid(self, field: int, kind: str, viewer: int, value: str) -> int:
        """The number of a value, new or known."""
        key = (field, viewer, value)
        vid = self._book.vids.get(key) or self._vids.get(key)
        if vid is None:
            row = self._raw.execute(
                "SELECT vid FROM vals WHERE field = ? AND viewer = ? AND value = ?", key
            ).fetchone()
            if row is not None:
                vid = row[0]
            else:
                vid = self._new_vid()
                num = None
                if kind in NUMERIC_TERMS:
                    with contextlib.suppress(OverflowError):
                        num = float(value)
                self._created.append((vid, field, viewer, value, num))
            self._vids[key] = vid
        return vid

    def _new_vid(self) -> int:
        book = self._book
        if book.next_vid is None:
            (highest,) = self._raw.execute("SELECT coalesce(max(vid), 0) FROM vals").fetchone()
            book.next_vid = highest + 1
        vid = book.next_vid
        book.next_vid += 1
        return vid

    def count(self, vids: Iterable[int], change: int) -> None:
        """Note that one record more (``change`` 1) or fewer (-1) has each of the values."""
        counts = self._counts
        for vid in vids:
            counts[vid] += change

    def flush(self) -> None:
        """Write new values and changed counters."""
        counts = self._counts
        if self._created:
            self._raw.executemany(
                "INSERT INTO vals (vid, field, viewer, value, num, n) VALUES (?, ?, ?, ?, ?, ?)",
                [(*row, counts.pop(row[0], 0)) for row in self._created],
            )
            self._created = []
        changes = [(change, vid) for vid, change in counts.items() if change]
        if changes:
            self._raw.executemany("UPDATE vals SET n = n + ? WHERE vid = ?", changes)
        counts.clear()

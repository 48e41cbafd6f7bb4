"""Numbers for fields and values, and the exact counters behind every facet. For the writer thread only."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain

from .database import Link
from .rows import insert_rows

__all__ = ["NUMERIC_TERMS", "TermBook", "TermSession"]

NUMERIC_TERMS = frozenset({"long"})
"""Kinds of field whose values are counted one by one and are numbers as well."""

_LARGEST_BOOK = 400_000
_VALUES_AT_ONCE = 1000


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
        self._counts: Counter[int] = Counter()
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

    def vids(self, field: int, kind: str, viewer: int, values: Collection[str]) -> list[int]:
        """The numbers of different values of one field, new or known, in the order given."""
        book, own = self._book.vids, self._vids
        keys = [(field, viewer, value) for value in values]
        unknown = [key for key in keys if key not in book and key not in own]
        for start in range(0, len(unknown), _VALUES_AT_ONCE):
            part = [value for _, _, value in unknown[start : start + _VALUES_AT_ONCE]]
            rows = self._raw.execute(
                "SELECT value, vid FROM vals WHERE field = ? AND viewer = ? "
                f"AND value IN ({', '.join('?' * len(part))})",
                [field, viewer, *part],
            )
            own.update(((field, viewer, value), vid) for value, vid in rows)
        for key in unknown:
            if key not in own:
                own[key] = self._create(kind, *key)
        return [book.get(key) or own[key] for key in keys]

    def _create(self, kind: str, field: int, viewer: int, value: str) -> int:
        vid = self._new_vid()
        num = None
        if kind in NUMERIC_TERMS:
            with contextlib.suppress(OverflowError):
                num = float(value)
        self._created.append((vid, field, viewer, value, num))
        return vid

    def _new_vid(self) -> int:
        book = self._book
        if book.next_vid is None:
            (highest,) = self._raw.execute("SELECT coalesce(max(vid), 0) FROM vals").fetchone()
            book.next_vid = highest + 1
        vid = book.next_vid
        book.next_vid += 1
        return vid

    def count(self, gained: Iterable[Iterable[int]], lost: Iterable[Iterable[int]]) -> None:
        """Note which values records gained and lost, one group of values per record."""
        self._counts.update(chain.from_iterable(gained))
        self._counts.subtract(chain.from_iterable(lost))

    def count_many(self, vid: int, gained: int) -> None:
        """Note that so many more records have a value."""
        self._counts[vid] += gained

    def flush(self) -> None:
        """Write new values and changed counters."""
        counts = self._counts
        if self._created:
            insert_rows(self._raw, "vals", 6, [(*row, counts.pop(row[0], 0)) for row in self._created])
            self._created = []
        changes = [(change, vid) for vid, change in counts.items() if change]
        if changes:
            self._raw.executemany("UPDATE vals SET n = n + ? WHERE vid = ?", changes)
        counts.clear()

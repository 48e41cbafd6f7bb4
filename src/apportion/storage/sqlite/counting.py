"""Facets, numbers and exact counters of one dataset, changed within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apportion.domain.terms import Term

from .changes import Changes
from .database import Link
from .rows import as_json, insert_rows
from .terms import TermBook, TermSession

__all__ = ["CountedTerms", "MetadataTerms", "NumberTerms"]

MetadataTerms = list[tuple[int, str, str]]
"""(field, kind, value) of metadata that is counted value by value"""

NumberTerms = list[tuple[int, float]]
"""(field, number) of scores and of metadata searched as numbers"""


class CountedTerms:
    """Collects which record gains or loses which value; ``finish`` writes rows and counters at once."""

    def __init__(self, link: Link, dataset: int, book: TermBook, changes: Changes) -> None:
        self._raw = link.raw
        self._dataset = dataset
        self._changes = changes
        self.session: TermSession = book.session(link)
        self._known: dict[tuple[str, str, int], int] = {}
        self._field_of = changes.field_of
        self._added: list[tuple[int, Iterable[int]]] = changes.gained
        self._removed: list[tuple[int, Iterable[int]]] = changes.lost
        self._new_numbers: list[tuple[int, float, int]] = []
        self._old_numbers: list[tuple[int, float, int]] = []

    def vids(
        self, terms: Iterable[Term], metadata: Iterable[tuple[int, str, str]] = (), *, viewer: int = 0
    ) -> list[int]:
        """The numbers of values, new ones created."""
        known = self._known
        found = []
        for name, value in terms:
            vid = known.get((name, value, viewer))
            found.append(self._vid(name, value, viewer) if vid is None else vid)
        session, field_of = self.session, self._field_of
        for field, kind, value in metadata:
            vid = session.vid(field, kind, 0, value)
            field_of[vid] = (field, 0)
            found.append(vid)
        return found

    def _vid(self, name: str, value: str, viewer: int) -> int:
        field, kind = self.session.field(self._dataset, name)
        vid = self._known[(name, value, viewer)] = self.session.vid(field, kind, viewer, value)
        self._field_of[vid] = (field, viewer)
        return vid

    def add(self, n: int, vids: Sequence[int]) -> None:
        """A record gains values."""
        if vids:
            self._added.append((n, vids))

    def add_to_many(self, vid: int, ns: Iterable[int]) -> None:
        """Many records gain one value; those that have it already keep it. Written at once."""
        ordered = sorted(ns)
        before = self._raw.total_changes
        insert_rows(self._raw, "facet", 1, [(vid << 32 | n,) for n in ordered], or_ignore=True)
        self.session.count([vid], self._raw.total_changes - before)
        self._changes.shared.append((vid, ordered))

    def change(self, n: int, before: Iterable[int], after: Iterable[int]) -> None:
        """A record's values were ``before`` and are ``after``."""
        was, now = set(before), set(after)
        if was == now:
            return
        self.add(n, tuple(now - was))
        if was - now:
            self._removed.append((n, tuple(was - now)))

    def add_numbers(self, n: int, numbers: NumberTerms) -> None:
        """A new record has numbers."""
        if len(numbers) == 1:
            ((field, value),) = numbers
            self._new_numbers.append((field, value, n))
            self._changes.numbers[field].append((n, (value,)))
        else:
            self.change_numbers(n, set(), numbers)

    def change_numbers(self, n: int, before: set[tuple[int, float]], after: NumberTerms) -> None:
        """A record's numbers were ``before`` and are ``after``."""
        now = set(after)
        if before == now:
            return
        self._old_numbers += [(field, value, n) for field, value in before - now]
        self._new_numbers += [(field, value, n) for field, value in now - before]
        for field in {field for field, _ in before | now}:
            values = tuple(value for each, value in now if each == field)
            self._changes.numbers[field].append((n, values))

    def finish(self) -> None:
        """Write what was collected."""
        count = self.session.count
        if self._removed:
            gone = [vid << 32 | n for n, vids in self._removed for vid in vids]
            self._raw.execute(
                "DELETE FROM facet WHERE key IN (SELECT value FROM json_each(?))", (as_json(gone),)
            )
            for _, vids in self._removed:
                count(vids, -1)
                for vid in vids:
                    if vid not in self._field_of:
                        self._field_of[vid] = self._raw.execute(
                            "SELECT field, viewer FROM vals WHERE vid = ?", (vid,)
                        ).fetchone()
        if self._added:
            keys = sorted({vid << 32 | n for n, vids in self._added for vid in vids})
            insert_rows(self._raw, "facet", 1, [(key,) for key in keys])
            for _, vids in self._added:
                count(vids, 1)
        if self._old_numbers:
            self._raw.executemany(
                "DELETE FROM numbers WHERE field = ? AND value = ? AND n = ?", self._old_numbers
            )
        insert_rows(self._raw, "numbers", 3, sorted(self._new_numbers))
        self.session.flush()

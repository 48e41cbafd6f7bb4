"""Numbers for fields and values, and the exact counters behind every facet. For the writer thread only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from itertools import chain
from operator import itemgetter

from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.rows import insert_rows

__all__ = ["NUMERIC_TERMS", "TermRegistry", "TermSession"]

NUMERIC_TERMS = frozenset({"long"})
"""Kinds of field whose values are counted one by one and are numbers as well."""

_MOST_REMEMBERED = 400_000
_VALUES_AT_ONCE = 1000


class TermRegistry:
    """Fields and values that the writer remembers between transactions."""

    def __init__(self) -> None:
        self.fields: dict[tuple[int, str], tuple[int, str]] = {}
        self.term_ids: dict[tuple[int, int], dict[str, int]] = {}
        """(field, viewer) → value → its number"""
        self.next_vid: int | None = None

    def session(self, connection: SqlConnection) -> TermSession:
        """Return a session for one transaction; what it adds is remembered only once that is committed."""
        return TermSession(self, connection)


class TermSession:
    """Fields, values and counter changes of one transaction. ``flush`` writes them."""

    def __init__(self, registry: TermRegistry, connection: SqlConnection) -> None:
        self._registry = registry
        self._raw = connection.raw
        self._fields: dict[tuple[int, str], tuple[int, str]] = {}
        self._term_ids: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
        self._created: list[tuple[int, int, int, str, float | None]] = []
        self._counts: Counter[int] = Counter()
        connection.after.append(self._remember)

    def _remember(self) -> None:
        registry = self._registry
        if sum(map(len, chain(registry.term_ids.values(), self._term_ids.values()))) > _MOST_REMEMBERED:
            registry.term_ids.clear()
        for key, term_ids in self._term_ids.items():
            registry.term_ids.setdefault(key, {}).update(term_ids)
        registry.fields.update(self._fields)

    def find_field(self, dataset: int, name: str) -> tuple[int, str] | None:
        """Return number and kind of a field the dataset already has, else None."""
        key = (dataset, name)
        known = self._registry.fields.get(key) or self._fields.get(key)
        if known is None:
            row = self._raw.execute(
                "SELECT no, kind FROM fields WHERE dataset = ? AND name = ?", key
            ).fetchone()
            if row is None:
                return None
            known = self._fields[key] = (row[0], row[1])
        return known

    def field(self, dataset: int, name: str, kind: str = "keyword") -> tuple[int, str]:
        """Return number and kind of a field, created with ``kind`` when the dataset does not have it."""
        known = self.find_field(dataset, name)
        if known is None:
            (no,) = self._raw.execute(
                "INSERT INTO fields (dataset, name, kind) VALUES (?, ?, ?) RETURNING no",
                (dataset, name, kind),
            ).fetchone()
            known = self._fields[(dataset, name)] = (no, kind)
        return known

    def term_ids(self, field: int, kind: str, viewer: int, values: Collection[str]) -> list[int]:
        """Return the numbers of different values of one field, new or known, in the order given."""
        known, own = self._registry.term_ids.get((field, viewer), {}), self._term_ids[field, viewer]
        unknown = [value for value in values if value not in known and value not in own]
        for start in range(0, len(unknown), _VALUES_AT_ONCE):
            part = unknown[start : start + _VALUES_AT_ONCE]
            own.update(
                self._raw.execute(
                    "SELECT value, vid FROM vals WHERE field = ? AND viewer = ? "
                    f"AND value IN ({', '.join('?' * len(part))})",
                    [field, viewer, *part],
                ).fetchall()
            )
        missing = [value for value in unknown if value not in own]
        if missing:
            self._create(field, kind, viewer, missing, own)
        return [known.get(value) or own[value] for value in values]

    def _create(self, field: int, kind: str, viewer: int, values: list[str], own: dict[str, int]) -> None:
        term_ids = self._new_term_ids(len(values))
        own.update(zip(values, term_ids, strict=True))
        number = _number if kind in NUMERIC_TERMS else _no_number
        self._created += [
            (term_id, field, viewer, value, number(value))
            for value, term_id in zip(values, term_ids, strict=True)
        ]

    def _new_term_ids(self, many: int) -> range:
        registry = self._registry
        if registry.next_vid is None:
            (highest,) = self._raw.execute("SELECT coalesce(max(vid), 0) FROM vals").fetchone()
            registry.next_vid = highest + 1
        # Not taken back by a rollback: numbers may be left out, but none is given twice
        first = registry.next_vid
        registry.next_vid += many
        return range(first, first + many)

    def count(self, gained: Iterable[Iterable[int]], lost: Iterable[Iterable[int]]) -> None:
        """Note which values records gained and lost, one group of values per record."""
        self._counts.update(chain.from_iterable(gained))
        self._counts.subtract(chain.from_iterable(lost))

    def count_many(self, term_id: int, gained: int) -> None:
        """Note that so many more records have a value."""
        self._counts[term_id] += gained

    def flush(self) -> None:
        """Write new values and changed counters."""
        counts = self._counts
        if self._created:
            # New values are written with their counters, which saves an update of each
            insert_rows(self._raw, "vals", 6, [(*row, counts.pop(row[0], 0)) for row in self._created])
            self._created = []
        changes = [(change, term_id) for term_id, change in counts.items() if change]
        if changes:
            changes.sort(key=itemgetter(1))  # one way through the table
            self._raw.executemany("UPDATE vals SET n = n + ? WHERE vid = ?", changes)
        counts.clear()


def _number(value: str) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _no_number(_: str) -> None:
    return None

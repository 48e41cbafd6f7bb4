"""Numbers for fields and values, and the exact counters behind every facet. For the writer thread only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import TypeVar

from apportion.domain.terms import Term
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.dialect import NumberRange
from apportion.storage.sql.rows import insert_rows

__all__ = ["NUMERIC_TERMS", "TermPair", "TermRegistry", "TermSession"]

NUMERIC_TERMS = frozenset({"long"})
"""Kinds of field whose values are counted one by one and are numbers as well."""

_MOST_REMEMBERED = 400_000
_VALUES_AT_ONCE = 1000
_FEW_CHANGED = 16
# Few lengths: the text of a statement says how many, and each text is compiled and kept by the connection
_CHANGED_AT_ONCE = (0, 4, 8, 12, 16, 32, 64, 500)
_COUNT_MANY = (
    "WITH change (id, more) AS ({}) UPDATE vals SET n = n + change.more FROM change WHERE vid = change.id"
)
_PAIRS_AT_MOST = 20_000
_NONE: dict[str, int] = {}

T = TypeVar("T")
TermPair = tuple[int, tuple[int, int]]
"""The number of a value, and its field and viewer."""


class TermRegistry:
    """Fields and values that the writer remembers between transactions."""

    def __init__(self) -> None:
        self.fields: dict[tuple[int, str], tuple[int, str]] = {}
        self.term_ids: dict[tuple[int, int], dict[str, int]] = {}
        """(field, viewer) → value → its number"""
        self.pairs: dict[tuple[int, int], dict[Term, TermPair]] = {}
        """(dataset, viewer) → name and value → what is known of it: what answers use is found here at once"""

    def forget_values(self) -> None:
        """Forget all values, as those of a purged dataset are gone."""
        self.term_ids.clear()
        self.pairs.clear()

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
        if any(self._term_ids.values()):
            if sum(map(len, chain(registry.term_ids.values(), self._term_ids.values()))) > _MOST_REMEMBERED:
                registry.forget_values()
            for key, term_ids in self._term_ids.items():
                registry.term_ids.setdefault(key, {}).update(term_ids)
        registry.fields.update(self._fields)

    def pairs(self, dataset: int, viewer: int) -> dict[Term, TermPair]:
        """Return the values of a dataset, as a viewer sees it, that earlier transactions have looked up."""
        found = self._registry.pairs.get((dataset, viewer))
        if found is None or len(found) > _PAIRS_AT_MOST:
            found = self._registry.pairs[dataset, viewer] = {}
        return found

    def is_committed(self, field: int, viewer: int, value: str) -> bool:
        """Return True if a value is remembered from an earlier transaction."""
        return value in self._registry.term_ids.get((field, viewer), _NONE)

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
            row = self._raw.execute(
                "INSERT INTO fields (dataset, name, kind) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING no",
                (dataset, name, kind),
            ).fetchone()
            if row is None:  # another transaction has just added it
                known = self.find_field(dataset, name)
                assert known is not None
                return known
            known = self._fields[(dataset, name)] = (row[0], kind)
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
        # A number that turns out not to be needed is lost, which does no harm
        first = self._raw.dialect.reserve_numbers(self._raw, NumberRange.VALUES, len(values))
        term_ids = range(first, first + len(values))
        number = _number if kind in NUMERIC_TERMS else _no_number
        created = [
            (term_id, field, viewer, value, number(value))
            for value, term_id in zip(values, term_ids, strict=True)
        ]
        # Another answer may be adding the same value: then it has the number of whoever was first
        if self._raw.locks.shared:
            self._add(created, own)
        else:
            own.update(zip(values, term_ids, strict=True))
            self._created += created

    def _add(self, created: list[tuple[int, int, int, str, float | None]], own: dict[str, int]) -> None:
        """Add values at once, without those that another transaction has just added."""
        rows = sorted(
            ((*row, 0) for row in created), key=lambda row: row[3]
        )  # so that nobody waits in a circle
        insert_rows(self._raw, "vals", 6, rows, unless_there=True)
        for _, field, viewer, value, _ in created:
            (own[value],) = self._raw.execute(
                "SELECT vid FROM vals WHERE field = ? AND viewer = ? AND value = ?", (field, viewer, value)
            ).fetchone()

    def count(self, gained: Iterable[Iterable[int]], lost: Iterable[Iterable[int]]) -> None:
        """Note which values records gained and lost, one group of values per record."""
        self._counts.update(chain.from_iterable(gained))
        self._counts.subtract(chain.from_iterable(lost))

    def count_many(self, term_id: int, gained: int) -> None:
        """Note that so many more records have a value."""
        self._counts[term_id] += gained

    def flush(self, unknown: Collection[int] = ()) -> dict[int, tuple[int, int]]:
        """Write new values and changed counters; return field and viewer of the ``unknown`` among the values."""
        counts = self._counts
        if self._created:
            # New values are written with their counters, which saves an update of each
            insert_rows(self._raw, "vals", 6, [(*row, counts.pop(row[0], 0)) for row in self._created])
            self._created = []
        # Also 0 where the field is not known: the update returns it
        changes = sorted((term_id, n) for term_id, n in counts.items() if n or term_id in unknown)
        counts.clear()
        found: dict[int, tuple[int, int]] = {}
        # The update is left to the end of the transaction, where it returns nothing
        if self._raw.locks.shared and unknown:
            found, unknown = self._where(unknown), ()
        for start in range(0, len(changes), _CHANGED_AT_ONCE[-1]):
            found |= self._write_counts(changes[start : start + _CHANGED_AT_ONCE[-1]], unknown)
        return found

    def _where(self, term_ids: Collection[int]) -> dict[int, tuple[int, int]]:
        """Return field and viewer of values."""
        sql = self._raw.dialect
        rows = self._raw.execute(
            f"SELECT vid, field, viewer FROM vals WHERE {sql.in_numbers('vid')}", (sql.numbers(term_ids),)
        )
        return {vid: (field, viewer) for vid, field, viewer in rows}

    def _write_counts(
        self, changes: list[tuple[int, int]], unknown: Collection[int]
    ) -> dict[int, tuple[int, int]]:
        by_change: dict[int, list[int]] = defaultdict(list)
        for term_id, change in changes:
            by_change[change].append(term_id)
        values: Sequence[int | str]
        if len(changes) <= _FEW_CHANGED and by_change.keys() <= {-1, 1}:  # of one record, as nearly always
            lost, all_of_them = _filled(by_change[-1]), _filled([term_id for term_id, _ in changes])
            statement, values = _count_one(len(lost), len(all_of_them)), lost + all_of_them
        else:
            # A row that is repeated does no harm: of those that fit one is used
            listed, values = self._raw.dialect.pairs(_filled(changes))
            statement = _COUNT_MANY.format(listed)
        if not unknown:
            self._raw.leave("vals", statement, values)
            return {}
        found = self._raw.execute(f"{statement} RETURNING vid, field, viewer", values)
        return {vid: (field, viewer) for vid, field, viewer in found.fetchall() if vid in unknown}


def _filled(values: list[T]) -> list[T]:
    """Return the values, the last repeated so that lists have few different lengths."""
    size = next(size for size in _CHANGED_AT_ONCE if size >= len(values))
    return values + values[-1:] * (size - len(values))


@cache
def _count_one(lost: int, changed: int) -> str:
    marks = ", ".join("?" * changed)
    if not lost:
        return f"UPDATE vals SET n = n + 1 WHERE vid IN ({marks})"
    less = f"CASE WHEN vid IN ({', '.join('?' * lost)}) THEN -1 ELSE 1 END"
    return f"UPDATE vals SET n = n + {less} WHERE vid IN ({marks})"


def _number(value: str) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _no_number(_: str) -> None:
    return None

"""Evaluate a selection in two steps: slow parts without holding the cache, then the rest at one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyroaring import BitMap

from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache

from .predicates import RecordDocument
from .selection import (
    All,
    Between,
    Both,
    Check,
    During,
    Either,
    Found,
    Having,
    Nothing,
    Plan,
    Text,
    These,
    Without,
    too_costly,
)

__all__ = ["Evaluation"]

MOST_CHECKS = 100_000


class Evaluation:
    """Evaluation of selections on one dataset. ``read`` yields records to test."""

    def __init__(
        self,
        connection: SqlConnection,
        cache: DatasetCache,
        read: Callable[[Iterable[int]], Iterable[RecordDocument]],
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._read = read
        self._deadline = connection.deadline

    def prepared(self, plan: Plan) -> Plan:
        """Return the selection with its slow parts evaluated: words in texts, and tests on single records.

        The rest, values and numbers that change with every answer, is looked up by ``select`` at one instant.
        """
        self._deadline.check()
        match plan:
            case Text(node):
                return Found(self._cache.text(self._connection, node))
            case These(ns):
                return Found(ns)
            case Without(inner):
                return Without(self.prepared(inner))
            case Either(plans):
                return Either(tuple(map(self.prepared, plans)))
            case Both(plans):
                return self._prepared_both(plans)
            case Check():
                return self._checked(All(), plan)
        return plan

    def _prepared_both(self, plans: tuple[Plan, ...]) -> Plan:
        """Evaluate the fast parts first: they narrow down which records are read for the slow ones."""
        found: Plan = Both(tuple(self.prepared(plan) for plan in plans if not isinstance(plan, Check)))
        for plan in plans:
            if isinstance(plan, Check):
                found = Both((found, self._checked(found, plan)))
        return found

    def _checked(self, among: Plan, check: Check) -> Found:
        candidates = Both((among, self.prepared(check.candidates)))
        with self._cache.held(self._connection, self._deadline):
            ns = BitMap(self.select(candidates))  # a copy: the cache may change once it is released
        if len(ns) > MOST_CHECKS:
            raise too_costly(
                f"one part of it can only be answered by reading {len(ns):,} records one by one, more than "
                f"{MOST_CHECKS:,}; add a word or a filter that narrows the search"
            )
        test = check.test
        return Found(BitMap(doc.n for doc in self._deadline.those(self._read(ns), test)))

    def select(self, plan: Plan) -> BitMap:
        """Return the record numbers of a prepared selection. The caller holds the cache, and copies what it keeps."""
        self._deadline.check()
        cache = self._cache
        match plan:
            case All():
                return cache.everything
            case Nothing():
                return BitMap()
            case Found(ns):
                return ns
            case Having(field, viewer, None):
                return cache.having_some(field, viewer)
            case Having(field, viewer, term_ids):
                return cache.having(field, viewer, term_ids or ())
            case Between(field, low, high, include_low, include_high):
                number = cache.number(field)
                return number.between(low, high, include_low=include_low, include_high=include_high)
            case During(column, first, last):
                return cache.column(column).between(first, last)
            case Without(inner):
                return cache.everything - self.select(inner)
            case Either(plans):
                found = BitMap()
                for each in plans:
                    found |= self.select(each)
                return found
            case Both(plans):
                found = cache.everything
                for each in plans:
                    found = found & self.select(each)  # not &=: the bitmap may be the cache's own
                    if not found:
                        break
                return found
        raise AssertionError(f"{plan} was not prepared")

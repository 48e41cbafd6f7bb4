"""The end of a transaction that writes: everything that many transactions change stands behind one row of ``feed``.

Counters, events and when a dataset was last changed are changed by every answer. Each row that two transactions change
makes one wait until the other has committed; so these rows are left to the end, and the row of the dataset's feed is
locked before any of them. It is held for one round trip and the commit, nobody can wait for another there in a circle,
and the numbers of changes and events grow in the order of commits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from apportion.storage.sql.cache_delta import CacheDelta, encode_changes

from .locks import LockClass

__all__ = ["NEWS_AT_MOST", "Gate"]

NEWS_AT_MOST = 8_000_000
"""Bytes of the changes of one transaction; beyond, caches are emptied instead, which costs less than applying them."""

# Every table that ``leave`` is called with must be here, or statements would not see what was left of it
_LEFT = frozenset({"vals", "slot_counts", "events", "datasets"})
_ENTER = "INSERT INTO feed VALUES (?, 1) ON CONFLICT (dataset) DO UPDATE SET no = feed.no + 1"
_NEWS = (
    "INSERT INTO changes (dataset, no, tx, news) SELECT dataset, no, ?::uuid, ? FROM feed WHERE dataset = ?"
)
_WRITTEN = "UPDATE feed SET written = written + ? WHERE dataset = ?"
_WRITTEN_BY = (
    "INSERT INTO content_writes (dataset, person, written) SELECT dataset, ?, written FROM feed WHERE dataset = ? "
    "ON CONFLICT (dataset, person) DO UPDATE SET written = excluded.written"
)
# Webhooks go on from a number, whatever the dataset: for them, no lower number may be committed later
_NUMBERING = "SELECT pg_advisory_xact_lock(?::int, 0) WHERE EXISTS (SELECT 1 FROM webhooks WHERE enabled)"
# The same three in one, for the transaction that writes to one dataset
_ENTER_WITH_NEWS = (
    "WITH entered AS (INSERT INTO feed VALUES (?1, 1) ON CONFLICT (dataset) DO UPDATE SET no = feed.no + 1 "
    "RETURNING no), noted AS (INSERT INTO changes (dataset, no, tx, news) SELECT ?1, no, ?2::uuid, ?3 FROM entered) "
    "SELECT pg_advisory_xact_lock(?4::int, 0) FROM entered "
    "WHERE ?5 AND EXISTS (SELECT 1 FROM webhooks WHERE enabled)"
)


class Gate:
    """Statements that the running transaction leaves to its end."""

    def __init__(self, send: Callable[[str, Sequence[Any]], None]) -> None:
        """``send`` runs a statement in one round trip with those that follow."""
        self._run = send
        self._left: list[tuple[str, str, Sequence[Any]]] = []
        """Table, statement and parameters."""
        self._entered: set[int] = set()
        self._before: tuple[list[tuple[str, str, Sequence[Any]]], set[int]] = ([], set())

    def leave(self, table: str, sql: str, parameters: Sequence[Any]) -> None:
        """Leave a statement that changes this table to the end."""
        self._left.append((table, sql, parameters))

    @property
    def has_left(self) -> bool:
        """True if something is left to the end."""
        return bool(self._left)

    def before(self, sql: str, datasets: Iterable[int]) -> None:
        """Run what was left, if a statement is about to look at it."""
        tables = _tables(sql)
        if any(table in tables for table, _, _ in self._left):
            self._enter(datasets, with_events="events" in tables)

    def _enter(self, datasets: Iterable[int], *, with_events: bool) -> None:
        """Lock the feeds of datasets, and run what was left so far."""
        # Ascending: two transactions that enter the same feeds do not wait for each other in a circle
        for dataset in sorted(set(datasets) - self._entered):
            self._run(_ENTER, (dataset,))
            self._entered.add(dataset)
        events = [each for each in self._left if each[0] == "events"]
        for table, sql, parameters in self._left:
            if table != "events":
                self._run(sql, parameters)
        self._left = []
        # Events are left until the commit where they can be: their lock is one for all datasets
        if not with_events:
            self._left = events
        elif events:
            self._run(_NUMBERING, (LockClass.EVENTS,))
            for _, sql, parameters in events:
                self._run(sql, parameters)

    def close(self, datasets: Iterable[int], changes: Iterable[CacheDelta], tx: str) -> None:
        """Enter it with what is left, and write what was changed; ``tx`` identifies the transaction."""
        by_dataset: dict[int, list[CacheDelta]] = {}
        for each in changes:
            by_dataset.setdefault(each.dataset, []).append(each)
        # A transaction that changed nothing of a dataset, such as a heartbeat, waits for nobody
        if by_dataset or self._left or self._entered:
            wanted = sorted({*datasets, *by_dataset})
            if len(wanted) == 1 and not self._entered:
                self._enter_with_news(wanted[0], by_dataset, tx)
            else:
                self._enter(wanted, with_events=True)
                # Also without changes: a number without a row would be a gap, for which every cache is emptied
                for dataset in sorted(self._entered):
                    self._run(_NEWS, (tx, _news(dataset, by_dataset.get(dataset, [])), dataset))
        for dataset in sorted(self._entered):
            self._count_content(dataset, by_dataset.get(dataset, []))
        self.forget()

    def _enter_with_news(self, dataset: int, changes: Mapping[int, Sequence[CacheDelta]], tx: str) -> None:
        """Lock the feed of the only dataset, and run what was left; what was changed stands in it already."""
        events = any(table == "events" for table, _, _ in self._left)
        news = _news(dataset, changes.get(dataset, []))
        self._run(_ENTER_WITH_NEWS, (dataset, tx, news, LockClass.EVENTS, events))
        self._entered.add(dataset)
        for _, sql, parameters in self._left:
            self._run(sql, parameters)
        self._left = []

    def _count_content(self, dataset: int, changes: Sequence[CacheDelta]) -> None:
        """Count the records whose content was written, and up to where each person wrote some."""
        written = sum(len(each.content) for each in changes)
        if written:
            self._run(_WRITTEN, (written, dataset))
            for person in sorted({each.by for each in changes if each.content}):
                self._run(_WRITTEN_BY, (person, dataset))

    def forget(self) -> None:
        """Begin anew, for the next transaction."""
        self._left, self._entered = [], set()

    def set_savepoint(self) -> None:
        """Remember what is left, in case that the transaction returns to here."""
        # Copies, and a copy again when it is returned to: both go on changing
        self._before = [*self._left], set(self._entered)

    def return_to_savepoint(self) -> None:
        """Leave again what was run since, which is undone."""
        left, entered = self._before
        self._left, self._entered = [*left], set(entered)


def _news(dataset: int, changes: Sequence[CacheDelta]) -> bytes:
    """Write the changes of a dataset for the caches that follow it."""
    news = encode_changes(changes)
    if len(news) > NEWS_AT_MOST:
        news = encode_changes([CacheDelta(dataset, gone=True), *_contents(changes)])
    return news


def _contents(changes: Iterable[CacheDelta]) -> list[CacheDelta]:
    """Return only what search indexes follow, which have to know all of it."""
    return [CacheDelta(each.dataset, content=each.content, by=each.by) for each in changes if each.content]


@lru_cache(2_000)
def _tables(sql: str) -> frozenset[str]:
    # Any word of the statement counts: to run what was left too early does no harm, too late does
    return _LEFT.intersection(re.findall(r"\w+", sql))

"""``storage.sql.feed.Feed`` of one process, which is the only one that writes: changes stay in memory."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable

from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.feed import FollowingCache

__all__ = ["LocalFeed"]

_COMMITS_KEPT = 5_000
"""Commits of a dataset of which it is known which records they wrote."""


class LocalFeed:
    """The changes of this process. Its numbers begin anew with each process, and count the commits of all datasets."""

    def __init__(self, pass_on: Callable[[CacheDelta, int], None]) -> None:
        """``pass_on`` gives the changes of a commit, and its number, to the cache of their dataset, if there is one."""
        self.number = 0
        """The number of the last commit whose changes were passed on."""
        self._pass_on = pass_on
        self._last: dict[int, int] = {}
        """By dataset, the number of its last change."""
        self._written: dict[int, deque[tuple[int, array[int]]]] = {}

    def note(self, connection: SqlConnection, changes: CacheDelta) -> None:
        connection.changes.append(changes)
        # Only after the commit: caches must not show what may still be rolled back
        connection.after.append(lambda: self._publish(changes))

    def _publish(self, changes: CacheDelta) -> None:
        # Counted first: a snapshot that begins from now on has this commit in it
        self.number = number = self.number + 1
        self._last[changes.dataset] = number
        if changes.gone:
            self._written.pop(changes.dataset, None)
        else:
            kept = self._written.setdefault(changes.dataset, deque(maxlen=_COMMITS_KEPT))
            kept.append((number, array("I", changes.written())))
        self._pass_on(changes, number)

    def seen(self, connection: SqlConnection, dataset: int) -> int:  # noqa: ARG002 (numbers are those of all datasets)
        return connection.began if connection.reads_only else self.number

    def bring_up(self, cache: FollowingCache, connection: SqlConnection) -> None:
        """Leave it to the cache: what was committed waits there already."""

    before_reading = bring_up

    def is_ahead(self, cache: FollowingCache, connection: SqlConnection) -> bool:
        return self._last.get(cache.dataset, 0) > self.seen(connection, cache.dataset)

    def written_since(
        self, connection: SqlConnection, dataset: int, number: int, limit: int
    ) -> tuple[set[int], int] | None:
        last = self.seen(connection, dataset)
        if self._last.get(dataset, 0) <= number:
            return set(), last
        kept = list(self._written.get(dataset, ()))  # the writer goes on adding to it
        # A full queue has dropped older commits, and one of them may have come after ``number``
        if not kept or (len(kept) == _COMMITS_KEPT and kept[0][0] > number + 1):
            return None
        found: set[int] = set()
        for at, ns in kept:
            if at > number and len(found) >= limit:
                # The records of this commit are not among those found, so it is not counted as seen
                return found, at - 1
            if at > number:
                found.update(ns)
        return found, last

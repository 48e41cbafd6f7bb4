"""The feed of a dataset: what transactions changed in it, numbered in the order in which they committed.

Caches follow it, and so does long work that has to go on from what it has seen: see decision 0017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apportion.vocabulary import UNBOUNDED

from .cache_delta import CacheDelta
from .connection import SqlConnection

__all__ = ["ALWAYS", "Feed", "FollowingCache", "OwnWorld"]

ALWAYS = UNBOUNDED
"""The number of a transaction that sees everything there is."""


class FollowingCache(Protocol):
    """A cache of one dataset, as a feed sees it."""

    dataset: int
    upto: int | None
    """The number of the last change that it holds; None while it holds nothing."""

    def take_over(self, changes: Sequence[CacheDelta], number: int) -> None:
        """Apply the changes that have this number, the one after ``upto``; what cannot be applied empties the cache."""

    def forget(self, number: int) -> None:
        """Empty the cache, which is of this number from now on."""


class Feed(Protocol):
    """The changes of all datasets, as the caches and transactions of one process use them."""

    def note(self, connection: SqlConnection, changes: CacheDelta) -> None:
        """Note what the running transaction changed; it is passed on once that has committed."""

    def seen(self, connection: SqlConnection, dataset: int) -> int:
        """Return the number of the last change of a dataset that a transaction sees, or less."""

    def bring_up(self, cache: FollowingCache, connection: SqlConnection) -> None:
        """Apply to a cache all that a transaction sees; it may hold more already."""

    def before_reading(self, cache: FollowingCache, connection: SqlConnection) -> None:
        """Bring a cache up to the snapshot from which more of it is about to be read."""

    def is_ahead(self, cache: FollowingCache, connection: SqlConnection) -> bool:
        """Return whether a cache may hold what a transaction does not see."""

    def written_since(
        self, connection: SqlConnection, dataset: int, number: int, limit: int
    ) -> tuple[set[int], int] | None:
        """Return the records that the commits after a number wrote, and the number of the last of these commits.

        There are no more commits than needed to have ``limit`` records. None if they are not known any more.
        """


class OwnWorld:
    """The feed of a cache that nobody else uses, read from one transaction: there is nothing to follow."""

    def note(self, connection: SqlConnection, changes: CacheDelta) -> None:  # noqa: ARG002
        raise AssertionError("nothing is changed through it")

    def seen(self, connection: SqlConnection, dataset: int) -> int:  # noqa: ARG002
        return ALWAYS

    def bring_up(self, cache: FollowingCache, connection: SqlConnection) -> None:
        pass

    before_reading = bring_up

    def is_ahead(self, cache: FollowingCache, connection: SqlConnection) -> bool:  # noqa: ARG002
        return False

    def written_since(
        self,
        connection: SqlConnection,  # noqa: ARG002
        dataset: int,  # noqa: ARG002
        number: int,  # noqa: ARG002
        limit: int,  # noqa: ARG002
    ) -> tuple[set[int], int] | None:
        raise AssertionError("nothing follows it")

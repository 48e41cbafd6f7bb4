"""``storage.sql.feed.Feed`` in two tables, through which the caches of all servers follow what any of them commits."""

from __future__ import annotations

from collections.abc import Sequence

from apportion.storage.sql.cache_delta import CacheDelta, decode_changes
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.dialect import Statements
from apportion.storage.sql.feed import FollowingCache

__all__ = ["FEED_TABLES", "TableFeed", "prune_feed"]

FEED_TABLES = (
    # Commits update its rows: with half of a page free the next version fits, and no index changes;
    # ``written`` counts the records whose content was written: what an index lags behind
    "CREATE TABLE feed (dataset bigint PRIMARY KEY, no bigint NOT NULL, written bigint NOT NULL DEFAULT 0) "
    "WITH (fillfactor = 50)",
    "CREATE TABLE changes (dataset bigint, no bigint, tx uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(), "
    "news bytea NOT NULL, PRIMARY KEY (dataset, no))",
    "CREATE INDEX changes_at ON changes (at)",
    # they are read once by each server, and compressing them would cost more than that
    "ALTER TABLE changes ALTER news SET STORAGE EXTERNAL",
    # indexes in OpenSearch: how far each is, by the numbers of records (while it is built) and of changes
    "CREATE TABLE indexes (dataset bigint, generation bigint, state text NOT NULL, built bigint NOT NULL, "
    "upto bigint NOT NULL, written bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), "
    "problem text NOT NULL DEFAULT '', PRIMARY KEY (dataset, generation))",
    "CREATE TABLE content_writes (dataset bigint, person text, written bigint NOT NULL, PRIMARY KEY (dataset, person))",
)
# Not needed for correctness: a cache that is further behind finds a gap, and is read anew
_KEPT = "interval '1 hour'"
_KEPT_FOR_INDEXES = "interval '1 day'"
"""An index that is further behind is built anew."""

_NEWS = (
    # LEFT: where nothing has changed since, the number of the dataset is wanted all the same
    "SELECT f.no, c.no, c.news FROM feed f LEFT JOIN changes c ON c.dataset = f.dataset AND c.no > ?1 "
    "WHERE f.dataset = ?2 ORDER BY c.no"
)


def prune_feed(raw: Statements, limit: int = 10_000) -> int:
    """Delete changes that no cache needs any more, up to ``limit`` of them; return how many."""
    gone = raw.execute(
        f"DELETE FROM changes WHERE (dataset, no) IN (SELECT dataset, no FROM changes c WHERE at < now() - {_KEPT} "
        f"AND (at < now() - {_KEPT_FOR_INDEXES} OR NOT EXISTS (SELECT 1 FROM indexes i WHERE i.dataset = c.dataset "
        "AND i.upto < c.no)) ORDER BY at LIMIT ?)",
        (limit,),
    ).rowcount
    raw.execute(
        # Not before its changes: caches still have to learn from them that a dataset is gone
        "DELETE FROM feed f WHERE NOT EXISTS (SELECT 1 FROM datasets d WHERE d.no = f.dataset) "
        "AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.dataset = f.dataset)"
    )
    raw.execute(
        "DELETE FROM content_writes w WHERE NOT EXISTS (SELECT 1 FROM datasets d WHERE d.no = w.dataset)"
    )
    return gone


class TableFeed:
    """The changes of all servers."""

    def note(self, connection: SqlConnection, changes: CacheDelta) -> None:
        connection.changes.append(changes)

    def seen(self, connection: SqlConnection, dataset: int) -> int:
        known = connection.seen.get(dataset)
        if known is None:
            row = connection.raw.execute("SELECT no FROM feed WHERE dataset = ?", (dataset,)).fetchone()
            known = 0 if row is None else int(row[0])
            self._keep(connection, dataset, known)
        return known

    def _keep(self, connection: SqlConnection, dataset: int, number: int) -> None:
        if connection.in_snapshot:  # else the next statement may see more
            connection.seen[dataset] = number

    def bring_up(self, cache: FollowingCache, connection: SqlConnection) -> None:
        if cache.upto is None:
            # It holds nothing: what it reads from now on has all changes up to here in it
            cache.forget(self.seen(connection, cache.dataset))
            return
        known = connection.seen.get(cache.dataset)
        # ``seen`` is kept within a snapshot only, in which nothing more becomes visible
        if known is not None and cache.upto >= known:
            return
        rows = connection.raw.execute(_NEWS, (cache.upto, cache.dataset)).fetchall()
        last = rows[0][0] if rows else 0
        self._keep(connection, cache.dataset, last)
        if last > cache.upto:
            _apply(cache, last, [(no, news) for _, no, news in rows if no is not None])

    # A cache reads in a snapshot of its own, later than that of the search perhaps: changes that are in it
    # already must not be applied to what is read from it
    before_reading = bring_up

    def is_ahead(self, cache: FollowingCache, connection: SqlConnection) -> bool:
        return cache.upto is not None and cache.upto > self.seen(connection, cache.dataset)

    def written_since(
        self, connection: SqlConnection, dataset: int, number: int, limit: int
    ) -> tuple[set[int], int] | None:
        found: set[int] = set()
        rows = connection.raw.execute(_NEWS, (number, dataset))
        for last, no, news in rows:
            if last <= number:
                break
            # A gap: changes were pruned, or everything was derived again
            if no != number + 1:
                return None
            number = no
            for changes in decode_changes(news):
                if changes.gone:
                    return None
                found |= changes.written()
            if len(found) >= limit:
                break
        return found, number


def _apply(cache: FollowingCache, last: int, news: Sequence[tuple[int, bytes]]) -> None:
    """Apply the news that lead from what a cache holds to ``last``, or empty it where some are missing."""
    assert cache.upto is not None
    if [no for no, _ in news] != list(range(cache.upto + 1, last + 1)):
        cache.forget(last)
        return
    for no, each in news:
        cache.take_over(decode_changes(each), no)

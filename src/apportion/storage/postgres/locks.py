"""``storage.sql.locks.Locks`` by advisory locks and row locks. All of them end with the transaction.

Whoever writes alone first takes the lock for batches: so at most one of them stands in line for a dataset, and an
answer waits for one at most.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum

from apportion.storage.sql.connection import AskedRow, RawConnection
from apportion.storage.sql.locks import AloneNeededError, NotNowError

__all__ = ["LockClass", "PostgresLocks"]


class LockClass(IntEnum):
    """The first of the two numbers of an advisory lock; the second is that of a dataset, or a person, or 0."""

    # 2, 6 and 9 are those of ``session`` and ``attempts``
    DATASET = 3
    BATCHES = 4
    PERSON = 5
    EVENTS = 8


_SHARED = f"pg_advisory_xact_lock_shared({LockClass.DATASET:d}, {{no}}::int)"
_ALONE = (
    # A select list is evaluated from left to right: the lock for batches comes first
    f"pg_advisory_xact_lock({LockClass.BATCHES:d}, {{no}}::int), "
    f"pg_advisory_xact_lock({LockClass.DATASET:d}, {{no}}::int)"
)
_SHARED_NOW = f"pg_try_advisory_xact_lock_shared({LockClass.DATASET:d}, {{no}}::int)"
_ALONE_NOW = (
    # If only one of them is free it is kept in vain until the savepoint is returned to
    f"pg_try_advisory_xact_lock({LockClass.BATCHES:d}, {{no}}::int) "
    f"AND pg_try_advisory_xact_lock({LockClass.DATASET:d}, {{no}}::int)"
)
_BY_NAME = "datasets WHERE workspace = ? AND name = ? AND deleted_at IS NULL"


class PostgresLocks:
    """The locks of one connection."""

    def __init__(self, raw: RawConnection) -> None:
        self._raw = raw
        self.writing = False
        self._merged = False
        self._names: set[tuple[str, str]] = set()
        self._people: set[tuple[int, int]] = set()
        self._rids: set[int] = set()
        self.shared = False
        self._held: set[int] = set()
        self._asked: AskedRow | None = None
        """Gets the number of a dataset that is locked by its name, with the next statement."""
        self._before: set[int] = set()

    @property
    def held(self) -> set[int]:
        """Return the datasets that are locked."""
        if self._asked is not None:
            asked, self._asked = self._asked, None
            row = asked.fetchone()
            if row is not None:
                self._held.add(row[0])
        return self._held

    def begin(self, *, shared: bool) -> None:
        """Begin with a transaction that has no locks."""
        self.writing, self.shared, self._merged = True, shared, False
        self._forget(set())

    def end(self) -> None:
        """End with the transaction, and its locks with it."""
        self.writing = self.shared = False
        self._forget(set())

    def _forget(self, held: set[int]) -> None:
        self._held, self._asked = held, None
        self._names.clear()
        self._people.clear()
        self._rids.clear()

    def set_savepoint(self) -> None:
        """Note that another task shares the transaction from now on, and may be undone alone."""
        self._merged = True
        self._before = set(self.held)

    def return_to_savepoint(self) -> None:
        """Forget the locks taken since, which are released; to take one again that is still there does no harm."""
        self._forget(self._before)

    def dataset(self, no: int) -> None:
        if self.writing and no not in self.held:
            self._take(int(no))
            self.held.add(no)

    def alone(self, no: int) -> None:
        if self.shared:
            raise AloneNeededError
        self.dataset(no)

    def named(self, workspace: str, name: str) -> None:
        if not self.writing or (workspace, name) in self._names:
            return
        if self.held and self._merged:  # it may be the same one
            row = self._raw.execute(f"SELECT no FROM {_BY_NAME}", (workspace, name)).fetchone()
            if row is not None:
                self.dataset(row[0])
        else:
            # Before the row is read, if in the same round trip: until the lock is there, others may still change it
            lock = (_SHARED if self.shared else _ALONE).format(no="no")
            self._asked = self._raw.ask(f"SELECT no, {lock} FROM {_BY_NAME}", (workspace, name))
        self._names.add((workspace, name))

    def _take(self, no: int) -> None:
        """Lock the dataset, at once if the transaction is of several tasks and has another one."""
        # Whoever holds one dataset must not wait for another: its holder may be waiting for the first
        now = self._merged and bool(self.held)
        if self.shared:
            lock = _SHARED_NOW if now else _SHARED
        else:
            lock = _ALONE_NOW if now else _ALONE
        (taken, *_) = self._raw.execute(f"SELECT {lock.format(no=no)}").fetchone()
        if now and not taken:
            raise NotNowError

    def person(self, dataset: int, annotator: int) -> None:
        # Who writes alone meets nobody else of the dataset, so the person needs no lock
        if self.shared and (dataset, annotator) not in self._people:
            # 31 bits, as the number of a lock is signed; two people with one key only wait for each other
            key = (dataset * 1_000_003 + annotator) & 0x7FFFFFFF  # the same in every process
            self._raw.send("SELECT pg_advisory_xact_lock(?::int, ?::int)", (LockClass.PERSON, key))
            self._people.add((dataset, annotator))

    def records(self, dataset: int, rids: Collection[int]) -> None:
        self.dataset(dataset)
        # Ascending here and in SQL: all lock records in this order, so nobody waits in a circle
        more = sorted(set(rids) - self._rids) if self.shared else ()
        if more:
            wanted = "{" + ",".join(map(str, more)) + "}"
            self._raw.send(
                # As strong as the lock of an UPDATE that leaves keys alone, the only kind to follow
                "SELECT rid FROM records WHERE rid = ANY(?::bigint[]) ORDER BY rid FOR NO KEY UPDATE",
                (wanted,),
            )
            self._rids.update(more)

    def records_by_id(self, dataset: int, ids: Sequence[str]) -> None:
        self.dataset(dataset)
        if self.shared:
            # For one record an equation, whose plan is kept: that of an array is made anew each time
            which, given = ("= ?", ids[0]) if len(ids) == 1 else ("= ANY(?::text[])", list(ids))
            self._raw.send(
                f"SELECT rid FROM records WHERE dataset = ? AND id {which} ORDER BY rid FOR NO KEY UPDATE",
                (dataset, given),
            )

    def first_free(self, dataset: int, rids: Sequence[int], limit: int) -> list[int]:
        self.dataset(dataset)
        if not self.shared:
            return list(rids)
        wanted = "{" + ",".join(map(str, rids)) + "}"
        found = self._raw.execute(
            "SELECT r.rid FROM unnest(?::bigint[]) WITH ORDINALITY AS w(rid, place) JOIN records r ON r.rid = w.rid "
            # In the order of the queue, unlike other locks of records: who skips never waits, in no order
            "ORDER BY w.place LIMIT ? FOR NO KEY UPDATE OF r SKIP LOCKED",
            (wanted, limit),
        ).fetchall()
        self._rids.update(rid for (rid,) in found)
        return [rid for (rid,) in found]

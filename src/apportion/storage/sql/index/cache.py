"""Caches of one open dataset in memory, so that filters and facets at a million records need no SQL.

A pure cache: everything here can be thrown away and read again from the file, and ``verify`` compares
the two. A selection of records is a roaring bitmap of their short numbers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from pyroaring import BitMap

from apportion.domain.ids import RESOLVED
from apportion.domain.metadata import KINDS_AS_NUMBERS
from apportion.ports.deadline import Deadline
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.connection import UNLIMITED, SqlConnection
from apportion.storage.sql.feed import Feed, OwnWorld
from apportion.storage.sql.texts import TextNode

from .fields import Column, FacetField, NumberField, Numbers, read_bitmap, read_keys
from .id_order import IdOrder
from .read_ahead import FieldReader, TwoConnections

__all__ = ["DatasetCache"]

log = logging.getLogger("apportion.storage")

_TEXT_SELECTIONS = 64
_MANY = 20
"""For more values of a field than this, their records are found in one pass over all records."""
_LARGE = 20_000
"""Records from which on a second connection is worth its while."""
_COUNTED = frozenset({"keyword", "long", "boolean"})


class DatasetCache:
    """Everything cached of one dataset. Use it within ``with cache.held(connection)``, for milliseconds: others wait
    for the lock. The writer never waits: what it changed is applied by the thread that holds the cache next.
    """

    def __init__(
        self,
        dataset: int,
        connect: Callable[[], SqlConnection],
        release: Callable[[Any], None] | None = None,  # takes what ``connect`` returned
        feed: Feed | None = None,
    ) -> None:
        """``feed`` is what it follows; without one it is of the transaction of the connection, and of nobody else."""
        self.dataset = dataset
        self.upto: int | None = None
        self._feed = feed or OwnWorld()
        # Reentrant: ``held`` closes a connection that is stale, which takes it once more
        self._lock = threading.RLock()
        self._depth = 0
        self._late: deque[tuple[CacheDelta, int]] = deque()
        """Committed changes that are not applied yet, with the numbers of the commits."""
        self._deadline = UNLIMITED
        self._connect = connect
        self._release = release
        self._connection: SqlConnection | None = None
        self.forget(None)

    def forget(self, number: int | None) -> None:
        """Drop everything, so that it is read again when needed."""
        self.upto = number
        self._everything: BitMap | None = None
        self._facets: dict[tuple[int, int], FacetField] = {}
        self._numbers: dict[int, NumberField] = {}
        self._columns: dict[str, Column] = {}
        self._texts: OrderedDict[TextNode, BitMap] = OrderedDict()
        self._vocabulary: list[str] | None = None
        self._vectors: dict[int, tuple[Numbers, Numbers]] = {}
        self._ids = IdOrder(self)
        self._size = 0
        self._texts_changed = 0
        """The number of the change that last changed some text."""
        self.computed: dict[Any, Any] = {}
        """Other results that stay valid until the next change."""
        self.computed_of_texts: dict[Any, Any] = {}
        """Results that stay valid until some text changes."""

    @property
    def connection(self) -> SqlConnection:
        """Return the connection of the cache, outside any snapshot: it always sees the newest commit."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    @contextlib.contextmanager
    def held(self, connection: SqlConnection, deadline: Deadline = UNLIMITED) -> Iterator[None]:
        """Hold the lock of the cache, with all in it that ``connection`` sees; keep it short.

        What all queries share is read outside ``deadline``.
        """
        with self._lock:
            # At the outermost level only: what is selected must not change while it is counted
            if not self._depth:
                if self._connection is not None and self._connection.stale:
                    self.close()
                self._catch_up()
                self._feed.bring_up(self, connection)
                self._deadline = deadline
            self._depth += 1
            try:
                with deadline.hurried():
                    yield
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Give the connection back; a thread that still uses the cache gets another one when it needs it."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None and self._release is not None:
                self._release(connection)

    # A cache that is dropped while somebody searches in it is closed only here
    def __del__(self) -> None:
        self.close()

    def is_ahead_of(self, connection: SqlConnection) -> bool:
        """Return whether it may hold what a transaction does not see."""
        return self._feed.is_ahead(self, connection)

    @contextlib.contextmanager
    def reading(self, *, counted: bool = False) -> Iterator[SqlConnection]:
        """Yield the connection with a snapshot to read more from, to which the cache is brought up.

        The time it takes counts for nobody, unless it is ``counted``: others need the same soon.
        """
        connection = self.connection
        with contextlib.nullcontext() if counted else self._deadline.uncounted(), connection.snapshot():
            self._feed.before_reading(self, connection)
            yield connection

    def warm(self) -> Iterator[None]:
        """Read what most searches need, holding the lock for two fields at a time."""
        with self.held(self.connection):
            fields = self.connection.raw.execute(
                "SELECT no, kind FROM fields WHERE dataset = ?", (self.dataset,)
            ).fetchall()
        for start in range(0, len(fields), 2):
            yield
            some = fields[start : start + 2]
            facets = [(no, RESOLVED) for no, kind in some if kind in _COUNTED]
            numbers = [no for no, kind in some if kind in KINDS_AS_NUMBERS]
            with self.held(self.connection):
                self.read_ahead(facets, numbers)
                for key in facets:
                    self.facet(*key)
                for no in numbers:
                    self.number(no)
        yield
        # Last: the first pages do without it
        with self._lent() as other:
            self._ids.read_beside(other, lambda: self.held(self.connection))

    def apply(self, changes: CacheDelta, number: int) -> None:
        """Apply what a committed transaction changed, or leave that to the thread that holds the cache just now."""
        # Called by the writer, which must not wait for a search: it queues the change and only tries the lock
        self._late.append((changes, number))
        if self._lock.acquire(blocking=False):
            try:
                if not self._depth:
                    self._catch_up()
            finally:
                self._lock.release()

    def _catch_up(self) -> None:
        while self._late:
            changes, number = self._late.popleft()
            self.take_over([changes], number)

    def take_over(self, changes: Iterable[CacheDelta], number: int) -> None:
        """Apply changes, which have this number; what cannot be applied empties the cache."""
        try:
            for each in changes:
                if each.gone:
                    self.forget(number)
                else:
                    self._apply(each, number)
            self.upto = number
        except Exception:  # a cache that missed something must not go on answering
            log.exception("a commit couldn't be taken over; the dataset is read again")
            self.forget(number)

    def _apply(self, changes: CacheDelta, number: int) -> None:
        self.computed.clear()
        if self._everything is not None:
            self._everything.update(changes.added)
            self._everything.difference_update(BitMap(changes.removed))
            self._ids.remove(changes.removed)
            if changes.added:
                self._size = max(self._size, max(changes.added))
        # Losses first: a record that loses one value and gains another must not be seen with two, which would split
        # the column of the field into bitmaps
        self._apply_facets(changes.lost, changes.field_of, has=False)
        self._apply_facets(changes.gained, changes.field_of, has=True)
        self._apply_shared(changes)
        self._apply_numbers(changes)
        self._apply_times(changes)
        if changes.texts:
            self.computed_of_texts.clear()
            self._texts.clear()
            self._vocabulary = None
            self._texts_changed = number
        for field in changes.vectors:
            self._vectors.pop(field, None)

    def _apply_shared(self, changes: CacheDelta) -> None:
        for moves, has in ((changes.unshared, False), (changes.shared, True)):
            for term_id, ns in moves:
                # only fields that were read are kept
                if (facet := self._facets.get(changes.field_of[term_id])) is not None:
                    for n in ns:
                        facet.change(term_id, n, has)

    def _apply_numbers(self, changes: CacheDelta) -> None:
        for field, values in changes.numbers.items():
            if (number := self._numbers.get(field)) is not None:
                for n, now in values:
                    number.change(n, now)

    def _apply_times(self, changes: CacheDelta) -> None:
        for name, moments in (("updated", changes.updated), ("event", changes.events)):
            if (column := self._columns.get(name)) is not None:
                for n, value in moments:
                    column.set(n, value)
                for n in changes.removed:
                    column.set(n, None)

    def _apply_facets(
        self,
        moves: list[tuple[int, Sequence[int]]],
        field_of: dict[int, tuple[int, int]],
        *,
        has: bool,
    ) -> None:
        facets = self._facets
        if not facets:
            return
        for n, term_ids in moves:
            for term_id in term_ids:
                facet = facets.get(field_of[term_id])
                if facet is not None:
                    facet.change(term_id, n, has)
        # Those are read again, in the form that suits so many values
        for key in [key for key, facet in facets.items() if facet.crowded()]:
            del facets[key]

    # Selections

    @property
    def everything(self) -> BitMap:
        """Return the numbers of all records of the dataset. Do not change the bitmap."""
        if self._everything is None:
            self._everything = self._read_everything()
            self._size = max(self._everything.max() if self._everything else 0, self._size)
        return self._everything

    def _read_everything(self) -> BitMap:
        base = self.dataset << 32
        # A dataset's records are one range of rids
        source, among = "records WHERE rid > ? AND rid < ?", (base, base + (1 << 32))
        with self.reading() as connection:
            raw = connection.raw
            # Each on its own is answered by an index: SQLite would read all records for two of them at once
            first, last, many = raw.execute(
                f"SELECT (SELECT min(rid) FROM {source}), (SELECT max(rid) FROM {source}), "
                "(SELECT count(*) FROM records WHERE dataset = ?)",
                (*among, *among, self.dataset),
            ).fetchone()
            # Counting is enough where no number between is missing
            if many and last - first + 1 == many:
                return BitMap(range(first - base, last - base + 1))
            return BitMap(self.packed("rid & 4294967295", source, *among))

    def packed(self, expression: str, source: str, *values: Any) -> Numbers:
        """Read one record number of each row, for all searches."""
        with self.reading() as connection:
            sql = connection.raw.dialect
            found = connection.raw.packed(f"SELECT {sql.packed(expression)} FROM {source}", values)
        return sql.unpacked(found[0], np.uint32)

    @property
    def size(self) -> int:
        """Return the highest record number there is, or more."""
        _ = self.everything
        return self._size

    def facet(self, field: int, viewer: int) -> FacetField:
        """Return which records have which value of a field, read when first asked for."""
        key = (field, viewer)
        facet = self._facets.get(key)
        if facet is None:
            size = self.size
            # Values and the records that have them are read by two statements, which must see the same commit
            with self.reading() as connection:
                facet = self._facets[key] = FacetField(connection, field, viewer, size)
        return facet

    def read_ahead(self, facets: Iterable[tuple[int, int]], numbers: Iterable[int]) -> None:
        """Read fields that are about to be asked for, two at a time where two connections can see the same snapshot.

        ``facets``: field and viewer of each.
        """
        missing = [key for key in facets if key not in self._facets]
        numbers = [no for no in numbers if no not in self._numbers]
        if len(missing) + len(numbers) < 2 or self._release is None or self.size < _LARGE:
            return
        with self.reading() as connection:
            snapshot = connection.shared_snapshot()
            if snapshot is not None:
                reader = FieldReader(self.dataset, self._size, self._facets, self._numbers)
                reader.read(TwoConnections(connection, snapshot, self._lent), missing, numbers)

    @contextlib.contextmanager
    def _lent(self) -> Iterator[SqlConnection]:
        """Lend a connection beside the cache's own."""
        other = self._connect()
        try:
            yield other
        finally:
            if self._release is not None:
                self._release(other)

    def having(self, field: int, viewer: int, term_ids: Collection[int]) -> BitMap:
        """Return the records with any of the values. Do not change the bitmap."""
        facet = self.facet(field, viewer)
        if len(term_ids) > _MANY and (quick := facet.holders_of(term_ids)) is not None:
            return quick
        found = []
        for index, term_id in enumerate(term_ids):
            if index % 50 == 49:
                self._deadline.check()
            held = facet.holders(term_id)
            if held is None:
                with self.reading(counted=True) as connection:
                    held = read_bitmap(connection, term_id)
            found.append(held)
        return found[0] if len(found) == 1 else BitMap.union(BitMap(), *found)

    def having_some(self, field: int, viewer: int) -> BitMap:
        """Return the records with any value of the field at all."""
        found = self.facet(field, viewer).holders_of_any()
        if found is None:
            found = BitMap(self.holders(field, viewer)[1].astype(np.uint32))
        return found

    def holders(self, field: int, viewer: int) -> tuple[Numbers, Numbers]:
        """Return two arrays: the number of each value of a field, and of a record that has it."""
        with self.reading(counted=True) as connection:
            keys = read_keys(connection, field, viewer)
        return keys >> 32, keys & 0xFFFFFFFF

    def number(self, field: int) -> NumberField:
        """Return the numbers of a field."""
        found = self._numbers.get(field)
        if found is None:
            with self.reading() as connection:
                found = self._numbers[field] = NumberField(connection, field)
        return found

    def column(self, name: str) -> Column:
        """Return ``updated`` or ``event`` of every record."""
        found = self._columns.get(name)
        if found is None:
            size = self.size
            with self.reading() as connection:
                rows = connection.raw.execute(
                    f"SELECT rid & 4294967295, {name} FROM records WHERE dataset = ? AND {name} IS NOT NULL",
                    (self.dataset,),
                ).fetchall()
                ns, values = zip(*rows, strict=True) if rows else ((), ())
                found = self._columns[name] = Column(ns, values, size)
        return found

    def text(self, connection: SqlConnection, node: TextNode) -> BitMap:
        """Return the records whose text a node finds, read in the snapshot of ``connection``.

        Do not change the bitmap. The lock is held for a moment only, so that nobody waits for the text index.
        """
        with self.held(connection):
            found = self._texts.get(node)
            if found is not None:
                self._texts.move_to_end(node)
                return found
        found = BitMap(connection.raw.dialect.texts(connection.raw, self.dataset).matching(node))
        with self.held(connection):
            # Leave out what was committed a moment ago and is not applied here yet: no other cache knows of it
            found &= self.everything
            # A snapshot from before the last change of a text must not be kept for those after it
            if self._is_of_now(connection):
                self._texts[node] = found
                if len(self._texts) > _TEXT_SELECTIONS:
                    self._texts.popitem(last=False)
        return found

    def _is_of_now(self, connection: SqlConnection) -> bool:
        """Return whether what was found in the texts that a transaction sees holds for those after it."""
        return self._texts_changed <= self._feed.seen(connection, self.dataset)

    def vocabulary(self, connection: SqlConnection) -> list[str]:
        """Return every word of the dataset, read in the snapshot of ``connection`` without holding the lock."""
        with self.held(connection):
            if self._vocabulary is not None:
                return self._vocabulary
        found = connection.raw.dialect.texts(connection.raw, self.dataset).vocabulary()
        with self.held(connection):
            if self._is_of_now(connection):
                self._vocabulary = found
        return found

    def keep_of_texts(self, connection: SqlConnection, key: str, found: object) -> None:
        """Cache what was computed from texts in the snapshot of ``connection``, unless a text has changed since."""
        with self.held(connection):
            if self._is_of_now(connection):
                self.computed_of_texts[key] = found

    def vectors(self, field: int) -> tuple[Numbers, Numbers]:
        """Return record numbers, and one row of float32 for each."""
        found = self._vectors.get(field)
        if found is None:
            with self.reading() as connection:
                rows = connection.raw.execute(
                    "SELECT n, value FROM vectors WHERE field = ? ORDER BY n", (field,)
                ).fetchall()
            found = self._vectors[field] = vector_rows(rows)
        return found

    # The order of ids

    def in_order(
        self, selection: BitMap, *, after: str | None = None, descending: bool = False
    ) -> Iterator[int]:
        """Yield the selection's record numbers in the order of their ids, beginning behind the id ``after``."""
        return self._ids.in_order(selection, after=after, descending=descending)

    def id_ranks(self) -> Numbers:
        """Return the rank of each record number in the order of ids, records logged just now included."""
        return self._ids.ranks()


def vector_rows(rows: Sequence[tuple[int, bytes]]) -> tuple[Numbers, Numbers]:
    """Return record numbers, and one row of float32 for each, of rows as they are stored."""
    ns = np.asarray([n for n, _ in rows], dtype=np.uint32)
    if not rows:
        return ns, np.empty((0, 0), dtype=np.float32)
    # float32 halves the memory, and is exact enough to rank by distance
    flat = np.frombuffer(b"".join(value for _, value in rows), dtype=np.float64)
    return ns, flat.reshape(len(rows), len(rows[0][1]) // 8).astype(np.float32)

"""``ports.store.Store`` on one SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from apportion.domain.records import Record
from apportion.ports.assignments import StoredPlan
from apportion.ports.deadline import Deadline
from apportion.ports.events import REQUEST, RequestMark
from apportion.ports.records import Criteria, EncodedRecord
from apportion.ports.store import Transaction
from apportion.ports.upkeep import StoreCondition, StoreCounts
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.answers.annotations import SqlAnnotations
from apportion.storage.sql.assignments.assignments import SqlAssignments
from apportion.storage.sql.assignments.totals import SqlTotals
from apportion.storage.sql.codec.encode_records import encode_records
from apportion.storage.sql.index.cache_delta import CacheDelta
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.index.texts import create_text_index
from apportion.storage.sql.operations.events import SqlEvents
from apportion.storage.sql.operations.jobs import SqlJobs
from apportion.storage.sql.operations.webhooks import SqlWebhooks
from apportion.storage.sql.purge import purge_some
from apportion.storage.sql.records.record_writer import MetadataLimits
from apportion.storage.sql.records.records import SqlRecords
from apportion.vocabulary import Task

from .condition import condition_of, counts_in
from .connection import SqliteConnection
from .database import Database
from .datasets import SqliteDatasets
from .deadlines import limited
from .disk_space import release_disk_space
from .error_map import interrupted
from .migrate import migrate
from .people import SqlitePeople
from .startup_check import check_sound

if TYPE_CHECKING:
    from apportion.storage.sql.answers.answer_columns import SqlAnswerReader
    from apportion.storage.sql.index.cache import DatasetCache

__all__ = ["SqliteStore"]

T = TypeVar("T")


class SqliteTransaction:
    """One transaction; its parts are made when first used."""

    def __init__(
        self, store: SqliteStore, connection: SqliteConnection, request: RequestMark | None = None
    ) -> None:
        self._store = store
        self._connection = connection
        self._request = request

    @property
    def deadline(self) -> Deadline:
        return self._connection.deadline

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        connection, deadline = self._connection, Deadline(query=seconds, rests=False)
        before, connection.deadline = connection.deadline, deadline
        try:
            with limited(connection.raw, deadline):
                yield
        except sqlite3.OperationalError as failure:
            raise (deadline.reason() if interrupted(failure) else failure) from None
        finally:
            connection.deadline = before

    @cached_property
    def people(self) -> SqlitePeople:
        return SqlitePeople(self._connection)

    @cached_property
    def datasets(self) -> SqliteDatasets:
        raw = self._connection.raw
        return SqliteDatasets(
            self._connection,
            created=lambda no: create_text_index(raw, no),
            purge=lambda no, limit: self._store.purge(self._connection, no, limit),
            give_back=lambda: release_disk_space(raw, 500),
        )

    @cached_property
    def _agents(self) -> Agents:
        return Agents(self._connection.raw)

    @cached_property
    def assignments(self) -> SqlAssignments:
        store = self._store
        return SqlAssignments(
            self._connection,
            registry=store.registry,
            agents=self._agents,
            publish=store.apply_to_cache,
            shelf=store.plans,
            numbering=store.numbering,
        )

    @cached_property
    def annotations(self) -> SqlAnnotations:
        store = self._store
        return SqlAnnotations(
            self._connection,
            registry=store.registry,
            agents=self._agents,
            slots_of=self.assignments.reader,
            publish=store.apply_to_cache,
            events=self.events,
        )

    @cached_property
    def events(self) -> SqlEvents:
        return SqlEvents(self._connection, self._request)

    @cached_property
    def answers(self) -> SqlAnswerReader:
        from apportion.storage.sql.answers.answer_columns import SqlAnswerReader  # brings numpy along

        return SqlAnswerReader(self._connection, self._agents)

    @cached_property
    def totals(self) -> SqlTotals:
        return SqlTotals(self._connection.raw, self._agents)

    @cached_property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self._connection)

    @cached_property
    def webhooks(self) -> SqlWebhooks:
        return SqlWebhooks(self._connection)

    @cached_property
    def records(self) -> SqlRecords:
        store = self._store
        return SqlRecords(
            self._connection,
            cache_of=store.cache_of,
            registry=store.registry,
            limits=store.limits,
            publish=store.apply_to_cache,
            withdraw=self.assignments.withdraw_from,
        )


WARM_FROM, WARM_UP_TO = 20_000, 3_000_000
"""The least records of a dataset that is warmed; and the most records in all, at some 300 bytes each."""


class SqliteStore:
    """Store in one file at ``path``, opened by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used being dropped first.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: MetadataLimits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.limits = limits or MetadataLimits()
        self.registry = TermRegistry()
        self.plans: dict[int, StoredPlan] = {}
        self.numbering: dict[str, int] = {}
        self._open_datasets = open_datasets
        self._caches: OrderedDict[int, DatasetCache] = OrderedDict()
        self._caches_lock = threading.Lock()
        self.database = Database(path, hold=hold)
        self.upgraded_from: Path | None = None
        """The copy made before an upgrade, when there was one."""
        try:
            if hold:
                self.database.initialise(lambda connection: check_sound(connection.raw, path))
            self.upgraded_from = self.database.initialise(
                lambda connection: migrate(connection, path, allowed=allow_upgrade)
            )
        except BaseException:
            self.database.close()
            raise

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Transaction]:
        with self.database.read(deadline) as connection:
            yield SqliteTransaction(self, connection)

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        request = REQUEST.get()  # a context variable, which the writer's thread does not have
        return self.database.write(
            lambda connection: fn(SqliteTransaction(self, connection, request)), urgent=urgent
        )

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """Encode records, the part of logging that needs no transaction."""
        return encode_records(task, records)

    def condition(self) -> StoreCondition:
        return condition_of(self.database)

    def counts(self, now: int) -> StoreCounts:
        with self.database.read() as connection:
            return counts_in(connection.raw, now)

    def hold(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self.database.hold()

    def look(self) -> str | None:
        return self.database.look()

    def last_heartbeat(self) -> int | None:
        return self.database.last_alive

    def record_heartbeat(self, now: int) -> None:
        self.database.record_heartbeat(now)

    def close(self) -> None:
        self.database.close()

    # Caches

    def cache_of(self, dataset: int) -> DatasetCache:
        """Return the cache of a dataset, opened when needed."""
        dropped = None
        with self._caches_lock:
            cache = self._caches.get(dataset)
            if cache is None:
                from apportion.storage.sql.index.cache import DatasetCache

                cache = DatasetCache(dataset, self.database.lend, self.database.take_back)
                self._caches[dataset] = cache
                if len(self._caches) > self._open_datasets:
                    dropped = self._caches.popitem(last=False)[1]
            else:
                self._caches.move_to_end(dataset)
        if dropped is not None:  # outside the lock: somebody may be searching in it
            dropped.close()
        return cache

    def warm(self, *, least: int = WARM_FROM) -> Iterator[None]:
        """Fill the caches of large datasets, the last changed ones first, as long as there is room for them."""
        with self.read() as tx:
            found = [each for each in tx.datasets.list() if each.records >= least]
        room = WARM_UP_TO
        for dataset in sorted(found, key=lambda each: -each.last_updated)[: self._open_datasets]:
            room -= dataset.records
            if room < 0:
                break
            yield
            yield from self.cache_of(dataset.no).warm()
            yield
            # Computes also what is kept of facets over all records, such as words and histograms
            with self.read() as tx:
                tx.records.search(dataset, Criteria(), limit=1, facets=None)

    def apply_to_cache(self, changes: CacheDelta) -> None:
        """Apply what a transaction changed to the cache, if there is one."""
        # Counted first: a snapshot that begins from now on has this commit in it
        number = self.database.pass_on()
        with self._caches_lock:
            cache = self._caches.get(changes.dataset)
        if cache is not None:
            cache.apply(changes, number)

    def purge(self, connection: SqliteConnection, dataset: int, limit: int) -> bool:
        """Purge some of a dataset's rows, and drop what is cached of it once that is committed."""
        fields = "SELECT count(*) FROM fields WHERE dataset = ?"
        before = connection.raw.execute(fields, (dataset,)).fetchone()
        done = purge_some(connection.raw, dataset, limit)
        if before != connection.raw.execute(fields, (dataset,)).fetchone():
            self.registry.term_ids.clear()  # at once: field numbers may be given out again before the commit
            connection.after.append(lambda: self._forget(dataset))
        return done

    def _forget(self, dataset: int) -> None:
        self.registry.fields = {
            key: value for key, value in self.registry.fields.items() if key[0] != dataset
        }
        self.registry.term_ids.clear()
        with self._caches_lock:
            self._caches.pop(dataset, None)

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
from apportion.ports.records import Criteria, Prepared
from apportion.ports.store import Work
from apportion.ports.upkeep import Condition, Counts
from apportion.vocabulary import Task

from .agents import Agents
from .answers import SqliteAnnotations
from .assigning import SqliteAssignments
from .changes import Changes
from .condition import condition_of, counts_in
from .database import Database, Link
from .datasets import SqliteDatasets
from .events import SqliteEvents
from .failures import interrupted
from .jobs import SqliteJobs
from .migrate import migrate
from .patience import limited
from .people import SqlitePeople
from .prepare import prepare
from .purging import give_back, purge_some
from .records import SqliteRecords
from .soundness import check_sound
from .terms import TermBook
from .texts import create_text_index
from .totals import SqliteTotals
from .webhooks import SqliteWebhooks
from .writing import Limits

if TYPE_CHECKING:
    from .answered import SqliteAnswers
    from .cache import DatasetCache

__all__ = ["SqliteStore"]

T = TypeVar("T")


class SqliteWork:
    """One transaction."""

    def __init__(self, store: SqliteStore, link: Link, request: RequestMark | None = None) -> None:
        self._store = store
        self._link = link
        self._request = request

    @property
    def deadline(self) -> Deadline:
        return self._link.deadline

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        link, deadline = self._link, Deadline(query=seconds, rests=False)
        before, link.deadline = link.deadline, deadline
        try:
            with limited(link.raw, deadline):
                yield
        except sqlite3.OperationalError as failure:
            raise (deadline.reason() if interrupted(failure) else failure) from None
        finally:
            link.deadline = before

    @cached_property
    def people(self) -> SqlitePeople:
        return SqlitePeople(self._link)

    @cached_property
    def datasets(self) -> SqliteDatasets:
        raw = self._link.raw
        return SqliteDatasets(
            self._link,
            created=lambda no: create_text_index(raw, no),
            purge=lambda no, limit: self._store.purge(self._link, no, limit),
            give_back=lambda: give_back(raw, 500),
        )

    @cached_property
    def _agents(self) -> Agents:
        return Agents(self._link.raw)

    @cached_property
    def assignments(self) -> SqliteAssignments:
        store = self._store
        return SqliteAssignments(
            self._link,
            book=store.book,
            agents=self._agents,
            publish=store.published,
            shelf=store.plans,
            numbering=store.numbering,
        )

    @cached_property
    def annotations(self) -> SqliteAnnotations:
        store = self._store
        return SqliteAnnotations(
            self._link,
            book=store.book,
            agents=self._agents,
            slots_of=self.assignments.reader,
            publish=store.published,
            events=self.events,
        )

    @cached_property
    def events(self) -> SqliteEvents:
        return SqliteEvents(self._link, self._request)

    @cached_property
    def answers(self) -> SqliteAnswers:
        from .answered import SqliteAnswers  # brings numpy along

        return SqliteAnswers(self._link, self._agents)

    @cached_property
    def totals(self) -> SqliteTotals:
        return SqliteTotals(self._link.raw, self._agents)

    @cached_property
    def jobs(self) -> SqliteJobs:
        return SqliteJobs(self._link)

    @cached_property
    def webhooks(self) -> SqliteWebhooks:
        return SqliteWebhooks(self._link)

    @cached_property
    def records(self) -> SqliteRecords:
        store = self._store
        return SqliteRecords(
            self._link,
            cache_of=store.cache_of,
            book=store.book,
            limits=store.limits,
            publish=store.published,
            withdraw=self.assignments.withdraw_from,
        )


WARM_FROM, WARM_UP_TO = 20_000, 3_000_000
"""Of how many records on a dataset is worth warming; and how many records in all, some 300 bytes each."""


class SqliteStore:
    """Everything in one file under ``path``, opened by one process.

    ``open_datasets`` is how many datasets keep their caches in memory, the least recently used going first.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits | None = None,
        open_datasets: int = 32,
        allow_upgrade: bool = True,
        hold: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.book = TermBook()
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
                self.database.prepare(lambda link: check_sound(link.raw, path))
            self.upgraded_from = self.database.prepare(
                lambda link: migrate(link, path, allowed=allow_upgrade)
            )
        except BaseException:
            self.database.close()
            raise

    @contextlib.contextmanager
    def read(self, deadline: Deadline | None = None) -> Iterator[Work]:
        with self.database.read(deadline) as link:
            yield SqliteWork(self, link)

    def write(self, work: Callable[[Work], T], *, urgent: bool = False) -> Future[T]:
        request = REQUEST.get()  # of whoever asks; the writer's thread knows nothing of it
        return self.database.write(lambda link: work(SqliteWork(self, link, request)), urgent=urgent)

    def prepare(self, task: Task, records: Iterable[Record]) -> Sequence[Prepared]:
        """The part of logging that needs no transaction."""
        return prepare(task, records)

    def condition(self) -> Condition:
        return condition_of(self.database)

    def counts(self, now: int) -> Counts:
        with self.database.read() as link:
            return counts_in(link.raw, now)

    def hold(self) -> None:
        """Claim the file for serving; refuse when another server holds it."""
        self.database.hold()

    def look(self) -> str | None:
        return self.database.look()

    def last_alive(self) -> int | None:
        return self.database.last_alive

    def alive(self, now: int) -> None:
        self.database.alive(now)

    def close(self) -> None:
        self.database.close()

    # Caches

    def cache_of(self, dataset: int) -> DatasetCache:
        """The cache of a dataset, opened when needed."""
        dropped = None
        with self._caches_lock:
            cache = self._caches.get(dataset)
            if cache is None:
                from .cache import DatasetCache

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
        """Read the caches of large datasets, those first that changed last, as long as there is room for them."""
        with self.read() as work:
            found = [each for each in work.datasets.list() if each.records >= least]
        room = WARM_UP_TO
        for dataset in sorted(found, key=lambda each: -each.last_updated)[: self._open_datasets]:
            room -= dataset.records
            if room < 0:
                break
            yield
            yield from self.cache_of(dataset.no).warm()
            yield
            with self.read() as work:
                work.records.search(dataset, Criteria(), limit=1, facets=None)

    def published(self, changes: Changes) -> None:
        """Tell the cache, if there is one, what a transaction changed."""
        number = self.database.pass_on()
        with self._caches_lock:
            cache = self._caches.get(changes.dataset)
        if cache is not None:
            cache.apply(changes, number)

    def purge(self, link: Link, dataset: int, limit: int) -> bool:
        """Remove some of a dataset's rows, and what is remembered of it once that is committed."""
        fields = "SELECT count(*) FROM fields WHERE dataset = ?"
        before = link.raw.execute(fields, (dataset,)).fetchone()
        done = purge_some(link.raw, dataset, limit)
        if before != link.raw.execute(fields, (dataset,)).fetchone():
            self.book.vids.clear()  # at once: field numbers may be given out again before the commit
            link.after.append(lambda: self._forget(dataset))
        return done

    def _forget(self, dataset: int) -> None:
        self.book.fields = {key: value for key, value in self.book.fields.items() if key[0] != dataset}
        self.book.vids.clear()
        with self._caches_lock:
            self._caches.pop(dataset, None)

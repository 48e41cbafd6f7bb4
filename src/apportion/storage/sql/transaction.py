"""``ports.store.Transaction`` in SQL, put together from its parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from apportion.ports.deadline import Deadline
from apportion.ports.events import RequestMark

from .agents import Agents
from .answers.annotations import SqlAnnotations
from .assignments.assignments import SqlAssignments
from .assignments.totals import SqlTotals
from .cache_delta import CacheDelta
from .caches import Caches
from .connection import SqlConnection
from .datasets import PlanListing, SqlDatasets
from .operations.events import SqlEvents
from .operations.jobs import SqlJobs
from .operations.replies import SqlReplies
from .operations.webhooks import SqlWebhooks
from .people import SqlPeople
from .purge import purge_some
from .records.record_writer import MetadataLimits
from .records.records import SqlRecords

if TYPE_CHECKING:
    from .answers.answer_columns import SqlAnswerReader
    from .query.accelerator import SearchAccelerator

__all__ = ["SqlTransaction"]


class SqlTransaction:
    """One transaction; its parts are made when first used."""

    def __init__(
        self,
        connection: SqlConnection,
        caches: Caches,
        limits: MetadataLimits,
        release_disk_space: Callable[[], bool],
        request: RequestMark | None = None,
        *,
        accelerator: SearchAccelerator | None = None,
    ) -> None:
        """``release_disk_space`` returns some unused pages to the disk, and whether there are more."""
        self._connection = connection
        self._caches = caches
        self._limits = limits
        self._release_disk_space = release_disk_space
        self._request = request
        self._accelerator = accelerator
        self._listed: dict[int, list[PlanListing]] = {}

    @property
    def deadline(self) -> Deadline:
        return self._connection.deadline

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        # Without rests: it runs in the writer, for which everybody waits
        connection, deadline = self._connection, Deadline(query=seconds, rests=False)
        before, connection.deadline = connection.deadline, deadline
        try:
            with connection.limited(deadline):
                yield
        finally:
            connection.deadline = before

    @cached_property
    def people(self) -> SqlPeople:
        return SqlPeople(self._connection)

    @cached_property
    def datasets(self) -> SqlDatasets:
        raw = self._connection.raw
        return SqlDatasets(
            self._connection,
            created=lambda no: raw.dialect.texts(raw, no).create(),
            purge=self._purge,
            release_disk_space=self._release_disk_space,
            plans=self._listed,
        )

    def _purge(self, dataset: int, limit: int) -> bool:
        """Purge some of a dataset's rows, and drop what is cached of it once that is committed."""
        raw, fields = self._connection.raw, "SELECT count(*) FROM fields WHERE dataset = ?"
        before = raw.execute(fields, (dataset,)).fetchone()
        done = purge_some(raw, dataset, limit)
        if before != raw.execute(fields, (dataset,)).fetchone():
            self._caches.forget_terms()  # at once: field numbers may be given out again before the commit
            self._note(CacheDelta(dataset, gone=True))
        return done

    def _note(self, changes: CacheDelta) -> None:
        self._caches.feed.note(self._connection, changes)

    @cached_property
    def _agents(self) -> Agents:
        connection = self._connection
        # What a reader sees is committed, and may be remembered at once
        return Agents(
            connection.raw, self._caches.agents, None if connection.reads_only else connection.after
        )

    @cached_property
    def assignments(self) -> SqlAssignments:
        caches = self._caches
        return SqlAssignments(
            self._connection,
            registry=caches.registry,
            agents=self._agents,
            publish=self._note,
            plan_cache=caches.plans,
            listed=self._listed,
        )

    @cached_property
    def annotations(self) -> SqlAnnotations:
        return SqlAnnotations(
            self._connection,
            registry=self._caches.registry,
            agents=self._agents,
            assignments=self.assignments,
            publish=self._note,
            feed=self._caches.feed,
            events=self.events,
        )

    @cached_property
    def events(self) -> SqlEvents:
        return SqlEvents(self._connection, self._request)

    @cached_property
    def answers(self) -> SqlAnswerReader:
        from .answers.answer_columns import SqlAnswerReader  # brings numpy along

        return SqlAnswerReader(self._connection, self._agents)

    @cached_property
    def totals(self) -> SqlTotals:
        return SqlTotals(self._connection.raw, self._agents)

    @cached_property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self._connection)

    @cached_property
    def replies(self) -> SqlReplies:
        return SqlReplies(self._connection)

    @cached_property
    def webhooks(self) -> SqlWebhooks:
        return SqlWebhooks(self._connection)

    @cached_property
    def records(self) -> SqlRecords:
        records = SqlRecords(
            self._connection,
            cache_of=self._caches.of,
            registry=self._caches.registry,
            agents=self._agents,
            mirrors=self.assignments.mirrors,
            limits=self._limits,
            publish=self._note,
            withdraw=self.assignments.withdraw_from,
        )
        records.accelerator = self._accelerator
        return records

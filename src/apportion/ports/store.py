"""The store as use cases see it: consistent snapshots to read from, one queue to write through."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from apportion.domain.records import Record
from apportion.vocabulary import Task

from .annotations import Annotations
from .answers import AnswerReader
from .assignments import Assignments
from .cluster import Cluster
from .datasets import Datasets
from .deadline import Deadline
from .events import Events
from .jobs import Jobs
from .people import People
from .records import EncodedRecord, Records
from .replies import Replies
from .totals import Totals
from .upkeep import StoreCondition, StoreCounts
from .webhooks import Webhooks

__all__ = ["Store", "Transaction"]

T = TypeVar("T")


class Transaction(Protocol):
    """One transaction. Everything read through it is of one instant; everything written is committed or
    rolled back together.

    The writing methods of one that ``Store.read`` opened fail.
    """

    @property
    def deadline(self) -> Deadline:
        """Return the deadline for the whole transaction."""
        ...

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Limit each query inside to some seconds of computing, for queries that run in the writer."""
        ...

    @property
    def people(self) -> People: ...

    @property
    def datasets(self) -> Datasets: ...

    @property
    def records(self) -> Records: ...

    @property
    def annotations(self) -> Annotations: ...

    @property
    def answers(self) -> AnswerReader: ...

    @property
    def assignments(self) -> Assignments: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def events(self) -> Events: ...

    @property
    def totals(self) -> Totals: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def replies(self) -> Replies: ...


class Store(Protocol):
    """The store: snapshots to read from, and a queue of write transactions."""

    @property
    def remote(self) -> bool:
        """True if it is reached over a network, so that nobody reads it on an event loop."""
        ...

    def read(self, deadline: Deadline | None = None) -> AbstractContextManager[Transaction]:
        """Open a snapshot. It must stay in one thread.

        Work inside is ended at the deadline with ``QueryTooSlowError``, and with ``CallerGone`` once it is
        cancelled.
        """
        ...

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``fn`` as one transaction; the future resolves once it is safely on disk.

        ``urgent`` writes (one person's annotation) go before bulk writes. The future raises what ``fn``
        raises, and then nothing was written. ``fn`` may run twice if a transaction it shared with others was
        rolled back.
        """
        ...

    @property
    def server(self) -> int:
        """Return the number of this server: what takes it more than one transaction is marked as its own.

        0 while it cannot prove to other servers that it is alive; another number once it can again.
        """
        ...

    @property
    def cluster(self) -> Cluster | None:
        """Return the servers that share the store; None where there can only be one."""
        ...

    def living(self) -> Container[int]:
        """Return the numbers of all servers at work on the store, this one among them."""
        ...

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """Encode records outside any transaction, so that the writer is blocked as briefly as possible."""
        ...

    def condition(self) -> StoreCondition:
        """Return the condition of the store; never waits for anything."""
        ...

    def counts(self, now: int) -> StoreCounts:
        """Count the contents of the store; slow when there is much in it."""
        ...

    def warm(self) -> Iterator[None]:
        """Load, piece by piece, caches that the first searches of large datasets would else wait for."""
        ...

    def last_heartbeat(self) -> int | None:
        """Return the instant of the last heartbeat of an earlier server, if that is known."""
        ...

    def record_heartbeat(self, now: int) -> None:
        """Store that a server is running at this instant."""
        ...

    def check_files(self) -> str | None:
        """Return what happened to the store's files since it was opened, if they are not where they were."""
        ...

    def close(self) -> None: ...

"""The store as use cases see it: consistent snapshots to read from, one queue to write through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from apportion.domain.records import Record
from apportion.vocabulary import Task

from .annotations import Annotations
from .answers import AnswerReader
from .assignments import Assignments
from .datasets import Datasets
from .deadline import Deadline
from .events import Events
from .jobs import Jobs
from .people import People
from .records import EncodedRecord, Records
from .totals import Totals
from .upkeep import StoreCondition, StoreCounts
from .webhooks import Webhooks

__all__ = ["Store", "Transaction"]

T = TypeVar("T")


class Transaction(Protocol):
    """One transaction. Everything read through it is of one instant; everything written stands or falls together.

    Handed out by ``Store.read`` its writing methods fail.
    """

    @property
    def deadline(self) -> Deadline:
        """By when all of it has to be done."""
        ...

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Limit each query evaluated inside to some seconds of computing: for what only the writer can do."""
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


class Store(Protocol):
    """Where everything is kept."""

    def read(self, deadline: Deadline | None = None) -> AbstractContextManager[Transaction]:
        """A snapshot; open it, read, leave. Not to be carried across threads.

        What is done inside ends by the deadline, with ``QueryTooSlowError``; with ``CallerGone`` once it is cancelled.
        """
        ...

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        """Queue ``work`` as one transaction; the future resolves once it is safely on disk.

        ``urgent`` work (one person's annotation) goes before bulk. What ``work`` raises the future raises,
        and then nothing of it was kept. ``work`` may be run twice if a transaction it shared was lost.
        """
        ...

    def encode_records(self, task: Task, records: Iterable[Record]) -> Sequence[EncodedRecord]:
        """The part of logging that needs no transaction, so that the writer is held up as little as can be."""
        ...

    def condition(self) -> StoreCondition:
        """How it fares; never waits for anything."""
        ...

    def counts(self, now: int) -> StoreCounts:
        """How much is in it; takes a while when that is a lot."""
        ...

    def warm(self) -> Iterator[None]:
        """Get ready, piece by piece, what the first searches of large datasets would otherwise wait for."""
        ...

    def last_heartbeat(self) -> int | None:
        """When a server before this one last said that it was ``alive``, if that is known."""
        ...

    def record_heartbeat(self, now: int) -> None:
        """Note that a server runs at this instant."""
        ...

    def look(self) -> str | None:
        """Return what has happened to the store's files since it was opened, if they are not in their place."""
        ...

    def close(self) -> None: ...

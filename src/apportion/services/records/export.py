"""Export a dataset, a page at a time: records with the answers and gold behind their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset, DatasetAddress
from apportion.domain.errors import DatasetGoneError, ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.query import MatchAll, Query
from apportion.ports.answers import ColumnNames, RecordAnswers
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria, StoredRecord
from apportion.ports.store import Store, Transaction
from apportion.services.datasets.access import DatasetAccess, dataset_by_number, open_dataset
from apportion.vocabulary import EventCode

__all__ = ["ExportPage", "Exported", "export", "exportable", "matching", "note_export"]

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Exported:
    """The dataset, and the names that a table of it needs columns for."""

    dataset: Dataset
    names: ColumnNames


class ExportPage(NamedTuple):
    """A page of records, and the answers and gold behind them."""

    rows: list[StoredRecord]
    evidence: RecordAnswers


def exportable(tx: Transaction, actor: Actor, address: DatasetAddress) -> Exported:
    """Find a dataset that ``actor`` may export."""
    dataset = open_dataset(tx, actor, address, Action.EXPORT).dataset
    return Exported(dataset, tx.answers.names(dataset))


def matching(tx: Transaction, actor: Actor, dataset: Dataset, query: Query) -> int:
    """Return how many records an export of a query holds."""
    return tx.records.count(dataset, DatasetAccess(tx, actor, dataset).seen(Criteria(query)))


def note_export(
    tx: Transaction, actor: Actor, address: DatasetAddress, asked: Mapping[str, Any], *, now: int
) -> None:
    """Log the event of an export before the first page is sent, so that no download goes unlogged.

    ``asked`` is the format, the query, and how many records match.
    """
    dataset = open_dataset(tx, actor, address, Action.EXPORT).dataset
    tx.annotations.log_event(dataset, actor.username, EventCode.EXPORTED, at=now, detail=asked)


def export(
    store: Store, actor: Actor, dataset: Dataset, query: Query, deadline: Deadline | None = None
) -> Iterator[ExportPage]:
    """Yield pages of records in order of their ids, each as the dataset is when the page is requested.

    No snapshot is open between two pages, however slowly they are read: an open one keeps SQLite from truncating its
    log. A record that is there all the time comes once; everything about a record is of one instant. The records
    that match a query are searched once, in the beginning. Ends with a refusal once the dataset is gone, or the
    right to export it.
    """
    if isinstance(query, MatchAll):
        yield from _all_pages(store, actor, dataset, deadline)
        return
    with store.read(deadline) as tx:
        access = _as_it_is(tx, actor, dataset)
        numbers = tx.records.numbers_by_id(access.dataset, access.seen(Criteria(query)))
    for start in range(0, len(numbers), PAGE):
        with store.read(deadline) as tx:
            access = _as_it_is(tx, actor, dataset)
            now, seen = access.dataset, access.seen(Criteria())
            rows = tx.records.numbered(now, seen, numbers[start : start + PAGE])
            page = ExportPage(rows, tx.answers.answers_for(now, [row.number for row in rows]))
        if rows:
            yield page


def _all_pages(
    store: Store, actor: Actor, dataset: Dataset, deadline: Deadline | None
) -> Iterator[ExportPage]:
    after = None
    while True:
        with store.read(deadline) as tx:
            access = _as_it_is(tx, actor, dataset)
            now = access.dataset
            rows = tx.records.scan(now, access.seen(Criteria()), after=after, limit=PAGE)
            page = ExportPage(rows, tx.answers.answers_for(now, [row.number for row in rows]))
        if not rows:
            return
        yield page
        after = rows[-1].id


def _as_it_is(tx: Transaction, actor: Actor, dataset: Dataset) -> DatasetAccess:
    """Open the dataset as it is now, if it is still there and ``actor`` may still export it."""
    found = dataset_by_number(tx, dataset.no)
    if found is None:
        raise DatasetGoneError(dataset.name)
    who = tx.people.actor(actor.username)
    if who is None or who.user.id != actor.user.id:
        raise ForbiddenOperationError(
            f"Operation not allowed: {actor.username}, who began this export, is no user any more."
        )
    require(who, Action.EXPORT, found.workspace, found.created_by)
    return DatasetAccess(tx, actor, found)

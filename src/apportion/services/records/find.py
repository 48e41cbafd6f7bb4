"""Find records, page by page or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset
from apportion.domain.errors import ClosedDatasetError, RecordNotFound
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.policies import Policies
from apportion.domain.query import show
from apportion.ports.records import Criteria, SearchHits, SortKey, StoredRecord
from apportion.ports.store import Transaction
from apportion.services.answers.own_annotations import record_case
from apportion.services.datasets.access import find_dataset, row_for, seen_by
from apportion.vocabulary import EventCode, Task

__all__ = ["SearchPage", "SimilarTo", "count_scanned", "find_record", "note_scan", "scan", "search"]


@dataclass(frozen=True, slots=True)
class SimilarTo:
    """A vector whose neighbours are wanted."""

    name: str
    value: Sequence[float]
    k: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of a search: its size and position, its order, and the counts that come with it (None: all)."""

    sort: Sequence[SortKey] = ()
    start: int = 0
    limit: int = 50
    facets: frozenset[str] | None = frozenset()


def search(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    criteria: Criteria,
    page: SearchPage,
    near: SimilarTo | None = None,
) -> tuple[Dataset, SearchHits]:
    """Return one page of matches, with their exact total and the counts asked for."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEARCH, task=task, open_only=True)
    seen = seen_by(tx, actor, dataset, criteria)
    if near is not None:
        hits = tx.records.nearest(
            dataset, seen, vector=near.name, value=near.value, k=near.k, limit=page.limit, facets=page.facets
        )
    else:
        hits = tx.records.search(
            dataset, seen, sort=page.sort, start=page.start, limit=page.limit, facets=page.facets
        )
    return dataset, hits


def note_scan(
    tx: Transaction, actor: Actor, workspace: str, name: str, criteria: Criteria, records: int, *, now: int
) -> None:
    """Log the event that ``actor`` begins to read everything that matches."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEARCH)
    detail = {"query": show(criteria.query), "records": records}
    tx.annotations.log_event(dataset, actor.username, EventCode.SCANNED, at=now, detail=detail)


def count_scanned(tx: Transaction, actor: Actor, workspace: str, name: str, criteria: Criteria) -> int:
    """Return how many records a scan goes through."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEARCH)
    return tx.records.count(dataset, seen_by(tx, actor, dataset, criteria))


def scan(
    tx: Transaction,
    actor: Actor,
    workspace: str,
    name: str,
    criteria: Criteria,
    *,
    after: str | None,
    sort: Sequence[SortKey],
    offset: int,
    limit: int,
) -> tuple[Dataset, Sequence[StoredRecord]]:
    """Return the next matches after a record id, for reading everything."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEARCH)
    if dataset.closed:
        raise ClosedDatasetError(name)
    seen = seen_by(tx, actor, dataset, criteria)
    return dataset, tx.records.scan(dataset, seen, after=after, sort=sort, offset=offset, limit=limit)


def find_record(
    tx: Transaction, actor: Actor, workspace: str, name: str, id: str
) -> tuple[Dataset, StoredRecord]:
    """Return one record by its id."""
    dataset = find_dataset(tx, actor, workspace, name, Action.SEE_RECORD)
    if str(Policies.of(dataset.policies).visibility) == "assigned":
        record_case(tx, dataset, actor, id)
    row = row_for(tx, actor, dataset, id)
    if row is None:
        raise RecordNotFound(dataset.id, id)
    return dataset, row

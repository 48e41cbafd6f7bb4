"""Find records, page by page or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apportion.domain.datasets import Dataset, DatasetAddress, RecordAddress
from apportion.domain.errors import RecordNotFound
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Query, show
from apportion.ports.records import Criteria, SearchHits, SortKey, StoredRecord
from apportion.ports.store import Transaction
from apportion.services.answers.answer_change import record_case
from apportion.services.datasets.access import open_dataset
from apportion.vocabulary import EventCode

from .rule_facets import RULE_FACETS, rule_facets

__all__ = [
    "ScanPage",
    "ScanStart",
    "SearchPage",
    "SimilarTo",
    "count_scanned",
    "find_record",
    "note_scan",
    "scan",
    "search",
]


@dataclass(frozen=True, slots=True)
class SimilarTo:
    """A vector whose neighbours are wanted."""

    name: str
    value: Sequence[float]
    k: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of a search: its size and position, its order, and the counts that come with it (None: all).

    ``near`` orders the matches by their distance to a vector instead.
    """

    sort: Sequence[SortKey] = ()
    start: int = 0
    limit: int = 50
    facets: frozenset[str] | None = frozenset()
    near: SimilarTo | None = None


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A page of a scan: its size, the record after which it begins, its order."""

    limit: int
    after: str | None = None
    sort: Sequence[SortKey] = ()
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ScanStart:
    """The beginning of a scan: its query, and how many records match."""

    query: Query
    records: int


def search(
    tx: Transaction, actor: Actor, address: DatasetAddress, criteria: Criteria, page: SearchPage
) -> tuple[Dataset, SearchHits]:
    """Return one page of matches, with their exact total and the counts asked for."""
    access = open_dataset(tx, actor, address, Action.SEARCH, open_only=True)
    dataset, seen, near = access.dataset, access.seen(criteria), page.near
    if near is not None:
        hits = tx.records.nearest(
            dataset, seen, vector=near.name, value=near.value, k=near.k, limit=page.limit, facets=page.facets
        )
    else:
        hits = tx.records.search(
            dataset, seen, sort=page.sort, start=page.start, limit=page.limit, facets=page.facets
        )
    if page.facets and (of_rules := page.facets & RULE_FACETS):
        hits = hits._replace(facets={**hits.facets, **rule_facets(tx, dataset, seen, of_rules)})
    return dataset, hits


def note_scan(tx: Transaction, actor: Actor, address: DatasetAddress, scan: ScanStart, *, now: int) -> None:
    """Log the event that ``actor`` begins to read everything that matches."""
    dataset = open_dataset(tx, actor, address, Action.SEARCH).dataset
    detail = {"query": show(scan.query), "records": scan.records}
    tx.annotations.log_event(dataset, actor.username, EventCode.SCANNED, at=now, detail=detail)


def count_scanned(tx: Transaction, actor: Actor, address: DatasetAddress, criteria: Criteria) -> int:
    """Return how many records a scan goes through."""
    access = open_dataset(tx, actor, address, Action.SEARCH)
    return tx.records.count(access.dataset, access.seen(criteria))


def scan(
    tx: Transaction, actor: Actor, address: DatasetAddress, criteria: Criteria, page: ScanPage
) -> tuple[Dataset, Sequence[StoredRecord]]:
    """Return the next matches after a record id, for reading everything."""
    access = open_dataset(tx, actor, address, Action.SEARCH, open_only=True)
    rows = tx.records.scan(
        access.dataset,
        access.seen(criteria),
        after=page.after,
        sort=page.sort,
        offset=page.offset,
        limit=page.limit,
    )
    return access.dataset, rows


def find_record(tx: Transaction, actor: Actor, address: RecordAddress) -> tuple[Dataset, StoredRecord]:
    """Return one record by its id."""
    access = open_dataset(tx, actor, address.dataset, Action.SEE_RECORD)
    if str(access.policies.visibility) == "assigned":
        record_case(access, address.id)
    row = access.row(address.id)
    if row is None:
        raise RecordNotFound(access.dataset.id, address.id)
    return access.dataset, row

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
from apportion.ports.records import Criteria, Hits, Row, Sorting
from apportion.ports.store import Work
from apportion.vocabulary import EventCode, Task

from .annotate import record_case
from .manage_datasets import find_dataset, row_for, seen_by

__all__ = ["NearTo", "Page", "count_scanned", "find_record", "note_scan", "scan", "search"]


@dataclass(frozen=True, slots=True)
class NearTo:
    """A vector whose neighbours are wanted."""

    name: str
    value: Sequence[float]
    k: int


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a search, in which order, with which counts (None: all there are)."""

    sort: Sequence[Sorting] = ()
    start: int = 0
    limit: int = 50
    facets: frozenset[str] | None = frozenset()


def search(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    task: Task,
    criteria: Criteria,
    page: Page,
    near: NearTo | None = None,
) -> tuple[Dataset, Hits]:
    """One page of matches with their exact total and what was to be counted."""
    dataset = find_dataset(work, actor, workspace, name, Action.SEARCH, task=task, open_only=True)
    seen = seen_by(work, actor, dataset, criteria)
    if near is not None:
        hits = work.records.nearest(
            dataset, seen, vector=near.name, value=near.value, k=near.k, limit=page.limit, facets=page.facets
        )
    else:
        hits = work.records.search(
            dataset, seen, sort=page.sort, start=page.start, limit=page.limit, facets=page.facets
        )
    return dataset, hits


def note_scan(
    work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria, records: int, *, now: int
) -> None:
    """Write the event of somebody who begins to read everything that matches."""
    dataset = find_dataset(work, actor, workspace, name, Action.SEARCH)
    detail = {"query": show(criteria.query), "records": records}
    work.annotations.note(dataset, actor.username, EventCode.SCANNED, at=now, detail=detail)


def count_scanned(work: Work, actor: Actor, workspace: str, name: str, criteria: Criteria) -> int:
    """How many records a scan leads through."""
    dataset = find_dataset(work, actor, workspace, name, Action.SEARCH)
    return work.records.count(dataset, seen_by(work, actor, dataset, criteria))


def scan(
    work: Work,
    actor: Actor,
    workspace: str,
    name: str,
    criteria: Criteria,
    *,
    after: str | None,
    sort: Sequence[Sorting],
    offset: int,
    limit: int,
) -> tuple[Dataset, Sequence[Row]]:
    """The next matches after a record id, for reading everything."""
    dataset = find_dataset(work, actor, workspace, name, Action.SEARCH)
    if dataset.closed:
        raise ClosedDatasetError(name)
    seen = seen_by(work, actor, dataset, criteria)
    return dataset, work.records.scan(dataset, seen, after=after, sort=sort, offset=offset, limit=limit)


def find_record(work: Work, actor: Actor, workspace: str, name: str, id: str) -> tuple[Dataset, Row]:
    """One record by its id."""
    dataset = find_dataset(work, actor, workspace, name, Action.SEE_RECORD)
    if str(Policies.of(dataset.policies).visibility) == "assigned":
        record_case(work, dataset, actor, id)
    row = row_for(work, actor, dataset, id)
    if row is None:
        raise RecordNotFound(dataset.id, id)
    return dataset, row

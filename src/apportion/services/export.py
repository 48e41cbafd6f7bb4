"""Read a dataset out, from one snapshot, a page at a time: records with everything that stands behind their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from apportion.domain.datasets import Dataset
from apportion.domain.people import Actor
from apportion.domain.permissions import Action
from apportion.domain.query import Query
from apportion.ports.answers import Behind, Names
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria, Row
from apportion.ports.store import Store, Work
from apportion.vocabulary import EventCode

from .manage_datasets import find_dataset, seen_by

__all__ = ["Exported", "Page", "export", "exportable", "matching", "note_export"]

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Exported:
    """The dataset, and the names that a table of it needs columns for."""

    dataset: Dataset
    names: Names


class Page(NamedTuple):
    """Some records, and what stands behind them."""

    rows: list[Row]
    behind: Behind


def exportable(work: Work, actor: Actor, workspace: str, name: str) -> Exported:
    """The dataset, if it may be exported."""
    dataset = find_dataset(work, actor, workspace, name, Action.EXPORT)
    return Exported(dataset, work.answers.names(dataset))


def matching(work: Work, actor: Actor, dataset: Dataset, query: Query) -> int:
    """How many records an export of a query holds."""
    return work.records.count(dataset, seen_by(work, actor, dataset, Criteria(query)))


def note_export(
    work: Work, actor: Actor, workspace: str, name: str, asked: Mapping[str, Any], *, now: int
) -> None:
    """Write the event of an export before the first of it goes out: nobody downloads unnoted.

    ``asked`` is the format, the query, and how many records match.
    """
    dataset = find_dataset(work, actor, workspace, name, Action.EXPORT)
    work.annotations.note(dataset, actor.username, EventCode.EXPORTED, at=now, detail=asked)


def export(store: Store, actor: Actor, dataset: Dataset, query: Query, deadline: Deadline) -> Iterator[Page]:
    """Pages of records in order of their ids. To be read in one thread."""
    with store.read(deadline) as work:
        criteria = seen_by(work, actor, dataset, Criteria(query))
        after = None
        while rows := work.records.scan(dataset, criteria, after=after, limit=PAGE):
            yield Page(rows, work.answers.behind(dataset, [row.number for row in rows]))
            after = rows[-1].id

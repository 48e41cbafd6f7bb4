"""Read a dataset out, a page at a time: records with everything that stands behind their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from apportion.domain.datasets import Dataset
from apportion.domain.errors import DatasetGoneError, ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.domain.permissions import Action, require
from apportion.domain.query import Query
from apportion.ports.answers import Behind, Names
from apportion.ports.records import Criteria, Row
from apportion.ports.store import Store, Work

from .manage_datasets import find_dataset, seen_by

__all__ = ["Exported", "Page", "export", "exportable"]

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


def export(store: Store, actor: Actor, dataset: Dataset, query: Query) -> Iterator[Page]:
    """Yield pages of records in order of their ids, each as the dataset is when it is asked for.

    No snapshot is open between two pages, however slowly they are taken: one that is keeps SQLite from emptying its
    log. A record that is there all the time comes once; everything about a record is of one instant. Ends with a
    refusal once the dataset is gone, or the right to export it.
    """
    after = None
    while True:
        with store.read() as work:
            now = _as_it_is(work, actor, dataset)
            rows = work.records.scan(now, seen_by(work, actor, now, Criteria(query)), after=after, limit=PAGE)
            page = Page(rows, work.answers.behind(now, [row.number for row in rows]))
        if not rows:
            return
        yield page
        after = rows[-1].id


def _as_it_is(work: Work, actor: Actor, dataset: Dataset) -> Dataset:
    """Return the dataset if it is still there and may still be exported by who began."""
    found = work.datasets.numbered(dataset.no)
    if found is None:
        raise DatasetGoneError(dataset.name)
    who = work.people.actor(actor.username)
    if who is None or who.user.id != actor.user.id:
        raise ForbiddenOperationError(
            f"Operation not allowed: {actor.username}, who began this export, is no user any more."
        )
    require(who, Action.EXPORT, found.workspace, found.created_by)
    return found

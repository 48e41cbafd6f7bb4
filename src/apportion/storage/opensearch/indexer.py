"""Follow the changes of datasets, and build their indexes: one step at a time, so that none waits long for another.

Whatever ends an indexer, the next one goes on where it was: how far an index is, is written down after what was sent,
and sending something again does no harm.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from apportion.storage.sql.search_index import IndexedDataset, IndexRow

from .index import BrokenIndexError, Indexes, OtherFormError
from .source import IndexSource

__all__ = ["IndexState", "Indexer", "Round"]

log = logging.getLogger("apportion.search")

RECORDS_AT_ONCE = 2_000
_MISSED = "it is not known any more what was written since"


class IndexState:
    """The states of a generation of an index."""

    NEW = "new"
    """Noted, and not created yet."""
    BUILDING = "building"
    READY = "ready"
    """Searches use the newest of those."""
    OVERTAKEN = "overtaken"
    """It missed changes, and waits for the one that takes its place."""
    BROKEN = "broken"
    """Something is wrong with it that people have to look at."""


_GROWING = (IndexState.NEW, IndexState.BUILDING)


class Round(NamedTuple):
    """Result of a round: ``lag`` and ``holds`` by dataset, and whether there is more to do at once."""

    more: bool
    building: int
    lag: dict[int, int]
    holds: dict[int, int]
    broken: list[str]


class Indexer:
    """Indexer of all datasets of a store with at least ``search_from`` records."""

    def __init__(self, source: IndexSource, indexes: Indexes, *, search_from: int) -> None:
        self.source = source
        self.indexes = indexes
        self._from = search_from
        self._checked = False

    def round(self, publish: Callable[[Round], None] = lambda _: None) -> Round:
        """Take one step for each dataset that needs one, and say how far all are.

        ``publish`` gets how far they were before, which is known whether or not OpenSearch answers.
        """
        datasets = {each.no: each for each in self.source.datasets()}
        rows = self._rows()
        publish(_seen(datasets, rows, more=False))
        if not self._checked:
            self.indexes.client.check()
            self._checked = True
        more = False
        for no in rows.keys() - datasets.keys():
            self._forget(rows[no])
        for no, dataset in datasets.items():
            more |= self._step(dataset, rows[no])
        return _seen(datasets, self._rows(), more=more)

    def _rows(self) -> dict[int, list[IndexRow]]:
        found = defaultdict(list)
        for row in self.source.indexes():
            found[row.dataset].append(row)
        return found

    def _forget(self, rows: Iterable[IndexRow]) -> None:
        """Remove the indexes of a dataset that is purged."""
        for row in rows:
            with self.source.locked(row.dataset) as held:
                if held:
                    self.indexes.remove(row)
                    self.source.forget(row)

    def step(self, no: int) -> bool:
        """Take the next step for one dataset; return whether there is another one to take at once."""
        with self.source.locked(no) as held:
            return held and self.step_locked(no)

    def _step(self, dataset: IndexedDataset, rows: list[IndexRow]) -> bool:
        return self._has_work(dataset, rows) and self.step(dataset.no)

    def _has_work(self, dataset: IndexedDataset, rows: list[IndexRow]) -> bool:
        if not rows:
            return not dataset.deleted and dataset.records >= self._from
        if any(row.state in _GROWING for row in rows):
            return True
        newest = _serving(rows)
        return newest is not None and (newest.written < dataset.written or len(rows) > 1)

    def step_locked(self, no: int) -> bool:
        """Take the next step for a dataset whose lock is held; return whether there is another one."""
        # read again: another indexer may have come further meanwhile
        dataset = next((each for each in self.source.datasets() if each.no == no), None)
        if dataset is None:
            return False
        rows = self._rows().get(no, [])
        if not rows and self._has_work(dataset, rows):
            rows = [self.source.begin(no, IndexState.NEW)]
        more = [self._guarded(dataset, row, rows) for row in rows]
        return any(more)

    def _guarded(self, dataset: IndexedDataset, row: IndexRow, rows: list[IndexRow]) -> bool:
        try:
            return self._advance(dataset, row, rows)
        except OtherFormError as other:
            return self._begin_anew(row, str(other), growing=_growing(rows, row))
        except BrokenIndexError as broken:
            problem = (
                f"{broken}. The database answers searches of dataset {dataset.name}. Have the index rebuilt with "
                f"`apportion index rebuild {dataset.name} --workspace {dataset.workspace}`."
            )
            log.error("%s", problem)
            self.source.keep(row._replace(state=IndexState.BROKEN, problem=problem))
            return False

    def _advance(self, dataset: IndexedDataset, row: IndexRow, rows: list[IndexRow]) -> bool:
        match row.state:
            case IndexState.NEW:
                return self._create(dataset, row)
            case IndexState.BUILDING:
                return self._build(row)
            case IndexState.READY if row is _serving(rows):
                return row.written < dataset.written and self._follow(row, rows)
        if rows[-1].state == IndexState.READY:
            self._replace(row)
        return False

    def _replace(self, row: IndexRow) -> None:
        self.indexes.remove(row)
        self.source.forget(row)

    def _create(self, dataset: IndexedDataset, row: IndexRow) -> bool:
        fields = self.source.fields(row.dataset)
        if fields is None:
            return False
        self.indexes.create(row, fields, dataset.records)
        self.source.keep(row._replace(state=IndexState.BUILDING))
        return True

    def _build(self, row: IndexRow) -> bool:
        """Index the next records; once there are none, those that were written meanwhile, and use it."""
        with self.source.snapshot():
            fields = self.source.fields(row.dataset)
            found = self.source.rows_after(row.dataset, row.built, RECORDS_AT_ONCE)
            # in the snapshot of the rows: these have all that was written up to its end
            changes = self.source.changes(row, 0)
        if fields is None:
            return False
        if changes is None:
            return self._begin_anew(row, _MISSED)
        if not found:
            return self._follow(row, [row])
        self.indexes.send(row, fields, found, version=changes.end)
        self.source.keep(row._replace(built=found[-1].n))
        return True

    def _follow(self, row: IndexRow, rows: list[IndexRow]) -> bool:
        """Index what was written since; return whether there is more of it."""
        with self.source.snapshot():
            fields = self.source.fields(row.dataset)
            changes = self.source.changes(row, RECORDS_AT_ONCE)
            found = [] if changes is None else self.source.rows(row.dataset, changes.ns)
        if fields is None:
            return False
        if changes is None:
            return self._begin_anew(row, _MISSED, growing=_growing(rows, row))
        # what changed and is not there any more was deleted
        there = {each.n for each in found}
        gone = [n for n in changes.ns if n not in there]
        self.indexes.send(row, fields, found, gone=gone, version=changes.end)
        # only what searches can find may be written down as held
        self.indexes.refresh(row)
        left = changes.upto < changes.end
        state = row.state if left else IndexState.READY
        self.source.keep(row._replace(upto=changes.upto, written=changes.written, state=state))
        return left or state != row.state  # once it is ready, what it replaces is removed

    def _begin_anew(self, row: IndexRow, why: str, *, growing: bool = False) -> bool:
        """Begin a new generation, unless another one is ``growing``."""
        log.warning("an index of dataset %d is rebuilt: %s", row.dataset, why)
        self.source.keep(row._replace(state=IndexState.OVERTAKEN))
        if not growing:
            self.source.begin(row.dataset, IndexState.NEW)
        return True


def _growing(rows: list[IndexRow], but: IndexRow) -> bool:
    return any(each.state in _GROWING for each in rows if each is not but)


def _seen(
    datasets: Mapping[int, IndexedDataset], by_dataset: Mapping[int, Sequence[IndexRow]], *, more: bool
) -> Round:
    growing = sum(any(row.state in _GROWING for row in rows) for rows in by_dataset.values())
    found = Round(more, growing, {}, {}, [])
    for no, rows in by_dataset.items():
        newest = _serving(rows)
        if newest is not None and no in datasets:
            found.holds[no] = newest.written
            found.lag[no] = datasets[no].written - newest.written
        found.broken.extend(row.problem for row in rows if row.state == IndexState.BROKEN)
    return found


def _serving(rows: Sequence[IndexRow]) -> IndexRow | None:
    return next((row for row in reversed(rows) if row.state == IndexState.READY), None)

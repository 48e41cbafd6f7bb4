"""A dataset in a store and short ways to use it, through the ports only."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED, DatasetNo
from apportion.domain.individual.case import Annotation
from apportion.domain.individual.record_view import ResolvedView
from apportion.domain.query import parse
from apportion.domain.records import AgentValues, Record, TextClassificationRecord, Value, Vector
from apportion.ports.annotations import CaseChange
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.ports.store import Store, Transaction
from apportion.vocabulary import AnnotationState, Status, Task
from patience import patience

__all__ = ["INDIVIDUAL", "StoredDataset", "annotate", "full", "new_dataset", "read", "text", "write"]

T = TypeVar("T")
INDIVIDUAL = {"annotation": "individual"}


def new_dataset(
    name: str = "", *, workspace: str = "ws", task: Task = Task.TEXT_CLASSIFICATION, **options: Any
) -> Dataset:
    """Return a dataset that is in no store yet; without a name it gets one that no other has."""
    unique = uuid.uuid4().hex
    return Dataset(DatasetNo(0), unique, workspace, name or unique, task, {}, {}, None, **options)


def write(store: Store, fn: Callable[[Transaction], T], *, urgent: bool = False) -> T:
    """Run ``fn`` in a transaction that writes, and wait for it."""
    return store.write(fn, urgent=urgent).result(patience(60))


def read(store: Store, fn: Callable[[Transaction], T]) -> T:
    """Run ``fn`` in a transaction that reads."""
    with store.read() as tx:
        return fn(tx)


def annotate(
    tx: Transaction,
    dataset: Dataset,
    id: str,
    who: str,
    state: AnnotationState,
    value: Value | None,
    *,
    at: int,
) -> int | None:
    """Set somebody's own annotation of a record of an individual dataset, in nobody else's view.

    Return its version, None without such a record.
    """
    before = tx.annotations.case(dataset, id)
    if before is None:
        return None
    mine, resolved = before.of(who), tx.records.stored_answers(dataset, [id]).get(id)
    version = 1 if mine is None else mine.version + 1
    after = before.with_annotation(Annotation(who, state, value, version, at))
    view = ResolvedView(before.record.status)
    if resolved is not None:
        view = replace(view, agent=resolved.agent, value=resolved.value, everyone=resolved.by_agent)
    tx.annotations.save_cases(dataset, [CaseChange(before, after, view)], at=at)
    return version


class StoredDataset:
    """A dataset of a store. Every call is a transaction of its own."""

    def __init__(self, store: Store, task: Task = Task.TEXT_CLASSIFICATION, **options: Any) -> None:
        self.store = store
        wanted = new_dataset(task=task, **options)
        self.dataset = self.write(lambda tx: tx.datasets.add(wanted))

    def write(self, fn: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        return write(self.store, fn, urgent=urgent)

    def read(self, fn: Callable[[Transaction], T]) -> T:
        return read(self.store, fn)

    def log(self, *found: Record, at: int = 1) -> None:
        ready = self.store.encode_records(self.dataset.task, found)
        self.write(lambda tx: tx.records.log(self.dataset, ready, at=at))

    def annotate(
        self, who: str, id: str, value: Value | None, state: AnnotationState = AnnotationState.SUBMITTED
    ) -> int | None:
        """Set somebody's own annotation of a record of an individual dataset, in nobody else's view."""
        return self.write(lambda tx: annotate(tx, self.dataset, id, who, state, value, at=99), urgent=True)

    def number(self, id: str) -> int:
        return self.read(lambda tx: tx.assignments.record_numbers(self.dataset, [id]))[id]

    def criteria(self, query: str = "", viewer: str | None = None) -> Criteria:
        with self.store.read() as tx:
            return Criteria(parse(query), viewer=RESOLVED if viewer is None else tx.records.viewer(viewer))

    def search(self, query: str = "", sort: list[SortKey] | None = None, **options: Any) -> SearchHits:
        with self.store.read() as tx:
            return tx.records.search(self.dataset, Criteria(parse(query)), sort=sort or [], **options)

    def ids(self, query: str = "", *sort: tuple[str, bool]) -> list[str]:
        return [row.id for row in self.search(query, [SortKey(*each) for each in sort]).rows]

    def records(self) -> list[Record]:
        with self.store.read() as tx:
            return list(tx.records.iterate(self.dataset))


def text(id: str, words: str = "some words", **fields: Any) -> TextClassificationRecord:
    return TextClassificationRecord(id=id, inputs={"text": words}, **fields)


def full(id: str = "a") -> TextClassificationRecord:
    """Return a record with a value for every member."""
    return text(
        id,
        "the fox",
        status=Status.VALIDATED,
        metadata={"k": "x", "n": 3, "f": [1.5, 2.5], "b": True, "d": "2023-01-01"},
        event_timestamp="2023-01-01T10:00:00",
        event=1_672_567_200_000_000,
        prediction=AgentValues("m", {"m": (("A", 0.75),), "other": (("B", 0.5),)}),
        annotation=AgentValues("ana", {"ana": (("A", 1.0),)}),
        vectors={"v": Vector([1.0, 2.0], ["p"], "model")},
    )

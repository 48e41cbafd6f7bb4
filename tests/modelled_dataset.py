"""A stored dataset beside what the oracle knows of it, and random changes of both.

Run with ``HYPOTHESIS_EXAMPLES=2000`` to hunt, and with ``HYPOTHESIS_SHRINK=1`` to have a failure made small,
which takes minutes.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED
from apportion.domain.query import MatchAll, Query, Term
from apportion.domain.records import Record
from apportion.ports.records import Criteria, SortKey
from apportion.ports.store import Store
from apportion.vocabulary import AnnotationState, Status, Task
from depth import times
from generated_queries import queries, sortable
from generated_records import Batch, record_batches, records
from oracle import Model, View
from stored_dataset import annotate

__all__ = [
    "ModelledDataset",
    "RandomChanges",
    "check_counts_and_orders",
    "check_search",
    "check_walks",
    "same_facets",
    "sized",
    "sorts",
]

_WANTED = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))


_IN_INDEX = times(3, 1)
"""Of so many examples one is tried on an index of searches, too: each makes an index, which takes a second."""


def sized(examples: int, store: object = None) -> settings:
    """The same few examples at every run, or as many others as asked for; fewer where each makes an index."""
    wanted = _WANTED or times(examples, 5 * examples)
    if hasattr(getattr(store, "read_store", None), "catches_up"):
        wanted = -(-wanted // _IN_INDEX)
    return settings(
        max_examples=wanted,
        derandomize=not _WANTED,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
    )


class ModelledDataset:
    """One dataset in the store, and beside it what the oracle knows of it."""

    def __init__(self, store: Store, batch: Batch, *, individual: bool = False) -> None:
        self.store = store
        wanted = replace(
            batch.dataset(),
            uuid=uuid.uuid4().hex,
            name=uuid.uuid4().hex,
            policies={"annotation": "individual"} if individual else {},
        )
        self.dataset: Dataset = store.write(lambda tx: tx.datasets.add(wanted)).result()
        self.model = Model(batch.task, individual)
        self.at = 1_672_531_200_000_000

    def log(self, found: list[Record]) -> None:
        self.at += 1_000_000
        ready = self.store.encode_records(self.dataset.task, found)
        self.store.write(lambda tx: tx.records.log(self.dataset, ready, at=self.at)).result()
        self.model.log(found, self.at)

    def delete(self, query: Query) -> None:
        there = [view.id for view in self.model.matching(query)]
        answer = self.store.write(
            lambda tx: tx.records.delete(self.dataset, Criteria(query), at=self.at)
        ).result()
        assert answer == (len(there), len(there))
        self.model.delete(there)

    def discard(self, query: Query) -> None:
        there = self.model.matching(query)
        changed = sum(view.status is not Status.DISCARDED for view in there)
        answer = self.store.write(
            lambda tx: tx.records.discard(self.dataset, Criteria(query), at=self.at)
        ).result()
        assert answer == (len(there), changed)
        self.model.discard(view.id for view in there)

    def patch(self, id: str, metadata: dict[str, Any] | None, status: Status | None) -> None:
        self.at += 1_000_000
        self.store.write(
            lambda tx: tx.records.patch(self.dataset, id, metadata=metadata, status=status, at=self.at)
        ).result()
        self.model.patch(id, metadata, status, self.at)

    def annotate(self, id: str, who: str, state: AnnotationState, value: Any) -> None:
        self.store.write(
            lambda tx: annotate(tx, self.dataset, id, who, state, value, at=self.at), urgent=True
        ).result()
        self.model.annotate(id, who, state, value)

    # Asking

    def criteria(self, query: Query, viewer: str | None = None) -> Criteria:
        with self.store.read() as tx:
            return Criteria(query, viewer=RESOLVED if viewer is None else tx.records.viewer(viewer))

    def found(self, query: Query, viewer: str | None = None, **options: Any) -> list[str]:
        criteria = self.criteria(query, viewer)
        with self.store.read() as tx:
            hits = tx.records.search(self.dataset, criteria, limit=1000, **options)
        ids = [row.id for row in hits.rows]
        assert hits.total == len(ids)
        return ids

    def facets(self, query: Query, viewer: str | None = None) -> dict[str, Any]:
        criteria = self.criteria(query, viewer)
        with self.store.read() as tx:
            return dict(tx.records.search(self.dataset, criteria, limit=0, facets=None).facets)

    def expected(self, query: Query, viewer: str | None = None) -> list[str]:
        return [view.id for view in self.model.matching(query, viewer)]


def same_facets(given: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, counted in expected.items():
        got = given[name]
        if name == "metadata":
            assert {key: _statistics(value) for key, value in got.items()} == {
                key: {k: pytest.approx(v) for k, v in value.items()} for key, value in counted.items()
            }
        elif name == "words":
            assert Counter(got.values()) == Counter(sorted(counted.values(), reverse=True)[:80])
            assert all(counted[word] == n for word, n in got.items())
        elif name in ("mentions", "predicted_mentions"):
            assert sum((Counter(per_label) for per_label in got.values()), Counter()) == counted
        else:
            assert got == {value: n for value, n in counted.items() if n or name == "score"}, name
            if name != "score":
                assert list(got.values()) == sorted(got.values(), reverse=True)


def _statistics(found: dict[str, Any]) -> dict[str, Any]:
    if "argilla:stats" not in found:
        return found
    return {key: found["argilla:stats"][key] for key in ("count", "min", "max")}


def sorts(model: Model) -> st.SearchStrategy[tuple[SortKey, ...]]:
    one = st.builds(SortKey, st.sampled_from(sortable(model.kinds)), st.booleans())
    return st.lists(one, min_size=1, max_size=2).map(tuple)


class RandomChanges:
    """Random changes of a dataset, made in the store and in the model."""

    def __init__(
        self, modelled: ModelledDataset, batch: Batch, data: st.DataObject, viewers: tuple[str, ...]
    ) -> None:
        self.modelled, self.batch, self.data, self.viewers = modelled, batch, data, viewers

    def make_one(self) -> None:
        kinds = ["log", "relog", "delete", "discard", "patch"] + ["annotate"] * 3 * bool(self.viewers)
        getattr(self, self.data.draw(st.sampled_from(kinds)))()

    def _record(self, id: str) -> Record:
        batch = self.batch
        return self.data.draw(records(batch.task, id, batch.multi_label, batch.inputs))

    def _some_id(self) -> str | None:
        there = sorted(self.modelled.model.records)
        return self.data.draw(st.sampled_from(there)) if there else None

    def log(self) -> None:
        batch = self.data.draw(record_batches(self.batch.task, most=4))
        self.modelled.log([self._record(record.id) for record in batch.records])

    def relog(self) -> None:
        if id := self._some_id():
            old, new = self.modelled.model.records[id], self._record(id)
            kept = self.data.draw(st.sampled_from(["text", "all but status", "nothing"]))
            if kept == "text":
                parts = {"inputs", "raw", "tokens", "explanation"} & set(_slots(old))
                spans = {} if not hasattr(old, "tokens") else {"prediction": None, "annotation": None}
                new = replace(new, **{name: getattr(old, name) for name in parts}, **spans)  # type: ignore[arg-type]
            elif kept == "all but status":
                new = replace(old, status=new.status)
            self.modelled.log([new])

    def delete(self) -> None:
        if id := self._some_id():
            self.modelled.delete(self.data.draw(st.just(Term("id", id)) | queries()))

    def discard(self) -> None:
        self.modelled.discard(self.data.draw(queries()))

    def patch(self) -> None:
        if id := self._some_id():
            metadata = self._record(id).metadata
            self.modelled.patch(id, metadata, self.data.draw(st.none() | st.sampled_from(list(Status))))

    def annotate(self) -> None:
        if id := self._some_id():
            record = self._record(id)
            old = self.modelled.model.records[id]
            answers = old.prediction if self.data.draw(st.booleans()) else record.annotation
            if self.batch.task is Task.TOKEN_CLASSIFICATION:
                answers = old.prediction
            state = self.data.draw(st.sampled_from(list(AnnotationState)))
            who = self.data.draw(st.sampled_from(self.viewers))
            self.modelled.annotate(id, who, state, None if answers is None else answers.value)


def _slots(record: Record) -> list[str]:
    return list(record.__dataclass_fields__)


def check_walks(
    modelled: ModelledDataset, query: Query, viewer: str | None, sort: tuple[SortKey, ...], views: list[View]
) -> None:
    """Page by page, in either direction, everything comes once."""
    criteria = modelled.criteria(query, viewer)
    ids = [view.id for view in views]
    with modelled.store.read() as tx:
        for order, expected in (((), ids), (sort, modelled.model.in_order(views, sort))):
            walked: list[str] = []
            while page := tx.records.scan(
                modelled.dataset, criteria, after=walked[-1] if walked else None, sort=order, limit=2
            ):
                walked += [row.id for row in page]
                assert len(walked) <= len(expected)
            assert walked == expected
        backwards = tx.records.search(
            modelled.dataset, criteria, sort=[SortKey("id", True)], start=1, limit=3
        )
        assert [row.id for row in backwards.rows] == ids[::-1][1:4]


def check_search(store: Store, task: Task, data: st.DataObject) -> None:
    """Ask a new dataset of a task some queries; it finds what the oracle finds."""
    batch = data.draw(record_batches(task))
    modelled = ModelledDataset(store, batch)
    modelled.log(batch.records)
    for query in data.draw(st.lists(queries(), min_size=6, max_size=14)):
        note(repr(query))
        assert modelled.found(query) == modelled.expected(query)


def check_counts_and_orders(store: Store, data: st.DataObject) -> None:
    """Count and sort what a query finds in a new dataset, as the oracle does."""
    batch = data.draw(record_batches())
    modelled = ModelledDataset(store, batch)
    modelled.log(batch.records)
    query = data.draw(st.just(MatchAll()) | queries())
    views = modelled.model.matching(query)
    same_facets(modelled.facets(query), modelled.model.facets(views))
    for sort in data.draw(st.lists(sorts(modelled.model), min_size=3, max_size=6)):
        assert modelled.found(query, sort=sort) == modelled.model.in_order(views, sort), sort

"""Whatever is stored and whatever is asked: the engine answers as the oracle does, its caches as its tables do.

Run with ``HYPOTHESIS_EXAMPLES=2000`` to hunt, and with ``HYPOTHESIS_SHRINK=1`` to have a failure made small,
which takes minutes.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from oracle import Batch, Model, View, queries, record_batches, records, sortable

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED
from apportion.domain.query import And, Exists, Fuzzy, MatchAll, Not, Or, Phrase, Query, Term
from apportion.domain.records import Record
from apportion.ports.records import Criteria, SortKey
from apportion.storage.sql.index import cache as cache_in_memory
from apportion.storage.sql.index import fields as fields_in_memory
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.query.search import Searcher
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import AnnotationState, Status, Task

_WANTED = int(os.environ.get("HYPOTHESIS_EXAMPLES", "0"))


def sized(examples: int) -> Callable[[Any], Any]:
    """The same few examples at every run, or as many others as asked for."""
    return settings(
        max_examples=_WANTED or examples,
        derandomize=not _WANTED,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=list(Phase) if "HYPOTHESIS_SHRINK" in os.environ else [Phase.explicit, Phase.generate],
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """One file for all examples of this module: each has a dataset of its own."""
    path: Path = tmp_path_factory.mktemp("properties") / "store.db"
    store = SqliteStore(path, open_datasets=4)
    store.write(lambda tx: tx.records._raw.execute("PRAGMA synchronous=OFF"))  # type: ignore[attr-defined]
    yield store
    store.close()


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Some records are many here, so that the ways of large datasets are gone as well."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cache_in_memory, "FEW_RECORDS", 2)
        patched.setattr(cache_in_memory, "FIRST_STRETCH", 2)
        yield


class Shelf:
    """One dataset in the store, and beside it what the oracle knows of it."""

    def __init__(self, store: SqliteStore, batch: Batch, *, individual: bool = False) -> None:
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
            lambda tx: tx.records.annotate(self.dataset, id, who, state, value, at=self.at), urgent=True
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

    def fresh(self, query: Query, viewer: str | None = None, sort: tuple[SortKey, ...] = ()) -> list[str]:
        """The same question to a cache that has just been read from the file."""
        criteria = self.criteria(query, viewer)
        with self.store.database.read() as connection:
            cache = DatasetCache(self.dataset.no, lambda: connection)
            searcher = Searcher(connection, cache, self.dataset, criteria)
            return [row.id for row in searcher.search(criteria, sort, 0, 1000, frozenset()).rows]


def leaves(query: Query) -> list[Query]:
    if isinstance(query, (And, Or)):
        return [leaf for child in query.children for leaf in leaves(child)]
    return leaves(query.child) if isinstance(query, Not) else [query]


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


@pytest.mark.parametrize("task", list(Task))
@given(data=st.data())
@sized(9)
def test_search_finds_what_the_oracle_finds(store: SqliteStore, task: Task, data: st.DataObject) -> None:
    batch = data.draw(record_batches(task))
    shelf = Shelf(store, batch)
    shelf.log(batch.records)

    for query in data.draw(st.lists(queries(), min_size=6, max_size=14)):
        note(repr(query))
        assert shelf.found(query) == shelf.expected(query)


@given(data=st.data())
@sized(12)
def test_counts_and_orders_are_those_of_the_oracle(store: SqliteStore, data: st.DataObject) -> None:
    batch = data.draw(record_batches())
    shelf = Shelf(store, batch)
    shelf.log(batch.records)
    query = data.draw(st.just(MatchAll()) | queries())
    views = shelf.model.matching(query)

    same_facets(shelf.facets(query), shelf.model.facets(views))
    for sort in data.draw(st.lists(sorts(shelf.model), min_size=3, max_size=6)):
        assert shelf.found(query, sort=sort) == shelf.model.in_order(views, sort), sort


def sorts(model: Model) -> st.SearchStrategy[tuple[SortKey, ...]]:
    one = st.builds(SortKey, st.sampled_from(sortable(model.kinds)), st.booleans())
    return st.lists(one, min_size=1, max_size=2).map(tuple)


class Story:
    """A random life of a dataset, told to the engine and to the oracle."""

    def __init__(self, shelf: Shelf, batch: Batch, data: st.DataObject, viewers: tuple[str, ...]) -> None:
        self.shelf, self.batch, self.data, self.viewers = shelf, batch, data, viewers

    def go_on(self) -> None:
        kinds = ["log", "relog", "delete", "discard", "patch"] + ["annotate"] * 3 * bool(self.viewers)
        getattr(self, self.data.draw(st.sampled_from(kinds)))()

    def _record(self, id: str) -> Record:
        batch = self.batch
        return self.data.draw(records(batch.task, id, batch.multi_label, batch.inputs))

    def _some_id(self) -> str | None:
        there = sorted(self.shelf.model.records)
        return self.data.draw(st.sampled_from(there)) if there else None

    def log(self) -> None:
        batch = self.data.draw(record_batches(self.batch.task, most=4))
        self.shelf.log([self._record(record.id) for record in batch.records])

    def relog(self) -> None:
        if id := self._some_id():
            old, new = self.shelf.model.records[id], self._record(id)
            kept = self.data.draw(st.sampled_from(["text", "all but status", "nothing"]))
            if kept == "text":
                parts = {"inputs", "raw", "tokens", "explanation"} & set(_slots(old))
                spans = {} if not hasattr(old, "tokens") else {"prediction": None, "annotation": None}
                new = replace(new, **{name: getattr(old, name) for name in parts}, **spans)  # type: ignore[arg-type]
            elif kept == "all but status":
                new = replace(old, status=new.status)
            self.shelf.log([new])

    def delete(self) -> None:
        if id := self._some_id():
            self.shelf.delete(self.data.draw(st.just(Term("id", id)) | queries()))

    def discard(self) -> None:
        self.shelf.discard(self.data.draw(queries()))

    def patch(self) -> None:
        if id := self._some_id():
            metadata = self._record(id).metadata
            self.shelf.patch(id, metadata, self.data.draw(st.none() | st.sampled_from(list(Status))))

    def annotate(self) -> None:
        if id := self._some_id():
            record = self._record(id)
            old = self.shelf.model.records[id]
            answers = old.prediction if self.data.draw(st.booleans()) else record.annotation
            if self.batch.task is Task.TOKEN_CLASSIFICATION:
                answers = old.prediction
            state = self.data.draw(st.sampled_from(list(AnnotationState)))
            who = self.data.draw(st.sampled_from(self.viewers))
            self.shelf.annotate(id, who, state, None if answers is None else answers.value)


def _slots(record: Record) -> list[str]:
    return list(record.__dataclass_fields__)


@pytest.mark.parametrize("few", [fields_in_memory.FEW_VALUES, 2])
@pytest.mark.parametrize("individual", [False, True])
@given(data=st.data())
@sized(3)
def test_after_any_changes_a_warm_cache_answers_like_a_fresh_one(
    store: SqliteStore, individual: bool, few: int, data: st.DataObject
) -> None:
    """``few`` = 2 turns most fields into columns, which a million distinct values would otherwise take."""
    batch = data.draw(record_batches())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fields_in_memory, "FEW_VALUES", few)
        shelf = Shelf(store, batch, individual=individual)
        story = Story(shelf, batch, data, ("ana", "ben") if individual else ())
        shelf.log(batch.records)
        if data.draw(st.booleans()):
            for _ in store.cache_of(shelf.dataset.no).warm():
                pass
        viewers = (None, "ana", "ben", "nobody") if individual else (None,)
        for _ in range(data.draw(st.integers(2, 5))):
            viewer = data.draw(st.sampled_from(viewers))
            for query in [MatchAll(), *data.draw(st.lists(queries(), min_size=1, max_size=3))]:
                note(f"{viewer}: {query!r}")
                views = shelf.model.matching(query, viewer)
                expected = [view.id for view in views]
                assert shelf.found(query, viewer) == expected
                assert shelf.fresh(query, viewer) == expected
                same_facets(shelf.facets(query, viewer), shelf.model.facets(views))
                sort = data.draw(sorts(shelf.model))
                in_order = shelf.model.in_order(views, sort)
                assert shelf.found(query, viewer, sort=sort) == in_order, sort
                assert shelf.fresh(query, viewer, sort) == in_order, sort
                check_walks(shelf, query, viewer, sort, views)
            story.go_on()
        check_counters(shelf)


def check_walks(
    shelf: Shelf, query: Query, viewer: str | None, sort: tuple[SortKey, ...], views: list[View]
) -> None:
    """Page by page, in either direction, everything comes once."""
    criteria = shelf.criteria(query, viewer)
    ids = [view.id for view in views]
    with shelf.store.read() as tx:
        for order, expected in (((), ids), (sort, shelf.model.in_order(views, sort))):
            walked: list[str] = []
            while page := tx.records.scan(
                shelf.dataset, criteria, after=walked[-1] if walked else None, sort=order, limit=2
            ):
                walked += [row.id for row in page]
                assert len(walked) <= len(expected)
            assert walked == expected
        backwards = tx.records.search(shelf.dataset, criteria, sort=[SortKey("id", True)], start=1, limit=3)
        assert [row.id for row in backwards.rows] == ids[::-1][1:4]


def check_counters(shelf: Shelf) -> None:
    """Counters, facet rows and the terms kept with each record tell the same."""
    with shelf.store.database.read() as connection:
        run = connection.raw.execute
        no = shelf.dataset.no
        vals = run(
            "SELECT v.vid, v.n FROM vals v JOIN fields f ON f.no = v.field WHERE f.dataset = ?", (no,)
        ).fetchall()
        low, high = no << 32, no + 1 << 32
        kept: Counter[tuple[int, int]] = Counter()
        blobs = run(
            "SELECT rid, terms FROM records WHERE rid BETWEEN ?1 AND ?2 UNION ALL "
            "SELECT rid, answer_terms FROM records WHERE rid BETWEEN ?1 AND ?2 UNION ALL "
            "SELECT rid, terms FROM annotations WHERE rid BETWEEN ?1 AND ?2",
            (low, high),
        ).fetchall()
        for rid, blob in blobs:
            kept.update((vid, rid & 0xFFFFFFFF) for vid in memoryview(blob).cast("I"))
        rows = {
            (vid, key & 0xFFFFFFFF)
            for vid, _ in vals
            for (key,) in run("SELECT key FROM facet WHERE key >= ? AND key < ?", (vid << 32, vid + 1 << 32))
        }
        assert set(kept) == rows
        assert set(kept.values()) <= {1}
        counted = Counter(vid for vid, _ in rows)
        assert {vid: n for vid, n in vals if n} == counted
        (held,) = run("SELECT records FROM datasets WHERE no = ?", (no,)).fetchone()
        assert held == len(shelf.model.records)
        numbers = run(
            "SELECT f.name, x.value, x.n FROM numbers x JOIN fields f ON f.no = x.field WHERE f.dataset = ?",
            (no,),
        ).fetchall()
        expected = [
            (name, value)
            for view in shelf.model.views()
            for name in (
                "score",
                *(f"metadata.{k}" for k, kind in shelf.model.kinds.items() if kind in ("float", "date")),
            )
            for value in shelf.model.values(view, name)[1]
        ]
        assert Counter((name, value) for name, value, _ in numbers) == Counter(expected)


@given(data=st.data())
@sized(8)
def test_late_comers_and_gaps_keep_their_places(store: SqliteStore, data: st.DataObject) -> None:
    """Once the order of ids is in memory, later records are let in and deleted ones drop out."""
    batch = data.draw(record_batches(Task.TEXT2TEXT))
    shelf = Shelf(store, batch)
    ids = data.draw(st.lists(st.integers(0, 200).map(str), min_size=4, max_size=30, unique=True))
    plain = batch.records[:1] or [data.draw(records(Task.TEXT2TEXT, "q", False, ()))]
    shelf.log([replace(plain[0], id=id) for id in ids])
    assert shelf.found(MatchAll()) == sorted(ids)
    later = data.draw(st.lists(st.integers(0, 200).map(str), max_size=8, unique=True))
    shelf.log([replace(plain[0], id=id) for id in later])
    gone = data.draw(st.lists(st.sampled_from(sorted({*ids, *later})), max_size=20, unique=True))
    for id in gone:
        shelf.delete(Term("id", id))

    for query in (
        MatchAll(),
        Exists("text"),
        Not(Fuzzy("id", "nope", 0)),
        Phrase("status", plain[0].status.value),
    ):
        views = shelf.model.matching(query)
        check_walks(shelf, query, None, (SortKey("status"),), views)
        for after in data.draw(st.lists(st.integers(0, 200).map(str), max_size=3)):
            with shelf.store.read() as tx:
                rows = tx.records.scan(shelf.dataset, Criteria(query), after=after, limit=100)
            assert [row.id for row in rows] == [view.id for view in views if view.id > after]

"""The caches of a dataset answer as the oracle does, and as its tables do; both ways of small and large ones.

``tests/contract/test_contract_search_properties.py`` is what every store promises; this is what is about SQLite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from apportion.domain.query import MatchAll, Query
from apportion.ports.records import SortKey
from apportion.storage.sql.index import fields as fields_in_memory
from apportion.storage.sql.index import id_order
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sql.query.search import Searcher
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import Task
from generated_queries import queries
from generated_records import record_batches
from modelled_dataset import (
    ModelledDataset,
    RandomChanges,
    check_counts_and_orders,
    check_search,
    check_walks,
    same_facets,
    sized,
    sorts,
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
        patched.setattr(id_order, "FEW_RECORDS", 2)
        patched.setattr(id_order, "FIRST_STRETCH", 2)
        patched.setattr(id_order, "WALKED_AT_ONCE", 3)
        yield


def fresh(
    store: SqliteStore,
    modelled: ModelledDataset,
    query: Query,
    viewer: str | None = None,
    sort: tuple[SortKey, ...] = (),
) -> list[str]:
    """Return what a cache answers that has just been read from the file."""
    criteria = modelled.criteria(query, viewer)
    with store.database.read() as connection:
        cache = DatasetCache(modelled.dataset.no, lambda: connection)
        searcher = Searcher(connection, cache, modelled.dataset, criteria)
        return [row.id for row in searcher.search(criteria, sort, 0, 1000, frozenset()).rows]


@pytest.mark.parametrize("task", list(Task))
@given(data=st.data())
@sized(4)
def test_search_finds_what_the_oracle_finds_the_way_of_large_datasets(
    store: SqliteStore, task: Task, data: st.DataObject
) -> None:
    check_search(store, task, data)


@given(data=st.data())
@sized(6)
def test_counts_and_orders_are_those_of_the_oracle_the_way_of_large_datasets(
    store: SqliteStore, data: st.DataObject
) -> None:
    check_counts_and_orders(store, data)


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
        modelled = ModelledDataset(store, batch, individual=individual)
        changes = RandomChanges(modelled, batch, data, ("ana", "ben") if individual else ())
        modelled.log(batch.records)
        if data.draw(st.booleans()):
            for _ in store.caches.of(modelled.dataset.no).warm():
                pass
        viewers = (None, "ana", "ben", "nobody") if individual else (None,)
        for _ in range(data.draw(st.integers(2, 5))):
            viewer = data.draw(st.sampled_from(viewers))
            for query in [MatchAll(), *data.draw(st.lists(queries(), min_size=1, max_size=3))]:
                note(f"{viewer}: {query!r}")
                views = modelled.model.matching(query, viewer)
                expected = [view.id for view in views]
                assert modelled.found(query, viewer) == expected
                assert fresh(store, modelled, query, viewer) == expected
                same_facets(modelled.facets(query, viewer), modelled.model.facets(views))
                sort = data.draw(sorts(modelled.model))
                in_order = modelled.model.in_order(views, sort)
                assert modelled.found(query, viewer, sort=sort) == in_order, sort
                assert fresh(store, modelled, query, viewer, sort) == in_order, sort
                check_walks(modelled, query, viewer, sort, views)
            changes.make_one()
        check_counters(store, modelled)


def check_counters(store: SqliteStore, modelled: ModelledDataset) -> None:
    """Counters, facet rows and the terms kept with each record tell the same."""
    with store.database.read() as connection:
        run = connection.raw.execute
        no = modelled.dataset.no
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
        assert held == len(modelled.model.records)
        numbers = run(
            "SELECT f.name, x.value, x.n FROM numbers x JOIN fields f ON f.no = x.field WHERE f.dataset = ?",
            (no,),
        ).fetchall()
        expected = [
            (name, value)
            for view in modelled.model.views()
            for name in (
                "score",
                *(f"metadata.{k}" for k, kind in modelled.model.kinds.items() if kind in ("float", "date")),
            )
            for value in modelled.model.values(view, name)[1]
        ]
        assert Counter((name, value) for name, value, _ in numbers) == Counter(expected)

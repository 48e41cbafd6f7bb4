"""Whatever is stored and whatever is asked: a store answers as the brute-force oracle does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from apportion.domain.query import Exists, Fuzzy, MatchAll, Not, Phrase, Term
from apportion.ports.records import Criteria, SortKey
from apportion.ports.store import Store
from apportion.storage.sql.index import cache, read_ahead
from apportion.vocabulary import Task
from generated_queries import queries
from generated_records import record_batches, records
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


@pytest.fixture(autouse=True)
def read_as_large_datasets_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields are read ahead, several at once from the rows of records, where a store can do that."""
    monkeypatch.setattr(cache, "_LARGE", 1)
    monkeypatch.setattr(read_ahead, "RECORDS_AT_ONCE", 3)
    monkeypatch.setattr(read_ahead, "ENOUGH_FIELDS", 1)


def for_any_data(store: Store, examples: int, check: Callable[[st.DataObject], None]) -> None:
    """Check with so many examples; how many they are may depend on the kind of store."""

    @given(data=st.data())
    @sized(examples, store)
    def some(data: st.DataObject) -> None:
        check(data)

    some()


@pytest.mark.parametrize("task", list(Task))
def test_search_finds_what_the_oracle_finds(store: Store, task: Task) -> None:
    for_any_data(store, 9, partial(check_search, store, task))


def test_counts_and_orders_are_those_of_the_oracle(store: Store) -> None:
    for_any_data(store, 12, partial(check_counts_and_orders, store))


@pytest.mark.parametrize("individual", [False, True])
def test_after_any_changes_everybody_finds_what_the_oracle_finds(store: Store, individual: bool) -> None:
    for_any_data(store, 5, partial(after_any_changes, store, individual))


def after_any_changes(store: Store, individual: bool, data: st.DataObject) -> None:
    batch = data.draw(record_batches())
    modelled = ModelledDataset(store, batch, individual=individual)
    changes = RandomChanges(modelled, batch, data, ("ana", "ben") if individual else ())
    modelled.log(batch.records)
    viewers = (None, "ana", "ben", "nobody") if individual else (None,)
    for _ in range(data.draw(st.integers(2, 5))):
        viewer = data.draw(st.sampled_from(viewers))
        for query in [MatchAll(), *data.draw(st.lists(queries(), min_size=1, max_size=3))]:
            note(f"{viewer}: {query!r}")
            views = modelled.model.matching(query, viewer)
            assert modelled.found(query, viewer) == [view.id for view in views]
            same_facets(modelled.facets(query, viewer), modelled.model.facets(views))
            sort = data.draw(sorts(modelled.model))
            assert modelled.found(query, viewer, sort=sort) == modelled.model.in_order(views, sort), sort
            check_walks(modelled, query, viewer, sort, views)
        changes.make_one()


def test_late_comers_and_gaps_keep_their_places(store: Store) -> None:
    """Once the order of ids is in memory, later records are let in and deleted ones drop out."""
    for_any_data(store, 8, partial(late_comers_and_gaps, store))


def late_comers_and_gaps(store: Store, data: st.DataObject) -> None:
    batch = data.draw(record_batches(Task.TEXT2TEXT))
    modelled = ModelledDataset(store, batch)
    ids = data.draw(st.lists(st.integers(0, 200).map(str), min_size=4, max_size=30, unique=True))
    plain = batch.records[:1] or [data.draw(records(Task.TEXT2TEXT, "q", False, ()))]
    modelled.log([replace(plain[0], id=id) for id in ids])
    assert modelled.found(MatchAll()) == sorted(ids)
    later = data.draw(st.lists(st.integers(0, 200).map(str), max_size=8, unique=True))
    modelled.log([replace(plain[0], id=id) for id in later])
    gone = data.draw(st.lists(st.sampled_from(sorted({*ids, *later})), max_size=20, unique=True))
    for id in gone:
        modelled.delete(Term("id", id))

    for query in (
        MatchAll(),
        Exists("text"),
        Not(Fuzzy("id", "nope", 0)),
        Phrase("status", plain[0].status.value),
    ):
        views = modelled.model.matching(query)
        check_walks(modelled, query, None, (SortKey("status"),), views)
        for after in data.draw(st.lists(st.integers(0, 200).map(str), max_size=3)):
            with modelled.store.read() as tx:
                rows = tx.records.scan(modelled.dataset, Criteria(query), after=after, limit=100)
            assert [row.id for row in rows] == [view.id for view in views if view.id > after]

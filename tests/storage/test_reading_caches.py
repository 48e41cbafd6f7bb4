"""Caches are read while somebody writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from apportion.domain.query import parse
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria, SortKey
from apportion.storage.sql.index import fields, id_order
from apportion.storage.sql.index.cache import DatasetCache
from apportion.storage.sqlite.store import SqliteStore
from patience import patience
from stored_dataset import StoredDataset, full, text


@pytest.mark.parametrize("before", [[], ["x0", "x1"]], ids=["a new value", "one that nobody had any more"])
def test_a_value_that_arrives_while_a_field_is_read_is_counted_like_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    watch = sqlite3.connect(tmp_path / "apportion.db")
    read = fields.read_keys
    late: list[Future[None]] = []

    def meanwhile(*which: Any) -> Any:
        """Something is committed after the values were read, and before who has them is."""
        if not late:
            (version,) = watch.execute("PRAGMA data_version").fetchone()
            ready = store.encode_records(stored.dataset.task, [text("late", metadata={"k": "x0"})])
            late.append(store.write(lambda tx: tx.records.log(stored.dataset, ready, at=2)))
            until = time.monotonic() + patience(20)
            while watch.execute("PRAGMA data_version").fetchone() == (version,):
                assert time.monotonic() < until
                time.sleep(0.001)
        return read(*which)

    stored.log(*(text(each, metadata={"k": each}) for each in before))
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(parse("metadata.k:x*")), at=1))
    stored.log(*(text(f"r{n}", metadata={"k": f"v{n}"}) for n in range(3)))
    store.close()
    store = stored.store = SqliteStore(tmp_path / "apportion.db")  # nothing is cached yet
    monkeypatch.setattr(fields, "read_keys", meanwhile)
    stored.search("some", facets=frozenset({"metadata"}))
    late[0].result(patience(20))
    counts = stored.search("some", facets=frozenset({"metadata"})).facets["metadata"]["k"]

    assert counts == {"v0": 1, "v1": 1, "v2": 1, "x0": 1}
    watch.close()
    store.close()


def test_a_pattern_for_many_values_finds_whoever_has_one_of_them_also_after_changes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    stored.log(*(text(f"r{n:02}", metadata={"k": f"v{n:02}", "other": "w"}) for n in range(60)))
    assert stored.search("metadata.k:v*").total == 60
    stored.log(text("r07", metadata={"k": "w"}), text("late", metadata={"k": "v99"}), at=2)

    everybody = {f"r{n:02}" for n in range(60)} - {"r07"} | {"late"}
    assert {row.id for row in stored.search("metadata.k:v*", limit=100).rows} == everybody
    assert stored.search("metadata.k:(*0* OR *1* OR *v2*) AND NOT metadata.k:v*").total == 0
    assert stored.search("metadata.k:(v* OR w*)").total == 61
    store.close()


@pytest.mark.parametrize("many", [254, 255, 256, 300])
def test_a_value_more_than_the_cache_had_numbers_for_is_counted_as_the_others_are(
    tmp_path: Path, many: int, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    stored.log(*(text(f"r{n:03}", metadata={"k": f"v{n:03}"}) for n in range(many)))
    assert stored.search("metadata.k:*").total == many
    stored.log(text("late", metadata={"k": "w"}), text("later", metadata={"k": "x"}), at=2)

    assert [row.id for row in stored.search("metadata.k:w OR metadata.k:x").rows] == ["late", "later"]
    assert [row.id for row in stored.search("metadata.k:v000").rows] == ["r000"]
    assert stored.search("metadata.k:*").total == many + 2
    assert not caplog.records  # the cache took them over, and did not have to be read again
    store.close()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("start", [0, 4, 13, 40])
def test_a_page_is_the_same_before_and_after_the_order_of_all_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int, descending: bool
) -> None:
    monkeypatch.setattr(id_order, "FEW_RECORDS", 2)
    monkeypatch.setattr(id_order, "WALKED_AT_ONCE", 3)
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    ids = [f"r{n:02}" for n in range(50)]
    stored.log(*(text(id, metadata={"even": str(n % 2)}) for n, id in enumerate(reversed(ids))))
    wanted = sorted((id for n, id in enumerate(reversed(ids)) if n % 2 == 0), reverse=descending)

    for _ in range(2):
        found = stored.search("metadata.even:0", [SortKey("id", descending)], start=start, limit=5)
        assert [row.id for row in found.rows] == wanted[start : start + 5]
        stored.search("metadata.even:0", start=30)  # needs the order of all
    store.close()


def test_no_search_is_refused_because_it_was_the_first_and_read_what_all_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    stored.log(*(text(f"r{n}", metadata={"k": f"v{n % 3}"}) for n in range(10)))
    store.close()
    store = SqliteStore(tmp_path / "apportion.db")  # nothing is cached yet
    now, reading = [0.0], DatasetCache.reading

    @contextmanager
    def slow(cache: DatasetCache, **how: Any) -> Iterator[Any]:
        """Take ten seconds of computing, as some millions of records do."""
        with reading(cache, **how) as connection:
            now[0] += 10
            yield connection

    monkeypatch.setattr(DatasetCache, "reading", slow)
    monkeypatch.setattr(id_order, "FEW_RECORDS", 0)
    monkeypatch.setattr(id_order, "_MOST_WALKS", 0)
    wanted = Criteria(parse("status:Default AND metadata.k:(v1 OR v2)"))
    with store.read(Deadline(3, clock=lambda: now[0])) as tx:
        found = tx.records.search(stored.dataset, wanted, facets=frozenset({"metadata"}))
        tx.deadline.check()

    assert found.total == 6
    assert now[0] >= 30  # all records, their order, and a field
    store.close()


def test_large_datasets_can_be_read_ahead(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    stored.log(*(full(f"r{n}") for n in range(3)))
    assert list(store.warm()) == []
    assert list(store.warm(least=3))
    assert stored.search().total == 3
    store.close()


def test_ids_are_read_ahead_while_records_are_logged_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    stored = StoredDataset(store)
    stored.log(*(text(f"r{n}") for n in range(10)))
    monkeypatch.setattr(id_order, "FEW_RECORDS", 0)
    lent = DatasetCache._lent

    @contextmanager
    def meanwhile(cache: DatasetCache) -> Iterator[Any]:
        """Others change the dataset right after the ids were read."""
        with lent(cache) as connection:

            def packed(*given: Any) -> Any:
                row = connection.raw.packed(*given)
                stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(parse("id:r3")), at=2))
                stored.log(text("r55"), at=3)
                return row

            yield SimpleNamespace(raw=SimpleNamespace(dialect=connection.raw.dialect, packed=packed))

    monkeypatch.setattr(DatasetCache, "_lent", meanwhile)
    cache = store.caches.of(stored.dataset.no)
    assert list(cache.warm())
    assert stored.ids() == ["r0", "r1", "r2", "r4", "r5", "r55", "r6", "r7", "r8", "r9"]
    assert stored.ids("text:some", ("id", True))[::-1] == stored.ids()
    store.close()

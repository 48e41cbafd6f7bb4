"""Caches are read while somebody writes."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from test_engine_contract import Desk, text

from apportion.domain.query import parse
from apportion.ports.records import Criteria
from apportion.storage.sql.index import fields
from apportion.storage.sqlite.store import SqliteStore
from patience import patience


@pytest.mark.parametrize("before", [[], ["x0", "x1"]], ids=["a new value", "one that nobody had any more"])
def test_a_value_that_arrives_while_a_field_is_read_is_counted_like_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    desk = Desk(store)
    watch = sqlite3.connect(tmp_path / "apportion.db")
    read, late = fields.read_keys, []

    def meanwhile(*which: Any) -> Any:
        """Something is committed after the values were read, and before who has them is."""
        if not late:
            (version,) = watch.execute("PRAGMA data_version").fetchone()
            ready = store.encode_records(desk.dataset.task, [text("late", metadata={"k": "x0"})])
            late.append(store.write(lambda tx: tx.records.log(desk.dataset, ready, at=2)))
            until = time.monotonic() + patience(20)
            while watch.execute("PRAGMA data_version").fetchone() == (version,):
                assert time.monotonic() < until
                time.sleep(0.001)
        return read(*which)

    desk.log(*(text(each, metadata={"k": each}) for each in before))
    desk.write(lambda records: records.delete(desk.dataset, Criteria(parse("metadata.k:x*")), at=1))
    desk.log(*(text(f"r{n}", metadata={"k": f"v{n}"}) for n in range(3)))
    store.close()
    store = desk.store = SqliteStore(tmp_path / "apportion.db")  # nothing is cached yet
    monkeypatch.setattr(fields, "read_keys", meanwhile)
    desk.search("some", facets=frozenset({"metadata"}))
    late[0].result(patience(20))
    counts = desk.search("some", facets=frozenset({"metadata"})).facets["metadata"]["k"]

    assert counts == {"v0": 1, "v1": 1, "v2": 1, "x0": 1}
    watch.close()
    store.close()


def test_a_pattern_for_many_values_finds_whoever_has_one_of_them_also_after_changes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    desk = Desk(store)
    desk.log(*(text(f"r{n:02}", metadata={"k": f"v{n:02}", "other": "w"}) for n in range(60)))
    assert desk.search("metadata.k:v*").total == 60
    desk.log(text("r07", metadata={"k": "w"}), text("late", metadata={"k": "v99"}), at=2)

    everybody = {f"r{n:02}" for n in range(60)} - {"r07"} | {"late"}
    assert {row.id for row in desk.search("metadata.k:v*", limit=100).rows} == everybody
    assert desk.search("metadata.k:(*0* OR *1* OR *v2*) AND NOT metadata.k:v*").total == 0
    assert desk.search("metadata.k:(v* OR w*)").total == 61
    store.close()

"""A server that has just started reads the fields of a dataset through two connections, from one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.store import PostgresStore
from apportion.storage.sql.index import cache, fields
from patience import patience
from stored_dataset import StoredDataset, text

METADATA = frozenset({"metadata"})
FIELDS = [f"k{n}" for n in range(6)]


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_LARGE", 1)


@pytest.fixture
def stored(url: str) -> Iterator[StoredDataset]:
    with closing(PostgresStore(url)) as store:
        yield StoredDataset(store)


@pytest.fixture
def cold(url: str, stored: StoredDataset) -> Iterator[PostgresStore]:
    """Another server, which has read nothing yet; each record has the same value in all fields."""
    stored.log(*(text(f"r{n}", metadata=dict.fromkeys(FIELDS, f"v{n % 2}")) for n in range(10)))
    with closing(PostgresStore(url)) as store:
        yield store


def counts(store: PostgresStore, stored: StoredDataset) -> Any:
    beside = StoredDataset.__new__(StoredDataset)
    beside.store, beside.dataset = store, stored.dataset
    return beside.search("text:some", facets=METADATA).facets["metadata"]


def test_what_is_committed_meanwhile_is_in_none_of_the_fields_and_then_in_all(
    stored: StoredDataset, cold: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, shared = fields.read_keys, PostgresConnection.shared_snapshot
    threads, both = set[int](), threading.Barrier(2)

    def in_two_threads(*which: Any) -> Any:
        if threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            both.wait(patience(20))
        return read(*which)

    def then_changed(connection: PostgresConnection) -> str | None:
        name = shared(connection)
        stored.log(*(text(f"r{n}", metadata=dict.fromkeys(FIELDS, "v0")) for n in range(10)), at=2)
        return name

    monkeypatch.setattr(fields, "read_keys", in_two_threads)
    monkeypatch.setattr(PostgresConnection, "shared_snapshot", then_changed)
    before = counts(cold, stored)
    assert len(threads) == 2
    assert before == {key: {"v0": 5, "v1": 5} for key in FIELDS}
    assert counts(cold, stored) == {key: {"v0": 10} for key in FIELDS}


def test_without_a_second_connection_everything_is_read_through_the_first(
    stored: StoredDataset,
    cold: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    snapshot = PostgresConnection.snapshot

    def refused(connection: PostgresConnection, of: str | None = None) -> Any:
        if of is not None:
            raise OSError("too many connections")
        return snapshot(connection)

    monkeypatch.setattr(PostgresConnection, "snapshot", refused)
    assert counts(cold, stored) == {key: {"v0": 5, "v1": 5} for key in FIELDS}
    assert "couldn't read ahead" in caplog.text

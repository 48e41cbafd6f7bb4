"""A server that has just started reads the fields of a dataset through two connections, from one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from apportion.domain.records import AgentValues
from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.store import PostgresStore
from apportion.storage.sql.index import cache, read_ahead, record_terms
from apportion.storage.sql.index.record_terms import RecordTerms
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


def counts(store: PostgresStore, stored: StoredDataset, facets: frozenset[str] = METADATA) -> Any:
    beside = StoredDataset.__new__(StoredDataset)
    beside.store, beside.dataset = store, stored.dataset
    found = beside.search("text:some", facets=facets).facets
    return found["metadata"] if facets == METADATA else found


def test_what_is_committed_meanwhile_is_in_none_of_the_fields_and_then_in_all(
    stored: StoredDataset, cold: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, shared = RecordTerms.read, PostgresConnection.shared_snapshot
    threads, both = set[int](), threading.Barrier(2)

    def in_two_threads(*which: Any) -> None:
        if threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            both.wait(patience(20))
        read(*which)

    def then_changed(connection: PostgresConnection) -> str | None:
        name = shared(connection)
        stored.log(*(text(f"r{n}", metadata=dict.fromkeys(FIELDS, "v0")) for n in range(10)), at=2)
        return name

    monkeypatch.setattr(read_ahead, "RECORDS_AT_ONCE", 3)
    monkeypatch.setattr(RecordTerms, "read", in_two_threads)
    monkeypatch.setattr(PostgresConnection, "shared_snapshot", then_changed)
    before = counts(cold, stored)
    assert len(threads) == 2
    assert before == {key: {"v0": 5, "v1": 5} for key in FIELDS}
    assert counts(cold, stored) == {key: {"v0": 10} for key in FIELDS}


@pytest.mark.parametrize("widest", [record_terms.WIDEST, 0], ids=["by record", "by field"])
def test_fields_are_read_as_they_would_be_one_by_one(
    url: str, stored: StoredDataset, monkeypatch: pytest.MonkeyPatch, widest: int
) -> None:
    monkeypatch.setattr(read_ahead, "RECORDS_AT_ONCE", 7)
    monkeypatch.setattr(record_terms, "WIDEST", widest)
    filled, by_record = RecordTerms.filled, list[int]()

    def noted(terms: RecordTerms) -> Any:
        found = filled(terms)
        by_record.append(len(found))
        return found

    monkeypatch.setattr(RecordTerms, "filled", noted)
    for n in range(30):
        metadata = {"one": f"v{n % 3}", "some": ["a", "b"][: n % 4], "n": n % 5, "rare": n == 20}
        metadata = {key: value for key, value in metadata.items() if value}
        stored.log(text(f"r{n}", metadata=metadata, prediction=AgentValues("m", {"m": (("yes", n / 100),)})))
    for n in range(0, 30, 4):
        stored.log(text(f"r{n}", annotation=AgentValues("ana", {"ana": (("no", 1.0),)})), at=2)
    wanted = frozenset(
        {"metadata", "predicted_as", "annotated_as", "annotated_by", "predicted", "status", "score"}
    )
    found = []
    for least in (1, 1_000):
        monkeypatch.setattr(cache, "_LARGE", least)
        with closing(PostgresStore(url)) as store:
            found.append(counts(store, stored, wanted))
            assert counts(store, stored, wanted) == found[-1]
    assert found[0] == found[1]
    assert by_record == [6 if widest else 0]


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

"""Clusters that cannot do what is needed, or not just now: it is said what to do, and the database answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from benchmarks.nodes import Nodes, nodes

from apportion.domain.query import parse
from apportion.domain.records import TextClassificationRecord, Vector
from apportion.ports.records import Criteria
from apportion.ports.upkeep import CannotOpenError
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.upkeep import IndexUpkeep
from indexed import Indexed, log, opened_indexed, text_of
from opensearch_node import SCRIPT
from patience import until
from stored_dataset import StoredDataset


@pytest.fixture(scope="module")
def bare(
    node: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:  # ``node``: its programs are there
    """A node without any plugin, which looks after its disk."""
    given = os.environ.get("APPORTION_OPENSEARCH_HOME")
    laid = Path(given) if given else next(SCRIPT.parents[1].glob(".tools/opensearch-*/bin")).parent
    programs = tmp_path_factory.mktemp("programs") / "opensearch"
    shutil.copytree(laid, programs, ignore=shutil.ignore_patterns("opensearch-knn"))
    with nodes(
        APPORTION_OPENSEARCH_HOME=str(programs),
        APPORTION_OPENSEARCH_DISK_THRESHOLD="true",
        APPORTION_OPENSEARCH_JAVA_OPTS="-XX:TieredStopAtLevel=1",
    ) as found:
        yield found


@pytest.fixture
def on_bare(bare: Nodes) -> Iterator[Indexed]:
    with opened_indexed(bare.url) as found:
        yield found


def record(n: int) -> TextClassificationRecord:
    vector = Vector([float(n), 1.0, 0.5, 0.25])
    return TextClassificationRecord(id=f"r{n}", inputs={"text": text_of(n)}, vectors={"v": vector})


def total(stored: StoredDataset) -> int:
    with stored.store.read() as tx:
        return tx.records.search(stored.dataset, Criteria(parse("text"))).total


def problem_of(indexed: Indexed) -> Callable[[], str]:
    return lambda: indexed.search.condition().problem


def test_a_version_that_is_too_old_is_named(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.client.LEAST_VERSION", (99, 1))
    with opened_indexed(node) as indexed:
        stored = StoredDataset(indexed.store)
        log(stored, [record(1)])
        indexed.thread.start()
        problem = until(problem_of(indexed))
        assert (
            "can't search among given records; 99.1 or later is needed. Update OpenSearch, or unset"
            in problem
        )
        assert total(stored) == 1
        assert indexed.rows(stored.dataset.no) == []
        indexer = indexed.new_indexer(indexed.client)
        with pytest.raises(
            CannotOpenError, match=r"99\.1 or later is needed.*Look at APPORTION_OPENSEARCH_URL"
        ):
            IndexUpkeep(indexer)
        indexer.source.close()


def test_without_the_plugin_for_vectors_the_database_compares_them(on_bare: Indexed) -> None:
    stored = StoredDataset(on_bare.store)
    log(stored, [record(n) for n in range(5)])
    on_bare.index_all()
    assert total(stored) == 5
    assert on_bare.search.condition().left == 0
    with stored.store.read() as tx:
        near = tx.records.nearest(
            stored.dataset, Criteria(parse("text")), vector="v", value=[3.1, 1.0, 0.5, 0.25], k=2, limit=2
        )
    assert [row.id for row in near.rows] == ["r3", "r4"]
    assert on_bare.search.condition().left == 1
    with closing(IndexUpkeep(on_bare.new_indexer(OpenSearchClient([on_bare.node])))) as upkeep:
        (status,) = upkeep.status()
        assert upkeep.verify("ws", stored.dataset.name) == []
    assert "opensearch-knn. Install it on all of them" in status.problem


def test_a_full_disk_stops_indexing_until_there_is_space_again(on_bare: Indexed) -> None:
    stored = StoredDataset(on_bare.store)
    log(stored, [record(1)])
    on_bare.thread.start()
    until(lambda: on_bare.search.condition().indexed)
    try:
        _want_free_space(on_bare, "100pb")
        name = on_bare.name(stored.dataset.no)
        until(lambda: "read_only_allow_delete" in str(on_bare.ask("GET", f"/{name}/_settings")), 60)
        log(stored, [record(2)], by="anna")
        problem = until(problem_of(on_bare))
        assert "A disk of OpenSearch is full: free some space there" in problem
        assert "Then indexing goes on by itself" in problem
        assert total(stored) == 1  # of others' records the index knows what it did
        with stored.store.read() as tx:
            assert tx.records.search(stored.dataset, Criteria(parse("text"), me="anna")).total == 2
        assert on_bare.search.condition().lag == 1
    finally:
        _want_free_space(on_bare, None)
    until(lambda: not on_bare.search.condition().problem and not on_bare.search.condition().lag, 60)
    assert total(stored) == 2
    assert on_bare.differences("ws", stored.dataset.name) == []


def _want_free_space(indexed: Indexed, space: str | None) -> None:
    """Have a node count as full that has less than so much free space."""
    place = "cluster.routing.allocation.disk.watermark"
    wanted = {f"{place}.{name}": space for name in ("low", "high", "flood_stage")}
    answer = httpx.put(
        f"{indexed.node}/_cluster/settings",
        json={"transient": {**wanted, "cluster.info.update.interval": "10s"}},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text

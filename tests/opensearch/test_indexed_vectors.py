"""Vectors in an index: the same neighbours as in the database, by comparing all or by the graph."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from apportion.domain.query import parse
from apportion.domain.records import TextClassificationRecord, Vector
from apportion.ports.records import Criteria
from apportion.storage.opensearch.client import BadAnswerError
from apportion.storage.opensearch.index import Indexes
from indexed import Indexed, log, opened_indexed
from stored_dataset import StoredDataset

SIZE = 8


@pytest.fixture
def indexed(node: str) -> Iterator[Indexed]:
    with opened_indexed(node) as found:
        yield found


def some_vectors(many: int) -> list[list[float]]:
    dice = random.Random(7)
    return [[dice.gauss(0, 1) for _ in range(SIZE)] for _ in range(many)]


def filled(indexed: Indexed, vectors: Sequence[Sequence[float]], first: int = 0) -> StoredDataset:
    stored = StoredDataset(indexed.store)
    log(
        stored,
        [
            TextClassificationRecord(
                id=f"r{n:03}",
                inputs={"text": "even" if n % 2 == 0 else "odd"},
                vectors={"a.b": Vector(list(vector))},
            )
            for n, vector in enumerate(vectors, start=first)
        ],
    )
    indexed.index_all()
    return stored


def near(stored: StoredDataset, value: Sequence[float], k: int, query: str = "") -> list[str]:
    with stored.store.read() as tx:
        hits = tx.records.nearest(
            stored.dataset, Criteria(parse(query)), vector="a.b", value=value, k=k, limit=k
        )
    return [row.id for row in hits.rows]


def by_hand(vectors: Sequence[Sequence[float]], value: Sequence[float], k: int, step: int = 1) -> list[str]:
    def distance(n: int) -> float:
        return sum((a - b) ** 2 for a, b in zip(vectors[n], value, strict=True))

    return [f"r{n:03}" for n in sorted(range(0, len(vectors), step), key=distance)[:k]]


@pytest.mark.parametrize("compared", [10_000, 10])
def test_neighbours_are_those_of_the_database(
    indexed: Indexed, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.index_query._COMPARED", compared)
    vectors = some_vectors(400)
    stored = filled(indexed, vectors)
    for value in some_vectors(403)[400:]:
        assert near(stored, value, 5) == by_hand(vectors, value, 5)
        assert near(stored, value, 5, "even") == by_hand(vectors, value, 5, step=2)
    assert indexed.search.condition().left == 0


def test_a_vector_that_is_gone_or_came_later_is_known(indexed: Indexed) -> None:
    vectors = [[float(n)] * SIZE for n in range(4)]
    stored = filled(indexed, vectors)
    gone = TextClassificationRecord(id="r001", inputs={"text": "odd"})
    late = TextClassificationRecord(
        id="late", inputs={"text": "odd"}, vectors={"a.b": Vector([1.25] * SIZE), "c": Vector([1.0])}
    )
    log(stored, [gone, late])
    indexed.index_all()
    assert near(stored, [1.0] * SIZE, 3) == ["late", "r000", "r002"]
    assert indexed.search.condition().left == 0


def test_a_cluster_without_vectors_leaves_them_to_the_database(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Indexes, "can_search_vectors", lambda _: False)
    vectors = some_vectors(20)
    stored = filled(indexed, vectors)
    assert near(stored, vectors[3], 2) == by_hand(vectors, vectors[3], 2)
    assert (indexed.search.condition().left, indexed.search.condition().problem) == (1, "")
    with stored.store.read() as tx:
        assert tx.records.search(stored.dataset, Criteria(parse("even"))).total == 10


def test_a_user_who_may_not_see_plugins_has_an_index_without_vectors(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise BadAnswerError(403, "no permissions for [cluster:monitor/nodes/info]")

    monkeypatch.setattr(Indexes, "_rows_of", refused)
    vectors = some_vectors(5)
    stored = filled(indexed, vectors)
    assert near(stored, vectors[3], 2) == by_hand(vectors, vectors[3], 2)
    assert indexed.search.condition().indexed == 1


def test_an_index_of_another_version_is_made_anew_by_itself(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = some_vectors(5)
    with monkeypatch.context() as before:
        for module in ("mapping", "index"):
            before.setattr(f"apportion.storage.opensearch.{module}.FORMAT", 1)
        stored = filled(indexed, vectors)
    log(stored, [TextClassificationRecord(id="late", inputs={"text": "even"})])
    indexed.index_all()
    assert indexed.differences(stored.dataset.workspace, stored.dataset.name) == []
    assert near(stored, vectors[3], 2) == by_hand(vectors, vectors[3], 2)
    assert (indexed.search.condition().left, indexed.search.condition().problem) == (0, "")

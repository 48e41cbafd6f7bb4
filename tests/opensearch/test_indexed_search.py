"""Searches of datasets with an index: who finds what when, and what happens where something is wrong with it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.query import MatchAll, parse
from apportion.domain.records import AgentValues, TextClassificationRecord
from apportion.domain.rules import LabelingRule
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.storage.opensearch.circuit import MOST_FAILURES
from apportion.storage.opensearch.client import WRITES_WITHIN, OpenSearchClient
from apportion.storage.opensearch.indexer import IndexState
from apportion.storage.opensearch.upkeep import IndexUpkeep
from apportion.vocabulary import AnnotationState, Status
from indexed import Indexed, log, opened_indexed, text_of
from patience import until
from stored_dataset import INDIVIDUAL, StoredDataset

PEOPLE = ("anneliese", "bartholomew", "zenobia")


@pytest.fixture
def indexed(node: str) -> Iterator[Indexed]:
    with opened_indexed(node) as found:
        yield found


def record(n: int, **more: Any) -> TextClassificationRecord:
    return TextClassificationRecord(id=f"r{n}", inputs={"text": text_of(n)}, **more)


def found(stored: StoredDataset, query: str = "", **more: Any) -> SearchHits:
    criteria = Criteria(query=parse(query) if query else MatchAll(), **more)
    with stored.store.read() as tx:
        return tx.records.search(stored.dataset, criteria, facets=None)


def filled(indexed: Indexed, many: int = 5, **options: Any) -> StoredDataset:
    stored = StoredDataset(indexed.store, **options)
    log(stored, [record(n, metadata={"k": "v"}) for n in range(many)])
    indexed.index_all()
    return stored


def test_it_is_asked_where_there_is_one(indexed: Indexed) -> None:
    stored = filled(indexed)
    assert found(stored, "text").total == 5
    assert (indexed.search.condition().answered, indexed.search.condition().left) == (1, 0)


@pytest.mark.parametrize(
    ("query", "ids"),
    [("covered:false", ["r4"]), ("covered:conflict", ["r1"]), ('rule:"1 OR 2" metadata.k:v', ["r1", "r2"])],
)
def test_searches_by_labeling_rules_are_answered_by_it(indexed: Indexed, query: str, ids: list[str]) -> None:
    rules = [("0 OR 1", "spam"), ("1 OR 2", "ham"), ("3", "ham")]
    stored = filled(
        indexed, rules=tuple(LabelingRule(each, (label,), label, "anna", 1) for each, label in rules)
    )

    hits = found(stored, query)

    assert ([row.id for row in hits.rows], hits.total) == (ids, len(ids))
    assert (indexed.search.condition().answered, indexed.search.condition().left) == (1, 0)


def test_an_order_by_answers_is_that_of_the_database(indexed: Indexed) -> None:
    stored = filled(indexed)
    stored.write(lambda tx: tx.records.discard(stored.dataset, Criteria(ids=("r3",)), at=9))
    order = (SortKey("status", True),)
    with stored.store.read() as tx:
        hits = tx.records.search(stored.dataset, Criteria(), sort=order)
    assert [row.id for row in hits.rows] == ["r3", "r0", "r1", "r2", "r4"]
    assert indexed.search.condition().left == 0


@pytest.mark.parametrize(("beside", "records"), [(16, 30), (2, 30), (2, 10)])
def test_of_many_matches_answers_are_counted_by_bitmaps_and_words_by_a_sample(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch, beside: int, records: int
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.index_facets._BESIDE_EACH_OTHER", beside)
    stored = StoredDataset(indexed.store, policies=INDIVIDUAL)
    prediction = AgentValues("model", {"model": (("yes", 0.5),)})
    log(stored, [record(n, prediction=prediction, metadata={"k": f"v{n % 3}"}) for n in range(30)])
    for n in range(20):
        label = ("yes", "no", "both", "neither")[n % 4]
        stored.annotate(PEOPLE[n % 3], f"r{n}", ((label, 1.0),))
    indexed.index_all()
    stored.dataset = replace(stored.dataset, records=records)
    viewer = stored.criteria("text", viewer=PEOPLE[0])
    for name in ("FEW", "MOST_READ"):
        monkeypatch.setattr(f"apportion.storage.opensearch.index_search.{name}", -1)
    asked = requests_noted(monkeypatch)
    by_index, by_database = both(indexed, stored, viewer)
    assert indexed.search.condition().answered == 1
    # the content is counted; answers are, along with the page; some texts are chosen
    assert len(asked) == 3
    assert by_index.facets == by_database.facets
    assert sum(by_index.facets["annotated_as"].values()) == 7
    assert by_index.total == 30


def requests_noted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list to which the seconds are appended in which requests to the node have to be answered."""
    noted: list[float] = []
    request = OpenSearchClient.request

    def note(client: OpenSearchClient, *args: Any, seconds: float, **options: Any) -> Any:
        noted.append(seconds)
        return request(client, *args, seconds=seconds, **options)

    monkeypatch.setattr(OpenSearchClient, "request", note)
    return noted


def test_a_search_of_more_records_may_take_longer(indexed: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = filled(indexed)
    large = replace(stored.dataset, records=10_000_000)
    asked = requests_noted(monkeypatch)
    for dataset in (stored.dataset, large):
        with stored.store.read() as tx:
            tx.records.search(dataset, Criteria(query=parse("text")), facets=frozenset())
    first, *_, last = asked
    assert last == pytest.approx(first + 4)


def both(indexed: Indexed, stored: StoredDataset, criteria: Criteria) -> tuple[SearchHits, SearchHits]:
    """Return what is found with the index, and without it."""
    with stored.store.read() as tx:
        by_index = tx.records.search(stored.dataset, criteria, facets=None)
    indexed.store.accelerator = None
    with stored.store.read() as tx:
        by_database = tx.records.search(stored.dataset, criteria, facets=None)
    indexed.store.accelerator = indexed.search
    return by_index, by_database


@pytest.mark.parametrize(
    ("query", "total"),
    [("status:Validated", 7), ("status:Default", 23), ("annotated_as:yes AND NOT annotated_by:zenobia", 5)],
)
def test_by_answers_alone_it_is_asked_for_the_page_and_for_counts_of_the_content(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch, query: str, total: int
) -> None:
    stored = StoredDataset(indexed.store, policies=INDIVIDUAL)
    log(stored, [record(n, metadata={"k": f"v{n % 3}"}) for n in range(30)])
    for n in range(20):
        stored.annotate(PEOPLE[n % 3], f"r{n}", (("yes" if n % 4 else "no", 1.0),))
    indexed.index_all()
    for name in ("FEW", "MOST_READ"):
        monkeypatch.setattr(f"apportion.storage.opensearch.index_search.{name}", -1)

    criteria = stored.criteria(query, viewer=PEOPLE[0])

    asked = requests_noted(monkeypatch)
    by_index, by_database = both(indexed, stored, criteria)

    assert by_index.total == by_database.total == total
    assert [row.id for row in by_index.rows] == [row.id for row in by_database.rows]
    assert by_index.facets == by_database.facets
    assert len(asked) == 2
    with stored.store.read() as tx:
        assert tx.records.search(stored.dataset, criteria, facets=frozenset()).total == total
    assert len(asked) == 3  # without counts it is asked for the page alone


@pytest.mark.parametrize("many", [10, 10_000])
def test_counts_over_several_shards_are_exact(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.mapping.RECORDS_PER_SHARD", 60)
    monkeypatch.setattr("apportion.storage.opensearch.index_facets.MOST_VALUES", 3)
    monkeypatch.setattr("apportion.storage.opensearch.index_query.MANY_VALUES", many)
    if many < 150:  # a node refuses that: all values of a shard must not be asked for
        monkeypatch.setattr("apportion.storage.opensearch.index_query._MOST_SHARD_VALUES", -1)
    stored = StoredDataset(indexed.store)
    # one value is frequent, 150 others are in one record or two
    log(stored, [record(n, metadata={"k": f"v{n % 150 if n % 6 else 0}"}) for n in range(300)])
    indexed.index_all()
    asked = requests_noted(monkeypatch)
    by_index, by_database = both(indexed, stored, stored.criteria("text"))
    assert indexed.search.condition().answered == 1
    assert len(asked) > 3  # it was asked again
    shown, known = by_index.facets["metadata"]["k"], by_database.facets["metadata"]["k"]
    assert shown.items() <= known.items()
    assert len(shown) == 3
    if many > 150:  # all values were counted
        assert list(shown.items()) == list(known.items())[:3]
    assert shown["v0"] == max(known.values())


def test_ones_own_records_are_found_at_once_and_those_of_others_later(indexed: Indexed) -> None:
    stored = filled(indexed)
    log(stored, [record(6)], by="anna")
    late = found(stored, "text", me="ben")
    assert (late.total, late.lag) == (5, 1)
    indexed.thread.start()
    assert (found(stored, "text", me="anna").total, found(stored, "text", me="ben").lag) == (6, 0)
    assert indexed.search.condition().left == 0


def test_a_search_that_waits_in_vain_asks_the_database(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.index_search.WAITS", 0.05)
    stored = filled(indexed)
    log(stored, [record(6)])  # nobody indexes it
    assert found(stored, "text").total == 6
    assert indexed.search.condition().left == 1


def test_one_wait_in_vain_is_enough_until_something_moves(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.index_search.WAITS", 0.05)
    waits = 0
    wait_for = indexed.thread.wait_for

    def counted(dataset: int, written: int, seconds: float) -> bool:
        nonlocal waits
        waits += 1
        return wait_for(dataset, written, seconds)

    monkeypatch.setattr(indexed.thread, "wait_for", counted)
    stored = filled(indexed)
    for n in (6, 7):
        log(stored, [record(n)])
        assert [found(stored, "text").total for _ in range(3)] == [n] * 3
        assert waits == n - 5
        indexed.index_all()
    assert found(stored, "text").total == 7


def test_transactions_that_write_ask_the_database(indexed: Indexed) -> None:
    stored = filled(indexed)
    counted = stored.write(lambda tx: tx.records.count(stored.dataset, Criteria(query=parse("text"))))
    assert (counted, indexed.search.condition().answered) == (5, 0)


def test_nothing_of_people_and_their_answers_is_in_it(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store, policies=INDIVIDUAL)
    prediction = AgentValues("model", {"model": (("content-label", 0.5),)})
    log(stored, [record(n, prediction=prediction, metadata={"k": "v"}) for n in range(4)])
    value = (("secret-label", 1.0),)
    for n, person in enumerate(PEOPLE):
        stored.annotate(person, f"r{n}", value)
    indexed.index_all()
    assert found(stored, 'annotations.zenobia.label:"secret-label"').total == 1
    name = indexed.name(stored.dataset.no)
    fields = indexed.ask("GET", f"/{name}/_mapping")[name]["mappings"]["properties"]
    assert set(fields) == {
        "n", "id", "words", "event", "score", "score_bucket", "digest", "predicted_as", "predicted_by",
        "predictions", "predicted_mentions", "metadata%2Ek",
    }  # fmt: skip
    everything = {"query": {"match_all": {}}, "docvalue_fields": [each for each in fields if each != "words"]}
    held = json.dumps(indexed.ask("POST", f"/{name}/_search", everything)["hits"]["hits"])
    assert "content-label" in held
    for hidden in (*PEOPLE, "secret-label", *Status, *AnnotationState):
        assert f'"{hidden}"' not in held
        word = {"query": {"match": {"words": str(hidden).lower()}}}
        assert indexed.ask("POST", f"/{name}/_search", word)["hits"]["total"]["value"] == 0


# What may be wrong


def broken(indexed: Indexed, stored: StoredDataset) -> str:
    """Return the problem that is reported once the next records were to be indexed; the database goes on answering."""
    log(stored, [record(100)])
    indexed.index_all()
    assert [row.state for row in indexed.rows(stored.dataset.no)] == [IndexState.BROKEN]
    assert found(stored, "text").total == 6
    problem = indexed.search.condition().problem
    assert f"apportion index rebuild {stored.dataset.name} --workspace ws" in problem
    return str(problem)


def test_an_index_of_another_store_is_refused(indexed: Indexed) -> None:
    stored = filled(indexed)
    name = indexed.name(stored.dataset.no)
    indexed.ask("PUT", f"/{name}/_mapping", {"_meta": {"format": 1, "store": "other", "dataset": 1}})
    assert f"the index {name} belongs to another store" in broken(indexed, stored)


def test_a_mapping_that_was_changed_by_hand_is_refused(indexed: Indexed) -> None:
    stored = filled(indexed)
    name = indexed.name(stored.dataset.no)
    about = indexed.ask("GET", f"/{name}/_mapping")[name]["mappings"]
    about["properties"]["id"] = {"type": "text"}
    indexed.ask("DELETE", f"/{name}")
    indexed.ask("PUT", f"/{name}", {"mappings": about | {"properties": {"id": {"type": "text"}}}})
    assert f"the mapping of the index {name} was changed: field id" in broken(indexed, stored)


def test_an_index_that_somebody_removed_is_missed_and_built_anew(indexed: Indexed) -> None:
    stored = filled(indexed)
    indexed.ask("DELETE", f"/{indexed.name(stored.dataset.no)}")
    assert found(stored, "text").total == 5
    assert "is not there any more" in broken(indexed, stored)
    upkeep = IndexUpkeep(indexed.new_indexer(OpenSearchClient([indexed.node])))
    upkeep.rebuild("ws", stored.dataset.name, lambda *_: None)
    assert upkeep.verify("ws", stored.dataset.name) == []
    assert [each.state for each in upkeep.status()] == [IndexState.READY]
    upkeep.close()
    indexed.index_all()
    answered = indexed.search.condition().answered
    assert found(stored, "text").total == 6
    assert (indexed.search.condition().answered, indexed.search.condition().problem) == (answered + 1, "")


def test_a_red_index_is_left_alone_and_named(indexed: Indexed) -> None:
    stored = filled(indexed)
    name = indexed.name(stored.dataset.no)
    about = indexed.ask("GET", f"/{name}/_mapping")[name]["mappings"]
    indexed.ask("DELETE", f"/{name}")
    nowhere = {"index.routing.allocation.require._name": "nowhere"}
    body = {"mappings": {"_meta": about["_meta"]}, "settings": nowhere}
    indexed.ask("PUT", f"/{name}", body, wait_for_active_shards="0")
    assert found(stored, "text").total == 5
    upkeep = IndexUpkeep(indexed.new_indexer(OpenSearchClient([indexed.node])))
    (status,) = upkeep.status()
    upkeep.close()
    assert "it is red" in status.problem
    assert "Start that node; if it is lost, rebuild the index" in status.problem


def test_without_a_node_the_database_answers_and_the_state_says_why(indexed: Indexed) -> None:
    stored = filled(indexed)
    indexed.client._nodes = ["http://127.0.0.1:9"]
    for _ in range(MOST_FAILURES + 1):
        assert found(stored, "text").total == 5
    assert "OpenSearch does not answer" in indexed.search.condition().problem
    log(stored, [record(9)])
    assert found(stored, "text").total == 6


def test_the_indexer_goes_on_while_searches_still_leave_a_node_alone(indexed: Indexed) -> None:
    stored = filled(indexed)
    nodes, indexed.client._nodes = indexed.client._nodes, ["http://127.0.0.1:9"]
    for _ in range(MOST_FAILURES):
        found(stored, "text")
    indexed.thread.start()
    log(stored, [record(9)], by="anna")
    until(lambda: indexed.thread.problem and indexed.search.condition().lag)
    assert indexed.client.circuit.is_open
    indexed.client._nodes = nodes
    until(lambda: not indexed.thread.problem and not indexed.search.condition().lag)
    answered = indexed.search.condition().answered
    assert found(stored, "text", me="anna").total == 6
    assert indexed.search.condition().answered == answered + 1


def test_a_server_stops_though_a_node_never_answers_its_indexer(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.storage.opensearch.indexing_thread.ENDS_WITHIN", 0.1)
    filled(indexed)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        indexed.client._nodes = [f"http://127.0.0.1:{silent.getsockname()[1]}"]
        indexed.indexer._checked = False
        indexed.thread.start()
        asked, _ = silent.accept()
        began = time.monotonic()
        indexed.thread.close()
        assert time.monotonic() - began < WRITES_WITHIN / 2
        asked.close()

"""Lists of all datasets cost no connection and no statement more for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apportion.services.insight.overview import overview
from apportion.services.insight.team_overview import team_overview
from dataset_client import DatasetClient

Json = Any


@contextmanager
def traced(link: Any, statements: list[str]) -> Iterator[None]:
    """Collect the statements that run on a connection."""
    if hasattr(link.raw, "set_trace_callback"):
        link.raw.set_trace_callback(statements.append)
        yield
        link.raw.set_trace_callback(None)
        return
    execute = link.raw.execute

    def noting(sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    link.raw.execute = noting
    yield
    del link.raw.execute


class Counting:
    """Counts what the lists ask the file, in one thread: each of a server's has a connection of its own."""

    def __init__(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.connections = 0
        connect = store.database.readers.connect

        def counted() -> Any:
            self.connections += 1
            return connect()

        monkeypatch.setattr(store.database.readers, "connect", counted)

    def of(self, who: str, path: str) -> tuple[int, int, int]:
        """Connections opened, statements run, datasets found."""
        statements: list[str] = []
        with self.store.database.read() as link, traced(link, statements):
            before = self.connections
            with self.store.read() as tx:
                actor = tx.people.actor(who)
                team = path == "/api/team"
                found = team_overview(tx, actor, now=1).datasets if team else overview(tx, actor)
        return self.connections - before, len(statements), len(found)


@pytest.fixture
def counting(store: Any, monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(store, monkeypatch)


def add(client_as: Any, first: int, end: int) -> None:
    for number in range(first, end):
        name, where = f"d{number}", {"workspace": "shared"}
        records = [{"id": id, "inputs": {"text": id}} for id in "abcd"]
        url = f"/api/datasets/{name}"
        client_as("eva").post(
            f"{url}/TextClassification:bulk", params=where, json={"records": records}
        ).raise_for_status()
        plan = {"rules": [{"users": ["ana", "ben"], "due": "2030-01-31"}], "seed": 7, "blind": True}
        client_as("max").post(f"{url}/assignments", params=where, json=plan).raise_for_status()


@pytest.mark.parametrize("who", ["eva", "max", "rita"])
@pytest.mark.parametrize("path", ["/api/overview", "/api/team"])
def test_a_list_of_many_datasets_asks_no_more_than_one_of_few(
    counting: Counting, client_as: Any, who: str, path: str
) -> None:
    add(client_as, 0, 2)
    _, few, _ = counting.of(who, path)
    add(client_as, 2, 8)
    connections, many, found = counting.of(who, path)
    assert found == 8
    assert connections == 0
    assert many == few


def test_an_annotators_list_costs_a_few_statements_a_dataset(counting: Counting, client_as: Any) -> None:
    add(client_as, 0, 2)
    _, few, _ = counting.of("ana", "/api/overview")
    add(client_as, 2, 8)
    connections, many, _ = counting.of("ana", "/api/overview")
    assert connections == 0
    assert many - few <= 6 * 4


def test_opening_one_dataset_after_the_other_opens_no_more_connections_than_are_kept(
    counting: Counting, store: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.caches.most = 2
    add(client_as, 0, 8)
    search = "/api/datasets/d{}/TextClassification:search?workspace=shared"
    # assignments are looked up in caches, even where an index has the words
    asked_for = {"query": {"query_text": "a AND assigned_to:ana"}}
    for number in range(8):
        client_as("max").post(search.format(number), json=asked_for).raise_for_status()
    before, lent = counting.connections, store.database.readers.lend
    asked: list[Any] = []

    def connect() -> Any:
        asked.append(lent())
        return asked[-1]

    monkeypatch.setattr(store.caches, "_connect", connect)
    for number in range(8):
        client_as("max").post(search.format(number), json=asked_for).raise_for_status()
    assert len(asked) >= 6
    assert counting.connections - before < 3, "some threads may have got one of their own"


@pytest.mark.parametrize("visibility", ["assigned", "dataset"])
def test_counted_statuses_are_those_a_search_finds(client_as: Any, visibility: str) -> None:
    talk = DatasetClient(client_as, "abcdef", required=2)
    plan = {"rules": [{"users": ["ana", "ben"], "overlap": 1, "where": "NOT id:f"}], "seed": 7, "blind": True}
    talk.post("max", "assignments", {**plan, "visibility": visibility})
    talk.put("ana", next(iter(_mine(talk, "ana"))), "good")
    talk.put("ana", list(_mine(talk, "ana"))[-1], "bad", state="draft")
    talk.put("ben", next(iter(_mine(talk, "ben"))), "good", state="discarded")
    talk.put("rita", "f", "good")
    for who in ("ana", "ben", "rita", "max", "eva"):
        (listed,) = client_as(who).get("/api/overview").json()["datasets"]
        found = talk.post(who, "TextClassification:search", {"query": {}})
        searched = found["aggregations"]["status"]
        assert {name: n for name, n in listed["statuses"].items() if n} == searched, who
        assert sum(listed["statuses"].values()) == found["total"]


def _mine(talk: DatasetClient, who: str) -> dict[str, Json]:
    found = talk.post(who, "TextClassification:search", {"query": {"query_text": "assigned_to:me"}})
    return {each["id"]: each for each in found["records"]}

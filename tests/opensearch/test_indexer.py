"""An index is what the database says, whatever happens to those who fill it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apportion.domain.records import AgentValues, TextClassificationRecord
from apportion.ports.records import Criteria
from apportion.storage.opensearch.client import OpenSearchClient
from apportion.storage.opensearch.indexer import IndexState
from indexed import Indexed, log, opened_indexed, text_of
from stored_dataset import StoredDataset


class KilledError(BaseException):
    """The process was killed: nothing catches it."""


class DeadlyTransport(httpx.HTTPTransport):
    """Requests of a process that is killed before, or just after, one of them."""

    def __init__(self, left: int, *, after: bool) -> None:
        super().__init__()
        self.left, self.after = left, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise KilledError
        answer = super().handle_request(request)
        if self.left < 0:
            answer.read()
            raise KilledError
        return answer


@pytest.fixture
def indexed(node: str) -> Iterator[Indexed]:
    with opened_indexed(node) as found:
        yield found


def record(n: int, **more: Any) -> TextClassificationRecord:
    return TextClassificationRecord(id=f"r{n}", inputs={"text": text_of(n)}, **more)


def delete(stored: StoredDataset, *ids: str) -> None:
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=ids), at=2))


def names(stored: StoredDataset) -> tuple[str, str]:
    return stored.dataset.workspace, stored.dataset.name


def test_it_follows_what_is_logged_changed_and_deleted(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(n, metadata={"k": f"v{n % 3}", "f": n / 2, "l": n}) for n in range(50)])
    indexed.index_all()
    assert [row.state for row in indexed.rows(stored.dataset.no)] == [IndexState.READY]
    agent = AgentValues("model", {"model": (("yes", 0.5),)})
    log(stored, [record(n, metadata={"new.key*": "x"}, prediction=agent) for n in range(40, 60)])
    delete(stored, "r1", "r45")
    indexed.index_all()
    assert indexed.differences(*names(stored)) == []
    assert indexed.indexer.indexes.count(indexed.rows(stored.dataset.no)[-1]) == 58


def test_killed_at_every_request_it_is_gone_on_with(indexed: Indexed) -> None:
    dice = random.Random(20)
    stored = StoredDataset(indexed.store)
    log(stored, [record(n) for n in range(30)])
    kills = 0
    for attempt in range(30):
        client = OpenSearchClient(
            [indexed.node], transport=DeadlyTransport(attempt // 2 % 4, after=bool(attempt % 2))
        )
        indexer = indexed.new_indexer(client)
        try:
            while indexer.round().more:
                pass
        except KilledError:
            kills += 1
        finally:
            indexer.source.close()  # as the end of the process does
            client.close()
        log(stored, [record(dice.randrange(60), metadata={"at": attempt}) for _ in range(3)])
        if attempt % 5 == 4:
            delete(stored, f"r{dice.randrange(60)}")
    assert kills >= 10
    indexed.index_all()
    assert indexed.differences(*names(stored)) == []
    assert len(indexed.indexer.indexes.names()) == 1


def test_only_one_indexes_a_dataset_at_a_time(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(1)])
    other = indexed.new_indexer(indexed.client)
    with indexed.indexer.source.locked(stored.dataset.no) as held:
        assert held
        assert not other.round().more
        assert not indexed.rows(stored.dataset.no)
    other.source.close()
    indexed.index_all()
    assert indexed.rows(stored.dataset.no)


def test_small_datasets_have_none(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(n) for n in range(3)])
    indexer = indexed.new_indexer(indexed.client, search_from=4)
    assert not indexer.round().more
    log(stored, [record(3)])
    assert indexer.round().more
    indexer.source.close()


def test_answers_cost_it_nothing(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(n) for n in range(3)])
    indexed.index_all()
    before = indexed.rows(stored.dataset.no)
    stored.write(lambda tx: tx.records.discard(stored.dataset, Criteria(), at=5))
    assert indexed.indexer.round().lag == {stored.dataset.no: 0}
    assert indexed.rows(stored.dataset.no) == before


def test_that_of_a_purged_dataset_is_removed_and_that_of_a_renamed_one_is_kept(indexed: Indexed) -> None:
    stored, other = StoredDataset(indexed.store), StoredDataset(indexed.store)
    for each in (stored, other):
        log(each, [record(1)])
    indexed.index_all()
    kept = indexed.name(other.dataset.no)
    other.write(lambda tx: tx.datasets.update(other.dataset, name="renamed"))
    stored.write(lambda tx: tx.datasets.mark_for_purge(stored.dataset))
    while not stored.write(lambda tx: tx.datasets.purge(stored.dataset.no, limit=100)):
        pass
    indexed.index_all()
    assert indexed.indexer.indexes.names() == {kept}
    assert indexed.differences("ws", "renamed") == []


def test_one_that_missed_changes_is_built_anew(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(1)])
    indexed.index_all()
    (before,) = indexed.rows(stored.dataset.no)
    log(stored, [record(2)])
    indexed.run("UPDATE feed SET no = no + 1")  # as a rebuild of the database does
    log(stored, [record(3)])
    indexed.index_all()
    (after,) = indexed.rows(stored.dataset.no)
    assert after.generation > before.generation
    assert indexed.differences(*names(stored)) == []


def test_changes_are_kept_until_it_has_seen_them(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(1)])
    indexed.index_all()
    log(stored, [record(2)])
    indexed.run("UPDATE changes SET at = at - interval '2 hours'")
    indexed.prune()
    indexed.index_all()
    assert indexed.differences(*names(stored)) == []
    assert len(indexed.rows(stored.dataset.no)) == 1
    indexed.run("UPDATE changes SET at = at - interval '2 days'")
    assert indexed.prune() > 0


def test_verify_finds_what_is_missing_and_what_is_too_much(indexed: Indexed) -> None:
    stored = StoredDataset(indexed.store)
    log(stored, [record(n) for n in range(5)])
    indexed.index_all()
    name = indexed.name(stored.dataset.no)
    indexed.ask("DELETE", f"/{name}/_doc/2")
    indexed.ask("PUT", f"/{name}/_doc/99", {"n": 99, "id": "r99", "words": "x", "digest": "0"})
    indexed.ask("POST", f"/{name}/_refresh")
    assert indexed.differences(*names(stored)) == ["record 2 is missing", "record 99 is not in the database"]

"""Datasets: by workspace and name, with guidelines; deleted, restored and purged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.datasets import Dataset, Guidelines, LabelOption, LabelSettings
from apportion.domain.ids import DatasetNo
from apportion.domain.rules import LabelingRule
from apportion.ports.events import About
from apportion.ports.store import Store, Transaction
from apportion.ports.upkeep import StoreCounts
from apportion.vocabulary import EventCode, Task
from owners import nobody
from stored_dataset import INDIVIDUAL, StoredDataset, full, new_dataset, read, text, write

SETTINGS = LabelSettings(
    (LabelOption("1", "A", "the first", "#fff", "a"), LabelOption("2", "B")), {"v": 2}, True, True
)
RULE = LabelingRule("fox AND dog", ("A", "B"), None, "ana", 5, "both")


def add(store: Store, dataset: Dataset) -> Dataset:
    return write(store, lambda tx: tx.datasets.add(dataset))


def names(found: Sequence[Dataset]) -> list[str]:
    return [each.name for each in found]


def delete(store: Store, dataset: Dataset, at: int, by: str | None = None) -> None:
    def work(tx: Transaction) -> None:
        tx.datasets.delete(dataset, at=at)
        if by is not None:
            tx.events.add(EventCode.DELETED, About(dataset), who=by, at=at)

    write(store, work)


def test_a_dataset_comes_back_whole_under_a_number_of_its_own(store: Store) -> None:
    wanted = new_dataset(
        task=Task.TOKEN_CLASSIFICATION, policies=INDIVIDUAL, created_by="ana", created_at=3, last_updated=4,
        closed=True, multi_label=False, rules=(RULE,),
    )  # fmt: skip
    wanted = replace(wanted, tags={"t": "ü"}, metadata={"m": [1, None]}, settings=SETTINGS)
    added, other = add(store, wanted), add(store, new_dataset())

    assert added == replace(wanted, no=added.no)
    assert added.no != other.no
    with store.read() as tx:
        assert tx.datasets.find("ws", wanted.name) == tx.datasets.by_number(added.no) == added
        assert tx.datasets.find("elsewhere", wanted.name) is None
        assert tx.datasets.find("ws", "unknown") is None
        assert tx.datasets.by_number(1_000_000) is None


def test_a_dataset_that_was_expected_is_found_as_it_is_by_then(store: Store) -> None:
    added = add(store, new_dataset())

    def closed_meanwhile(tx: Transaction) -> Dataset | None:
        tx.datasets.expect("ws", added.name)
        tx.datasets.update(added, closed=True)
        return tx.datasets.find("ws", added.name)

    def expected_another(tx: Transaction) -> tuple[Dataset | None, ...]:
        tx.datasets.expect("ws", "unknown")
        return tx.datasets.find("ws", added.name), tx.datasets.find("ws", "unknown")

    assert write(store, closed_meanwhile) == replace(added, closed=True)
    with store.read() as tx:
        tx.datasets.expect("ws", added.name)
        assert tx.datasets.find("ws", added.name) == tx.datasets.find("ws", added.name)
    assert write(store, expected_another) == (replace(added, closed=True), None)


def test_a_dataset_that_was_expected_and_never_asked_for_keeps_no_snapshot(store: Store) -> None:
    added = add(store, new_dataset())
    with store.read() as kept:  # which an error's traceback may keep much longer
        kept.datasets.expect("ws", added.name)

    write(store, lambda tx: tx.datasets.update(added, closed=True))
    with store.read() as tx:
        assert tx.datasets.find("ws", added.name) == replace(added, closed=True)


def test_datasets_are_listed_by_workspace_oldest_first(empty_store: Store) -> None:
    for name, workspace in (("z", "one"), ("b", "two"), ("a", "one")):
        add(empty_store, new_dataset(name, workspace=workspace))

    with empty_store.read() as tx:
        assert names(tx.datasets.list()) == ["z", "b", "a"]
        assert names(tx.datasets.list(["one"])) == ["z", "a"]
        assert names(tx.datasets.list([])) == []


def test_the_same_name_may_be_in_two_workspaces_but_not_twice_in_one(empty_store: Store) -> None:
    one, two = (add(empty_store, new_dataset("talk", workspace=each)) for each in ("one", "two"))

    with pytest.raises(Exception, match=r"(?i)unique"):
        add(empty_store, new_dataset("talk", workspace="one"))
    with empty_store.read() as tx:
        assert tx.datasets.list() == [one, two]


def test_every_property_that_may_change_is_stored_and_nothing_else_changes(store: Store) -> None:
    added, other = add(store, new_dataset()), add(store, new_dataset())
    changes: dict[str, Any] = {
        "tags": {"a": "b"}, "metadata": {"n": 1}, "settings": SETTINGS, "policies": INDIVIDUAL, "closed": True,
        "last_updated": 9, "multi_label": True, "rules": (RULE,),
    }  # fmt: skip
    for name, value in changes.items():
        before = read(store, lambda tx: tx.datasets.by_number(added.no))
        assert before is not None
        after = write(store, lambda tx: tx.datasets.update(before, **{name: value}))
        assert after == replace(before, **{name: value})
        assert read(store, lambda tx: tx.datasets.by_number(added.no)) == after
    assert read(store, lambda tx: tx.datasets.by_number(other.no)) == other


def test_a_dataset_knows_how_many_records_it_has(stored: StoredDataset) -> None:
    stored.log(text("a"), text("b"), text("a"))
    stored.write(lambda tx: tx.records.delete(stored.dataset, stored.criteria("id:b"), at=1))

    found = stored.read(lambda tx: tx.datasets.by_number(stored.dataset.no))
    assert found is not None
    assert found.records == 1


def test_guidelines_have_versions(store: Store) -> None:
    one, other = add(store, new_dataset()), add(store, new_dataset())
    first, second = Guidelines(1, "Be kind.", "ana", 5), Guidelines(2, "Be exact.", "ben", 6)
    assert read(store, lambda tx: tx.datasets.guidelines(one)) is None

    for each in (first, second):
        write(store, lambda tx: tx.datasets.add_guidelines(one, each))

    with store.read() as tx:
        assert tx.datasets.guidelines(one) == second
        assert tx.datasets.guidelines(one, 1) == first
        assert tx.datasets.guidelines(one, 3) is None
        assert tx.datasets.guidelines(other) is None


def test_a_deleted_dataset_is_listed_apart_with_who_deleted_it(empty_store: Store) -> None:
    one = add(empty_store, new_dataset("talk", workspace="one"))
    two = add(empty_store, new_dataset("news", workspace="two"))
    kept = add(empty_store, new_dataset("kept", workspace="one"))
    delete(empty_store, one, 10, by="ana")
    delete(empty_store, two, 20)

    with empty_store.read() as tx:
        assert tx.datasets.find("one", "talk") is tx.datasets.by_number(one.no) is None
        assert tx.datasets.list() == [kept]
        assert [tuple(each) for each in tx.datasets.deleted()] == [(two, 20, None, 20), (one, 10, "ana", 10)]
        assert [each.dataset for each in tx.datasets.deleted(["one"])] == [one]
        assert tx.datasets.deleted([]) == []
    add(empty_store, new_dataset("talk", workspace="one"))  # the name is free


def test_a_purge_may_be_put_off_or_forward(empty_store: Store) -> None:
    gone = add(empty_store, new_dataset())
    marked = add(empty_store, new_dataset())
    delete(empty_store, gone, 10, by="ana")
    write(empty_store, lambda tx: tx.datasets.mark_for_purge(marked))

    for each in (gone, marked):
        write(empty_store, lambda tx: tx.datasets.postpone_purge(each, 5))
    (found,) = read(empty_store, lambda tx: tx.datasets.deleted())
    assert (found.at, found.deleted_at) == (15, 10)
    write(empty_store, lambda tx: tx.datasets.postpone_purge(gone, -100))
    (found,) = read(empty_store, lambda tx: tx.datasets.deleted())
    assert found.at > 0
    assert read(empty_store, lambda tx: tx.datasets.pending_purge(nobody)) == [marked.no]


def test_a_deleted_dataset_comes_back_under_a_free_name_with_all_its_records(stored: StoredDataset) -> None:
    stored.log(full("a"))
    delete(stored.store, stored.dataset, 10)

    back = stored.write(lambda tx: tx.datasets.restore(stored.dataset, name=f"{stored.dataset.name}-2"))

    assert back == replace(stored.dataset, name=f"{stored.dataset.name}-2")
    found = stored.read(lambda tx: tx.datasets.find("ws", back.name))
    assert found == replace(back, records=1)
    assert stored.ids("fox") == ["a"]
    assert stored.dataset.no not in [
        each.dataset.no for each in stored.read(lambda tx: tx.datasets.deleted())
    ]


def test_a_hidden_dataset_is_purged_once_its_server_is_gone_unless_it_was_shown(empty_store: Store) -> None:
    hidden = write(empty_store, lambda tx: tx.datasets.add_hidden(new_dataset("copy")))

    with empty_store.read() as tx:
        assert tx.datasets.find("ws", "copy") is None
        assert (tx.datasets.list(), tx.datasets.deleted()) == ([], [])
        assert tx.datasets.pending_purge(nobody) == [hidden.no]
        assert tx.datasets.pending_purge(lambda no: no == empty_store.server) == []
    ready = empty_store.encode_records(hidden.task, [text("a")])
    write(empty_store, lambda tx: tx.records.log(hidden, ready, at=1))
    shown = write(empty_store, lambda tx: tx.datasets.restore(hidden, name="shown"))
    with empty_store.read() as tx:
        assert tx.datasets.find("ws", "shown") == replace(shown, records=1)
        assert tx.datasets.pending_purge(nobody) == []


def test_a_purge_goes_in_small_steps_until_nothing_is_left(empty_store: Store) -> None:
    gone, kept = StoredDataset(empty_store), StoredDataset(empty_store)
    for each in (gone, kept):
        each.log(*(full(f"{n}") for n in range(40)))
    gone.write(lambda tx: tx.datasets.add_guidelines(gone.dataset, Guidelines(1, "x", "ana", 1)))
    delete(empty_store, gone.dataset, 10)
    gone.write(lambda tx: tx.datasets.mark_for_purge(gone.dataset))
    assert gone.read(lambda tx: (tx.datasets.pending_purge(nobody), tx.datasets.deleted())) == (
        [gone.dataset.no],
        [],
    )

    steps = 1
    while not gone.write(lambda tx: tx.datasets.purge(gone.dataset.no, limit=10)):
        steps += 1
        assert kept.ids("fox", ("id", False))
    assert steps > 10

    assert gone.read(lambda tx: tx.datasets.pending_purge(nobody)) == []
    assert empty_store.counts(0) == StoreCounts(0, 0, 0, 1, 40, 40, 0, 0)
    assert len(kept.ids("fox AND predicted_as:A AND _exists_:vectors.v")) == 40
    assert gone.read(lambda tx: tx.records.count(gone.dataset, gone.criteria())) == 0
    assert gone.read(lambda tx: tx.datasets.guidelines(gone.dataset)) is None


def test_disk_space_is_released_until_there_is_no_more(empty_store: Store) -> None:
    """The amount depends on the store; asking for it again and again ends, and harms nothing."""
    stored = StoredDataset(empty_store)
    stored.log(*(text(f"{n}", f"word{n} " * 400) for n in range(1_500)))
    size = empty_store.condition().size
    stored.write(lambda tx: tx.datasets.mark_for_purge(stored.dataset))
    while not stored.write(lambda tx: tx.datasets.purge(stored.dataset.no, limit=5_000)):
        pass
    rounds = 1
    while stored.write(lambda tx: tx.datasets.release_disk_space()):
        rounds += 1
        assert rounds < 1_000
    assert not stored.write(lambda tx: tx.datasets.release_disk_space())
    assert empty_store.condition().size <= size


def test_a_transaction_sees_what_it_did_to_datasets_and_none_of_it_stays_after_an_exception(
    empty_store: Store,
) -> None:
    kept = add(empty_store, new_dataset("kept"))

    def work(tx: Transaction) -> None:
        added = tx.datasets.add(new_dataset("new"))
        assert tx.datasets.find("ws", "new") == added
        tx.datasets.update(kept, closed=True)
        assert tx.datasets.by_number(kept.no) == replace(kept, closed=True)
        tx.datasets.delete(kept, at=5)
        assert tx.datasets.list() == [added]
        assert [each.dataset.name for each in tx.datasets.deleted()] == ["kept"]
        tx.datasets.add_guidelines(added, Guidelines(1, "x", "ana", 1))
        tx.records.log(added, empty_store.encode_records(added.task, [text("a")]), at=1)
        raise LookupError

    with pytest.raises(LookupError):
        write(empty_store, work)
    with empty_store.read() as tx:
        assert tx.datasets.list() == [kept]
        assert tx.datasets.deleted() == []
        assert tx.datasets.guidelines(replace(kept, no=DatasetNo(kept.no + 1))) is None

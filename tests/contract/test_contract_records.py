"""Records: what is logged comes back, is found, sorted, counted, changed and deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.errors import (
    BadRequestError,
    BulkDataError,
    MetadataLimitExceededError,
)
from apportion.domain.ids import NOBODY, RESOLVED
from apportion.domain.individual.case import Annotation
from apportion.domain.query import Term, parse
from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TokenClassificationRecord,
    Vector,
)
from apportion.ports.records import Criteria, EncodedRecord
from apportion.ports.store import Store, Transaction
from apportion.spans import Entity
from apportion.vocabulary import AnnotationState, Status, Task
from planned import Planned
from stored_dataset import INDIVIDUAL, StoredDataset, full, text


def test_what_is_logged_comes_back_whole(stored: StoredDataset) -> None:
    token = TokenClassificationRecord(
        "t", raw="Ana left", tokens=["Ana", "left"],
        prediction=AgentValues("m", {"m": Entities([Entity(0, 3, "PER", 0.5)], 0.25)}),
    )  # fmt: skip
    sentences = Text2TextRecord("s", raw="", prediction=AgentValues("m", {"m": (("out", 0.5), ("in", 0.25))}))
    tokens, texts = (
        StoredDataset(stored.store, Task.TOKEN_CLASSIFICATION),
        StoredDataset(stored.store, Task.TEXT2TEXT),
    )

    stored.log(full())
    tokens.log(token)
    texts.log(sentences)

    assert stored.records() == [full()]
    assert tokens.records() == [token]
    assert texts.records() == [sentences]


def test_logging_an_id_again_replaces_the_whole_record(stored: StoredDataset) -> None:
    stored.log(full())
    stored.log(text("a", "the dog"), at=2)

    assert stored.records() == [text("a", "the dog")]
    for gone in ("fox", "status:Validated", "metadata.k:x", "metadata.f:1.5", "predicted_by:m", "annotated_by:ana",
                 "_exists_:vectors.v", "_exists_:event_timestamp", "score:0.75", "predicted:ok"):  # fmt: skip
        assert stored.ids(gone) == [], gone
    assert stored.ids("dog AND status:Default") == ["a"]
    assert stored.search().rows[0].updated == 2


def test_of_equal_ids_in_a_request_the_last_counts(stored: StoredDataset) -> None:
    stored.log(text("a", "one"), text("b", "two"), text("a", "three"))

    assert stored.ids() == ["a", "b"]
    assert stored.ids("one") == []
    assert stored.ids("three") == ["a"]


def test_datasets_do_not_see_one_another(stored: StoredDataset) -> None:
    other = StoredDataset(stored.store)
    stored.log(full("a"))
    other.log(text("a", "a dog", metadata={"k": 1}))

    assert stored.ids("fox") == ["a"]
    assert other.ids("fox") == []
    other.write(lambda tx: tx.records.delete(other.dataset, Criteria(), at=1))
    assert (stored.ids(), other.ids()) == (["a"], [])
    with stored.store.read() as tx:
        assert tx.records.metadata_kinds(other.dataset) == {"k": "long"}


def test_deleting_finds_what_the_same_transaction_has_logged(stored: StoredDataset) -> None:
    ready = stored.store.encode_records(stored.dataset.task, [text("a", "fox"), text("b", "dog")])

    def both(tx: Transaction) -> Any:
        tx.records.log(stored.dataset, ready, at=1)
        seen = tx.records.count(stored.dataset, Criteria(Term(None, "dog")))
        return seen, tx.records.delete(stored.dataset, Criteria(Term(None, "fox")), at=1)

    assert stored.write(both) == (1, (1, 1))
    assert stored.ids() == ["b"]
    assert stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=("nope",)), at=1)) == (0, 0)


def test_discarding_changes_the_status_and_nothing_else(stored: StoredDataset) -> None:
    stored.log(full("a"), text("b", status=Status.DISCARDED))

    assert stored.write(lambda tx: tx.records.discard(stored.dataset, Criteria(), at=9)) == (2, 1)

    assert stored.records()[0] == replace(full("a"), status=Status.DISCARDED)
    assert [row.updated for row in stored.search().rows] == [1, 1]
    assert stored.search(facets=frozenset({"status"})).facets == {"status": {"Discarded": 2}}


def test_a_patch_merges_metadata_and_keeps_the_rest(stored: StoredDataset) -> None:
    stored.log(full("a"))

    def patch(**changes: Any) -> Any:
        return lambda tx: tx.records.patch(stored.dataset, "a", at=5, **changes)

    assert stored.write(patch(metadata={"k": "y", "new": 1.5}, status=None))
    assert stored.write(patch(metadata=None, status=Status.EDITED))
    assert not stored.write(lambda tx: tx.records.patch(stored.dataset, "b", metadata={}, status=None, at=5))

    metadata = {**(full().metadata or {}), "k": "y", "new": 1.5}
    assert stored.records() == [replace(full("a"), metadata=metadata, status=Status.EDITED)]
    assert stored.ids("metadata.k:y AND metadata.new:>1 AND status:Edited AND last_updated:1970") == ["a"]
    assert stored.ids("metadata.k:x") == []
    assert stored.search().rows[0].updated == 5


def test_a_copy_holds_everything(stored: StoredDataset) -> None:
    other = StoredDataset(stored.store)
    stored.log(full("a"), text("b"))

    other.log(*stored.records(), at=3)

    assert other.records() == stored.records()
    assert other.ids("fox AND metadata.f:2.5 AND predicted:ok AND _exists_:vectors.v") == ["a"]


def test_any_string_is_an_id(stored: StoredDataset) -> None:
    strange = ["", "a\0b", "a", "\U0010ffff", "' OR 1=1 --", "x" * 5000]
    stored.log(*(text(id, "one") for id in strange))
    stored.log(*(text(id, "two", annotation=AgentValues("z", {"z": (("A", 1.0),)})) for id in strange))

    assert stored.ids() == sorted(strange)
    assert stored.ids("one") == []
    with stored.store.read() as tx:
        assert sorted(tx.records.stored_answers(stored.dataset, strange)) == sorted(strange)
        assert [row.id for row in tx.records.scan(stored.dataset, Criteria())] == sorted(strange)


def test_what_is_stored_later_is_refused_now_if_it_does_not_fit(stored: StoredDataset) -> None:
    def prepare(size: int) -> None:
        record = text("a", vectors={"v": Vector([1.0] * size)})
        ready = stored.store.encode_records(stored.dataset.task, [record])
        stored.write(lambda tx: tx.records.prepare(stored.dataset, ready))

    prepare(2)
    assert stored.ids() == []
    with pytest.raises(BadRequestError):
        prepare(3)
    with pytest.raises(BadRequestError):
        stored.log(text("b", vectors={"v": Vector([1.0] * 3)}))


def test_a_vector_of_another_size_or_a_sixth_name_refuses_the_request(stored: StoredDataset) -> None:
    stored.log(text("a", vectors={"v": Vector([1.0, 2.0])}))

    with pytest.raises(BadRequestError, match=r"3 dimensions.* 2"):
        stored.log(text("b"), text("c", vectors={"v": Vector([1.0, 2.0, 3.0])}))
    with pytest.raises(BadRequestError, match="more than 5 kind of vectors"):
        stored.log(text("d", vectors={f"v{i}": Vector([1.0]) for i in range(5)}))
    stored.log(text("e", vectors={f"v{i}": Vector([1.0]) for i in range(4)}))
    with pytest.raises(BadRequestError, match="more than 5 kind of vectors"):
        stored.log(text("f", vectors={"sixth": Vector([1.0])}))

    assert stored.ids() == ["a", "e"]


def test_one_metadata_key_too_many_refuses_the_request(stored: StoredDataset) -> None:
    stored.log(text("a", metadata={f"k{i}": "x" for i in range(50)}))

    for extra in ({"k0": "x", "other": "x"}, {f"j{i}": "x" for i in range(51)}):
        with pytest.raises(MetadataLimitExceededError):
            stored.log(text("b", metadata=extra))

    assert stored.ids() == ["a"]
    stored.log(text("b", metadata={f"k{i}": "y" for i in range(50)}))
    assert stored.ids("metadata.k49:y") == ["b"]


def test_values_of_another_kind_refuse_the_request_and_name_every_bad_record(stored: StoredDataset) -> None:
    stored.log(text("a", metadata={"n": 1, "d": "2023-01-01", "o": "x"}))

    with pytest.raises(BulkDataError) as refused:
        stored.log(
            text("good", metadata={"n": 2, "new": "x"}),
            text("bad one", metadata={"n": "many"}),
            text("bad two", metadata={"d": "soon"}),
            text("bad three", metadata={"o": {"an": "object"}}),
        )

    assert [error["id"] for error in refused.value.errors] == ["bad one", "bad two", "bad three"]
    assert all(error["reason"] and error["caused_by"] for error in refused.value.errors)
    assert stored.ids() == ["a"]
    with stored.store.read() as tx:
        assert tx.records.metadata_kinds(stored.dataset) == {"n": "long", "d": "date", "o": "keyword"}


def test_a_refused_request_takes_none_of_its_neighbours_down(stored: StoredDataset) -> None:
    """The writer merges what waits into one transaction; each request stands behind its own savepoint."""
    stored.log(text("0", metadata={"n": 1}))
    prepared = [
        stored.store.encode_records(stored.dataset.task, [text(id, metadata={"n": n, f"of {id}": "x"})])
        for id, n in (("a", 1), ("b", "bad"), ("c", 2))
    ]

    def logging(ready: Sequence[EncodedRecord]) -> Callable[[Transaction], None]:
        return lambda tx: tx.records.log(stored.dataset, ready, at=2)

    gate = stored.store.write(lambda tx: time.sleep(0.05))
    writes = [stored.store.write(logging(ready)) for ready in prepared]

    gate.result()
    assert writes[0].exception() is None
    assert isinstance(writes[1].exception(), BulkDataError)
    assert writes[2].exception() is None
    assert stored.ids() == ["0", "a", "c"]
    assert stored.ids("metadata.n:2") == ["c"]
    with stored.store.read() as tx:
        assert set(tx.records.metadata_kinds(stored.dataset)) == {"n", "of a", "of c"}


def test_a_purged_dataset_leaves_the_others_exact(store: Store) -> None:
    gone, kept = StoredDataset(store), StoredDataset(store)
    gone.log(full("a"))
    store.write(lambda tx: tx.datasets.delete(gone.dataset, at=1)).result()

    def purge_and_log(tx: Any) -> None:
        tx.datasets.mark_for_purge(gone.dataset)
        while not tx.datasets.purge(gone.dataset.no, limit=3):
            pass
        tx.records.log(kept.dataset, store.encode_records(kept.dataset.task, [full("b")]), at=1)

    store.write(purge_and_log).result()

    assert kept.ids("metadata.k:x AND predicted_as:A AND annotated_by:ana") == ["b"]
    facets = kept.search(facets=None).facets
    assert facets["metadata"]["k"] == {"x": 1}
    assert facets["predicted_as"] == {"A": 1}


# Reading


def test_one_record_is_read_as_a_viewer_sees_it(store: Store) -> None:
    stored = StoredDataset(store, policies=INDIVIDUAL)
    stored.log(full("a"), text("b"))
    stored.annotate("ben", "b", (("B", 1.0),))

    with store.read() as tx:
        ben = tx.records.viewer("ben")
        assert tx.records.viewer("nobody") == NOBODY
        rows = [tx.records.get(stored.dataset, id, viewer) for id in "ab" for viewer in (RESOLVED, ben)]
        assert tx.records.get(stored.dataset, "unknown") is None
        seen = [(row.status, row.values(stored.dataset.task)) for row in rows if row is not None]
    prediction = full().prediction
    mine = AgentValues("ben", {"ben": (("B", 1.0),)})
    assert seen == [
        (Status.VALIDATED, (prediction, full().annotation)), (Status.DEFAULT, (prediction, None)),
        (Status.DEFAULT, (None, None)), (Status.VALIDATED, (None, mine)),
    ]  # fmt: skip


def test_only_somebodys_own_assignments_are_shown_to_them(store: Store) -> None:
    planned = Planned(store)
    planned.plan([("a", "ana"), ("a", "ben"), ("b", "ben")])

    with store.read() as tx:
        everybody = tx.records.get(planned.dataset, "a")
        ana = tx.records.get(planned.dataset, "a", only="ana")
        assert everybody is not None
        assert ana is not None
        task = planned.dataset.task
        assert (everybody.status, everybody.values(task)) == (ana.status, ana.values(task))
        assert (
            tx.records.count(planned.dataset, Criteria(assigned_to="ana", viewer=tx.records.viewer("ana")))
            == 1
        )
        me = Criteria(parse("assigned_to:me"), me="ben")
        assert [row.id for row in tx.records.search(planned.dataset, me).rows] == ["a", "b"]
        alone = Criteria(parse("assigned_to:ana"), me="ben", alone=True)
        assert tx.records.count(planned.dataset, alone) == 0


def test_records_are_read_by_id_and_by_number_in_the_order_asked_for(stored: StoredDataset) -> None:
    stored.log(text("c"), full("a"), text("b"), text("d"))
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=("d",)), at=1))
    numbers = {id: stored.number(id) for id in "abc"}

    with stored.store.read() as tx:
        rows = tx.records.rows(stored.dataset, Criteria(ids=("b", "unknown", "a")))
        assert rows == {id: tx.records.get(stored.dataset, id) for id in "ab"}
        assert [rows[id].number for id in "ab"] == [numbers["a"], numbers["b"]]
        asked = [numbers["b"], max(numbers.values()) + 1, numbers["c"], numbers["a"]]
        found = tx.records.numbered(stored.dataset, Criteria(), asked)
        assert [row.id for row in found] == ["b", "c", "a"]
        assert found[0] == rows["b"]
        assert list(tx.records.numbers_by_id(stored.dataset, Criteria())) == [numbers[id] for id in "abc"]
        assert list(tx.records.numbers_by_id(stored.dataset, Criteria(parse("fox")))) == [numbers["a"]]
        assert tx.records.numbers(stored.dataset, Criteria()) == sorted(numbers.values())
        assert list(tx.records.packed_numbers(stored.dataset, Criteria())) == sorted(numbers.values())
        assert tx.records.numbers(stored.dataset, Criteria(parse("some"))) == sorted(
            numbers[id] for id in "bc"
        )
        assert tx.records.count(stored.dataset, Criteria(parse("some"))) == 2


def test_all_matches_come_by_id_with_values_of_their_fields(stored: StoredDataset) -> None:
    stored.log(text("b", metadata={"k": "x", "n": 3}), text("a", metadata={"k": "y"}), text("c", "no match"))

    with stored.store.read() as tx:
        found = tx.records.ids(stored.dataset, Criteria(parse("some")), ["metadata.k", "metadata.n", "id"])
    order = sorted(range(2), key=lambda place: found.ids[place])
    assert [found.ids[place] for place in order] == ["a", "b"]
    assert {name: [found.values[name][place] for place in order] for name in found.values} == {
        "metadata.k": ["y", "x"], "metadata.n": [None, 3], "id": ["a", "b"],
    }  # fmt: skip
    assert [found.logged[place] for place in order] == [stored.number("a"), stored.number("b")]


def test_ids_by_number_leave_out_what_was_deleted_or_logged_again_since(stored: StoredDataset) -> None:
    stored.log(*(text(id) for id in "abcd"), at=5)
    numbers = [stored.number(id) for id in "dcba"]
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=("a",)), at=6))
    stored.log(text("b"), at=7)

    with stored.store.read() as tx:
        assert sorted(tx.records.ids_of(stored.dataset, numbers, logged_by=5)) == ["c", "d"]
        assert tx.records.ids_of(stored.dataset, [], logged_by=5) == []


def test_labels_and_kinds_of_metadata_are_those_of_the_whole_dataset(store: Store) -> None:
    stored = StoredDataset(store, policies=INDIVIDUAL)
    less = AgentValues("m", {"m": (("A", 0.75), ("less likely", 0.25))})
    stored.log(replace(full("a"), prediction=less), text("b", metadata={"k": "y", "new": 1.5}))
    stored.annotate("ben", "b", (("Z", 1.0),))

    with store.read() as tx:
        assert sorted(tx.records.labels(stored.dataset)) == ["A", "less likely"]
        assert sorted(tx.records.labels(stored.dataset, tx.records.viewer("ben"))) == [
            "A",
            "Z",
            "less likely",
        ]
        kinds = tx.records.metadata_kinds(stored.dataset)
    assert kinds == {"k": "keyword", "n": "long", "f": "float", "b": "boolean", "d": "date", "new": "float"}


def test_answers_are_found_by_record_whoever_gave_them(stored: StoredDataset) -> None:
    stored.log(full("a"), text("b"), full("c"))

    with stored.store.read() as tx:
        found = tx.records.stored_answers(stored.dataset, ["a", "b", "unknown"])
        first, second = tx.annotations.cases(stored.dataset, ["a", "b"])
    assert found == {"a": full().annotation}
    assert first.annotations == {"ana": Annotation("ana", AnnotationState.SUBMITTED, (("A", 1.0),), 1, 1)}
    assert second.annotations == {}


# Changing answers


def test_a_patch_changes_the_annotation_only_if_it_is_meant_to(stored: StoredDataset) -> None:
    stored.log(full("a"))
    other = AgentValues("ben", {"ben": (("B", 1.0),)})

    def patch(**options: Any) -> Record:
        given: dict[str, Any] = {"metadata": None, "status": Status.EDITED, "at": 5, **options}
        assert stored.write(lambda tx: tx.records.patch(stored.dataset, "a", **given))
        return stored.records()[0]

    assert patch(annotation=other) == replace(full("a"), status=Status.EDITED)
    assert patch(annotation=other, annotated=True) == replace(
        full("a"), status=Status.EDITED, annotation=other
    )
    assert patch(annotation=None, annotated=True) == replace(full("a"), status=Status.EDITED, annotation=None)
    stored.log(full("a"))
    kept = patch(
        annotation=other, annotated=True, status=Status.DISCARDED, keep_answers=True, metadata={"n": 4}
    )
    assert kept == replace(full("a"), metadata={**(full().metadata or {}), "n": 4})


def test_logging_may_keep_the_answers_there_are(stored: StoredDataset) -> None:
    stored.log(full("a"))
    ready = stored.store.encode_records(
        stored.dataset.task, [text("a", "the fox", metadata={"k": "y"}), full("b")]
    )
    stored.write(lambda tx: tx.records.log(stored.dataset, ready, at=2, keep_answers=True))

    a, b = stored.records()
    assert (a.status, a.annotation, a.metadata) == (Status.VALIDATED, full().annotation, {"k": "y"})
    assert (b.status, b.annotation) in ((Status.VALIDATED, full().annotation), (Status.DEFAULT, None))


def test_nothing_of_a_failed_transaction_is_found_anywhere(stored: StoredDataset) -> None:
    stored.log(full("a"))
    before = stored.search(facets=None)
    ready = stored.store.encode_records(
        stored.dataset.task, [text("a", "dog", metadata={"k2": 1}), full("b")]
    )

    def work(tx: Transaction) -> None:
        tx.records.log(stored.dataset, ready, at=2)
        assert tx.records.count(stored.dataset, Criteria(parse("dog"))) == 1
        tx.records.patch(stored.dataset, "b", metadata={"k": "z"}, status=Status.DISCARDED, at=3)
        assert tx.records.count(stored.dataset, Criteria(parse("metadata.k:z"))) == 1
        assert tx.records.discard(stored.dataset, Criteria(), at=3) == (2, 1)
        assert tx.records.delete(stored.dataset, Criteria(parse("fox")), at=3) == (1, 1)
        raise LookupError

    with pytest.raises(LookupError):
        stored.write(work)
    assert stored.records() == [full("a")]
    assert stored.search(facets=None) == before
    assert (
        stored.read(lambda tx: tx.records.metadata_kinds(stored.dataset)).keys()
        == (full().metadata or {}).keys()
    )
    assert stored.ids("dog OR metadata.k2:1 OR metadata.k:z") == []

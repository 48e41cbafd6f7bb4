"""Whoever keeps records keeps these promises. A second engine joins by adding itself to ``STORES``."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apportion.domain.datasets import Dataset
from apportion.domain.errors import (
    BadRequestError,
    BulkDataError,
    InvalidTextSearchError,
    MetadataLimitExceededError,
)
from apportion.domain.ids import DatasetNo
from apportion.domain.query import MatchAll, Phrase, Term, parse
from apportion.domain.records import (
    AgentValues,
    Entities,
    Record,
    Text2TextRecord,
    TextClassificationRecord,
    TokenClassificationRecord,
    Vector,
)
from apportion.ports.records import Criteria, EncodedRecord, SearchHits, SortKey
from apportion.ports.store import Store, Transaction
from apportion.spans import Entity
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import Status, Task

STORES: dict[str, Callable[[Path], Store]] = {"sqlite": lambda folder: SqliteStore(folder / "store.db")}


@pytest.fixture(scope="module", params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = STORES[request.param](tmp_path_factory.mktemp("contract"))
    yield store
    store.close()


class Desk:
    """A dataset and short ways to use it."""

    def __init__(self, store: Store, task: Task = Task.TEXT_CLASSIFICATION, **options: Any) -> None:
        self.store = store
        wanted = Dataset(
            DatasetNo(0), uuid.uuid4().hex, "ws", uuid.uuid4().hex, task, {}, {}, None, **options
        )
        self.dataset = store.write(lambda tx: tx.datasets.add(wanted)).result()

    def log(self, *found: Record, at: int = 1) -> None:
        ready = self.store.encode_records(self.dataset.task, found)
        self.store.write(lambda tx: tx.records.log(self.dataset, ready, at=at)).result()

    def search(self, query: str = "", sort: list[SortKey] | None = None, **options: Any) -> SearchHits:
        with self.store.read() as tx:
            return tx.records.search(self.dataset, Criteria(parse(query)), sort=sort or [], **options)

    def ids(self, query: str = "", *sort: tuple[str, bool]) -> list[str]:
        return [row.id for row in self.search(query, [SortKey(*each) for each in sort]).rows]

    def records(self) -> list[Record]:
        with self.store.read() as tx:
            return list(tx.records.iterate(self.dataset))

    def write(self, fn: Callable[[Any], Any]) -> Any:
        return self.store.write(lambda transaction: fn(transaction.records)).result()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def text(id: str, words: str = "some words", **fields: Any) -> TextClassificationRecord:
    return TextClassificationRecord(id=id, inputs={"text": words}, **fields)


def full(id: str = "a") -> TextClassificationRecord:
    return text(
        id,
        "the fox",
        status=Status.VALIDATED,
        metadata={"k": "x", "n": 3, "f": [1.5, 2.5], "b": True, "d": "2023-01-01"},
        event_timestamp="2023-01-01T10:00:00",
        event=1_672_567_200_000_000,
        prediction=AgentValues("m", {"m": (("A", 0.75),), "other": (("B", 0.5),)}),
        annotation=AgentValues("ana", {"ana": (("A", 1.0),)}),
        vectors={"v": Vector([1.0, 2.0], ["p"], "model")},
    )


def test_what_is_logged_comes_back_whole(desk: Desk) -> None:
    token = TokenClassificationRecord(
        "t", raw="Ana left", tokens=["Ana", "left"],
        prediction=AgentValues("m", {"m": Entities([Entity(0, 3, "PER", 0.5)], 0.25)}),
    )  # fmt: skip
    sentences = Text2TextRecord("s", raw="", prediction=AgentValues("m", {"m": (("out", 0.5), ("in", 0.25))}))
    tokens, texts = Desk(desk.store, Task.TOKEN_CLASSIFICATION), Desk(desk.store, Task.TEXT2TEXT)

    desk.log(full())
    tokens.log(token)
    texts.log(sentences)

    assert desk.records() == [full()]
    assert tokens.records() == [token]
    assert texts.records() == [sentences]


def test_logging_an_id_again_replaces_the_whole_record(desk: Desk) -> None:
    desk.log(full())
    desk.log(text("a", "the dog"), at=2)

    assert desk.records() == [text("a", "the dog")]
    for gone in ("fox", "status:Validated", "metadata.k:x", "metadata.f:1.5", "predicted_by:m", "annotated_by:ana",
                 "_exists_:vectors.v", "_exists_:event_timestamp", "score:0.75", "predicted:ok"):  # fmt: skip
        assert desk.ids(gone) == [], gone
    assert desk.ids("dog AND status:Default") == ["a"]
    assert desk.search().rows[0].updated == 2


def test_of_equal_ids_in_a_request_the_last_counts(desk: Desk) -> None:
    desk.log(text("a", "one"), text("b", "two"), text("a", "three"))

    assert desk.ids() == ["a", "b"]
    assert desk.ids("one") == []
    assert desk.ids("three") == ["a"]


def test_datasets_do_not_see_one_another(desk: Desk) -> None:
    other = Desk(desk.store)
    desk.log(full("a"))
    other.log(text("a", "a dog", metadata={"k": 1}))

    assert desk.ids("fox") == ["a"]
    assert other.ids("fox") == []
    other.write(lambda records: records.delete(other.dataset, Criteria(), at=1))
    assert (desk.ids(), other.ids()) == (["a"], [])
    with desk.store.read() as tx:
        assert tx.records.metadata_kinds(other.dataset) == {"k": "long"}


def test_deleting_finds_what_the_same_transaction_has_logged(desk: Desk) -> None:
    ready = desk.store.encode_records(desk.dataset.task, [text("a", "fox"), text("b", "dog")])

    def both(records: Any) -> Any:
        records.log(desk.dataset, ready, at=1)
        seen = records.count(desk.dataset, Criteria(Term(None, "dog")))
        return seen, records.delete(desk.dataset, Criteria(Term(None, "fox")), at=1)

    assert desk.write(both) == (1, (1, 1))
    assert desk.ids() == ["b"]
    assert desk.write(lambda records: records.delete(desk.dataset, Criteria(ids=("nope",)), at=1)) == (0, 0)


def test_discarding_changes_the_status_and_nothing_else(desk: Desk) -> None:
    desk.log(full("a"), text("b", status=Status.DISCARDED))

    assert desk.write(lambda records: records.discard(desk.dataset, Criteria(), at=9)) == (2, 1)

    assert desk.records()[0] == replace(full("a"), status=Status.DISCARDED)
    assert [row.updated for row in desk.search().rows] == [1, 1]
    assert desk.search(facets=frozenset({"status"})).facets == {"status": {"Discarded": 2}}


def test_a_patch_merges_metadata_and_keeps_the_rest(desk: Desk) -> None:
    desk.log(full("a"))

    def patch(**changes: Any) -> Any:
        return lambda records: records.patch(desk.dataset, "a", at=5, **changes)

    assert desk.write(patch(metadata={"k": "y", "new": 1.5}, status=None))
    assert desk.write(patch(metadata=None, status=Status.EDITED))
    assert not desk.write(lambda records: records.patch(desk.dataset, "b", metadata={}, status=None, at=5))

    metadata = {**(full().metadata or {}), "k": "y", "new": 1.5}
    assert desk.records() == [replace(full("a"), metadata=metadata, status=Status.EDITED)]
    assert desk.ids("metadata.k:y AND metadata.new:>1 AND status:Edited AND last_updated:1970") == ["a"]
    assert desk.ids("metadata.k:x") == []
    assert desk.search().rows[0].updated == 5


def test_a_copy_holds_everything(desk: Desk) -> None:
    other = Desk(desk.store)
    desk.log(full("a"), text("b"))

    other.log(*desk.records(), at=3)

    assert other.records() == desk.records()
    assert other.ids("fox AND metadata.f:2.5 AND predicted:ok AND _exists_:vectors.v") == ["a"]


def test_pages_follow_the_order_of_ids_as_strings(desk: Desk) -> None:
    wanted = ["1", "11", "11str", "1str", "2", "2str", 'a"b', "a'b", "é", "🤔"]
    desk.log(*(text(id) for id in reversed(wanted)))

    assert desk.ids() == wanted
    assert [row.id for row in desk.search(start=2, limit=3).rows] == wanted[2:5]
    hits = desk.search(limit=0)
    assert (hits.total, hits.rows) == (10, [])
    walked: list[str] = []
    with desk.store.read() as tx:
        while page := tx.records.scan(
            desk.dataset, Criteria(), after=walked[-1] if walked else None, limit=3
        ):
            walked += [row.id for row in page]
        assert [row.id for row in tx.records.scan(desk.dataset, Criteria(), offset=8)] == wanted[8:]
    assert walked == wanted
    for id in wanted:
        with desk.store.read() as tx:
            row = tx.records.get(desk.dataset, id)
            (found,) = tx.records.search(desk.dataset, Criteria(ids=(id, "unknown"))).rows
            (same,) = tx.records.search(desk.dataset, Criteria(Term("id", id))).rows
        assert row == found == same


def test_deleted_records_and_late_comers_leave_the_order_of_the_others(desk: Desk) -> None:
    """Asked before and after, so that whatever is kept in memory has to be brought up to date."""
    desk.log(*(text(f"{i:02}") for i in range(20)))
    assert len(desk.ids("some")) == 20
    desk.write(lambda records: records.delete(desk.dataset, Criteria(ids=("03", "04", "05", "11")), at=2))
    desk.log(text("035"), text("20"), text("00a"))
    left = [
        "00",
        "00a",
        "01",
        "02",
        "035",
        *(f"{i:02}" for i in range(6, 11)),
        *(f"{i:02}" for i in range(12, 21)),
    ]

    assert desk.ids("some") == left
    assert desk.ids("some", ("id", True)) == left[::-1]
    assert desk.ids("some", ("status", True)) == left
    with desk.store.read() as tx:
        for after in ("", "00", "03", "035", "05", "11", "19", "20", "x"):
            rows = tx.records.scan(desk.dataset, Criteria(Term(None, "some")), after=after, limit=3)
            assert [row.id for row in rows] == [id for id in left if id > after][:3]
    desk.write(lambda records: records.delete(desk.dataset, Criteria(ids=tuple(left[:-1])), at=3))
    assert desk.ids("some", ("id", True)) == ["20"]


def test_a_part_without_words_asks_for_nothing_beside_others_and_finds_nothing_alone(desk: Desk) -> None:
    desk.log(text("a", "fox!"))

    assert desk.ids(r"fox AND \!") == ["a"]
    assert desk.ids(r"\!") == []
    assert desk.ids(r"\! AND \?") == []
    assert desk.ids(r"\! OR dog") == []
    assert desk.ids(r"text.exact:fox\!") == ["a"]


def test_any_string_is_an_id(desk: Desk) -> None:
    strange = ["", "a\0b", "a", "\U0010ffff", "' OR 1=1 --", "x" * 5000]
    desk.log(*(text(id, "one") for id in strange))
    desk.log(*(text(id, "two", annotation=AgentValues("z", {"z": (("A", 1.0),)})) for id in strange))

    assert desk.ids() == sorted(strange)
    assert desk.ids("one") == []
    with desk.store.read() as tx:
        assert sorted(tx.records.stored_answers(desk.dataset, strange)) == sorted(strange)
        assert [row.id for row in tx.records.scan(desk.dataset, Criteria())] == sorted(strange)


def test_sorting_puts_missing_values_last_and_breaks_ties_by_id(desk: Desk) -> None:
    desk.log(
        text("a", metadata={"n": 10, "f": [5.0, -1.0]}),
        text("b", metadata={"n": 9, "f": 2.0}),
        text("c"),
        text("d", metadata={"n": 10, "f": 3.0}),
    )

    assert desk.ids("", ("metadata.n", False)) == ["b", "a", "d", "c"]
    assert desk.ids("", ("metadata.n", True)) == ["a", "d", "b", "c"]
    assert desk.ids("", ("metadata.n", True), ("id", True)) == ["d", "a", "b", "c"]
    assert desk.ids("", ("metadata.f", False)) == ["a", "b", "d", "c"]
    assert desk.ids("", ("metadata.f", True)) == ["a", "d", "b", "c"]
    with pytest.raises(InvalidTextSearchError):
        desk.ids("", ("metadata.unknown", False))


def test_large_numbers_are_sorted_by_all_their_digits(desk: Desk) -> None:
    desk.log(*(text(f"{i}", metadata={"n": sign * 2**62 + i}) for i, sign in enumerate((1, 1, -1, -1))))

    assert desk.ids("", ("metadata.n", False)) == ["2", "3", "0", "1"]
    assert desk.ids("", ("metadata.n", True)) == ["1", "0", "3", "2"]


def test_records_logged_after_others_were_counted_are_not_counted_as_these(desk: Desk) -> None:
    wanted = frozenset({"metadata"})
    desk.log(*(text(f"{i}", metadata={"k": f"v{i}"}) for i in range(3)))
    before = desk.search("some", facets=wanted).facets
    desk.log(text("3"), text("4"))

    assert desk.search("some", facets=wanted).facets == before
    assert desk.ids("_exists_:metadata.k") == ["0", "1", "2"]


def test_neighbours_come_nearest_first_and_only_among_the_matches(desk: Desk) -> None:
    desk.log(
        *(
            text(f"{i}", "even" if i % 2 == 0 else "odd", vectors={"v": Vector([float(i), 0.0])})
            for i in range(6)
        )
    )
    desk.log(text("without"))

    def near(query: str = "", **options: Any) -> SearchHits:
        with desk.store.read() as tx:
            asked = {"vector": "v", "value": [3.2, 0.0], "k": 3, "limit": 10, **options}
            return tx.records.nearest(desk.dataset, Criteria(parse(query)), **asked)

    assert [row.id for row in near().rows] == ["3", "4", "2"]
    assert [row.id for row in near("even").rows] == ["4", "2", "0"]
    assert [row.id for row in near(k=100).rows] == ["3", "4", "2", "5", "1", "0"]
    hits = near(limit=1, facets=frozenset({"status"}))
    assert (hits.total, [row.id for row in hits.rows], hits.facets) == (3, ["3"], {"status": {"Default": 3}})
    desk.log(text("3"))
    assert [row.id for row in near().rows] == ["4", "2", "5"]
    for wrong in ({"vector": "w"}, {"value": [1.0]}):
        with pytest.raises(BadRequestError):
            near(**wrong)


def test_a_vector_of_another_size_or_a_sixth_name_refuses_the_request(desk: Desk) -> None:
    desk.log(text("a", vectors={"v": Vector([1.0, 2.0])}))

    with pytest.raises(BadRequestError, match=r"3 dimensions.* 2"):
        desk.log(text("b"), text("c", vectors={"v": Vector([1.0, 2.0, 3.0])}))
    with pytest.raises(BadRequestError, match="more than 5 kind of vectors"):
        desk.log(text("d", vectors={f"v{i}": Vector([1.0]) for i in range(5)}))
    desk.log(text("e", vectors={f"v{i}": Vector([1.0]) for i in range(4)}))
    with pytest.raises(BadRequestError, match="more than 5 kind of vectors"):
        desk.log(text("f", vectors={"sixth": Vector([1.0])}))

    assert desk.ids() == ["a", "e"]


def test_one_metadata_key_too_many_refuses_the_request(desk: Desk) -> None:
    desk.log(text("a", metadata={f"k{i}": "x" for i in range(50)}))

    for extra in ({"k0": "x", "other": "x"}, {f"j{i}": "x" for i in range(51)}):
        with pytest.raises(MetadataLimitExceededError):
            desk.log(text("b", metadata=extra))

    assert desk.ids() == ["a"]
    desk.log(text("b", metadata={f"k{i}": "y" for i in range(50)}))
    assert desk.ids("metadata.k49:y") == ["b"]


def test_values_of_another_kind_refuse_the_request_and_name_every_bad_record(desk: Desk) -> None:
    desk.log(text("a", metadata={"n": 1, "d": "2023-01-01", "o": "x"}))

    with pytest.raises(BulkDataError) as refused:
        desk.log(
            text("good", metadata={"n": 2, "new": "x"}),
            text("bad one", metadata={"n": "many"}),
            text("bad two", metadata={"d": "soon"}),
            text("bad three", metadata={"o": {"an": "object"}}),
        )

    assert [error["id"] for error in refused.value.errors] == ["bad one", "bad two", "bad three"]
    assert all(error["reason"] and error["caused_by"] for error in refused.value.errors)
    assert desk.ids() == ["a"]
    with desk.store.read() as tx:
        assert tx.records.metadata_kinds(desk.dataset) == {"n": "long", "d": "date", "o": "keyword"}


def test_a_refused_request_takes_none_of_its_neighbours_down(desk: Desk) -> None:
    """The writer merges what waits into one transaction; each request stands behind its own savepoint."""
    desk.log(text("0", metadata={"n": 1}))
    prepared = [
        desk.store.encode_records(desk.dataset.task, [text(id, metadata={"n": n, f"of {id}": "x"})])
        for id, n in (("a", 1), ("b", "bad"), ("c", 2))
    ]

    def logging(ready: Sequence[EncodedRecord]) -> Callable[[Transaction], None]:
        return lambda tx: tx.records.log(desk.dataset, ready, at=2)

    gate = desk.store.write(lambda tx: time.sleep(0.05))
    writes = [desk.store.write(logging(ready)) for ready in prepared]

    gate.result()
    assert writes[0].exception() is None
    assert isinstance(writes[1].exception(), BulkDataError)
    assert writes[2].exception() is None
    assert desk.ids() == ["0", "a", "c"]
    assert desk.ids("metadata.n:2") == ["c"]
    with desk.store.read() as tx:
        assert set(tx.records.metadata_kinds(desk.dataset)) == {"n", "of a", "of c"}


def test_numbers_are_found_by_value_however_they_are_written(desk: Desk) -> None:
    desk.log(
        text("a", metadata={"n": 1000, "f": -5.0, "big": 1234567890123456789}),
        text("b", metadata={"n": -5, "f": 1000.0, "big": 1234567890123456788}),
        text("c", metadata={"f": [0.5, 2000.0]}),
    )

    assert desk.ids("metadata.n:1e3") == ["a"]
    assert desk.ids("metadata.n:[-5 TO 5]") == ["b"]
    assert desk.ids("metadata.f:-5") == ["a"]
    assert desk.ids("metadata.f:{0.5 TO 1e3]") == ["b"]
    assert desk.ids("metadata.f:>1000") == ["c"]
    assert desk.ids("metadata.big:1234567890123456789") == ["a"]
    assert desk.ids("metadata.big:<1234567890123456789") == ["b"]
    with pytest.raises(InvalidTextSearchError):
        desk.ids("metadata.n:many")
    assert desk.ids("metadata.*:1000") == ["a", "b"]
    assert desk.ids("*:some") == ["a", "b", "c"]


def test_times_are_found_by_partial_dates_before_and_after_1970(desk: Desk) -> None:
    old = text("old", event_timestamp="1969-12-31T23:59:59", event=-1_000_000)
    new = text("new", event_timestamp="2023-03-01", event=1_677_628_800_000_000)
    desk.log(old, new, text("none"))

    assert desk.ids("event_timestamp:1969") == ["old"]
    assert desk.ids("event_timestamp:[* TO 1970-01-01}") == ["old"]
    assert desk.ids("event_timestamp:2023-03") == ["new"]
    assert desk.ids("event_timestamp:{2023-02 TO *]") == ["new"]
    assert desk.ids("event_timestamp:1677628800000") == ["new"]
    assert desk.ids("event_timestamp:<99999999999999999999999") == ["new", "old"]
    assert desk.ids("", ("event_timestamp", True)) == ["new", "old", "none"]


def test_phrases_of_text_reach_across_inputs_and_those_of_an_input_do_not(desk: Desk) -> None:
    desk.log(TextClassificationRecord("a", inputs={"one": "lazy dog", "two": "hated fox"}))

    assert desk.ids('"dog hated"') == ["a"]
    assert desk.ids('inputs.one:"dog hated"') == []
    assert desk.ids('inputs.*:"hated fox"') == ["a"]
    assert desk.ids(r"inputs.one:lazy\-do*") == ["a"]
    desk.log(TextClassificationRecord("b", inputs={"one": "my dog", "two": "crazy dot"}))
    assert desk.ids(r"inputs.one:crazy\-do* OR inputs.one:fo*") == []
    assert desk.ids(r"inputs.two:crazy\-do*") == ["b"]


def test_slop_widens_a_phrase_and_never_narrows_it(desk: Desk) -> None:
    desk.log(text("a", "one two three four five"))

    assert desk.ids('"one two three four five"~1') == ["a"]
    assert desk.ids('"one three"') == []
    assert desk.ids('"one three"~1') == ["a"]
    assert desk.ids('"four one"~1') == []
    assert desk.ids('"four one"~2') == ["a"]
    assert desk.ids('text.exact:"one four"~2') == ["a"]
    desk.log(text("b", "six x-y-z seven"))
    assert desk.ids('text.exact:"six seven"~1') == ["b"]  # one piece lies between, though three words do


@pytest.mark.parametrize("many", [201, 1000])
def test_long_questions_are_answered(desk: Desk, many: int) -> None:
    desk.log(text("a", " ".join(f"w{i}" for i in range(many))), text("b", "w1 w2"))

    assert desk.ids(" AND ".join(f"w{i}" for i in range(many))) == ["a"]
    assert desk.ids(" OR ".join(f"w{i}" for i in range(many))) == ["a", "b"]
    assert desk.ids("w*") == ["a", "b"]
    assert desk.ids("/w[0-9]+/ AND ?1?") == ["a"]
    with desk.store.read() as tx:
        phrase = Phrase(None, " ".join(f"w{i}" for i in range(many)))
        assert tx.records.count(desk.dataset, Criteria(phrase)) == 1


def test_tokens_are_found_even_where_they_are_parts_of_words(store: Store) -> None:
    desk = Desk(store, Task.TOKEN_CLASSIFICATION)
    desk.log(TokenClassificationRecord("a", raw="I can't", tokens=["I", "ca", "n't"]))

    for token in ("I", "ca", "n't"):
        assert desk.ids(f'tokens:"{token}"') == ["a"]
    assert desk.ids("tokens:can") == []


def test_agents_may_have_dots_in_their_names(desk: Desk) -> None:
    desk.log(text("a", prediction=AgentValues("org/model.v1", {"org/model.v1": (("A", 0.9),)})))

    assert desk.ids(r"predictions.org\/model.v1.labels.class_label:A") == ["a"]
    assert desk.ids(r"_exists_:predictions.org\/model.v1") == ["a"]
    assert desk.ids(r"predictions.org\/model.v2.labels.class_label:A") == []


def test_labels_of_an_agents_spans_are_found_by_their_path(store: Store) -> None:
    desk = Desk(store, Task.TOKEN_CLASSIFICATION)
    spans = Entities([Entity(0, 3, "PER")])
    agents = {"a": "m", "b": "model.v1", "c": None}
    for id, agent in agents.items():
        said = None if agent is None else AgentValues(agent, {agent: spans})
        desk.log(TokenClassificationRecord(id, Status.DEFAULT, raw="Ana", tokens=["Ana"], annotation=said))
    assert desk.ids("annotations.m.entities.label:PER") == ["a"]
    assert desk.ids(r"annotations.model.v1.entities.label:PER") == ["b"]
    assert desk.ids("annotations.m.entities.label:LOC") == []
    assert desk.ids("NOT annotations.m.entities.label:*") == ["b", "c"]


def test_a_subfield_exists_where_its_field_does(desk: Desk) -> None:
    desk.log(text("a", metadata={"k": "x", "f": 1.5}), text("b"))

    for name in ("metadata.k", "metadata.k.text", "metadata.k.exact", "metadata.f"):
        assert desk.ids(f"_exists_:{name}") == desk.ids(f"{name}:*") == ["a"], name
    for name in ("metadata.k.value", "metadata.f.text", "metadata.k.text.exact"):
        assert desk.ids(f"_exists_:{name}") == [], name
    assert desk.ids("inputs.text.exact:*") == ["a", "b"]


def test_quotes_and_operators_in_words_are_only_characters(desk: Desk) -> None:
    desk.log(text("a", 'she said "NEAR(x)" AND left'), text("b", "x"))

    assert desk.ids(r"\"NEAR\(x\)\"") == ["a"]
    assert desk.ids('text.exact:"\\"NEAR(x)\\""') == ["a"]
    assert desk.ids('"AND left"') == ["a"]
    assert desk.ids("NOT status:Default") == []
    assert desk.ids("NOT status:Validated") == ["a", "b"]


def test_a_purged_dataset_leaves_the_others_exact(store: Store) -> None:
    gone, kept = Desk(store), Desk(store)
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


def test_nothing_is_counted_where_nothing_is(desk: Desk) -> None:
    hits = desk.search(facets=None)

    assert (hits.total, hits.rows, hits.facets["status"], hits.facets["metadata"]) == (0, [], {}, {})
    assert desk.ids("x OR status:Default OR _exists_:nothing") == []
    with desk.store.read() as tx:
        assert tx.records.labels(desk.dataset) == []
        assert tx.records.scan(desk.dataset, Criteria(MatchAll()), sort=[SortKey("score")]) == []


def test_large_datasets_can_be_read_ahead(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "apportion.db")
    desk = Desk(store)
    desk.log(*(full(f"r{n}") for n in range(3)))
    assert list(store.warm()) == []
    assert list(store.warm(least=3))
    assert desk.search().total == 3
    store.close()

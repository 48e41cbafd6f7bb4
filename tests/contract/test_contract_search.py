"""Records: the search language, orders, pages, counts and neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.domain.errors import (
    BadRequestError,
    InvalidTextSearchError,
)
from apportion.domain.query import MatchAll, Phrase, Term, parse
from apportion.domain.records import (
    AgentValues,
    Entities,
    TextClassificationRecord,
    TokenClassificationRecord,
    Vector,
)
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.ports.store import Store
from apportion.spans import Entity
from apportion.vocabulary import Status, Task
from stored_dataset import StoredDataset, text


def test_pages_follow_the_order_of_ids_as_strings(stored: StoredDataset) -> None:
    wanted = ["1", "11", "11str", "1str", "2", "2str", 'a"b', "a'b", "é", "🤔"]
    stored.log(*(text(id) for id in reversed(wanted)))

    assert stored.ids() == wanted
    assert [row.id for row in stored.search(start=2, limit=3).rows] == wanted[2:5]
    hits = stored.search(limit=0)
    assert (hits.total, hits.rows) == (10, [])
    walked: list[str] = []
    with stored.store.read() as tx:
        while page := tx.records.scan(
            stored.dataset, Criteria(), after=walked[-1] if walked else None, limit=3
        ):
            walked += [row.id for row in page]
        assert [row.id for row in tx.records.scan(stored.dataset, Criteria(), offset=8)] == wanted[8:]
    assert walked == wanted
    for id in wanted:
        with stored.store.read() as tx:
            row = tx.records.get(stored.dataset, id)
            (found,) = tx.records.search(stored.dataset, Criteria(ids=(id, "unknown"))).rows
            (same,) = tx.records.search(stored.dataset, Criteria(Term("id", id))).rows
        assert row == found == same


def test_deleted_records_and_late_comers_leave_the_order_of_the_others(stored: StoredDataset) -> None:
    """Asked before and after, so that whatever is kept in memory has to be brought up to date."""
    stored.log(*(text(f"{i:02}") for i in range(20)))
    assert len(stored.ids("some")) == 20
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=("03", "04", "05", "11")), at=2))
    stored.log(text("035"), text("20"), text("00a"))
    left = [
        "00",
        "00a",
        "01",
        "02",
        "035",
        *(f"{i:02}" for i in range(6, 11)),
        *(f"{i:02}" for i in range(12, 21)),
    ]

    assert stored.ids("some") == left
    assert stored.ids("some", ("id", True)) == left[::-1]
    assert stored.ids("some", ("status", True)) == left
    with stored.store.read() as tx:
        for after in ("", "00", "03", "035", "05", "11", "19", "20", "x"):
            rows = tx.records.scan(stored.dataset, Criteria(Term(None, "some")), after=after, limit=3)
            assert [row.id for row in rows] == [id for id in left if id > after][:3]
    stored.write(lambda tx: tx.records.delete(stored.dataset, Criteria(ids=tuple(left[:-1])), at=3))
    assert stored.ids("some", ("id", True)) == ["20"]


def test_a_part_without_words_asks_for_nothing_beside_others_and_finds_nothing_alone(
    stored: StoredDataset,
) -> None:
    stored.log(text("a", "fox!"))

    assert stored.ids(r"fox AND \!") == ["a"]
    assert stored.ids(r"\!") == []
    assert stored.ids(r"\! AND \?") == []
    assert stored.ids(r"\! OR dog") == []
    assert stored.ids(r"text.exact:fox\!") == ["a"]


def test_sorting_puts_missing_values_last_and_breaks_ties_by_id(stored: StoredDataset) -> None:
    stored.log(
        text("a", metadata={"n": 10, "f": [5.0, -1.0]}),
        text("b", metadata={"n": 9, "f": 2.0}),
        text("c"),
        text("d", metadata={"n": 10, "f": 3.0}),
    )

    assert stored.ids("", ("metadata.n", False)) == ["b", "a", "d", "c"]
    assert stored.ids("", ("metadata.n", True)) == ["a", "d", "b", "c"]
    assert stored.ids("", ("metadata.n", True), ("id", True)) == ["d", "a", "b", "c"]
    assert stored.ids("", ("metadata.f", False)) == ["a", "b", "d", "c"]
    assert stored.ids("", ("metadata.f", True)) == ["a", "d", "b", "c"]
    with pytest.raises(InvalidTextSearchError):
        stored.ids("", ("metadata.unknown", False))


def test_an_order_by_values_follows_every_change(stored: StoredDataset) -> None:
    stored.log(text("a", metadata={"k": "m"}), text("b", metadata={"k": "c"}))
    for descending in (False, True):
        assert stored.ids("", ("metadata.k", descending)) == (["a", "b"] if descending else ["b", "a"])
    stored.log(text("c", metadata={"k": "f"}), text("d"), text("b", metadata={"k": "z"}))

    assert stored.ids("", ("metadata.k", True)) == ["b", "a", "c", "d"]
    stored.log(text("b", metadata={"k": "d"}))  # no record more, another value

    assert stored.ids("", ("metadata.k", True)) == ["a", "c", "b", "d"]
    stored.log(text("b", metadata={"k": "f"}), text("c", metadata={"k": "z"}))  # no value more either

    assert stored.ids("", ("metadata.k", True)) == ["c", "a", "b", "d"]
    stored.log(text("b", metadata={"k": "z"}), text("c", metadata={"k": "f"}))

    assert stored.ids("", ("metadata.k", False)) == ["c", "a", "b", "d"]
    stored.log(text("e"), text("d", metadata={"k": ["a", "y"]}))

    assert stored.ids("", ("metadata.k", False)) == ["d", "c", "a", "b", "e"]
    assert stored.ids("", ("metadata.k", True)) == ["b", "d", "a", "c", "e"]
    assert stored.ids("", ("metadata.k", True)) == ["b", "d", "a", "c", "e"]


def test_large_numbers_are_sorted_by_all_their_digits(stored: StoredDataset) -> None:
    stored.log(*(text(f"{i}", metadata={"n": sign * 2**62 + i}) for i, sign in enumerate((1, 1, -1, -1))))

    assert stored.ids("", ("metadata.n", False)) == ["2", "3", "0", "1"]
    assert stored.ids("", ("metadata.n", True)) == ["1", "0", "3", "2"]


def test_records_logged_after_others_were_counted_are_not_counted_as_these(stored: StoredDataset) -> None:
    wanted = frozenset({"metadata"})
    stored.log(*(text(f"{i}", metadata={"k": f"v{i}"}) for i in range(3)))
    before = stored.search("some", facets=wanted).facets
    stored.log(text("3"), text("4"))

    assert stored.search("some", facets=wanted).facets == before
    assert stored.ids("_exists_:metadata.k") == ["0", "1", "2"]


ODD = ['"', "\\", "a\nb", "a\x1eb", "é", "🦊", "[1,2]", "a,b"]


def test_of_very_many_values_the_most_frequent_are_counted_and_of_those_that_tie_the_first_by_name(
    stored: StoredDataset,
) -> None:
    stored.log(*(text(f"r{n}", metadata={"k": [f"m{n:04}", f"n{n:04}"]}) for n in range(1_100)))
    stored.log(*(text(f"o{n}", metadata={"k": [odd, "often"]}) for n, odd in enumerate(ODD)))
    counted = stored.search("some", facets=frozenset({"metadata"})).facets["metadata"]["k"]
    rare = sorted([*ODD, *(f"m{n:04}" for n in range(1_100))])[:999]
    assert list(counted.items()) == [("often", len(ODD)), *((name, 1) for name in rare)]


def test_values_of_any_characters_are_counted_by_their_names(stored: StoredDataset) -> None:
    names = [f"{n}{odd}" for n in range(260) for odd in ODD]
    stored.log(*(text(f"{n}", metadata={"k": name}) for n, name in enumerate(names)))
    counted = stored.search("some", facets=frozenset({"metadata"})).facets["metadata"]["k"]
    assert counted == dict.fromkeys(sorted(names)[:1_000], 1)


def test_neighbours_come_nearest_first_and_only_among_the_matches(stored: StoredDataset) -> None:
    stored.log(
        *(
            text(f"{i}", "even" if i % 2 == 0 else "odd", vectors={"v": Vector([float(i), 0.0])})
            for i in range(6)
        )
    )
    stored.log(text("without"))

    def near(query: str = "", **options: Any) -> SearchHits:
        with stored.store.read() as tx:
            asked = {"vector": "v", "value": [3.2, 0.0], "k": 3, "limit": 10, **options}
            return tx.records.nearest(stored.dataset, Criteria(parse(query)), **asked)

    assert [row.id for row in near().rows] == ["3", "4", "2"]
    assert [row.id for row in near("even").rows] == ["4", "2", "0"]
    assert [row.id for row in near(k=100).rows] == ["3", "4", "2", "5", "1", "0"]
    hits = near(limit=1, facets=frozenset({"status"}))
    assert (hits.total, [row.id for row in hits.rows], hits.facets) == (3, ["3"], {"status": {"Default": 3}})
    stored.log(text("3"))
    assert [row.id for row in near().rows] == ["4", "2", "5"]
    for wrong in ({"vector": "w"}, {"value": [1.0]}):
        with pytest.raises(BadRequestError):
            near(**wrong)


def test_numbers_are_found_by_value_however_they_are_written(stored: StoredDataset) -> None:
    stored.log(
        text("a", metadata={"n": 1000, "f": -5.0, "big": 1234567890123456789}),
        text("b", metadata={"n": -5, "f": 1000.0, "big": 1234567890123456788}),
        text("c", metadata={"f": [0.5, 2000.0]}),
    )

    assert stored.ids("metadata.n:1e3") == ["a"]
    assert stored.ids("metadata.n:[-5 TO 5]") == ["b"]
    assert stored.ids("metadata.f:-5") == ["a"]
    assert stored.ids("metadata.f:{0.5 TO 1e3]") == ["b"]
    assert stored.ids("metadata.f:>1000") == ["c"]
    assert stored.ids("metadata.big:1234567890123456789") == ["a"]
    assert stored.ids("metadata.big:<1234567890123456789") == ["b"]
    with pytest.raises(InvalidTextSearchError):
        stored.ids("metadata.n:many")
    assert stored.ids("metadata.*:1000") == ["a", "b"]
    assert stored.ids("*:some") == ["a", "b", "c"]


def test_times_are_found_by_partial_dates_before_and_after_1970(stored: StoredDataset) -> None:
    old = text("old", event_timestamp="1969-12-31T23:59:59", event=-1_000_000)
    new = text("new", event_timestamp="2023-03-01", event=1_677_628_800_000_000)
    stored.log(old, new, text("none"))

    assert stored.ids("event_timestamp:1969") == ["old"]
    assert stored.ids("event_timestamp:[* TO 1970-01-01}") == ["old"]
    assert stored.ids("event_timestamp:2023-03") == ["new"]
    assert stored.ids("event_timestamp:{2023-02 TO *]") == ["new"]
    assert stored.ids("event_timestamp:1677628800000") == ["new"]
    assert stored.ids("event_timestamp:<99999999999999999999999") == ["new", "old"]
    assert stored.ids("", ("event_timestamp", True)) == ["new", "old", "none"]


def test_phrases_of_text_reach_across_inputs_and_those_of_an_input_do_not(stored: StoredDataset) -> None:
    stored.log(TextClassificationRecord("a", inputs={"one": "lazy dog", "two": "hated fox"}))

    assert stored.ids('"dog hated"') == ["a"]
    assert stored.ids('inputs.one:"dog hated"') == []
    assert stored.ids('inputs.*:"hated fox"') == ["a"]
    assert stored.ids(r"inputs.one:lazy\-do*") == ["a"]
    stored.log(TextClassificationRecord("b", inputs={"one": "my dog", "two": "crazy dot"}))
    assert stored.ids(r"inputs.one:crazy\-do* OR inputs.one:fo*") == []
    assert stored.ids(r"inputs.two:crazy\-do*") == ["b"]


def test_slop_widens_a_phrase_and_never_narrows_it(stored: StoredDataset) -> None:
    stored.log(text("a", "one two three four five"))

    assert stored.ids('"one two three four five"~1') == ["a"]
    assert stored.ids('"one three"') == []
    assert stored.ids('"one three"~1') == ["a"]
    assert stored.ids('"four one"~1') == []
    assert stored.ids('"four one"~2') == ["a"]
    assert stored.ids('text.exact:"one four"~2') == ["a"]
    stored.log(text("b", "six x-y-z seven"))
    assert stored.ids('text.exact:"six seven"~1') == ["b"]  # one piece lies between, though three words do


@pytest.mark.parametrize("many", [201, 1000])
def test_long_questions_are_answered(stored: StoredDataset, many: int) -> None:
    stored.log(text("a", " ".join(f"w{i}" for i in range(many))), text("b", "w1 w2"))

    assert stored.ids(" AND ".join(f"w{i}" for i in range(many))) == ["a"]
    assert stored.ids(" OR ".join(f"w{i}" for i in range(many))) == ["a", "b"]
    assert stored.ids("w*") == ["a", "b"]
    assert stored.ids("/w[0-9]+/ AND ?1?") == ["a"]
    with stored.store.read() as tx:
        phrase = Phrase(None, " ".join(f"w{i}" for i in range(many)))
        assert tx.records.count(stored.dataset, Criteria(phrase)) == 1


def test_tokens_are_found_even_where_they_are_parts_of_words(store: Store) -> None:
    stored = StoredDataset(store, Task.TOKEN_CLASSIFICATION)
    stored.log(TokenClassificationRecord("a", raw="I can't", tokens=["I", "ca", "n't"]))

    for token in ("I", "ca", "n't"):
        assert stored.ids(f'tokens:"{token}"') == ["a"]
    assert stored.ids("tokens:can") == []


def test_agents_may_have_dots_in_their_names(stored: StoredDataset) -> None:
    stored.log(text("a", prediction=AgentValues("org/model.v1", {"org/model.v1": (("A", 0.9),)})))

    assert stored.ids(r"predictions.org\/model.v1.labels.class_label:A") == ["a"]
    assert stored.ids(r"_exists_:predictions.org\/model.v1") == ["a"]
    assert stored.ids(r"predictions.org\/model.v2.labels.class_label:A") == []


def test_labels_of_an_agents_spans_are_found_by_their_path(store: Store) -> None:
    stored = StoredDataset(store, Task.TOKEN_CLASSIFICATION)
    spans = Entities([Entity(0, 3, "PER")])
    agents = {"a": "m", "b": "model.v1", "c": None}
    for id, agent in agents.items():
        answer = None if agent is None else AgentValues(agent, {agent: spans})
        stored.log(
            TokenClassificationRecord(id, Status.DEFAULT, raw="Ana", tokens=["Ana"], annotation=answer)
        )
    assert stored.ids("annotations.m.entities.label:PER") == ["a"]
    assert stored.ids(r"annotations.model.v1.entities.label:PER") == ["b"]
    assert stored.ids("annotations.m.entities.label:LOC") == []
    assert stored.ids("NOT annotations.m.entities.label:*") == ["b", "c"]


def test_a_subfield_exists_where_its_field_does(stored: StoredDataset) -> None:
    stored.log(text("a", metadata={"k": "x", "f": 1.5}), text("b"))

    for name in ("metadata.k", "metadata.k.text", "metadata.k.exact", "metadata.f"):
        assert stored.ids(f"_exists_:{name}") == stored.ids(f"{name}:*") == ["a"], name
    for name in ("metadata.k.value", "metadata.f.text", "metadata.k.text.exact"):
        assert stored.ids(f"_exists_:{name}") == [], name
    assert stored.ids("inputs.text.exact:*") == ["a", "b"]


def test_quotes_and_operators_in_words_are_only_characters(stored: StoredDataset) -> None:
    stored.log(text("a", 'she said "NEAR(x)" AND left'), text("b", "x"))

    assert stored.ids(r"\"NEAR\(x\)\"") == ["a"]
    assert stored.ids('text.exact:"\\"NEAR(x)\\""') == ["a"]
    assert stored.ids('"AND left"') == ["a"]
    assert stored.ids("NOT status:Default") == []
    assert stored.ids("NOT status:Validated") == ["a", "b"]


def test_nothing_is_counted_where_nothing_is(stored: StoredDataset) -> None:
    hits = stored.search(facets=None)

    assert (hits.total, hits.rows, hits.facets["status"], hits.facets["metadata"]) == (0, [], {}, {})
    assert stored.ids("x OR status:Default OR _exists_:nothing") == []
    with stored.store.read() as tx:
        assert tx.records.labels(stored.dataset) == []
        assert tx.records.scan(stored.dataset, Criteria(MatchAll()), sort=[SortKey("score")]) == []

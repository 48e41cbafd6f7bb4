"""Query objects of 1.x as one tree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apportion.domain.errors import BadRequestError, InvalidTextSearchError, ValidationError
from apportion.domain.ids import Viewer
from apportion.domain.query import And, Exists, MatchAll, Not, Or, Query, Range, Term, parse
from apportion.ports.records import Criteria, SortKey
from apportion.server.convert.queries import (
    Nearest,
    read_deletion,
    read_query,
    read_scan,
    read_search,
    read_sort,
)
from apportion.vocabulary import Task

TEXT, TEXT2TEXT = Task.TEXT_CLASSIFICATION, Task.TEXT2TEXT


def tree(**members: Any) -> Query:
    return read_query(members).criteria.query


def sent(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("members", "query"),
    [
        ({}, MatchAll()),
        ({"query_text": "  "}, MatchAll()),
        ({"query_text": "fox -dog"}, parse("fox -dog")),
        ({"query_text": "a b", "advanced_query_dsl": True}, parse("a b", advanced=True)),
        ({"status": ["Default"]}, Term("status", "Default")),
        ({"annotated_by": ["a", "b"]}, Or((Term("annotated_by", "a"), Term("annotated_by", "b")))),
        (
            {"predicted_as": ["A"], "predicted": "ok"},
            And((Term("predicted_as", "A"), Term("predicted", "ok"))),
        ),
        ({"score": {}}, Range("score", "0.0", None)),
        ({"score": {"from": 0.5, "to": None}}, Range("score", "0.5", None)),
        ({"score": {"range_from": "0.1", "range_to": 1}}, Range("score", "0.1", "1.0")),
        ({"metadata": {"k": "x"}}, Term("metadata.k", "x")),
        ({"metadata": {"k": [1, True]}}, Or((Term("metadata.k", "1"), Term("metadata.k", "true")))),
        ({"metadata": {"k": []}}, Not(MatchAll())),
        ({"has_annotation": True, "has_prediction": False}, Exists("annotated_by")),
        ({"has_prediction": True}, Exists("predicted_by")),
        ({"uncovered_by_rules": ["a", " ", "b OR c"]}, Not(Or((parse("a"), parse("b"), parse("c"))))),
        ({"ids": [], "predicted_by": [], "status": [], "raw_query": None, "metadata": {}}, MatchAll()),
        ({"unknown": 1, "sort": "x"}, MatchAll()),
    ],
)
def test_members_become_parts_of_one_tree(members: Any, query: Query) -> None:
    assert tree(**members) == query


def test_parts_are_all_wanted() -> None:
    both = And((Term(None, "a"), Term(None, "b"), Term("status", "Edited")))
    assert tree(query_text="a b", status=["Edited"]) == both


def test_ids_make_everything_else_void() -> None:
    found = read_query({"ids": [1, "1", "a"], "query_text": "x", "status": ["Edited"]}, viewer=Viewer(3))
    assert found.criteria == Criteria(ids=("1", "a"), viewer=Viewer(3))
    assert found.words is None


def test_what_can_be_highlighted_is_the_text_alone() -> None:
    assert read_query({"query_text": "a", "status": ["Edited"]}).words == Term(None, "a")
    assert read_query({"query_text": " "}).words is None


def test_labels_are_nothing_to_search_text2text_by() -> None:
    query = {"predicted_as": ["x"], "annotated_as": ["y"], "uncovered_by_rules": ["z"]}
    assert read_query(query, TEXT2TEXT).criteria.query == MatchAll()


def test_a_vector_stands_apart() -> None:
    found = read_query({"vector": {"name": "v", "value": [1, "2"]}, "predicted": "ko"})
    assert (found.nearest, found.criteria.query) == (Nearest("v", [1.0, 2.0]), Term("predicted", "ko"))


@pytest.mark.parametrize(
    ("members", "path", "type"),
    [
        ({"status": ["Done"]}, ["status", 0], "type_error.enum"),
        ({"predicted": "maybe"}, ["predicted"], "type_error.enum"),
        ({"score": {"from": None}}, ["score", "from"], "type_error.none.not_allowed"),
        ({"score": {"from": "x"}}, ["score", "from"], "type_error.float"),
        ({"ids": [{}]}, ["ids", 0], "type_error.integer"),
        ({"metadata": ["x"]}, ["metadata"], "type_error.dict"),
        ({"metadata": {"k": None}}, ["metadata", "k"], "type_error.none.not_allowed"),
        ({"query_text": ["x"]}, ["query_text"], "type_error.str"),
        ({"vector": {"name": "v"}}, ["vector", "value"], "value_error.missing"),
        ({"vector": {"name": "v", "value": [1], "k": "x"}}, ["vector", "k"], "type_error.integer"),
        ({"annotated_by": None}, ["annotated_by"], "type_error.none.not_allowed"),
    ],
)
def test_bad_shapes_are_refused_as_pydantic_1_did(members: Any, path: Any, type: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_search(sent({"query": members}), TEXT)
    assert (caught.value.errors[0]["loc"], caught.value.errors[0]["type"]) == (["body", "query", *path], type)


def test_what_cannot_be_answered_is_refused_with_a_reason() -> None:
    with pytest.raises(BadRequestError, match="query_text"):
        tree(raw_query={"match_all": {}})
    with pytest.raises(BadRequestError, match="star"):
        tree(metadata={"k*": "x"})
    with pytest.raises(InvalidTextSearchError, match=r"Failed to parse query \[!\]"):
        tree(query_text="!")


# Whole requests


@pytest.mark.parametrize("body", [None, b"", b" ", b"null", b"{}"])
def test_no_body_means_everything(body: bytes | None) -> None:
    everything = Criteria()

    assert read_search(body, TEXT).selected.criteria == everything
    assert read_scan(body).selected.criteria == everything
    if body != b"{}":  # an empty query may be one whose variable was empty
        assert read_deletion(body) == everything


def test_a_search_needs_a_query_that_is_not_null() -> None:
    with pytest.raises(ValidationError):
        read_search(sent({"query": None}), TEXT)
    assert read_scan(sent({"query": None})).selected.criteria == Criteria()


def test_a_scan_says_where_to_go_on() -> None:
    found = read_scan(
        sent({"fields": ["id"], "sort_by": [{"id": "id"}], "next_idx": 7, "next_page_cfg": "x"})
    )
    assert (found.fields, found.sort, found.next_idx, found.next_page_cfg) == (
        ["id"],
        [SortKey("id")],
        "7",
        "x",
    )
    assert read_scan(sent({"fields": []})).fields is None


def test_records_are_ordered_by_what_they_can_be_ordered_by() -> None:
    asked = [{"id": "metadata.year", "order": "desc", "key": "extra"}, {"id": "score"}]
    assert read_sort(asked) == [SortKey("metadata.year", True), SortKey("score", False)]
    assert read_search(sent({"sort": asked}), TEXT).sort == read_sort(asked)
    with pytest.raises(BadRequestError, match=r"text.*event_timestamp"):
        read_sort([{"id": "text"}])
    with pytest.raises(ValidationError):
        read_sort([{"id": "id", "order": "up"}])


@pytest.mark.parametrize("wrap", [lambda query: query, lambda query: {"query": query}])
def test_a_deletion_means_the_query_wrapped_or_not(wrap: Any) -> None:
    assert read_deletion(sent(wrap({"ids": [1]}))) == Criteria(ids=("1",))
    assert read_deletion(sent(wrap({"query_text": "x"}))).query == Term(None, "x")


@pytest.mark.parametrize(
    "body",
    [
        {"queri_text": "x"},
        {"query": {"idz": [1]}},
        {"query": None},
        {"query": {"ids": [1]}, "ids": [2]},
        {"score": {"form": 0.5}},
        {"vector": {"name": "v", "value": [1]}},
        [],
    ],
)
def test_a_deletion_takes_nothing_it_does_not_know(body: Any) -> None:
    with pytest.raises(ValidationError):
        read_deletion(sent(body))


def test_lone_surrogates_and_nan_in_a_query_are_refused() -> None:
    for body in (b'{"query":{"query_text":"\\ud800"}}', b'{"query":{"score":{"from":NaN}}}'):
        with pytest.raises(ValidationError):
            read_search(body, TEXT)

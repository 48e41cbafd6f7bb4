"""Confusion matrices and the order of conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from apportion.domain.agreement.conflicts import confusion, disagreement, most_disputed
from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.agreement.ratings import from_answers

PER, LOC = (0, 4, "PER"), (9, 12, "LOC")


def rated(kind: AnswerKind, *records: list[Any]) -> Any:
    rows = [(n, f"p{who}", value) for n, row in enumerate(records) for who, value in enumerate(row)]
    return from_answers(kind, rows)[0]


def test_a_confusion_matrix_counts_what_one_gave_where_the_other_gave_what() -> None:
    data = rated(AnswerKind.LABEL, ["a", "a"], ["a", "b"], ["a", "b"], ["c"])

    (found,) = confusion(data)

    assert found.counts.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert found.show() == {
        "pair": ["p0", "p1"],
        "labels": ["a", "b", "c"],
        "records": 3,
        "cells": [{"one": "a", "other": "b", "records": 2}, {"one": "a", "other": "a", "records": 1}],
    }


def test_every_pair_who_met_has_a_confusion_matrix() -> None:
    data = rated(AnswerKind.LABEL, ["a", "b", "a"], ["b", "b"])

    assert [(each.pair, each.records) for each in confusion(data)] == [
        (("p0", "p1"), 2),
        (("p0", "p2"), 1),
        (("p1", "p2"), 1),
    ]


def test_only_so_many_pairs_are_shown_those_with_most_records_first() -> None:
    data = rated(AnswerKind.LABEL, ["a", "b", "a"], ["b", "b"])

    assert [each.pair for each in confusion(data, pairs=1)] == [("p0", "p1")]


def test_only_labels_can_be_confused() -> None:
    with pytest.raises(ValueError, match="about labels"):
        confusion(rated(AnswerKind.TEXT, ["one", "two"]))


@pytest.mark.parametrize(
    ("kind", "records", "expected"),
    [
        (AnswerKind.LABEL, [["a", "a"], ["a", "b"], ["a", "a", "b"], ["a"]], [0, 1, 2 / 3, 0]),
        (AnswerKind.LABELS, [[frozenset("a"), frozenset("ab")], [frozenset(), frozenset("a")]], [2 / 3, 1]),
        (
            AnswerKind.SPANS,
            [[frozenset({PER}), frozenset({PER, LOC})], [frozenset(), frozenset()]],
            [1 / 3, 0],
        ),
        (AnswerKind.SPANS, [[frozenset(), frozenset({PER})]], [1]),
        (AnswerKind.TEXT, [["abcd", "abcx"], ["", ""]], [0.25, 0]),
    ],
)
def test_disagreement_is_the_mean_distance_of_the_answers(
    kind: AnswerKind, records: list[list[Any]], expected: list[float]
) -> None:
    assert disagreement(rated(kind, *records)).tolist() == pytest.approx(expected)


def test_the_most_disputed_come_first_and_the_agreed_not_at_all() -> None:
    data = rated(AnswerKind.LABEL, ["a", "a"], ["a", "a", "b"], ["a", "b"], ["a", "b", "c"], ["a", "b"])

    assert most_disputed(data).tolist() == [3, 2, 4, 1]


def test_nothing_to_dispute_is_an_empty_answer() -> None:
    empty = from_answers(AnswerKind.LABEL, [])[0]

    assert most_disputed(empty).tolist() == []
    assert confusion(empty) == []

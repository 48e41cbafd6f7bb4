"""Counts of the labels that each person gave."""

from __future__ import annotations

import numpy as np

from apportion.domain.agreement.label_counts import count_labels
from apportion.domain.agreement.measures import AnswerKind

PEOPLE = ["ana", "ben"]


def test_single_labels_are_counted_by_person() -> None:
    found = count_labels(AnswerKind.LABEL, np.array([0, 0, 1]), np.array([0, 0, 1]), PEOPLE, ["x", "y"])
    assert found == {"ana": {"x": 2}, "ben": {"y": 1}}


def test_each_label_of_several_and_of_each_span_counts() -> None:
    both = [("x", "y"), ("y",)]
    found = count_labels(AnswerKind.LABELS, np.array([0, 1]), np.array([0, 1]), PEOPLE, both)
    assert found == {"ana": {"x": 1, "y": 1}, "ben": {"y": 1}}
    spans = [((0, 3, "PER"), (4, 7, "PER")), ()]
    found = count_labels(AnswerKind.SPANS, np.array([0, 1]), np.array([0, 1]), PEOPLE, spans)
    assert found == {"ana": {"PER": 2}, "ben": {}}


def test_texts_have_no_labels() -> None:
    assert count_labels(AnswerKind.TEXT, np.array([0]), np.array([0]), PEOPLE, ["a text"]) == {}

"""Distances between the answers of one record."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.agreement.conflicts import disagreement
from apportion.domain.agreement.measures import AnswerKind
from apportion.domain.agreement.ratings import from_answers
from apportion.domain.consensus.answers import UNUSABLE, ConsensusAnswer
from apportion.domain.consensus.dispute import dispute

VALUES: dict[AnswerKind, st.SearchStrategy[Any]] = {
    AnswerKind.LABEL: st.sampled_from("abc"),
    AnswerKind.LABELS: st.frozensets(st.sampled_from("abcd")),
    AnswerKind.SPANS: st.frozensets(st.sampled_from([(0, 3, "x"), (0, 3, "y"), (4, 8, "x")])),
    AnswerKind.TEXT: st.text("ab", max_size=5),
}


def answered(*values: Any) -> list[ConsensusAnswer]:
    return [ConsensusAnswer(f"p{number}", value) for number, value in enumerate(values)]


@pytest.mark.parametrize("kind", AnswerKind)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_one_record_at_a_time_and_all_at_once_are_the_same(kind: AnswerKind, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[kind], min_size=2, max_size=5))
    answers = answered(*values)
    rated, _ = from_answers(kind, [("r1", answer.annotator, answer.given) for answer in answers])

    assert dispute(answers, kind) == pytest.approx(disagreement(rated)[0])


def test_a_discard_is_as_far_as_can_be_from_every_answer() -> None:
    assert dispute(answered(UNUSABLE, frozenset(), UNUSABLE), AnswerKind.SPANS) == pytest.approx(2 / 3)
    assert dispute(answered(UNUSABLE, UNUSABLE), AnswerKind.TEXT) == 0


def test_one_answer_is_no_dispute() -> None:
    assert dispute(answered("a"), AnswerKind.LABEL) is None


def test_what_runs_at_each_submit_does_not_load_numpy() -> None:
    modules = ("deciding", "asking", "dispute")
    code = "import sys; " + "; ".join(f"import apportion.domain.consensus.{each}" for each in modules)
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}; print('numpy' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == "False"

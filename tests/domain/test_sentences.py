"""Codes that programs read, and the sentences that people get."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import pytest

from apportion.domain.sentences import COUNT_DECISIONS, HISTORY_REASONS, WHY_EMPTY, history_sentence
from apportion.vocabulary import CountDecision, HistoryReason, WhyEmpty


@pytest.mark.parametrize(
    ("codes", "sentences"),
    [(WhyEmpty, WHY_EMPTY), (CountDecision, COUNT_DECISIONS), (HistoryReason, HISTORY_REASONS)],
)
def test_every_code_has_a_sentence(codes: type[Enum], sentences: Mapping[Enum, str]) -> None:
    assert set(sentences) == set(codes)
    assert (
        len({type(code) for code in sentences}) == 1
    )  # codes of two enums that are spelled alike stay apart


@pytest.mark.parametrize("code", [*WhyEmpty, *CountDecision, *HistoryReason])
def test_a_code_is_one_word_in_lower_case(code: Enum) -> None:
    assert str(code).replace("_", "").isalpha()
    assert str(code).islower()


def test_a_sentence_names_the_person() -> None:
    assert history_sentence(HistoryReason.ADJUDICATED, "rita") == "adjudicated by rita"
    assert (
        history_sentence(HistoryReason.GOLD_REPLACED, "imported:a:b")
        == "gold value (imported by a:b) replaced"
    )
    assert history_sentence(HistoryReason.GOLD_REPLACED, None) == "gold value replaced"

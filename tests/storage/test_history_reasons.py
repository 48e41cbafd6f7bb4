"""Reasons why an earlier answer is no more, as it is stored now and as it was stored before there were codes."""

from __future__ import annotations

import pytest

from apportion.storage.sql.codec.history_reasons import read_reason, stored_reason
from apportion.vocabulary import HistoryReason

EARLIER = [
    ("replaced", HistoryReason.REPLACED, None),
    ("outdated", HistoryReason.OUTDATED, None),
    ("record deleted", HistoryReason.RECORD_DELETED, None),
    ("discarded by query", HistoryReason.DISCARDED_BY_QUERY, None),
    ("gold removed", HistoryReason.GOLD_REMOVED, None),
    ("imported", HistoryReason.IMPORTED, None),
    ("imported by rita", HistoryReason.IMPORTED, "rita"),
    ("adjudicated by rita", HistoryReason.ADJUDICATED, "rita"),
    ("accepted by rita", HistoryReason.CONSENSUS_ACCEPTED, "rita"),
    ("undone", HistoryReason.UNDONE, None),
    ("shared before", HistoryReason.MADE_INDIVIDUAL, None),
    ("shared from now on", HistoryReason.MADE_SHARED, None),
    ("adjudicated by rita, replaced", HistoryReason.GOLD_REPLACED, "adjudicated:rita"),
    ("earlier by a by b: c, replaced", HistoryReason.GOLD_REPLACED, "earlier:a by b: c"),
    ("unheard of", HistoryReason.REPLACED, None),
]


@pytest.mark.parametrize(("stored", "why", "by"), EARLIER)
def test_the_words_of_earlier_databases_are_read_as_codes(
    stored: str, why: HistoryReason, by: str | None
) -> None:
    assert read_reason(stored) == (why, by)


@pytest.mark.parametrize("why", HistoryReason)
@pytest.mark.parametrize("by", [None, "rita", "adjudicated:rita", "earlier:a by b, replaced"])
def test_what_is_stored_is_read(why: HistoryReason, by: str | None) -> None:
    assert read_reason(stored_reason(why, by)) == (why, by)

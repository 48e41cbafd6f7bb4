"""English sentences for the codes of ``vocabulary`` that programs read and that people are shown."""

from __future__ import annotations

from collections.abc import Mapping

from apportion.vocabulary import CountDecision, HistoryReason, WhyEmpty

__all__ = ["COUNT_DECISIONS", "HISTORY_REASONS", "WHY_EMPTY", "history_sentence"]

# A table per enum: codes are strings, and two enums may share one, as ``cap_reached``.

WHY_EMPTY: Mapping[WhyEmpty, str] = {
    WhyEmpty.ALL_DONE: "everything assigned to you is done",
    WhyEmpty.NOTHING_PLANNED: "nothing has been assigned to you",
    WhyEmpty.PAUSED: "your work is paused",
    WhyEmpty.CAP: "you have reached your limit of records here",
    WhyEmpty.PAST_DUE: "the records that are left are past their due date",
    WhyEmpty.NOT_ELIGIBLE: "the records that are left need skills that are not listed for you",
    WhyEmpty.OTHERS: "the records that are left are assigned to others, or you have answered them already",
}

COUNT_DECISIONS: Mapping[CountDecision, str] = {
    CountDecision.OWN: "it fills your slot",
    CountDecision.OPEN: "it fills an open slot",
    CountDecision.WANTED: "this unassigned record needed an answer",
    CountDecision.AGAIN: "it replaces your earlier answer",
    CountDecision.NO_SLOT: "this record did not need another answer",
    CountDecision.FULL: "this record has all its answers, or they are in progress",
    CountDecision.OTHERS: "the answers this record still needs are assigned to others",
    CountDecision.CAPPED: "you have reached your limit of records here",
    CountDecision.INELIGIBLE: "the record needs skills that are not listed for you",
}

HISTORY_REASONS: Mapping[HistoryReason, str] = {
    HistoryReason.REPLACED: "replaced",
    HistoryReason.OUTDATED: "the text of the record was changed",
    HistoryReason.RECORD_DELETED: "the record was deleted",
    HistoryReason.DISCARDED_BY_QUERY: "discarded with everything matching a search",
    HistoryReason.ADJUDICATED: "adjudicated",
    HistoryReason.IMPORTED: "imported",
    HistoryReason.CONSENSUS_ACCEPTED: "consensus accepted",
    HistoryReason.UNDONE: "undone",
    HistoryReason.GOLD_REPLACED: "gold value replaced",
    HistoryReason.GOLD_REMOVED: "gold value removed",
    HistoryReason.MADE_INDIVIDUAL: "the dataset was shared before",
    HistoryReason.MADE_SHARED: "the dataset was made shared",
}


def history_sentence(why: HistoryReason, by: str | None) -> str:
    """Return the sentence of a reason, with the author of what it speaks of.

    >>> history_sentence(HistoryReason.IMPORTED, "rita")
    'imported by rita'
    >>> history_sentence(HistoryReason.GOLD_REPLACED, "adjudicated:ana")
    'gold value (adjudicated by ana) replaced'
    """
    if by is None:
        return HISTORY_REASONS[why]
    if why is HistoryReason.GOLD_REPLACED:
        origin, _, author = by.partition(":")
        return f"gold value ({origin} by {author}) replaced"
    return f"{HISTORY_REASONS[why]} by {by}"

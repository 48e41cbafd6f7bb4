"""English sentences for the codes of ``vocabulary`` that programs read and that people are shown."""

from __future__ import annotations

from collections.abc import Mapping

from apportion.vocabulary import CountDecision, HistoryReason, WhyEmpty

__all__ = ["COUNT_DECISIONS", "HISTORY_REASONS", "WHY_EMPTY", "history_sentence"]

# A table per enum: codes are strings, and two enums may share one, as ``cap_reached``.

WHY_EMPTY: Mapping[WhyEmpty, str] = {
    WhyEmpty.ALL_DONE: "everything of yours is done",
    WhyEmpty.NOTHING_PLANNED: "nothing has been assigned to you",
    WhyEmpty.PAUSED: "your work is paused",
    WhyEmpty.CAP: "you have reached the number of records that was agreed for you",
    WhyEmpty.PAST_DUE: "what is left was due already",
    WhyEmpty.NOT_ELIGIBLE: "what is left needs skills that you are not listed with",
    WhyEmpty.OTHERS: "what is left is with others, or you have answered it already",
}

COUNT_DECISIONS: Mapping[CountDecision, str] = {
    CountDecision.OWN: "it fills your slot",
    CountDecision.OPEN: "it fills an open slot",
    CountDecision.WANTED: "it is an answer wanted on a record that was not shared out",
    CountDecision.AGAIN: "it replaces your earlier answer",
    CountDecision.NO_SLOT: "nobody asked for another answer on this record",
    CountDecision.FULL: "all answers wanted on this record are there or under way",
    CountDecision.OTHERS: "the answers still wanted on this record are for others to give",
    CountDecision.CAPPED: "you have reached the number of records that was agreed for you",
    CountDecision.INELIGIBLE: "the record needs skills that you are not listed with",
}

HISTORY_REASONS: Mapping[HistoryReason, str] = {
    HistoryReason.REPLACED: "replaced",
    HistoryReason.OUTDATED: "the text of the record was changed",
    HistoryReason.RECORD_DELETED: "the record was deleted",
    HistoryReason.DISCARDED_BY_QUERY: "discarded with all that matched a search",
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

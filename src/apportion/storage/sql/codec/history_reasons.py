"""The stored form of why an earlier annotation is no more: a code, and after a colon the person it speaks of."""

from __future__ import annotations

from apportion.vocabulary import HistoryReason

__all__ = ["read_reason", "stored_reason"]

# Databases written before the codes hold English. They are mapped when read: the text is part of each row's checksum,
# and a history of millions of rows would have to be written again.
_EARLIER = {
    "record deleted": HistoryReason.RECORD_DELETED,
    "discarded by query": HistoryReason.DISCARDED_BY_QUERY,
    "gold removed": HistoryReason.GOLD_REMOVED,
    "shared before": HistoryReason.MADE_INDIVIDUAL,
    "shared from now on": HistoryReason.MADE_SHARED,
}
_EARLIER_BY = {
    "adjudicated": HistoryReason.ADJUDICATED,
    "imported": HistoryReason.IMPORTED,
    "accepted": HistoryReason.CONSENSUS_ACCEPTED,
}


def stored_reason(why: HistoryReason, by: str | None) -> str:
    """Return the text to store."""
    return str(why) if by is None else f"{why}:{by}"


def read_reason(stored: str) -> tuple[HistoryReason, str | None]:
    """Return the reason and the person it speaks of, also of texts that were stored before there were codes.

    >>> read_reason("imported:rita") == read_reason("imported by rita") == (HistoryReason.IMPORTED, "rita")
    True
    """
    code, _, by = stored.partition(":")
    try:
        return HistoryReason(code), by or None
    except ValueError:
        pass
    if stored in _EARLIER:
        return _EARLIER[stored], None
    first, _, author = stored.partition(" by ")
    if stored.endswith(", replaced"):
        return HistoryReason.GOLD_REPLACED, f"{first}:{author.removesuffix(', replaced')}"
    if first in _EARLIER_BY:
        return _EARLIER_BY[first], author
    return HistoryReason.REPLACED, None

"""Keep the resolved values of records that are copied elsewhere without their plans."""

from __future__ import annotations

from dataclasses import replace

from apportion.vocabulary import Status

from .case import Case, GoldValue, Origin
from .record_view import CONSENSUS, ResolvedView, Rule
from .required_answers import RequiredAnswers

__all__ = ["earlier_value", "wanted_with"]


def wanted_with(wanted: RequiredAnswers, case: Case, view: ResolvedView) -> RequiredAnswers:
    """Return ``wanted`` including one more record, as it is resolved where its plans are."""
    answers, found = len(case.counted()), view.resolution
    if not answers or (case.gold is not None and case.gold.origin is not Origin.EARLIER):
        return wanted
    if view.conflict:
        return wanted.in_conflict(answers)
    return wanted.waiting(answers) if found is None or found.missing else wanted


def earlier_value(case: Case, view: ResolvedView, before: ResolvedView, *, rule: Rule, now: int) -> Case:
    """Return a record with its value of ``before`` if its answers alone resolve it differently here."""
    resolved = before.status in (Status.VALIDATED, Status.DISCARDED)
    if case.gold is not None or not resolved or (before.status, before.agent) == (view.status, view.agent):
        return case
    discarded = before.status is Status.DISCARDED
    author = before.agent or (before.resolution and before.resolution.agent) or f"{CONSENSUS}{rule}"
    gold = GoldValue(None if discarded else before.value, Origin.EARLIER, author, None, 1, now)
    return replace(case, gold=gold)

"""Compute what a human's decision about a record changes."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.domain.individual.answering import set_gold
from apportion.domain.individual.case import Case, GoldValue, Origin
from apportion.domain.policies import Policies
from apportion.domain.records import Value
from apportion.ports.annotations import CaseChange
from apportion.vocabulary import HistoryReason

__all__ = ["Decision", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A gold value somebody decided on, and why; None as value marks the record as unusable."""

    value: Value | None
    by: str
    reason: str | None
    at: int


def decide(policies: Policies, case: Case, decision: Decision) -> CaseChange:
    """Return what a decision changes in a record. Nothing is written."""
    version = 1 if case.gold is None else case.gold.version + 1
    gold = GoldValue(decision.value, Origin.ADJUDICATED, decision.by, decision.reason, version, decision.at)
    after, by = set_gold(case, gold), decision.by
    note = f"adjudicated by {by}"
    return CaseChange(case, after, policies.resolve(after), HistoryReason.ADJUDICATED, note=note, by=by)

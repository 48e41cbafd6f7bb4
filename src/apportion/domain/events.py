"""Audiences of events: teams, managers, administrators."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from apportion.vocabulary import EventArea, EventCode

__all__ = ["AUDIT_OF_WORKSPACE", "TEAM_EVENTS", "codes_of", "difference"]

_OF_DATASETS = (
    EventCode.GATHERED,
    EventCode.DELETED,
    EventCode.RESTORED,
    EventCode.CHANGED_POLICIES,
    EventCode.CHANGED_GUIDELINES,
)
_NOT_FOR_TEAMS = (EventCode.ACCEPTED_CONSENSUS, EventCode.STARTED_JOB, EventCode.UNDID_JOB)

TEAM_EVENTS: frozenset[EventCode] = frozenset(
    each
    for each in EventCode
    if (each.area in (EventArea.ANSWERS, EventArea.PLANS) or each in _OF_DATASETS)
    and each not in _NOT_FOR_TEAMS
)
"""Events in a dataset's own list, which reviewers read; everything else is in the audit log only."""

AUDIT_OF_WORKSPACE: frozenset[EventCode] = frozenset(
    each for each in EventCode if each.area not in (EventArea.SIGN_IN, EventArea.SERVER)
)
"""Events of the audit log that managers read, of their workspaces; the rest is for administrators."""


def codes_of(areas: Collection[EventArea], codes: Collection[EventCode]) -> frozenset[EventCode] | None:
    """Return the codes selected by some areas and some codes together; None where neither narrows.

    >>> sorted(codes_of([EventArea.SIGN_IN], [EventCode.EXPORTED]))[0]
    <EventCode.EXPORTED: 'exported'>
    """
    if not areas and not codes:
        return None
    return frozenset(codes) | {each for each in EventCode if each.area in areas}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the old and the new values, under the names whose values differ.

    >>> difference({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    ({'b': 2}, {'b': 3, 'c': 4})
    """
    names = [each for each in {**before, **after} if before.get(each) != after.get(each)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}

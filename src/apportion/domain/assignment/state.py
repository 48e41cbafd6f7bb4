"""The state that a plan keeps between batches, so that the next one continues where the last one ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PlanState", "RuleState", "count_pairs", "pair", "read_state", "show_state"]


@dataclass(frozen=True, slots=True)
class RuleState:
    """The state of one rule: rows per person, records seen and chosen per stratum, its anchors, its turns."""

    loads: Mapping[str, int] = field(default_factory=dict)
    strata: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanState:
    """The state of a plan: that of its rules, and the number of records that each pair of people shares."""

    rules: Mapping[int, RuleState] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def rule(self, number: int) -> RuleState:
        """Return the state of one rule, empty where it has allocated nothing yet."""
        return self.rules.get(number, RuleState())


def pair(one: str, other: str) -> tuple[str, str]:
    """Return two people in the order in which pairs are stored."""
    return (one, other) if one < other else (other, one)


def count_pairs(teams: Iterable[Iterable[str]]) -> dict[tuple[str, str], int]:
    """Count the records that each pair shares, from the people on each record.

    >>> count_pairs([["ben", "ana"], ["ana", "ben", "cy"]])
    {('ana', 'ben'): 2, ('ana', 'cy'): 1, ('ben', 'cy'): 1}
    """
    found: dict[tuple[str, str], int] = {}
    for team in teams:
        names = sorted(team)
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                found[one, other] = found.get((one, other), 0) + 1
    return found


def show_state(state: PlanState) -> dict[str, Any]:
    """Return the state as JSON, the same for equal states."""
    from .pairs import show_pairs  # with numpy, which no start waits for

    return {
        "rules": {
            str(number): {
                "loads": dict(sorted(rule.loads.items())),
                "strata": {name: list(rule.strata[name]) for name in sorted(rule.strata)},
                "anchors": list(rule.anchors),
                "turns": dict(sorted(rule.turns.items())),
            }
            for number, rule in sorted(state.rules.items())
        },
        "pairs": show_pairs(state.pairs),
    }


def read_state(json: Mapping[str, Any]) -> PlanState:
    """Read the state that ``show_state`` wrote."""
    from .pairs import read_pairs

    return PlanState(
        {
            int(number): RuleState(
                dict(rule["loads"]),
                {name: (seen, taken) for name, (seen, taken) in rule["strata"].items()},
                tuple(rule["anchors"]),
                dict(rule["turns"]),
            )
            for number, rule in json["rules"].items()
        },
        read_pairs(json["pairs"]),
    )

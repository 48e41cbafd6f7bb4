"""The state that a plan keeps between batches, so that the next one continues where the last one ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from json import dumps
from typing import Any

from apportion.domain.parts import parts_of

__all__ = [
    "PlanState",
    "RuleState",
    "count_pairs",
    "pair",
    "read_state",
    "show_state",
    "with_text",
    "write_state",
]


_PAIRS_AT_ONCE = 5_000
"""Pairs written by one call: while Python is within a call, no other thread runs."""


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
    text: str | None = field(default=None, compare=False, repr=False)
    """The text that ``write_state`` returns, where it was called before."""

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
    return {"rules": _show_rules(state), "pairs": _show_pairs(state)}


def _show_rules(state: PlanState) -> dict[str, Any]:
    return {
        str(number): {
            "loads": dict(sorted(rule.loads.items())),
            "strata": {name: list(rule.strata[name]) for name in sorted(rule.strata)},
            "anchors": list(rule.anchors),
            "turns": dict(sorted(rule.turns.items())),
        }
        for number, rule in sorted(state.rules.items())
    }


def _show_pairs(state: PlanState) -> list[list[Any]]:
    return [[one, other, count] for (one, other), count in sorted(state.pairs.items()) if count]


def write_state(state: PlanState) -> str:
    """Return the JSON text of what ``show_state`` returns."""
    if state.text is not None:
        return state.text
    pairs = ", ".join(dumps(part)[1:-1] for part in parts_of(_show_pairs(state), _PAIRS_AT_ONCE))
    return f'{{"rules": {dumps(_show_rules(state))}, "pairs": [{pairs}]}}'


def with_text(state: PlanState) -> PlanState:
    """Return the state with its text: the half million pairs of a thousand people take most of a second."""
    return replace(state, text=write_state(state))


def read_state(json: Mapping[str, Any]) -> PlanState:
    """Read the state that ``show_state`` or ``write_state`` wrote."""
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
        {(one, other): count for one, other, count in json["pairs"]},
    )

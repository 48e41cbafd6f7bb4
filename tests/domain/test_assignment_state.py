"""The state that a plan keeps between batches, written down and read again."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import pytest

from apportion.domain.assignment.planning import RuleInput, plan
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.state import (
    PlanState,
    RuleState,
    read_state,
    show_state,
    with_text,
    write_state,
)
from apportion.domain.assignment.team import Person, PlanningRecords

NAMES = [f"p{number:03}" for number in range(120)]


def test_a_state_survives_being_written_down() -> None:
    records = PlanningRecords([f"r{n}" for n in range(50)])
    people = tuple(map(Person, NAMES[:4]))
    spec = PlanSpec((RuleSpec(overlap=Overlap(2, 0.3), anchors=4),), seed=7)
    state = plan(spec, [RuleInput(records, people)]).state

    assert read_state(show_state(state)) == replace(
        state, pairs={pair: count for pair, count in state.pairs.items() if count}
    )


@pytest.mark.parametrize("people", [0, 3, 120])
def test_a_state_is_written_as_it_is_shown(people: int) -> None:
    names = NAMES[:people]
    rule = RuleState(dict.fromkeys(names, 2), {'="odd"': (3, 1)}, ("r1",), {"x": 1})
    state = PlanState({0: rule}, dict.fromkeys(combinations(names, 2), 1))

    assert json.loads(write_state(state)) == show_state(state)
    assert write_state(with_text(state)) == write_state(state) == json.dumps(show_state(state))

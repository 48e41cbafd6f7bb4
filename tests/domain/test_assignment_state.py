"""The state that a plan keeps between batches, written down and read again."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.assignment.pairs import Pairs
from apportion.domain.assignment.planning import RuleInput, plan
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.state import (
    PlanState,
    RuleState,
    read_state,
    show_state,
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


@pytest.mark.parametrize(("people", "most"), [(0, 1), (3, 1), (60, 200), (60, 40_000), (60, 10_000_000)])
def test_pairs_survive_being_written_down_few_or_many(people: int, most: int) -> None:
    dice = random.Random(most)
    pairs = {each: dice.choice([-1, dice.randint(1, most)]) for each in combinations(NAMES[:people], 2)}
    state = PlanState({0: RuleState(dict.fromkeys(NAMES[:people], 2))}, pairs)

    shown = json.loads(json.dumps(show_state(state)))
    again = read_state(shown)

    assert again == state
    assert (
        show_state(again)
        == shown
        == show_state(replace(state, pairs=Pairs.of(dict(reversed(pairs.items())))))
    )
    assert isinstance(shown["pairs"], dict) == (people == 60)


def test_pairs_are_read_from_what_earlier_versions_wrote() -> None:
    pairs = dict.fromkeys(combinations(NAMES[:60], 2), 3)
    listed = {"rules": {}, "pairs": [[*each, count] for each, count in pairs.items()]}
    assert read_state(listed) == PlanState({}, pairs)


counts = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("efgh")), st.integers(0, 5), max_size=10
)


@given(counts, counts)
def test_pairs_are_the_mapping_they_stand_for(
    some: dict[tuple[str, str], int], more: dict[tuple[str, str], int]
) -> None:
    def there(found: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        return {each: count for each, count in sorted(found.items()) if count}

    pairs = Pairs.of(some)

    assert dict(pairs) == there(some)
    assert list(pairs) == list(there(some))
    assert len(pairs) == len(there(some))
    assert all(pairs.get(each, 0) == count for each, count in some.items())
    assert pairs.sharing() == sorted({name for each in there(some) for name in each})
    assert dict(pairs.plus(more)) == there(Counter(some) + Counter(more))
    assert pairs.among(["h", "x", "a"]).tolist() == [
        [0, 0, some.get(("a", "h"), 0)], [0, 0, 0], [some.get(("a", "h"), 0), 0, 0],
    ]  # fmt: skip

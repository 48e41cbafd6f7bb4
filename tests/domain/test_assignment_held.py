"""Plans over records that people have already: nobody gets one twice, whoever else has it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.assignment import allocation, rule
from apportion.domain.assignment.allocation import Allocated, RecordsToAllocate, allocate
from apportion.domain.assignment.load_table import LoadTable, shares_of
from apportion.domain.assignment.ordering import hashes
from apportion.domain.assignment.planning import Plan, RuleInput, plan
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.states import Mode
from apportion.domain.assignment.team import Person, PlanningRecords

Held = dict[str, frozenset[str]]


def planned(
    people: int, held: Held, wanted: int, *, records: int = 0, cap: int | None = None, **more: object
) -> Plan:
    ids = [f"r{n}" for n in range(records or len(held))]
    team = tuple(Person(f"p{n:03}", cap=cap) for n in range(people))
    spec = PlanSpec((RuleSpec(overlap=Overlap(wanted), **more),), seed=3)  # type: ignore[arg-type]
    return plan(spec, [RuleInput(PlanningRecords(ids, held=held), team)])


def groups(found: Plan) -> dict[str, list[str | None]]:
    on = defaultdict(list)
    for row in found.rows:
        on[row.record].append(row.annotator)
    return on


def pairs_held(people: int, records: int) -> Held:
    pairs = list(combinations([f"p{n:03}" for n in range(people)], 2))
    return {f"r{n}": frozenset(pairs[n * 37 % len(pairs)]) for n in range(records)}


def test_a_second_plan_of_many_people_is_as_even_as_the_first() -> None:
    held = pairs_held(150, 3_000)
    found = planned(150, held, 2)

    assert not found.unassigned
    assert {len(set(people) - held[record]) for record, people in groups(found).items()} == {2}
    assert set(found.loads.values()) == {40}
    shared: Counter[tuple[str, ...]] = Counter()
    for record, people in groups(found).items():
        for one in people:
            shared.update(tuple(sorted((one or "", other))) for other in held[record])
        shared.update([tuple(sorted(map(str, people)))])
    assert max(shared.values()) <= 3_000 * 5 / (150 * 149 / 2) + 3


def test_records_that_others_have_are_planned_with_those_that_nobody_has() -> None:
    held = pairs_held(30, 400)
    found = planned(30, held, 3, records=1_000)

    assert {len(set(people) - held.get(record, frozenset())) for record, people in groups(found).items()} == {
        3
    }
    assert set(found.loads.values()) == {100}


def test_anchors_are_records_that_nobody_has() -> None:
    held = pairs_held(30, 400)
    on = groups(planned(30, held, 2, records=410, anchors=8))

    assert sum(len(people) == 30 for people in on.values()) == 8
    assert not any(len(people) == 30 for record, people in on.items() if record in held)


@pytest.mark.parametrize("mode", [Mode.PUSH, Mode.PULL])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), people=st.integers(2, 7), wanted=st.integers(2, 7), count=st.integers(1, 40))
def test_telling_records_apart_by_who_has_them_makes_no_difference(
    mode: Mode, data: st.DataObject, people: int, wanted: int, count: int
) -> None:
    names = [f"p{n:03}" for n in range(people)]
    held = {f"r{n}": data.draw(st.frozensets(st.sampled_from(names))) for n in range(count)}
    held = {record: names for record, names in held.items() if names}
    wanted = min(wanted, people)
    cap = data.draw(st.sampled_from([None, None, 5])) if mode is Mode.PUSH else None
    found = []
    for kinds in (10**9, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rule, "_KINDS", kinds)
            found.append(planned(people, held, wanted, records=count, mode=mode, cap=cap))
    apart, together = found

    assert len(apart.rows) == len(together.rows)  # as many as there can be
    assert all(each.records for each in together.unassigned)
    if cap is None:
        assert sorted(map(str, apart.unassigned)) == sorted(map(str, together.unassigned))
    for record, group in groups(together).items():
        assert mode is Mode.PULL or len(set(group) - held.get(record, frozenset())) == len(group)


@settings(max_examples=150, deadline=None)
@given(
    chance=st.randoms(use_true_random=False),
    people=st.integers(2, 25),
    wanted=st.integers(1, 4),
    count=st.integers(1, 60),
)
def test_columns_choose_whom_the_loop_would(
    chance: random.Random, people: int, wanted: int, count: int
) -> None:
    names = [f"p{n}" for n in range(people)]
    weights = [chance.choice([1, 1, 0.5, 2]) for _ in names]
    caps = [chance.choice([None, None, 5, 9]) for _ in names]
    loads = {name: chance.randrange(3) for name in names}
    able = sorted(chance.sample(range(people), chance.randint(1, people)))
    on = {n: chance.sample(range(people), chance.randint(0, min(3, people))) for n in range(count)}
    given = RecordsToAllocate([(n, chance.getrandbits(64)) for n in range(count)], wanted, able, on)

    def allocated(by_columns: bool) -> tuple[list[Allocated], list[int], list[list[int]], list[bool]]:
        table = LoadTable(names, loads, {}, hashes(1, names).tolist())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(allocation, "by_columns", lambda *_: by_columns)
            rows = allocate(table, shares_of(weights, caps), given)
        islands = [table.island(person) == table.island(0) for person in range(people)]
        return rows, table.loads, table.pairs, islands

    assert allocated(True) == allocated(False)

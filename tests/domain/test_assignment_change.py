"""Changes of a plan: only what must move moves, and work that was started never does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apportion.domain.assignment.plan_changes import (
    HeldSlot,
    PlanChange,
    Rebalancing,
    applied,
    invert,
    move,
    rebalance,
    undo,
    withdraw,
)
from apportion.domain.assignment.planning import RuleInput, plan
from apportion.domain.assignment.reallocation import by_order, in_order
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.state import PlanState, RuleState, count_pairs
from apportion.domain.assignment.states import Phase, RowState
from apportion.domain.assignment.team import Person, PlanningRecords

STATES = st.sampled_from([RowState.PENDING] * 4 + [RowState.DONE, RowState.LEASED, RowState.SKIPPED])


def team(count: int, **more: Any) -> tuple[Person, ...]:
    return tuple(Person(f"p{number:02}", **more) for number in range(count))


def held(count: int, people: int, overlap: int, *, anchors: int = 0) -> tuple[list[HeldSlot], PlanState]:
    spec = PlanSpec((RuleSpec(overlap=Overlap(overlap), anchors=anchors),), seed=7)
    found = plan(spec, [RuleInput(PlanningRecords([f"r{n}" for n in range(count)]), team(people))])
    rows = [HeldSlot(row.record, row.annotator, phase=row.phase, priority=row.priority) for row in found.rows]
    return rows, found.state


def after(rows: list[HeldSlot], change: PlanChange) -> list[HeldSlot]:
    """The rows once the change is made, as a store would make it."""
    moved = {id_of(each.row): each.to for each in change.moved}
    gone = {id_of(row) for row in change.removed}
    kept = [
        replace(row, annotator=moved.get(id_of(row), row.annotator)) for row in rows if id_of(row) not in gone
    ]
    return [*kept, *(row for row, _ in change.added)]


def id_of(row: HeldSlot) -> tuple[str, str | None]:
    return row.record, row.annotator


def on(rows: list[HeldSlot]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.record, []).append(row.annotator or "")
    return found


def loads(rows: list[HeldSlot]) -> Counter[str]:
    return Counter(row.annotator or "" for row in rows)


def state_of(rows: list[HeldSlot]) -> PlanState:
    return PlanState({0: RuleState(loads(rows))}, count_pairs(on(rows).values()))


def bare(state: PlanState) -> Any:
    return (
        {name: count for name, count in state.rule(0).loads.items() if count},
        {pair: count for pair, count in state.pairs.items() if count},
    )


@settings(max_examples=60, deadline=None)
@given(
    people=st.integers(4, 9),
    overlap=st.integers(1, 3),
    count=st.integers(1, 80),
    anchors=st.integers(0, 3),
    data=st.data(),
)
def test_when_somebody_leaves_only_their_pending_records_move(
    people: int, overlap: int, count: int, anchors: int, data: Any
) -> None:
    rows, _ = held(count, people, overlap, anchors=anchors)
    states = data.draw(st.lists(STATES, min_size=len(rows), max_size=len(rows)))
    rows = [replace(row, state=state) for row, state in zip(rows, states, strict=True)]
    staying = team(people)[1:]

    change = rebalance(rows, staying, 7, Rebalancing(why="p00 left"))
    new = after(rows, change)

    must = {id_of(row) for row in rows if row.annotator == "p00" and row.state is RowState.PENDING}
    assert {id_of(each.row) for each in change.moved} | {id_of(row) for row in change.removed} == must
    assert all(row.phase is Phase.ANCHOR for row in change.removed)  # the others have those already
    assert {id_of(row) for row in change.kept} == {
        id_of(row) for row in rows if row.annotator == "p00" and row.state is RowState.LEASED
    }
    assert len(set(map(id_of, new))) == len(new)
    assert not change.unassigned
    if overlap == 1:
        assert (
            max(loads(new)[person.name] for person in staying)
            - min(loads(new)[person.name] for person in staying)
            <= 1
        )


def test_a_leaver_costs_the_fewest_moves_and_balance_stays() -> None:
    rows, _ = held(1000, 10, 3)
    rows = [replace(row, state=RowState.DONE) if int(row.record[1:]) % 5 < 2 else row for row in rows]
    pending = sum(row.annotator == "p03" and row.movable for row in rows)

    change = rebalance(rows, [person for person in team(10) if person.name != "p03"], 7)
    counts = loads(after(rows, change))
    pairs = count_pairs(on(after(rows, change)).values())
    met = [count for pair, count in pairs.items() if "p03" not in pair]

    assert len(change.moved) == pending
    assert counts["p03"] == 300 - pending
    assert max(counts.values()) - min(count for name, count in counts.items() if name != "p03") <= 1
    ideal = sum(met) / 36
    assert ideal - 2 <= min(met) <= max(met) <= ideal + 3


def test_with_the_state_at_hand_the_records_of_the_leaver_are_enough() -> None:
    rows, state = held(300, 6, 2)
    mine = {row.record for row in rows if row.annotator == "p00"}

    part = rebalance([row for row in rows if row.record in mine], team(6)[1:], 7, Rebalancing(state=state))

    assert part == rebalance(rows, team(6)[1:], 7)


def test_a_cap_gives_back_what_would_come_last() -> None:
    rows, _ = held(60, 3, 1)
    mine = sorted((row for row in rows if row.annotator == "p00"), key=lambda row: row.priority)

    change = rebalance(rows, [Person("p00", cap=15), *team(3)[1:]], 7)

    assert {each.row for each in change.moved} == set(mine[15:])
    assert sorted(loads(after(rows, change)).values()) == [15, 22, 23]


@pytest.mark.parametrize("overlap", [1, 2])
def test_somebody_who_joins_gets_their_share_and_the_anchors_with_the_fewest_moves(overlap: int) -> None:
    rows, _ = held(210, 4, overlap, anchors=10)
    rows = [replace(row, state=RowState.DONE) if int(row.record[1:]) % 2 else row for row in rows]

    change = rebalance(rows, team(5), 7, Rebalancing(level=True))
    counts = loads(after(rows, change))

    assert {row.record for row, _ in change.added} == {
        row.record for row in rows if row.phase is Phase.ANCHOR
    }
    assert {each.to for each in change.moved} == {"p04"}
    assert max(counts.values()) - min(counts.values()) <= 1
    assert rebalance(after(rows, change), team(5), 7, Rebalancing(level=True)).moved == ()


def test_what_nobody_can_take_is_removed_and_said() -> None:
    rows = [HeldSlot(f"r{n}", "p00", needs=(("lang", "eu"),), priority=n) for n in range(5)]

    change = rebalance(rows, team(2)[1:], 7)

    assert len(change.removed) == 5
    assert [short.reason for short in change.unassigned] == [
        "5 records that need lang=eu: no one is eligible"
    ]


def test_the_reason_of_a_moved_row_tells_from_whom_and_why() -> None:
    rows, _ = held(9, 3, 1)

    change = rebalance(rows, team(3)[1:], 7, Rebalancing(why="p00 is on leave"))

    assert str(change.moved[0].reason).startswith(
        "taken over from p00 (p00 is on leave); had the least to do"
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(STATES, min_size=40, max_size=40), st.booleans())
def test_undo_takes_everything_back_but_work_begun_which_is_listed(
    states: list[RowState], drafted: bool
) -> None:
    rows, _ = held(20, 4, 2)
    rows = [replace(row, state=state) for row, state in zip(rows, states, strict=True)]
    rows[0] = replace(rows[0], drafted=drafted)

    change = undo(rows)

    assert set(change.removed) == {row for row in rows if row.state is RowState.PENDING and not row.drafted}
    assert set(change.kept) == set(rows) - set(change.removed)
    assert not change.moved
    assert not change.added


@settings(max_examples=40, deadline=None)
@given(people=st.integers(4, 8), overlap=st.integers(1, 3), leaving=st.integers(0, 3))
def test_a_change_taken_back_leaves_everything_as_it_was(people: int, overlap: int, leaving: int) -> None:
    rows, state = held(40, people, overlap, anchors=2)
    change = rebalance(rows, [person for n, person in enumerate(team(people)) if n != leaving], 7)
    new = after(rows, change)
    changed = applied(state, change, on(rows))

    back = invert(change, new)

    assert set(map(id_of, after(new, back))) == set(map(id_of, rows))
    assert bare(changed) == bare(state_of(new))
    assert bare(applied(changed, back, on(new))) == bare(state_of(rows))


def test_what_was_begun_since_a_change_stays_when_it_is_taken_back() -> None:
    rows, _ = held(30, 3, 1)
    change = rebalance(rows, team(3)[1:], 7)
    new = after(rows, change)
    begun = {(change.moved[0].row.record, change.moved[0].to)}
    new = [replace(row, state=RowState.LEASED) if id_of(row) in begun else row for row in new]

    back = invert(change, new)

    assert {id_of(row) for row in back.kept} == begun
    assert len(back.moved) == len(change.moved) - 1


def test_moving_by_hand_refuses_row_by_row_and_keeps_work_begun() -> None:
    rows = [
        HeldSlot("r0", "ana"),
        HeldSlot("r1", "ana", RowState.DONE),
        HeldSlot("r2", "ana"),
        HeldSlot("r2", "ben"),
        HeldSlot("r3", "ana", needs=(("lang", "eu"),)),
        HeldSlot("r4", "ana", drafted=True),
        HeldSlot("r5", "ana", phase=Phase.ANCHOR),
    ]

    change = move(rows, Person("ben"), on(rows), annotator="ana")

    assert [(each.row.record, each.to) for each in change.moved] == [("r0", "ben")]
    assert [row.record for row in change.kept] == ["r1", "r4"]
    assert [(row.record, why) for row, why in change.refused] == [
        ("r2", "ben is on this record already"),
        ("r3", "ben lacks lang=eu"),
    ]
    assert change.show()["loads"] == {"ana": -1, "ben": 1}


def test_a_cap_counts_what_somebody_has_before_a_move_by_hand() -> None:
    rows = [HeldSlot("r0", "ana"), HeldSlot("r1", "ana"), *(HeldSlot(f"b{n}", "ben") for n in range(3))]

    change = move(rows, Person("ben", cap=4), on(rows))

    assert [each.row.record for each in change.moved] == ["r0"]
    assert [why for _, why in change.refused] == ["ben has no room left under their cap"]


def test_withdrawing_names_records_or_people() -> None:
    rows, _ = held(10, 2, 2)

    assert {row.annotator for row in withdraw(rows, annotator="p00").removed} == {"p00"}
    assert len(withdraw(rows, records={"r1", "r2"}).removed) == 4


@given(
    st.lists(
        st.builds(
            HeldSlot,
            st.sampled_from(["a", "b", "\ue000", "\U0001f600"]),
            st.sampled_from([None, "ana", "ben"]),
            priority=st.integers(-3, 3),
        )
    )
)
def test_rows_are_in_the_order_of_priority_record_and_person(rows: list[HeldSlot]) -> None:
    assert in_order(rows) == sorted(rows, key=by_order)

"""Reasons why somebody has a record: each holds of the rows as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from apportion.domain.assignment.plan_changes import HeldSlot, Rebalancing, applied, rebalance
from apportion.domain.assignment.planning import Plan, RuleInput, plan
from apportion.domain.assignment.refusals import NothingToAssignError
from apportion.domain.assignment.spec import Checks, Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.states import MORE_NAMES, Mode, Phase, Reason
from apportion.domain.assignment.team import Person, PlanningRecords

MOVES = {"exchanged", "balance", "repair"}
ALONE = {"least_loaded", "turns", "over_share", "open", "adopted", "anchor", "joined", *MOVES}


def check_reason(reason: Reason, me: str | None, others: set[str], codes: set[str], rule: RuleInput) -> None:
    """Assert what a reason says, given who else is on the record and the codes of all its rows."""
    code, args = reason.code, reason.args
    active = {person.name for person in rule.people if person.active}
    if code == "moved":
        assert args[0] != me
        check_reason(Reason(str(args[2]), args[3:]), me, others, codes, rule)
        return
    if code in ("fewest_shared", "other_island"):
        named = str(args[2]).removesuffix(MORE_NAMES).split(", ")
        assert set(named) <= others
        assert me not in named
    elif code == "pairs":
        assert len(others) == 1
        assert {me, *others} <= active
    elif code == "blocks":
        assert len(others) == args[1] - 1  # type: ignore[operator]
    elif code == "everyone":
        assert {me, *others} <= active
    elif code == "kept":
        assert codes & MOVES
    else:
        assert code in ALONE
    if code in ("least_loaded", "fewest_shared", "other_island"):
        assert 0 <= args[0] < args[1]  # type: ignore[operator]
    assert (code == "open") == (me is None)


def check_plan(found: Plan, rules: Sequence[RuleInput], held: Mapping[str, frozenset[str]]) -> None:
    on = defaultdict(list)
    for row in found.rows:
        on[row.record].append(row)
    for record, rows in on.items():
        codes = {row.reason.code for row in rows}
        for row in rows:
            others = {each.annotator for each in rows if each.annotator} | held.get(record, frozenset())
            if row.phase is Phase.CHECK:  # its reason is that of another row, and names nobody
                assert row.reason.code not in ("fewest_shared", "other_island")
                continue
            check_reason(row.reason, row.annotator, others - {row.annotator or ""}, codes, rules[row.rule])


PEOPLE = st.integers(3, 9).flatmap(
    lambda count: st.tuples(
        *(
            st.builds(
                Person,
                st.just(f"p{n}"),
                weight=st.sampled_from([1.0, 1.0, 1.0, 0.5]),
                cap=st.sampled_from([None, None, None, 8, 20]),
                skills=st.sampled_from([{}, {"lang": ("eu",)}, {"lang": ("ca",)}, {"lang": ("ca", "eu")}]),
            )
            for n in range(count)
        )
    )
)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), people=PEOPLE, seed=st.integers(0, 1000))
def test_every_reason_of_a_plan_holds_of_its_rows(data: Any, people: tuple[Person, ...], seed: int) -> None:
    count = data.draw(st.integers(1, 3))
    rules, given = [], []
    held: dict[str, frozenset[str]] = {}
    checks = data.draw(st.sampled_from([None, None, Checks(0.1)]))
    for rule in range(count):
        ids = [f"r{rule}-{n}" for n in range(data.draw(st.integers(1, 60)))]
        langs = data.draw(st.lists(st.sampled_from(["eu", "ca", None]), min_size=len(ids), max_size=len(ids)))
        share = data.draw(st.sampled_from([1, 1, 0.3]))
        rules.append(
            RuleSpec(
                overlap=Overlap(data.draw(st.integers(2, min(4, len(people)))), share=share),
                anchors=data.draw(st.integers(0, 3)),
                needs=data.draw(st.sampled_from([(), (("metadata.lang", "lang"),)])),
                mode=data.draw(st.sampled_from([Mode.PUSH, Mode.PUSH, Mode.PULL])),
            )
        )
        here = {
            id: frozenset([data.draw(st.sampled_from(people)).name])
            for id in data.draw(st.lists(st.sampled_from(ids), max_size=4))
        }
        held |= here
        gold = {} if checks is None else dict.fromkeys(ids[::7], frozenset[str]())
        given.append(RuleInput(PlanningRecords(ids, {"metadata.lang": langs}, held=here, gold=gold), people))
    try:
        found = plan(PlanSpec(tuple(rules), seed=seed, checks=checks), given)
    except NothingToAssignError:
        reject()
    check_plan(found, given, held)


@settings(max_examples=40, deadline=None)
@given(people=PEOPLE, seed=st.integers(0, 1000), count=st.integers(5, 60), overlap=st.integers(2, 3))
def test_the_reasons_of_moved_rows_name_only_people_who_are_there(
    people: tuple[Person, ...], seed: int, count: int, overlap: int
) -> None:
    ids = [f"r{n}" for n in range(count)]
    rule = RuleInput(PlanningRecords(ids), people)
    found = plan(PlanSpec((RuleSpec(overlap=Overlap(overlap)),), seed=seed), [rule])
    rows = [HeldSlot(row.record, row.annotator, priority=row.priority) for row in found.rows]
    on = defaultdict(set)
    for row in rows:
        on[row.record].add(row.annotator or "")

    change = rebalance(rows, people[1:], seed, Rebalancing(state=found.state))

    for each in change.moved:
        on[each.row.record].discard(each.row.annotator or "")
    for removed in change.removed:
        on[removed.record].discard(removed.annotator or "")
    for each in change.moved:
        on[each.row.record].add(each.to)
    assert applied(found.state, change, {}).rule(0).loads.get(people[0].name, 0) == 0
    for each in change.moved:
        check_reason(each.reason, each.to, on[each.row.record] - {each.to}, set(), rule)

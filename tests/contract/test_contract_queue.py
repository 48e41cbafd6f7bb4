"""Assignments, third part: who is offered what, leases, and counts of what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import RuleSpec
from apportion.domain.assignment.states import Mode, RowState
from apportion.ports.plans import PlanPhase
from apportion.ports.queue import Active, Claimant, RemainingWork
from apportion.ports.slots import SlotCount
from apportion.ports.store import Store, Transaction
from apportion.vocabulary import AnnotationState
from planned import Planned, claimant, leased
from stored_dataset import read, write

PULL = RuleSpec(mode=Mode.PULL)
PENDING, LEASED, DONE, SKIPPED, WITHDRAWN = RowState
NOW = 1_000


@pytest.fixture
def planned(store: Store) -> Planned:
    return Planned(store)


def offered(planned: Planned, who: Claimant, *, limit: int = 10, now: int = NOW, **options: Any) -> list[str]:
    """Return the records of the slots that somebody may get next, by id."""
    with planned.store.read() as tx:
        found = tx.assignments.candidates(planned.dataset, who, limit=limit, now=now, **options)
    return sorted({slot.record for slot in found})


def in_order(planned: Planned, who: Claimant, **options: Any) -> list[str]:
    """Return the records in the order in which somebody gets them: of fewer slots the first are kept."""
    found: list[str] = []
    for limit in range(1, 8):
        found += [id for id in offered(planned, who, limit=limit, **options) if id not in found]
    return found


# Who is offered what


def test_own_slots_come_by_due_date_and_order_and_open_ones_beside_them(planned: Planned) -> None:
    later = planned.plan([("c", "ana"), ("b", "ana"), ("a", "ben")], RuleSpec(due="2100-01-01"))
    sooner = planned.plan([("e", "ana")], RuleSpec(due="2099-01-01"))
    pool = planned.plan([("f", None), ("d", None)], PULL)

    assert offered(planned, claimant("ana", later, sooner, pool)) == ["b", "c", "d", "e", "f"]
    assert offered(planned, claimant("ana", later, sooner, pool), limit=1) == ["e", "f"]
    assert in_order(planned, claimant("ana")) == ["e", "c", "b"]
    assert in_order(planned, claimant("nobody")) == []
    assert in_order(planned, claimant("nobody", pool)) == ["f", "d"]


def test_as_many_records_are_offered_as_are_asked_for(planned: Planned) -> None:
    plans = [planned.plan([("a", None)], PULL), planned.plan([("c", None), ("a", None), ("d", None)], PULL)]

    assert offered(planned, claimant("ana", *plans), limit=3) == ["a", "c", "d"]


def test_all_slots_of_a_record_are_returned_so_that_the_choice_sees_them(planned: Planned) -> None:
    planned.plan([("a", "ana"), ("a", "ben"), ("b", "ben")])

    with planned.store.read() as tx:
        found = tx.assignments.candidates(planned.dataset, claimant("ana"), limit=5, now=NOW)
    assert found == planned.slots("a")


def test_only_records_and_slots_that_are_asked_for_are_offered_beside_what_is_leased(
    planned: Planned,
) -> None:
    plan = planned.plan([("a", "ana"), ("b", "ana"), ("c", "ana"), ("d", None)], PULL)
    planned.lease("a", "ana", NOW + 1)
    me = claimant("ana", plan)

    assert offered(planned, me, within=["c", "d", "unknown"]) == ["a", "c", "d"]
    assert offered(planned, me, among=[planned.slot("b").id, planned.slot("d").id]) == ["a", "b", "d"]
    assert offered(planned, me, within=["b"], among=[planned.slot("c").id]) == ["a"]
    assert offered(planned, me, within=[]) == ["a"]


def test_what_somebody_has_leased_is_nobody_elses_until_the_lease_ends(planned: Planned) -> None:
    plan = planned.plan([("a", None), ("b", "ana")], PULL)
    planned.lease("a", "ben", NOW + 1)
    planned.lease("b", "ana", NOW + 1)

    assert offered(planned, claimant("cy", plan)) == []
    assert offered(planned, claimant("cy", plan), now=NOW + 1) == ["a"]
    assert offered(planned, claimant("ben", plan)) == ["a"]
    assert offered(planned, claimant("ana", plan)) == ["b"]


def test_rules_that_limit_somebody_limit_what_they_are_offered(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", None)], PULL)
    rules = frozenset({RuleId(plan.no, 0)})

    assert offered(planned, claimant("ana", plan, full=rules)) == ["a"]
    assert offered(planned, claimant("ana", plan, begun=rules)) == ["b"]
    assert offered(planned, claimant("ana", plan, begun=rules, full=rules)) == []


def test_open_slots_go_to_those_with_the_skills(planned: Planned) -> None:
    plan = planned.plan([("a", None), ("b", None)], PULL, needs={"a": [("lang", "de")]})

    assert offered(planned, claimant("ana", plan)) == ["b"]
    assert offered(planned, claimant("ana", plan, skills={"lang": ("fr", "de")})) == ["a", "b"]


def test_nobody_is_offered_a_record_they_are_on_have_answered_or_have_declined(planned: Planned) -> None:
    plan = planned.plan([("a", None), ("a", "ana"), ("b", None), ("c", None), ("d", None)], PULL)
    done = planned.slots("a")[1]
    planned.save((done, replace(done, state=DONE)))
    declined = planned.slot("b")
    planned.save((declined, replace(declined, declined=frozenset({"ana"}))))
    planned.annotate("ana", "c", (("A", 1.0),))

    assert offered(planned, claimant("ana", plan)) == ["d"]
    assert offered(planned, claimant("ben", plan)) == ["a", "b", "c", "d"]


def test_what_was_put_back_comes_last_and_what_is_past_due_not_at_all(planned: Planned) -> None:
    planned.plan([("a", "ana"), ("b", "ana")])
    planned.plan([("c", "ana")], RuleSpec(due="1970-01-01"))
    before = planned.slot("a")
    planned.save((before, replace(before, deferred=1)))

    assert in_order(planned, claimant("ana"), now=0) == ["c", "b", "a"]
    assert in_order(planned, claimant("ana"), now=1 << 50) == ["b", "a"]


@pytest.mark.parametrize("phase", [PlanPhase.WRITING, PlanPhase.UNDOING, PlanPhase.UNDONE])
def test_plans_that_are_not_live_offer_nothing(planned: Planned, phase: PlanPhase) -> None:
    plan = planned.plan([("a", "ana"), ("b", None)], PULL)
    planned.write(lambda tx: tx.assignments.change_plan(plan, at=9, phase=phase))

    assert offered(planned, claimant("ana", plan)) == []
    me = claimant("ana", plan)
    assert planned.read(lambda tx: tx.assignments.remaining(planned.dataset, me, NOW)) == RemainingWork(0, 0)


def test_an_empty_queue_can_be_explained_by_what_waits(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", None), ("c", "ben")], PULL, needs={"b": [("lang", "de")]})
    me = claimant("ana", plan, begun=frozenset({RuleId(plan.no, 0)}))

    assert offered(planned, me) == []
    with planned.store.read() as tx:
        found = tx.assignments.blocked_slots(planned.dataset, me, limit=5)
        assert sorted(slot.record for slot in found) == ["a", "b"]
        assert tx.assignments.blocked_slots(planned.dataset, claimant("nobody"), limit=5) == [
            planned.slot("b")
        ]


# Leases


def test_leases_are_found_by_token_by_person_and_by_time(empty_store: Store) -> None:
    planned, other = Planned(empty_store), Planned(empty_store)
    for each in (planned, other):
        each.plan([("a", "ana"), ("b", None), ("c", "ben")])
    one = planned.lease("a", "ana", 100)
    two = planned.lease("b", "ana", 200)
    three = other.lease("c", "ben", 100)

    with empty_store.read() as tx:
        assert tx.assignments.slot_of(planned.dataset, "a", f"t-{one.id}") == one
        assert tx.assignments.slot_of(planned.dataset, "b", f"t-{one.id}") is None
        assert tx.assignments.slot_of(planned.dataset, "unknown", f"t-{one.id}") is None
        assert tx.assignments.leased(planned.dataset, "ana") == [one, two]
        assert tx.assignments.leased(planned.dataset, "ben") == []
        assert tx.assignments.holders(planned.dataset) == ["ana"]
        assert tx.assignments.holders(other.dataset) == ["ben"]
        assert tx.assignments.datasets_held("ben") == [other.dataset.no]
        assert tx.assignments.datasets_held("nobody") == []
        plan = tx.assignments.plans(planned.dataset)[0].no
        assert Counter(tx.assignments.leases(planned.dataset, "ana", 99)) == Counter(
            [SlotCount(plan, 0, "ana", LEASED, 1), SlotCount(plan, 0, None, LEASED, 1)]
        )
        assert tx.assignments.leases(planned.dataset, "ana", 100) == [SlotCount(plan, 0, None, LEASED, 1)]
        assert tx.assignments.leases(planned.dataset, "ben", 0) == []
        assert tx.assignments.expired(planned.dataset, 99, 10) == []
        assert tx.assignments.expired(planned.dataset, 100, 10) == [one]
        assert len(tx.assignments.expired(planned.dataset, 200, 1)) == 1
        assert tx.assignments.expired(other.dataset, 200, 10) == [three]


def test_every_lease_of_a_dataset_can_be_put_off(empty_store: Store) -> None:
    planned, other = Planned(empty_store), Planned(empty_store)
    for each in (planned, other):
        each.plan([("a", "ana")])
        each.lease("a", "ana", 100)

    assert read(empty_store, lambda tx: tx.assignments.leased_datasets()) == [
        planned.dataset.no,
        other.dataset.no,
    ]
    write(empty_store, lambda tx: tx.assignments.postpone_leases(planned.dataset.no, 50))

    for each, until in ((planned, 150), (other, 100)):
        lease = each.slot("a").lease
        assert lease is not None
        assert lease.until == until
        assert each.read(lambda tx: tx.assignments.expired(each.dataset, until - 1, 9)) == []
    write(empty_store, lambda tx: tx.assignments.postpone_leases(planned.dataset.no, -1_000))
    assert [
        slot.record for slot in planned.read(lambda tx: tx.assignments.expired(planned.dataset, 0, 9))
    ] == ["a"]


# Counts


def test_slots_are_counted_by_rule_person_and_state(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", "ana"), ("c", None), ("d", "ben")])
    planned.answer("ana", "a")
    planned.lease("c", "cy", 100)

    with planned.store.read() as tx:
        assert Counter(tx.assignments.slot_counts(planned.dataset)) == Counter(
            [
                SlotCount(plan.no, 0, "ana", DONE, 1), SlotCount(plan.no, 0, "ana", PENDING, 1),
                SlotCount(plan.no, 0, None, LEASED, 1), SlotCount(plan.no, 0, "ben", PENDING, 1),
            ]
        )  # fmt: skip
        assert tx.assignments.slot_counts(planned.dataset, "ben") == [
            SlotCount(plan.no, 0, "ben", PENDING, 1)
        ]
        assert tx.assignments.slot_counts(planned.dataset, "nobody") == []
    planned.check_counters()


def test_what_is_left_counts_own_slots_leases_and_records_that_are_open_to_somebody(planned: Planned) -> None:
    plan = planned.plan(
        [("a", "ana"), ("b", "ana"), ("c", None), ("d", None), ("d", None), ("e", None)], PULL
    )
    planned.answer("ana", "a")
    planned.lease("c", "ana", NOW + 1)

    def left(who: Claimant, now: int = NOW) -> RemainingWork:
        return planned.read(lambda tx: tx.assignments.remaining(planned.dataset, who, now))

    assert left(claimant("ana", plan)) == RemainingWork(own=2, open=2)  # b and what they have leased; d and e
    assert left(claimant("ben", plan)) == RemainingWork(own=0, open=2)
    assert left(claimant("ben", plan), NOW + 1) == RemainingWork(own=0, open=3)
    assert left(claimant("ben")) == RemainingWork(0, 0)
    full = claimant("ana", plan, full=frozenset({RuleId(plan.no, 0)}))
    assert left(full) == RemainingWork(own=2, open=0)


def test_datasets_with_work_for_somebody_are_found(empty_store: Store) -> None:
    own, pool, done, nothing = (Planned(empty_store) for _ in range(4))
    own.plan([("a", "ana")])
    pool.plan([("a", None)])
    done.plan([("a", "ana")])
    done.answer("ana", "a")
    nothing.plan([("a", "ben")])

    with empty_store.read() as tx:
        assert tx.assignments.datasets_with_work("ana") == [own.dataset.no, pool.dataset.no, done.dataset.no]
        assert tx.assignments.datasets_with_work("nobody") == [pool.dataset.no]


def test_activity_is_known_by_person(planned: Planned) -> None:
    assert planned.read(lambda tx: tx.assignments.last_active(planned.dataset)) == {}
    planned.answer("ana", "a", at=50)
    planned.answer("ana", "b", at=70)
    planned.answer("ben", "c", at=60, state=AnnotationState.DRAFT)
    for id, who, seconds, answered in (
        ("a", "ana", 4.0, True),
        ("b", "ana", 2.0, True),
        ("c", "ben", 9.0, False),
    ):
        case = planned.case(id)
        planned.write(
            lambda tx: tx.annotations.spend(planned.dataset, case, who, seconds, answered=answered, at=80)
        )

    with planned.store.read() as tx:
        active = tx.assignments.last_active(planned.dataset)
        assert active == {"ana": Active(80, 6.0, 0), "ben": Active(60, 0.0, 1)}
        for name in ("ana", "ben", "nobody"):
            of_one = {name: active[name]} if name in active else {}
            assert tx.assignments.last_active(planned.dataset, name) == of_one
        assert tx.assignments.median_seconds(planned.dataset) == {"ana": 3.0}
        assert tx.assignments.median_seconds(planned.dataset, "ben") == {}
        assert tx.assignments.median_seconds(planned.dataset, "ana") == {"ana": 3.0}


def test_a_claim_that_fails_leaves_the_queue_as_it_was(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", None)], PULL)
    before = planned.slots()

    def work(tx: Transaction) -> None:
        one, two = planned_slots = tx.assignments.candidates(
            planned.dataset, claimant("ana", plan), limit=5, now=NOW
        )
        assert planned_slots == before
        tx.assignments.save(
            planned.dataset, [(one, leased(one, "ana", 99)), (two, replace(two, state=SKIPPED))]
        )
        assert tx.assignments.leased(planned.dataset, "ana") == [leased(one, "ana", 99)]
        assert tx.records.count(planned.dataset, planned.criteria("assignment:skipped")) == 1
        raise LookupError

    with pytest.raises(LookupError):
        planned.write(work)
    assert planned.slots() == before
    assert planned.ids("assignment:skipped") == []
    assert offered(planned, claimant("ana", plan)) == ["a", "b"]
    planned.check_counters()


# All datasets at once


def test_totals_of_slots_plans_and_leases_are_by_dataset(empty_store: Store) -> None:
    one, two, without = (Planned(empty_store) for _ in range(3))
    live = one.plan([("a", "ana"), ("b", None)], RuleSpec(due="2100-01-01", lease=7))
    undone = two.plan([("a", "ben"), ("b", "ana")], phase=PlanPhase.UNDONE)
    one.lease("b", "cy", 77)

    with empty_store.read() as tx:
        slots = tx.totals.slots()
        assert set(slots) == {one.dataset.no, two.dataset.no}
        assert Counter(slots[one.dataset.no]) == Counter(tx.assignments.slot_counts(one.dataset))
        assert Counter(slots[two.dataset.no]) == Counter(tx.assignments.slot_counts(two.dataset))
        assert tx.totals.slots("ben") == {two.dataset.no: [SlotCount(undone.no, 0, "ben", PENDING, 1)]}
        assert {no: [tuple(each) for each in found] for no, found in tx.totals.plans().items()} == {
            one.dataset.no: [(live.no, PlanPhase.LIVE, ("2100-01-01",), (7,))],
            two.dataset.no: [(undone.no, PlanPhase.UNDONE, (), ())],
        }
        assert {no: [tuple(each) for each in found] for no, found in tx.totals.leases().items()} == {
            one.dataset.no: [("cy", 77, live.no, 0)]
        }
        assert tx.totals.assigned([one.dataset.no, two.dataset.no, without.dataset.no]) == {
            one.dataset.no: 2, two.dataset.no: 2,
        }  # fmt: skip
        assert tx.totals.assigned([]) == {}


def test_slots_that_somebody_passed_on_are_counted_until_they_are_taken_back_or_withdrawn(
    empty_store: Store,
) -> None:
    one, two = Planned(empty_store), Planned(empty_store)

    def declined(planned: Planned, id: str, *names: str, **changed: Any) -> None:
        slot = planned.slot(id)
        planned.save((slot, replace(slot, declined=frozenset(names), **changed)))

    def passed_on() -> dict[int, dict[str, int]]:
        return {no: dict(found) for no, found in one.read(lambda tx: tx.totals.passed_on()).items()}

    for planned in (one, two):
        planned.plan([("a", None), ("b", None), ("c", None)], PULL)
    assert passed_on() == {}
    declined(one, "a", "ana", "ben")
    declined(one, "b", "ana")
    declined(two, "c", "cy")
    assert passed_on() == {one.dataset.no: {"ana": 2, "ben": 1}, two.dataset.no: {"cy": 1}}

    declined(one, "a", "ben")
    assert passed_on() == {one.dataset.no: {"ana": 1, "ben": 1}, two.dataset.no: {"cy": 1}}
    declined(two, "c", "cy", state=RowState.WITHDRAWN)
    assert passed_on() == {one.dataset.no: {"ana": 1, "ben": 1}}
    assert one.slot("a").declined == {"ben"}

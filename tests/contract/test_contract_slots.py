"""Assignments, second part: which slots can be changed, and reassigning and withdrawing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from apportion.domain.assignment.reallocation import HeldSlot
from apportion.domain.assignment.states import Reason, RowState
from apportion.ports.slots import RecordsOf
from apportion.ports.store import Store
from apportion.vocabulary import AnnotationState
from planned import Planned, leased
from stored_dataset import StoredDataset

TURNS = Reason("turns", (2,))
PENDING, LEASED, DONE, SKIPPED, WITHDRAWN = RowState


@pytest.fixture
def planned(store: Store) -> Planned:
    return Planned(store)


def numbers(planned: Planned, *ids: str) -> list[int]:
    return [slot.id for slot in planned.slots(*ids)]


def test_only_slots_that_nobody_has_begun_are_pending(planned: Planned) -> None:
    plan = planned.plan([(id, "ana") for id in "abcd"] + [("e", None)])
    planned.lease("a", "ana", 100)
    planned.answer("ana", "b")
    planned.answer("ana", "c", state=AnnotationState.DRAFT)
    slots = numbers(planned, *"abcde")

    def pending(now: int, limit: int = 10) -> list[int]:
        with planned.store.read() as tx:
            found = tx.assignments.pending_of(plan, limit, now)
            if limit == 10:
                assert sorted(tx.assignments.still_pending(slots, now)) == sorted(found)
            assert tx.assignments.still_pending(slots[3:4], now) == slots[3:4]
        return sorted(found)

    assert pending(99) == slots[3:]
    assert pending(100) == [slots[0], *slots[3:]]  # a lease that has expired holds nothing
    assert len(pending(100, limit=2)) == 2


def test_live_slots_are_those_a_change_has_to_count(planned: Planned) -> None:
    plan = planned.plan(
        [("a", "ana"), ("b", "ana"), ("c", "ana"), ("d", None), ("e", "ana")], needs={"b": [("lang", "de")]}
    )
    planned.answer("ana", "a")
    planned.answer("ana", "c", state=AnnotationState.DRAFT)
    planned.lease("d", "cy", 100)
    planned.write(lambda tx: tx.assignments.withdraw(planned.dataset, numbers(planned, "e"), "x"))

    def live(now: int) -> list[HeldSlot]:
        return [each for _, each in sorted(planned.read(lambda tx: tx.assignments.live_slots_of(plan, now)))]

    wanted = [
        HeldSlot("a", "ana", DONE), HeldSlot("b", "ana", priority=1, needs=(("lang", "de"),)),
        HeldSlot("c", "ana", priority=2, drafted=True), HeldSlot("d", "cy", LEASED, priority=3),
    ]  # fmt: skip
    assert live(99) == wanted
    assert live(100) == [*wanted[:3], HeldSlot("d", None, priority=3)]
    found = planned.read(lambda tx: tx.assignments.live_slots_of(plan, 99))
    assert sorted(number for number, _ in found) == numbers(planned, *"abcd")


def test_live_slots_are_read_of_some_records_alone(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("a", "ben"), ("b", "cy"), ("c", "dan"), ("d", None), ("e", "ana")])
    planned.plan([("b", "ana")])
    planned.lease("d", "ana", 100)
    planned.write(lambda tx: tx.assignments.withdraw(planned.dataset, numbers(planned, "e"), "x"))

    def of(*annotators: str, ids: Sequence[str] = ()) -> list[tuple[str, str | None]]:
        wanted = RecordsOf(annotators, ids)
        found = planned.read(lambda tx: tx.assignments.live_slots_of(plan, 99, wanted))
        return sorted((each.record, each.annotator) for _, each in found)

    assert of("ana") == [("a", "ana"), ("a", "ben"), ("d", "ana")]
    assert of("nobody", ids=["b", "x"]) == [("b", "cy")]
    assert of("dan", ids=["b"]) == [("b", "cy"), ("c", "dan")]
    assert of() == []


def test_a_slot_goes_to_somebody_else_with_a_reason(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", "ana"), ("c", "ana"), ("c", "ben")])
    planned.answer("cy", "b")
    slots = numbers(planned, *"abc")
    moved = Reason("moved", ("ana", "x", "turns", 2))
    moves = [(slot, "ben", moved) for slot in slots[:3]]

    assert planned.write(lambda tx: tx.assignments.reassign(planned.dataset, moves, plan)) == ["b"]

    assert [(row.record, row.annotator, row.reason) for row in planned.rows(plan)] == [
        ("a", "ben", moved), ("b", "ben", moved), ("c", "ana", TURNS), ("c", "ben", TURNS),
    ]  # fmt: skip
    assert planned.ids("assigned_to:ana") == ["c"]
    assert planned.case("a").past == {"ana"}
    planned.check_counters()


def test_two_people_may_swap_with_others_but_nobody_gets_a_record_twice(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("a", "ben")])
    one, two = numbers(planned, "a")
    reason = Reason("by_hand", ("x",))
    moves = [(one, "ben", reason), (two, "cy", reason)]  # possible in the other order

    planned.write(lambda tx: tx.assignments.reassign(planned.dataset, moves, plan))
    assert [slot.annotator for slot in planned.slots("a")] == ["ben", "cy"]
    swap = [(one, "cy", reason), (two, "ben", reason)]  # possible in no order
    planned.write(lambda tx: tx.assignments.reassign(planned.dataset, swap, plan))
    assert [slot.annotator for slot in planned.slots("a")] == ["ben", "cy"]
    planned.check_counters()


def test_withdrawn_slots_are_nobodys_work_until_they_are_pending_again(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", "ana"), ("c", "ben")])
    planned.answer("cy", "b")
    planned.lease("a", "dan", 100)
    slots = numbers(planned, "a", "b")

    assert planned.write(lambda tx: tx.assignments.withdraw(planned.dataset, slots, "no more")) == ["b"]
    rows = planned.rows(plan)
    assert [(row.state, row.why, row.lease_until) for row in rows] == [
        (WITHDRAWN, "no more", None), (WITHDRAWN, "no more", None), (PENDING, None, None),
    ]  # fmt: skip
    assert planned.ids("assigned_to:(ana OR dan)") == []
    assert planned.ids("assignment:pending") == ["c"]
    assert "dan" in planned.case("a").past
    planned.check_counters()
    planned.write(lambda tx: tx.assignments.withdraw(planned.dataset, slots, "again"))
    planned.check_counters()

    planned.save(*((slot, replace(slot, state=PENDING)) for slot in planned.slots("a", "b")))
    assert [slot.state for slot in planned.slots("a", "b")] == [PENDING, PENDING]
    assert planned.ids("assigned_to:ana") == ["a", "b"]
    planned.check_counters()


def test_changed_slots_are_stored_with_a_note(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", None)])
    one, two = planned.slot("a"), planned.slot("b")
    changed = leased(one, "ben", 77, "token")
    declined = replace(two, declined=frozenset({"cy"}), deferred=2, pull=True)

    planned.save((one, changed), (two, declined), why="because")

    assert planned.slots("a", "b") == [changed, declined]
    assert [(row.lease_until, row.why) for row in planned.rows(plan)] == [(77, "because"), (None, "because")]
    assert planned.ids("assigned_to:ben") == ["a"]
    planned.check_counters()


def test_deleting_a_record_takes_its_slots_out_of_all_counts(planned: Planned) -> None:
    planned.plan([("a", "ana"), ("b", "ana")])
    planned.write(lambda tx: tx.records.delete(planned.dataset, planned.criteria("id:a"), at=9))

    with planned.store.read() as tx:
        counted = tx.assignments.slot_counts(planned.dataset, "ana")
        assert {each.state: each.n for each in counted} == {PENDING: 1, WITHDRAWN: 1}
        assert tx.assignments.slots_on(planned.dataset, "a") == []


def test_slots_of_one_dataset_are_not_those_of_another(planned: Planned) -> None:
    other = Planned(planned.store)
    planned.plan([("a", "ana")])
    plan = other.plan([("a", "ben")])

    assert [slot.annotator for slot in planned.slots("a")] == ["ana"]
    other.write(lambda tx: tx.assignments.withdraw(other.dataset, numbers(other, "a"), "x"))
    assert planned.slot("a").state is PENDING
    assert [row.annotator for row in other.rows(plan)] == ["ben"]
    assert StoredDataset(planned.store).read(lambda tx: tx.assignments.plans(planned.dataset))

"""Assignments, first part: plans, and the writing, extending, changing and removing of their slots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec, UserEntry
from apportion.domain.assignment.state import PlanState, RuleState
from apportion.domain.assignment.states import Mode, Phase, Reason, RowState
from apportion.domain.assignment.team import Person
from apportion.ports.plans import ExtensionInProgress, PlanPhase, StoredPlan
from apportion.ports.slots import SlotRow
from apportion.ports.store import Store, Transaction
from apportion.services.assignments.apply_plan import with_numbers
from owners import nobody
from planned import Planned
from stored_dataset import text

TURNS = Reason("turns", (2,))
PENDING, LEASED, DONE, SKIPPED, WITHDRAWN = RowState


@pytest.fixture
def planned(store: Store) -> Planned:
    return Planned(store)


def extend(planned: Planned, tx: Transaction, plan: StoredPlan, wanted: list[tuple[str, str | None]]) -> None:
    batch = with_numbers(tx, plan, planned.batch(tx, plan, wanted))
    tx.assignments.insert_slots(planned.dataset, plan, batch, 0, len(wanted))
    tx.assignments.enqueue_slots(planned.dataset, plan, batch, 0, len(wanted))


# Plans


def test_a_plan_comes_back_whole(planned: Planned) -> None:
    rule = RuleSpec(
        "status:Default",
        (UserEntry("ana", 2.0, 9, {"lang": ("de",)}), UserEntry("ben")),
        Overlap(2, 0.5),
        mode=Mode.PULL,
    )
    spec, team = (
        PlanSpec((rule, RuleSpec()), seed=7, blind=True),
        Person("ana", 2.0, 9, {"lang": ("de",)}, False),
    )
    state = PlanState({0: RuleState({"ana": 3}, {"x": (1, 2)}, ("a",), {"t": 1})}, {("ana", "ben"): 4})
    added = planned.write(
        lambda tx: tx.assignments.add_plan(
            planned.dataset, f"p-{planned.dataset.no}", spec, [[team], []], state, {"slots": 2}, phase=PlanPhase.LIVE,
            by="rita", at=5,
        )
    )  # fmt: skip

    wanted = StoredPlan(
        added.no, f"p-{planned.dataset.no}", PlanPhase.LIVE, spec, ((team,), ()), {"slots": 2}, "rita", 5, 5
    )
    assert added == wanted
    with planned.store.read() as tx:
        assert tx.assignments.plan(planned.dataset, wanted.id) == wanted
        assert tx.assignments.plan(planned.dataset, "unknown") is None
        assert tx.assignments.plans(planned.dataset) == [wanted]
        assert tx.assignments.state_of(wanted) == state


def test_plans_are_listed_by_dataset_oldest_first(planned: Planned) -> None:
    other = Planned(planned.store)
    plans = [each.plan([("a", "ana")]) for each in (planned, other, planned)]

    with planned.store.read() as tx:
        assert tx.assignments.plans(planned.dataset) == [plans[0], plans[2]]
        assert tx.assignments.plans(other.dataset) == [plans[1]]
        assert tx.assignments.plan(planned.dataset, plans[1].id) is None


def test_what_is_not_given_of_a_plan_stays_and_its_time_of_change_grows(planned: Planned) -> None:
    plan = planned.plan([("a", "ana")])
    state = PlanState({0: RuleState({"ana": 1})})

    def change(tx: Transaction) -> StoredPlan:
        first = tx.assignments.change_plan(plan, at=plan.changed_at, phase=PlanPhase.UNDOING, state=state)
        assert first.changed_at > plan.changed_at
        spec = PlanSpec((RuleSpec(lease=5),))
        return tx.assignments.change_plan(first, at=100, spec=spec, teams=[[Person("ben")]], figures={"n": 1})

    changed = planned.write(change)

    wanted = replace(
        plan, phase=PlanPhase.UNDOING, spec=PlanSpec((RuleSpec(lease=5),)), teams=((Person("ben"),),),
        figures={"n": 1}, changed_at=100,
    )  # fmt: skip
    assert changed == wanted
    with planned.store.read() as tx:
        assert tx.assignments.plans(planned.dataset) == [wanted]
        assert tx.assignments.state_of(changed) == state


def test_a_changed_plan_that_is_rolled_back_is_as_it_was(planned: Planned) -> None:
    plan = planned.plan([("a", "ana")])

    def work(tx: Transaction) -> None:
        tx.assignments.change_plan(plan, at=100, phase=PlanPhase.UNDONE)
        (seen,) = tx.assignments.plans(planned.dataset)
        assert seen.phase is PlanPhase.UNDONE
        planned.add_plan(tx, [("b", "ben")])
        raise LookupError

    with pytest.raises(LookupError):
        planned.write(work)
    assert planned.read(lambda tx: tx.assignments.plans(planned.dataset)) == [plan]
    assert planned.ids("assigned_to:ben") == []
    assert planned.slots("b") == []
    planned.check_counters()


def test_plans_that_are_half_written_or_half_undone_are_found_once_their_server_is_gone(
    empty_store: Store,
) -> None:
    planned, other = Planned(empty_store), Planned(empty_store)
    writing = planned.plan([("a", "ana")], phase=PlanPhase.WRITING)
    undoing = other.plan([("a", "ana")], phase=PlanPhase.UNDOING)
    extending = other.plan([("b", "ana")])
    other.plan([("c", "ana")], phase=PlanPhase.UNDONE)
    begun = other.write(
        lambda tx: tx.assignments.begin_extending(extending, ExtensionInProgress(1, 2, {}, PlanState()))
    )

    mine = empty_store.server
    assert planned.read(lambda tx: tx.assignments.unfinished(lambda no: no == mine)) == []
    found = planned.read(lambda tx: tx.assignments.unfinished(nobody))
    assert sorted(found, key=lambda each: each[1].no) == [
        (planned.dataset.no, writing),
        (other.dataset.no, undoing),
        (other.dataset.no, begun),
    ]


# Writing slots


def test_slots_come_back_with_the_reasons_why_they_exist(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("a", "ben"), ("b", None)])

    row = SlotRow(plan.id, "a", "ana", PENDING, 0, Phase.FIXED, TURNS, 1.0, None, None)
    assert planned.rows(plan) == [
        row,
        row._replace(annotator="ben"),
        row._replace(record="b", annotator=None),
    ]
    with planned.store.read() as tx:
        numbered = dict(tx.assignments.rows_of(plan))
        assert tx.assignments.rows_by_number(list(numbered)[1:]) == dict(list(numbered.items())[1:])
        assert tx.assignments.rows_by_number([1 << 50]) == {}
        assert tx.assignments.slots_on(planned.dataset, ["a"]) == list(numbered.values())[:2]
        assert tx.assignments.slots_on(planned.dataset, {"b", "a"}) == list(numbered.values())
        assert tx.assignments.slots_on(planned.dataset, ["unknown"]) == []
    planned.check_counters()


def test_rows_are_read_in_pages_by_person_and_by_state(planned: Planned) -> None:
    plan = planned.plan([("a", "ana"), ("b", "ben"), ("c", "ana"), ("d", None)])
    planned.answer("ana", "a")

    with planned.store.read() as tx:
        first = tx.assignments.rows_of(plan, limit=3)
        assert [row.record for _, row in first] == ["a", "b", "c"]
        assert [row.record for _, row in tx.assignments.rows_of(plan, after=first[-1][0])] == ["d"]
        assert [row.record for _, row in tx.assignments.rows_of(plan, annotator="ana")] == ["a", "c"]
        assert [row.record for _, row in tx.assignments.rows_of(plan, state=DONE)] == ["a"]
        assert tx.assignments.rows_of(plan, annotator="nobody") == []


def test_a_slot_says_everything_the_queue_needs(planned: Planned) -> None:
    rule = RuleSpec(lease=7, due="2030-01-01", mode=Mode.PULL)
    plan = planned.plan([("a", None), ("b", None)], rule, needs={"b": [("lang", "de")]}, of=Phase.ANCHOR)

    one, two = planned.slots("a", "b")
    assert one == Slot(
        one.id, "a", rule=RuleId(plan.no, 0), priority=0, pull=True, due=one.due, minutes=7, needs=()
    )
    assert two == replace(one, id=two.id, record="b", priority=1, needs=(("lang", "de"),))
    assert one.due is not None
    assert one.id < two.id


def test_records_have_numbers_in_order_of_logging(planned: Planned) -> None:
    planned.log(text("0"))
    with planned.store.read() as tx:
        every = tx.assignments.record_numbers(planned.dataset)
        some = tx.assignments.record_numbers(planned.dataset, ["a", "unknown", "0"])
    assert sorted(every, key=every.__getitem__) == ["a", "b", "c", "d", "e", "f", "0"]
    assert some == {"a": every["a"], "0": every["0"]}


def test_numbers_are_reserved_once_even_by_a_transaction_that_fails(planned: Planned) -> None:
    taken: list[int] = []

    def work(tx: Transaction) -> None:
        taken.append(tx.assignments.reserve_slot_numbers(10))
        raise LookupError

    first = planned.write(lambda tx: tx.assignments.reserve_slot_numbers(10))
    with pytest.raises(LookupError):
        planned.write(work)
    second = planned.write(lambda tx: tx.assignments.reserve_slot_numbers(1))
    assert second >= first + 10
    assert taken[0] >= first + 10
    plan = planned.plan([("a", "ana")])
    ((number, _),) = planned.read(lambda tx: tx.assignments.rows_of(plan))
    assert number > second


def test_reasons_of_a_plan_are_numbered_on(planned: Planned) -> None:
    plan, other = planned.plan([("a", "ana")]), planned.plan([("b", "ana")])

    def work(tx: Transaction) -> None:
        numbers = [
            tx.assignments.add_reasons(each, [Reason(f"{n}") for n in range(many)])
            for each, many in ((plan, 1_500), (plan, 1), (other, 1))
        ]
        assert numbers[0] + 1_500 <= numbers[1]
        batch = planned.batch(tx, plan, [("c", "ana"), ("d", "ana")])
        first = tx.assignments.reserve_slot_numbers(2)
        for at, reason in enumerate((numbers[0] + 1_499, numbers[1])):
            of_one = replace(batch, first_reason=reason, first_slot=first)
            tx.assignments.insert_slots(planned.dataset, plan, of_one, at, at + 1)

    planned.write(work)
    assert [row.reason for row in planned.rows(plan)] == [Reason("turns", (1,)), Reason("1499"), Reason("0")]


def test_inserting_returns_the_records_that_have_answers_already(planned: Planned) -> None:
    planned.answer("cy", "b")
    planned.answer("cy", "f")

    def work(tx: Transaction) -> list[list[str]]:
        plan = planned.add_plan(tx, [], phase=PlanPhase.WRITING)
        wanted = [("a", "ana"), ("b", "ana"), ("gone", "ana")]
        batch = with_numbers(tx, plan, planned.batch(tx, plan, wanted))
        return [tx.assignments.insert_slots(planned.dataset, plan, batch, *part) for part in ((0, 2), (2, 3))]

    parts = planned.write(work)
    assert [id for part in parts for id in part] == ["b"]
    (plan,) = planned.read(lambda tx: tx.assignments.plans(planned.dataset))
    assert [row.record for row in planned.rows(plan)] == ["a", "b"]  # a deleted record gets no slot


def test_slots_are_seen_only_once_they_are_queued_and_answered_ones_are_not_queued(planned: Planned) -> None:
    def write(tx: Transaction) -> None:
        plan = planned.add_plan(tx, [])
        batch = with_numbers(tx, plan, planned.batch(tx, plan, [("a", "ana"), ("b", "ana")]))
        tx.assignments.insert_slots(planned.dataset, plan, batch, 0, 2)
        batches.append(batch)

    batches = []  # type: ignore[var-annotated]
    planned.write(write)
    (plan,) = planned.read(lambda tx: tx.assignments.plans(planned.dataset))
    assert planned.ids("assigned_to:ana") == []
    planned.answer("ana", "a")
    planned.write(lambda tx: tx.assignments.enqueue_slots(planned.dataset, plan, batches[0], 0, 2))

    assert planned.ids("assigned_to:ana") == ["a", "b"]
    assert planned.ids("assignment:done") == ["a"]
    assert [slot.state for slot in planned.slots("a", "b")] == [DONE, PENDING]
    planned.check_counters()


def test_records_with_and_without_slots_of_a_plan_are_told_apart(planned: Planned) -> None:
    plan, other = planned.plan([("a", "ana"), ("b", "ana")]), planned.plan([("c", "ana")])
    planned.write(lambda tx: tx.assignments.withdraw(planned.dataset, [planned.slot("b").id], "x"))

    with planned.store.read() as tx:
        assert tx.assignments.without_slots(planned.dataset, plan, ["c", "b", "a", "unknown"]) == ["c"]
        assert tx.assignments.planned_ids(plan) == {"a", "b"}
        assert tx.assignments.planned_ids(other) == {"c"}


def test_whoever_has_or_had_a_record_is_found_by_record(planned: Planned) -> None:
    assert planned.read(lambda tx: tx.assignments.assignees(planned.dataset)) == {}
    planned.plan([("a", "ana"), ("a", "ben"), ("b", None), ("c", "ana"), ("d", "ana"), ("e", None)])
    planned.lease("b", "cy", 100)
    skipped, withdrawn = planned.slot("c"), planned.slot("d")
    planned.save((skipped, replace(skipped, state=SKIPPED)))
    planned.save((withdrawn, replace(withdrawn, state=WITHDRAWN)))

    with planned.store.read() as tx:
        wanted = {"a": {"ana", "ben"}, "b": {"cy"}, "c": {"ana"}}
        assert tx.assignments.assignees(planned.dataset) == wanted
        assert tx.assignments.assignees(planned.dataset, ["a", "d", "unknown"]) == {"a": {"ana", "ben"}}


# Removing what was not finished


def test_a_plan_that_was_never_finished_goes_in_steps_without_a_trace(planned: Planned) -> None:
    planned.answer("cy", "c")
    kept = planned.plan([("a", "ben")])
    gone = planned.plan([("a", "ana"), ("b", "ana"), ("c", None)], phase=PlanPhase.WRITING)

    touched: list[str] = []
    steps = 0
    while (
        found := planned.write(lambda tx: tx.assignments.delete_plan_batch(planned.dataset, gone, 2))
    ) is not None:
        touched += found
        steps += 1

    assert (touched, steps) == (["c"], 2)
    assert planned.read(lambda tx: tx.assignments.plans(planned.dataset)) == [kept]
    assert [slot.annotator for slot in planned.slots()] == ["ben"]
    assert planned.ids("assigned_to:ana") == []
    assert planned.ids("assignment:pending") == ["a"]
    planned.check_counters()


def test_an_extension_that_was_cut_short_is_taken_back_and_what_was_begun_of_it_stays(
    planned: Planned,
) -> None:
    plan = planned.plan([("a", "ana")])
    state = PlanState({0: RuleState({"ana": 1})})

    def write(tx: Transaction) -> StoredPlan:
        first = tx.assignments.reserve_slot_numbers(0)
        extending = ExtensionInProgress(first, first + 4, plan.figures, state)
        begun = tx.assignments.begin_extending(plan, extending)
        assert begun.extending == extending
        changed = tx.assignments.change_plan(begun, at=9, figures={"slots": 5}, state=PlanState())
        assert changed.extending == extending
        extend(planned, tx, changed, [("b", "ana"), ("c", "ana"), ("d", "ben"), ("e", "ben")])
        return changed

    extended = planned.write(write)
    assert extended.figures == {"slots": 5}
    planned.lease("c", "ana", 100)
    planned.answer("ben", "d")
    planned.answer("cy", "e")

    touched: list[str] = []
    while (
        found := planned.write(lambda tx: tx.assignments.delete_extension_batch(planned.dataset, extended, 1))
    ) is not None:
        touched += found

    after = planned.read(lambda tx: tx.assignments.plan(planned.dataset, plan.id))
    assert after is not None
    assert replace(after, changed_at=0) == replace(plan, changed_at=0)
    assert planned.read(lambda tx: tx.assignments.state_of(after)) == state
    assert [(slot.record, slot.state) for slot in planned.slots()] == [
        ("a", PENDING),
        ("c", LEASED),
        ("d", DONE),
    ]
    assert touched == ["e"]
    unfinished = planned.read(lambda tx: tx.assignments.unfinished(nobody))
    assert planned.dataset.no not in [no for no, _ in unfinished]
    planned.check_counters()


def test_an_extension_that_is_written_is_part_of_the_plan(planned: Planned) -> None:
    plan = planned.plan([("a", "ana")])

    def write(tx: Transaction) -> StoredPlan:
        first = tx.assignments.reserve_slot_numbers(0)
        begun = tx.assignments.begin_extending(plan, ExtensionInProgress(first, first + 1, {}, PlanState()))
        extend(planned, tx, begun, [("b", "ana")])
        return tx.assignments.end_extending(begun)

    ended = planned.write(write)
    assert ended.extending is None
    assert planned.read(lambda tx: tx.assignments.plans(planned.dataset)) == [ended]
    assert [row.record for row in planned.rows(ended)] == ["a", "b"]

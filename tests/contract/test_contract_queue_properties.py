"""Whatever people do with their slots: the store keeps them as they are, and offers and counts what is there.

The oracle is a dictionary of slots and the decisions of ``domain.assignment.queue``, which have tests of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from apportion.domain.assignment.queue import Claim, Slot, claim, expire, release, skip, submit
from apportion.domain.assignment.spec import RuleSpec
from apportion.domain.assignment.states import Mode, Reason, RowState, Skip
from apportion.domain.assignment.team import Person
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.store import Store, Transaction
from modelled_dataset import sized
from planned import Planned, claimant, submitted

PEOPLE = ("ana", "ben", "cy")
SKILLED = {"ana": {"lang": ("de",)}}
RECORDS = "abcdef"
MINUTE = 60_000_000
TOKENS = [f"token {n}" for n in range(20)]


class Queue:
    """A dataset with plans in a store, and beside it what its slots must be."""

    def __init__(self, store: Store, data: st.DataObject) -> None:
        self.planned = Planned(store)
        self.data = data
        self.now = 1_000
        self.plans: list[StoredPlan] = []
        self.slots: dict[int, Slot] = {}
        self.answered: dict[str, set[str]] = {name: set() for name in PEOPLE}
        self.tokens = 0
        self.add_plan()

    # Steps

    def add_plan(self) -> None:
        if len(self.plans) == 3:
            return
        wanted = [(id, name) for id in RECORDS for name in self._team(id)]
        rule = RuleSpec(
            mode=Mode.PULL, due=self.data.draw(st.sampled_from([None, "2100-01-01"])), lease=30,
            skip=self.data.draw(st.sampled_from([None, *Skip])),
        )  # fmt: skip
        if not wanted:
            return
        plan = self.planned.plan(
            wanted, rule, needs=self.data.draw(st.sampled_from([{}, {"b": [("lang", "de")]}]))
        )
        self.plans.append(plan)
        added = [slot for slot in self.planned.slots(*RECORDS) if slot.id not in self.slots]
        assert Counter((slot.record, slot.annotator) for slot in added) == Counter(wanted)
        self.slots.update({slot.id: slot for slot in added})

    def _team(self, id: str) -> list[str | None]:
        """Draw who is to have a record: as in real plans, nobody who has or had it already."""
        names = [*(name for name in PEOPLE if self._new_to(id, name)), None, None]
        return self.data.draw(st.lists(st.sampled_from(names), max_size=3).filter(_once))

    def claim(self) -> None:
        name, limit = self.data.draw(st.sampled_from(PEOPLE)), self.data.draw(st.integers(1, 4))
        tokens = [f"{name} {self.tokens + n}" for n in range(limit)]
        self.tokens += limit

        def work(tx: Transaction) -> Claim:
            found = self.offered(tx, name, limit)
            made = self.claimed(found, name, tokens)
            before = {slot.id: slot for slot in found}
            tx.assignments.save(self.planned.dataset, [(before[slot.id], slot) for slot in made.slots])
            return made

        made = self.planned.write(work, urgent=True)
        self.slots.update({slot.id: slot for slot in made.slots})

    def release(self) -> None:
        if slot := self._some(lambda slot: slot.lease is not None):
            assert slot.lease is not None
            kept = self.planned.read(
                lambda tx: tx.assignments.slot_of(self.planned.dataset, slot.record, slot.lease.token)  # type: ignore[union-attr]
            )
            assert kept == slot
            released = release(slot, slot.lease.token)
            assert released is not None
            self._save((slot, released))

    def skip(self) -> None:
        if slot := self._some(lambda slot: slot.leased(self.now)):
            assert slot.lease is not None
            self._save((slot, skip(slot, slot.lease.annotator)))

    def answer(self) -> None:
        name, id = self.data.draw(st.sampled_from(PEOPLE)), self.data.draw(st.sampled_from(RECORDS))
        before = self.planned.case(id)
        outcome = submit(before.slots, person(name), self.now)
        old = before.of(name)
        after = before.with_annotation(
            submitted(
                name, "A", version=1 if old is None else old.version + 1, counted=outcome.slot is not None
            )
        )
        if outcome.slot is not None:
            after = after.with_slot(outcome.slot)
            self.slots[outcome.slot.id] = outcome.slot
        self.planned.change(before, after)
        self.answered[name].add(id)

    def pass_time(self) -> None:
        self.now += self.data.draw(st.sampled_from([MINUTE, 40 * MINUTE]))

    def expire(self) -> None:
        with self.planned.store.read() as tx:
            found = tx.assignments.expired(self.planned.dataset, self.now, 100)
        late = [
            slot
            for slot in self.slots.values()
            if slot.state is RowState.LEASED and not slot.leased(self.now)
        ]
        assert by_id(found) == by_id(late)
        before = {slot.id: slot for slot in found}
        self._save(*((before[slot.id], slot) for slot in expire(found, self.now)))

    def withdraw(self) -> None:
        if slot := self._some(lambda slot: slot.state in (RowState.PENDING, RowState.LEASED)):
            self.planned.write(lambda tx: tx.assignments.withdraw(self.planned.dataset, [slot.id], "no more"))
            self.slots[slot.id] = replace(slot, state=RowState.WITHDRAWN, lease=None)

    def reopen(self) -> None:
        def fits(slot: Slot) -> bool:
            live, mine = slot.rule.plan in {plan.no for plan in self.plans}, slot.annotator
            if not live or slot.state is not RowState.WITHDRAWN:
                return False
            return mine is None or self._new_to(slot.record, mine, slot.id)

        if slot := self._some(fits):
            self._save((slot, replace(slot, state=RowState.PENDING, lease=None)))

    def reassign(self) -> None:
        name = self.data.draw(st.sampled_from(PEOPLE))
        # A slot that was planned for somebody forgets who declined it, until it is open again
        if slot := self._some(
            lambda slot: (
                slot.free(self.now) and not slot.declined and self._new_to(slot.record, name, slot.id)
            )
        ):
            plan = next(each for each in self.plans if each.no == slot.rule.plan)
            moves = [(slot.id, name, Reason("by_hand", ("x",)))]
            self.planned.write(lambda tx: tx.assignments.reassign(self.planned.dataset, moves, plan))
            self.slots[slot.id] = replace(
                slot, annotator=name, state=RowState.PENDING, lease=None, pull=False
            )

    def undo(self) -> None:
        """Undo a plan: what nobody has answered of it is withdrawn."""
        if not self.plans:
            return
        plan = self.plans.pop(self.data.draw(st.integers(0, len(self.plans) - 1)))
        begun = [
            slot
            for slot in self.slots.values()
            if slot.rule.plan == plan.no and slot.state in (RowState.PENDING, RowState.LEASED)
        ]

        def work(tx: Transaction) -> None:
            tx.assignments.withdraw(self.planned.dataset, [slot.id for slot in begun], "undone")
            tx.assignments.change_plan(plan, at=self.now, phase=PlanPhase.UNDONE)

        self.planned.write(work)
        for slot in begun:
            self.slots[slot.id] = replace(slot, state=RowState.WITHDRAWN, lease=None)

    def _some(self, which: Callable[[Slot], bool]) -> Slot | None:
        found = [slot for _, slot in sorted(self.slots.items()) if which(slot)]
        return self.data.draw(st.sampled_from(found)) if found else None

    def _save(self, *changed: tuple[Slot, Slot]) -> None:
        self.planned.save(*changed)
        self.slots.update({after.id: after for _, after in changed})

    def _new_to(self, id: str, name: str, but: int | None = None) -> bool:
        """Return whether somebody has neither answered a record nor has a slot of it but this one."""
        there = (each for each in self.slots.values() if each.record == id and each.id != but)
        having = (each for each in there if each.state is not RowState.WITHDRAWN)
        return id not in self.answered[name] and not any(
            name in (each.annotator, holder(each)) for each in having
        )

    # What must hold

    def offered(self, tx: Transaction, name: str, limit: int) -> list[Slot]:
        me = claimant(name, *self.plans, skills=SKILLED.get(name, {}))
        return tx.assignments.candidates(self.planned.dataset, me, limit=limit, now=self.now)

    def claimed(self, slots: Iterable[Slot], name: str, tokens: Sequence[str]) -> Claim:
        """Claim among slots; records that somebody has answered without a slot are nothing for them."""
        open_to = [each for each in slots if each.record not in self.answered[name] or holder(each) == name]
        return claim(open_to, person(name), self.now, tokens)

    def check(self) -> None:
        assert by_id(self.planned.slots(*RECORDS)) == self.slots
        self.planned.check_counters()
        for name in PEOPLE:
            self.check_offers(name)
            self.check_leases(name)
        late = [slot for slot in self.slots.values() if slot.lease is not None and not slot.leased(self.now)]
        with self.planned.store.read() as tx:
            assert by_id(tx.assignments.expired(self.planned.dataset, self.now, 100)) == by_id(late)
            holders = {each for slot in self.slots.values() if (each := holder(slot)) is not None}
            assert tx.assignments.holders(self.planned.dataset) == sorted(holders)

    def check_offers(self, name: str) -> None:
        """Choose among the candidates and among all slots: the choice is the same."""
        live = {plan.no for plan in self.plans}
        there = [
            slot
            for slot in self.slots.values()
            if slot.rule.plan in live
            or slot.leased(self.now)
            or slot.state not in (RowState.PENDING, RowState.LEASED)
        ]
        for limit in (1, 20):
            with self.planned.store.read() as tx:
                found = self.offered(tx, name, limit)
            mine, all_of_them = (self.claimed(slots, name, TOKENS[:limit]) for slots in (found, there))
            assert [urgency(slot, name) for slot in mine.slots] == [
                urgency(slot, name) for slot in all_of_them.slots
            ]

    def check_leases(self, name: str) -> None:
        held = [slot for slot in self.slots.values() if holder(slot) == name]
        running = Counter((slot.rule.plan, slot.annotator) for slot in held if slot.leased(self.now))
        with self.planned.store.read() as tx:
            assert by_id(tx.assignments.leased(self.planned.dataset, name)) == by_id(held)
            counted = tx.assignments.leases(self.planned.dataset, name, self.now)
            assert {(each.plan, each.annotator): each.n for each in counted} == running
            assert (self.planned.dataset.no in tx.assignments.datasets_held(name)) == bool(held)


def person(name: str) -> Person:
    return Person(name, skills=SKILLED.get(name, {}))


def holder(slot: Slot) -> str | None:
    return None if slot.lease is None else slot.lease.annotator


def by_id(slots: Iterable[Slot]) -> dict[int, Slot]:
    return {slot.id: slot for slot in slots}


def urgency(slot: Slot, name: str) -> tuple[object, ...]:
    """Return what decides between two slots, but for their numbers and the ids of their records."""
    return slot.deferred, slot.annotator != name, slot.due or 2**63, slot.priority, holder(slot) == name


def _once(names: list[str | None]) -> bool:
    named = [name for name in names if name is not None]
    return len(named) == len(set(named))


STEPS = (
    "claim", "claim", "claim", "release", "skip", "answer", "answer", "pass_time", "expire", "withdraw", "reopen",
    "reassign", "undo", "add_plan",
)  # fmt: skip


@pytest.mark.parametrize("length", [12])
@given(data=st.data())
@sized(12)
def test_slots_offers_and_counts_are_those_of_the_oracle_whatever_people_do(
    store: Store, length: int, data: st.DataObject
) -> None:
    queue = Queue(store, data)
    queue.check()
    for _ in range(length):
        step = data.draw(st.sampled_from(STEPS))
        note(step)
        getattr(queue, step)()
        queue.check()

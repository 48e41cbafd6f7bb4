"""The queue, lived through by simulated people: crashes, clock jumps, skips, late answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apportion.domain.assignment.queue import (
    Lease,
    Load,
    Slot,
    SubmitOutcome,
    claim,
    expire,
    heartbeat,
    loads_of,
    release,
    skip,
    submit,
)
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import RowState, Skip
from apportion.domain.assignment.team import Person
from apportion.vocabulary import CountDecision, WhyEmpty

PEOPLE = {
    "ana": Person("ana", skills={"lang": ("eu",)}),
    "ben": Person("ben"),
    "cy": Person("cy", active=False),
}
MINUTE = 60_000_000
NAMES = st.sampled_from(sorted(PEOPLE))
OTHER = RuleId(0, 7)
CAPS = {RuleId(0, 0): 6, RuleId(0, 1): 4}
TOKENS = [f"t{n}" for n in range(20)]


def open_slots(count: int = 3, **more: object) -> list[Slot]:
    return [replace(Slot(n, f"r{n}", priority=n, pull=True), **more) for n in range(count)]  # type: ignore[arg-type]


class Queue(RuleBasedStateMachine):
    """A store of slots in a dictionary; everything else is decided by the functions under test."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.tokens = 0
        self.extras: list[tuple[str, str]] = []
        self.slots: dict[int, Slot] = {}
        for n in range(24):
            record, pull = f"r{n // 2}", n % 4 < 2
            self.slots[n] = Slot(
                n,
                record,
                None if pull else ("ana", "ben")[n % 2],
                priority=n // 2,
                rule=RuleId(0, int(n > 15)),
                pull=pull,
                minutes=30,
                needs=(("lang", "eu"),) if n in (20, 21) else (),
                skip=list(Skip)[n % 3],
                due=10_000 * MINUTE if n % 5 else None,
            )

    def used(self, name: str, planned: bool = False) -> dict[RuleId, int]:
        """Count the slots of each rule that somebody has done or before them, and if wanted, those still to do."""
        found: dict[RuleId, int] = {}
        for slot in self.slots.values():
            mine = slot.state is RowState.DONE and slot.annotator == name
            mine |= slot.leased(self.now) and slot.lease is not None and slot.lease.annotator == name
            mine |= planned and slot.free(self.now) and slot.annotator == name
            found[slot.rule] = found.get(slot.rule, 0) + mine
        return found

    def loads(self, name: str) -> dict[RuleId, Load]:
        return loads_of(self.slots.values(), name, CAPS, self.now)

    def free_for(self, name: str) -> list[Slot]:
        """The slots somebody may take, told independently of the code under test."""
        person, busy = PEOPLE[name], set()
        begun, had = self.used(name), self.used(name, planned=True)
        for slot in self.slots.values():
            lease = slot.lease if slot.leased(self.now) else None
            if (lease and lease.annotator == name) or (
                slot.state in (RowState.DONE, RowState.SKIPPED) and slot.annotator == name
            ):
                busy.add(slot.record)
        return [
            slot
            for slot in self.slots.values()
            if person.active
            and slot.record not in busy
            and slot.free(self.now)
            and name not in slot.declined
            and (slot.annotator == name or (slot.annotator is None and (not slot.needs or name == "ana")))
            and (slot.due is None or slot.due >= self.now)
            and (had if slot.annotator is None else begun)[slot.rule] < CAPS[slot.rule]
        ]

    def leased_by(self, name: str) -> list[Slot]:
        return [
            slot
            for slot in self.slots.values()
            if slot.leased(self.now) and slot.lease is not None and slot.lease.annotator == name
        ]

    @rule(name=NAMES, limit=st.integers(1, 5))
    def claims(self, name: str, limit: int) -> None:
        free = self.free_for(name)
        had, before = {slot.id for slot in self.leased_by(name)}, self.used(name)
        fresh = [f"t{self.tokens + n}" for n in range(limit)]
        self.tokens += limit

        found = claim(self.slots.values(), PEOPLE[name], self.now, fresh[:limit], loads=self.loads(name))

        assert bool(found.slots) == bool(free or had)  # no starvation, and a cause where there is nothing
        assert (found.why_empty is None) == bool(found.slots)
        assert {slot.id for slot in found.slots} <= {slot.id for slot in free} | had
        for slot in found.slots:
            assert slot.lease is not None
            assert slot.lease.until == self.now + 30 * MINUTE
            self.slots[slot.id] = slot
        # A clock that is put back may revive leases that others were taken for: those go on, none is added.
        assert all(count <= max(CAPS[number], before[number]) for number, count in self.used(name).items())

    @rule(name=NAMES, record=st.integers(0, 11))
    def submits(self, name: str, record: int) -> None:
        slots = [slot for slot in self.slots.values() if slot.record == f"r{record}"]
        others = [
            slot for slot in slots if slot.leased(self.now) and slot.lease and slot.lease.annotator != name
        ]

        outcome = submit(slots, PEOPLE[name], self.now, loads=self.loads(name))

        assert outcome.why.counted == (outcome.slot is not None)
        if outcome.slot is None:
            self.extras.append((name, f"r{record}"))
        else:
            assert outcome.slot.id not in {slot.id for slot in others}
            self.slots[outcome.slot.id] = outcome.slot

    @rule(name=NAMES, record=st.integers(0, 11))
    def skips(self, name: str, record: int) -> None:
        for slot in self.leased_by(name):
            if slot.record == f"r{record}":
                self.slots[slot.id] = skip(slot, name)

    @rule(name=NAMES, number=st.integers(0, 23))
    def beats_or_releases(self, name: str, number: int) -> None:
        slot = self.slots[number]
        if slot.lease is None:
            return
        renewed = heartbeat(slot, slot.lease.token, self.now)
        assert (renewed is not None) == slot.leased(self.now)
        assert heartbeat(slot, "stale", self.now) is None
        assert release(slot, "stale") is None
        self.slots[number] = (renewed if name == "ana" else release(slot, slot.lease.token)) or slot

    @rule(minutes=st.sampled_from([1, 29, 31, 600, -5]))
    def time_passes(self, minutes: int) -> None:
        self.now = max(0, self.now + minutes * MINUTE)

    @rule()
    def the_sweeper_runs(self) -> None:
        for slot in expire(self.slots.values(), self.now):
            self.slots[slot.id] = slot
        assert expire(self.slots.values(), self.now) == []

    @invariant()
    def nobody_is_twice_on_one_record(self) -> None:
        seen = [
            (slot.record, slot.lease.annotator if slot.leased(self.now) and slot.lease else slot.annotator)
            for slot in self.slots.values()
            if slot.state is RowState.DONE or slot.leased(self.now)
        ]
        assert len(set(seen)) == len(seen)

    @invariant()
    def no_more_count_of_anybody_than_was_agreed(self) -> None:
        done = Counter(
            (slot.annotator, slot.rule) for slot in self.slots.values() if slot.state is RowState.DONE
        )
        assert all(count <= CAPS[number] for (_, number), count in done.items())

    @invariant()
    def every_slot_is_in_one_state(self) -> None:
        assert len(self.slots) == 24
        assert all(
            (slot.lease is not None) == (slot.state is RowState.LEASED) for slot in self.slots.values()
        )


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_ones_own_planned_records_come_before_open_ones_and_the_most_urgent_first() -> None:
    slots = [
        Slot(1, "open", pull=True, priority=0),
        Slot(2, "late", "ana", priority=2),
        Slot(3, "early", "ana", priority=1),
        Slot(4, "due", "ana", priority=9, due=5),
    ]

    found = claim(slots, PEOPLE["ana"], 0, TOKENS[:9])

    assert [slot.record for slot in found.slots] == ["due", "early", "late", "open"]


def test_claiming_twice_takes_nothing_more_and_keeps_the_tokens() -> None:
    slots = open_slots(5)
    first = claim(slots, PEOPLE["ana"], 0, ["a", "b"]).slots
    slots = [*first, *slots[2:]]

    again = claim(slots, PEOPLE["ana"], MINUTE, ["c", "d"])

    assert [(slot.record, slot.lease and slot.lease.token) for slot in again.slots] == [
        ("r0", "a"),
        ("r1", "b"),
    ]
    assert again.left == 3


def test_a_lease_that_ran_out_is_taken_over_with_a_token_of_its_own() -> None:
    stale = open_slots(1, state=RowState.LEASED, lease=Lease("ben", 5, "old"))

    (slot,) = claim(stale, PEOPLE["ana"], 6, ["new"]).slots

    assert slot.lease == Lease("ana", 6 + 30 * MINUTE, "new")


@pytest.mark.parametrize(
    ("name", "slots", "why"),
    [
        ("cy", open_slots(), WhyEmpty.PAUSED),
        ("ben", [], WhyEmpty.NOTHING_PLANNED),
        ("ben", open_slots(state=RowState.DONE, annotator="ben"), WhyEmpty.ALL_DONE),
        ("ben", open_slots(annotator="ana"), WhyEmpty.OTHERS),
        ("ben", open_slots(needs=(("lang", "eu"),)), WhyEmpty.NOT_ELIGIBLE),
        ("ben", open_slots(due=5), WhyEmpty.PAST_DUE),
        ("ben", open_slots(rule=OTHER), WhyEmpty.CAP),
        ("ben", open_slots(declined=frozenset({"ben"})), WhyEmpty.OTHERS),
    ],
)
def test_an_empty_queue_says_why(name: str, slots: list[Slot], why: WhyEmpty) -> None:
    found = claim(slots, PEOPLE[name], 10, TOKENS, loads={OTHER: Load(0)})

    assert (found.slots, found.why_empty) == ((), why)


def test_a_late_answer_counts_while_the_slot_is_free_and_is_an_extra_after_that() -> None:
    stale = open_slots(1, state=RowState.LEASED, lease=Lease("ana", 5, "t"))
    (taken,) = claim(stale, PEOPLE["ben"], 6, ["u"]).slots

    assert submit(stale, PEOPLE["ana"], 6).why is CountDecision.OPEN
    assert submit([taken], PEOPLE["ana"], 7).why is CountDecision.FULL
    assert submit([], PEOPLE["ana"], 7).why is CountDecision.NO_SLOT


def test_an_open_slot_of_a_rule_somebody_has_nothing_to_do_with_is_not_theirs_to_fill() -> None:
    (slot,) = open_slots(1, rule=OTHER)

    assert submit([slot], PEOPLE["ana"], 0, teams={RuleId(0, 9)}) == SubmitOutcome(None, CountDecision.OTHERS)
    assert submit([slot], PEOPLE["ana"], 0, teams={OTHER, RuleId(0, 8)}).why is CountDecision.OPEN


def test_who_put_a_record_back_does_not_get_it_by_an_open_slot_as_well() -> None:
    put_back = Slot(1, "r", "ana", deferred=1)
    (found,) = claim([put_back, Slot(2, "r")], PEOPLE["ana"], 0, TOKENS).slots

    assert found.id == 1


def test_an_answer_given_again_replaces_the_first() -> None:
    (slot,) = open_slots(1)
    done = submit([slot], PEOPLE["ana"], 0).slot
    assert done is not None

    assert submit([done], PEOPLE["ana"], 1).why is CountDecision.AGAIN


def test_what_becomes_of_a_skipped_record_is_a_policy() -> None:
    slot = Slot(1, "r", "ana", skip=Skip.NEXT_PERSON)
    passed = skip(slot, "ana")

    assert claim([passed], PEOPLE["ana"], 0, TOKENS).slots == ()
    assert claim([passed], PEOPLE["ben"], 0, TOKENS).slots[0].record == "r"
    assert skip(slot, "ana", Skip.DROP).state is RowState.SKIPPED
    back = skip(slot, "ana", Skip.BACK_TO_ME)
    other = Slot(2, "s", "ana", priority=9)
    assert [each.record for each in claim([back, other], PEOPLE["ana"], 0, TOKENS).slots] == ["s", "r"]

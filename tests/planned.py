"""A dataset with plans and slots, and short ways to use them, through the ports only."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apportion.domain.assignment.queue import Lease, Slot
from apportion.domain.assignment.rows import OPEN, PlanRows, RowFacts, RowsBuilder
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.spec import PlanSpec, RuleSpec
from apportion.domain.assignment.state import PlanState
from apportion.domain.assignment.states import Phase, Reason, RowState
from apportion.domain.assignment.team import Person
from apportion.domain.individual.answering import Answering, record_answer
from apportion.domain.individual.case import Annotation, Case
from apportion.domain.individual.record_view import Rule, build_view
from apportion.domain.numpy_types import np
from apportion.ports.annotations import CaseChange
from apportion.ports.plans import PlanPhase, StoredPlan
from apportion.ports.queue import Claimant
from apportion.ports.slots import SlotBatch, SlotRow
from apportion.ports.store import Store, Transaction
from apportion.services.assignments.apply_plan import due_of, slot_batch_of, with_numbers
from apportion.vocabulary import AnnotationState, HistoryReason
from stored_dataset import INDIVIDUAL, StoredDataset, text

__all__ = ["Planned", "claimant", "leased", "submitted"]

Wanted = Sequence["tuple[str, str | None]"]
"""Records and people, each pair a slot; None for an open one."""


class Planned(StoredDataset):
    """An individual dataset with records ``a`` to ``f``, to which plans can be added."""

    def __init__(self, store: Store, **options: Any) -> None:
        super().__init__(store, **{"policies": INDIVIDUAL, **options})
        self.log(*(text(id) for id in "abcdef"))

    def plan(self, wanted: Wanted, rule: RuleSpec | None = None, **options: Any) -> StoredPlan:
        """Store a live plan with these slots."""
        return self.write(lambda tx: self.add_plan(tx, wanted, rule, **options))

    def add_plan(
        self,
        tx: Transaction,
        wanted: Wanted,
        rule: RuleSpec | None = None,
        *,
        phase: PlanPhase = PlanPhase.LIVE,
        needs: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        of: Phase = Phase.FIXED,
    ) -> StoredPlan:
        spec = PlanSpec((rule or RuleSpec(),), seed=1)
        team = tuple(Person(name) for name in sorted({name for _, name in wanted if name is not None}))
        plan = tx.assignments.add_plan(
            self.dataset, str(uuid.uuid4()), spec, (team,), PlanState(), {"slots": len(wanted)},
            phase=PlanPhase.WRITING, by="rita", at=5,
        )  # fmt: skip
        batch = with_numbers(tx, plan, self.batch(tx, plan, wanted, needs=needs, of=of))
        tx.assignments.insert_slots(self.dataset, plan, batch, 0, len(wanted))
        tx.assignments.enqueue_slots(self.dataset, plan, batch, 0, len(wanted))
        if phase is not PlanPhase.WRITING:
            plan = tx.assignments.change_plan(plan, at=6, phase=phase)
        return plan

    def batch(
        self,
        tx: Transaction,
        plan: StoredPlan,
        wanted: Wanted,
        *,
        needs: Mapping[str, Sequence[tuple[str, str]]] | None = None,
        of: Phase = Phase.FIXED,
    ) -> SlotBatch:
        """Return these slots as the store takes them, without numbers yet."""
        rows = rows_of(wanted, of)
        numbers = tx.assignments.record_numbers(self.dataset, rows.records)
        known = np.array([numbers.get(id, 0) for id in rows.records], dtype=np.int64)
        asked = {(0, id): each for id, each in (needs or {}).items()}
        return slot_batch_of(rows, known, asked, due_of(plan.spec))

    # Slots

    def rows(self, plan: StoredPlan) -> list[SlotRow]:
        return [row for _, row in self.read(lambda tx: tx.assignments.rows_of(plan, limit=1_000))]

    def slots(self, *ids: str) -> list[Slot]:
        """Return the slots of these records, or of all."""
        cases = self.read(lambda tx: tx.annotations.cases(self.dataset, ids or list("abcdef")))
        return [slot for case in cases for slot in sorted(case.slots, key=lambda each: each.id)]

    def slot(self, id: str) -> Slot:
        (found,) = self.slots(id)
        return found

    def save(self, *changed: tuple[Slot, Slot], why: str | None = None) -> None:
        self.write(lambda tx: tx.assignments.save(self.dataset, changed, why))

    def lease(self, id: str, who: str, until: int) -> Slot:
        """Lease the only slot of a record to somebody."""
        before = self.slot(id)
        after = leased(before, who, until)
        self.save((before, after))
        return after

    # Answers

    def case(self, id: str) -> Case:
        found = self.read(lambda tx: tx.annotations.case(self.dataset, id))
        assert found is not None
        return found

    def answer(
        self,
        who: str,
        id: str,
        label: str | None = "A",
        *,
        state: AnnotationState = AnnotationState.SUBMITTED,
        at: int = 50,
        required: int = 1,
    ) -> None:
        """Answer a record as the server does: the answer, its slot, and what everybody sees."""
        before = self.case(id)
        value = None if label is None else ((label, 1.0),)
        after = record_answer(before, Answering(Person(who), at, required), state, value).case
        self.change(before, after, at=at, required=required)

    def change(
        self,
        before: Case,
        after: Case,
        *,
        at: int = 50,
        required: int = 1,
        why: HistoryReason = HistoryReason.REPLACED,
        by: str | None = None,
        note: str | None = None,
    ) -> None:
        view = build_view(after, rule=Rule.MAJORITY, required=required)
        change = CaseChange(before, after, view, why, note, by)
        self.write(lambda tx: tx.annotations.save_cases(self.dataset, [change], at=at), urgent=True)

    def check_counters(self) -> None:
        """Compare the counters of slots and what a search finds with the slots themselves."""
        with self.store.read() as tx:
            plans = tx.assignments.plans(self.dataset)
            rows = [
                (plan.no, number, row)
                for plan in plans
                for number, row in tx.assignments.rows_of(plan, limit=10_000)
            ]
            counted = tx.assignments.slot_counts(self.dataset)
            cases = tx.annotations.cases(self.dataset, self._all_ids(tx))
            slots = {slot.id: slot for case in cases for slot in case.slots}
            expected = Counter(
                (plan, row.rule, slots[number].annotator, slots[number].state) for plan, number, row in rows
            )
            assert {tuple(each)[:4]: each.n for each in counted} == expected
            assert Counter(
                {each[:4]: each.n for each in tx.totals.slots().get(self.dataset.no, ())}
            ) == Counter(expected)
            people = {name for slot in slots.values() for name in (slot.annotator, _holder(slot)) if name}
            for name in people:
                having = sorted(
                    case.id
                    for case in cases
                    if any(name in (each.annotator, _holder(each)) for each in case.live_slots())
                )
                found = tx.records.search(self.dataset, self.criteria(f"assigned_to:{name}"), limit=10_000)
                assert [row.id for row in found.rows] == having, name

    def _all_ids(self, tx: Transaction) -> list[str]:
        return list(tx.assignments.record_numbers(self.dataset))


def rows_of(wanted: Wanted, of: Phase = Phase.FIXED) -> PlanRows:
    """Return rows in the order given, which is also the order of the records' priority."""
    ids = list(dict.fromkeys(id for id, _ in wanted))
    people = sorted({name for _, name in wanted if name is not None})
    builder = RowsBuilder(people)
    builder.add_records(ids, np.arange(len(ids), dtype=np.int64))
    nth: Counter[str] = Counter()
    slots = []
    for id, _ in wanted:
        slots.append(nth[id])
        nth[id] += 1
    builder.add(
        np.array([ids.index(id) for id, _ in wanted], dtype=np.int64),
        np.array([OPEN if name is None else people.index(name) for _, name in wanted], dtype=np.int32),
        np.array(slots, dtype=np.int32),
        builder.reason(Reason("turns", (len(people),))),
        RowFacts(rule=0, phase=of, inclusion=np.ones(len(wanted))),
    )
    return builder.finish()


def claimant(name: str, *plans: StoredPlan, **options: Any) -> Claimant:
    """Return somebody who is in the team of the first rule of these plans."""
    person = Person(name, skills=options.pop("skills", {}))
    return Claimant(person, frozenset(RuleId(plan.no, 0) for plan in plans), **options)


def leased(slot: Slot, who: str, until: int, token: str | None = None) -> Slot:
    """Return a slot as leased to somebody."""
    return replace(slot, state=RowState.LEASED, lease=Lease(who, until, token or f"t-{slot.id}"))


def submitted(who: str, label: str, *, version: int = 1, at: int = 50, **options: Any) -> Annotation:
    """Return an answer that counts."""
    given: dict[str, Any] = {"counted": True, **options}
    return Annotation(who, AnnotationState.SUBMITTED, ((label, 1.0),), version, at, **given)


def _holder(slot: Slot) -> str | None:
    return None if slot.lease is None else slot.lease.annotator

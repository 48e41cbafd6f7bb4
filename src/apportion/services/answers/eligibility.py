"""Eligibility of a person for slots: their rules, skills and caps in the plans of a dataset, and their load so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from apportion.domain.assignment.queue import Load, Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.assignment.states import RowState
from apportion.domain.assignment.team import Person
from apportion.domain.datasets import Dataset
from apportion.ports.plans import StoredPlan
from apportion.ports.queue import Claimant
from apportion.ports.store import Transaction

__all__ = ["Eligibility", "eligibility_of", "is_full"]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A person as the plans of a dataset know them."""

    person: Person
    loads: dict[RuleId, Load] = field(default_factory=dict)
    """Their load under each rule that gives them a cap."""
    teams: frozenset[RuleId] = frozenset()
    """The rules whose open slots they may take."""

    @property
    def claimant(self) -> Claimant:
        """Return the person as the store needs them to find slots that they may take."""
        full = frozenset(rule for rule, load in self.loads.items() if load.full)
        begun = frozenset(rule for rule, load in self.loads.items() if load.begun)
        return Claimant(self.person, self.teams, full, begun)

    def after_claim(self, before: Mapping[int, Slot], claimed: Iterable[Slot], now: int) -> Eligibility:
        """Return the eligibility with the leases just claimed, given the slots as they were before, by number."""
        loads = dict(self.loads)
        for slot in claimed:
            load = loads.get(slot.rule)
            if load is not None and not before[slot.id].leased(now):  # else it is renewed
                planned = load.planned - (slot.annotator is not None)
                loads[slot.rule] = replace(load, leased=load.leased + 1, planned=planned)
        return replace(self, loads=loads)

    def open_to(self, slots: Iterable[Slot]) -> tuple[Slot, ...]:
        """Return the slots without open ones of rules whose team they are not in, unless they have one leased."""
        me = self.person.name
        return tuple(
            slot
            for slot in slots
            if slot.annotator is not None
            or slot.rule in self.teams
            or (slot.lease is not None and slot.lease.annotator == me)
        )


def eligibility_of(
    tx: Transaction, dataset: Dataset, name: str, now: int, plans: Sequence[StoredPlan] | None = None
) -> Eligibility:
    """Return a person's eligibility under a dataset's plans."""
    caps: dict[RuleId, int] = {}
    skills: dict[str, tuple[str, ...]] = {}
    teams = set()
    for plan in tx.assignments.plans(dataset) if plans is None else plans:
        for rule, team in enumerate(plan.teams):
            person = next((each for each in team if each.name == name), None)
            if person is None:
                continue
            key = RuleId(plan.no, rule)
            if person.active:
                teams.add(key)
            if person.cap is not None:
                caps[key] = person.cap
            for skill, values in person.skills.items():
                skills[skill] = tuple(sorted({*skills.get(skill, ()), *values}))
    loads = _loads(tx, dataset, name, now, caps) if caps else {}
    return Eligibility(Person(name, skills=skills), loads, frozenset(teams))


def _loads(
    tx: Transaction, dataset: Dataset, name: str, now: int, caps: Mapping[RuleId, int]
) -> dict[RuleId, Load]:
    """Count a person's slots of the rules with a cap, as ``assignment.queue.loads_of`` would."""
    done: Counter[RuleId] = Counter()
    planned: Counter[RuleId] = Counter()
    for count in tx.assignments.slot_counts(dataset, name):
        if count.state is RowState.DONE:
            done[RuleId(count.plan, count.rule)] += count.n
        elif count.state in (RowState.PENDING, RowState.LEASED):
            planned[RuleId(count.plan, count.rule)] += count.n
    # An open slot that is leased has no annotator yet, so the counters do not know whose it is.
    leased: Counter[RuleId] = Counter()
    for count in tx.assignments.leases(dataset, name, now):
        leased[RuleId(count.plan, count.rule)] += count.n
        if count.annotator is not None:
            planned[RuleId(count.plan, count.rule)] -= count.n
    return {rule: Load(cap, done[rule], leased[rule], planned[rule]) for rule, cap in caps.items()}


def is_full(tx: Transaction, dataset: Dataset, name: str, rule: RuleId, now: int) -> bool:
    """Return whether a person has reached their cap of a rule."""
    return rule in eligibility_of(tx, dataset, name, now).claimant.full

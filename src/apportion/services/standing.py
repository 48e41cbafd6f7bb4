"""Where somebody stands towards the slots of a record: what the plans know of them, and what they have already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apportion.domain.assignment.people import Person
from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.words import RowState
from apportion.domain.datasets import Dataset
from apportion.ports.assignments import StoredPlan, Taker, rule_key
from apportion.ports.store import Work

__all__ = ["Standing", "standing_of"]

_TAKEN = frozenset({RowState.LEASED, RowState.DONE})


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody as the plans of a dataset know them. Rules are named by ``ports.assignments.rule_key``."""

    person: Person
    caps: dict[int, int] = field(default_factory=dict)
    used: dict[int, int] = field(default_factory=dict)
    teams: frozenset[int] = frozenset()
    """The rules whose open slots they may take."""

    @property
    def taker(self) -> Taker:
        """Them as the store is asked for slots that they may take."""
        full = frozenset(rule for rule, cap in self.caps.items() if self.used.get(rule, 0) >= cap)
        return Taker(self.person, self.teams, full)

    def open_to(self, slots: Iterable[Slot]) -> tuple[Slot, ...]:
        """The slots without the open ones of rules they have nothing to do with, unless they have one leased."""
        me = self.person.name
        return tuple(
            slot
            for slot in slots
            if slot.annotator is not None
            or slot.rule in self.teams
            or (slot.lease is not None and slot.lease.annotator == me)
        )


def standing_of(
    work: Work, dataset: Dataset, name: str, plans: Sequence[StoredPlan] | None = None
) -> Standing:
    """How somebody stands towards a dataset's plans."""
    caps: dict[int, int] = {}
    skills: dict[str, tuple[str, ...]] = {}
    teams = set()
    for plan in work.assignments.plans(dataset) if plans is None else plans:
        for rule, team in enumerate(plan.teams):
            person = next((each for each in team if each.name == name), None)
            if person is None:
                continue
            key = rule_key(plan.no, rule)
            if person.active:
                teams.add(key)
            if person.cap is not None:
                caps[key] = person.cap
            for skill, values in person.skills.items():
                skills[skill] = tuple(sorted({*skills.get(skill, ()), *values}))
    used: dict[int, int] = {}
    if caps:
        for count in work.assignments.counts(dataset, name):
            if count.state in _TAKEN:
                key = rule_key(count.plan, count.rule)
                used[key] = used.get(key, 0) + count.n
    return Standing(Person(name, skills=skills), caps, used, frozenset(teams))
